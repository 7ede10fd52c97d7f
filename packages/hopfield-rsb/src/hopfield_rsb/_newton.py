r"""Batched Newton iteration for the replica-symmetric branches.

The equations are $m = E\tanh h$ and $\chi = \beta E\,\mathrm{sech}^2 h$. Eliminating $\chi$ leaves one equation
$R(m) = 0$, whose uppermost hump carries the retrieval branch: R is negative at m = 1, and the branch ends where the
hump no longer touches zero. Newton's iteration on both unknowns descends from m = 1; a point where R < 0 and
$R' \ge 0$ lies beyond the top of the hump, so that no retrieval state exists. A glass is the same with m = 0 and
descends in q from q = 1.
"""

from typing import NamedTuple

import numpy as np

from ._averages import slopes
from ._model_base import MeanFieldModel
from ._noise import largest_chi, overlap, variance, variance_slope

ROUNDOFF = 1e-14  # residual, relative to the unknown, at which one last step exhausts float64
STEPS = 120  # ten suffice away from a spinodal, where convergence is linear
SMALLEST = 1e-6  # order parameters below are the paramagnet to within round-off


class Equations(NamedTuple):
    """Residuals, and the derivatives of the right-hand sides."""

    m: np.ndarray
    chi: np.ndarray
    m_m: np.ndarray
    m_chi: np.ndarray
    chi_m: np.ndarray
    chi_chi: np.ndarray


def equations(model: MeanFieldModel, alpha, T, m, chi) -> Equations:
    """Return residuals and Jacobian at (m, chi), everything of shape (n,)."""
    field, stiffness = model.g(m, 1), model.g(m, 2)
    average = slopes(field, np.sqrt(alpha * variance(model, chi, T)), T)
    slope = alpha * variance_slope(model, chi, T)
    return Equations(
        average.tanh - m,
        average.sech2 - chi,
        stiffness * average.sech2,
        -slope * average.tanh_sech2,
        -2 * stiffness * average.tanh_sech2,
        slope * average.curvature,
    )


def descend(model: MeanFieldModel, alpha, T, *, retrieval: bool):
    """Follow the branch down from full order.

    Args:
        model: The model.
        alpha: Loads, shape (n,).
        T: Temperatures, shape (n,).
        retrieval: Whether m starts at 1 or stays at 0.

    Returns:
        m, chi and whether the iteration ended on a state of that branch, each of shape (n,). Where it did not, m and
        chi are its last point.
    """
    m, chi = np.full(alpha.shape, float(retrieval)), np.zeros(alpha.shape)
    found = np.zeros(alpha.shape, bool)
    top = m.copy()  # last point above the root: where to return to from a step too far
    end = largest_chi(model, T)
    active = np.arange(len(alpha))
    for _ in range(STEPS):
        if not len(active):
            break
        here_m, here_chi = m[active], chi[active]
        e = equations(model, alpha[active], T[active], here_m, here_chi)
        down = e.chi_chi - 1
        if retrieval:
            rest = e.m - e.m_chi * e.chi / down
            slope = e.m_m - 1 - e.m_chi * e.chi_m / down
        else:
            rest, slope = np.zeros_like(e.m), -np.ones_like(e.m)
        done = (np.abs(e.m) <= ROUNDOFF * here_m) & (np.abs(e.chi) <= ROUNDOFF * (1 + here_chi))
        beyond = ~((down < 0) & (slope < 0))
        overshot = beyond & (down < 0) & (rest > 0) & (top[active] > here_m)
        step_m = np.where(beyond, 0.0, rest / np.where(slope == 0, 1, slope))
        step_chi = (e.chi - e.chi_m * step_m) / np.where(down == 0, 1, down)
        new_m = np.where(overshot, (here_m + top[active]) / 2, np.clip(here_m - step_m, here_m / 4, 1.0))
        limit = end[active]
        new_chi = np.clip(here_chi - step_chi, 0.0, here_chi + 0.75 * (limit - here_chi))
        moves = ~beyond | overshot
        top[active] = np.where(moves & (rest < 0), here_m, top[active])
        m[active], chi[active] = np.where(moves, new_m, here_m), np.where(moves, new_chi, here_chi)
        found[active] = done
        active = active[moves & ~done]
    found[active] = True  # slowly converging ones: their residual decides
    if retrieval:
        return m, chi, found & (m > SMALLEST)
    smallest = 0.0 if model.random_field else SMALLEST  # a random field leaves q no lower end
    return m, chi, found & (alpha > 0) & (overlap(chi, T) > smallest)
