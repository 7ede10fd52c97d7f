"""Two groups side by side."""

from typing import Any

import numpy as np

from ._arrays import matching, namespace
from ._base import Cartan, MatrixGroup, check_group
from ._closure import LARGEST
from ._embedding import Block, _indices
from ._membership import loose


class DirectProduct(MatrixGroup):
    r"""Pairs of elements of two groups, on the sum of their spaces: block-diagonal matrices.

    With an affine factor the product is affine: on $\mathbb{R}^a \oplus \mathbb{R}^b$ each factor moves its own
    summand, and one common homogeneous coordinate comes last, so that ``n`` is $a + b + 1$. Coordinates are those of
    both factors, sorted as everywhere: the skew generators of the first and of the second, then the symmetric ones,
    then all others. Where a factor needs a ``scale`` to be sampled, both are given it.

    Args:
        first: A group.
        second: Another.

    Attributes:
        first: The first factor.
        second: The second factor.

    Raises:
        TypeError: If a factor is not a MatrixGroup.

    Examples:
        >>> import liegroups
        >>> G = liegroups.DirectProduct(liegroups.SO(3), liegroups.SL(2))
        >>> G, G.n, G.dim, G.compact
        (SO(3) x SL(2), 5, 6, False)
        >>> liegroups.DirectProduct(liegroups.SE(2), liegroups.SE(3)).n
        6
    """

    def __init__(self, first: MatrixGroup, second: MatrixGroup):
        self.first = first = check_group(first, "first", "DirectProduct")
        self.second = second = check_group(second, "second", "DirectProduct")
        a, b = (group.n - group.affine for group in (first, second))
        self.affine = first.affine or second.affine
        self.compact = first.compact and second.compact
        self._blocks = (
            Block(first, a + b, tuple(range(a)), self.affine),
            Block(second, a + b, tuple(range(a, a + b)), self.affine),
        )
        self._corner = np.zeros((a + b + self.affine,) * 2)
        self._corner[-1, -1] = 1.0 - first.affine - second.affine if self.affine else 0.0
        tables = np.concatenate([block.tables(block.group._generators) for block in self._blocks])
        turned = tables.swapaxes(1, 2)
        rank = np.where((tables == -turned).all(axis=(1, 2)), 0, np.where((tables == turned).all(axis=(1, 2)), 1, 2))
        self._order = np.argsort(rank, kind="stable")
        self._back = np.argsort(self._order)
        self._setup(
            tables[self._order],
            np.concatenate([block.tables(block.group._discrete, identity=True) for block in self._blocks]),
            f"{first} x {second}",
        )
        self._no_log = "without a logarithm in both factors of {}"
        self._no_projection = "too far from a factor of {} to be projected on it"

    def elements(self) -> np.ndarray | None:
        """Return all elements, (order, n, n), identity first, or None for more than 1e5 of them."""
        first, second = self.first.elements(), self.second.elements()
        if first is None or second is None or len(first) * len(second) > LARGEST:
            return None
        left, right = self._blocks
        pairs = left.tables(first, identity=True)[:, None] @ right.tables(second, identity=True)[None]
        return pairs.reshape(-1, self.n, self.n)

    def _put(self, parts: list[Any]) -> Any:
        first, second = (block.put(part, identity=False) for block, part in zip(self._blocks, parts, strict=True))
        return first + second + matching(self._corner, first)

    def _take(self, g: Any) -> list[Any]:
        return [block.take(g) for block in self._blocks]

    def _sample(self, count: int, rng: np.random.Generator, scale: Any) -> np.ndarray:
        return self._put([block.group._sample(count, rng, scale) for block in self._blocks])

    def _inverse(self, g: Any) -> Any:
        parts = zip(self._blocks, self._take(g), strict=True)
        return self._put([block.group._inverse(part) for block, part in parts])

    def _exp(self, v: Any) -> Any:
        xp = namespace(v)
        v = xp.take(v, _indices(self._back, v), axis=-1)
        split = self.first.dim
        return self._put([self.first._exp(v[..., :split]), self.second._exp(v[..., split:])])

    def _log(self, g: Any) -> tuple[Any, Any]:
        xp = namespace(g)
        parts = self._take(g)
        (v, here), (w, there) = (block.group._log(part) for block, part in zip(self._blocks, parts, strict=True))
        exists = here & there & self._fits(g, parts, loose(g))
        return xp.take(xp.concat([v, w], axis=-1), _indices(self._order, v), axis=-1), exists

    def _cut_distance(self, g: Any) -> Any:
        here, there = (block.group._cut_distance(part) for block, part in zip(self._blocks, self._take(g), strict=True))
        return namespace(g).minimum(here, there)

    def _fits(self, g: Any, parts: list[Any], atol: float) -> Any:
        """Tell where nothing lies outside of the two blocks."""
        xp = namespace(g)
        return xp.max(xp.abs(self._put(parts) - g), axis=(-2, -1)) <= atol

    def _contains(self, g: Any, atol: float) -> Any:
        parts = self._take(g)
        inside = self._fits(g, parts, atol)
        for block, part in zip(self._blocks, parts, strict=True):
            inside = inside & block.group._contains(part, atol)
        return inside

    def _project(self, A: Any) -> tuple[Any, Any]:
        (g, here), (h, there) = (
            block.group._project(part) for block, part in zip(self._blocks, self._take(A), strict=True)
        )
        return self._put([g, h]), here & there

    def _cartan(self) -> Cartan:
        parts = [group.cartan() for group in (self.first, self.second)]
        symmetric = [block.tables(part.symmetric) for block, part in zip(self._blocks, parts, strict=True)]
        return Cartan(DirectProduct(parts[0].compact, parts[1].compact), np.concatenate(symmetric))
