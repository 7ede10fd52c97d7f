"""One call of one solver, with provenance."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symmetron import _compute, _result, _threads
from symmetron._build import plan, read_table, with_dotted
from symmetron._grid import solver_entry
from symmetron._numbers import at_least_one

if TYPE_CHECKING:
    import xarray


def run(
    spec: str | os.PathLike[str] | Mapping[str, Any],
    /,
    *,
    progress: Callable[[int, int, str], None] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    threads: int = 1,
    **parameters: Any,
) -> xarray.Dataset:
    """Run a solver once.

    Args:
        spec: Full name of a solver, a table ``{"entry": name, ...}``, or a TOML file that holds one.
        progress: Called as ``progress(done, total, text)`` by solvers that report; it may raise ``Cancelled``.
        checkpoint: Directory where solvers that can keep what is needed to go on after an interruption.
        threads: Threads of the numerical libraries; one, as in a sweep, so that both give the same bits.
        **parameters: The solver's parameters; a model is a table, an object, or a full name.

    Returns:
        One variable an output, with units; the attributes hold the complete table (defaults included), the versions
        of all packages that took part, host and time.

    Raises:
        UnknownEntry: No entry has that name.
        ParameterError: A parameter is unknown, missing or of the wrong type.
        BuildError: The entry is not a solver.
        ValueError: ``threads`` is less than 1.
        MissingDevice: The parameter ``device`` names a device that is not here.

    Examples:
        >>> import symmetron as sym
        >>> model = {"entry": "hopfield-rsb/dense-hopfield", "P": 4}                  # doctest: +SKIP
        >>> float(sym.run("hopfield-rsb/rs", model=model, alpha=0.3, T=0.1)["m"])     # doctest: +SKIP
        0.9869621023747
    """
    at_least_one(threads=threads)
    table = with_dotted(read_table(spec), parameters)
    solver_entry(table)
    solver_plan = plan(table)
    _threads.require_device(str(solver_plan.values.get("device", "cpu")))
    started, clock = time.time(), time.perf_counter()
    task = _compute.Task(solver_plan.table(), {}, 1, None if checkpoint is None else str(checkpoint), threads)
    if checkpoint is not None and "checkpoint" in solver_plan.entry.services:
        Path(checkpoint).mkdir(parents=True, exist_ok=True)
    columns, shared = _compute.call(task, progress)
    if solver_plan.entry.options["stochastic"] and "seed" not in columns:
        columns["seed"] = np.asarray([solver_plan.values["seed"]])
    block = _compute.Block(columns, shared, ("",), {})
    seconds = time.perf_counter() - clock
    attributes = _result.provenance([solver_plan], threads=threads, started=started, seconds=seconds)
    return _result.assemble(
        solver_plan.entry, {}, [block], [np.zeros(1, int)], attributes, _result.all_units(solver_plan)
    ).drop_vars("failed")
