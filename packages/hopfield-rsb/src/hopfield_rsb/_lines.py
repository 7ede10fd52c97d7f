"""Lines of the phase diagram, each from the condition that defines it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ._breaking import Order
from ._capacity import capacity
from ._capacity_broken import distinct
from ._conditions import equal_pressure, fold, together, vanishing
from ._continuation import Conditions, follow, polish
from ._disordered import Disordered, pure_power
from ._newton import descend
from ._pspin import PSpin
from ._systems import System, solve
from ._transitions import moments, transition_temperatures

COLDEST = 2e-3  # where lines that are traced end; T = 0 itself is then solved for
_LEAST = 1e-3  # load, relative to the capacity
_RESTORED = 5e-3  # gap between overlaps, relative to 1 - q1, at which a broken state is as good as symmetric
_SIZES = (0.3, 0.15)  # of a step in load and temperature; logarithms of order parameters change by more
_LOG = 1.0
_MOST_CALLS = 24_000  # evaluations of one line: half a minute on a core where the noise is narrow
_NO_RIVAL = "not traced: its rival, a glass that starts continuously, is known here with replica symmetry only"
_MEETS = "meets the spinodal"


@dataclass(frozen=True)
class Line:
    """A line of the phase diagram.

    Attributes:
        name: The condition: "spinodal", "first-order", "at", "gardner", "static", "dynamic", "zero-entropy",
            "nishimori" or "glass" (continuous).
        ansatz: "RS" or "1RSB", of the states on it.
        branch: "retrieval", "glass" or "paramagnet": the state whose line it is.
        alpha: Loads in the model's unit, shape (n,).
        T: Temperatures, shape (n,).
        m: Overlap with the pattern, shape (n,); zero outside the retrieval branch.
        q: Overlap within a cluster, shape (n,).
        residual: Largest residual of the equations and the condition, shape (n,).
        ends: Why the line ends at its first and its last point.
        converged: Whether every residual is below 1e-10.
    """

    name: str
    ansatz: str
    branch: str
    alpha: np.ndarray
    T: np.ndarray
    m: np.ndarray
    q: np.ndarray
    residual: np.ndarray
    ends: tuple[str, str]
    converged: bool = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "converged", bool(len(self.alpha) and (self.residual <= 1e-10).all()))

    def __len__(self) -> int:
        return len(self.alpha)


def spinodal(model, ansatz: str = "RS") -> Line:
    """Where the retrieval state ends, from T = 0 to the temperature above which nothing is retrieved.

    The line of one-step breaking ends where it meets the one of replica symmetry: there the overlaps merge.
    """
    cold, end = capacity(model=model, ansatz=ansatz, T=COLDEST), capacity(model=model, ansatz=ansatz)
    if not (cold["converged"] and end["converged"] and cold["ansatz"] == end["ansatz"] == ansatz):
        return _none("spinodal", ansatz, "retrieval", "not traced: " + (cold["reason"] or end["reason"]))
    system = System(model, 0 if ansatz == "RS" else 1)
    z = _point(system, cold, COLDEST)
    curve = _traced(system, fold(system), z, [0.0, 1.0], _stop(system, end["alpha"]))
    return _line("spinodal", ansatz, system, curve, first=(_point(system, end), end["residual"]))


def at(model) -> Line:
    """Where the replica-symmetric retrieval state becomes unstable on cooling; it meets the spinodal."""
    system = System(model, 0)
    condition = vanishing(system, "replicon")
    start = _crossing(system, model, row=2)
    if start is None:
        return _none("at", "RS", "retrieval", "no replica-symmetric retrieval state loses its stability")
    z, _ = polish(condition, start)
    return _both_ways("at", system, condition, z, capacity(model=model)["alpha"], stays=_upper(system))


def zero_entropy(model) -> Line:
    """Below it the replica-symmetric retrieval state has a negative entropy."""
    system = System(model, 0)
    condition = vanishing(system, "entropy")
    start = _crossing(system, model, row=1)
    if start is None:
        return _none("zero-entropy", "RS", "retrieval", "the entropy is positive wherever the state exists")
    z, _ = polish(condition, start)
    return _both_ways("zero-entropy", system, condition, z, capacity(model=model)["alpha"], stays=_upper(system))


def first_order(model, ansatz: str = "RS") -> Line:
    """Where the retrieval state has the free energy of the phase without it, the paramagnet or the glass.

    The glass of a pure P-spin noise is that of one-step breaking under either ansatz of the retrieval state.
    """
    if ansatz != "RS" and not pure_power(model)[0]:
        return _none("first-order", ansatz, "retrieval", _NO_RIVAL)
    system = System(model, 0 if ansatz == "RS" else 1)
    condition = equal_pressure(system, Disordered(model))
    largest = capacity(model=model)["alpha"]
    if ansatz == "RS":
        start = _equality(system, model, condition)
        if start is None:
            return _none("first-order", ansatz, "retrieval", "the retrieval state never has the larger pressure")
        return _both_ways("first-order", system, condition, start, largest)
    z, error = _broken_start(system, model)
    if z is not None:
        z, error = polish(condition, z, [0, *range(2, system.size + 2)])
    if z is None or error > 1e-10 or not distinct(system, z):
        return _none("first-order", ansatz, "retrieval", "the retrieval state on the line is replica symmetric")
    curve = _traced(system, condition, z, [0.0, 1.0], _stop(system, largest))
    zero = z.copy()
    zero[1] = 0.0
    return _line("first-order", ansatz, system, curve, first=polish(condition, zero, [0, *range(2, system.size + 2)]))


def glass_lines(model, loads: np.ndarray) -> list[Line]:
    r"""Lines of the phase with m = 0 at given loads.

    Pure noise $\xi = \alpha c q^P$ has the transitions of the P-spin model at temperatures that grow like
    $\sqrt{2c\alpha}$; with a quadratic term the glass starts continuously, at $\sqrt{\xi''(0)}$ or at
    $1+\sqrt\alpha$ for P = 2. In a field, and where a mixture freezes discontinuously, there is no such line, and its
    ends say so.
    """
    p, strength = pure_power(model)
    if p:
        scale = np.sqrt(2 * strength * loads)
        found = transition_temperatures(PSpin(p))
        parts = [
            ("static", "1RSB", "glass", found.static, found.q_static),
            ("dynamic", "1RSB", "glass", found.dynamic, found.q_dynamic),
            ("gardner", "1RSB", "glass", found.gardner, found.q_gardner),
            ("zero-entropy", "RS", "paramagnet", 1 / (2 * np.sqrt(np.log(2))), 0.0),
        ]
        error = np.full(len(loads), found.residual)
        ends = "the largest load asked for"
        return [
            Line(name, ansatz, branch, loads, at * scale, 0 * loads, 0 * loads + q, error, ("alpha = 0", ends))
            for name, ansatz, branch, at, q in parts
        ]
    why = _no_continuous_glass(model)
    if why:
        return [_none("glass", "RS", "paramagnet", why)]
    temperature = 1 + np.sqrt(loads) if model.log_determinant else np.sqrt(model.xi(0.0 * loads, loads, order=2))
    zero = 0 * loads
    return [
        Line(
            "glass",
            "RS",
            "paramagnet",
            loads,
            temperature,
            zero,
            zero,
            zero,
            ("alpha = 0", "the largest load asked for"),
        )
    ]


def _no_continuous_glass(model) -> str:
    r"""Return why the glass does not start continuously out of q = 0, or an empty string.

    Clusters of overlap q = F(w) exist at theta = 1 where $T^2 = \xi'(q)/w$, w being the width of their field: the start
    is continuous if that is largest at q = 0.
    """
    if model.log_determinant:
        return ""
    if model.field or model.random_field:
        return "no paramagnet: in a field, or a random one, no state has q = 0; where it breaks is not traced"
    if not model.xi(0.0, order=2):
        return "not traced: a mixture without a quadratic term freezes discontinuously"
    widths = np.geomspace(1e-3, 100.0, 200)
    q = np.array([moments(float(width), 1.0).tanh2 for width in widths])
    if (model.xi(q, order=1) / widths).max() > model.xi(0.0, order=2):
        return "not traced: the mixture freezes discontinuously before its paramagnet becomes unstable"
    return ""


def nishimori(model, largest: float) -> Line:
    """The line on which the network is a planted model at its Bayes temperature: m = q and u = -1/2."""
    p, strength = pure_power(model)
    signal = [k for k, c in enumerate(model.signal) if c]
    if not p or signal != [p] or model.signal[p] != 0.5:
        return _none("nishimori", "RS", "retrieval", "the noise is not that of a planted tensor")
    system = System(model, 0)
    loads = np.linspace(0, largest / (2 * strength), 41)[1:] * 2 * strength  # temperature is the load in paper units
    points, errors = [], []
    for T in loads:
        cell = np.array([T / (2 * strength)]), np.array([T])
        m, chi, found = descend(model, *cell, retrieval=True)
        if not found[0]:
            break
        z = system.point(
            float(cell[0][0]), float(T), Order(min(float(m[0]), 1 - 1e-15), (), max(float(chi[0]), 1e-300), ())
        )
        points.append(z)
        errors.append(float(np.abs(system(z)[:2]).max()))
    reason = "the largest load asked for" if len(points) == len(loads) else "the retrieval state ends"
    return _line("nishimori", "RS", system, _Given(np.array(points), np.array(errors), reason), start="alpha = T = 0")


@dataclass(frozen=True)
class _Given:
    points: np.ndarray
    residuals: np.ndarray
    end: str


def _traced(system: System, condition: Conditions, z, heading, stop: Callable):
    scales = np.array([_SIZES[0] * 1.0, _SIZES[1] * 1.0, *[_LOG] * system.size])
    direction = np.zeros(len(z))
    direction[:2] = heading
    return follow(condition, z, scales, direction, stop, step=0.03, longest=0.25)


def _both_ways(name, system, condition, z, largest, stays=None) -> Line:
    stop = _stop(system, largest, stays)
    hot, cold = (_traced(system, condition, z, [0.0, sign], stop) for sign in (1.0, -1.0))
    hot = _ended(system, condition, hot)
    points = np.vstack([cold.points[:0:-1], hot.points])
    residuals = np.concatenate([cold.residuals[:0:-1], hot.residuals])
    return _line(name, "RS", system, _Given(points, residuals, hot.end), start=cold.end)


def _ended(system, condition, curve):
    """Replace a last point beyond the spinodal by the one at which the line meets it."""
    if curve.end != _MEETS:
        return curve
    z, error = polish(together(system, condition, fold(system)), curve.points[-1])
    points, residuals = curve.points[:-1], curve.residuals[:-1]
    if error > 1e-10:
        return _Given(points, residuals, "short of the spinodal: the point where they meet was not solved for")
    return _Given(np.vstack([points, z]), np.append(residuals, error), curve.end)


def _stop(system, largest: float, stays: Callable | None = None):
    def stop(z):
        if system.calls > _MOST_CALLS:
            return "given up: the equations were evaluated as often as is allowed"
        if z[0] < _LEAST * largest:
            return "alpha -> 0"
        if z[1] < COLDEST:
            return "T -> 0"
        if system.steps:
            order = system.order(z)
            if 1 - z[1] * order.chi - order.q[0] < _RESTORED * (1 - order.q[0]):
                return "replica symmetry is restored: the overlaps merge"
            if order.mu[0] * z[1] > 1 - 1e-4:
                return "replica symmetry is restored: theta = 1"
        return stays(z) if stays else ""

    return stop


def _upper(system):
    """Tell when a line turns the spinodal: on the retrieval branch the Jacobian has a positive determinant."""

    def stays(z):
        slopes = system.slopes(z, range(2, system.size + 2))[: system.size]
        return _MEETS if _orientation(slopes) < 0 else ""

    return stays


def _orientation(slopes) -> float:
    # columns are derivatives along ln(1 - m) and ln chi, of opposite sign to those along m: two signs of -1 from there
    return float(-np.linalg.det(slopes))


def _point(system, end, T: float = 0.0) -> np.ndarray:
    q, mu = ((end["q1"],), (end["mu1"],)) if system.steps else ((), ())
    return system.point(end["alpha"], T, Order(end["m"], q, end["chi"], mu))


def _states(system, model, alpha: float, temperatures: np.ndarray):
    """Return the replica-symmetric retrieval states at a load, as points."""
    m, chi, found = descend(model, np.full(len(temperatures), alpha), temperatures, retrieval=True)
    good = found & (m < 1) & (chi > 0)
    return [
        system.point(alpha, float(T), Order(float(a), (), float(c), ()))
        for a, c, T in zip(m[good], chi[good], temperatures[good], strict=True)
    ]


def _crossing(system, model, row: int):
    """Return a state next to which a function changes its sign with temperature."""
    largest = capacity(model=model)["alpha"]
    for share in (0.8, 0.6, 0.4, 0.9, 0.97):
        points = _states(system, model, share * largest, np.geomspace(0.01, 1.0, 60))
        values = np.array([system(z)[system.size + row] for z in points])
        change = np.flatnonzero(values[:-1] * values[1:] < 0)
        if len(change):
            return points[change[-1]]
    return None


def _equality(system, model, condition):
    """Return a state on the line, from a change of sign along a line of constant temperature."""
    largest = capacity(model=model)["alpha"]
    for T in (0.3, 0.2, 0.1, 0.4, 0.05, 0.02):
        before = None
        for alpha in np.geomspace(0.02, 1.5, 40) * largest:
            points = _states(system, model, float(alpha), np.array([T]))
            if not points:
                break
            ahead = condition.value(points[0])[-1]
            if before is not None and before > 0 >= ahead:
                z, error = polish(condition, points[0], [0, *range(2, system.size + 2)])
                if error <= 1e-10:
                    return z
            before = ahead
    return None


def _broken_start(system, model):
    """Walk down the branch of broken symmetry from its coldest fold to where its pressure is the larger one."""
    z = _point(system, capacity(model=model, ansatz="1RSB", T=COLDEST), COLDEST)
    rival = Disordered(model)
    for _ in range(80):
        z[2] -= 0.1
        z, error = solve(system, z, [0, *range(3, system.size + 2)])
        if error > 1e-10 or not distinct(system, z):
            return None, np.inf
        if system(z)[system.size] > rival(z[0], COLDEST).W:
            return z, error
    return None, np.inf


def _line(name, ansatz, system, curve, first=None, start="T -> 0") -> Line:
    points, residuals = curve.points, curve.residuals
    if first is not None:
        points, residuals = np.vstack([first[0], points]), np.append(first[1], residuals)
        start = "T = 0"
    orders = [system.order(z) for z in points]
    m = np.array([order.m for order in orders])
    q = np.array([1 - z[1] * order.chi for z, order in zip(points, orders, strict=True)])
    alpha, T = (points[:, i] if len(points) else np.zeros(0) for i in (0, 1))
    return Line(name, ansatz, "retrieval", alpha, T, m, q, residuals, (start, curve.end))


def _none(name, ansatz, branch, why) -> Line:
    empty = np.zeros(0)
    return Line(name, ansatz, branch, empty, empty, empty, empty, empty, (why, why))
