"""Which groups have principal-axes frames: O(d), SO(d), E(d) and SE(d), told from their generators."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Euclidean:
    """A group of motions of $R^d$: all rotations, with or without translations and reflections."""

    d: int
    translations: bool
    reflections: bool


def euclidean(group: Any) -> Euclidean | None:
    """Read off which group of motions `group` is; None if it is another one.

    Only the members of the group protocol are used, so a group from any library will do.
    """
    try:
        affine = bool(group.affine)
        d = int(group.n) - affine
        generators = np.asarray(group.generators(), dtype=float).reshape(-1, d + affine, d + affine)
        discrete = np.asarray(group.discrete_generators(), dtype=float).reshape(-1, d + affine, d + affine)
    except (AttributeError, TypeError, ValueError):
        return None
    if len(generators) != d * (d - 1) // 2 + d * affine:
        return None
    linear, moves = generators[:, :d, :d], generators[:, :d, d:].reshape(len(generators), d * affine)
    coordinates = np.concatenate([linear.reshape(len(generators), d * d), moves], axis=1)
    if len(generators) and np.linalg.matrix_rank(coordinates) < len(generators):
        return None
    parts = discrete[:, :d, :d]
    if not np.allclose(linear, -np.swapaxes(linear, 1, 2)) or not np.allclose(
        parts @ np.swapaxes(parts, 1, 2), np.eye(d)
    ):
        return None
    return Euclidean(d, affine, bool((np.linalg.det(parts) < 0).any()))
