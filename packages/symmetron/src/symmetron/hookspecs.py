"""The plugin contract: one hook, and what a plugin may register through it.

A plugin marks its hook with ``pluggy.HookimplMarker("symmetron")`` and names its module in the entry-point group
``symmetron.plugins`` under the name of its distribution. It depends on ``pluggy`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import pluggy

hookspec = pluggy.HookspecMarker("symmetron")


class Registrar(Protocol):
    """Collects what a plugin offers; every ``target`` is a string ``"module:attr"`` that is resolved on first use."""

    def group(self, name: str, target: str, *, summary: str, paper: str = "", tags: Sequence[str] = ()) -> None:
        """Register a group with the members of ``liegroups.Group``."""

    def model(
        self,
        name: str,
        target: str,
        *,
        summary: str,
        family: str = "network",
        inputs: Mapping[str, str] = {},
        outputs: Mapping[str, str] = {},
        equivariance: Mapping[str, str] = {},
        backends: Sequence[str] = ("torch",),
        devices: Sequence[str] = ("cpu", "cuda"),
        dtypes: Sequence[str] = ("float32", "float64"),
        paper: str = "",
        tags: Sequence[str] = (),
    ) -> None:
        """Register a factory of networks or of physics models; inputs and outputs are feature words."""

    def loss(
        self,
        name: str,
        target: str,
        *,
        summary: str,
        backends: Sequence[str] = ("torch",),
        paper: str = "",
        tags: Sequence[str] = (),
    ) -> None:
        """Register a loss or a penalty."""

    def solver(
        self,
        name: str,
        target: str,
        *,
        summary: str,
        units: Mapping[str, str] = {},
        outputs: Mapping[str, Sequence[str]] = {},
        batch: Sequence[str] = (),
        block: int = 1024,
        stochastic: bool = False,
        backends: Sequence[str] = ("numpy",),
        devices: Sequence[str] = ("cpu",),
        plot: str = "",
        paper: str = "",
        tags: Sequence[str] = (),
    ) -> None:
        """Register a function with keyword-only parameters that returns a dict of scalars and arrays.

        ``plot`` is a ``"module:attr"`` that draws a result, or raises ``ValueError`` where it has no picture of it.
        """

    def dataset(
        self,
        name: str,
        target: str,
        *,
        summary: str,
        units: Mapping[str, str] = {},
        outputs: Mapping[str, Sequence[str]] = {},
        licence: str = "",
        size: str = "",
        tags: Sequence[str] = (),
    ) -> None:
        """Register a loader that returns a dict of arrays."""


@hookspec
def symmetron_register(registrar: Registrar) -> None:
    """Register everything the distribution offers; called once, after the version of the umbrella is checked."""
