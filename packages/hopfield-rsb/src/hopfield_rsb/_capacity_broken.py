"""The largest load with a retrieval state of broken replica symmetry.

At T = 0 the branch is climbed to its fold, which is solved for and then followed to the temperature asked for: cold
states are the ones that are easily told from symmetric ones.
"""

from typing import Any

import numpy as np

from ._breaking import Order
from ._model_base import MeanFieldModel
from ._systems import System, solve, solve_fold

_CLIMB = 0.05  # step in ln(1 - m)
_STEPS = 400
_GAPS = (0.5, 0.8, 0.2, 0.05, 0.01)  # first guesses of q2 - q1, relative to 1 - q1 at most
_SLOPES = (1.0, 3.0, 10.0, 30.0)  # and of mu
# how the one-step solution is split: gaps below and above q1 in units of q2 - q1, factors of mu
_SPLITS = ((0.7, 0.3, 0.7, 2.0), (0.3, 0.3, 0.5, 1.5), (0.5, 0.7, 0.9, 3.0), (0.2, 0.2, 0.8, 1.2))
_COLLAPSED = 1e-7  # gap between overlaps, relative to 1 - q1, below which there is one of them
_SOLVED = 1e-9
_SEARCH = 3000  # evaluations after which no further guess is tried
_FIRST = 0.01  # step in temperature from T = 0, in units of 1 / mu
_FURTHEST = 0.3  # change of a logarithm beyond which a fold is none of the curve that is followed
_AIM = 0.05  # change by which the predictor may miss a fold: longer steps cost more in rounds than they gain
_MOVES = 80
_GROWTH = 1.6


def broken_fold(model: MeanFieldModel, T: float, steps: int, symmetric: dict[str, Any]) -> tuple[Any, float, System]:
    """Return the fold of the retrieval branch at a temperature as a point of a system, and its residual.

    The residual is infinite where no state of that many distinct overlaps was found.

    Args:
        model: A network.
        T: Temperature.
        steps: 1 or 2.
        symmetric: Its replica-symmetric capacity at T = 0, from where the search starts.
    """
    system = System(model, 1)
    z, error = _ends(system, _guesses(system, symmetric))
    if steps == 2 and np.isfinite(error):
        one, system = system, System(model, 2)
        z, error = _ends(system, _splits(system, one.order(z), z))
    if T > 0 and np.isfinite(error):
        z, error = warm(system, z, T)
    return z, error, system


def warm(system: System, z: np.ndarray, T: float) -> tuple[Any, float]:
    """Follow a fold from T = 0 to a temperature; the residual is infinite where the levels merge before."""
    error, before = np.inf, z
    step = min(T, _FIRST / float(np.exp(z[2:]).max()))
    for _ in range(_MOVES):
        run = z[1] - before[1]
        ahead = z + (z - before) * (step / run if run else 0.0)
        if run:  # a gap that closes does so in proportion to the temperature left, and its logarithm diverges
            ahead[2:] = z[2:] + np.log1p(np.maximum(-np.expm1(before[2:] - z[2:]) * step / run, -0.8))
        ahead[1] = z[1] + step if z[1] + step < T else T
        moved, error = solve_fold(system, ahead, rounds=8)
        missed = float(np.abs(moved[2:] - ahead[2:]).max())
        if error <= _SOLVED and missed < _FURTHEST and distinct(system, moved):
            if moved[1] == T:
                return solve_fold(system, moved)
            z, before = moved, z
            step *= min(_GROWTH, float(np.sqrt(_AIM / missed)))  # the predictor misses by the square of its step
        else:
            step /= 2
    return z, np.inf


def climb(system: System, z: np.ndarray) -> tuple[Any, float]:
    """Follow the branch from a state towards larger loads, at fixed temperature, and solve for the fold at its top."""
    columns = [0, *range(3, system.size + 2)]
    tangent = _tangent(system, z, columns)
    direction = np.sign(tangent[0]) * _CLIMB
    for _ in range(_STEPS):
        ahead = z.copy()
        ahead[2] += direction
        ahead[columns] += direction * tangent
        ahead, error = solve(system, ahead, columns)
        if error > _SOLVED:
            return z, np.inf
        turned = _tangent(system, ahead, columns)
        if turned[0] * direction < 0:
            z = z + tangent[0] / (tangent[0] - turned[0]) * (ahead - z)
            return solve_fold(system, solve(system, z, columns)[0])
        z, tangent = ahead, turned
    return z, np.inf


def distinct(system: System, z: np.ndarray) -> bool:
    """Tell whether the levels of a state are different from each other, and none of them without weight."""
    order = system.order(z)
    q = np.array([*order.q, 1 - z[1] * order.chi])
    theta = np.array(order.mu) * z[1]
    return bool(
        np.all(np.diff(q) > _COLLAPSED * (1 - q[0]))
        and np.all(np.diff(order.mu) > _COLLAPSED)
        and min(order.mu) > _COLLAPSED
        and max(order.mu) < 1e6
        and theta.max() < 1 - _COLLAPSED
    )


def _ends(system, guesses):
    columns = [0, *range(3, system.size + 2)]
    for guess in guesses:
        if system.calls > _SEARCH:
            break
        z, error = solve(system, guess, columns, rounds=20)
        if error < _SOLVED and distinct(system, z):
            z, error = climb(system, z)
            if np.isfinite(error) and distinct(system, z):
                return z, error
    return None, np.inf


def _guesses(system, symmetric):
    m, chi = symmetric["m"], symmetric["chi"]
    for slope in _SLOPES:
        for gap in _GAPS:
            yield system.point(symmetric["alpha"], 0.0, Order(1 - 1.02 * (1 - m), (1 - gap / 2,), chi / 2, (slope,)))


def _splits(system, order, z):
    gap = 1 - order.q[0]
    for below, above, first, second in _SPLITS:
        q = (order.q[0] - below * gap, order.q[0] + (1 - above) * gap)
        yield system.point(z[0], 0.0, Order(order.m, q, order.chi, (first * order.mu[0], second * order.mu[0])))


def _tangent(system, z, columns):
    """Return the derivative of the other coordinates with respect to ln(1 - m) along the branch."""
    slopes = system.slopes(z, [2, *columns])[: system.size]
    return -np.linalg.solve(slopes[:, 1:], slopes[:, 0])
