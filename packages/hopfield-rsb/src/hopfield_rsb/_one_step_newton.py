r"""One-step states of a batch of cells by Newton's iteration from several starts.

A start is carried towards a solution by plain iterations and by Newton steps at a fixed breaking point, on a coarse
rule, and solved on the fine one.
"""

from typing import NamedTuple

import numpy as np

from ._model_base import MeanFieldModel
from ._one_step import equations
from ._tilted_rules import COARSE, FINE, Rule

TOLERANCE = 1e-11  # residual that counts as a solution
SEPARATION = 1e-6  # overlaps and breaking points closer than this to each other or to 0 and 1 are not a broken state
_PLAIN, _HELD, _ROUGH, _FINE = 4, 4, 12, 30
_NEAR = 1e-2  # relative step from which the fine rule takes over
_EXHAUSTED = 2e-15
_CERTAIN = 1e-6  # relative size of the step that is left at a solution


class Found(NamedTuple):
    """Solutions of a batch of cells."""

    point: np.ndarray  # (n, 4)
    residual: np.ndarray  # (n,)
    accepted: np.ndarray  # (n,), a proper broken state of the branch


class Problem(NamedTuple):
    """What is solved: the unknowns among (m, q_1, chi, mu), and whether there is an outer average."""

    model: MeanFieldModel
    free: tuple[int, ...]
    outer: bool

    @property
    def k(self) -> int:
        """Number of breaking steps."""
        return 1


def search(problem: Problem, starts, alpha, T, tries, rule: Rule = COARSE) -> Found:
    """Solve cells from their starts (n, s, 4), one after the other until one leads to an acceptable state."""
    n = len(T)
    point, residual, accepted = starts[:, 0].copy(), np.full(n, np.inf), np.zeros(n, bool)
    for number in range(starts.shape[1]):
        cells = np.flatnonzero(~accepted & (tries > number))
        if not len(cells):
            break
        rough = _approach(problem, starts[cells, number], alpha[cells], T[cells], rule)
        found, error, slopes = polish(problem, rough, alpha[cells], T[cells])
        good = acceptable(problem, found, error, slopes, T[cells])
        error = np.abs(error).max(axis=1)
        better = good | (error < residual[cells])
        point[cells[better]], residual[cells[better]] = found[better], error[better]
        accepted[cells] = good
    return Found(point, residual, accepted)


def _approach(problem, points, alpha, T, rule):
    points = points.copy()
    free = list(problem.free)
    active = np.arange(len(T))
    for count in range(_PLAIN + _HELD + _ROUGH):
        residual, slopes = equations(problem.model, points[active], alpha[active], T[active], rule, outer=problem.outer)
        residual, slopes = residual[:, free], slopes[:, free][:, :, free]
        if count < _PLAIN:
            step = np.where(np.isfinite(residual), residual, 0.0)
            step[:, -1] = 0
        else:
            step = newton_step(residual, slopes, held=count < _PLAIN + _HELD)
        relative = _move(points, active, free, step)
        if count >= _PLAIN + _HELD:
            active = active[(relative > _NEAR) & np.isfinite(relative)]
        if not len(active):
            break
    return points


def polish(problem: Problem, points, alpha, T):
    """Return Newton's solutions on the fine rule, their residuals (n, unknowns) and Jacobians (n, 4, 5)."""
    points, n = points.copy(), len(T)
    best, smallest, at_best = points.copy(), np.full(n, np.inf), np.zeros((n, 4, 5))
    rest = np.full((n, len(problem.free)), np.inf)
    free = list(problem.free)
    active = np.arange(n)
    for _ in range(_FINE):
        residual, slopes = equations(problem.model, points[active], alpha[active], T[active], FINE, outer=problem.outer)
        size = np.abs(residual[:, free]).max(axis=1)
        better = size < smallest[active]
        # next to a continuous transition equations are small everywhere
        small = 1e-13 * np.clip(1 - T[active] * points[active, 2], 0.0, 1.0) ** 3
        settled = ~np.isfinite(size) | ((smallest[active] < small) & ~better)
        index = active[better]
        best[index], smallest[index], at_best[index] = points[index], size[better], slopes[better]
        rest[index] = residual[better][:, free]
        active, residual, slopes = active[~settled], residual[~settled], slopes[~settled]
        if not len(active):
            break
        relative = _move(points, active, free, newton_step(residual[:, free], slopes[:, free][:, :, free]))
        active = active[relative >= _EXHAUSTED]
        if not len(active):
            break
    return best, rest, at_best


def newton_step(residual, slopes, held: bool = False):
    """Return Newton steps, of zero where there is none."""
    good = np.isfinite(residual).all(axis=1) & np.isfinite(slopes).all(axis=(1, 2))
    step = np.zeros_like(residual)
    matrix, right = slopes[good], -residual[good]
    if held:
        matrix, right = matrix[:, :-1, :-1], right[:, :-1]
    # a row of zeros would be singular: a cell without a step stays where it is
    singular = np.abs(np.linalg.det(matrix)) < 1e-250
    matrix = np.where(singular[:, None, None], np.eye(matrix.shape[-1]), matrix)
    step[good, : right.shape[1]] = np.linalg.solve(matrix, right[..., None])[..., 0]
    return np.where(np.isfinite(step), step, 0.0)


def _move(points, cells, free, step):
    """Take steps, shortened where they would leave the domain or more than halve or double chi or mu."""
    values = points[np.ix_(cells, free)]
    positive = np.array(free) >= 2
    room = np.where(step > 0, np.where(positive, values, 0.75 * (1 - values)), 0.5 * values)
    share = np.minimum(1.0, (room / (np.abs(step) + 1e-300)).min(axis=1))
    step = step * share[:, None]
    points[np.ix_(cells, free)] = values + step
    return (np.abs(step) / (np.abs(values) + 1e-3)).max(axis=1)


def acceptable(problem: Problem, points, residual, slopes, T):
    """Tell which solutions are broken states and, if they retrieve, on the branch of larger m."""
    m, q1, chi, mu = points.T
    q2 = 1 - T * chi
    free = list(problem.free)
    good = (np.abs(residual).max(axis=1) <= TOLERANCE) & (q2 - q1 > SEPARATION) & (q1 >= 0) & (q2 <= 1)
    good &= (mu > SEPARATION) & (mu * T < 1 - SEPARATION)
    if 1 in problem.free:
        good &= q1 > SEPARATION
    # A small residual says little where the equations are almost degenerate: the next step has to be small, too.
    step = newton_step(residual[good], slopes[good][:, free][:, :, free])
    good[good] = (np.abs(step) <= _CERTAIN * np.abs(points[np.ix_(good, free)])).all(axis=1)
    if 0 in problem.free:
        good &= m > SEPARATION
        if problem.model.retrieves:
            good[good] &= fall(slopes[good]) < 0
    return good


def fall(slopes):
    """Return the slope of the equation in m that is left when the other unknowns are eliminated."""
    inner = np.linalg.solve(slopes[:, 1:, 1:4], slopes[:, 1:, :1])[..., 0]
    return slopes[:, 0, 0] - (slopes[:, 0, 1:4] * inner).sum(axis=1)
