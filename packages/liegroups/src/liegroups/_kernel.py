"""Kernels of group convolutions: a coordinate network on smooth coordinates, times a smooth window."""

import math
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import nn

from ._checks import check_count, check_positive
from ._plane_samples import plane_chart
from ._samples import SampleSet

_points: WeakKeyDictionary[SampleSet, dict[int, np.ndarray]] = WeakKeyDictionary()
_relative: WeakKeyDictionary[SampleSet, WeakKeyDictionary[SampleSet, tuple[np.ndarray, np.ndarray]]] = (
    WeakKeyDictionary()
)


class Siren(nn.Module):
    r"""A perceptron with sines, $x \mapsto A \sin(W_3 \cdots \sin(W_1 x + b_1)) + a$.

    Initialised after Sitzmann et al. (arXiv:2006.09661), with a last layer such that the values have the root mean
    square ``deviation``. The frequency that is written as a factor before each layer there is part of the weights here:
    the same functions, and an optimiser that moves every weight by the same amount does not change the first layers a
    frequency times faster than the last.

    Args:
        features: Number of coordinates.
        values: Number of values.
        hidden: Units of a layer.
        layers: Number of sine layers.
        omega: The frequency: about how many radians a value turns over a unit of the coordinates.
        deviation: Root mean square of the initial values.
    """

    def __init__(
        self, features: int, values: int, hidden: int = 60, layers: int = 3, omega: float = 10.0, deviation: float = 1.0
    ):
        super().__init__()
        check_count(hidden, "hidden", 1)
        check_positive(omega, "omega")
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise([features] + [hidden] * layers))
        self.last = nn.Linear(hidden, values)
        with torch.no_grad():
            for index, layer in enumerate(self.layers):
                bound = omega / features if index == 0 else math.sqrt(6 / hidden)
                layer.weight.uniform_(-bound, bound)  # pyright: ignore
                if index == 0:
                    bound = omega / math.sqrt(features)
                    layer.bias.uniform_(-bound, bound)  # pyright: ignore
                else:
                    layer.bias.zero_()  # pyright: ignore
            bound = math.sqrt(6 / hidden) * deviation  # the mean square of a sine is 1/2
            self.last.weight.uniform_(-bound, bound)
            self.last.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the values (..., values) at the coordinates (..., features)."""
        for layer in self.layers:
            x = torch.sin(layer(x))
        return self.last(x)


def group_features(group: Any) -> int:
    """Number of smooth coordinates of an element: the symmetric part, and the cosine and sine of the angle."""
    return len(plane_chart(group).symmetric) + 2


def kernel_points(samples: SampleSet, size: int) -> np.ndarray:
    r"""Return $h^{-1} x$ at the pixel centres $x$ of $[-1, 1]^2$, (N, size, size, 2), as (column, row)."""
    table = _points.setdefault(samples, {})
    if size not in table:
        centres = (2 * np.arange(size) + 1) / size - 1
        columns, rows = np.meshgrid(centres, centres)
        grid = np.stack([columns, rows], -1)
        table[size] = np.einsum("nij,abj->nabi", samples.inverses, grid)
    return table[size]


def relative_poses(out: SampleSet, given: SampleSet) -> tuple[np.ndarray, np.ndarray]:
    r"""Return coordinates of $h_o^{-1} h'_i$, (O, I, features), and the norm of its symmetric part, (O, I).

    The angle enters as cosine and sine, so the coordinates are continuous at the identity and at half turns alike.
    """
    table = _relative.setdefault(out, WeakKeyDictionary())
    if given not in table:
        coordinates = plane_chart(out.group).inverse(out.inverses[:, None] @ given.elements[None])
        y, angle = coordinates[..., :-1], coordinates[..., -1:] / np.sqrt(2)
        table[given] = np.concatenate([y, np.cos(angle), np.sin(angle)], -1), np.linalg.norm(y, axis=-1)
    return table[given]


def plane_window(points: np.ndarray, radius: float) -> np.ndarray:
    r"""Return $(1 - (|x|/r)^4)^2$ inside the radius $r$ and 0 outside, once differentiable: flat, with a soft edge."""
    squared = np.sum(points**2, axis=-1) / radius**2
    return np.where(squared < 1, (1 - squared**2) ** 2, 0.0)


def group_window(distance: np.ndarray, reach: float) -> np.ndarray:
    r"""Return $(1 - (|Y|/r)^2)^2$ inside the reach $r$ and 0 outside."""
    squared = (distance / reach) ** 2
    return np.where(squared < 1, (1 - squared) ** 2, 0.0)


def constant(table: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    """Return a table in the dtype and on the device of a tensor, with memory of its own."""
    return torch.tensor(table, dtype=like.dtype, device=like.device)
