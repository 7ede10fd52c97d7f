r"""Averages over a Gaussian local field $h = \beta(\mathrm{field} + \sigma z)$, to round-off at every temperature.

At $b = \beta\sigma < 1$ the trapezoid rule in z is used: its error decays like $e^{-2\pi d/\mathrm{step}}$ with the
distance $d = \pi/(2b)$ of the poles of tanh from the real axis. At $b \ge 1$ the average of the T = 0 integrand is
subtracted in closed form (an erf) and the remainder, which decays like $e^{-2|h|}$, is integrated over $x = |h|$
by a double-exponential rule. The latter needs only $\kappa = T/\sigma$, so $T = 0$ is the point $\kappa = 0$.

Sums run over the nodes one after the other for each cell, so that a cell's value does not depend on its neighbours.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import erf

# Poles of order four (sech^4) need a smaller step than the law's e^{-pi^2/step} at b = 1 alone would ask for.
STEP = 0.2
REACH = 8.6  # in standard deviations: the tail beyond is below 1e-17
LANES = 16  # cells are padded to a multiple of the vector length
CHUNK = 256  # cells whose tables stay in the cache
TINY = 1e-100  # temperatures and loads below are zero: their powers would underflow


class Slopes(NamedTuple):
    r"""What a Newton step needs: averages with the powers of $\beta$ that keep them finite at T = 0."""

    tanh: np.ndarray  # E tanh h
    sech2: np.ndarray  # beta E sech^2 h
    tanh_sech2: np.ndarray  # beta^2 E tanh h sech^2 h
    curvature: np.ndarray  # beta^3 E (2 sech^2 h - 3 sech^4 h)


class Thermal(NamedTuple):
    """What the thermodynamics of a state needs."""

    tanh: np.ndarray  # E tanh h
    sech2: np.ndarray  # beta E sech^2 h
    sech4: np.ndarray  # beta E sech^4 h
    entropy: np.ndarray  # E [ln 2cosh h - h tanh h]


def _hot_rule():
    count = int(np.ceil(REACH / STEP))
    z = STEP * np.arange(-count, count + 1)
    return z[:, None], np.exp(-z * z / 2) * STEP / np.sqrt(2 * np.pi)


def _cold_rule():
    u, step = np.linspace(-3.7, 3.4, 81, retstep=True)
    x = np.exp(u - np.exp(-u))
    weight = step * x * (1 + np.exp(-u)) / np.sqrt(2 * np.pi)
    e = np.exp(-2 * x)
    sech2 = 4 * e / (1 + e) ** 2
    odd = 2 * e / (1 + e)  # 1 - tanh x
    tables = {
        "tanh": weight * odd,
        "sech2": weight * sech2,
        "x_sech2": weight * x * sech2,
        "xx_sech2": weight * x * x * sech2,
        "sech4": weight * sech2 * sech2,
        "entropy": weight * (np.log1p(e) + x * odd),
    }
    return x[:, None], tables


Z, HOT = _hot_rule()
X, COLD = _cold_rule()


def slopes(field: np.ndarray, sigma: np.ndarray, T: np.ndarray) -> Slopes:
    """Return the averages of a Newton step for cells of mean field, noise width and temperature, all of shape (n,)."""
    return Slopes(*_by_regime(_hot_slopes, _cold_slopes, field, sigma, T))


def thermal(field: np.ndarray, sigma: np.ndarray, T: np.ndarray) -> Thermal:
    """Return the averages of the thermodynamics for cells of mean field, noise width and temperature, shape (n,)."""
    return Thermal(*_by_regime(_hot_thermal, _cold_thermal, field, sigma, T))


def _by_regime(hot, cold, field, sigma, T):
    found = np.empty((4, len(field)))
    is_cold = (sigma >= T) & (sigma > 0)
    for rule, cells in ((hot, ~is_cold), (cold, is_cold)):
        index = np.flatnonzero(cells)
        for start in range(0, len(index), CHUNK):
            part = index[start : start + CHUNK]
            padded = np.resize(part, -(-len(part) // LANES) * LANES)
            found[:, part] = np.stack(rule(field[padded], sigma[padded], T[padded]))[:, : len(part)]
    return found


def _sum(values, weight):
    return np.einsum("kb,k->b", values, weight)


def _hot(field, sigma, T):
    beta = 1 / np.maximum(T, TINY)
    h = Z * (beta * sigma) + beta * field
    e = np.exp(-2 * np.abs(h))
    half = 1 / (1 + e)
    return beta, h, e, half, 4 * e * half * half


def _hot_slopes(field, sigma, T):
    beta, h, e, half, sech2 = _hot(field, sigma, T)
    tanh = np.copysign((1 - e) * half, h)
    s = _sum(sech2, HOT)
    return (
        _sum(tanh, HOT),
        beta * s,
        beta**2 * _sum(tanh * sech2, HOT),
        beta**3 * (2 * s - 3 * _sum(sech2 * sech2, HOT)),
    )


def _hot_thermal(field, sigma, T):
    beta, h, e, half, sech2 = _hot(field, sigma, T)
    return (
        _sum(np.copysign((1 - e) * half, h), HOT),
        beta * _sum(sech2, HOT),
        beta * _sum(sech2 * sech2, HOT),
        _sum(np.log1p(e) + 2 * np.abs(h) * e * half, HOT),
    )


def _cold(field, sigma, T):
    kappa = T / sigma
    y = np.minimum(field / sigma, 1e3)  # beyond, every Gaussian below has underflowed
    plus = X * kappa
    minus = plus + y
    plus -= y
    for part in (plus, minus):
        np.multiply(part, part, out=part)
        np.multiply(part, -0.5, out=part)
        np.exp(part, out=part)
    return kappa, y, plus + minus, np.subtract(plus, minus, out=plus)


def _cold_slopes(field, sigma, T):
    # Stein's lemma, E f'(h) = E z f(h) / b, replaces derivatives by moments: no cancellation as kappa -> 0.
    kappa, y, even, odd = _cold(field, sigma, T)
    s = _sum(even, COLD["sech2"])
    xs = kappa * _sum(odd, COLD["x_sech2"])
    xxs = kappa**2 * _sum(even, COLD["xx_sech2"])
    return (
        erf(y / np.sqrt(2)) - kappa * _sum(odd, COLD["tanh"]),
        s / sigma,
        (y * s - xs) / (2 * sigma**2),
        ((y * y - 1) * s - 2 * y * xs + xxs) / (2 * sigma**3),
    )


def _cold_thermal(field, sigma, T):
    kappa, y, even, odd = _cold(field, sigma, T)
    return (
        erf(y / np.sqrt(2)) - kappa * _sum(odd, COLD["tanh"]),
        _sum(even, COLD["sech2"]) / sigma,
        _sum(even, COLD["sech4"]) / sigma,
        kappa * _sum(even, COLD["entropy"]),
    )
