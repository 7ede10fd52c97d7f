"""Nodes and weights for averages over tilted Gaussian fields, fine and coarse."""

from typing import NamedTuple

import numpy as np

FAR = 8.6  # standard deviations beyond which a normal distribution has no weight in float64
_ROOT = float(np.sqrt(2 * np.pi))


class Rule(NamedTuple):
    """Nodes of both levels, with the functions of |h| that the innermost level needs at its nodes."""

    x: np.ndarray  # |h| of the remainder's double-exponential rule
    weight: np.ndarray
    z: np.ndarray  # of the trapezoid rule, for narrow noise
    z_weight: np.ndarray
    half: np.ndarray  # |field| over the width of the outer noise, crowding at zero
    half_weight: np.ndarray
    whole: np.ndarray  # uniform, where the mean field is far from zero
    whole_weight: np.ndarray


def rule(inner: int, outer: int, step: float) -> Rule:
    """Return the rule with so many inner and outer nodes, and this step where the inner noise is narrow."""
    u, width = np.linspace(-3.7, 3.4, inner, retstep=True)
    x = np.exp(u - np.exp(-u))
    weight = width * x * (1 + np.exp(-u))
    count = int(np.ceil(9.8 / step))
    z = step * np.arange(-count, count + 1)
    u, width = np.linspace(-3.7, 2.95, outer, retstep=True)
    half = np.exp(u - np.exp(-u))
    half_weight = width * half * (1 + np.exp(-u))
    whole, width = np.linspace(-FAR - 0.5, FAR + 0.5, outer, retstep=True)
    return Rule(x, weight, z, np.exp(-z * z / 2) * step / _ROOT, half, half_weight, whole, np.full(outer, width))


FINE = rule(81, 101, 0.2)
COARSE = rule(31, 35, 0.5)  # three digits: enough to carry a start to where Newton's iteration converges
