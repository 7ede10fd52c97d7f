"""What a solver does when it is run."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symmetron import _compute, _threads
from symmetron._build import Plan, plan
from symmetron._conformance import _batch
from symmetron._conformance._fresh import X64_AT_START
from symmetron._conformance._inputs import snapshot, with_example
from symmetron._conformance._parameters import unknown_units
from symmetron._conformance._report import Report
from symmetron._entry import Entry
from symmetron._parameters import services
from symmetron.errors import ResultError


def check(report: Report, entry: Entry, example: Mapping[str, Any]) -> None:
    """Run the solver with its example, or its defaults, and check its result and what it leaves behind."""
    table = with_example(report, entry, _batch.first_cell(entry, example), seed=0)
    columns = None if table is None else _checked_run(report, entry, table)
    if columns is None:
        if unknown := unknown_units(entry, [*entry.options["outputs"], *_dimensions(entry)]):
            report.note(f"{entry.name}, units", f"not known to be outputs without a run: {', '.join(unknown)}")
        return
    for key, hint in unknown_units(entry, [*columns, *_dimensions(entry)]).items():
        report.finding(f"{entry.name}, units", f"{key!r} is no parameter and no output{hint}")
    if table is not None and entry.options["batch"]:
        _batch.check(report, plan(table), example)


def _dimensions(entry: Entry) -> list[str]:
    return [dim for dims in entry.options["outputs"].values() if isinstance(dims, tuple) for dim in dims]


def _checked_run(report: Report, entry: Entry, table: Mapping[str, Any]) -> Mapping[str, np.ndarray] | None:
    """Run once, and once more where chance or a service may change the result; return the outputs by name."""
    solver_plan = arguments = None
    with report.using(f"{entry.name}, reading its parameters"):
        solver_plan = plan(table)
        arguments = solver_plan.arguments()
    if solver_plan is None or arguments is None:
        return None
    inputs, settings = snapshot(arguments), _settings()
    first = _run(report, entry, arguments)
    if first is None:
        return None
    for name, before in inputs.items():
        report.holds(
            snapshot(arguments[name]) == before,
            f"{entry.name}, parameter {name!r}",
            "running changes what was given; work on a copy",
        )
    for name, value in _settings().items():
        if settings.get(name, value) != value:
            report.finding(
                entry.name, f"running changes {name} for everyone; change it in a `with` block, or not at all"
            )
    for name in entry.options["outputs"]:
        report.holds(
            name in first, f"{entry.name}, output {name!r}", "it is declared and not returned; return it always"
        )
    _flags(report, entry, first)
    _repeats(report, entry, solver_plan, first)
    return first


def _run(
    report: Report, entry: Entry, arguments: Mapping[str, Any], extra: Mapping[str, Any] = {}
) -> dict[str, np.ndarray] | None:
    """Call the target; return its outputs, or None after a finding."""
    result = None
    shown = ", ".join(f"{name}={_short(value)}" for name, value in arguments.items())
    with report.using(f"{entry.name}, run({shown})"), _threads.limited(1):
        result = entry.load()(**arguments, **extra)
        try:
            columns, shared = _compute._columns(entry, result, None)
        except ResultError as error:
            report.findings.append(error)
            return None
        return {name: column[0] for name, column in columns.items()} | shared
    return None


def _short(value: Any) -> str:
    text = repr(value).partition("\n")[0]
    return text if len(text) <= 40 else f"{text[:37]}..."


def _flags(report: Report, entry: Entry, columns: Mapping[str, np.ndarray]) -> None:
    bad = [name for name, value in columns.items() if value.dtype.kind in "fc" and np.isnan(value).any()]
    if bad and not any(value.dtype.kind == "b" for value in columns.values()):
        report.finding(
            f"{entry.name}, output {bad[0]!r}", "it is NaN and no flag says why; return one, such as 'converged': False"
        )


def _repeats(report: Report, entry: Entry, solver_plan: Plan, first: Mapping[str, np.ndarray]) -> None:
    wanted = services(entry.load())
    if not wanted and not entry.options["stochastic"]:
        return
    calls: list[tuple[Any, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        given = {"progress": lambda *values: calls.append(values), "checkpoint": Path(folder)}
        again = _run(report, entry, solver_plan.arguments(), {name: given[name] for name in wanted})
    if again is None:
        return
    cause = "with the same seed" if entry.options["stochastic"] else f"with {' and '.join(wanted)} given"
    report.holds(
        _same(first, again),
        entry.name,
        f"running it again {cause} gives another result; draw from the seed alone, and let services change no number",
    )
    odd = [values for values in calls if len(values) != 3 or not isinstance(values[2], str)]
    if odd:
        report.finding(entry.name, f"it calls progress{odd[0]!r}; call progress(done, total, text)")


def _same(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype
        and one[name].shape == other[name].shape
        and one[name].tobytes() == other[name].tobytes()
        for name in one
    )


def _settings() -> dict[str, Any]:
    """Return the settings of this process that a solver has no right to change, by what they are called."""
    legacy: Any = np.random.get_state()
    found = {
        "the floating-point error handling of numpy (seterr)": np.geterr(),
        "the print options of numpy": repr(np.get_printoptions()),
        "the global random state of numpy": (legacy[1].tobytes(), legacy[2]),
        "the global random state of Python": random.getstate(),
    }
    jax, torch = sys.modules.get("jax"), sys.modules.get("torch")
    # A solver may be the first to import these, so what they start with counts as the setting before.
    found["the jax option jax_enable_x64"] = jax.config.jax_enable_x64 if jax else X64_AT_START
    found["the default dtype of torch"] = str(torch.get_default_dtype()) if torch else "torch.float32"
    if torch:
        found["the global random state of torch"] = torch.get_rng_state().numpy().tobytes()
        found["the gradient mode of torch"] = torch.is_grad_enabled()
    return found
