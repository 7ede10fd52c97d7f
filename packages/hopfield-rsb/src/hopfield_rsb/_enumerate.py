"""Everything about a small network, by the list of all its states."""

import importlib.util
from typing import Any

import numpy as np

from ._arguments import nonnegative
from ._compiled import compiled_module
from ._kernels import check_literal, conventions, levels, whole
from ._patterns import load_of, network

LARGEST = 22  # 2^22 states: some hundred megabytes
_COMPILED = 17  # from where compiled loops save more time than their compilation takes
_BLOCK = 2**22


def enumerate_exact(
    *,
    model: Any,
    N: int,
    T: float | np.ndarray,
    alpha: float | None = None,
    K: int | None = None,
    patterns: np.ndarray | None = None,
    seed: int = 0,
    energies: bool = False,
) -> dict[str, Any]:
    r"""Return the thermodynamics of one draw of a network of at most 22 spins, from all its $2^N$ states.

    Sums over patterns are of exact integers. The distribution of the overlap of two replicas,
    $P(q) = \sum_{s,s'} p(s)\,p(s')\,\delta_{q,\,s \cdot s'/N}$, is a convolution over the group of flips and comes from
    two Walsh-Hadamard transforms instead of $4^N$ pairs. With numba (extra `mc`) larger N are faster, not different.

    Args:
        model: A network of literal patterns: kernel "distinct" or "power".
        N: Number of spins, P to 22.
        T: Temperature in the unit in which a condensed pattern has energy -N/2; 0 is the ground states. A number, or an
            array (n,): states are listed once for all.
        alpha: Load in the model's unit, rounded to a whole number of patterns. One of alpha, K, patterns is given.
        K: Number of random patterns.
        patterns: (K, N) of -1 and 1, the patterns themselves.
        seed: Seed of the patterns: those of the first draw of `monte_carlo` with this seed.
        energies: Whether to return the energies too.

    Returns:
        Numbers, or arrays (n,) for an array T:

        - `lnZ`, `A` $= \ln Z/N$ (infinite at T = 0), `f`, `u`, `s`: partition function, pressure, free energy, energy,
            entropy, all but the first per spin; `specific_heat` $= N\beta^2(\langle u^2\rangle - \langle u\rangle^2)$;
        - `m`, `q`: mean overlap with the first pattern and of two replicas; for even P, where a state and its negative
            have the same energy, of their absolute values;
        - `overlap_probability` (N+1,) or (n, N+1): P(q) at `overlap`, -1 to 1;
        - `ground_energy` per spin and `ground_states`, their number;
        - `energies` (2^N,), if asked for: per spin, bit i of the index being set where spin i is 1;
        - `N`, `K`, `alpha` (of the K patterns), and the conventions of the model: `P`, `kernel`, `load_unit`.

    Raises:
        TypeError: The model is no Hebbian network, or a number has the wrong type.
        ValueError: The kernel is "gaussian", a number is out of range, or not exactly one of alpha, K, patterns is
            given.

    Examples:
        >>> from hopfield_rsb import DenseHopfield
        >>> model = DenseHopfield(P=2, kernel="power")
        >>> found = enumerate_exact(model=model, N=4, T=1.0, patterns=[[1, 1, 1, 1]])
        >>> print(f"{found['lnZ']:.12f} {found['u']:.12f} {found['ground_states']}")
        3.525415441797 -0.266068319271 2
    """
    check_literal(model)
    N = whole("N", N, max(model.P, 2), LARGEST)
    temperatures = nonnegative("T", T)
    if temperatures.ndim > 1:
        raise ValueError(f"T must be a number or a list of them, got shape {temperatures.shape}")
    chosen = network(model, N, alpha, K, patterns, seed)
    count = len(chosen)
    total, unit = _levels_of_all_states(model, chosen)
    top = total.max()
    below = (N * unit / 2) * (top - total)  # energies above the ground state
    ground = total == top
    even = model.P % 2 == 0
    site_sums = _overlaps(chosen[:1]) if count else np.zeros(2**N)
    first = np.abs(site_sums) if even else site_sums
    lowest = -0.5 * unit * float(top)
    rows = [_at(float(T), N, below, ground, first, even, lowest) for T in temperatures.ravel()]
    names = ("lnZ", "A", "f", "u", "s", "specific_heat", "m", "q", "overlap_probability")
    columns = {name: np.array([row[name] for row in rows]) for name in names}
    columns["overlap_probability"] = columns["overlap_probability"].reshape(-1, N + 1)
    found = {
        name: value if temperatures.ndim else value[0] if value[0].ndim else float(value[0])
        for name, value in columns.items()
    }
    if energies:
        found["energies"] = -0.5 * unit * total
    return found | {
        "overlap": np.arange(-N, N + 1, 2) / N, "ground_energy": lowest, "ground_states": int(ground.sum()),
        "N": N, "K": count, "alpha": load_of(model, N, count),
    } | conventions(model)  # fmt: skip


