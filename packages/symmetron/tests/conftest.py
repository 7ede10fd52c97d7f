"""Plugins that the tests of the umbrella lend themselves."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from symmetron.testing import lend_plugin

collect_ignore = ["plugins"]  # modules of a lent plugin, not tests

MAGNET = '''
"""A magnet in mean-field theory."""
import math
from typing import Literal

import pluggy


@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    registrar.solver(
        "mean-field", "magnet_plugin:mean_field", summary="Magnetisation m = tanh(m/T).", units={"T": "J", "m": "1"}
    )
    registrar.solver(
        "profile", "magnet_plugin:profile", summary="A line.", outputs={"y": ("x",)}, units={"x": "m", "y": "J"}
    )
    registrar.solver("extremes", "magnet_plugin:extremes", summary="What JSON has no number for.")
    registrar.solver("hold", "magnet_plugin:hold", summary="Says what it is given.")
    registrar.dataset("tiny", "magnet_plugin:tiny", summary="Three numbers.", licence="CC0")


def mean_field(*, T: float, start: Literal["up", "down"] = "up", device: str = "cpu"):
    """Iterate to the fixed point.

    Args:
        T: Temperature.
        start: Sign of the first magnetisation.
        device: Where to compute.
    """
    if T < 0:
        raise ValueError(f"T must not be negative, got {T}")
    m = 1.0 if start == "up" else -1.0
    for _ in range(10_000):
        last, m = m, math.tanh(m / T) if T else m
        if m == last:
            break
    return {"m": m, "converged": m == last}


def profile(*, slope: float = 2.0):
    import numpy as np

    x = np.linspace(0, 1, 5)
    return {"x": x, "y": slope * x}


def extremes():
    return {"least": -math.inf, "both": [math.nan, 1.0]}


def hold(*, inner):
    return {"name": inner.name}


def tiny():
    return {"values": [1, 2, 3]}
'''


@pytest.fixture
def magnet():
    """Lend the plugin `magnet-plugin` with its solvers `mean-field` and `profile`."""
    with lend_plugin("magnet-plugin", MAGNET) as folder:
        yield folder


@pytest.fixture(scope="module")
def lab():
    """Lend the plugin `lab-plugin` of the folder `plugins`."""
    plugins = Path(__file__).parent / "plugins"
    with lend_plugin("lab-plugin", (plugins / "lab_plugin.py").read_text()) as folder:
        shutil.copy(plugins / "lab_parts.py", folder)
        yield folder
    sys.modules.pop("lab_parts", None)


@pytest.fixture
def script(lab, tmp_path):
    """Start a Python script in an empty folder, with the plugin `lab-plugin` on its path."""

    def start(text, *arguments, **options):
        path = tmp_path / "script.py"
        path.write_text(textwrap.dedent(text))
        environment = {**os.environ, "PYTHONPATH": str(lab)}
        line = [sys.executable, str(path), *map(str, arguments)]
        return subprocess.Popen(line, cwd=tmp_path, env=environment, text=True, **options)

    return start


@pytest.fixture
def same_process(monkeypatch):
    """Leave out the import in a fresh process, which costs as much as all other checks and has tests of its own."""
    monkeypatch.setattr("symmetron._conformance._fresh.check", lambda report, point, entries: None)
