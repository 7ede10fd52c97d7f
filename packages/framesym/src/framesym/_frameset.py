"""What a frame gives for a batch of inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class FrameSet:
    r"""The elements of the group that a frame assigns to each item of a batch, with their weights.

    Element $s$ maps canonical coordinates to given ones, $x = A_s z + t$, so the canonical copies of an input are
    $z = A_s^{-1}(x - t)$. Items may have different numbers of elements: `mask` tells which of the F places are taken.

    Attributes:
        group: The group that the elements belong to.
        linear: Linear parts $A_s$: (*batch, F, d, d).
        centroid: Translation $t$, the same for all elements of an item: (*batch, d); zero without translations.
        weights: Weight of each element, zero where `mask` is false and summing to one: (*batch, F).
        mask: Which elements exist: (*batch, F).
        projector: Projector on the vectors that the stabiliser of the input leaves as they are, in given coordinates:
            (*batch, d, d). Only a stabiliser that the elements do not run through themselves counts: the
            continuous one of points that leave two or more axes undetermined. Otherwise it is the identity.
        gap: How far the input is from one with another frame, relative to its size: (*batch,). What is compared is
            told by each frame.
        rank: Dimension of the space that the centred points span, to round-off: (*batch,).
        degenerate: Whether the elements are not a frame, so that an average over them is not equivariant: (*batch,).
        diagnostics: Whatever else a frame reports, one value an item.
        inverse: Inverses of `linear`; the transposes if left out, as they are for orthogonal matrices.
        free: Which canonical axes the stabiliser turns into one another, as all of O or SO on them: (*batch, d); None
            if there are none in the whole batch. Points are zero along these axes.
        basis: Where all elements of an item are one matrix times signs: that matrix, (*batch, d, d). Inputs are then
            rotated once, and copies differ by signs.
        signs: The signs that go with `basis`, the same for all items: (F, d), of entries +1 and -1.
        centred: Where they are at hand, in a frame of float64: the points that it was found from, as columns
            (d, *batch, n) relative to the centroid, zero where masked.
    """

    group: Any
    linear: Tensor
    centroid: Tensor
    weights: Tensor
    mask: Tensor
    projector: Tensor
    gap: Tensor
    rank: Tensor
    degenerate: Tensor
    diagnostics: Mapping[str, Tensor] = field(default_factory=dict)
    inverse: Tensor = None  # pyright: ignore[reportAssignmentType]
    free: Tensor | None = None
    basis: Tensor | None = None
    signs: Tensor | None = None
    centred: Tensor | None = None

    def __post_init__(self) -> None:
        if self.inverse is None:
            object.__setattr__(self, "inverse", self.linear.mT)

    @property
    def batch(self) -> tuple[int, ...]:
        """The batch axes."""
        return tuple(self.gap.shape)

    @property
    def size(self) -> Tensor:
        """The number of elements of each item: (*batch,)."""
        return self.mask.sum(-1)

    @property
    def elements(self) -> Tensor:
        """The group elements as matrices of the group, homogeneous if it is affine: (*batch, F, n, n)."""
        if not self.group.affine:
            return self.linear
        shift = self.centroid[..., None, :, None].expand(*self.linear.shape[:-1], 1)
        last = torch.zeros_like(shift[..., :1, :]).expand(*self.linear.shape[:-2], 1, self.linear.shape[-1])
        corner = torch.ones_like(last[..., :1])
        return torch.cat([torch.cat([self.linear, shift], -1), torch.cat([last, corner], -1)], -2)

    @property
    def null(self) -> Tensor:
        """The complement of `projector`: zero where the stabiliser is finite, (*batch, d, d)."""
        return torch.eye(self.projector.shape[-1], dtype=self.projector.dtype, device=self.gap.device) - self.projector

    def to(self, dtype: torch.dtype) -> "FrameSet":
        """Return the same frame with its real arrays in `dtype`."""
        if self.linear.dtype == dtype == self.gap.dtype:
            return self
        arrays = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        cast = {name: _cast(a, dtype) for name, a in arrays.items() if isinstance(a, Tensor)} | {"centred": None}
        return replace(self, **cast, diagnostics={name: _cast(a, dtype) for name, a in self.diagnostics.items()})


class Usual:
    """What a frame tells of items with nothing unusual about them, made once; with one element an item by default."""

    def __init__(self, d: int, size: int = 1) -> None:
        self._size = size
        self._told = {
            "weights": torch.tensor(1 / size, dtype=torch.float64),
            "mask": torch.tensor(True),
            "projector": torch.eye(d, dtype=torch.float64),
            "rank": torch.tensor(d),
            "degenerate": torch.tensor(False),
        }

    def __call__(self, batch: Sequence[int], device: torch.device) -> dict[str, Tensor]:
        """Return `weights`, `mask`, `projector`, `rank` and `degenerate` of a frame with these batch axes."""
        own = {"weights": (self._size,), "mask": (self._size,), "projector": self._told["projector"].shape}
        return {name: a.to(device).expand((*batch, *own.get(name, ()))) for name, a in self._told.items()}


def _cast(array: Tensor, dtype: torch.dtype) -> Tensor:
    return array.to(dtype) if array.is_floating_point() else array
