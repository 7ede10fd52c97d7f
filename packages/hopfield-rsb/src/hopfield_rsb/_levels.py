r"""Nested averages of a local field over one level of clusters after the other, at every temperature, T = 0 included.

The innermost level is $\psi(a) = \frac1\mu\ln E_z\,e^{\mu\Phi(a+bz)}$ with $\Phi(h) = T\ln 2\cosh(h/T)$, which is
$|h|$ at
$T = 0$. There the average is a sum of two error functions; at $b \ge T$ the same sum is taken out and the rest, which
decays like $e^{-2|h|/T}$, is integrated over $|h|$ by a double-exponential rule; at $b < T$ the trapezoid rule is
exact.
Each further level is $\psi(a) = \frac1\mu\ln E_z\,e^{\mu\psi'(a+\sigma z)}$ on a uniform grid of z.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr

_REACH = 9.0  # standard deviations: the tail beyond is below 1e-18
_FINEST = 4001  # nodes of one level
_EXPONENT = 36.0  # the trapezoid rule leaves out e^-36
_HOT_STEP = 0.2
_FROZEN = 20.0  # fields of that many T are frozen: e^-40
_ROOT = np.sqrt(2 * np.pi)


def _double_exponential():
    u, step = np.linspace(-3.7, 3.8, 101, retstep=True)
    x = np.exp(u - np.exp(-u))
    return x, step * x * (1 + np.exp(-u))


_X, _WEIGHT = _double_exponential()
_E = np.exp(-2 * _X)
_LOG1P = np.log1p(_E)
_TANH = -np.expm1(-2 * _X) / (1 + _E)
_SECH2 = 4 * _E / (1 + _E) ** 2
_ENTROPY = _LOG1P + _X * 2 * _E / (1 + _E)


class Level(NamedTuple):
    """Averages over everything inside a level, as functions of what comes from outside it, all of one shape."""

    psi: np.ndarray  # the level's own logarithm
    tanh: np.ndarray
    sech2: np.ndarray  # beta sech^2
    sech4: np.ndarray  # beta sech^4
    entropy: np.ndarray  # ln 2cosh - h tanh / T
    gain: tuple[np.ndarray, ...]  # of every level from here inward, d psi / d mu = (<psi'> - psi) / mu
    square: tuple[np.ndarray, ...]  # of every level inside this one, the averaged square of its tanh


def innermost(a: np.ndarray, b: float, mu: float, T: float) -> Level:
    """Return the averages over a Gaussian of standard deviation b around a, with weight e^(mu Phi)."""
    if T == 0:
        return _cold(a, b, mu, T)
    average = _hot if b < T or b == 0 else _cold
    near = np.abs(a) < _REACH * b + _FROZEN * T
    if b == 0 or near.all():
        return average(a, b, mu, T)
    # further out no field is of the order of T, and the average is that of T = 0: most nodes of a cold state
    level = _cold(a, b, mu, 0.0)
    if near.any():
        inside = average(a[near], b, mu, T)
        for whole, part in zip((*level[:5], *level.gain), (*inside[:5], *inside.gain), strict=True):
            whole[near] = part
    return level


def outer(level: Level, weight: np.ndarray, mu: float) -> Level:
    """Average a level over its last axis, with weight e^(mu psi) times that of the nodes; mu = 0 is plain."""
    if mu == 0:
        psi, share = level.psi @ weight, weight
    else:
        top = level.psi.max(axis=-1, keepdims=True)
        share = weight * np.exp(mu * (level.psi - top))
        total = share.sum(axis=-1, keepdims=True)
        psi, share = (top + np.log(total) / mu)[..., 0], share / total

    def mean(values):
        return (values * share).sum(axis=-1)

    gain = tuple(map(mean, level.gain))
    if mu:
        gain = ((mean(level.psi) - psi) / mu, *gain)
    square = (mean(level.tanh**2), *map(mean, level.square))
    return Level(psi, *map(mean, level[1:5]), gain, square)


def nodes(scale: float, pole: float, tilt: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes z and weights of a Gaussian average of a function of scale * z with poles off the axis.

    The weight e^(mu psi) moves the Gaussian by up to `tilt` standard deviations.
    """
    distance = pole / scale if scale > 0 else np.inf
    step = min(2 * np.pi * distance / _EXPONENT, 0.25)
    reach = _REACH + tilt
    count = min(int(np.ceil(reach / step)), _FINEST // 2)
    z = np.linspace(-reach, reach, 2 * count + 1)
    weight = np.exp(-z * z / 2) * (z[1] - z[0]) / _ROOT
    return z, weight


def _cold(a, b, mu, T):
    plus, minus = a / b + mu * b, -a / b + mu * b
    log_plus, log_minus = mu * a + log_ndtr(plus), -mu * a + log_ndtr(minus)
    log_sum = np.logaddexp(log_plus, log_minus)
    up, down = np.exp(log_plus - log_sum), np.exp(log_minus - log_sum)
    log_norm = log_sum + (mu * b) ** 2 / 2
    # density of h = 0, twice that of each side of |h|
    edge = np.exp(-((a / b) ** 2) / 2 - log_norm) / (b * _ROOT)
    tanh = up - down
    size = up * (a + mu * b * b) + down * (mu * b * b - a) + 2 * b * b * edge
    if T == 0:
        psi = log_norm / mu
        zero = np.zeros_like(a)
        return Level(psi, tanh, 2 * edge, 4 / 3 * edge, zero, ((size - psi) / mu,), ())
    theta = mu * T
    x = T * _X
    base = mu * x - log_norm[..., None]
    right = np.exp(base - ((x - a[..., None]) / b) ** 2 / 2)
    left = np.exp(base - ((x + a[..., None]) / b) ** 2 / 2)
    even, odd = right + left, right - left
    unit = T * _WEIGHT / (b * _ROOT)
    power = np.exp(theta * _LOG1P)
    total = 1 + even @ (unit * np.expm1(theta * _LOG1P))
    psi = (log_norm + np.log(total)) / mu
    tanh = (tanh + odd @ (unit * (power * _TANH - 1))) / total
    size = (size + even @ (unit * (power * (x + T * _LOG1P) - x))) / total
    table = np.stack([_SECH2 / T, _SECH2**2 / T, _ENTROPY], axis=-1) * (unit * power)[:, None]
    sech2, sech4, entropy = np.moveaxis(even @ table / total[..., None], -1, 0)
    return Level(psi, tanh, sech2, sech4, entropy, ((size - psi) / mu,), ())


def _hot(a, b, mu, T):
    tilt = mu * b
    count = int(np.ceil((_REACH + tilt) / _HOT_STEP))
    z = _HOT_STEP * np.arange(-count, count + 1)
    h = a[..., None] + b * z
    size = np.abs(h)
    e = np.exp(-2 * size / T)
    phi = size + T * np.log1p(e)
    exponent = mu * phi - z * z / 2
    top = exponent.max(axis=-1, keepdims=True)
    share = np.exp(exponent - top)
    total = share.sum(axis=-1, keepdims=True)
    psi = ((top + np.log(total * _HOT_STEP / _ROOT)) / mu)[..., 0]
    share /= total
    sech2 = 4 * e / (1 + e) ** 2
    tanh = np.copysign((1 - e) / (1 + e), h)
    parts = (tanh, sech2 / T, sech2**2 / T, np.log1p(e) + 2 * size / T * e / (1 + e), phi)
    tanh, sech2, sech4, entropy, phi = ((share * part).sum(axis=-1) for part in parts)
    return Level(psi, tanh, sech2, sech4, entropy, ((phi - psi) / mu,), ())
