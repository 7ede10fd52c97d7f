"""Checks and collects what one plugin registers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from symmetron import hookspecs
from symmetron._entry import KINDS, Entry
from symmetron.errors import PluginError, suggest

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_COMMON = ("summary", "paper", "tags")


def _options_of(kind: str) -> dict[str, Any]:
    """Return the keywords that only this kind takes, with their defaults, read from the hook specification."""
    signature = inspect.signature(getattr(hookspecs.Registrar, kind))
    return {
        name: parameter.default
        for name, parameter in signature.parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in _COMMON
    }


OPTIONS = {kind: _options_of(kind) for kind in KINDS}


class Collector:
    """The registrar that a plugin's hook receives: one method a kind (see ``symmetron.hookspecs.Registrar``)."""

    def __init__(self, package: str, version: str):
        self._package = package
        self._version = version
        self.entries: dict[str, Entry] = {}

    def __getattr__(self, kind: str):
        if kind not in KINDS:
            raise AttributeError(f"the registrar has no method {kind!r}{suggest(kind, KINDS)}")

        def register(name: str, target: str, *, summary: str, paper: str = "", tags=(), **options: Any) -> None:
            self._add(kind, name, target, summary, paper, tags, options)

        return register

    def _add(self, kind, name, target, summary, paper, tags, options) -> None:
        what = f"registrar.{kind}({name!r})"
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise PluginError(f"{what}: a name is lower-case words joined by '-'")
        if not isinstance(target, str) or not _TARGET.fullmatch(target):
            raise PluginError(f"{what}: target must be a string 'module:attr', got {target!r}")
        if not isinstance(summary, str) or not summary.strip() or "\n" in summary:
            raise PluginError(f"{what}: summary must be one line of text, got {summary!r}")
        for key in options:
            if key not in OPTIONS[kind]:
                raise PluginError(f"{what}: unknown keyword {key!r}{suggest(key, [*OPTIONS[kind], *_COMMON])}")
        full = f"{self._package}/{name}"
        if full in self.entries:
            first = self.entries[full]
            raise PluginError(f"{full} is registered twice: {first.kind} {first.target!r} and {kind} {target!r}")
        complete = {key: _like(what, key, default, options.get(key, default)) for key, default in OPTIONS[kind].items()}
        if kind == "model" and complete["family"] not in ("network", "physics"):
            raise PluginError(f"{what}: family must be 'network' or 'physics', got {complete['family']!r}")
        if kind == "solver" and complete["block"] < 1:
            raise PluginError(f"{what}: block must be at least 1, got {complete['block']}")
        if kind == "solver" and complete["stochastic"] and complete["batch"] and "seed" not in complete["batch"]:
            raise PluginError(f"{what}: a stochastic solver with batch parameters must list 'seed' among them")
        self.entries[full] = Entry(
            name=full,
            kind=kind,
            package=self._package,
            version=self._version,
            target=target,
            summary=summary,
            paper=paper,
            tags=_like(what, "tags", (), tags),
            options=complete,
        )


def _like(what: str, key: str, default: Any, value: Any) -> Any:
    """Return ``value`` in the shape of ``default`` (mapping, tuple of words, or a plain type)."""
    if isinstance(default, Mapping):
        if not isinstance(value, Mapping):
            raise PluginError(f"{what}: {key} must be a mapping, got {value!r}")
        return {str(k): tuple(v) if isinstance(v, list | tuple) else v for k, v in value.items()}
    if isinstance(default, tuple):
        if isinstance(value, str) or not all(isinstance(word, str) for word in value):
            raise PluginError(f"{what}: {key} must be a sequence of words, got {value!r}")
        return tuple(value)
    if not isinstance(value, type(default)) or (isinstance(value, bool) and not isinstance(default, bool)):
        raise PluginError(f"{what}: {key} must be {type(default).__name__}, got {value!r}")
    return value
