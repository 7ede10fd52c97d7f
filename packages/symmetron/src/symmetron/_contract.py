"""The conformance check: everything the contract asks of a plugin, tried on the real thing."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any

import numpy as np

from liegroups import Group, Rep, equivariance_error
from symmetron import _compute
from symmetron._build import Plan, plan
from symmetron._compat import EXACT, random_inputs
from symmetron._entry import Entry, resolve
from symmetron._parameters import REQUIRED, argument_docs, services
from symmetron._registry import GROUP, registry
from symmetron._symmetrize import words_of
from symmetron.errors import PluginError, suggest

HEAVY = ("torch", "jax", "numpy", "scipy", "matplotlib", "xarray", "symmetron")


def check_plugin(distribution: str) -> list[str]:
    """Check an installed plugin against the contract.

    The hook module must import nothing heavy; every target must resolve; every parameter must be annotated and
    documented; declared names must exist; solvers and groups that can be built from their defaults are run and must
    return what they declare, a batch the same as its cells; networks must be as equivariant as they say.

    Args:
        distribution: Name of the installed distribution.

    Returns:
        What could not be tried, a sentence each (for example a solver with required parameters, which is not run).

    Raises:
        ExceptionGroup: All findings at once, each a ``PluginError`` that names the entry and what is wrong.

    Examples:
        >>> import symmetron as sym
        >>> notes = sym.testing.check_plugin("liegroups")
    """
    notes: list[str] = []
    findings = [PluginError(text) for text in _findings(distribution, notes)]
    if findings:
        raise ExceptionGroup(f"{distribution} does not conform to the plugin contract", findings)
    return notes


def _findings(distribution: str, notes: list[str]) -> Iterator[str]:
    found = registry()
    broken = [one for one in found.broken if one.package == distribution]
    if broken:
        yield from map(str, broken)
        return
    entries = [entry for entry in found.entries.values() if entry.package == distribution]
    if not entries:
        installed = sorted({entry.package for entry in found.entries.values()})
        yield f"no installed plugin is named {distribution!r}{suggest(distribution, installed)}"
        return
    yield from _packaging(distribution)
    for entry in entries:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            texts = list(_entry(entry, notes))
        yield from (f"{entry.name}: {text}" for text in texts)
        if printed.getvalue():
            yield f"{entry.name}: it prints to standard output; use logging or progress instead"


def _packaging(distribution: str) -> Iterator[str]:
    requires = metadata.requires(distribution) or []
    if not any(re.match(r"pluggy\b", line) for line in requires):
        yield f"{distribution} does not require pluggy, which its hook needs"
    if not any(re.match(r"symmetron\b", line) and "extra" in line for line in requires):
        yield f"{distribution} declares no range of symmetron; add the extra symmetron = ['symmetron>=1.0,<2']"
    (point,) = metadata.distribution(distribution).entry_points.select(group=GROUP)
    code = f"import sys, {point.module}; print(*sorted({set(HEAVY)} & set(sys.modules)))"
    paths = f"import sys; sys.path[:0] = {[path for path in sys.path if path]!r}; "
    done = subprocess.run([sys.executable, "-c", paths + code], capture_output=True, text=True, check=False)
    if done.returncode:
        yield f"{point.module} cannot be imported by itself: {done.stderr.strip().splitlines()[-1]}"
    elif done.stdout.split():
        yield f"importing {point.module} loads {', '.join(done.stdout.split())}; import them where they are used"


def _entry(entry: Entry, notes: list[str]) -> Iterator[str]:
    try:
        target = entry.load()
        if entry.options.get("plot"):
            resolve(entry.options["plot"], entry.name)
    except PluginError as error:
        yield str(error)
        return
    yield from _signature(entry, target)
    yield from _declared(entry)
    if any(parameter.required for parameter in entry.parameters) and entry.kind in ("solver", "dataset"):
        notes.append(f"{entry.name} has required parameters and was not run")
    elif entry.kind == "solver":
        yield from _run(entry)
    if entry.kind == "group" and "infinite-dimensional" not in entry.tags:
        yield from _group(entry, notes)
    if entry.kind == "model" and entry.options["family"] == "network":
        yield from _network(entry, notes)


def _signature(entry: Entry, target: Any) -> Iterator[str]:
    doc = inspect.getdoc(target) or ""
    docs = argument_docs(doc) or argument_docs(inspect.getdoc(getattr(target, "__init__", None)) or "")
    if not doc:
        yield "its target has no docstring"
    for name, parameter in inspect.signature(target).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            yield f"its target takes {parameter}, so nobody can read its parameters"
            continue
        if entry.kind == "solver" and parameter.kind is not parameter.KEYWORD_ONLY:
            yield f"parameter {name!r} of a solver must be keyword-only"
        if parameter.annotation is REQUIRED:
            yield f"parameter {name!r} has no annotation"
        if name not in docs and name not in services(target):
            yield f"parameter {name!r} is not described in the section Args of the docstring"


def _declared(entry: Entry) -> Iterator[str]:
    names = [parameter.name for parameter in entry.parameters]
    for name in entry.options.get("batch", ()):
        if name not in names:
            yield f"batch names {name!r}, which is no parameter{suggest(name, names)}"
    if entry.options.get("stochastic") and "seed" not in names:
        yield "a stochastic solver needs a parameter 'seed'"
    for key in ("inputs", "outputs"):
        for name, word in entry.options.get(key, {}).items() if entry.kind == "model" else ():
            try:
                Rep(word, _Plane())
            except (ValueError, TypeError) as error:
                yield f"{key}[{name!r}]: {error}"
    wanted = entry.options.get("equivariance", {}).get("group", "")
    if wanted.startswith("$") and wanted[1:] not in names:
        yield f"equivariance names the parameter {wanted!r}, which does not exist{suggest(wanted[1:], names)}"


class _Plane:
    """A group for parsing feature words: only its size matters."""

    name, n, dim, compact, affine = "SO(2)", 2, 1, True, False


def _run(entry: Entry) -> Iterator[str]:
    complete = plan({"entry": entry.name})
    before = repr(complete.table())
    try:
        columns, shared = _compute.call(_compute.Task(complete.table(), {}, 1))
    except Exception as error:
        yield f"with its defaults it raised {type(error).__name__}: {error}"
        return
    if repr(complete.table()) != before:
        yield "it changes its arguments in place"
    returned = {*columns, *shared}
    for name in entry.options["outputs"]:
        if name not in returned:
            yield f"outputs names {name!r}, which is not returned{suggest(name, returned)}"
    known = returned | {parameter.name for parameter in entry.parameters}
    for name in entry.units:
        if name not in known:
            yield f"units names {name!r}, which is no parameter and not returned{suggest(name, known)}"
    if entry.options["batch"] and {*entry.options["batch"]} <= {*complete.values}:
        yield from _batch(entry, complete, columns)


def _batch(entry: Entry, complete: Plan, alone: Mapping[str, np.ndarray]) -> Iterator[str]:
    table = complete.table()
    cells = {name: np.asarray([table[name]] * 3) for name in entry.options["batch"]}
    try:
        together, _ = _compute.call(_compute.Task(table, cells, 3))
    except Exception as error:
        yield f"a batch of three cells raised {type(error).__name__}: {error}"
        return
    for name, values in alone.items():
        for row in together.get(name, ()):
            close = np.array_equal(row, values[0]) if values.dtype.kind in "bU" else np.allclose(row, values[0], 1e-9)
            if not close:
                yield f"{name!r} of a cell in a batch differs from the same cell alone"
                break
        if name not in together:
            yield f"{name!r} is returned for one cell and not for a batch"


def _group(entry: Entry, notes: list[str]) -> Iterator[str]:
    required = {parameter.name for parameter in entry.parameters if parameter.required}
    if not required <= {"n"}:
        notes.append(f"{entry.name} needs {', '.join(sorted(required))} and was not built")
        return
    group: Any = entry.load()(**dict.fromkeys(required, 3))
    if not isinstance(group, Group):
        yield "it lacks a member of the group protocol (see liegroups.Group)"
        return
    n = group.n
    shapes = {
        "generators()": (group.generators(), (group.dim, n, n)),
        "sample(2, 0)": (group.sample(2, 0, None if group.compact else 1.0), (2, n, n)),
    }
    for what, (array, shape) in shapes.items():
        if np.shape(array) != shape or getattr(array, "dtype", None) != np.float64:
            yield f"{what} must be float64 of shape {shape}, got {getattr(array, 'dtype', None)} of {np.shape(array)}"
    if np.shape(group.discrete_generators())[1:] != (n, n):
        yield f"discrete_generators() must have shape (m, {n}, {n}), got {np.shape(group.discrete_generators())}"
    elements = group.elements()
    if elements is not None and np.shape(elements)[1:] != (n, n):
        yield f"elements() must have shape (order, {n}, {n}) or be None, got {np.shape(elements)}"
    if not group.compact:
        try:
            group.sample(1, 0)
        except ValueError:
            return
        yield "sample without a scale must raise ValueError, since the group is not compact"


def _network(entry: Entry, notes: list[str]) -> Iterator[str]:
    declared = entry.options["equivariance"]
    if not declared or declared["group"].startswith("$"):
        return
    if declared.get("level") not in ("exact", "statistical"):
        yield f"the level of equivariance must be 'exact' or 'statistical', got {declared.get('level')!r}"
    if any(parameter.required for parameter in entry.parameters) or declared.get("level") != "exact":
        notes.append(f"{entry.name}: its equivariance was not measured")
        return
    model: Any = entry.load()()
    model = model.double() if hasattr(model, "double") else model
    group: Any = plan({"entry": declared["group"], "n": 3}).construct()
    inputs, outputs = words_of(model, entry.options["inputs"] or None, entry.options["outputs"] or None)
    if isinstance(outputs, Mapping) and len(outputs) == 1:
        outputs = next(iter(outputs.values()))
    x = random_inputs(inputs, group, entry.options["backends"][0], 0)
    scale = None if group.compact else 1.0
    error = equivariance_error(model, group, x, inputs, outputs, samples=16, scale=scale, local=False).rms
    if error > EXACT:
        yield f"it declares exact equivariance under {group.name} and has an error of {error:.1e} in float64"
