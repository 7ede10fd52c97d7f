r"""Stationarity equations of one-step states with their Jacobian, for batches of cells.

The chart is that of :class:`.Functional`: $(m, q_1, \chi, \mu)$ with $\chi = \beta(1-q_2)$ and $\mu = \beta\theta$,
regular at T = 0.
"""

from typing import NamedTuple

import numpy as np

from ._model_base import MeanFieldModel
from ._one_step_level import heat, inner
from ._tilted_rules import FAR, Rule

_NODES = 131072  # of both levels in one table, which then stays in the cache
_ROOT = float(np.sqrt(2 * np.pi))


class Noise(NamedTuple):
    """What does not involve the spins' average: each with its derivatives by q_1, chi, mu and alpha in front axes."""

    first: np.ndarray  # variance of the outer noise
    second: np.ndarray  # and of the inner one
    slope: np.ndarray  # derivative of the pressure by mu at fixed variances
    first_by: np.ndarray  # (4, n)
    second_by: np.ndarray
    slope_by: np.ndarray


def noise(model: MeanFieldModel, alpha, T, q1, chi, mu) -> Noise:
    """Return variances and the noise's share of the last equation."""
    q2 = 1 - T * chi
    if not model.log_determinant:
        xi = [[model.xi(q, 1.0, order) for order in range(3)] for q in (q1, q2)]
        legendre = [q * x[1] - x[0] for q, x in zip((q1, q2), xi, strict=True)]
        zero = np.zeros_like(q1)
        first = alpha * xi[0][1]
        return Noise(
            first,
            alpha * (xi[1][1] - xi[0][1]),
            -alpha / 2 * (legendre[1] - legendre[0]),
            np.stack([alpha * xi[0][2], zero, zero, xi[0][1]]),
            np.stack([-alpha * xi[0][2], -T * alpha * xi[1][2], zero, xi[1][1] - xi[0][1]]),
            np.stack([
                alpha / 2 * q1 * xi[0][2], T * alpha / 2 * q2 * xi[1][2], zero, (legendre[0] - legendre[1]) / 2
            ]),
        )  # fmt: skip
    # derivatives by q_1, chi, mu; everything is proportional to alpha
    gap, tight = q2 - q1, 1 - chi
    room = tight - mu * gap
    one, zero = np.ones_like(q1), np.zeros_like(q1)
    q1_by, q2_by = np.stack([one, zero, zero]), np.stack([zero, -T, zero])
    tight_by, mu_by = np.stack([zero, -one, zero]), np.stack([zero, zero, one])
    gap_by = q2_by - q1_by
    room_by = tight_by - mu_by * gap - mu * gap_by
    log = np.log(room / tight)
    r1, jump = q1 / room**2, gap / (room * tight)
    r1_by = q1_by / room**2 - 2 * r1 * room_by / room
    jump_by = gap_by / (room * tight) - jump * (room_by / room + tight_by / tight)
    inside = -q1 * gap / room**2 - gap / (mu * room) - log / mu**2
    inside_by = (
        -(q1_by * gap + q1 * gap_by) / room**2
        + 2 * q1 * gap * room_by / room**3
        - gap_by / (mu * room)
        + gap / (mu * room) * (room_by / room + mu_by / mu)
        - (room_by / room - tight_by / tight) / mu**2
        + 2 * log * mu_by / mu**3
    )
    r2, r2_by = r1 + jump, r1_by + jump_by
    slope = -(inside + r2 * q2 - r1 * q1) / 2
    slope_by = -(inside_by + r2_by * q2 + r2 * q2_by - r1_by * q1 - r1 * q1_by) / 2
    return Noise(
        alpha * r1, alpha * jump, alpha * slope,
        np.stack([*(alpha * r1_by), r1]), np.stack([*(alpha * jump_by), jump]), np.stack([*(alpha * slope_by), slope]),
    )  # fmt: skip


def equations(model: MeanFieldModel, points, alpha, T, rule: Rule, *, outer: bool = True):
    """Return residuals (n, 4) in m, q_1, chi, mu and derivatives (n, 4, 5) by these and alpha.

    Args:
        model: The model.
        points: Trial points, shape (n, 4).
        alpha: Loads, shape (n,).
        T: Temperatures, shape (n,).
        rule: Quadrature rule.
        outer: Whether q_1 differs from zero; if not the mean field is zero as well, and there is no outer average.
    """
    residual, slopes = np.full((len(T), 4), np.inf), np.full((len(T), 4, 5), np.nan)
    m, q1, chi, mu = np.ascontiguousarray(points.T)
    field, stiffness = np.abs(model.g(m, 1)) + 0 * m, model.g(m, 2) + 0 * m
    with np.errstate(all="ignore"):  # beyond the domain nothing is finite, and the caller sees that
        at = noise(model, alpha, T, q1, chi, mu)
    inside = np.isfinite(at.slope) & (at.second > 0) & ((at.first > 0) | (not outer))
    if model.log_determinant:
        inside &= 1 - chi - mu * (1 - T * chi - q1) > 0
    for part, cold, far in _blocks(inside, field, at, T, rule):
        cells = (field[part], at.first[part], at.second[part], mu[part], T[part])
        spins = _spins(*cells, rule, cold, far and outer, outer)
        _assemble(residual, slopes, part, points, at, stiffness, spins)
    return residual, slopes


