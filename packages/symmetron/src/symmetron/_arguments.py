"""What is typed after ``-p``: values, lists and ranges."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from symmetron._numbers import at_least_one
from symmetron.errors import ParameterError


def parse_fixed(texts: Iterable[str]) -> dict[str, Any]:
    """Return ``name=value`` texts as parameters.

    >>> parse_fixed(["T=0.2", "model.P=4", "branch=glass", "levels=[1, 2]"])
    {'T': 0.2, 'model.P': 4, 'branch': 'glass', 'levels': [1, 2]}
    """
    return {name: _value(value) for name, value in _named(texts)}


def parse_swept(texts: Iterable[str]) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Return the swept parameters (``T=0.1:1:10`` or ``P=4,6,8``) and the fixed ones.

    >>> parse_swept(["T=0:1:3", "model.P=4,6", "branch=glass"])
    ({'T': [0.0, 0.5, 1.0], 'model.P': [4, 6]}, {'branch': 'glass'})
    """
    axes: dict[str, list[Any]] = {}
    fixed: dict[str, Any] = {}
    for name, value in _named(texts):
        if value.startswith(("[", "{", '"')):
            fixed[name] = _value(value)
        elif value.count(":") == 2:
            axes[name] = _range(name, value)
        elif "," in value:
            axes[name] = _list(name, value)
        else:
            fixed[name] = _value(value)
    return axes, fixed


def _named(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    seen = set()
    for text in texts:
        name, equals, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name or not value:
            raise ParameterError(f"-p needs name=value, got {text!r}")
        if name in seen:
            raise ParameterError(f"-p gives {name!r} twice")
        seen.add(name)
        yield name, value


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _list(name: str, text: str) -> list[Any]:
    parts = text.removesuffix(",").split(",")
    if not all(parts):
        raise ParameterError(f"a list is {name}=value,value, with a value between the commas, got {text!r}")
    return [_value(part) for part in parts]


def _range(name: str, text: str) -> list[float]:
    import numpy as np

    try:
        start, stop, count = text.split(":")
        at_least_one(count=int(count))
        return np.linspace(float(start), float(stop), int(count)).tolist()
    except ValueError:
        raise ParameterError(f"a range is start:stop:count, as {name}=0.1:1.0:50, got {text!r}") from None
