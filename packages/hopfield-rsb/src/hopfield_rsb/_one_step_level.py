r"""The two levels of a one-step state with all derivatives in closed form, for batches of cells.

The inner average has the weight $[2\cosh(y/T)]^{\mu T}$ on $y = a + bz$. At $b \ge T$ the weight $e^{\mu|y|}$ is taken
in closed form (moments of a truncated normal distribution) and the rest by a double-exponential rule in $|y|/T$; at
$b < T$ the trapezoid rule in z is used. The outer average is folded to half a line. Both are the rules of
:mod:`._tilted`; derivatives with respect to a width or a mean act on the Gaussian weights, so that one exponential a
node serves the values and all their slopes.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import erfcx, log_ndtr

from ._tilted_rules import Rule

_ROOT = float(np.sqrt(2 * np.pi))


class Inner(NamedTuple):
    """Averages at mean fields a, shape (cells, nodes), and their derivatives by the variance w and by mu."""

    log: np.ndarray
    tanh: np.ndarray
    sech2: np.ndarray  # times 1/T
    magnitude: np.ndarray  # <T ln 2cosh>
    log_w: np.ndarray
    tanh_w: np.ndarray
    sech2_w: np.ndarray
    magnitude_w: np.ndarray
    tanh_mu: np.ndarray
    sech2_mu: np.ndarray
    magnitude_mu: np.ndarray


def inner(a, w, mu, T, rule: Rule, cold: bool) -> Inner:
    """Return the inner averages at fields a (cells, nodes) for variances, tilts, temperatures of shape (cells,)."""
    b = np.sqrt(w)[:, None]
    raw = (_cold if cold else _hot)(a, b, mu[:, None], T[:, None], rule)
    log, one, tanh, sech2, size, one_z, tanh_z, sech2_z, size_z, tanh_size, sech2_size, size_size = raw
    # the moments are not normalised yet: `one` is close to 1
    tanh, sech2, size = tanh / one, sech2 / one, size / one
    half = 0.5 / w[:, None]
    spread = one_z / one
    return Inner(
        log + np.log(one),
        tanh,
        sech2,
        size,
        half * (spread - 1),
        half * (tanh_z / one - tanh * spread),
        half * (sech2_z / one - sech2 * spread),
        half * (size_z / one - size * spread),
        tanh_size / one - tanh * size,
        sech2_size / one - sech2 * size,
        size_size / one - size * size,
    )


def _truncated(c, b, log_share):
    """Return moments of order 0 to 3 of y > 0 under a normal distribution around c, times a share e^log_share."""
    y = c / b
    zero = np.exp(log_share)
    # density at 0 over the mass above it, which neither under- nor overflows
    hazard = np.sqrt(2 / np.pi) / erfcx(-y / np.sqrt(2))
    first = c * zero + b * hazard * zero
    second = c * first + b * b * zero
    return zero, first, second, c * second + 2 * b * b * first


def _sides(y, b, log, mu, T, rule):
    """Return T|h| over b at the nodes and the even and odd weights of both signs of h, without the rise of cosh."""
    x = T / b * rule.x
    unit = rule.weight / (b * _ROOT) * np.exp(mu * T * rule.x - x * x / 2)
    base = np.exp(-log - y * y / 2)[:, :, None] * unit[:, None, :]
    # one exponential serves both signs; where it is capped the integrand's own factor e^{-2|h|} is below 1e-20
    cross = np.exp(np.minimum(x[:, None, :] * y[:, :, None], 600.0))
    right, left = base * cross, base / cross
    even = right + left
    return x, even, np.subtract(right, left, out=right)


class Heat(NamedTuple):
    """What thermodynamics needs at mean fields a, shape (cells, nodes)."""

    log: np.ndarray
    sech4: np.ndarray  # times 1/T
    entropy: np.ndarray  # <ln 2cosh h - h tanh h>


def heat(a, w, mu, T, rule: Rule, cold: bool) -> Heat:
    """Return thermal averages at fields a (cells, nodes)."""
    b, mu, T = np.sqrt(w)[:, None], mu[:, None], T[:, None]
    if cold:
        y, tilt = a / b, mu * b
        log = tilt * tilt / 2 + np.logaddexp(mu * a + log_ndtr(y + tilt), -mu * a + log_ndtr(tilt - y))
        even = _sides(y, b, log, mu, T, rule)[1]
        e = np.exp(-2 * rule.x)
        soft, sech2 = np.log1p(e), 4 * e / (1 + e) ** 2
        rise = np.expm1(mu * T * soft)
        columns = [T * rise, (1 + rise) * sech2 * sech2, T * (1 + rise) * (soft + 2 * rule.x * e / (1 + e))]
        rest, sech4, entropy = np.moveaxis(even @ np.stack(columns, axis=-1), -1, 0)
        return Heat(log + np.log1p(rest), sech4 / (1 + rest), entropy / (1 + rest))
    size = np.abs((a / T)[:, :, None] + (b / T)[:, :, None] * rule.z)
    e = np.exp(-2 * size)
    soft, sech2 = np.log1p(e), 4 * e / (1 + e) ** 2
    exponent = (mu * T)[:, :, None] * (size + soft)
    top = exponent.max(axis=-1)
    weight = rule.z_weight * np.exp(exponent - top[:, :, None])
    mass = weight.sum(axis=-1)
    sech4 = (weight * sech2 * sech2).sum(axis=-1) / (mass * T)
    return Heat(top + np.log(mass), sech4, (weight * (soft + 2 * size * e / (1 + e))).sum(axis=-1) / mass)


def _cold(a, b, mu, T, rule):
    y, tilt, theta = a / b, mu * b, mu * T
    plus, minus = mu * a + log_ndtr(y + tilt), -mu * a + log_ndtr(tilt - y)
    top = np.logaddexp(plus, minus)
    log = tilt * tilt / 2 + top
    up = _truncated(a + mu * b * b, b, plus - top)
    down = _truncated(-a + mu * b * b, b, minus - top)

    def spread(n):
        """Return moments of |y|^n z^2 above and below zero."""
        above = (up[n + 2] - 2 * a * up[n + 1] + a * a * up[n]) / (b * b)
        return above, (down[n + 2] + 2 * a * down[n + 1] + a * a * down[n]) / (b * b)

    up_z, down_z = spread(0)
    size_z = sum(spread(1))

    x, even, odd = _sides(y, b, log, mu, T, rule)
    X = rule.x
    e = np.exp(-2 * X)
    soft, tanh, sech2 = np.log1p(e), (1 - e) / (1 + e), 4 * e / (1 + e) ** 2
    size = X + soft
    rise = np.expm1(theta * soft)
    full = 1 + rise
    c_one, c_sech, c_size = T * rise, full * sech2, T * T * (full * size - X)
    c_tanh = T * (full * tanh - 1)
    xx = x * x
    evens = np.stack(
        [c_one, c_one * xx, c_sech, c_sech * xx, c_size, c_size * xx, c_tanh * x,
         T * full * sech2 * size, T**3 * (full * size * size - X * X)],
        axis=-1,
    )  # fmt: skip
    odds = np.stack([c_one * x, c_sech * x, c_size * x, c_tanh, c_tanh * xx, T * T * (full * tanh * size - X)], axis=-1)
    from_even = np.moveaxis(even @ evens, -1, 0)
    from_odd = np.moveaxis(odd @ odds, -1, 0)
    yy = y * y

    def square(flat, curved, crossed):
        return curved + yy * flat - 2 * y * crossed

    return (
        log,
        1 + from_even[0],
        up[0] - down[0] + from_odd[3],
        from_even[2],
        up[1] + down[1] + from_even[4],
        up_z + down_z + square(from_even[0], from_even[1], from_odd[0]),
        up_z - down_z + square(from_odd[3], from_odd[4], from_even[6]),
        square(from_even[2], from_even[3], from_odd[1]),
        size_z + square(from_even[4], from_even[5], from_odd[2]),
        up[1] - down[1] + from_odd[5],
        from_even[7],
        up[2] + down[2] + from_even[8],
    )


def _hot(a, b, mu, T, rule):
    z = rule.z
    h = (a / T)[:, :, None] + (b / T)[:, :, None] * z
    size = np.abs(h)
    e = np.exp(-2 * size)
    size += np.log1p(e)
    exponent = (mu * T)[:, :, None] * size
    top = exponent.max(axis=-1)
    exponent -= top[:, :, None]
    weight = np.exp(exponent, out=exponent)
    weight *= rule.z_weight
    mass = weight.sum(axis=-1)
    weight /= mass[:, :, None]
    e /= 1 + e  # tanh |h| = 1 - 2e, sech^2 h = 4e(1 - e)
    tanh = weight * np.copysign(1 - 2 * e, h)
    sech2 = weight * (4 * e * (1 - e))
    moments = np.stack([np.ones_like(z), z * z], axis=-1)
    sums = [(part @ moments) for part in (weight, tanh, sech2, weight * size)]
    (one, one_z), (tanh_sum, tanh_z), (sech2_sum, sech2_z), (size_sum, size_z) = (
        (part[..., 0], part[..., 1]) for part in sums
    )
    tanh_size, sech2_size, size_size = (np.einsum("cnk,cnk->cn", part, size) for part in (tanh, sech2, weight * size))
    return (
        top + np.log(mass), one, tanh_sum, sech2_sum / T, T * size_sum, one_z, tanh_z, sech2_z / T, T * size_z,
        T * tanh_size, sech2_size, T * T * size_size,
    )  # fmt: skip
