"""The metadata of a plugin's distribution, and its sources."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from symmetron._conformance._report import Report
from symmetron._registry import GROUP, entries, registry
from symmetron.errors import PluginError, suggest

_EXTRA = 'the extra [project.optional-dependencies] symmetron = ["symmetron>=1.0,<2"]'
_HUGE = "1000000"  # a version above every upper bound


def check(report: Report, name: str) -> EntryPoint | None:
    """Check metadata, discovery and sources; return the entry point, or None where nothing can be loaded."""
    try:
        distribution = importlib.metadata.distribution(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        known = {point.dist.name for point in importlib.metadata.entry_points(group=GROUP) if point.dist is not None}
        report.finding(name, f"no distribution of this name is installed{suggest(name, known)}")
        return None
    points = [point for point in distribution.entry_points if point.group == GROUP]
    _requirements(report, distribution)
    if not points:
        line = f"[project.entry-points.{GROUP!r}] {distribution.name} = '<import>._symmetron'".replace("'", '"')
        report.finding(name, f"it has no entry point in the group {GROUP!r}; add {line}")
        return None
    _sources(report, points[0])
    wanted = canonicalize_name(distribution.name)
    try:
        broken = [one for one in registry().broken if canonicalize_name(one.package) == wanted]
    except PluginError as error:  # SYMMETRON_STRICT
        report.finding(name, str(error))
        return None
    for one in broken:
        report.finding(name, f"it is broken: {one}")
    if broken:
        return None
    report.holds(bool(entries(package=distribution.name)), name, "its hook registers nothing; register an entry")
    return points[0]


def _requirements(report: Report, distribution: Distribution) -> None:
    where = f"{distribution.name}, metadata"
    required = [Requirement(line) for line in distribution.requires or ()]
    always = [one.name for one in required if one.marker is None or one.marker.evaluate({"extra": ""})]
    optional = [one for one in required if one.name == "symmetron" and one.marker is not None]
    report.holds("pluggy" in always, where, "it does not require pluggy; add 'pluggy>=1.5' to its dependencies")
    if "symmetron" in always:
        report.finding(where, f"it requires symmetron, which a plugin must not need; make it {_EXTRA}")
    elif not any(one.marker is not None and one.marker.evaluate({"extra": "symmetron"}) for one in optional):
        report.finding(where, f"it does not say which versions of symmetron it works with; add {_EXTRA}")
    elif any(not one.specifier or one.specifier.contains(_HUGE) for one in optional):
        report.finding(where, f"its extra 'symmetron' sets no upper bound on the version; write {_EXTRA}")


def _sources(report: Report, point: EntryPoint) -> None:
    for path in _files(point.module.partition(".")[0]):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError, OSError):
            continue  # importing it says so better
        for line in _imports_of_symmetron(tree):
            report.finding(
                f"{path}:{line}",
                "it imports symmetron, which a plugin must not need; move the import under "
                "`if TYPE_CHECKING:`, or take what you need as an argument",
            )


def _files(top: str) -> list[Path]:
    """Return the Python files of an import package, its tests left out."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is None:
        return [Path(spec.origin)] if spec.origin and spec.origin.endswith(".py") else []
    roots = [Path(folder) for folder in spec.submodule_search_locations]
    found = [(path, path.relative_to(root).parts) for root in roots for path in sorted(root.rglob("*.py"))]
    return [
        path
        for path, parts in found
        if "tests" not in parts and not path.name.startswith("test_") and path.name != "conftest.py"
    ]


def _imports_of_symmetron(node: ast.AST) -> Iterator[int]:
    """Yield the lines that import symmetron, those under ``if TYPE_CHECKING:`` left out."""
    if isinstance(node, ast.Import) and any(alias.name.partition(".")[0] == "symmetron" for alias in node.names):
        yield node.lineno
    if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] == "symmetron":
        yield node.lineno
    typing_only = isinstance(node, ast.If) and ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING"
    for child in node.orelse if isinstance(node, ast.If) and typing_only else ast.iter_child_nodes(node):
        yield from _imports_of_symmetron(child)
