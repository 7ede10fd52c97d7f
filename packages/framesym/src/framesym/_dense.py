"""Linear maps of each point with batch normalisation, and the transforms that PointNet learns."""

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


class Dense(nn.Module):
    """A linear map of the last axis, normalised over all other axes, and an activation.

    Args:
        fan_in: Size of the last axis.
        fan_out: Its size in the result.
        activation: Applied last; nothing if None.
    """

    def __init__(self, fan_in: int, fan_out: int, activation: Callable[[Tensor], Tensor] | None = torch.relu) -> None:
        super().__init__()
        self.linear = nn.Linear(fan_in, fan_out)
        self.norm = nn.BatchNorm1d(fan_out)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.finish(self.linear(x))

    def finish(self, y: Tensor) -> Tensor:
        """Normalise and activate what the linear map has given."""
        y = self.norm(y.flatten(0, -2)).view_as(y)
        return y if self.activation is None else self.activation(y)


def chain(widths: Sequence[int], activation: Callable[[Tensor], Tensor] | None = torch.relu) -> nn.Sequential:
    """Return dense layers from one width to the next."""
    return nn.Sequential(*(Dense(*pair, activation) for pair in itertools.pairwise(widths)))


class Transform(nn.Module):
    """A square matrix for each point set, near the identity, from its features (*batch, n, size).

    Args:
        size: Features a point, and size of the matrix unless `matrix` says otherwise.
        widths: Three layers a point, then two of the pooled features.
        matrix: Size of the matrix.
    """

    def __init__(self, size: int, widths: Sequence[int], matrix: int | None = None) -> None:
        super().__init__()
        self.matrix = matrix or size
        self.point = chain([size, *widths[:3]])
        self.whole = nn.Sequential(chain(widths[2:]), nn.Linear(widths[-1], self.matrix**2))

    def forward(self, h: Tensor) -> Tensor:
        return self.of_pooled(self.point(h).amax(-2))

    def of_pooled(self, pooled: Tensor) -> Tensor:
        """Return the matrices (*batch, matrix, matrix) of pooled features (*batch, widths[2])."""
        change = self.whole(pooled.flatten(0, -2)).reshape(*pooled.shape[:-1], self.matrix, self.matrix)
        return change + torch.eye(self.matrix, dtype=change.dtype, device=change.device)
