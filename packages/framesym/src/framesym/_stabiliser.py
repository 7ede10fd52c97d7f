"""What an infinite stabiliser leaves as it is: projectors on its invariants, for any representation."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from framesym._frameset import FrameSet
from framesym._typed import Typed, spread
from liegroups import Rep

# The matrices below have entries of order one and are integral up to normalisation: nothing lies between.
_ZERO = 1e-9


class Stabiliser:
    """The group elements that fix all canonical points of an item, where these leave canonical axes free.

    Args:
        frames: A frame with `free` axes.
    """

    def __init__(self, frames: FrameSet) -> None:
        assert frames.free is not None
        self._group = frames.group
        self._batch = frames.batch
        patterns, index = torch.unique(frames.free.reshape(-1, frames.free.shape[-1]), dim=0, return_inverse=True)
        self._patterns = [tuple(pattern) for pattern in patterns.tolist()]
        self._index = index.reshape(frames.batch)
        self._known: dict[str, Tensor] = {}

    def project(self, typed: Typed, y: Tensor, item: Tensor | None) -> Tensor:
        """Project canonical features (*lead, ..., size) on what the stabiliser fixes; `item` (*lead) if not the batch.

        In canonical coordinates the stabiliser is the same group for all elements and all moved copies of an input,
        so the projection is equivariant whatever the free axes were completed by.
        """
        table = self._projectors(typed, y)[self._index if item is None else self._index.flatten()[item]]
        if typed.rep.size is None:
            return y * spread(table[..., 0], y, 1).to(y.dtype)
        return (spread(table, y, 2) @ y.to(table.dtype).unsqueeze(-1)).squeeze(-1).to(y.dtype)

    def _projectors(self, typed: Typed, like: Tensor) -> Tensor:
        if typed.word not in self._known:
            tables = np.stack([_projector(typed.rep, self._group, pattern) for pattern in self._patterns])
            self._known[typed.word] = torch.as_tensor(tables, dtype=torch.float64, device=like.device)
        return self._known[typed.word]


def _projector(rep: Rep, group: Any, free: tuple[bool, ...]) -> np.ndarray:
    """Return the orthogonal projector on what the stabiliser's Lie algebra annihilates, (size, size)."""
    single = Rep(f"1x{rep.word}", group) if rep.size is None else rep
    assert single.size is not None
    basis = np.eye(single.size)
    algebra = _fixing(np.asarray(group.generators(), dtype=float), free)
    actions = [np.asarray(single.drho(generator, basis)).T for generator in algebra]
    if not actions:
        return basis
    _, values, directions = np.linalg.svd(np.concatenate(actions))
    kernel = directions[np.concatenate([values, np.zeros(single.size - len(values))]) <= _ZERO]
    return kernel.T @ kernel


def _fixing(generators: np.ndarray, free: tuple[bool, ...]) -> np.ndarray:
    """Return a basis of the combinations of generators that map the axes that are not free, and the origin, to zero."""
    d = len(free)
    columns = [axis for axis in range(d) if not free[axis]] + list(range(d, generators.shape[-1]))
    conditions = generators[:, :d, columns].reshape(len(generators), -1)
    left, values, _ = np.linalg.svd(conditions)
    null = left[:, np.concatenate([values, np.zeros(len(generators) - len(values))]) <= _ZERO]
    return np.einsum("ak,aij->kij", null, generators)
