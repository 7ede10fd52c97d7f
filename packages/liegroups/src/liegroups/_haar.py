"""Which group elements to average over, and what that says about the mean."""

from typing import Literal, NamedTuple

import numpy as np

from ._checks import check_choice, check_count
from ._closure import closure
from ._protocol import Group

Method = Literal["auto", "sum", "quadrature", "sampling"]
METHODS = ("auto", "sum", "quadrature", "sampling")
LARGEST_SUM = 4096
LARGEST_COMPONENTS = 64


class Nodes(NamedTuple):
    """Equally weighted group elements (count, n, n) and the rule that chose them."""

    elements: np.ndarray
    method: Literal["sum", "quadrature", "sampling"]


def nodes(group: Group, method: Method, samples: int, seed: int, scale: float | None) -> Nodes:
    """Return the elements that the method asks for; "auto" prefers an exact rule to a sample."""
    check_choice(method, METHODS, "method")
    check_count(samples, "samples", 2)
    if method in ("auto", "sum"):
        elements = group.elements()
        if elements is not None and (method == "sum" or len(elements) <= max(LARGEST_SUM, samples)):
            return Nodes(np.asarray(elements, dtype=np.float64), "sum")
        if method == "sum":
            raise ValueError(f"method 'sum' needs a finite group of known elements; {group.name} has none")
    if method in ("auto", "quadrature"):
        elements = _circle(group, samples)
        if elements is not None:
            return Nodes(elements, "quadrature")
        if method == "quadrature":
            raise ValueError(f"method 'quadrature' needs a compact group of dimension 1; {group.name} is none")
    return Nodes(np.asarray(group.sample(samples, seed, scale), dtype=np.float64), "sampling")


def _circle(group: Group, samples: int) -> np.ndarray | None:
    """Return equally spaced elements of a compact one-dimensional group, times its components.

    The nodes alternate between two half rules, so that even and odd ones can be compared.
    """
    if not group.compact or group.dim != 1:
        return None
    components = closure(group.discrete_generators(), LARGEST_COMPONENTS)
    period = _period(group.generators()[0])
    if components is None or period is None:
        return None
    from scipy.linalg import expm

    count = 2 * max(2, -(-samples // (2 * len(components))))
    turns = expm(np.arange(count)[:, None, None] * (period / count) * group.generators())
    return (components[:, None] @ turns).reshape(-1, group.n, group.n)


def _period(generator: np.ndarray) -> float | None:
    """Return the smallest T with exp(T X) = 1, whose frequencies are multiples of one of them over a small k."""
    frequencies = np.abs(np.linalg.eigvals(generator).imag)
    frequencies = frequencies[frequencies > 1e-9]
    if not len(frequencies):
        return None
    for divisor in range(1, 25):
        multiples = frequencies * divisor / frequencies.min()
        if np.abs(multiples - np.round(multiples)).max() < 1e-9:
            return 2 * np.pi * divisor / frequencies.min()
    return None
