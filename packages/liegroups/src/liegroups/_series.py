r"""Smooth functions of $\theta^2$ from which rotations are built, with right derivatives of every order.

Each is a power series below $\theta = 1$ and its closed form above: the branch is chosen on the *input*, since
the derivative of an unused branch that divides by zero would still be NaN.
"""

from collections.abc import Callable
from math import factorial
from typing import Any

from array_api_compat import is_jax_array

from ._arrays import is_constant, namespace

_TERMS = 11
_TERMS_FLOAT32 = 7

# Plain numbers and not cached functions, which torch.compile would call anew.
_SINC = tuple((-1) ** k / factorial(2 * k + 1) for k in range(_TERMS))
_COSINE = tuple((-1) ** k / factorial(2 * k) for k in range(_TERMS))
_HALF_SINE = tuple(0.5 * (-0.25) ** k / factorial(2 * k + 1) for k in range(_TERMS))
_HALF_COSINE = tuple((-0.25) ** k / factorial(2 * k) for k in range(_TERMS))
_VERSINE = tuple((-1) ** k / factorial(2 * k + 2) for k in range(_TERMS))
_SINE_DEFECT = tuple((-1) ** k / factorial(2 * k + 3) for k in range(_TERMS))
_ARCTANGENT = tuple((-1) ** k / (2 * k + 1) for k in range(_TERMS))
# 1 - z cot z = sum 2 zeta(2k) (z/pi)^(2k); with z = theta/2 they are |B_2k| / (2k)!, B_2k Bernoulli's numbers.
_BERNOULLI = (
    1 / 6, 1 / 30, 1 / 42, 1 / 30, 5 / 66, 691 / 2730, 7 / 6, 3617 / 510, 43867 / 798, 174611 / 330, 854513 / 138,
)  # fmt: skip
_COTANGENT = tuple(number / factorial(2 * k) for k, number in enumerate(_BERNOULLI, start=1))


def sinc(t2: Any) -> Any:
    r"""$\sin\theta/\theta$."""
    return _branch(t2, _SINC, lambda xp, s: xp.sin(s) / s)


def versine(t2: Any) -> Any:
    r"""$(1-\cos\theta)/\theta^2$."""
    return _branch(t2, _VERSINE, lambda xp, s: 2 * (xp.sin(s / 2) / s) ** 2)


def sine_defect(t2: Any) -> Any:
    r"""$(\theta-\sin\theta)/\theta^3$."""
    return _branch(t2, _SINE_DEFECT, lambda xp, s: (1 - xp.sin(s) / s) / (s * s))


def half_angle(t2: Any) -> tuple[Any, Any]:
    r"""$\cos\frac\theta2$ and $\sin\frac\theta2/\theta$."""
    xp = namespace(t2)
    if is_constant(t2):  # only derivatives need the series
        angle = xp.sqrt(t2) + xp.finfo(t2.dtype).smallest_normal
        half = angle / 2
        return xp.cos(half), xp.sin(half) / angle
    small = t2 < 1
    near = xp.where(small, t2, 0.0)
    angle = xp.sqrt(xp.where(small, 1.0, t2))
    half = angle / 2
    cosine = xp.where(small, _horner(near, _HALF_COSINE, 9, 5), xp.cos(half))
    return cosine, xp.where(small, _horner(near, _HALF_SINE, 8, 5), xp.sin(half) / angle)


def sine_defect_of(t2: Any, sinc: Any) -> Any:
    r"""$(\theta-\sin\theta)/\theta^3$, where $\sin\theta/\theta$ is known."""
    xp = namespace(t2)
    small = t2 < 1
    near = xp.where(small, t2, xp.zeros_like(t2))
    return xp.where(small, _horner(near, _SINE_DEFECT), (1 - sinc) / xp.where(small, xp.ones_like(t2), t2))


