"""The record of one registered thing; what it points to is imported on first use."""

from __future__ import annotations

import contextlib
import importlib.util
import pkgutil
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from symmetron.errors import PluginError

if TYPE_CHECKING:
    from symmetron._parameters import Parameter

Kind = Literal["group", "model", "loss", "solver", "dataset"]
KINDS: tuple[str, ...] = ("group", "model", "loss", "solver", "dataset")
_importing = threading.RLock()  # redirecting the standard output changes the whole process: one thread at a time


@dataclass(frozen=True)
class Entry:
    """One group, model, loss, solver or dataset of an installed package.

    Attributes:
        name: Full name ``<distribution>/<name>``.
        kind: ``group``, ``model``, ``loss``, ``solver`` or ``dataset``.
        package: Distribution that registered it.
        version: Version of that distribution.
        target: ``"module:attr"``, imported by :meth:`load`.
        summary: One sentence.
        paper: Reference, for example an arXiv number.
        tags: Words to filter by.
        options: What only this kind has (``units``, ``batch``, ``inputs``, ...), as registered.
    """

    name: str
    kind: str
    package: str
    version: str
    target: str
    summary: str
    paper: str = ""
    tags: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> Callable[..., Any]:
        """Import and return the target.

        Raises:
            PluginError: The module cannot be imported or has no such attribute.
        """
        return self._loaded

    @cached_property
    def _loaded(self) -> Callable[..., Any]:
        return resolve(self.target, self.name)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Names, types, defaults, documentation and units, read from the target's signature and docstring."""
        from symmetron._parameters import read_parameters

        return read_parameters(self)

    @cached_property
    def services(self) -> tuple[str, ...]:
        """Which of ``progress`` and ``checkpoint`` the target asks for."""
        from symmetron._parameters import services

        return services(self.load())

    @property
    def doc(self) -> str:
        """The target's docstring."""
        import inspect

        return inspect.getdoc(self.load()) or ""

    @property
    def missing_library(self) -> str:
        """The library it declares to compute with, if none of those is installed; else the empty string."""
        backends = self.options.get("backends", ())
        usable = not backends or any(importlib.util.find_spec(name) is not None for name in backends)
        return "" if usable else backends[0]

    @property
    def units(self) -> Mapping[str, str]:
        """Units of parameters and outputs."""
        return self.options.get("units", {})

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able description that needs no import of the target."""
        plain = {key: dict(value) if isinstance(value, Mapping) else value for key, value in self.options.items()}
        return {
            "name": self.name,
            "kind": self.kind,
            "package": self.package,
            "version": self.version,
            "summary": self.summary,
            "target": self.target,
            "paper": self.paper,
            "tags": list(self.tags),
            **plain,
        }


def resolve(target: str, owner: str) -> Callable[..., Any]:
    """Import ``"module:attr"`` for the entry ``owner``; what its module prints goes to stderr, not into our output."""
    try:
        with _importing, contextlib.redirect_stdout(sys.stderr):
            return pkgutil.resolve_name(target)
    except ModuleNotFoundError as error:
        raise PluginError(
            f"{owner}: target {target!r} needs the module {error.name!r}, which is not installed; "
            "install it, or the extra of the package that brings it"
        ) from error
    except AttributeError as error:
        raise PluginError(f"{owner}: target {target!r} does not resolve ({error})") from error
    except (Exception, SystemExit) as error:  # a target must not end its host
        raise PluginError(f"{owner}: importing {target!r} raised {type(error).__name__}: {error}") from error
