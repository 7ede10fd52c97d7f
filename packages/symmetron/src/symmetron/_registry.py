"""Discovery: every plugin is loaded by itself, so that a broken one never hides another."""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import os
import traceback
from dataclasses import asdict, dataclass
from functools import cache
from types import ModuleType

import pluggy

from symmetron import hookspecs
from symmetron._entry import KINDS, Entry
from symmetron._registrar import Collector
from symmetron.errors import PluginError, UnknownEntry, nearest, suggest

GROUP = "symmetron.plugins"
HOOK = "symmetron_register"


@dataclass(frozen=True)
class Broken:
    """A plugin that could not be used, and what to do about it."""

    package: str
    version: str
    stage: str
    message: str
    where: str
    hint: str

    def __str__(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return f"{self.package} {self.version}: {self.stage}{place}: {self.message}. {self.hint}"

    def as_dict(self) -> dict[str, str]:
        """Return the fields as a JSON-able dict."""
        return asdict(self)


class _Defect(Exception):
    """A finding that no exception of Python stands for."""

    def __init__(self, stage: str, message: str, hint: str, where: str = ""):
        super().__init__(message)
        self.stage, self.hint, self.where = stage, hint, where


@dataclass(frozen=True)
class Registry:
    """What is installed: the entries by full name, and the plugins that are broken."""

    entries: dict[str, Entry]
    broken: tuple[Broken, ...]
    packages: frozenset[str]


@cache
def registry() -> Registry:
    """Discover all plugins once a process.

    Raises:
        PluginError: A plugin is broken and the environment variable ``SYMMETRON_STRICT`` is 1.
    """
    found: dict[str, Entry] = {}
    points, broken = _points()
    points.sort(key=lambda point: (point.name, point.value))
    owners = [_owner(point)[0] for point in points]
    for point, owner in zip(points, owners, strict=True):
        collected = _load(point, twice=owners.count(owner) > 1)
        if isinstance(collected, Broken):
            broken.append(collected)
        else:
            found.update(collected)
    if broken and os.environ.get("SYMMETRON_STRICT") == "1":
        raise PluginError("; ".join(map(str, broken)))
    packages = frozenset(owners).union(report.package for report in broken)
    return Registry(dict(sorted(found.items())), tuple(broken), packages)


def entries(kind: str | None = None, package: str | None = None, tag: str | None = None) -> tuple[Entry, ...]:
    """Return the registered entries, sorted by full name; no target is imported.

    Args:
        kind: Keep only ``group``, ``model``, ``loss``, ``solver`` or ``dataset``.
        package: Keep only the entries of this distribution.
        tag: Keep only the entries with this tag.

    Raises:
        ValueError: ``kind`` is none of the five, or no plugin is of that ``package``.

    Examples:
        >>> import symmetron as sym
        >>> [entry.name for entry in sym.entries(kind="group", package="liegroups", tag="finite")]
        ['liegroups/cyclic', 'liegroups/dihedral', 'liegroups/icosahedral', 'liegroups/octahedral',
         'liegroups/symmetric', 'liegroups/tetrahedral']
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}{suggest(kind, KINDS)}")
    if package is not None and package not in registry().packages:
        raise ValueError(f"no plugin of a package {package!r} is installed{suggest(package, registry().packages)}")
    return tuple(
        entry
        for entry in registry().entries.values()
        if (kind is None or entry.kind == kind)
        and (package is None or entry.package == package)
        and (tag is None or tag in entry.tags)
    )


def entry(name: str) -> Entry:
    """Return the entry with this full name.

    Raises:
        UnknownEntry: There is none; the message names the nearest ones.

    Examples:
        >>> import symmetron as sym
        >>> sym.entry("liegroups/so").kind
        'group'
    """
    try:
        return registry().entries[name]
    except (KeyError, TypeError):
        raise UnknownEntry(name, registry().entries) from None


def broken() -> tuple[Broken, ...]:
    """Return the plugins that could not be used, each with the place of the fault and a next step."""
    return registry().broken


def _points() -> tuple[list[importlib.metadata.EntryPoint], list[Broken]]:
    """Return the entry points of plugins, and the distributions whose entry points cannot be read."""
    try:
        return list(importlib.metadata.entry_points(group=GROUP)), []
    except Exception:  # one malformed file fails the call for all: ask each distribution, which takes longer
        pass
    found: dict[str, list[importlib.metadata.EntryPoint]] = {}
    broken = []
    for distribution in importlib.metadata.distributions():
        package, version = _identity(distribution)
        if package in found:
            continue  # the first on the path is the one that is imported
        try:
            found[package] = list(distribution.entry_points.select(group=GROUP))
        except Exception as error:
            found[package] = []
            message = f"its entry_points.txt cannot be read ({type(error).__name__}: {error})"
            where = str(distribution.locate_file(""))
            hint = f"Each of its lines is name = module; reinstall {package}"
            broken.append(Broken(package, version, "metadata", message, where, hint))
    return [point for points in found.values() for point in points], broken


def _owner(point: importlib.metadata.EntryPoint) -> tuple[str, str]:
    return (point.name, "?") if point.dist is None else _identity(point.dist, point.name)


def _identity(distribution: importlib.metadata.Distribution, otherwise: str = "?") -> tuple[str, str]:
    """Return name and version of a distribution, also of one whose METADATA is empty or not there."""
    try:
        name, version = distribution.metadata["Name"], distribution.metadata["Version"]
    except Exception:  # as later versions of Python answer
        name = version = None
    return name or otherwise, version or "?"


def _load(point: importlib.metadata.EntryPoint, *, twice: bool) -> dict[str, Entry] | Broken:
    package, version = _owner(point)
    printed = io.StringIO()
    stage = "metadata"
    try:
        _check_metadata(point, twice=twice)
        with contextlib.redirect_stdout(printed):
            stage = "import"
            module = point.load()
            stage = "hook"
            manager = pluggy.PluginManager("symmetron")
            manager.add_hookspecs(hookspecs)
            _check_hooks(module)
            manager.register(module, name=point.name)
            stage = "registration"
            collector = Collector(package, version)
            manager.hook.symmetron_register(registrar=collector)
        if printed.getvalue():
            first = printed.getvalue().strip().splitlines()[:1]
            raise _Defect("import", f"it prints to standard output ({first})", "Use logging instead of print")
        return collector.entries
    except KeyboardInterrupt:
        raise
    except _Defect as defect:
        return Broken(package, version, defect.stage, str(defect), defect.where or point.value, defect.hint)
    except BaseException as error:  # SystemExit too: a plugin must not end its host
        message = f"{type(error).__name__}: {error}".rstrip(": ")
        return Broken(package, version, stage, message, _place(error) or point.value, _next_step(error, package))


def _check_metadata(point: importlib.metadata.EntryPoint, *, twice: bool) -> None:
    distribution = point.dist
    if distribution is None:
        return
    if twice:
        raise _Defect(
            "metadata",
            f"it names more than one plugin module in the entry-point group {GROUP!r}",
            "Keep the entry point that is named after the distribution, and register everything there",
        )
    package, version = _identity(distribution)
    if "?" in (package, version):
        raise _Defect("metadata", "its METADATA has no name or no version", f"Reinstall {point.name}")
    if _normal(point.name) != _normal(package):
        raise _Defect(
            "metadata",
            f"its entry point is named {point.name!r}",
            f"Name the entry point in [project.entry-points.'{GROUP}'] after the distribution, {package!r}",
        )
    for line in distribution.requires or ():
        # Cheap test first: parsing every requirement of every plugin would cost more than listing.
        if not line.startswith("symmetron") or "extra" not in line:
            continue
        from packaging.requirements import Requirement

        requirement = Requirement(line)
        ours = importlib.metadata.version("symmetron")
        meant = requirement.marker is None or requirement.marker.evaluate({"extra": "symmetron"})
        if requirement.name == "symmetron" and meant and not requirement.specifier.contains(ours, prereleases=True):
            raise _Defect(
                "version",
                f"incompatible: needs symmetron{requirement.specifier}, and {ours} is installed",
                f"Upgrade {package}, or install a symmetron it supports",
            )


def _check_hooks(module: ModuleType) -> None:
    marked = [name for name, value in vars(module).items() if hasattr(value, "symmetron_impl")]
    if HOOK in marked and len(marked) == 1:
        return
    wrong = [name for name in marked if name != HOOK]
    if wrong:
        message = f"there is no hook {wrong[0]!r}; did you mean {HOOK!r}?"
        raise _Defect("hook", message, "Rename the function", _line(module, wrong[0]))
    close = [HOOK] if callable(getattr(module, HOOK, None)) else _nearest_function(module)
    if close:
        raise _Defect(
            "hook",
            f"the function {close[0]!r} is not marked as the hook {HOOK!r}",
            'Decorate it with pluggy.HookimplMarker("symmetron")',
            _line(module, close[0]),
        )
    message = f"the module has no hook {HOOK!r}"
    raise _Defect("hook", message, "Define it; `symmetron new` writes an example", module.__file__ or "")


def _line(module: object, name: str) -> str:
    """Return file:line of a function of the module, or the file alone."""
    code = getattr(getattr(module, name, None), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else getattr(module, "__file__", None) or ""


def _nearest_function(module: ModuleType) -> list[str]:
    """Return the function of ``module`` whose name is most like the hook's, if any is near."""
    functions = [name for name, value in vars(module).items() if callable(value) and name.startswith("sym")]
    return nearest(HOOK, functions)


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _place(error: BaseException) -> str:
    """Return file:line of the plugin's own line that failed."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    if isinstance(error, pluggy.PluginValidationError):
        return _line(error.plugin, HOOK)
    hosts = tuple(os.path.join(os.path.dirname(str(host.__file__)), "") for host in (hookspecs, pluggy, importlib))
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(("<frozen", *hosts))
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _next_step(error: BaseException, package: str) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"Install {error.name.partition('.')[0]!r}, or reinstall {package}"
    if isinstance(error, pluggy.PluginValidationError):
        return f"The hook takes one argument: {HOOK}(registrar)"
    if isinstance(error, SystemExit):
        return "A plugin module must not call sys.exit when it is imported"
    return f"Report it to the authors of {package}, or uninstall it"
