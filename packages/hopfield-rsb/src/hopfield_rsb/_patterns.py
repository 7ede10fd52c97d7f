"""Random patterns, how many of them a load means, and the energies of states."""

from typing import Any

import numpy as np

from ._kernels import check_literal, levels, patterns_of_load, whole

LARGEST_N = 30000  # overlaps are counted in 16 bits
_BYTES = 2**33  # of patterns: beyond, a mistyped load would exhaust the memory
_BLOCK = 2**22  # overlaps that are held at once


def random_patterns(*, N: int, K: int, seed: int = 0, draw: int = 0) -> np.ndarray:
    """Return independent fair random patterns.

    Args:
        N: Number of spins, at most 30000.
        K: Number of patterns; 0 is allowed.
        seed: Seed of a series of draws.
        draw: Number of the draw in the series.

    Returns:
        int8 (K, N) of -1 and 1.

    Raises:
        TypeError: An argument is no integer.
        ValueError: An argument is out of range, or the patterns would take more than 8 GiB.

    Examples:
        >>> random_patterns(N=6, K=2, seed=2)
        array([[ 1,  1, -1, -1, -1, -1],
               [-1,  1, -1,  1, -1,  1]], dtype=int8)
    """
    N, K = whole("N", N, 1, LARGEST_N), whole("K", K, 0)
    if N * K > _BYTES:
        raise ValueError(f"K = {K} patterns of N = {N} sites would take more than {_BYTES >> 30} GiB")
    rng = np.random.default_rng([whole("seed", seed, 0), whole("draw", draw, 0), 0])
    bits = np.frombuffer(rng.bytes(-(-N * K // 8)), np.uint8)
    signs = np.unpackbits(bits, count=N * K).reshape(K, N).view(np.int8)
    return 2 * signs - 1


def pattern_count(*, model: Any, N: int, alpha: float) -> int:
    r"""Return the number of patterns that comes closest to a load, $K = \alpha_K N^{P-1}$.

    Args:
        model: The network, which has the unit of the load.
        N: Number of spins.
        alpha: Load in the model's unit.

    Raises:
        TypeError: The model is no Hebbian network, or alpha is no number.
        ValueError: N or alpha is out of range.

    Examples:
        >>> from hopfield_rsb import DenseHopfield
        >>> pattern_count(model=DenseHopfield(P=4, kernel="distinct"), N=128, alpha=0.3)
        52429
    """
    check_literal(model)
    N = whole("N", N, max(model.P, 2), LARGEST_N)
    if isinstance(alpha, bool) or not isinstance(alpha, int | float | np.integer | np.floating):
        raise TypeError(f"alpha must be a number, got {alpha!r}")
    if not 0 <= alpha <= 1e50:
        raise ValueError(f"alpha must lie between 0 and 1e50, got {alpha}")
    return round(patterns_of_load(model, N, float(alpha)))


def load_of(model: Any, N: int, K: int) -> float:
    """Return the load that K patterns are, in the model's unit."""
    return K / patterns_of_load(model, N, 1.0)


def energy(*, model: Any, patterns: np.ndarray, states: np.ndarray) -> np.ndarray:
    r"""Return the energy per spin, $-\frac12 \sum_\mu f(m_\mu)$, of states of the network.

    Args:
        model: A network of literal patterns: kernel "distinct" or "power".
        patterns: (K, N) of -1 and 1.
        states: (..., N) of -1 and 1.

    Returns:
        float64 (...), in the unit in which a condensed pattern has energy -1/2.

    Raises:
        TypeError: The model is no Hebbian network.
        ValueError: The kernel is "gaussian", shapes do not fit, or an entry is neither -1 nor 1.

    Examples:
        >>> from hopfield_rsb import DenseHopfield
        >>> model = DenseHopfield(P=4, kernel="power")
        >>> energy(model=model, patterns=[[1, 1, 1, -1]], states=[[1, 1, 1, -1], [1, 1, 1, 1]])
        array([-0.5    , -0.03125])
    """
    check_literal(model)
    chosen = signs("patterns", patterns, 2)
    flat = signs("states", states, None)
    K, N = chosen.shape
    if flat.shape[-1] != N:
        raise ValueError(f"states must have the {N} sites of the patterns, got shape {flat.shape}")
    table = levels(model, N, max(K, 1))
    shape, flat = flat.shape[:-1], flat.reshape(-1, N)
    total = np.empty(len(flat), np.int64)
    rows, transposed = max(_BLOCK // max(K, 1), 1), chosen.T.astype(np.float32)  # exact: overlaps are below 2^24
    for start in range(0, len(flat), rows):
        sums = flat[start : start + rows].astype(np.float32) @ transposed
        total[start : start + rows] = table.levels[(sums.astype(np.int64) + N) >> 1].sum(1)
    return (-0.5 * table.unit * total).reshape(shape)


def network(model: Any, N: int, alpha: float | None, K: int | None, patterns: Any, seed: int, draw: int = 0):
    """Return the patterns (K, N) that the arguments of a solver mean."""
    check_literal(model)
    N = whole("N", N, max(model.P, 2), LARGEST_N)
    given = [name for name, value in (("alpha", alpha), ("K", K), ("patterns", patterns)) if value is not None]
    if len(given) != 1:
        raise ValueError(f"give one of alpha, K and patterns, got {' and '.join(given) or 'none of them'}")
    if patterns is not None:
        chosen = signs("patterns", patterns, 2)
        if chosen.shape[1] != N:
            raise ValueError(f"patterns must have N = {N} sites, got shape {chosen.shape}")
        return chosen
    count = whole("K", K, 0) if alpha is None else pattern_count(model=model, N=N, alpha=alpha)
    return random_patterns(N=N, K=count, seed=seed, draw=draw)


def signs(name: str, values: Any, dimensions: int | None) -> np.ndarray:
    """Return an array of -1 and 1 as int8, or raise with its name."""
    array = np.asarray(values)
    if array.ndim != dimensions if dimensions is not None else array.ndim < 1:
        raise ValueError(f"{name} must have {dimensions or 'one or more'} dimensions, got shape {array.shape}")
    if array.dtype.kind not in "iuf" or not np.isin(array, (-1, 1)).all():
        raise ValueError(f"{name} must be made of -1 and 1")
    return array.astype(np.int8)
