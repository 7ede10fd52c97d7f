r"""Retrieval states next to the end of their branch, where starts fail: a walk along the branch from a safe load.

On the branch the load is a concave function of m that is largest at its end, so that Newton steps in m towards the
wanted load, each corrected at fixed m, arrive there if the branch gets as far, and pass its maximum if it does not.
"""

import numpy as np

from ._one_step import equations
from ._one_step_newton import Found, Problem, acceptable, newton_step, polish, search
from ._rs import symmetric
from ._rsb_starts import one_step
from ._tilted_rules import FINE

_WALK = 0.3  # largest step of ln(1 - m)
_WALKS = 60
_SAFE = (0.98, 0.94, 0.88, 0.8)  # loads to begin from, in units of the wanted one, then of each other


_LOWER = 25  # loads on the way of a glass


def extend(problem: Problem, found: Found, alpha, T, stable) -> Found:
    """Look again, by a walk, for the states of cells that no start solved and where replicas are not symmetric."""
    point, residual, accepted = (part.copy() for part in found)
    rest = np.flatnonzero(~accepted & ~stable)
    for share in np.cumprod(_SAFE):
        if not len(rest):
            break
        loads = share * alpha[rest]
        cells, chi = symmetric(problem.model, loads, T[rest], "retrieval")
        there = cells["converged"]
        m, q = np.where(there, cells["m"], 0.99), np.where(there, cells["q"], 0.97)
        chi = np.where(there, chi, np.minimum(0.1, 0.3 / np.maximum(T[rest], 1e-300)))
        starts = one_step(problem.model, loads, T[rest], m, q, chi, ordered=True, outer=True)
        begun = search(problem, starts, loads, T[rest], np.full(len(rest), starts.shape[1]))
        go = np.flatnonzero(begun.accepted)
        index = rest[go]
        last, ended = walk(problem, begun.point[go], loads[go], alpha[index], T[index])
        solved, error, slopes = polish(problem, last, alpha[index], T[index])
        good = acceptable(problem, solved, error, slopes, T[index])
        point[index[good]], residual[index[good]], accepted[index[good]] = (
            solved[good],
            np.abs(error[good]).max(axis=1),
            True,
        )
        finished = np.zeros(len(rest), bool)
        finished[go] = good | ended
        rest = rest[~finished]
    return Found(point, residual, accepted)


def walk(problem: Problem, points, loads, alpha, T):
    """Follow the retrieval branch at fixed temperature from states at smaller loads to the wanted ones.

    Args:
        problem: With all four unknowns.
        points: States, shape (n, 4).
        loads: Their loads, shape (n,).
        alpha: Loads wanted, shape (n,), larger.
        T: Temperatures, shape (n,).

    Returns:
        Points to polish, shape (n, 4), and for each cell whether the branch was seen to end below the wanted load.
    """
    points, loads = points.copy(), loads.copy()
    last, last_loads = points.copy(), loads.copy()
    ended, n = np.zeros(len(T), bool), len(T)
    bound = np.full(n, np.inf)  # of 1 - m, where the load was seen to decrease
    longest = np.full(n, _WALK)
    active = np.arange(n)
    for _ in range(_WALKS):
        error, slopes = _correct(problem, points, loads, active, T)
        rate = _load_rate(slopes)  # d alpha / d(1 - m)
        broken = (error <= 1e-9) & (points[active, 3] > 0) & (points[active, 3] * T[active] < 1)
        rising = broken & (rate > 0)
        reached = rising & (loads[active] >= alpha[active])
        # back to the last good point: shorter after a failure, halfway to the end after passing the maximum
        passed = active[broken & (rate <= 0)]
        bound[passed] = np.minimum(bound[passed], 1 - points[passed, 0])
        failed = active[~broken]
        longest[failed] /= 4
        done = np.zeros(len(active), bool)
        done[reached] = True
        forward = active[rising & ~reached]
        last[forward], last_loads[forward] = points[forward], loads[forward]
        index = np.flatnonzero(rising & ~reached)
        here = 1 - points[forward, 0]
        wish = (alpha[forward] - loads[forward]) / rate[index]
        done[index[(wish < 1e-7 * here)]] = True
        step = np.minimum(wish, here * np.expm1(longest[forward]))
        step = np.minimum(step, (bound[forward] - here) / 2)
        points[forward], loads[forward] = _predict(points[forward], loads[forward], slopes[index], step)
        back = np.concatenate([passed, failed])
        if len(back):
            lost = longest[back] < 1e-6
            gap = np.where(np.isfinite(bound[back]), bound[back], 1 - last[back, 0]) - (1 - last[back, 0])
            gone = np.isin(back, passed) & (gap < 1e-9 * (1 - last[back, 0]))
            ended[back[gone]] = True
            done |= np.isin(active, back[lost | gone])
            stay = back[~(lost | gone)]
            if len(stay):
                _, slopes = _correct(problem, last, last_loads, stay, T)
                here = 1 - last[stay, 0]
                step = np.minimum(here * np.expm1(longest[stay]), (bound[stay] - here) / 2)
                points[stay], loads[stay] = _predict(last[stay], last_loads[stay], slopes, step)
        active = active[~done]
        if not len(active):
            break
    return last, ended


