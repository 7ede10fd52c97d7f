"""For authors of plugins: the conformance check, and plugins lent to a test."""

from ._conformance import check_plugin
from ._lend import lend_plugin

__all__ = ["check_plugin", "lend_plugin"]
