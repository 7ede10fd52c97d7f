"""One spelling for every value, so that equal parameters give equal keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical(value: Any, *, short_arrays: bool = False) -> Any:
    """Return a JSON-able form of a coerced parameter value.

    Arrays are replaced by dtype, shape and hash (or, with ``short_arrays``, written out up to 64 numbers).

    Raises:
        TypeError: The value is an object without a canonical form.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, Mapping):
        return {str(key): canonical(item, short_arrays=short_arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(item, short_arrays=short_arrays) for item in value]
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        import numpy as np

        array = np.asarray(value)
        if array.dtype.kind in "biufcU":
            if array.ndim == 0:
                return canonical(array.item())
            if short_arrays and array.size <= 64 and array.dtype.kind in "biufU":
                return array.tolist()
            digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
            return {"array": digest, "dtype": array.dtype.str, "shape": list(array.shape)}
    raise TypeError(f"{type(value).__name__} objects have no canonical form")


def dumps(value: Any) -> str:
    """Return canonical JSON: sorted keys, shortest round-trip floats, no spaces."""
    return json.dumps(canonical(value), sort_keys=True, separators=(",", ":"))


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of ``value``."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def readable(value: Any) -> Any:
    """Return a JSON-able form for people: short arrays written out, objects by their ``repr``."""
    if isinstance(value, Mapping):
        return {str(key): readable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [readable(item) for item in value]
    try:
        return canonical(value, short_arrays=True)
    except TypeError:
        return {"object": repr(value)}
