"""Sets of graphs that tell networks apart: graph8c, SR25, EXP, CEXP, BREC, CSL."""

import importlib
from pathlib import Path

import numpy as np

from ._data_folder import stored
from ._graph6 import from_graph6

ORIGIN = "https://users.cecs.anu.edu.au/~bdm/data/"
FILES = {
    "graph8c.g6": "sha256:0002354f1ab3344a2706626a037ad15367bf23a2163aa68f552c3a169ca9a036",
    "sr251256.g6": "sha256:f55f86eb48cd61c3315c62341cc3a8c59289c58504edb3ab859d7ef2068b9aa4",
}
BREC = ("basic", "regular", "str", "extension", "cfi", "4vtx", "dr")
CSL = (2, 3, 4, 5, 6, 9, 11, 12, 13, 16)


def graph8c() -> dict[str, np.ndarray]:
    """Return all 11117 connected graphs on 8 nodes, no two of them isomorphic.

    Read from `framesym/graphs/graph8c.g6` in the folder named by the environment variable `SYMMETRON_DATA` where that
    file is; otherwise fetched once from B. McKay's catalogue, checked by hash (`pip install framesym[data]`).

    Returns:
        `adjacency` (graph, 8, 8) uint8 and `size` (graph,), the number of nodes.

    Raises:
        ImportError: If the file has to be fetched and pooch is not installed.
        ConnectionError: If it cannot be fetched.
        ValueError: If a file is not what it should be.

    Examples:
        >>> framesym.graph8c()["adjacency"].shape                                # doctest: +SKIP
        (11117, 8, 8)
    """
    return _stacked([from_graph6(line) for line in _lines(_catalogue("graph8c.g6"))])


def sr25() -> dict[str, np.ndarray]:
    """Return the 15 strongly regular graphs with parameters (25, 12, 5, 6), which no 2-WL test tells apart.

    Read from `framesym/graphs/sr251256.g6` in the folder named by `SYMMETRON_DATA` where that file is; otherwise
    fetched once from B. McKay's catalogue (list by E. Spence), checked by hash (`pip install framesym[data]`).

    Returns:
        `adjacency` (15, 25, 25) uint8 and `size` (15,), the number of nodes.

    Raises:
        ImportError: If the file has to be fetched and pooch is not installed.
        ConnectionError: If it cannot be fetched.
        ValueError: If a file is not what it should be.

    Examples:
        >>> framesym.sr25()["adjacency"].sum((1, 2))                             # doctest: +SKIP
        array([300, 300, ...])
    """
    return _stacked([from_graph6(line) for line in _lines(_catalogue("sr251256.g6"))])


def exp_graphs() -> dict[str, np.ndarray]:
    """Return EXP: 600 pairs of planar graphs of formulas, not isomorphic and equal for the 1-WL test.

    Graphs 2k and 2k + 1 are a pair, of which one formula is satisfiable and the other is not. Read from
    `framesym/graphs/EXP_GRAPHSAT.txt` in the folder named by `SYMMETRON_DATA`: the file of the repository
    ralphabb/GNN-RNI (GPL-3.0), which is not distributed here. Source: Abboud et al., arXiv:2010.01179.

    Returns:
        `adjacency` (1200, n, n) uint8 with zeros for absent nodes, `size` (1200,), the number of nodes, `feature`
        (1200, n), 0 or 1 for the kind of each node (literal or clause), and `label` (1200,), 1 if satisfiable.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not what it should be.

    Examples:
        >>> framesym.exp_graphs()["label"][:4]                                   # doctest: +SKIP
        array([1, 0, 1, 0])
    """
    return _read_sat("EXP")


def cexp_graphs() -> dict[str, np.ndarray]:
    """Return CEXP: as EXP, with half of the pairs changed so that the 1-WL test tells them apart.

    Read from `framesym/graphs/CEXP_GRAPHSAT.txt` in the folder named by `SYMMETRON_DATA`, as
    [`exp_graphs`][framesym.exp_graphs] is. Source: Abboud et al., arXiv:2010.01179.

    Returns:
        The arrays of [`exp_graphs`][framesym.exp_graphs].

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not what it should be.

    Examples:
        >>> framesym.cexp_graphs()["adjacency"].shape                            # doctest: +SKIP
        (1200, 81, 81)
    """
    return _read_sat("CEXP")


def brec() -> dict[str, np.ndarray]:
    """Return BREC: 400 pairs of graphs that are not isomorphic and hard to tell apart, in seven categories.

    Graphs 2k and 2k + 1 are a pair. Read from `framesym/brec/<category>.g6pairs` in the folder named by
    `SYMMETRON_DATA`, one pair of graph6 strings a line, as converted from the repository GraphPKU/BREC (MIT), whose
    files are Python pickles. Source: Wang and Zhang, arXiv:2304.07702.

    Returns:
        `adjacency` (800, n, n) uint8 with zeros for absent nodes, `size` (800,), the number of nodes, and `category`
        (800,), the place in basic, regular, str, extension, cfi, 4vtx, dr.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is not what it should be.

    Examples:
        >>> framesym.brec()["adjacency"].shape                                   # doctest: +SKIP
        (800, 198, 198)
    """
    graphs, category = [], []
    for number, name in enumerate(BREC):
        path = _own(f"brec/{name}.g6pairs", "the pairs of GraphPKU/BREC as graph6 text")
        for line in _lines(path):
            pair = line.split()
            if len(pair) != 2:
                raise ValueError(f"{path}: a line must hold two graphs, got {len(pair)}")
            graphs += [from_graph6(text) for text in pair]
            category += [number, number]
    return {**_stacked(graphs), "category": np.array(category)}