def cotangent_defect_of(t2: Any, half_cotangent: Any) -> Any:
    r"""$\bigl(1-\tfrac\theta2\cot\tfrac\theta2\bigr)/\theta^2$, where $\tfrac\theta2\cot\tfrac\theta2$ is known."""
    xp = namespace(t2)
    small = t2 < 1
    near = xp.where(small, t2, xp.zeros_like(t2))
    far = (1 - half_cotangent) / xp.where(small, xp.ones_like(t2), t2)
    return xp.where(small, _horner(near, _COTANGENT), far)


def cotangent_defect(t2: Any) -> Any:
    r"""$\bigl(1-\tfrac\theta2\cot\tfrac\theta2\bigr)/\theta^2$, for $\theta < 2\pi$."""
    return _branch(t2, _COTANGENT, lambda xp, s: (1 - s / 2 * xp.cos(s / 2) / xp.sin(s / 2)) / (s * s))


def arctangent(t2: Any) -> Any:
    r"""$\arctan(t)/t$ as a function of $t^2$, for $|t^2| \le 0.01$; of $-t^2$, $\operatorname{artanh}(t)/t$."""
    return _horner(t2, _ARCTANGENT, 8, 5)


def angle_ratio(c: Any, s2: Any) -> Any:
    r"""$\phi/s$ for the angle $\phi$ of the point $(c, s)$, $c \ge 0$, from $c$ and $s^2$."""
    if is_jax_array(c):
        return _halved_angle_ratio(c, s2)
    xp = namespace(c)
    if is_constant(c):  # only derivatives need the series
        s = xp.sqrt(s2) + xp.finfo(c.dtype).smallest_normal
        return xp.atan2(s, c) / s
    small = s2 < 0.01 * c * c
    c_near = xp.where(small, c, 1.0)
    near = arctangent(xp.where(small, s2, 0.0) / (c_near * c_near)) / c_near
    s = xp.sqrt(xp.where(small, 1.0, s2))
    return xp.where(small, near, xp.atan2(s, c) / s)


def _halved_angle_ratio(c: Any, s2: Any) -> Any:
    r"""Return `angle_ratio` without a branch, in a third of the time that compiled jax needs for its atan2.

    The angle is halved three times by $\tan\frac\phi2 = \tan\phi/(1+\sqrt{1+\tan^2\phi})$, which leaves few terms of
    the series to take.
    """
    xp = namespace(c)
    ratio = 1 / (c + xp.sqrt(c * c + s2))
    t2 = s2 * (ratio * ratio)
    for _ in range(2):
        inverse = 1 / (1 + xp.sqrt(1 + t2))
        ratio, t2 = ratio * inverse, t2 * (inverse * inverse)
    return ratio * (8 * _horner(t2, _ARCTANGENT, 11, 5))


def cosine(t2: Any) -> Any:
    r"""$\cos\theta$ for $|\theta^2| \le 1$; of $-\theta^2$, $\cosh\theta$."""
    return _horner(t2, _COSINE)


def sine_ratio(t2: Any) -> Any:
    r"""$\sin\theta/\theta$ for $|\theta^2| \le 1$; of $-\theta^2$, $\sinh\theta/\theta$."""
    return _horner(t2, _SINC)


def _branch(t2: Any, series: tuple[float, ...], closed: Callable[[Any, Any], Any]) -> Any:
    xp = namespace(t2)
    small = t2 < 1
    near = xp.where(small, t2, xp.zeros_like(t2))
    far = xp.sqrt(xp.where(small, xp.ones_like(t2), t2))
    return xp.where(small, _horner(near, series), closed(xp, far))


def _horner(x: Any, coefficients: tuple[float, ...], terms: int = _TERMS, terms_float32: int = _TERMS_FLOAT32) -> Any:
    if namespace(x).finfo(x.dtype).bits < 64:
        terms = terms_float32
    total = x * coefficients[terms - 1] + coefficients[terms - 2]
    for coefficient in coefficients[terms - 3 :: -1]:
        total = total * x + coefficient
    return total
