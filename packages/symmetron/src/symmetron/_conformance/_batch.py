"""A batch of cells against the same cells one at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symmetron import _compute
from symmetron._build import Plan
from symmetron._conformance._report import Report, reason
from symmetron._entry import Entry

_TOLERANCE = 1e-9  # relative to the largest value, beyond what rounding in another order explains


def first_cell(entry: Entry, example: Mapping[str, Any]) -> dict[str, Any]:
    """Return the example with the first value of each batch parameter for which it lists several."""
    batch = entry.options["batch"]
    return {name: value[0] if name in batch and _is_list(value) else value for name, value in example.items()}


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or getattr(value, "ndim", 0) == 1


def check(report: Report, first: Plan, example: Mapping[str, Any]) -> None:
    """Compare one call for all cells with one call a cell.

    Args:
        report: What is found is added to it.
        first: The solver with the parameters of the first cell.
        example: Parameters as the author gave them.
    """
    where = f"{first.entry.name}, batch"
    cells = _cells(report, first.entry, first.values, example)
    if cells is None:
        return
    count = len(next(iter(cells.values())))
    table = {name: value for name, value in first.table().items() if name not in cells}
    with report.using(where):
        try:
            singles = [_call(table, {name: column[i : i + 1] for name, column in cells.items()}) for i in range(count)]
        except Exception as error:
            shown = {name: column.tolist() for name, column in cells.items()}
            report.note(where, f"not tried, for one of the cells {shown} is refused ({reason(error)}); list others")
            return
        together = _call(table, cells)
        names = set(together).union(*singles)
        for name in sorted(names):
            parts = [single[name] for single in singles if name in single]
            place = f"{where}, output {name!r}"
            if name in together and len(parts) == count:
                _compare(report, place, together[name], parts)
            else:
                report.finding(place, "a batch and single cells do not all return it; return it always")


def _cells(
    report: Report, entry: Entry, values: Mapping[str, Any], example: Mapping[str, Any]
) -> dict[str, np.ndarray] | None:
    """Return one value a cell of each batch parameter: those of the example, else three near its value."""
    names = [name for name in entry.options["batch"] if name in values]
    listed = {name: np.asarray(example[name]) for name in names if name in example and _is_list(example[name])}
    counts = {len(column) for column in listed.values()} or {3}
    if len(counts) > 1 or min(counts) < 2:
        report.finding(
            f"{entry.name}, batch", f"the example lists {sorted(counts)} cells; list equally many, three or more"
        )
        return None
    count = counts.pop()
    near = {
        name: _near(name, values[name], count)
        for name in names
        if name not in listed and isinstance(values[name], bool | int | float | str)
    }
    return listed | near or None


def _near(name: str, value: Any, count: int) -> np.ndarray:
    if name == "seed":
        return value + np.arange(count)
    return value * np.linspace(1.0, 0.8, count) if isinstance(value, float) else np.full(count, value)


def _call(table: Mapping[str, Any], cells: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the outputs with the cell first; a coordinate, which all cells share, is repeated."""
    count = len(next(iter(cells.values())))
    given = cells if count > 1 else {name: column.tolist() for name, column in cells.items()}
    columns, shared = _compute.call(_compute.Task(table, given, count))
    return columns | {name: np.broadcast_to(value, (count, *value.shape)) for name, value in shared.items()}


def _compare(report: Report, where: str, batched: np.ndarray, singles: Sequence[np.ndarray]) -> None:
    if len({single.shape for single in singles}) > 1:
        report.note(where, "not compared, because its length differs between cells")
        return
    alone = np.concatenate(singles)
    if batched.shape != alone.shape:
        what = f"a batch gives shape {batched.shape}, the cells one by one {alone.shape}"
        report.finding(where, f"{what}; put the cell first, and return scalars for scalars")
    elif batched.dtype.kind not in "fc" or alone.dtype.kind not in "fc":
        report.holds(
            bool((batched == alone).all()), where, "a batch gives other values than single cells; treat each alone"
        )
    elif not np.array_equal(batched, alone, equal_nan=True):
        far = _distance(batched, alone)
        text = f"a batch and single cells differ by {far:.1e} of the largest value"
        if far <= (_TOLERANCE if batched.dtype.itemsize >= 8 else 1e-4):
            report.note(where, f"{text}: equal, but not in every bit")
        else:
            report.finding(where, f"{text}; treat each cell alone")


def _distance(batched: np.ndarray, alone: np.ndarray) -> float:
    """Return the largest difference relative to the largest finite value; infinite where other cells are NaN."""
    finite = np.isfinite(batched) & np.isfinite(alone)
    if not np.array_equal(batched[~finite], alone[~finite], equal_nan=True):
        return float("inf")
    scale = np.max(np.abs(alone[finite]), initial=0) or 1.0
    return float(np.max(np.abs(batched[finite] - alone[finite]), initial=0) / scale)