def csl(copies: int = 15, seed: int = 0) -> dict[str, np.ndarray]:
    r"""Return circular skip links: cycles of 41 nodes with chords of length R, of ten kinds, relabelled at random.

    The graph $C(41; 1, R)$ joins nodes whose difference is 1 or R modulo 41, with R = 2, 3, 4, 5, 6, 9, 11, 12, 13, 16.
    All are regular of degree 4, and no two kinds are isomorphic. Source: Murphy et al., arXiv:1903.02541.

    Args:
        copies: Number of graphs of each kind.
        seed: Seed of the relabellings.

    Returns:
        `adjacency` (10 copies, 41, 41) uint8, `size` (10 copies,), 41 throughout, and `label` (10 copies,), the kind
        from 0 to 9.

    Raises:
        ValueError: If `copies` is negative.

    Examples:
        >>> import framesym
        >>> graphs = framesym.csl(copies=2)
        >>> graphs["adjacency"].shape, graphs["size"][:2], graphs["label"][:4]
        ((20, 41, 41), array([41, 41]), array([0, 0, 1, 1]))
    """
    if copies < 0:
        raise ValueError(f"copies must be at least 0, got {copies!r}")
    rng = np.random.default_rng(seed)
    node = np.arange(41)
    adjacency = np.zeros((10 * copies, 41, 41), np.uint8)
    for k, graph in enumerate(adjacency):
        names = rng.permutation(41)
        for step in (1, CSL[k // copies]):
            graph[names[node], names[(node + step) % 41]] = 1
    label = np.repeat(np.arange(10), copies)
    return {"adjacency": adjacency | adjacency.swapaxes(1, 2), "size": np.full(10 * copies, 41), "label": label}


def _read_sat(name: str) -> dict[str, np.ndarray]:
    """Read the text format of EXP: number of graphs; per graph "n label" and n lines "kind degree neighbours"."""
    path = _own(f"graphs/{name}_GRAPHSAT.txt", f"the file Data/{name} of github.com/ralphabb/GNN-RNI (GPL-3.0)")
    graphs, kinds, labels = [], [], []
    try:
        lines = iter(path.read_text().splitlines())
        for _ in range(int(next(lines))):
            n, label = map(int, next(lines).split())
            adjacency, kind = np.zeros((n, n), np.uint8), np.zeros(n, np.int64)
            for u in range(n):
                kind[u], degree, *neighbours = map(int, next(lines).split())
                if degree != len(neighbours):
                    raise ValueError(f"a node of degree {degree} has {len(neighbours)} neighbours")
                adjacency[u, neighbours] = 1
            if not np.array_equal(adjacency, adjacency.T):
                raise ValueError("a graph is not symmetric")
            graphs.append(adjacency)
            kinds.append(kind)
            labels.append(label)
    except (StopIteration, IndexError, ValueError) as error:
        reason = f": {error}" if str(error) else " before its end"
        raise ValueError(f"{path} is no file of {name}, at graph {len(graphs)}{reason}") from error
    found = _stacked(graphs)
    feature = np.zeros(found["adjacency"].shape[:2], np.int64)
    for row, kind in zip(feature, kinds, strict=True):
        row[: len(kind)] = kind
    return {**found, "feature": feature, "label": np.array(labels, np.int64)}


def _stacked(graphs: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return graphs of different sizes in one array, zeros after the last node of each."""
    size = np.array([len(graph) for graph in graphs], np.int64)
    adjacency = np.zeros((len(graphs), size.max(initial=0), size.max(initial=0)), np.uint8)
    for place, graph in zip(adjacency, graphs, strict=True):
        place[: len(graph), : len(graph)] = graph
    return {"adjacency": adjacency, "size": size}


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.strip()]


def _own(name: str, what: str) -> Path:
    """Return a file of the data folder, which has to be there."""
    path = stored(name)
    if path is None:
        raise FileNotFoundError(f"$SYMMETRON_DATA/framesym/{name} is not there; put {what} in that place")
    return path


def _catalogue(name: str) -> Path:
    """Return a file of McKay's catalogue, fetched where it is not in the data folder."""
    path = stored(f"graphs/{name}")
    if path is not None:
        return path
    try:
        pooch = importlib.import_module("pooch")
    except ImportError:
        raise ImportError(
            f"{name} is neither in $SYMMETRON_DATA/framesym/graphs nor can it be fetched without pooch; "
            "set SYMMETRON_DATA or run `pip install framesym[data]`"
        ) from None
    try:
        return Path(pooch.retrieve(ORIGIN + name, FILES[name], fname=name, path=pooch.os_cache("framesym")))
    except OSError as error:  # what requests raises without a network, among others
        raise ConnectionError(
            f"{name} could not be fetched from {ORIGIN} ({type(error).__name__}); fetch it by hand, "
            "and put it in the folder framesym/graphs of the one named by SYMMETRON_DATA"
        ) from error
