"""The frame of canonical orders of a graph: the smallest there is, one coset of the automorphism group."""

import importlib
import importlib.util
import math
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from framesym._canonical_search import CanonicalSearch, SearchTooLarge
from framesym._laplacian import matrices
from framesym._permutation_frame import PermutationFrameSet, orbits
from framesym._sort import features


class Canonical:
    r"""The frame of all orders that bring a graph to its canonical form: $|F(A)| = |\mathrm{Aut}(A)|$, the minimum.

    The canonical form is the same matrix for all relabellings of a graph and different ones for graphs that are not
    isomorphic. Nodes and edges may have weights and features, which are compared exactly. As all elements lead to the
    *same* canonical input, one call of a network is enough whatever $|\mathrm{Aut}(A)|$ is:

    $$ \langle\Phi\rangle(A) = P_o^{-1}\, \frac{1}{|\mathrm{Aut}|}\sum_{s \in \mathrm{Aut}(A_c)} P_s\, \Phi(A_c), $$

    where the mean over the group is a mean over orbits of nodes, or of pairs of nodes, which the generators give
    without a list of the elements.

    Args:
        automorphisms: `"coset"`: the frame lists one order, which stands for all (exact, one call); `"exact"`: it
            lists all $|\mathrm{Aut}(A)|$ of them, up to 40320.
        engine: `"nauty"` (the extra `graphs`), `"search"` (individualisation and refinement in numpy, exact but only
            for small graphs), or `"auto"`: nauty where it is installed. The two choose different canonical forms.

    Raises:
        ValueError: If an argument is none of these.
        ImportError: If `engine="nauty"` and pynauty is not installed.

    Source: B. D. McKay and A. Piperno, arXiv:1301.1493; minimal frames: Lin et al., arXiv:2406.07598.

    Examples:
        >>> import torch
        >>> from framesym import Canonical
        >>> square = torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])
        >>> frames = Canonical()(square)
        >>> frames.order.shape, round(10 ** frames.log10_size.item())
        (torch.Size([1, 4]), 8)
        >>> Canonical("exact")(square).order.shape
        torch.Size([8, 4])
    """

    permutes: ClassVar[bool] = True
    carrier: ClassVar[str] = "adjacency"

    def __init__(
        self,
        automorphisms: Literal["coset", "exact"] = "coset",
        engine: Literal["auto", "nauty", "search"] = "auto",
    ) -> None:
        if automorphisms not in ("coset", "exact"):
            raise ValueError(f"automorphisms must be 'coset' or 'exact', got {automorphisms!r}")
        if engine not in ("auto", "nauty", "search"):
            raise ValueError(f"engine must be 'auto', 'nauty' or 'search', got {engine!r}")
        found = importlib.util.find_spec("pynauty") is not None
        if engine == "nauty" and not found:
            raise ImportError("engine 'nauty' needs pynauty: run `pip install framesym[graphs]`")
        self.automorphisms = automorphisms
        self.engine = ("nauty" if found else "search") if engine == "auto" else engine

    def __repr__(self) -> str:
        return f"Canonical({self.automorphisms!r}, engine={self.engine!r})"

    def __call__(
        self, adjacency: Tensor, node: Tensor | None = None, edge: Tensor | None = None, mask: Tensor | None = None
    ) -> PermutationFrameSet:
        """Return the frame of each graph.

        Args:
            adjacency: (Weighted, directed) adjacency matrices, (*batch, n, n), of any real dtype; loops count.
            node: Features of the nodes, (*batch, n, c).
            edge: Features of ordered pairs of nodes, (*batch, n, n, c).
            mask: Which nodes exist, (*batch, n); all of them by default.

        Raises:
            ValueError: If a shape does not fit, a value is not a number, or the search without nauty is too long.
        """
        weights, nodes = matrices(adjacency, mask)
        batch, n = nodes.shape[:-1], nodes.shape[-1]
        pairs = [weights.unsqueeze(-1)]
        if edge is not None:
            pairs.append(features(edge, nodes.unsqueeze(-1) & nodes.unsqueeze(-2), "edge"))
        pair = torch.cat(pairs, -1)
        pair = pair.reshape(math.prod(batch), n, n, pair.shape[-1]).cpu().numpy() + 0.0
        points = None
        if node is not None:
            points = features(node, nodes, "node").reshape(math.prod(batch), n, node.shape[-1]).cpu().numpy() + 0.0
        exist = nodes.reshape(math.prod(batch), n).cpu().numpy()
        solve = _nauty if self.engine == "nauty" else _search
        found = []
        for k, present in enumerate(exist):
            at = np.flatnonzero(present)
            whole = len(at) == n
            values = pair[k] if whole else pair[k][np.ix_(at, at)]
            own = None if points is None else points[k][at]
            found.append(solve(*_coded(values, own)).spread(at, n))
        return self._packed(found, nodes)

    def _packed(self, found: list["_Solution"], nodes: Tensor) -> PermutationFrameSet:
        """Stack the results of the items of a batch."""
        batch, n = nodes.shape[:-1], nodes.shape[-1]
        count = max((len(solution.generators) for solution in found), default=0)
        generators = np.tile(np.arange(n), (len(found), count, 1))
        for table, solution in zip(generators, found, strict=True):
            table[: len(solution.generators)] = solution.generators
        moves = torch.from_numpy(generators).reshape(*batch, count, n)
        order = np.array([solution.order for solution in found], np.int64).reshape(*batch, n)
        size = np.array([solution.log10_size for solution in found], float).reshape(batch)
        return PermutationFrameSet(
            first=torch.from_numpy(order).to(nodes.device),
            nodes=nodes,
            orbits=orbits(moves).to(nodes.device),
            generators=moves.to(nodes.device),
            log10_size=torch.from_numpy(size).to(nodes.device),
            free=False,
            fixes=True,
            coset=self.automorphisms == "coset",
            diagnostics={},
        )


