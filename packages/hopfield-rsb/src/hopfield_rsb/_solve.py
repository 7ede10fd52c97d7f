"""States of any model in the replica-symmetric ansatz or with one or two steps of symmetry breaking."""

import functools
from typing import Literal

import numpy as np

from ._ansatz import RSB
from ._arguments import broadcast, check_branch, check_model
from ._model_base import MeanFieldModel
from ._one_step import thermodynamics
from ._one_step_newton import Problem, search
from ._one_step_walk import extend, lower
from ._rs import symmetric
from ._rsb_starts import one_step, two_steps
from ._rsb_state import State, unknowns
from ._tilted_rules import FINE

Branch = Literal["retrieval", "glass", "para"]
BRANCHES = ("retrieval", "glass", "para")

_STABLE = "The state is replica symmetric: it is stable and no broken state was found."
_DEGENERATE = "The broken state merges with the replica-symmetric one, which is returned although it is unstable."
_FEWER = "No state with two steps was found; the state with one step is returned."
_NONE = "The branch does not exist here, or lies beyond what the search finds."
_PARA = "The paramagnet does not exist here."
_COLLAPSED = "The glass has no broken state here: its breaking point would reach 1, and it is the paramagnet."


def solve(
    model: MeanFieldModel,
    alpha: float | np.ndarray = 1.0,
    T: float | np.ndarray = 0.0,
    ansatz: "str | RSB" = "RS",
    branch: Branch = "retrieval",
) -> State:
    r"""Solve the stationarity equations of a branch, breaking points included, at any temperature T >= 0.

    One-step states start from the replica-symmetric one (or from full order where there is none): a few plain
    iterations and Newton steps at several fixed breaking points, then Newton's iteration on all unknowns. Two-step
    states start around one-step ones. Temperature zero is solved as it stands.

    A broken state is accepted with a residual of at most 1e-11, with overlaps and breaking points apart from each other
    and from 0 and 1 by 1e-6, and, if it retrieves, on the branch of larger m. Otherwise the replica-symmetric state is
    returned, `ansatz` says so and `message` says why; where that does not exist either, the branch is "none".

    Args:
        model: The model.
        alpha: Load in the model's unit, 0 to 1e50; a number or an array. For `PSpin`, `MixedPSpin` and `SK` it
            multiplies the noise and is 1 by convention.
        T: Temperature, 0 to 1e50; a number or an array.
        ansatz: "RS" or `RSB(k)` with k = 1, 2.
        branch: "retrieval" (m > 0 by the signal), "glass" (no retrieval, q > 0; in an external field m > 0) or "para"
            (m = q = 0, the same in every ansatz).

    Raises:
        TypeError: The model is none of this package, the ansatz no `RSB`, or alpha or T is not real.
        ValueError: alpha or T is out of range or NaN, their shapes do not broadcast, or ansatz or branch is unknown.

    Source:
        arXiv:2111.12997 (dense networks, one step); A. Crisanti, D. J. Amit, H. Gutfreund, Europhys. Lett. 2, 337
        (1986) for P = 2; E. Gardner, Nucl. Phys. B 257, 747 (1985) for the p-spin glass.

    Examples:
        >>> from hopfield_rsb import DenseHopfield, RSB, solve
        >>> state = solve(DenseHopfield(P=4), alpha=0.43, T=0.1, ansatz=RSB(1))
        >>> print(f"{state.m:.9f} {state.x[0]:.9f} {state.A:.9f} {state.ansatz}")
        0.919859035 0.271948946 5.159337802 1RSB
    """
    check_model(model)
    check_branch(branch, BRANCHES)
    k = _check_ansatz(ansatz)
    loads, temperatures = broadcast(alpha, T)
    shape, loads, temperatures = loads.shape, loads.ravel(), temperatures.ravel()
    cells, chi = symmetric(model, loads, temperatures, "paramagnet" if branch == "para" else branch)
    converged = cells.pop("converged")
    del cells["r"]
    n = len(loads)
    values = {
        **cells,
        "chi": chi,
        "q": np.repeat(cells["q"][:, None], k + 1, axis=1),
        "x": np.where(temperatures > 0, 1.0, np.inf)[:, None] * np.ones((n, k)),
        "ansatz": np.full(n, "RS", "<U4"),
        "converged": converged,
        "message": np.where(converged, "", _PARA if branch == "para" else _NONE).astype("<U120"),
    }
    points = {0: np.stack([cells["m"], chi], axis=1)}
    if k and branch != "para" and n and (branch == "glass" or model.retrieves):
        _break(model, k, branch, loads, temperatures, values, points)
    values["branch"] = np.where(values["converged"], branch, "none").astype("<U9")
    tails = {"q": (k + 1,), "x": (k,)}
    arrays = {name: value.reshape(shape + tails.get(name, ())) for name, value in values.items()}
    saved = {steps: value.reshape((*shape, value.shape[-1])) for steps, value in points.items()}
    return State(model=model, alpha=loads.reshape(shape), T=temperatures.reshape(shape), points=saved, **arrays)


def _check_ansatz(ansatz) -> int:
    if isinstance(ansatz, RSB):
        return ansatz.k
    if not isinstance(ansatz, str):
        raise TypeError(f"ansatz must be 'RS' or an RSB, got {ansatz!r}")
    if ansatz != "RS":
        raise ValueError(f"ansatz must be 'RS' or an RSB, got {ansatz!r}")
    return 0