def enumeration(
    *,
    model: Any,
    N: int,
    T: float,
    alpha: float | None = None,
    K: int | None = None,
    patterns: np.ndarray | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Return what `enumerate_exact` does at one temperature: the entry, whose results all have the same shape.

    Args:
        model: A network of literal patterns: kernel "distinct" or "power".
        N: Number of spins, P to 22.
        T: Temperature in the unit in which a condensed pattern has energy -N/2; 0 is the ground states.
        alpha: Load in the model's unit, rounded to a whole number of patterns. One of alpha, K, patterns is given.
        K: Number of random patterns.
        patterns: (K, N) of -1 and 1, the patterns themselves.
        seed: Seed of the patterns: those of the first draw of `monte_carlo` with this seed.

    Returns:
        As :func:`enumerate_exact`, without the energies.

    Raises:
        TypeError: As :func:`enumerate_exact`, or T is no number.
        ValueError: As :func:`enumerate_exact`.

    Examples:
        >>> from hopfield_rsb import DenseHopfield
        >>> enumeration(model=DenseHopfield(P=4, kernel="distinct"), N=8, K=3, T=0.0)["ground_states"]
        2
    """
    if np.ndim(T):
        raise TypeError(f"T must be one number, got {T!r}; enumerate_exact takes several")
    return enumerate_exact(model=model, N=N, T=T, alpha=alpha, K=K, patterns=patterns, seed=seed)


def _levels_of_all_states(model: Any, patterns: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the sums of the levels (2^N,) and the unit of a level."""
    K, N = patterns.shape
    table = levels(model, N, max(K, 1))
    free = N - 1 if model.P % 2 == 0 else N  # a state and its negative have the same energy
    total = np.empty(2**N, np.int64)
    part = total[-(2**free) :]
    if N > _COMPILED and importlib.util.find_spec("numba") is not None:
        compiled_module("_enumerate_gray", "enumerate_exact").walk(patterns, table.levels, free, part)
    else:
        blocks(patterns, table.levels, free, part)
    if free < N:
        total[: 2**free] = part[::-1]
    return total, table.unit


def blocks(patterns: np.ndarray, table: np.ndarray, free: int, total: np.ndarray) -> None:
    """Do what the compiled walk does, in blocks of states."""
    K, N = patterns.shape
    columns = patterns.T.astype(np.float32)  # exact: sums are below 2^24
    size = max(_BLOCK // max(K, N), 1)
    for start in range(0, 2**free, size):
        index = np.arange(start, min(start + size, 2**free))[:, None]
        states = np.where(np.arange(N) < free, 2 * (index >> np.arange(N) & 1) - 1, 1)
        sums = states.astype(np.float32) @ columns
        total[start : start + size] = table[(sums.astype(np.int64) + N) >> 1].sum(1)


def _overlaps(pattern: np.ndarray) -> np.ndarray:
    """Return the overlap of all states with one pattern (1, N)."""
    sums = np.zeros(1)
    for sign in pattern[0]:
        sums = np.concatenate([sums - sign, sums + sign])
    return sums / pattern.shape[1]


def _at(T, N, below, ground, first, even, lowest) -> dict[str, Any]:
    if T == 0:
        weight = ground.astype(float)
        norm = weight.sum()
        weight /= norm
        excess = heat = 0.0
        entropy, pressure = np.log(norm) / N, np.inf
    else:
        weight = np.exp(-below / T)
        norm = weight.sum()
        weight /= norm
        excess = float(weight @ below) / N
        heat = float(weight @ (below / N - excess) ** 2) * N / T**2
        entropy = np.log(norm) / N + excess / T
        pressure = np.log(norm) / N - lowest / T
    probability = _pair_overlaps(weight, N)
    q = np.arange(-N, N + 1, 2) / N
    return {
        "lnZ": N * pressure, "A": pressure, "f": lowest - T * np.log(norm) / N, "u": lowest + excess, "s": entropy,
        "specific_heat": heat, "m": float(weight @ first), "q": float(probability @ (np.abs(q) if even else q)),
        "overlap_probability": probability,
    }  # fmt: skip


def _pair_overlaps(weight: np.ndarray, N: int) -> np.ndarray:
    """Return the distribution (N+1,) of the number of sites where two states of this law agree."""
    differing = np.bitwise_count(np.arange(2**N))
    joint = _hadamard(_hadamard(weight, N) ** 2, N) / 2**N
    found = np.bincount(N - differing, weights=joint, minlength=N + 1)
    return np.maximum(found, 0.0)  # rounding


def _hadamard(values: np.ndarray, N: int) -> np.ndarray:
    for i in range(N):
        pairs = values.reshape(-1, 2, 2**i)
        values = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], 1).ravel()
    return values
