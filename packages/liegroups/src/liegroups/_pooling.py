"""Pooling and normalisation of group fields."""

from typing import Literal

import torch
from torch import nn
from torch.nn.functional import batch_norm, max_pool2d

from ._checks import check_choice
from ._field import GroupField

Reduce = Literal["max", "mean"]


class GroupPool(nn.Module):
    r"""Project a field: take the maximum or the mean over the group, and over the plane too.

    The mean is over the samples as they were drawn, $\frac1N \sum_i f(x, h_i)$: a group that is not compact has no
    invariant mean. Its expectation does not depend on N; that of the maximum does.

    Args:
        reduce: ``"max"`` or ``"mean"``.
        over: ``"all"`` for one value a channel, (B, C), or ``"group"`` for an image, (B, C, H, W).
        plane: ``"max"`` or ``"mean"`` over the plane, taken first; by default as ``reduce``.

    Raises:
        ValueError: If an argument is not one of those allowed.

    Examples:
        >>> import torch, liegroups
        >>> samples = liegroups.plane_sample_set(liegroups.SO(2), 8, seed=0)
        >>> field = liegroups.GroupField(torch.rand(2, 8, 3, 5, 5), samples)
        >>> liegroups.GroupPool("max")(field).shape, liegroups.GroupPool("mean", over="group")(field).shape
        (torch.Size([2, 3]), torch.Size([2, 3, 5, 5]))
    """

    def __init__(
        self,
        reduce: Reduce = "max",
        over: Literal["all", "group"] = "all",
        plane: Reduce | None = None,
    ):
        super().__init__()
        check_choice(plane, ("max", "mean", None), "plane")
        check_choice(reduce, ("max", "mean"), "reduce")
        check_choice(over, ("all", "group"), "over")
        self.reduce: Reduce = reduce
        self.plane: Reduce = plane or reduce
        self.over = over

    def forward(self, field: GroupField) -> torch.Tensor:
        """Return (B, C) or (B, C, H, W)."""
        data = _reduced(field.data, (3, 4), self.plane) if self.over == "all" else field.data
        return _reduced(data, (1,), self.reduce)

    def extra_repr(self) -> str:
        return f"{self.reduce!r}, over={self.over!r}"


def _reduced(data: torch.Tensor, axes: tuple[int, ...], how: Reduce) -> torch.Tensor:
    return data.amax(axes) if how == "max" else data.mean(axes)


class PlanePool(nn.Module):
    """Halve the grid by maxima: of 2 x 2 pixels where its sides are even, of 3 x 3 around every other one where odd.

    Both rules are symmetric about the centre, so that they commute with quarter turns exactly.
    """

    def forward(self, field: GroupField) -> GroupField:
        """Return the field on the coarser grid."""
        height, width = field.data.shape[-2:]
        size, stride, padding = zip(*((3, 2, 1) if side % 2 else (2, 2, 0) for side in (height, width)), strict=True)
        planes = field.planes().contiguous(memory_format=torch.channels_last)
        return GroupField.of_planes(max_pool2d(planes, size, stride, padding), field.samples)


class FieldNorm(nn.Module):
    """Normalise each channel over batch, group elements and pixels, by running statistics in evaluation.

    Unlike a layer norm over elements and pixels it hides nothing from an image to the next: a sum that grew with the
    number of elements would show. The statistics belong to a law of the samples; `LieResNet.calibrate` takes those of
    one set.

    Args:
        channels: Number of channels.
        momentum: Weight of a batch in the running statistics.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(self, channels: int, momentum: float = 0.05):
        super().__init__()
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, field: GroupField) -> GroupField:
        """Return the normalised field."""
        rows = field.data.permute(0, 3, 4, 1, 2)  # contiguous in memory where the planes are channels-last
        flat = rows.reshape(-1, rows.shape[-1])
        out = batch_norm(
            flat, self.running_mean, self.running_var, self.weight, self.bias, self.training, self.momentum
        )
        return GroupField(out.view(rows.shape).permute(0, 3, 4, 1, 2), field.samples)
