"""Plugins that exist for the length of a ``with`` block, for tests of hosts and of plugins."""

from __future__ import annotations

import contextlib
import importlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from symmetron._registry import GROUP, registry


@contextlib.contextmanager
def lend_plugin(
    name: str, source: str, *, version: str = "1.0.0", requires: Sequence[str] = (), entry_point: str | None = None
) -> Iterator[Path]:
    """Install a one-module plugin for the length of a ``with`` block; worker processes see it too.

    Args:
        name: Name of the distribution; its module is the same with underscores.
        source: Text of the module, with the hook.
        version: Version of the distribution.
        requires: Lines of its ``Requires-Dist`` metadata.
        entry_point: Name of the entry point, if it shall differ from the distribution's.

    Yields:
        The folder that holds the module.

    Examples:
        >>> import symmetron as sym
        >>> source = '''
        ... import pluggy
        ... @pluggy.HookimplMarker("symmetron")
        ... def symmetron_register(registrar):
        ...     registrar.solver("twice", "lent_plugin:twice", summary="Doubles a number.")
        ... def twice(*, x: float):
        ...     return {"y": 2 * x}
        ... '''
        >>> with sym.testing.lend_plugin("lent-plugin", source):
        ...     float(sym.run("lent-plugin/twice", x=4)["y"])
        8.0
    """
    module = name.replace("-", "_")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        info = root / f"{module}-{version}.dist-info"
        info.mkdir()
        needs = "".join(f"Requires-Dist: {line}\n" for line in requires)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{entry_point or name} = {module}\n")
        (root / f"{module}.py").write_text(source)
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        registry.cache_clear()
        try:
            yield root
        finally:
            sys.path.remove(folder)
            sys.modules.pop(module, None)
            registry.cache_clear()
