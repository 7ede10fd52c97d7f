"""What the check calls a plugin with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from symmetron._conformance._report import Report
from symmetron._entry import Entry
from symmetron.errors import suggest


def with_example(report: Report, entry: Entry, example: Mapping[str, Any], **usual: Any) -> dict[str, Any] | None:
    """Return the table to use the entry with, or None where that cannot be: a parameter without a value is noted.

    ``usual`` are values for parameters that have neither a value in the example nor a default.
    """
    known = [parameter.name for parameter in entry.parameters]
    unknown = [name for name in example if name not in known]
    for name in unknown:
        report.finding(entry.name, f"its example gives {name!r}, which is no parameter{suggest(name, known)}")
    if unknown:
        return None
    needed = {parameter.name for parameter in entry.parameters if parameter.required}
    table = {"entry": entry.name, **{name: usual[name] for name in needed & set(usual)}, **example}
    missing = sorted(needed - set(table))
    if missing:
        short = entry.name.partition("/")[2]
        given = ", ".join(f"{name!r}: ..." for name in missing)
        report.note(entry.name, f"not tried, because it needs {', '.join(missing)}; give {{{short!r}: {{{given}}}}}")
        return None
    return table


def snapshot(value: Any, seen: frozenset[int] = frozenset()) -> Any:
    """Return a copy of the numbers in a value that can be compared with a later one."""
    if id(value) in seen:
        return None
    if value is None or isinstance(value, bool | int | float | complex | str):
        return repr(value)  # NaN is itself
    inside = seen | {id(value)}
    if hasattr(value, "state_dict"):
        return snapshot(dict(value.state_dict()), inside)
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _bytes(value)
    if isinstance(value, Mapping):
        return {key: snapshot(item, inside) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [snapshot(item, inside) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):  # its fields alone: a cache may fill with use
        return {field.name: snapshot(getattr(value, field.name), inside) for field in dataclasses.fields(value)}
    return None


def _bytes(array: Any) -> tuple[str, tuple[int, ...], bytes]:
    import numpy as np

    if hasattr(array, "detach"):
        array = array.detach().cpu()
    plain = np.asarray(array)
    return str(plain.dtype), plain.shape, plain.tobytes()
