"""Arguments refused in one sentence: which one, what came, what is allowed."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np


def check_size(n: Any, group: str, smallest: int = 1) -> int:
    """Return ``n`` as an int, or raise naming the group."""
    return check_count(n, f"n of {group}", smallest)


def check_count(count: Any, argument: str, smallest: int, largest: int | None = None) -> int:
    """Return an integer that is at least ``smallest`` and at most ``largest``, or raise naming the argument."""
    whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
    if not whole or count < smallest or (largest is not None and count > largest):
        allowed = f">= {smallest}" if largest is None else f"between {smallest} and {largest}"
        raise ValueError(f"{argument} must be an integer {allowed}, not {count!r}")
    return int(count)


def check_positive(number: Any, argument: str, *, infinite: bool = False) -> float:
    """Return a number above zero as a float, which may be ``infinite`` if so said, or raise naming the argument."""
    endless = infinite and isinstance(number, (float, np.floating)) and bool(np.isposinf(number))
    if not endless and not (is_number(number) and number > 0):
        raise ValueError(f"{argument} must be a positive number, not {number!r}")
    return float(number)


def check_not_negative(number: Any, argument: str) -> float:
    """Return a finite number that is at least zero as a float, or raise naming the argument."""
    if not is_number(number) or not number >= 0:
        raise ValueError(f"{argument} must be a number >= 0, not {number!r}")
    return float(number)


def check_flag(flag: Any, argument: str) -> None:
    """Raise naming the argument unless it is True or False."""
    if not isinstance(flag, (bool, np.bool_)):
        raise ValueError(f"{argument} must be True or False, not {flag!r}")


def is_number(x: Any) -> bool:
    """Whether x is a finite real number (and no truth value)."""
    return isinstance(x, Real) and not isinstance(x, bool) and bool(np.isfinite(float(x)))


def check_choice(value: Any, allowed: Sequence[str | None], argument: str) -> None:
    """Raise naming the argument unless the value is one of those allowed."""
    if not (value is None or isinstance(value, str)) or value not in allowed:
        *most, last = map(repr, allowed)
        raise ValueError(f"{argument} must be {', '.join(most)} or {last}, not {value!r}")


def float_table(x: Any, argument: str) -> np.ndarray:
    """Return a new numpy float64 array of the values of ``x``, or raise naming the argument."""
    try:
        found = np.asarray(x)
        if found.dtype.kind == "c":
            raise TypeError("the numbers are complex")
        return np.array(found, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:  # a tensor that requires a gradient gives the last
        raise TypeError(f"{argument} must be an array of real numbers, not {type(x).__name__}: {error}") from error


def check_broadcast(a: tuple[int, ...], b: tuple[int, ...], names: str, owner: str) -> None:
    """Raise naming the arguments unless two batch shapes broadcast."""
    for m, n in zip(reversed(a), reversed(b), strict=False):
        if m != n and 1 not in (m, n):
            raise ValueError(f"{names} of {owner} have batch shapes {tuple(a)} and {tuple(b)}, which do not broadcast")
