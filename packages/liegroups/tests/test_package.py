"""What the package is before any of its mathematics runs."""

import importlib.util
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import liegroups

HEAVY = ("torch", "jax", "scipy", "numpy")


def _modules_after(code):
    script = f"import sys\n{code}\nprint(' '.join(name for name in {HEAVY} if name in sys.modules))"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_the_distribution_is_ours_and_not_the_stranger_of_the_public_index():
    assert tuple(map(int, version("liegroups").split(".")[:2])) >= (1, 0)
    assert liegroups.__version__ == version("liegroups")


def test_import_loads_no_array_library():
    assert _modules_after("import liegroups, liegroups._symmetron") == []


def test_numpy_arrays_bring_in_neither_torch_nor_jax():
    code = """
import numpy as np, liegroups
for group in (liegroups.SO(3), liegroups.SO(4), liegroups.SE(3), liegroups.Cyclic(4)):
    g = group.sample(3, 0, scale=1.0)
    group.compose(g, group.inverse(g)), group.contains(g), group.exp(np.zeros(group.dim))
liegroups.SO(4).log(liegroups.SO(4).sample(3, 0))
liegroups.equivariance_error(lambda x: 2 * x, liegroups.SO(3), np.eye(3))
"""
    assert set(_modules_after(code)) == {"numpy", "scipy"}


def _split(target):
    return target.split(":")


def _public(name):
    """The public object, or None where it needs torch, an optional extra that is not installed.

    An attribute is missing where the collection of doctests has left a module behind that it could not import.
    """
    try:
        return getattr(liegroups, name)
    except (ModuleNotFoundError, AttributeError):
        if importlib.util.find_spec("torch") is not None:
            raise
        return None


@pytest.mark.parametrize("name", liegroups.__all__)
def test_public_names_resolve_and_are_documented(name):
    found = _public(name)
    if found is None:
        pytest.skip("torch is an optional extra")
    assert name == "__version__" or found.__doc__


def test_plugin_registers_every_group_class():
    class Registrar:
        def __init__(self):
            self.targets = {}

        def group(self, name, target, *, summary, paper="", tags=()):
            self.targets[name] = target
            assert summary and set(tags) <= {"compact", "finite", "affine", "continuous"}

        def model(self, name, target, *, summary, **options):
            assert summary and target.partition(":")[2] in liegroups.__all__

        solver = dataset = model

    from liegroups._symmetron import symmetron_register

    registrar = Registrar()
    symmetron_register(registrar)
    classes = {found for found in map(_public, liegroups.__all__) if isinstance(found, type)}
    groups = {found for found in classes if issubclass(found, liegroups.MatrixGroup)}
    targets = {getattr(sys.modules[module], name) for module, name in map(_split, registrar.targets.values())}
    assert targets == groups
    assert {"so", "sl", "gl-plus", "lorentz", "icosahedral", "direct-product"} <= set(registrar.targets)
    for found in groups - {liegroups.MatrixGroup, liegroups.DirectProduct, liegroups.SemidirectProduct}:
        sizes = {liegroups.Lorentz: (1, 2)}.get(found, () if hasattr(found, "_solid") else (2,))
        assert isinstance(found(*sizes), liegroups.Group)


def test_the_readme_prints_what_it_says(capsys):
    readme = Path(__file__).parents[1] / "README.md"
    code, printed = re.findall(r"```(?:python|text)\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == printed
