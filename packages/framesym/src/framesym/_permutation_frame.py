"""What a frame of permutations gives for a batch of graphs or point sets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np
import torch
from torch import Tensor

LARGEST = 40320
"""The largest number of elements of one item that is listed: 8!."""


@dataclass(frozen=True, eq=False)
class PermutationFrameSet:
    r"""The permutations that a frame assigns to each item of a batch: one of them, times a group $H$ of the others.

    An element is given as an order $o$ of the nodes: the canonical input has node $o_k$ at place $k$, so
    `x_canonical = x[o]` and `A_canonical = A[o][:, o]`. All elements are $\{h \circ o : h \in H\}$, where `o` is
    `first` and $H$ is either the product of the symmetric groups of the classes in `orbits` (`free`) or a group
    with the given generators. Nodes that do not exist come last in every order.

    Attributes:
        first: One element: (*batch, n), int64.
        nodes: Which nodes exist: (*batch, n).
        orbits: Smallest node of the orbit of each node under $H$: (*batch, n), int64.
        generators: Generators of $H$, node i goes to `generators[..., i]`, filled up with identities:
            (*batch, G, n), int64.
        log10_size: Decimal logarithm of the number of elements of the whole frame, which is that of $H$: (*batch,).
        free: Whether $H$ holds every permutation within the orbits.
        fixes: Whether $H$ leaves the input unchanged (automorphisms), so that one call of a network and a mean over
            orbits stand for all elements.
        coset: Whether `order` lists only `first`, which stands for all elements; needs `fixes`.
        diagnostics: Whatever the frame reports, one value an item.
    """

    first: Tensor
    nodes: Tensor
    orbits: Tensor
    generators: Tensor
    log10_size: Tensor
    free: bool
    fixes: bool
    coset: bool
    diagnostics: Mapping[str, Tensor]

    def __post_init__(self) -> None:
        if self.coset and not self.fixes:
            raise ValueError("a coset stands for one element only if its group leaves the input unchanged")

    @property
    def order(self) -> Tensor:
        """The elements, padded with `first` where an item has fewer than others: (*batch, F, n), int64.

        Raises:
            ValueError: If an item has more than 40320 elements.
        """
        return self._padded[0]

    @property
    def mask(self) -> Tensor:
        """Which elements exist: (*batch, F)."""
        return self._padded[1]

    @property
    def weights(self) -> Tensor:
        """The weight of each element, summing to one over the elements: (*batch, F), float64."""
        return self.mask.double() / self.mask.sum(-1, keepdim=True).clamp(min=1)

    def pairs(self) -> tuple[Tensor, Tensor]:
        """Return all elements without padding: the item of each (P,), in the flattened batch, and its order (P, n).

        Raises:
            ValueError: If an item has more than 40320 elements.
        """
        return self._listed

    def sample(self) -> Tensor:
        """Draw one element of each item uniformly, from the global random state: (*batch, n), int64.

        Raises:
            ValueError: If $H$ is given by generators and an item has more than 40320 elements.
        """
        first = self.first
        if self.free:
            classes = self.orbits.gather(-1, first)
            step = torch.ones_like(classes)
            step[..., 1:] = (classes[..., 1:] != classes[..., :-1]).long()
            noise = torch.rand(first.shape, dtype=torch.float64, device=first.device)
            return first.gather(-1, (step.cumsum(-1) + noise).argsort(-1))
        item, order = self._listed
        counts = torch.bincount(item, minlength=first[..., 0].numel())
        chosen = (torch.rand(len(counts), dtype=torch.float64, device=item.device) * counts).long()
        return order[counts.cumsum(0) - counts + chosen].reshape(first.shape)

    def pair_orbits(self) -> Tensor:
        """Return the smallest pair $n i + j$ of the orbit of each pair (i, j) under $H$: (*batch, n, n), int64."""
        n = self.first.shape[-1]
        images = (self.generators.unsqueeze(-1) * n + self.generators.unsqueeze(-2)).flatten(-2)
        return orbits(images).unflatten(-1, (n, n))

    def __getitem__(self, index: Any) -> "PermutationFrameSet":
        """Return the frames of some items of the first batch axis."""
        if not self.log10_size.ndim:
            raise IndexError("these frames have no batch axis")
        return self._each(lambda array: array[index])

    def to(self, device: Any) -> "PermutationFrameSet":
        """Return the same frames on another device."""
        return self._each(lambda array: array.to(device))

    def _each(self, change: Any) -> "PermutationFrameSet":
        names = [field.name for field in fields(self) if isinstance(getattr(self, field.name), Tensor)]
        diagnostics = {name: change(value) for name, value in self.diagnostics.items()}
        return replace(self, diagnostics=diagnostics, **{name: change(getattr(self, name)) for name in names})

    @cached_property
    def _padded(self) -> tuple[Tensor, Tensor]:
        item, order = self._listed
        batch, n = self.first.shape[:-1], self.first.shape[-1]
        counts = torch.bincount(item, minlength=math.prod(batch))
        place = torch.arange(len(item), device=item.device) - (counts.cumsum(0) - counts)[item]
        size = int(counts.max()) if len(counts) else 1
        table = self.first.reshape(len(counts), 1, n).repeat(1, size, 1)
        table[item, place] = order
        mask = torch.arange(size, device=item.device) < counts.unsqueeze(-1)
        return table.reshape(*batch, size, n), mask.reshape(*batch, size)

    @cached_property
    def _listed(self) -> tuple[Tensor, Tensor]:
        n = self.first.shape[-1]
        first = self.first.reshape(math.prod(self.first.shape[:-1]), n)
        if self.coset:
            return torch.arange(len(first), device=first.device), first
        self._refuse_large()
        found = []
        classes = self.orbits.reshape(len(first), n).cpu().numpy()
        generators = self.generators.reshape(len(first), self.generators.shape[-2], n)
        for order, labels, moves in zip(first.cpu().numpy(), classes, generators.cpu().numpy(), strict=True):
            found.append(_within_classes(order, labels) if self.free else closure(moves)[:, order])
        counts = torch.tensor([len(table) for table in found], dtype=torch.int64, device=first.device)
        item = torch.repeat_interleave(torch.arange(len(first), device=first.device), counts)
        table = np.concatenate(found) if found else np.zeros((0, n), np.int64)
        return item, torch.from_numpy(table).to(first.device)

    def _refuse_large(self) -> None:
        """Raise where listing all elements is out of reach."""
        sizes = self.log10_size.flatten()
        if len(sizes) and sizes.max() > math.log10(LARGEST) + 1e-9:
            item = int(sizes.argmax())
            advice = "mode='coset' needs one call" if self.fixes else "use mode='sample', or the frame Canonical"
            raise ValueError(
                f"the frame of batch item {item} has 10^{sizes[item]:.2f} elements, and at most {LARGEST} are listed; "
                f"{advice}"
            )


def _within_classes(order: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return all orders that keep the sequence of classes, (F, n)."""
    table = order[None]
    labels = classes[order]
    starts = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]]) if len(order) else np.zeros(0, int)
    for start, stop in zip(starts, np.r_[starts[1:], len(order)], strict=True):
        if stop - start > 1:
            swaps = np.array(list(permutations(range(start, stop))))
            table = np.repeat(table, len(swaps), 0)
            table[:, start:stop] = order[np.tile(swaps, (len(table) // len(swaps), 1))]
    return table


def closure(generators: np.ndarray) -> np.ndarray:
    """Return all elements of a permutation group from generators (G, n): (order, n), identity first."""
    n = generators.shape[-1]
    identity = np.arange(n)
    moves = generators[(generators != identity).any(1)]
    found = identity[None]
    known = {identity.tobytes()}
    front = found
    while len(front) and len(moves):
        images = np.unique(moves[:, front].reshape(-1, n), axis=0)
        front = np.array([row for row in images if row.tobytes() not in known]).reshape(-1, n).astype(np.int64)
        known.update(row.tobytes() for row in front)
        found = np.concatenate([found, front])
    return found


def orbits(images: Tensor) -> Tensor:
    """Return the smallest point of the orbit of each point under permutations (*batch, G, n): (*batch, n)."""
    n = images.shape[-1]
    label = torch.arange(n, device=images.device).expand(*images.shape[:-2], n).clone()
    while True:
        before = label.clone()
        for k in range(images.shape[-2]):
            image = images[..., k, :]
            smaller = torch.minimum(label, label.gather(-1, image))
            # both ends of each arrow i -> image[i] take the smaller label, so that inverses are not needed
            label = torch.minimum(smaller, torch.empty_like(smaller).scatter_(-1, image, smaller))
        label = label.gather(-1, label)
        if torch.equal(label, before):
            return label
