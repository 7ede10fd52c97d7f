"""Typed arrays seen from a frame: turned into its axes, flipped by signs, projected, and turned back."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from liegroups import Rep

KINDS: tuple[str, ...] = ("node", "edge", "item")
# Up to this dimension a sum over columns is several times as fast as a batch of small matrix products.
_SMALL = 4


class Typed:
    """An array with a feature word, such as the argument `x` of a network or its result.

    Arrays have the batch axes first and the representation axis last, with any axes between. In a ragged batch a
    word may be followed by what the rows belong to: `vector@node` (the default), `vector@edge` or `scalar@item`.
    """

    def __init__(self, name: str, word: str, group: Any) -> None:
        self.name = name
        self.word, _, kind = word.partition("@")
        self.kind = kind or "node"
        if self.kind not in KINDS:
            raise ValueError(f"rows of {name} must belong to a node, an edge or an item (word@node), got {word!r}")
        rep = Rep(self.word, group)  # raises for an unknown word, before it is taken for something else
        # A point is a vector once its centroid is taken off, which is done first so that no digits are lost.
        self.rep = Rep("vector", group) if self.word == "point" else rep
        self._affine = group.affine
        self.fixed = self.rep.trivial

    def enter(self, x: Tensor, inverse: Tensor, centroid: Tensor, centred: Tensor | None = None) -> Tensor:
        """Express an array (*lead, ..., size) in the axes of a frame, relative to its centroid.

        Where the array is the points of the frame, `centred` are these as columns (d, *lead, n), already relative.
        """
        # The centroid is taken off in the frame's type, where a cloud far from the origin keeps its digits.
        precise = x.dtype if x.dtype in (torch.float32, torch.float64) else inverse.dtype
        point = self.word == "point"
        if self.rep.word == "vector" and x.ndim == inverse.ndim:
            columns = _columns(x, inverse.dtype if point else precise) if centred is None else centred
            if point and centred is None:
                columns = columns - centroid.movedim(-1, 0).unsqueeze(-1)
            rows = turned_columns(inverse.to(precise), columns.to(precise)).movedim(0, -1)
            return rows.to(x.dtype).contiguous()  # networks are slower on coordinates that lie far apart
        y = x.to(inverse.dtype) - spread(centroid, x, 1) if point else x
        return self._act(inverse.to(precise), y.to(precise)).to(x.dtype)

    def leave(self, y: Tensor, linear: Tensor, centroid: Tensor) -> Tensor:
        """Bring an array (*lead, ..., size) back from the axes of a frame; a point's type is the frame's."""
        precise = y.dtype if y.dtype in (torch.float32, torch.float64) else linear.dtype
        x = self._act(linear.to(precise), y.to(precise))
        return x + spread(centroid, x, 1) if self.word == "point" else x

    def pattern(self, signs: Tensor, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """Return what the action of each diag(signs), signs (F, d), multiplies arrays (..., *shape) by: (F, *shape).

        It is spelled out, so that a product with it runs over more than the few numbers of the last axis.
        """
        if self.rep.word == "vector":
            action = signs
        else:
            # The action of a diagonal matrix is diagonal for every word: it shows on a vector of ones.
            action = self._act(torch.diag_embed(signs), signs.new_ones(len(signs), self.rep.size or 1))
        lead = [1] * (len(shape) - 1)
        return action.to(dtype).reshape(len(signs), *lead, -1).expand(-1, *shape).contiguous()

    def check(self, x: Any, lead: Sequence[int]) -> None:
        """Require a floating-point tensor with these axes first."""
        if not isinstance(x, Tensor) or not x.is_floating_point():
            kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
            raise TypeError(f"{self.name} ({self.word}) must be a floating-point tensor, got {kind}")
        self.check_batch(x, lead)
        if not self.fixed and x.ndim == len(lead):
            raise ValueError(f"{self.name} ({self.word}) must have its components in an axis after {tuple(lead)}")

    def check_batch(self, x: Tensor, lead: Sequence[int]) -> None:
        """Require these axes first."""
        if tuple(x.shape[: len(lead)]) != tuple(lead):
            shape = tuple(x.shape)
            raise ValueError(f"{self.name} ({self.word}) must have batch axes {tuple(lead)} first, got shape {shape}")

    def _act(self, linear: Tensor, x: Tensor) -> Tensor:
        """Act with matrices (*lead, d, d) on an array (*lead, ..., size)."""
        if self.rep.word == "vector":
            return _turned(linear, x)
        if self._affine:
            linear = torch.nn.functional.pad(linear, (0, 1, 0, 1))
            linear[..., -1, -1] = 1.0
        return self.rep.rho(spread(linear, x, 2), x)


def _turned(linear: Tensor, x: Tensor) -> Tensor:
    """Return linear x for vectors x (*lead, ..., d)."""
    if x.ndim == linear.ndim:
        return turned_columns(linear, _columns(x, x.dtype)).movedim(0, -1)
    linear = spread(linear, x, 2)
    return (linear @ x.unsqueeze(-1)).squeeze(-1)


def _columns(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return vectors (*lead, n, d) as (d, *lead, n): innermost loops then run over more than the few coordinates."""
    return x.movedim(-1, 0).to(dtype, memory_format=torch.contiguous_format)


def turned_columns(linear: Tensor, x: Tensor) -> Tensor:
    """Return the product of matrices (*lead, d, d) with columns (d, *lead, n)."""
    d = linear.shape[-1]
    if d > _SMALL:
        return (linear @ x.movedim(0, -2)).movedim(-2, 0)
    (first, *rest), (one, *others) = linear.movedim((-1, -2), (0, 1)).unsqueeze(-1).unbind(), x.unbind()
    y = first * one
    for column, coordinate in zip(rest, others, strict=True):
        y = torch.addcmul(y, column, coordinate)
    return y


def spread(array: Tensor, x: Tensor, own: int) -> Tensor:
    """Insert axes of length one so that `array` (*lead, own axes) acts on the last axis of `x` (*lead, ..., size)."""
    lead = array.shape[: array.ndim - own]
    return array.reshape(*lead, *[1] * (x.ndim - len(lead) - 1), *array.shape[array.ndim - own :])
