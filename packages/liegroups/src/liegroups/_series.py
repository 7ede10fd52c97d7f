r"""Smooth functions of $\theta^2$ from which rotations are built, with right derivatives of every order.

Each is a power series below $\theta = 1$ and its closed form above: the branch is chosen on the *input*, since
the derivative of an unused branch that divides by zero would still be NaN.
"""

from collections.abc import Callable
from functools import cache
from math import factorial
from typing import Any

from ._arrays import namespace

_TERMS = 11


def sinc(t2: Any) -> Any:
    r"""$\sin\theta/\theta$."""
    return _branch(t2, _sinc_series(), lambda xp, s: xp.sin(s) / s)


def versine(t2: Any) -> Any:
    r"""$(1-\cos\theta)/\theta^2$."""
    return _branch(t2, _versine_series(), lambda xp, s: 2 * (xp.sin(s / 2) / s) ** 2)


def sine_defect(t2: Any) -> Any:
    r"""$(\theta-\sin\theta)/\theta^3$."""
    return _branch(t2, _sine_defect_series(), lambda xp, s: (1 - xp.sin(s) / s) / (s * s))


def cotangent_defect(t2: Any) -> Any:
    r"""$\bigl(1-\tfrac\theta2\cot\tfrac\theta2\bigr)/\theta^2$, for $\theta < 2\pi$."""
    return _branch(t2, _cotangent_series(), lambda xp, s: (1 - s / 2 * xp.cos(s / 2) / xp.sin(s / 2)) / (s * s))


def arctangent(t2: Any) -> Any:
    r"""$\arctan(t)/t$ as a function of $t^2$, for $t \le 0.1$."""
    return _horner(t2, tuple((-1) ** k / (2 * k + 1) for k in range(_TERMS)))


def _branch(t2: Any, series: tuple[float, ...], closed: Callable[[Any, Any], Any]) -> Any:
    xp = namespace(t2)
    small = t2 < 1
    near = xp.where(small, t2, xp.zeros_like(t2))
    far = xp.sqrt(xp.where(small, xp.ones_like(t2), t2))
    return xp.where(small, _horner(near, series), closed(xp, far))


def _horner(x: Any, coefficients: tuple[float, ...]) -> Any:
    total = 0 * x + coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


@cache
def _sinc_series() -> tuple[float, ...]:
    return tuple((-1) ** k / factorial(2 * k + 1) for k in range(_TERMS))


@cache
def _versine_series() -> tuple[float, ...]:
    return tuple((-1) ** k / factorial(2 * k + 2) for k in range(_TERMS))


@cache
def _sine_defect_series() -> tuple[float, ...]:
    return tuple((-1) ** k / factorial(2 * k + 3) for k in range(_TERMS))


@cache
def _cotangent_series() -> tuple[float, ...]:
    # 1 - z cot z = sum 2 zeta(2k) (z/pi)^(2k); with z = theta/2 the coefficients are |B_2k| / (2k)!.
    from scipy.special import bernoulli

    numbers = bernoulli(2 * _TERMS)
    return tuple(float(abs(numbers[2 * k]) / factorial(2 * k)) for k in range(1, _TERMS + 1))
