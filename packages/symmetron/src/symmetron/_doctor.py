"""The state of the installation: versions, devices, broken plugins, targets that do not resolve."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import dataclass, field
from typing import Any

from symmetron import _threads
from symmetron._entry import resolve
from symmetron._registry import registry
from symmetron.errors import PluginError

_LIBRARIES = ("numpy", "scipy", "torch", "jax", "xarray", "netCDF4", "matplotlib", "distributed")


@dataclass
class Diagnosis:
    """What :func:`diagnose` found; ``findings`` are what needs attention, a sentence each.

    ``unusable`` are the entries that compute with an optional library that is not installed.
    """

    versions: dict[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    packages: dict[str, str] = field(default_factory=dict)
    liegroups: str = ""
    entries: int = 0
    unusable: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as a JSON-able dict."""
        return {**vars(self), "devices": list(self.devices)}


def diagnose() -> Diagnosis:
    """Load every target and say what is installed and what is wrong."""
    found = registry()
    packages = {entry.package: entry.version for entry in found.entries.values()}
    result = Diagnosis(
        versions={"python": platform.python_version(), **{name: _version(name) for name in ("symmetron", *_LIBRARIES)}},
        devices=_threads.devices(),
        packages=packages,
        entries=len(found.entries),
        findings=[str(broken) for broken in found.broken],
    )
    for entry in found.entries.values():
        for target in filter(None, (entry.target, entry.options.get("plot", ""))):
            try:
                resolve(target, entry.name)
            except PluginError as error:
                if entry.missing_library:
                    result.unusable.append(
                        f"{entry.name} computes with {entry.missing_library}, which is not installed"
                    )
                    break
                result.findings.append(str(error))
    result.liegroups = _origin_of_liegroups(result.findings)
    return result


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _origin_of_liegroups(findings: list[str]) -> str:
    """Return the file of ``liegroups``: an unrelated package has the same name on the public index, below version 1."""
    import liegroups

    version = _version("liegroups")
    if not hasattr(liegroups, "equivariance_error") or version.partition(".")[0] in ("0", "not installed"):
        findings.append(
            f"liegroups {version} at {liegroups.__file__} is not the one symmetron needs (1.0 or later): "
            "another package of that name is installed; uninstall it and install ours from the repository"
        )
    return str(liegroups.__file__)
