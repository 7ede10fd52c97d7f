"""Canonical copies of a batch, one an item or one for each of its frame's elements, and the way back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from framesym._frameset import FrameSet
from framesym._ragged import Ragged
from framesym._typed import KINDS, Typed


@dataclass
class Copies:
    """Copies made of pairs of an item and an element.

    Attributes:
        linear, inverse, centroid: Of each pair: (*pairs, d, d) and (*pairs, d).
        weights: Of each pair, (*pairs,), if results are to be multiplied by them; None for one.
        item: Item of each pair, an index into the flattened batch; None if the pairs are the items.
        pair: Pair of each row, for every kind of row of a ragged batch; None if the rows are the pairs.
        source: Original row of each row, for every kind; None if the rows are the original ones.
        shape: Original leading axes, for every kind.
        replaced: Arguments that index rows, as they are for these copies.
    """

    linear: Tensor
    inverse: Tensor
    centroid: Tensor
    weights: Tensor | None
    item: Tensor | None
    pair: Mapping[str, Tensor] | None
    source: Mapping[str, Tensor] | None
    shape: Mapping[str, tuple[int, ...]]
    replaced: Mapping[str, Tensor]

    @property
    def own(self) -> bool:
        """Whether the copies are the items, and their rows the original ones."""
        return self.source is None and self.pair is None

    def take(self, argument: Typed, value: Any) -> Any:
        """Return the rows of an argument, one for each row of the copies."""
        if argument.name in self.replaced:
            return self.replaced[argument.name]
        if not isinstance(value, Tensor):
            return value
        lead = self.shape[argument.kind]
        argument.check_batch(value, lead)
        if self.source is None:
            return value
        return value.reshape(-1, *value.shape[len(lead) :])[self.source[argument.kind]]

    def rows(self, typed: Typed, array: Tensor) -> Tensor:
        """Return an array of the pairs for each row."""
        return array if self.pair is None else array[self.pair[typed.kind]]

    def items(self, typed: Typed) -> Tensor | None:
        """Return the item of each row; None if the rows are the items."""
        if self.pair is None:
            return self.item
        return self.pair[typed.kind] if self.item is None else self.item[self.pair[typed.kind]]

    def lead(self, typed: Typed) -> tuple[int, ...]:
        """Return the leading axes that a result has to have."""
        if self.source is not None:
            return (len(self.source[typed.kind]),)
        return self.shape[typed.kind]

    def collect(self, typed: Typed, y: Tensor) -> Tensor:
        """Return the weighted sum of results over the copies of each original row."""
        if self.weights is not None:
            weights = self.rows(typed, self.weights)
            # A scalar may come without an axis of its own.
            y = y * weights.reshape(*weights.shape, *[1] * (y.ndim - weights.ndim)).to(y.dtype)
        if self.source is None:
            return y
        lead = self.shape[typed.kind]
        total = y.new_zeros(math.prod(lead), *y.shape[1:])
        return total.index_add(0, self.source[typed.kind], y).reshape(*lead, *y.shape[1:])


class DenseLayout:
    """A batch whose arrays all have the batch axes first."""

    def __init__(self, frames: FrameSet) -> None:
        self._frames = frames
        self._shape = dict.fromkeys(KINDS, frames.batch)

    def single(self, element: Tensor | None, weights: Tensor | None = None) -> Copies:
        """Return one copy of each item: of its element (*batch,), the first if None."""
        linear, inverse = _chosen(self._frames, element)
        return Copies(linear, inverse, self._frames.centroid, weights, None, None, None, self._shape, {})

    def packed(self) -> Copies:
        """Return a copy for every element that exists, all in one batch axis."""
        pairs = _pairs(self._frames)
        source = dict.fromkeys(KINDS, pairs[4])
        return Copies(*pairs, None, source, self._shape, {})


class RaggedLayout:
    """A batch whose arrays have one row for each node, edge or item, the nodes of all items one after the other."""

    def __init__(self, frames: FrameSet, nodes: Ragged, edge_index: Tensor | None) -> None:
        self._frames, self._nodes, self._ends = frames, nodes, edge_index
        self._owner = {"node": nodes.index, "item": torch.arange(nodes.count, device=nodes.index.device)}
        if edge_index is not None:
            if edge_index.ndim != 2 or len(edge_index) != 2 or edge_index.is_floating_point():
                raise ValueError(f"edge_index must be integers of shape (2, E), got {tuple(edge_index.shape)}")
            self._owner["edge"] = nodes.index[edge_index[0]]
            self._edges = Ragged(self._owner["edge"], nodes.count)
        self._shape = {kind: (len(owner),) for kind, owner in self._owner.items()}

    def single(self, element: Tensor | None, weights: Tensor | None = None) -> Copies:
        """Return one copy of each item: of its element (B,), the first if None."""
        linear, inverse = _chosen(self._frames, element)
        replaced = {} if self._ends is None else {"edge_index": self._ends}
        return Copies(linear, inverse, self._frames.centroid, weights, None, self._owner, None, self._shape, replaced)

    def packed(self) -> Copies:
        """Return a copy for every element that exists: their nodes one after the other, as of so many items."""
        pairs = _pairs(self._frames)
        item = pairs[4]
        count = torch.arange(len(item), device=item.device)
        present = self._nodes.mask[item]
        pair = {"node": _where(present, count), "item": count}
        source = {"node": self._nodes.rows[item][present], "item": item}
        replaced = {"batch": pair["node"]}
        if self._ends is not None:
            linked = self._edges.mask[item]
            pair["edge"], source["edge"] = _where(linked, count), self._edges.rows[item][linked]
            new = present.flatten().cumsum(0).reshape(present.shape) - 1
            ends = self._nodes.place[self._ends[:, source["edge"]]]
            replaced["edge_index"] = new[pair["edge"], ends]
        return Copies(*pairs, pair, source, self._shape, replaced)


def _where(present: Tensor, count: Tensor) -> Tensor:
    return count.unsqueeze(-1).expand(present.shape)[present]


def _chosen(frames: FrameSet, element: Tensor | None) -> tuple[Tensor, Tensor]:
    if element is None:
        return frames.linear.select(-3, 0), frames.inverse.select(-3, 0)
    if frames.basis is not None and frames.signs is not None:
        linear = frames.basis * frames.signs[element].unsqueeze(-2)
        return linear, linear.mT
    index = element[..., None, None, None].expand(*element.shape, 1, *frames.linear.shape[-2:])
    return frames.linear.gather(-3, index).squeeze(-3), frames.inverse.gather(-3, index).squeeze(-3)


def _pairs(frames: FrameSet) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return linear part, inverse, centroid, weight and item of every element that exists."""
    size = frames.linear.shape[-3]
    d = frames.linear.shape[-1]
    item, element = frames.mask.reshape(-1, size).nonzero(as_tuple=True)
    linear, inverse = frames.linear.reshape(-1, size, d, d), frames.inverse.reshape(-1, size, d, d)
    weights = frames.weights.reshape(-1, size)
    return (
        linear[item, element],
        inverse[item, element],
        frames.centroid.reshape(-1, d)[item],
        weights[item, element],
        item,
    )
