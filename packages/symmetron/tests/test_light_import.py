"""Asking what is installed imports nothing heavy."""

import json
import os
import subprocess
import sys

import pytest

HEAVY = ("torch", "jax", "numpy", "scipy", "matplotlib", "xarray", "pydantic")
LISTING = f"""
import json, sys
import symmetron
entries = symmetron.entries()
print(json.dumps([sorted(set({HEAVY}) & set(sys.modules)), [entry.package for entry in entries]]))
"""


def listing(*folders):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    done = subprocess.run([sys.executable, "-c", LISTING], env=environment, capture_output=True, text=True, check=True)
    heavy, packages = json.loads(done.stdout)
    return heavy, set(packages)


def add_distributions(folder, count):
    for number in range(count):
        info = folder / f"other_{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: other-{number}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[console_scripts]\nother-{number} = other:main\n")


def test_listing_imports_nothing_heavy():
    heavy, packages = listing()
    assert heavy == []
    assert "liegroups" in packages


def test_listing_among_600_other_distributions_imports_nothing_heavy(tmp_path):
    add_distributions(tmp_path, 600)
    heavy, packages = listing(tmp_path)
    assert heavy == []
    assert "liegroups" in packages


def test_the_check_above_can_fail(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import numpy")
    assert listing(tmp_path)[0] == ["numpy"]


@pytest.mark.parametrize("statement", ["import symmetron", "import symmetron; symmetron.__version__; dir(symmetron)"])
def test_import_loads_no_numerical_library(statement):
    check = f"{statement}\nimport sys; sys.exit(repr(set({HEAVY}) & set(sys.modules)) if set({HEAVY}) & set(sys.modules) else 0)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_public_name_exists():
    check = "import symmetron; [getattr(symmetron, name) for name in symmetron.__all__]"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
