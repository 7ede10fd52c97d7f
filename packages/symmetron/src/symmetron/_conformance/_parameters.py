"""What an entry declares, held against the signature and docstring of its target."""

from __future__ import annotations

import collections.abc
import enum
import inspect
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import liegroups
from symmetron._conformance._report import Report
from symmetron._entry import Entry, resolve
from symmetron._parameters import SERVICES, Parameter, is_array
from symmetron._registry import registry
from symmetron.errors import PluginError, suggest

_ALLOWED = (
    "bool, int, float, complex, str, Literal, arrays, lists and tables of these, or an object that a table builds"
)
_LISTS = (list, tuple, collections.abc.Sequence, collections.abc.Iterable)
_TABLES = (dict, collections.abc.Mapping)
_REFUSED = (bytes, bytearray, memoryview, set, frozenset, range, slice, collections.abc.Set)


def resolves(report: Report, entry: Entry) -> bool:
    """Check that the target and the plot of the entry can be imported, and that the target has a signature."""
    for key, target in (("target", entry.target), ("plot", entry.options.get("plot", ""))):
        if not target:
            continue
        try:
            found = resolve(target, entry.name)
        except PluginError as error:
            if entry.missing_library:
                report.note(
                    entry.name, f"not checked: it computes with {entry.missing_library}, which is not installed"
                )
                return False
            report.findings.append(error)
            usable = False
        else:
            usable = report.holds(
                callable(found), f"{entry.name}, {key}", f"{target!r} is no function or class; name one"
            )
        if key == "target" and not usable:
            return False
    try:
        inspect.signature(entry.load())
    except (TypeError, ValueError):
        report.finding(entry.name, f"target {entry.target!r} has no signature to read; wrap it in a Python function")
        return False
    return True


def check(report: Report, entry: Entry) -> None:
    """Check parameters, declared keys, feature words and declared equivariance."""
    signature = inspect.signature(entry.load()).parameters
    report.holds(bool(entry.doc), entry.name, f"{entry.target!r} has no docstring; say what it does, and its units")
    documented = {parameter.name: parameter for parameter in entry.parameters}
    for name, parameter in signature.items():
        if name in SERVICES:
            report.holds(
                entry.kind != "solver" or parameter.default is None,
                f"{entry.name}, parameter {name!r}",
                "it must default to None; symmetron gives it where it is wanted",
            )
        elif name in documented:
            _parameter(report, entry, parameter, documented[name])
    if entry.kind == "solver":
        _solver(report, entry, signature)
    if entry.kind == "model":
        _model(report, entry, set(documented))


def _parameter(report: Report, entry: Entry, parameter: inspect.Parameter, read: Parameter) -> None:
    where = f"{entry.name}, parameter {read.name!r}"
    if parameter.annotation is parameter.empty:
        report.finding(where, f"it has no annotation; annotate it with {_ALLOWED}")
    else:
        wrong = _refused(read.annotation)
        report.holds(not wrong, where, f"its annotation {wrong} cannot be written in a table; use {_ALLOWED}")
    report.holds(
        bool(read.doc), where, f"the docstring says nothing about it; add `{read.name}: ...` to its `Args:` section"
    )


def _refused(annotation: Any) -> str:
    """Return the part of an annotation that no table can hold, or the empty string."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if is_array(annotation) or annotation in (None, type(None), Any):
        return ""
    if origin is typing.Annotated:
        return _refused(arguments[0])
    if origin is typing.Literal:
        odd = [choice for choice in arguments if not isinstance(choice, bool | int | str | None)]
        return repr(odd[0]) if odd else ""
    if origin in (typing.Union, types.UnionType, *_LISTS, *_TABLES):
        return next(filter(None, (_refused(choice) for choice in arguments if choice is not ...)), "")
    kind = origin or annotation
    if kind in _REFUSED:
        return str(getattr(kind, "__name__", kind))
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return f"{kind.__name__} (an Enum; a Literal of words does the same)"
    return ""


def _solver(report: Report, entry: Entry, signature: Mapping[str, inspect.Parameter]) -> None:
    for name, parameter in signature.items():
        where = f"{entry.name}, parameter {name!r}"
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            report.finding(where, "nobody can set or check what it collects; name every parameter")
        elif parameter.kind is not parameter.KEYWORD_ONLY:
            report.finding(where, "a solver's parameters are keyword-only; put `*` before the first of them")
    names = [name for name in signature if name not in SERVICES]
    for name in entry.options["batch"]:
        report.holds(name in names, f"{entry.name}, batch", f"there is no parameter {name!r}{suggest(name, names)}")
    if entry.options["stochastic"]:
        report.holds(
            "seed" in names,
            entry.name,
            "it is registered as stochastic and has no parameter 'seed'; add `seed: int`, and draw from it alone",
        )


def unknown_units(entry: Entry, outputs: Iterable[str]) -> dict[str, str]:
    """Return the keys of ``units`` that are no parameter and none of ``outputs``, each with a suggestion."""
    known = {parameter.name for parameter in entry.parameters} | set(outputs)
    return {key: suggest(key, sorted(known)) for key in entry.units if key.partition(".")[0] not in known}


def _model(report: Report, entry: Entry, parameters: set[str]) -> None:
    for option in ("inputs", "outputs"):
        for name, word in entry.options[option].items():
            try:
                liegroups.Rep(word, liegroups.O(3))
            except (ValueError, TypeError) as error:
                report.finding(f"{entry.name}, {option} {name!r}", str(error))
    _equivariance(report, entry, parameters)
    if "symmetrizer" in entry.tags:
        for name in sorted({"model", "group"} - parameters):
            report.finding(entry.name, f"it has the tag 'symmetrizer' and no parameter {name!r}; add it")
        report.holds(
            callable(getattr(entry.load(), "supports", None)),
            entry.name,
            f"it has the tag 'symmetrizer', and {entry.target!r} has no function `supports(group) -> bool`; add it",
        )


def _equivariance(report: Report, entry: Entry, parameters: set[str]) -> None:
    declared, where = entry.options["equivariance"], f"{entry.name}, equivariance"
    for key in sorted(set(declared) - {"group", "level"}):
        report.finding(where, f"unknown key {key!r}{suggest(key, ('group', 'level'))}")
    if not declared:
        return
    level, group = declared.get("level"), declared.get("group")
    report.holds(level in ("exact", "statistical"), where, f"level must be 'exact' or 'statistical', got {level!r}")
    groups = [name for name, other in registry().entries.items() if other.kind == "group"]
    if str(group).startswith("$"):
        name = str(group)[1:]
        report.holds(name in parameters, where, f"{group!r} stands for the parameter {name!r}, which it does not have")
    else:
        report.holds(
            group in groups, where, f"no group is registered as {group!r}{suggest(str(group), [*groups, '$group'])}"
        )
