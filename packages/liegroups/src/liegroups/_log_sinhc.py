r"""The function $f(z) = \log|\sinh\sqrt z/\sqrt z|$ of which Haar densities are made, and its derivatives."""

from functools import cache
from math import perm, pi
from typing import Any

from ._arrays import namespace

_TERMS = 18


def log_sinhc(z: Any) -> Any:
    r"""Return $\log|\sinh\sqrt z/\sqrt z|$ for real z of any sign: $\log|\sin\theta/\theta|$ at $z = -\theta^2$.

    It is analytic up to its pole at $z = -\pi^2$; the series around 0 keeps derivatives of every order right, and no
    exponential overflows for large z.
    """
    xp = namespace(z)
    near = xp.abs(z) < 1
    one = xp.ones_like(z)
    small = xp.where(near, z, xp.zeros_like(z))
    series = xp.zeros_like(z)
    for coefficient in reversed(_series()):
        series = (series + coefficient) * small
    growing = xp.sqrt(xp.where(near | (z < 0), one, z))
    turning = xp.sqrt(xp.where(near | (z > 0), one, -z))
    above = growing + xp.log1p(-xp.exp(-2 * growing)) - xp.log(2 * growing)
    below = xp.log(xp.abs(xp.sin(turning)) / turning)
    return xp.where(near, series, xp.where(z > 0, above, below))


@cache
def _series() -> tuple[float, ...]:
    # sinh x / x = prod_n (1 + x^2 / (n pi)^2), so the coefficient of z^k is (-1)^(k+1) zeta(2k) / (k pi^(2k)).
    from scipy.special import zeta

    return tuple(float((-1) ** (k + 1) * zeta(2 * k) / (k * pi ** (2 * k))) for k in range(1, _TERMS + 1))


def derivative_difference(x: Any, y: Any) -> Any:
    r"""Return $f'[x, y] = (f'(x) - f'(y))/(x - y)$ of $f(z) = \log|\sinh\sqrt z/\sqrt z|$, and $f''(x)$ at $x = y$.

    Where x and y are close, for the distance to the pole, it is the mean of $f''$ between them, by Gauss's rule.
    """
    xp = namespace(x)
    middle, half = (x + y) / 2, (x - y) / 2
    close = xp.abs(half) < 0.2 * xp.minimum(xp.abs(middle + pi**2), xp.ones_like(middle))
    step = xp.where(close, half, xp.zeros_like(half))
    mean = sum(weight * second_derivative(middle + node * step) for node, weight in _gauss())
    slope = (first_derivative(x) - first_derivative(y)) / xp.where(close, xp.ones_like(half), 2 * half)
    return xp.where(close, mean, slope)


def first_derivative(z: Any) -> Any:
    r"""Return $f'(z) = (\sqrt z\coth\sqrt z - 1)/2z$."""
    ratio, _, far = _closed(z)
    return _near_or_far(z, 1, (ratio - 1) / (2 * far))


def second_derivative(z: Any) -> Any:
    r"""Return $f''(z) = (2 - \sqrt z\coth\sqrt z - z/\sinh^2\sqrt z)/4z^2$."""
    ratio, square, far = _closed(z)
    return _near_or_far(z, 2, (2 - ratio - square) / (4 * far * far))


def _closed(z: Any) -> tuple[Any, Any, Any]:
    r"""Return $\sqrt z\coth\sqrt z$, $z/\sinh^2\sqrt z$ and z; 1 takes the place of z next to 0."""
    xp = namespace(z)
    one = xp.ones_like(z)
    far = xp.where(xp.abs(z) < 1, one, z)
    s = xp.sqrt(xp.abs(far))
    decay = xp.exp(-2 * s)
    growing = s * (1 + decay) / (1 - decay), 4 * s * s * decay / (1 - decay) ** 2
    turning = s * xp.cos(s) / xp.sin(s), (s / xp.sin(s)) ** 2
    ratio, square = (xp.where(far > 0, a, b) for a, b in zip(growing, turning, strict=True))
    return ratio, square, far


def _near_or_far(z: Any, order: int, far: Any) -> Any:
    xp = namespace(z)
    near = xp.abs(z) < 1
    small = xp.where(near, z, xp.zeros_like(z))
    series = xp.zeros_like(z)
    for k in range(_TERMS, order - 1, -1):
        series = series * small + perm(k, order) * _series()[k - 1]
    return xp.where(near, series, far)


@cache
def _gauss() -> tuple[tuple[float, float], ...]:
    from numpy.polynomial.legendre import leggauss

    nodes, weights = leggauss(12)
    return tuple((float(node), float(weight) / 2) for node, weight in zip(nodes, weights, strict=True))
