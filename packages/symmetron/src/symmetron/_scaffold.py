"""A plugin package to start from: complete, small, with a test that passes unedited."""

from __future__ import annotations

import importlib.util
import keyword
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from string import Template

from symmetron.errors import BuildError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_FILES = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "$name"
version = "0.1.0"
description = "Models and solvers for symmetron"
requires-python = ">=3.11"
dependencies = ["pluggy>=1.5"]

[project.optional-dependencies]
symmetron = ["symmetron>=1.0,<2"]

[project.entry-points."symmetron.plugins"]
$name = "$module._symmetron"

[tool.hatch.build.targets.wheel]
packages = ["src/$module"]
""",
    "README.md": """\
# $name

Models and solvers for [symmetron](https://symmetron.github.io/symmetron/).

```console
$$ pip install -e . && pytest
$$ symmetron run $name/magnet -p T=0.5
```
""",
    "src/$module/__init__.py": '"""Models and solvers for symmetron."""\n',
    "src/$module/_symmetron.py": '''\
"""What $name offers to symmetron."""

import pluggy

hookimpl = pluggy.HookimplMarker("symmetron")


@hookimpl
def symmetron_register(registrar):
    """Register everything; targets are strings, imported on first use."""
    registrar.solver(
        "magnet",
        "$module.magnet:magnet",
        summary="Magnetisation of a mean-field magnet",
        units={"T": "J", "m": "1"},
    )
''',
    "src/$module/magnet.py": '''\
"""A magnet in mean-field theory."""

import math


def magnet(*, T: float = 0.5, steps: int = 10_000) -> dict:
    """Iterate m = tanh(m/T) from m = 1 to its fixed point.

    Args:
        T: Temperature, in units of the coupling J.
        steps: Most iterations; near T = 1 they converge slowly.

    Returns:
        The magnetisation `m` and whether it `converged`.

    Raises:
        ValueError: T is not positive.
    """
    if not T > 0:
        raise ValueError(f"T must be positive, got {T}")
    m = 1.0
    for _ in range(steps):
        last, m = m, math.tanh(m / T)
        if abs(m - last) < 1e-15:
            return {"m": m, "converged": True}
    return {"m": m, "converged": False}
''',
    "tests/test_plugin.py": '''\
"""The plugin keeps the contract, and its numbers are right."""

import pytest

import symmetron as sym


def test_plugin_conforms():
    assert sym.testing.check_plugin("$name") == []


def test_magnetisation():
    # Fixed point of m = tanh(2 m), by mpmath.findroot in 30 digits
    assert sym.run("$name/magnet", T=0.5)["m"].item() == pytest.approx(0.957504024077268741, abs=1e-12)


def test_sweep():
    result = sym.sweep("$name/magnet", {"T": [0.5, 2.0]})
    assert result["converged"].values.all()
    assert result["m"].values[1] == pytest.approx(0, abs=1e-12)  # no magnetisation above T = 1
''',
}


def new_plugin(name: str, folder: Path) -> list[Path]:
    """Write a plugin package into ``folder/name`` and return its files; it appears whole or not at all.

    Args:
        name: Name of the distribution: lower-case words joined by ``-``.
        folder: An existing folder, or one to make.

    Raises:
        BuildError: The name is not valid or hides a module, or ``folder/name`` exists or cannot be written.

    Examples:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [path.name for path in new_plugin("my-plugin", Path(folder))]
        ['pyproject.toml', 'README.md', '__init__.py', '_symmetron.py', 'magnet.py', 'test_plugin.py']
    """
    words = {"name": name, "module": _module(name)}
    home = Path(folder) / name
    if os.path.lexists(home):
        raise BuildError(f"{home} exists; name another plugin, or remove it")
    files = {Template(path).substitute(words): Template(text).substitute(words) for path, text in _FILES.items()}
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=home.parent))
    except OSError as error:
        raise BuildError(f"cannot write {home}: {error.strerror}") from None
    try:
        for path, text in files.items():
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            (part / path).write_text(text, encoding="utf-8")
        part.chmod(0o755)  # that of a temporary folder is private
        part.rename(home)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError):
            raise BuildError(f"cannot write {home}: {error.strerror}") from None
        raise
    return [home / path for path in files]


def _module(name: str) -> str:
    """Return the import name of a distribution, after checking that both are free to use."""
    if not _NAME.fullmatch(name):
        raise BuildError(f"a plugin is named with lower-case words joined by '-', as my-plugin, got {name!r}")
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in sys.stdlib_module_names:
        raise BuildError(f"a plugin cannot be named {name!r}, a word or a module of Python itself")
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    if found is not None and found.origin is not None:
        raise BuildError(f"a plugin cannot be named {name!r}, since {found.origin} is a module of that name")
    return module
