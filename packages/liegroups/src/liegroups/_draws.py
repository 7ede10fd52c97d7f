"""What every random draw needs: a count, a seed, and the spread where a group is not compact."""

from numbers import Real
from typing import Any

import numpy as np

from ._protocol import Group


def check_count(count: Any, argument: str, smallest: int) -> int:
    """Return an integer that is at least ``smallest``, or raise naming the argument."""
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < smallest:
        raise ValueError(f"{argument} must be an integer >= {smallest}, not {count!r}")
    return int(count)


def check_scheme(scheme: Any) -> None:
    """Raise unless the scheme is one of the two."""
    if scheme not in ("sobol", "mc"):
        raise ValueError(f"scheme must be 'mc' or 'sobol', not {scheme!r}")


def check_scale(scale: Any, group: Group) -> float:
    """Return the standard deviation that a group without a finite Haar measure needs."""
    if isinstance(scale, bool) or not (isinstance(scale, Real) and 0 < float(scale) < np.inf):
        raise ValueError(
            f"scale must be a positive number for {group.name}, not {scale!r}: the group is not compact, "
            "so the spread of its elements has to be said"
        )
    return float(scale)


def generator(seed: Any) -> np.random.Generator:
    """Return numpy's generator of the seed, or raise naming it."""
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"seed must be one of numpy.random.default_rng, such as an integer >= 0, not {seed!r}"
        ) from error
