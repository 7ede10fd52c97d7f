r"""The function $\log|\sinh\sqrt z/\sqrt z|$, from which every density of Haar measure here is made."""

from functools import cache
from math import factorial
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
    # log(sinh x / x) = sum_k 2^(2k-1) B_2k x^(2k) / (k (2k)!)   (Abramowitz & Stegun 4.5.66, integrated)
    from scipy.special import bernoulli

    numbers = bernoulli(2 * _TERMS)
    return tuple(float(2 ** (2 * k - 1) * numbers[2 * k] / (k * factorial(2 * k))) for k in range(1, _TERMS + 1))
