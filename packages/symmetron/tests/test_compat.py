"""The table of what goes with what: measured, with reasons."""

import json

import pytest

import symmetron as sym
from liegroups import SO, Cyclic
from symmetron._compat import check
from symmetron.errors import BuildError
from symmetron.testing import lend_plugin

NETWORKS = """
import pluggy


@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    common = {"inputs": {"x": "vector"}, "outputs": {"y": "vector"}, "backends": ("numpy",)}
    registrar.model("norm", "networks_plugin:norm", summary="x |x|", **common)
    registrar.model("first", "networks_plugin:first", summary="Keeps the first component", **common)
    registrar.model("needy", "networks_plugin:needy", summary="Needs a size", **common)
    registrar.model("magnet", "networks_plugin:norm", summary="No network", family="physics")


def norm():
    return lambda x: x * (x * x).sum(-1, keepdims=True) ** 0.5


def first(dim: int = 2):
    import numpy as np
    return lambda x: x * np.eye(dim)[0]


def needy(size: int):
    return None
"""


@pytest.fixture
def table():
    with lend_plugin("networks-plugin", NETWORKS):
        names = ["networks-plugin/norm", "networks-plugin/first", "networks-plugin/needy"]
        yield sym.compat(names, [SO(2), Cyclic(4)])


def test_equivariant_network_is_exact(table):
    cell = table["networks-plugin/norm", "SO(2)"]
    assert cell.status == "exact" and cell.error < 1e-12


def test_finite_group_is_averaged_exactly(table):
    cell = table["networks-plugin/first", "C_4"]
    assert cell.status == "by averaging" and cell.error < 1e-12


def test_sampled_mean_is_no(table):
    cell = table["networks-plugin/first", "SO(2)"]
    assert cell.status == "no" and cell.error > 1e-3 and "leaves this error" in cell.reason


def test_network_that_cannot_be_built_says_why(table):
    cell = table["networks-plugin/needy", "SO(2)"]
    assert cell.status == "no" and "size" in cell.reason


def test_table_prints_and_dumps(table):
    assert len(str(table).splitlines()) == 1 + len(table.cells) == 7
    assert json.loads(table.as_json())[0]["model"] == "networks-plugin/norm"


@pytest.mark.parametrize(
    ("model", "group", "words"),
    [
        ("liegroups/so", "liegroups/so", "only a network can be checked, and liegroups/so is a group"),
        ("networks-plugin/magnet", "liegroups/so", "and networks-plugin/magnet is a physics model"),
        ("networks-plugin/norm", "networks-plugin/norm", "networks-plugin/norm is a model, not a group"),
    ],
)
def test_only_a_network_is_checked_and_only_against_a_group(model, group, words):
    with lend_plugin("networks-plugin", NETWORKS), pytest.raises(BuildError, match=words):
        check(model, group, {})


def test_physics_models_and_symmetrizers_are_no_rows():
    with lend_plugin("networks-plugin", NETWORKS):
        models = {cell.model for cell in sym.compat(groups=[Cyclic(2)]).cells}
    assert "networks-plugin/magnet" not in models and "framesym/average" not in models
    assert "networks-plugin/norm" in models
