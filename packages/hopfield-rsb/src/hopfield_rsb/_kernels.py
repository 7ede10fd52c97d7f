r"""Kernels of literal patterns as tables over the overlap: N + 1 values, exact integers times one unit.

A pattern with $a$ sites of agreement has the integer overlap $M = 2a - N$. Sums over patterns of integer values are
exact in 64 bits and do not depend on their order, so that energies never drift and trajectories are reproducible.
"""

import dataclasses
import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

LITERAL = ("distinct", "power")
_BITS = 62  # of a sum over all patterns


class Levels(NamedTuple):
    """A kernel at N sites: f = unit * levels, and what a flip does to it."""

    levels: np.ndarray  # (N+1,) int64, by the number of agreeing sites
    even: np.ndarray  # (N+1,) int64: sum of the changes of the level by the flip of an agreeing and of another site
    odd: np.ndarray  # (N+1,) int32 or int64: their difference
    unit: float


def elementary_symmetric(N: int, P: int) -> list[int]:
    r"""Return the elementary symmetric polynomial $e_P$ of N signs, by the number of positive ones.

    It depends on the sum M of the signs alone: a Krawtchouk polynomial, by
    $(k+1)\,e_{k+1} = M e_k - (N-k+1)\,e_{k-1}$.

    Args:
        N: Number of signs, at least 1.
        P: Degree, at least 0.

    Returns:
        N + 1 exact integers: the value for 0, 1, ..., N positive signs.

    Raises:
        TypeError: N or P is no integer.
        ValueError: N or P is out of range.

    Examples:
        >>> elementary_symmetric(4, 2)
        [6, 0, -2, 0, 6]
    """
    N, P = whole("N", N, 1), whole("P", P, 0)
    found = []
    for M in range(-N, N + 1, 2):
        before, value = 0, 1
        for k in range(P):
            before, value = value, (M * value - (N - k + 1) * before) // (k + 1)
        found.append(value)
    return found


def kernel_table(*, model: Any, N: int) -> np.ndarray:
    r"""Return the kernel f of the energy $-\frac N2 \sum_\mu f(M_\mu/N)$ at every overlap $M = -N, -N+2, \dots, N$.

    Kernel `power`: $f = (M/N)^P$. Kernel `distinct`: $f = P!\,e_P/N^P$ with the elementary symmetric polynomial $e_P$
    of the N products $\xi_i s_i$, the sum over P distinct sites; a condensed pattern has
    $f(1) = N!/((N-P)!\,N^P) = 1 - P(P-1)/2N + \dots$.

    Args:
        model: A network of literal patterns: kernel "distinct" or "power".
        N: Number of spins.

    Returns:
        float64 (N+1,), correctly rounded.

    Raises:
        TypeError: The model is no Hebbian network, or N is no integer.
        ValueError: The model's kernel is "gaussian", or N is out of range.

    Examples:
        >>> from hopfield_rsb import DenseHopfield
        >>> kernel_table(model=DenseHopfield(P=2, kernel="distinct"), N=4)
        array([ 0.75,  0.  , -0.25,  0.  ,  0.75])
    """
    check_literal(model)
    numerators, scale = _exact(model, N)
    return np.array([float(value * scale) for value in numerators])


def levels(model: Any, N: int, K: int) -> Levels:
    """Return the kernel in integers whose sums over K patterns fit 64 bits.

    Where the exact ones do not fit, they are rounded to multiples of a power of two: an error below K^2 2^-59 times the
    energy of a condensed pattern.
    """
    numerators, scale = _exact(model, N)
    divisor = math.gcd(*numerators) or 1
    exact = [value // divisor for value in numerators]
    shift = max((8 * K * max(map(abs, exact))).bit_length() - _BITS, 0)
    rounded = [(value + (1 << shift >> 1)) >> shift for value in exact]
    agreeing = [rounded[a - 1] - rounded[a] for a in range(1, N + 1)]
    other = [-change for change in agreeing]
    # where no site agrees, or every one does, the missing change never occurs; the copy keeps the tables small
    down = np.array([other[0], *agreeing], np.int64)
    up = np.array([*other, agreeing[-1]], np.int64)
    odd = down - up
    narrow = np.abs(odd).max() < 2**31
    unit = float(divisor * scale * 2**shift)
    return Levels(np.array(rounded, np.int64), down + up, odd.astype(np.int32) if narrow else odd, unit)


def check_literal(model: Any) -> None:
    """Raise unless the model is a network whose patterns can be drawn."""
    kernel = _kernel(model)
    if kernel not in LITERAL:
        raise ValueError(
            f"model has the kernel {kernel!r}, whose patterns are replaced by a Gaussian tensor; at finite N take "
            "'distinct', which has the same theory in paper units, or 'power'"
        )


def _kernel(model: Any) -> str:
    if hasattr(model, "kernel"):
        return model.kernel
    if getattr(model, "log_determinant", False):  # pairs of sites; the energy says whether equal ones are among them
        return "distinct" if model.offset else "power"
    raise TypeError(f"model must be a network of patterns such as DenseHopfield, got {type(model).__name__}")


def patterns_of_load(model: Any, N: int, alpha: float) -> float:
    """Return K for a load in the model's unit, before rounding."""
    per_k = model.convert(alpha, to="K") if hasattr(model, "convert") else alpha
    return per_k * N ** (model.P - 1)


def conventions(model: Any) -> dict[str, Any]:
    """Return what a result has to say about its model."""
    return {"P": model.P, "kernel": _kernel(model)} | dataclasses.asdict(model)


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Return an integer argument, or raise with its name and what is allowed."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < least or (most is not None and value > most):
        allowed = f"at least {least}" if most is None else f"between {least} and {most}"
        raise ValueError(f"{name} must be {allowed}, got {value}")
    return int(value)


def _exact(model: Any, N: int) -> tuple[list[int], Fraction]:
    P = model.P
    N = whole("N", N, max(P, 2))
    if _kernel(model) == "distinct":
        return elementary_symmetric(N, P), Fraction(math.factorial(P), N**P)
    return [M**P for M in range(-N, N + 1, 2)], Fraction(1, N**P)
