"""Typed arrays seen from a frame: turned into its axes, flipped by its signs, and turned back."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from framesym._frameset import FrameSet
from liegroups import Rep


class Typed:
    """An array with a feature word, such as the argument `x` of a network or its result.

    Arrays have the batch axes first and the representation axis last, with any axes between.
    """

    def __init__(self, name: str, word: str, group: Any) -> None:
        Rep(word, group)  # raises for an unknown word, before it is taken for something else
        self.name = name
        self.word = word
        # A point is a vector once its centroid is taken off, which is done first so that no digits are lost.
        self._rep = Rep("vector" if word == "point" else word, group)
        self._affine = group.affine
        self.fixed = self._rep.trivial

    def enter(self, x: Any, frames: FrameSet) -> Any:
        """Express an array in the axes of the frame, relative to its centroid."""
        if self.fixed or x is None:
            return x
        self.check(x, frames.gap.shape)
        y = x.to(frames.basis.dtype)
        if self.word == "point":
            y = y - _spread(frames.centroid, y, 1)
        return self._act(frames.basis.mT, y).to(x.dtype)

    def leave(self, y: Tensor, frames: FrameSet) -> Tensor:
        """Bring an array back from the axes of the frame; vectors lose their part in its null space."""
        if self.fixed:
            return y
        x = self._act(frames.basis, y.to(frames.basis.dtype))
        if self._rep.word in ("vector", "pseudovector"):
            x = x - (_spread(frames.null, x, 2) @ x.unsqueeze(-1)).squeeze(-1)
        if self.word == "point":
            x = x + _spread(frames.centroid, x, 1)
        return x.to(y.dtype)

    def flip(self, x: Any, signs: Tensor) -> Any:
        """Multiply by the action of diag(signs), with signs of shape (*lead, d) and x (*lead, ..., size)."""
        if self.fixed or x is None:
            return x
        # The action of a diagonal matrix is diagonal for every word: it shows on a vector of ones.
        action = self._act(torch.diag_embed(signs), signs.new_ones(*signs.shape[:-1], self._rep.size or 1))
        return x * _spread(action, x, 1).to(x.dtype)

    def check(self, x: Any, batch: Sequence[int]) -> None:
        """Require a floating-point tensor with these batch axes first."""
        if not isinstance(x, Tensor) or not x.is_floating_point():
            kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
            raise TypeError(f"{self.name} ({self.word}) must be a floating-point tensor, got {kind}")
        self.check_batch(x, batch)

    def check_batch(self, x: Tensor, batch: Sequence[int]) -> None:
        """Require these batch axes first."""
        if tuple(x.shape[: len(batch)]) != tuple(batch):
            shape = tuple(x.shape)
            raise ValueError(f"{self.name} ({self.word}) must have batch axes {tuple(batch)} first, got shape {shape}")

    def _act(self, linear: Tensor, x: Tensor) -> Tensor:
        """Act with orthogonal matrices (*lead, d, d) on an array (*lead, ..., size)."""
        if self._affine:
            linear = torch.nn.functional.pad(linear, (0, 1, 0, 1))
            linear[..., -1, -1] = 1.0
        return self._rep.rho(_spread(linear, x, 2), x)


def _spread(array: Tensor, x: Tensor, own: int) -> Tensor:
    """Insert axes of length one so that `array` (*lead, own axes) acts on the last axis of `x` (*lead, ..., size)."""
    lead = array.shape[: array.ndim - own]
    return array.reshape(*lead, *[1] * (x.ndim - len(lead) - 1), *array.shape[array.ndim - own :])
