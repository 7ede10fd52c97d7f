"""The grid of a sweep and its blocks, whose boundaries are a function of the grid alone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from symmetron import _canonical, _compute
from symmetron._build import Plan, check_value, entry_of, plan, with_dotted
from symmetron._entry import Entry
from symmetron._parameters import match
from symmetron.errors import BuildError, ParameterError, suggest


class Grid:
    """The cells of a sweep in C order, cut into blocks.

    A solver with batch parameters computes a block of cells that differ in these alone in one call, ``block`` cells at
    most; any other solver computes one cell a block.

    Args:
        table: The solver's table without the swept parameters.
        axes: Values a swept parameter, dotted names for parameters of nested tables.
        seed: The sweep's seed, from which each cell of a stochastic solver gets its own.

    Raises:
        ParameterError: A name or a value is wrong, or a parameter is both fixed and swept.
    """

    def __init__(self, table: Mapping[str, Any], axes: Mapping[str, Iterable[Any]], seed: int):
        self.entry: Entry = solver_entry(table)
        for name, values in axes.items():
            if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
                raise ParameterError(f"the swept parameter {name!r} needs a list of values, got {values!r}")
            if _is_set(table, name):
                raise ParameterError(f"the parameter {name!r} is both fixed and swept")
            for output, dims in self.entry.options["outputs"].items():
                if name in dims and not isinstance(dims, str):
                    raise ParameterError(
                        f"{self.entry.name}: {name!r} cannot be swept, it is a dimension of the output {output!r}"
                    )
        raw = {name: list(values) for name, values in axes.items()}
        for name in self.entry.options["batch"]:
            for value in (*raw.get(name, ()), *([table[name]] if name in table else ())):
                if isinstance(value, list | tuple | Mapping) or getattr(value, "ndim", 0):
                    raise ParameterError(f"{self.entry.name}: parameter {name!r} takes one value a cell; sweep it")
        self.shape = tuple(map(len, raw.values()))
        self.count = int(np.prod(self.shape, dtype=int))
        seeded = self.entry.options["stochastic"] and "seed" not in axes and "seed" not in table
        self._seed = seed if seeded else None
        if not self.count:
            self._check_empty(table, raw)
            self.axes = raw
            return
        first = {name: values[0] for name, values in raw.items()} | ({"seed": 0} if seeded else {})
        self.plan = plan(with_dotted(table, first))
        self.axes = {name: [self._coerced(name, value) for value in values] for name, values in raw.items()}
        self.plans = self._plans()
        self._try_physics()

    @property
    def sweeps_entries(self) -> bool:
        """Whether cells differ in the entries they name."""
        return any(
            name.endswith(".entry") or any(isinstance(value, Mapping) for value in values)
            for name, values in self.axes.items()
        )

    def blocks(self, threads: int) -> list[tuple[np.ndarray, _compute.Task]]:
        """Return for each block the flat indices of its cells and its task."""
        batch = self.entry.options["batch"]
        inner = [name for name in self.axes if name in batch]
        outer = [name for name in self.axes if name not in batch]
        indices = np.arange(self.count).reshape(self.shape)
        names = list(self.axes)
        indices = indices.transpose([names.index(name) for name in outer + inner])
        indices = indices.reshape([len(self.axes[name]) for name in outer] + [-1])
        inner_cells = list(itertools.product(*(self.axes[name] for name in inner)))
        size = self.entry.options["block"] if batch else 1
        table = self.plan.table()
        out = []
        for place in np.ndindex(indices.shape[:-1]):
            fixed = {name: self.axes[name][i] for name, i in zip(outer, place, strict=True)}
            for start in range(0, len(inner_cells), size):
                chosen = inner_cells[start : start + size]
                cells = [{**fixed, **dict(zip(inner, values, strict=True))} for values in chosen]
                task = self._task(with_dotted(table, fixed), cells, inner, threads)
                out.append((indices[place][start : start + size], task))
        return out

    def _task(self, base: dict[str, Any], cells: list[dict], inner: list[str], threads: int) -> _compute.Task:
        batch = self.entry.options["batch"]
        columns: dict[str, Any] = {name: [cell[name] for cell in cells] for name in inner}
        if self._seed is not None:
            complete = [with_dotted(base, cell) for cell in cells]
            for one in complete:
                one.pop("seed", None)
            columns["seed"] = [_compute.seed_of(self._seed, one) for one in complete]
        if batch:
            for name in batch:
                columns.setdefault(name, [base[name]] * len(cells))
            columns = {name: np.asarray(values) for name, values in columns.items()}
        for name in columns:
            base.pop(name, None)
        return _compute.Task(base, columns, len(cells), None, threads)

    def _check_empty(self, table: Mapping[str, Any], axes: Mapping[str, list]) -> None:
        """Check what is there: the fixed parameters, and the axes that have values."""
        trial = with_dotted(table, {name: values[0] for name, values in axes.items() if values})
        given = {name: value for name, value in trial.items() if name != "entry"}
        reached = {name.partition(".")[0] for name, values in axes.items() if not values}
        parameters = match(self.entry, {**dict.fromkeys(reached), **given})
        for name, value in given.items():
            if name not in reached:
                check_value(self.entry, parameters[name], value)

    def _coerced(self, name: str, value: Any) -> Any:
        """Return one value of one axis as the annotated type of the parameter it belongs to."""
        owner, last = self._owner(name)
        checked = check_value(owner.entry, owner.parameters[last], value)
        return checked.table() if isinstance(checked, Plan) else checked

    def _owner(self, name: str) -> tuple[Plan, str]:
        owner = self.plan
        *path, last = name.split(".")
        for step in path:
            owner = owner.values[step]
        if last not in owner.parameters:
            raise ParameterError(f"{owner.entry.name}: {last!r} cannot be swept{suggest(last, owner.parameters)}")
        return owner, last

    def _plans(self) -> list[Plan]:
        """Return the plan of the first cell, and that of every other value of an axis that changes a nested table."""
        changed = [
            {name: value}
            for name, values in self.axes.items()
            if "." in name or any(isinstance(value, Mapping) for value in values)
            for value in values[1:]
        ]
        return [self.plan, *(plan(with_dotted(self.plan.table(), change)) for change in changed)]

    def _try_physics(self) -> None:
        """Build the physics models of the grid (they are cheap records), so that a wrong one fails before any work."""
        for trial in self.plans:
            for nested in trial.plans():
                if nested.entry.options.get("family") == "physics":
                    try:
                        nested.construct()
                    except (ValueError, TypeError) as error:
                        raise ParameterError(f"{nested.entry.name}: {error}") from error


def solver_entry(table: Mapping[str, Any]) -> Entry:
    """Return the entry of a solver's table.

    Raises:
        UnknownEntry: No entry has the name.
        BuildError: The entry is not a solver, or none is named.
    """
    found = entry_of(table)
    if found.kind != "solver":
        raise BuildError(f"{found.name} is a {found.kind}, not a solver; use symmetron.build for a {found.kind}")
    return found


def _is_set(table: Mapping[str, Any], name: str) -> bool:
    head, _, rest = name.partition(".")
    if head not in table:
        return False
    return not rest or (isinstance(table[head], Mapping) and _is_set(table[head], rest))


def key_of(task: _compute.Task, versions: Mapping[str, str]) -> str:
    """Return the key under which the task's block is kept: all that may change a bit of it, and nothing else."""
    # A patch release never changes numbers; symmetron moves results, it does not make them.
    minor = {name: version.split(".")[:2] for name, version in versions.items() if name != "symmetron"}
    table = dict(task.table)
    if "device" in table:
        table["device"] = str(table["device"]).partition(":")[0]
    return _canonical.digest([table, task.cells, task.count, task.threads, minor])


def cells_text(task: _compute.Task) -> str:
    """Return the task's parameters as JSON, for people who open the store."""
    return json.dumps(_canonical.readable({"table": task.table, "cells": task.cells}), sort_keys=True)
