"""Theory, enumeration and simulation of one network at one point, side by side."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ._ansatz import RSB
from ._enumerate import LARGEST, enumerate_exact
from ._kernels import check_literal, whole
from ._monte_carlo import Start, Update, monte_carlo
from ._patterns import load_of, network
from ._rsb_state import State
from ._solve import Branch, solve
from ._tempering import geometric_ladder

QUANTITIES = ("A", "u", "s", "m", "q")


class Row(NamedTuple):
    """One quantity; None where a method does not give it."""

    quantity: str
    theory: float | None
    enumeration: float | None
    enumeration_error: float | None
    simulation: float | None
    simulation_error: float | None
    against_enumeration: float | None
    against_theory: float | None


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare` found; its text is a table.

    Attributes:
        rows: One a quantity: A, u, s, m, q.
        branch: Branch of the theory, "none" where it does not exist.
        ansatz: Ansatz of the state that the theory found: "RS", "1RSB" or "2RSB".
        N: Number of spins.
        K: Number of patterns.
        alpha: Load of the K patterns in the model's unit, at which the theory was solved.
        T: Temperature.
        draws: Number of draws of the patterns.
        converged: Whether the simulation says that it has.
    """

    rows: tuple[Row, ...]
    branch: str
    ansatz: str
    N: int
    K: int
    alpha: float
    T: float
    draws: int
    converged: bool

    def row(self, quantity: str) -> Row:
        """Return the row of a quantity.

        Raises:
            KeyError: There is none of this name.
        """
        for row in self.rows:
            if row.quantity == quantity:
                return row
        raise KeyError(quantity)

    def __str__(self) -> str:
        verdict = "converged" if self.converged else "NOT converged"
        head = (
            f"N = {self.N}, K = {self.K} (alpha = {self.alpha:.6g}), T = {self.T:g}, {self.draws} draws; theory: "
            f"{self.branch}, {self.ansatz}, N = infinity; simulation {verdict}"
        )
        names = ("", "theory", "enumeration", "simulation", "sim - enum", "sim - theory")
        cells = [
            (
                row.quantity, _number(row.theory), _measured(row.enumeration, row.enumeration_error),
                _measured(row.simulation, row.simulation_error), _sigmas(row.against_enumeration),
                _sigmas(row.against_theory),
            )
            for row in self.rows
        ]  # fmt: skip
        table = [names, *cells]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [" ".join(cell.rjust(width + 1) for cell, width in zip(line, widths, strict=True)) for line in table]
        return "\n".join([head, *(line.rstrip() for line in lines)])


def compare(
    *,
    model: Any,
    N: int,
    alpha: float,
    T: float,
    draws: int = 8,
    branch: Branch = "retrieval",
    ansatz: str | RSB = "RS",
    sweeps: int = 2000,
    replicas: int = 4,
    ladder: list[float] | None = None,
    update: Update = "metropolis",
    start: Start = "pattern",
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Comparison:
    r"""Compare theory, enumeration and simulation at one load and temperature, in standard errors.

    Simulation and enumeration see the same patterns, so their difference is in units of the error of the chains alone.
    The theory is of $N = \infty$: the difference to it is in units of the scatter between draws, and does not vanish
    where corrections in 1/N are larger. Up to N = 22 all three are given, beyond it theory and simulation.

    Args:
        model: A network of literal patterns: kernel "distinct" or "power".
        N: Number of spins.
        alpha: Load in the model's unit, rounded to a whole number of patterns; the theory is solved at that number.
        T: Temperature, positive.
        draws: Number of draws of the patterns, at least 2.
        branch: Branch of the theory: "retrieval", "glass" or "para".
        ansatz: "RS" or `RSB(k)`, as in `solve`; the theory's q is then the mean over its steps, that of the overlap of
            two replicas.
        sweeps: Sweeps that are measured, for each draw.
        replicas: Independent copies, at least 2.
        ladder: Further temperatures for parallel tempering; by default 5 at equal ratios up to 4 T, [] for none.
        update: "metropolis" or "heat-bath".
        start: Where all chains start: on the first "pattern" or "random".
        seed: Seed of the patterns and of the chains.
        progress: Called with (done, total, text).

    Returns:
        A record; `print` shows it as a table.

    Raises:
        ImportError: numba is missing (extra `mc`).
        TypeError: The model is no Hebbian network, or a number has the wrong type.
        ValueError: The kernel is "gaussian", or a number is out of range.

    Examples:
        >>> from hopfield_rsb import DenseHopfield
        >>> model = DenseHopfield(P=4, kernel="distinct")
        >>> print(compare(model=model, N=16, alpha=0.2, T=0.2))    # doctest: +SKIP
    """
    check_literal(model)
    draws = whole("draws", draws, 2)
    if not T > 0:
        raise ValueError(f"T must be positive: at 0 a simulation is a descent, not an equilibrium; got {T}")
    if ladder is None:
        ladder = geometric_ladder(lowest=T, highest=4 * T, count=6)[1:].tolist()
    measured = monte_carlo(
        model=model, N=N, T=T, alpha=alpha, ladder=ladder, replicas=replicas, sweeps=sweeps, draws=draws, update=update,
        start=start, seed=seed, progress=progress,
    )  # fmt: skip
    K = measured["K"]
    load = load_of(model, N, K)
    theory = solve(model, load, float(T), ansatz, branch)
    exact = None
    if N <= LARGEST:
        listed = [
            enumerate_exact(model=model, N=N, T=T, patterns=network(model, N, None, K, None, seed, draw))
            for draw in range(draws)
        ]
        exact = {name: np.array([row[name] for row in listed]) for name in QUANTITIES}
    expected = _expected(theory)
    rows = tuple(_row(name, expected.get(name), exact, measured, draws) for name in QUANTITIES)
    found = str(theory.branch), str(theory.ansatz)
    return Comparison(rows, *found, measured["N"], K, load, float(T), draws, measured["converged"])


def _expected(state: State) -> dict[str, float]:
    if not state.converged:
        return {}
    shares = np.diff(state.x, prepend=0.0, append=1.0)
    return {name: float(getattr(state, name)) for name in ("A", "u", "s", "m")} | {"q": float(shares @ state.q)}


def _row(name: str, expected: float | None, exact: dict | None, measured: dict, draws: int) -> Row:
    listed, listed_error = None, None
    if exact is not None:
        listed, listed_error = float(exact[name].mean()), float(exact[name].std(ddof=1) / math.sqrt(draws))
    if f"draw_{name}" not in measured:
        return Row(name, expected, listed, listed_error, None, None, None, None)
    value, error = measured[name], measured[f"{name}_error"]
    against_exact = None
    if exact is not None:
        noise = math.sqrt(float((measured[f"draw_{name}_error"] ** 2).sum()))
        against_exact = _ratio(float((measured[f"draw_{name}"] - exact[name]).sum()), noise)
    against_theory = None if expected is None else _ratio(value - expected, error)
    return Row(name, expected, listed, listed_error, value, error, against_exact, against_theory)


def _ratio(difference: float, error: float) -> float:
    return difference / error if error else math.copysign(math.inf, difference) if difference else 0.0


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"


def _measured(value: float | None, error: float | None) -> str:
    return "-" if value is None or error is None else f"{value:.5f} +- {error:.5f}"


def _sigmas(value: float | None) -> str:
    return "-" if value is None else f"{value:+.1f} se"