def _predict(points, loads, slopes, step):
    """Move by a step of 1 - m along the tangent."""
    tangent = -np.linalg.solve(slopes[:, :, 1:], slopes[:, :, :1])[..., 0]  # of q_1, chi, mu, alpha by m
    moved = points.copy()
    moved[:, 0] -= step
    moved[:, 1:] -= step[:, None] * tangent[:, :3]
    return moved, loads - step * tangent[:, 3]


def _load_rate(slopes):
    good = np.isfinite(slopes).all(axis=(1, 2))
    rate = np.full(len(slopes), np.nan)
    rate[good] = np.linalg.solve(slopes[good][:, :, 1:], slopes[good][:, :, :1])[:, 3, 0]
    return rate


def _correct(problem, points, loads, cells, T):
    """Solve for q_1, chi, mu and the load at fixed m, in place; return residuals and Jacobians."""
    for _ in range(4):
        residual, slopes = equations(problem.model, points[cells], loads[cells], T[cells], FINE, outer=True)
        step = newton_step(residual, slopes[:, :, 1:])
        values = np.column_stack([points[cells, 1:], loads[cells]])
        error = np.abs(residual).max(axis=1)
        if (error < 1e-12).all():
            break
        room = np.where(step > 0, np.where(np.arange(4) == 0, 1 - values, values), 0.9 * values)
        step *= np.minimum(1.0, (room / (np.abs(step) + 1e-300)).min(axis=1))[:, None]
        values = values + step
        points[cells, 1:], loads[cells] = values[:, :3], values[:, 3]
    return error, slopes


def lower(problem: Problem, found: Found, alpha, T, wanted) -> Found:
    """Look again for glass states of a hidden layer, which are easily found at large loads, on a path from there.

    The path keeps the temperature's distance from 1 in units of the root of the load, that of the transition, or the
    temperature itself below 1.
    """
    point, residual, accepted = (part.copy() for part in found)
    cells = np.flatnonzero(~accepted & wanted)
    if not len(cells):
        return found
    last = None
    begin = np.maximum(1.0, 2 * alpha[cells])
    for t in np.linspace(0, 1, _LOWER):
        loads = begin ** (1 - t) * alpha[cells] ** t
        heat = np.where(T[cells] > 1, 1 + (T[cells] - 1) * np.sqrt(loads / alpha[cells]), T[cells])
        if last is None:
            state, chi = symmetric(problem.model, loads, heat, "glass")
            starts = one_step(
                problem.model, loads, heat, state["m"], state["q"], chi, ordered=False, outer=problem.outer
            )
            now, _, good = search(problem, starts, loads, heat, np.full(len(cells), starts.shape[1]), FINE)
        else:
            guess = now * (now / last)  # in logarithms, as overlaps and slopes are positive
            guess[:, 0] = 0
            room = 1 - guess[:, 2] - guess[:, 3] * (1 - heat * guess[:, 2] - guess[:, 1])
            guess = np.where((room > 0)[:, None] & (guess[:, 1:2] < 1), guess, now)
            before = now
            now, error, slopes = polish(problem, guess, loads, heat)
            good = acceptable(problem, now, error, slopes, heat)
            last = before
        cells, begin, now = cells[good], begin[good], now[good]
        last = now.copy() if last is None else last[good]
        last[:, 0] = now[:, 0] = 1.0  # not an unknown; only ratios are formed
        if not len(cells):
            return Found(point, residual, accepted)
    now[:, 0] = 0.0
    point[cells], accepted[cells], residual[cells] = now, True, np.abs(error[good]).max(axis=1)
    return Found(point, residual, accepted)
