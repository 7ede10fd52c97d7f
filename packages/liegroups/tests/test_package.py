"""What the package is before any of its mathematics runs."""

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


@pytest.mark.parametrize("name", liegroups.__all__)
def test_public_names_resolve_and_are_documented(name):
    assert name == "__version__" or getattr(liegroups, name).__doc__


def test_plugin_registers_every_group_class():
    class Registrar:
        def __init__(self):
            self.targets = {}

        def group(self, name, target, *, summary, paper="", tags=()):
            self.targets[name] = target
            assert summary and set(tags) <= {"compact", "finite", "affine", "continuous"}

    from liegroups._symmetron import symmetron_register

    registrar = Registrar()
    symmetron_register(registrar)
    assert sorted(registrar.targets) == ["cyclic", "dihedral", "e", "o", "se", "so", "symmetric"]
    for target in registrar.targets.values():
        module, name = target.split(":")
        group = getattr(sys.modules[module], name)(2)
        assert isinstance(group, liegroups.Group)


def test_the_readme_prints_what_it_says(capsys):
    readme = Path(__file__).parents[1] / "README.md"
    code, printed = re.findall(r"```(?:python|text)\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == printed
