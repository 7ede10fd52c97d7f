"""Simulation of networks of literal patterns."""

import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ._compiled import compiled_module
from ._kernels import conventions, levels, whole
from ._monte_carlo_chains import Chains
from ._monte_carlo_run import Run
from ._monte_carlo_summary import summary
from ._patterns import energy, load_of, network
from ._tempering import ladder_of

Update = Literal["metropolis", "heat-bath"]
Start = Literal["pattern", "random"]
_LONG = 50  # autocorrelation times that a run has to last
_DRIFTED = 4.0  # standard errors


def monte_carlo(
    *,
    model: Any,
    N: int,
    T: float,
    alpha: float | None = None,
    K: int | None = None,
    patterns: np.ndarray | None = None,
    ladder: list[float] | None = None,
    replicas: int = 4,
    sweeps: int = 2000,
    burn_in: int | None = None,
    draws: int = 1,
    update: Update = "metropolis",
    start: Start = "pattern",
    seed: int = 0,
    budget: float | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    checkpoint: Path | None = None,
) -> dict[str, Any]:
    r"""Simulate a dense network of literal patterns, with errors, overlaps of replicas and parallel tempering.

    Proposals are flips of sites drawn at random, N a sweep. With a ladder every replica has a chain at each
    temperature, and neighbours are exchanged after every sweep. Sums over patterns are of exact integers, so that a
    seed gives the same trajectory on every machine.

    Args:
        model: A network of literal patterns: kernel "distinct" or "power".
        N: Number of spins, at most 30000.
        T: Temperature, in the unit in which a condensed pattern has energy -N/2. At 0 downhill moves and those that
            cost nothing are taken: a descent, not a sample of an equilibrium.
        alpha: Load in the model's unit, rounded to a whole number of patterns. One of alpha, K, patterns is given.
        K: Number of random patterns.
        patterns: (K, N) of -1 and 1, the patterns themselves.
        ladder: Further temperatures, above or below T, that chains visit; needs T > 0.
        replicas: Independent copies, at least 2: their overlaps give q and P(q).
        sweeps: Sweeps that are measured, for each draw.
        burn_in: Sweeps before these; a fifth of them by default.
        draws: Number of independent draws of the patterns.
        update: "metropolis" or "heat-bath".
        start: Where all chains start: on the first "pattern" or "random".
        seed: Seed of the patterns and of the chains.
        budget: Minutes of processor time after which the run ends with what it has. It makes the result depend on the
            machine's speed, which the seed alone does not.
        progress: Called with (done, total, text).
        checkpoint: Folder for the state of the run, written every half minute. A run that finds it there goes on, and
            gives the numbers of an uninterrupted one.

    Returns:
        Values at T, averages over the draws; errors are standard errors, between draws where there are several, else
        of the chains with their autocorrelation:

        - `u`, `m`, `q` and `u_error`, `m_error`, `q_error`: energy per spin, overlap with the first pattern, overlap of
            two replicas; for even P, where a state and its negative have the same energy, m and q are means of absolute
            values;
        - `specific_heat`, `specific_heat_error`: $N \beta^2 (\langle u^2\rangle - \langle u\rangle^2)$, 0 at T = 0;
        - `overlap`, the N + 1 values of q; `overlap_probability`, `overlap_error`: P(q), made even in q for even P;
        - `acceptance`: share of proposals that were taken; `tau`: integrated autocorrelation time in sweeps, the
            largest of those of u, m and q in all draws;
        - `drift`: largest difference between the second half of a run and the first, of u, m and q, in standard errors;
            `burn_in`, `sweeps_done` (of one chain, all draws), `draws_done`;
        - `converged`: every draw lasted 50 `tau` and drifted by less than 4 standard errors, and none was cut off;
        - `temperature`, the ladder with T, ascending; `ladder_u`, `ladder_m`, `ladder_q` there and their `_error`;
            `exchange_rate` with the next higher temperature (0 at the last);
        - `draw`, the draws, and `draw_u`, `draw_m`, `draw_q`, `draw_u_error` (of its chains), and `draw_pattern_u`, the
            energy per spin of the first pattern, whose fluctuation between draws explains much of that of u;
        - `N`, `K`, `alpha` (of the K patterns), and the conventions of the model: `P`, `kernel`, `load_unit`.

    Raises:
        ImportError: numba is missing (extra `mc`).
        TypeError: The model is no Hebbian network, or a number has the wrong type.
        ValueError: The kernel is "gaussian", a number is out of range, not exactly one of alpha, K, patterns is given,
            or the checkpoint is of another run.

    Source:
        Metropolis et al., J. Chem. Phys. 21, 1087 (1953); Hukushima, Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996).

    Examples:
        >>> from hopfield_rsb import DenseHopfield
        >>> model = DenseHopfield(P=4, kernel="distinct")
        >>> found = monte_carlo(model=model, N=32, alpha=0.1, T=0.3, sweeps=500)    # doctest: +SKIP
        >>> print(f"{found['u']:.4f} +- {found['u_error']:.4f}")                      # doctest: +SKIP
        -0.4716 +- 0.0001
    """
    compiled_module("_monte_carlo_sweeps", "monte_carlo")
    temperatures = ladder_of(T, ladder)
    at = int(np.searchsorted(temperatures, T))
    replicas, sweeps = whole("replicas", replicas, 2), whole("sweeps", sweeps, 1)
    burn = sweeps // 5 if burn_in is None else whole("burn_in", burn_in, 0)
    draws, seed = whole("draws", draws, 1), whole("seed", seed, 0)
    _one_of("update", update, ("metropolis", "heat-bath"))
    _one_of("start", start, ("pattern", "random"))
    if budget is not None and not 0 < budget < math.inf:
        raise ValueError(f"budget must be a positive number of minutes, got {budget!r}")
    if patterns is not None and draws != 1:
        raise ValueError(f"draws must be 1 where patterns are given, got {draws}")
    first = network(model, N, alpha, K, patterns, seed)
    count, N = first.shape
    if start == "pattern" and count == 0:
        raise ValueError("start is 'pattern' and there is none: take start='random' or a larger load")
    plan = {
        **conventions(model), "N": N, "K": count, "temperatures": temperatures.tolist(), "T": float(T),
        "replicas": replicas, "sweeps": sweeps, "burn_in": burn, "draws": draws, "update": update, "start": start,
        "seed": seed, "patterns": "" if patterns is None else hashlib.sha256(first.tobytes()).hexdigest(),
    }  # fmt: skip
    table = levels(model, N, max(count, 1))
    run = Run(plan, checkpoint, progress, budget)
    for draw in range(len(run.done), draws):
        drawn = first if draw == 0 else network(model, N, None, count, None, seed, draw)
        rng = np.random.default_rng([seed, draw, 1])
        chains = Chains(table, drawn, temperatures, replicas, start, update == "heat-bath", model.P % 2 == 0, rng)
        pattern_energy = float(energy(model=model, patterns=drawn, states=drawn[0])) if count else 0.0
        if not run.draw(draw, chains, pattern_energy, burn, sweeps):
            break
    found = summary(run.done, temperatures, at, N, model.P % 2 == 0)
    enough = len(run.done) == draws and all(int(draw.sweeps) == sweeps for draw in run.done)
    found["converged"] = bool(enough and found["drift"] < _DRIFTED and sweeps >= _LONG * found["tau"])
    return found | {
        "burn_in": burn, "N": N, "K": count, "alpha": load_of(model, N, count),
    } | conventions(model)  # fmt: skip


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
