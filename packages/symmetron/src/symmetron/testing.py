"""For authors of plugins: the conformance check, and plugins lent to a test."""

from ._lend import lend_plugin

__all__ = ["lend_plugin"]