def _break(model, k, branch, alpha, T, values, points):
    """Replace replica-symmetric states by broken ones where there are any, in place."""
    ordered = branch == "retrieval" or model.field > 0
    outer = ordered or model.continuous or model.random_field
    there = values["converged"].copy()
    cells = np.flatnonzero(alpha > 0)
    if not len(cells):
        return
    rough = model.log_determinant
    m = np.where(there, values["m"], 0.99 if ordered else 0.0)[cells]
    q = np.where(there, values["q"][:, -1], 0.99 if rough else 0.95)[cells]
    chi = np.where(there, values["chi"], np.minimum(0.1 if ordered else 0.3, 0.3 / np.maximum(T, 1e-300)))[cells]
    problem = Problem(model, unknowns(model, 1, ordered=ordered, outer=outer), outer)
    starts = one_step(model, alpha[cells], T[cells], m, q, chi, ordered=ordered, outer=outer)
    # Next to a stable symmetric state a broken one would have to be far away: few starts, as most are spent in vain.
    tries = np.where(
        there & (values["replicon"] > 0), min(2, starts.shape[1]) if outer else starts.shape[1], starts.shape[1]
    )
    found = search(problem, starts, alpha[cells], T[cells], tries[cells])
    stable = there[cells] & (values["replicon"][cells] > 0)
    if branch == "retrieval":
        found = extend(problem, found, alpha[cells], T[cells], stable)
    else:
        # next to a continuous transition the states differ by less than the error of a coarse rule
        rest = np.flatnonzero(~found.accepted & ~stable & there[cells])
        again = search(problem, starts[rest], alpha[cells[rest]], T[cells[rest]], tries[cells[rest]], FINE)
        for old, new in zip(found, again, strict=True):
            old[rest] = new
        if model.log_determinant:
            found = lower(problem, found, alpha[cells], T[cells], there[cells] & ~stable)
    good = found.accepted
    _put(values, points, problem, cells[good], found, alpha, T)
    rest = cells[~good]
    lone = values["converged"][rest]
    stable = values["replicon"][rest] > 0
    values["message"][rest] = np.where(lone, np.where(stable, _STABLE, _DEGENERATE), _NONE)
    if branch == "glass" and not outer:
        # The replica-symmetric glass of a discontinuous transition is no limit of broken states.
        values["message"][rest] = _COLLAPSED
        values["converged"][rest] = False
    if k == 1:
        return
    values["message"][cells[good]] = _FEWER
    once, cells = found.point[good], cells[good]
    if not len(cells):
        return
    from ._rsb_newton import newton

    functional = _functional(model, 2, outer)
    free = unknowns(model, 2, ordered=ordered, outer=outer)
    found = newton(functional, free, two_steps(T[cells], once, outer), alpha[cells], T[cells])
    good = found.accepted
    _put(values, points, functional, cells[good], found, alpha, T)


@functools.lru_cache(maxsize=64)
def _functional(model, k, outer):
    from ._functional import Functional

    return Functional(model, RSB(k), outer=outer)


def _put(values, points, ansatz, cells, solutions, alpha, T):
    """Write broken states and their thermodynamics into the cells."""
    k = ansatz.k
    found, residual = solutions.point[solutions.accepted], solutions.residual[solutions.accepted]
    points[k] = np.full((len(alpha), 2 + 2 * k), np.nan)
    points[k][cells] = found
    if not len(cells):
        return
    t = T[cells]
    if k == 1:
        minus_f, s, replicon = thermodynamics(ansatz.model, found, alpha[cells], t, FINE, outer=ansatz.outer)
    else:
        minus_f, s, replicon = _thermodynamics(ansatz, found, alpha[cells], t)
    hot = t > 0
    safe = np.where(hot, t, 1.0)
    width = values["q"].shape[1] - 1
    values["m"][cells], values["chi"][cells] = found[:, 0], found[:, 1 + k]
    values["q"][cells] = (1 - t * found[:, 1 + k])[:, None]
    values["q"][cells, :k] = found[:, 1 : 1 + k]
    values["x"][cells, :k] = np.where(hot[:, None], found[:, 2 + k :] * t[:, None], found[:, 2 + k :])
    values["x"][cells, k:] = np.where(hot, 1.0, np.inf)[:, None] * np.ones(width - k)
    values["f"][cells], values["s"][cells] = -minus_f, s
    values["u"][cells] = -minus_f + t * s
    values["A"][cells] = np.where(hot, minus_f / safe, np.inf)
    values["replicon"][cells] = np.where(hot, replicon, -np.inf)
    values["residual"][cells] = residual
    values["ansatz"][cells], values["message"][cells] = f"{k}RSB", ""
    values["converged"][cells] = True


def _thermodynamics(functional, points, alpha, T):
    import jax

    with jax.enable_x64(True):
        return tuple(np.asarray(part) for part in _observables(functional)(points, alpha, T))


@functools.lru_cache(maxsize=64)
def _observables(functional):
    import jax

    def cell(arguments):
        point, alpha, T = arguments
        value, s = jax.jvp(lambda t: functional.value(point, alpha, t), (T,), (jax.numpy.ones_like(T),))
        safe = jax.numpy.where(T > 0, T, 1.0)
        return value, s, functional.replicon(point, alpha, safe * (T > 0) + (T == 0))

    return jax.jit(lambda points, alpha, T: jax.lax.map(cell, (points, alpha, T)))