class _Solution(NamedTuple):
    """Canonical order, generators of the automorphisms, and the logarithm of their number."""

    order: np.ndarray
    generators: np.ndarray
    log10_size: float

    def spread(self, at: np.ndarray, n: int) -> "_Solution":
        """Return the solution for n nodes, of which those in `at` exist; the others come last and stay."""
        if len(at) == n:
            return self
        absent = np.setdiff1d(np.arange(n), at)
        generators = np.tile(np.arange(n), (len(self.generators), 1))
        generators[:, at] = at[self.generators]
        return _Solution(np.concatenate([at[self.order], absent]), generators, self.log10_size)


def _coded(pair: np.ndarray, points: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return codes of pairs (n, n), 0 for zeros and on the diagonal, and colours of nodes, from features."""
    n = len(pair)
    if points is None and pair.shape[-1] == 1 and not pair.diagonal().any() and ((pair == 0) | (pair == 1)).all():
        return pair[..., 0].astype(np.int64), np.zeros(n, np.int64)
    own = pair.diagonal().T if points is None else np.column_stack([pair.diagonal().T, points])
    colours = _ranks(own)
    flat = pair.reshape(n * n, pair.shape[-1]).copy()
    flat[:: n + 1] = 0.0
    # Zero gets the smallest code, so that pairs without anything cost nothing.
    codes = _ranks(np.column_stack([flat.any(1), flat]))
    return codes.reshape(n, n), colours


def _ranks(rows: np.ndarray) -> np.ndarray:
    """Return the place of each row among the distinct ones in lexicographic order."""
    if not len(rows):
        return np.zeros(0, np.int64)
    return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)


def _nauty(codes: np.ndarray, colours: np.ndarray) -> _Solution:
    """Solve by nauty; colours of pairs become layers of the graph, one a binary digit of the code."""
    pynauty: Any = importlib.import_module("pynauty")
    n = len(colours)
    layers = max(int(codes.max(initial=0)).bit_length(), 1)
    adjacency: dict[int, list[int]] = {}
    for layer in range(layers):
        rows, columns = np.nonzero(codes >> layer & 1)
        cuts = np.searchsorted(rows, np.arange(1, n))
        for v, neighbours in enumerate(np.split(columns + n * layer, cuts) if n else ()):
            adjacency[v + n * layer] = neighbours.tolist()
            if layer:
                adjacency[v + n * layer - n].append(v + n * layer)
    if layers == 1 and not colours.any():
        cells = []
    else:
        own = [np.flatnonzero(colours == colour) for colour in range(colours.max(initial=-1) + 1)]
        cells = [set((cell + n * layer).tolist()) for layer in range(layers) for cell in own]
    directed = not np.array_equal(codes, codes.T)
    graph = pynauty.Graph(n * layers, directed=directed, adjacency_dict=adjacency, vertex_coloring=cells)
    generators, mantissa, exponent, _, _ = pynauty.autgrp(graph)
    order = np.array(pynauty.canon_label(graph)[:n], np.int64)
    moves = np.array([generator[:n] for generator in generators], np.int64).reshape(len(generators), n)
    return _Solution(order, moves, math.log10(mantissa) + exponent)


def _search(codes: np.ndarray, colours: np.ndarray) -> _Solution:
    """Solve by the search in numpy."""
    try:
        found = CanonicalSearch(codes, colours)
    except SearchTooLarge:
        raise ValueError(
            f"a graph of {len(colours)} nodes is too symmetric for the search without nauty; "
            "run `pip install framesym[graphs]`"
        ) from None
    return _Solution(found.order, found.generators, found.log10_size)
