"""The conformance check of one plugin: every finding at once, each with its place and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from symmetron._conformance import _distribution, _fresh, _groups, _models, _parameters, _solvers
from symmetron._conformance._report import Report
from symmetron._entry import Entry
from symmetron._registry import entries
from symmetron.errors import UnknownEntry

_RUN = {"solver": _solvers.check, "group": _groups.check, "model": _models.check}


def check_plugin(distribution: str, examples: Mapping[str, Mapping[str, Any]] | None = None) -> list[str]:
    """Check that an installed plugin keeps the contract of ``symmetron.hookspecs``.

    Looked at are the metadata of the distribution, a fresh import of its modules, the signature, annotations and
    docstring of every target, and what its solvers, groups and networks do when they are used.

    Args:
        distribution: Name of the plugin's distribution, as given to ``pip install``.
        examples: Parameters to use an entry with, by the name of the entry; a solver whose parameters do not all have
            defaults is run with these, or not at all. A list for a batch parameter gives its cells (three or more).

    Returns:
        What could not be checked and what is worth knowing, a sentence each; empty if everything was checked.

    Raises:
        ExceptionGroup: All findings, a ``PluginError`` each: the entry, the place, and what to do.
        UnknownEntry: ``examples`` names an entry that the plugin does not have.

    Examples:
        >>> import symmetron as sym
        >>> notes = sym.testing.check_plugin("liegroups", {"so": {"n": 4}})
        >>> isinstance(notes, list)
        True
    """
    report = Report()
    point = _distribution.check(report, distribution)
    if point is not None:
        package = point.dist.name if point.dist is not None else point.name
        found = entries(package=package)
        given = _full_names(package, examples or {}, found)
        _fresh.check(report, point, found)
        for entry in found:
            _check_entry(report, entry, given.get(entry.name, {}))
    report.close(distribution)
    return report.notes


def _check_entry(report: Report, entry: Entry, example: Mapping[str, Any]) -> None:
    if not _parameters.resolves(report, entry):
        return
    _parameters.check(report, entry)
    run = _RUN.get(entry.kind)
    if run is None:
        report.note(entry.name, f"a {entry.kind} is not called; what it declares is checked")
    else:
        run(report, entry, example)


def _full_names(package: str, examples: Mapping[str, Mapping[str, Any]], found: tuple[Entry, ...]) -> dict[str, Any]:
    known = [entry.name for entry in found]

    def named() -> Iterator[tuple[str, Any]]:
        for name, values in examples.items():
            full = name if "/" in name else f"{package}/{name}"
            if known and full not in known:
                raise UnknownEntry(name, known)
            yield full, values

    return dict(named())