def _blocks(inside, field, at, T, rule):
    """Yield cells that share a quadrature, few enough for their tables to stay in the cache."""
    cold = at.second >= T * T
    far = field > FAR * np.sqrt(np.maximum(at.first, 0.0))
    block = max(1, _NODES // (len(rule.half) * len(rule.x)))
    for low in (True, False):
        for away in (True, False):
            index = np.flatnonzero(inside & (cold == low) & (far == away))
            for start in range(0, len(index), block):
                yield index[start : start + block], low, away


def thermodynamics(model: MeanFieldModel, points, alpha, T, rule: Rule, *, outer: bool = True):
    """Return -f, the entropy and the replicon (minus infinity at T = 0) of stationary points, each of shape (n,)."""
    m, q1, chi, mu = np.ascontiguousarray(points.T)
    field = np.abs(model.g(m, 1)) + 0 * m
    at = noise(model, alpha, T, q1, chi, mu)
    spins = np.zeros((3, len(T)))
    for part, cold, far in _blocks(np.ones(len(T), bool), field, at, T, rule):
        a, shares = _outer(field[part], at.first[part], rule, far and outer, outer)
        found = np.stack(heat(a, at.second[part], mu[part], T[part], rule, cold))
        spins[:, part] = np.einsum("fcn,cn->fc", found, shares[0, 0])
    log, sech4, entropy = spins
    q2 = 1 - T * chi
    total = model.g(m) - m * model.g(m, 1) + log / mu
    if model.log_determinant:
        tight, second = 1 - chi, at.first + at.second
        room = tight - mu * (q2 - q1)
        inside = T * np.log(tight) - q1 / room + np.log(room / tight) / mu
        total += -alpha / 2 * inside - (chi * second + mu * (second * q2 - at.first * q1)) / 2 - alpha * model.offset
        entropy = entropy - alpha / 2 * (np.log(tight) + chi / tight)
        stable, softening = tight**2, alpha
    else:
        second = chi**2 / 2 * alpha * second_difference(model, q2)
        total += T * second + mu * at.slope
        entropy = entropy - second
        stable, softening = 1.0, model.xi(q2, alpha, 2)
    hot = T > 0
    replicon = np.where(hot, stable - softening * sech4 / np.where(hot, T, 1.0), -np.inf)
    return total, entropy, replicon


def second_difference(model: MeanFieldModel, q):
    r"""Return $[\xi(1)-\xi(q)-(1-q)\xi'(q)]/(1-q)^2$ per unit load, a polynomial in q."""
    tails = np.cumsum(model.noise[::-1])[::-1]
    return np.polynomial.polynomial.polyval(q, np.arange(1, len(tails) - 1) * tails[2:])


def _outer(field, v, rule, far, outer):
    """Return mean fields and weights, even and odd, with derivatives by field and v: shape (2, 3, cells, nodes)."""
    if not outer:
        a = np.zeros((len(v), 1))
        return a, np.ones((2, 3, len(v), 1)) * np.array([1.0, 0.0, 0.0])[:, None, None]
    sigma = np.sqrt(v)[:, None]
    a, weight = (
        (field[:, None] + sigma * rule.whole, rule.whole_weight) if far else (sigma * rule.half, rule.half_weight)
    )
    right, left = (a - field[:, None]) / sigma, (a + field[:, None]) / sigma
    plus, minus = weight / _ROOT * np.exp(-right * right / 2), weight / _ROOT * np.exp(-left * left / 2)
    even_odd = []
    for sign in (1.0, -1.0):
        minus_s = sign * minus
        even_odd.append([
            plus + minus_s,
            (right * plus - left * minus_s) / sigma,
            ((right * right - 1) * plus + (left * left - 1) * minus_s) / (2 * sigma * sigma),
        ])  # fmt: skip
    return a, np.array(even_odd)


def _spins(field, v, w, mu, T, rule, cold, far, outer):
    """Return averages of tanh, its inner mean squared, sech^2 and the slope in mu; and slopes by field, v, w, mu."""
    a, shares = _outer(field, v, rule, far, outer)
    f = inner(a, w, mu, T, rule, cold)
    u = mu[:, None]
    square = f.tanh * f.tanh
    gain = f.magnitude / u - f.log / u**2
    gain_w = f.magnitude_w / u - f.log_w / u**2
    gain_mu = f.magnitude_mu / u - 2 * f.magnitude / u**2 + 2 * f.log / u**3
    even = np.stack([
        square, f.sech2, gain, 2 * f.tanh * f.tanh_w, f.sech2_w, gain_w, 2 * f.tanh * f.tanh_mu, f.sech2_mu, gain_mu
    ])  # fmt: skip
    odd = np.stack([f.tanh, f.tanh_w, f.tanh_mu])
    # plain averages of everything, slopes of the weights only with the functions themselves
    values = np.einsum("fcn,cn->fc", even, shares[0, 0])
    odds = np.einsum("fcn,cn->fc", odd, shares[1, 0])
    moved = np.einsum("fcn,dcn->dfc", even[:3], shares[0, 1:])
    moved_odd = np.einsum("cn,dcn->dc", f.tanh, shares[1, 1:])
    average = np.stack([odds[0], *values[:3]])
    by = [np.stack([moved_odd[d], *moved[d]]) for d in range(2)]
    by += [np.stack([odds[1], *values[3:6]]), np.stack([odds[2], *values[6:9]])]
    return average, by


def _assemble(residual, slopes, part, points, at, stiffness, spins):
    average, (by_field, by_first, by_second, by_mu) = spins
    residual[part] = average.T
    residual[part, :3] -= points[part, :3]
    residual[part, 3] += at.slope[part]
    total = by_first * at.first_by[:, None, part] + by_second * at.second_by[:, None, part]  # (4, 4, cells)
    total[2] += by_mu
    total[:, 3] += at.slope_by[:, part]
    slopes[part, :, 0] = (by_field * stiffness[part]).T
    slopes[part, :, 1:] = np.moveaxis(total, -1, 0).swapaxes(1, 2)
    for i in range(3):
        slopes[part, i, i] -= 1
