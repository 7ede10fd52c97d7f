"""The check of every count a user may give."""

from __future__ import annotations

import operator
from typing import Any


def at_least_one(**counts: Any) -> None:
    """Raise unless each is a whole number, 1 or more.

    Raises:
        TypeError: A count is not a whole number.
        ValueError: A count is less than 1.
    """
    for name, value in counts.items():
        try:
            operator.index(value)
        except TypeError:
            raise TypeError(f"{name} must be a whole number, got {value!r}") from None
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
