"""The ladder of temperatures of parallel tempering."""

import math
from typing import Any

import numpy as np


def ladder_of(T: Any, ladder: Any) -> np.ndarray:
    """Return T and the further temperatures, ascending and each once.

    Raises:
        TypeError: A temperature is no number.
        ValueError: A temperature is out of range, or T is 0 with a ladder.
    """
    if isinstance(T, bool) or not isinstance(T, int | float | np.integer | np.floating):
        raise TypeError(f"T must be a number, got {T!r}")
    if not 0 <= T < math.inf:
        raise ValueError(f"T must be finite and not negative, got {T}")
    further = np.asarray([] if ladder is None else ladder)
    if further.size and (further.ndim != 1 or further.dtype.kind not in "iuf"):
        raise TypeError(f"ladder must be a list of temperatures, got {ladder!r}")
    if further.size and not ((further > 0) & np.isfinite(further)).all():
        raise ValueError(f"ladder must hold positive temperatures, got {ladder!r}")
    if further.size and T == 0:
        raise ValueError("T must be positive where chains are exchanged along a ladder, got 0")
    return np.unique(np.append(further, T).astype(float))


def geometric_ladder(*, lowest: float, highest: float, count: int) -> np.ndarray:
    """Return temperatures at equal ratios, a fair first choice for parallel tempering.

    Args:
        lowest: First temperature, positive.
        highest: Last temperature.
        count: How many, at least 2.

    Raises:
        ValueError: The temperatures are not positive and ascending, or there are fewer than 2.

    Examples:
        >>> geometric_ladder(lowest=0.2, highest=0.8, count=3)
        array([0.2, 0.4, 0.8])
    """
    if not 0 < lowest < highest < math.inf:
        raise ValueError(f"lowest and highest must be positive and ascending, got {lowest} and {highest}")
    if count < 2:
        raise ValueError(f"count must be at least 2, got {count}")
    return np.geomspace(lowest, highest, count)


def exchange_rates(exchanged: Any, tried: Any) -> np.ndarray:
    """Return the share of attempts that succeeded, with the next higher temperature; 0 where there was none."""
    return np.asarray(exchanged) / np.maximum(tried, 1)
