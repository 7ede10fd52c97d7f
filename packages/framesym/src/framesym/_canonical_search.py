"""Canonical order and automorphisms of a coloured graph, by individualisation and refinement, without any library."""

import math

import numpy as np


class SearchTooLarge(Exception):
    """The search tree has more leaves than allowed."""


class CanonicalSearch:
    """Search the tree of refined ordered partitions of the nodes for the smallest leaf, after McKay.

    Children that known automorphisms map to one another are explored once, and a subtree is left as soon as it turns
    out to be the image of an earlier one. The result is exact whenever the search ends.

    Args:
        codes: Colours of ordered pairs, whose numbers isomorphic graphs share: (n, n) integers.
        colours: Colours of nodes, likewise: (n,) integers.
        leaves: Largest number of leaves.

    Attributes:
        order: Canonical order of the nodes: (n,).
        generators: Generators of the automorphism group: (G, n).
        log10_size: Decimal logarithm of its order.

    Raises:
        SearchTooLarge: If there are more leaves.

    Source: B. D. McKay and A. Piperno, arXiv:1301.1493, sections 2 and 3.
    """

    def __init__(self, codes: np.ndarray, colours: np.ndarray, leaves: int = 20000) -> None:
        self._codes, self._leaves = codes, leaves
        n = len(colours)
        both = np.stack([codes, codes.T], -1).reshape(n * n, 2)
        self._pairs = np.unique(both, axis=0, return_inverse=True)[1].reshape(n, n)
        self._found: list[np.ndarray] = []
        self._first: tuple[bytes, np.ndarray, list[int]] | None = None
        self._best: tuple[bytes, np.ndarray, list[int]] | None = None
        self._logs: list[float] = []
        self._search(self._refine(colours), [], True)
        assert self._best is not None
        self.order = self._best[1]
        self.generators = np.array(self._found, np.int64).reshape(len(self._found), n)
        self.log10_size = math.fsum(self._logs)

    def _refine(self, colours: np.ndarray) -> np.ndarray:
        """Split colours by the colours seen along each kind of pair until nothing changes."""
        n = len(colours)
        colours = np.unique(colours, return_inverse=True)[1] if n else colours
        while n and colours.max() < n - 1:
            seen = np.sort(self._pairs * n + colours, 1)
            finer = np.unique(np.column_stack([colours, seen]), axis=0, return_inverse=True)[1].reshape(n)
            if finer.max() == colours.max():
                break
            colours = finer
        return colours

    def _search(self, colours: np.ndarray, prefix: list[int], leftmost: bool) -> int | None:
        """Explore the node of the tree with this prefix; return the level to go back to, or None."""
        counts = np.bincount(colours)
        if len(counts) == len(colours):
            return self._leaf(np.argsort(colours), prefix)
        large = np.flatnonzero(counts > 1)
        cell = np.flatnonzero(colours == large[counts[large].argmin()])
        done: list[int] = []
        for v in cell:
            if any(self._orbit(prefix, int(v))[u] for u in done):
                continue
            singled = 2 * colours + 1
            singled[v] -= 1
            back = self._search(self._refine(singled), [*prefix, int(v)], leftmost and not done)
            if back is not None and back < len(prefix):
                return back
            done.append(int(v))
        if leftmost:
            self._logs.append(math.log10(self._orbit(prefix, int(cell[0])).sum()))
        return None

    def _leaf(self, order: np.ndarray, path: list[int]) -> int | None:
        self._leaves -= 1
        if self._leaves < 0:
            raise SearchTooLarge
        form = self._codes[np.ix_(order, order)].astype(">i8").tobytes()
        if self._first is None or self._best is None:
            self._first = self._best = (form, order, path)
            return None
        for known, other, there in (self._first, self._best):
            if form == known:
                move = np.empty_like(order)
                move[other] = order
                self._found.append(move)
                return next(k for k, (a, b) in enumerate(zip(path, there, strict=False)) if a != b)
        if form < self._best[0]:
            self._best = (form, order, path)
        return None

    def _orbit(self, prefix: list[int], v: int) -> np.ndarray:
        """Return which nodes the automorphisms found so far that fix the prefix reach from v: (n,)."""
        moves = [move for move in self._found if all(move[u] == u for u in prefix)]
        reached = np.zeros(len(self._codes), bool)
        front = [v]
        while front:
            u = front.pop()
            if not reached[u]:
                reached[u] = True
                front += [int(move[u]) for move in moves]
        return reached
