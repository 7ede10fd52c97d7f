"""What every random draw needs: a count, a seed, and the spread where a group is not compact."""

from typing import Any

import numpy as np

from ._checks import check_choice, is_number
from ._protocol import Group


def check_scheme(scheme: Any) -> None:
    """Raise unless the scheme is one of the two."""
    check_choice(scheme, ("mc", "sobol"), "scheme")


def check_scale(scale: Any, group: Group) -> float:
    """Return the standard deviation that a group without a finite Haar measure needs."""
    if not is_number(scale) or not scale > 0:
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
