"""The conformance check of groups: what breaks the protocol is found, and the groups of liegroups conform."""

import importlib.util
import re
from pathlib import Path

import pytest

import symmetron as sym
from symmetron.testing import check_plugin

_spec = importlib.util.spec_from_file_location("tried_plugin", Path(__file__).with_name("tried_plugin.py"))
tried_plugin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tried_plugin)
checked = tried_plugin.checked


GROUPS = {
    "shape": (
        "SO(3)",
        "generators",
        "self.real.generators()[:2]",
        "generators(): it must be a numpy float64 array of shape",
    ),
    "dtype": ("SO(3)", "generators", "self.real.generators().astype('f')", "got float32 (3, 3, 3)"),
    "dependent": ("SO(3)", "generators", "self.real.generators()[[0, 1, 0]]", "they are not linearly independent"),
    "oblique": (
        "E(2)",
        "generators",
        "self.real.generators() + [[[0]], [[0]], [[1]]] * self.real.generators()[1]",
        "they are not orthogonal under tr(X^T Y)",
    ),
    "no algebra": ("SO(2)", "generators", "np.array([[[0., 1], [0, 0]], [[0, 0], [1, 0]]])", "their commutators leave"),
    "order": (
        "SO(3)",
        "generators",
        "self.real.generators()[::-1]",
        "not those of liegroups.SO(3).generators(), in that order",
    ),
    "last row of a generator": (
        "SE(2)",
        "generators",
        "self.real.generators() + np.eye(3)[:, 2:] * [0, 0, 1]",
        "last row",
    ),
    "singular": (
        "O(2)",
        "discrete_generators",
        "np.zeros((1, 2, 2))",
        "discrete_generators(): one of them is not invertible",
    ),
    "count": ("SO(2)", "sample", "self.real.sample(count + 1, seed)", "sample(): it must be a numpy float64 array"),
    "seed ignored": ("SO(2)", "sample", "self.real.sample(count, 0)", "another seed gives the same elements; use it"),
    "seed not enough": (
        "SO(2)",
        "sample",
        "self.real.sample(count, next(COUNTER))",
        "the same seed gives other elements",
    ),
    "not finite": ("SO(2)", "sample", "np.full((count, 2, 2), np.nan)", "it holds numbers that are not finite"),
    "no scale": ("SE(2)", "sample", "self.real.sample(count, seed, scale or 1.0)", "raise ValueError without a scale"),
    "repeated": ("Cyclic(4)", "elements", "self.real.elements()[[0, 1, 2, 3, 0]]", "elements(): some occur twice"),
    "incomplete": (
        "Cyclic(4)",
        "elements",
        "self.real.elements()[:3]",
        "a product with a discrete generator is not among them",
    ),
    "no identity": ("Cyclic(4)", "elements", "self.real.elements()[1:]", "the identity is not among them; add it"),
    "continuous": ("SO(2)", "elements", "np.eye(2)[None]", "a group of positive dimension has no list of elements"),
    "raises": ("SO(2)", "elements", "1 / 0", "elements(): it raised ZeroDivisionError"),
    "prints": ("SO(2)", "elements", "print('elements')", "elements(): it prints to standard output ('elements')"),
}
GROUP = '''
import itertools
import liegroups
import numpy as np
COUNTER = itertools.count()


class Wrong:
    """A group with a defect."""

    def __init__(self):
        self.real = liegroups.{real}

    def __getattr__(self, name):
        return getattr(self.real, name)
{more}
'''


def group_with(real, more):
    """Check a plugin whose group is a group of liegroups, some members replaced."""
    text = GROUP.replace("{real}", real).replace("{more}", more)
    return checked("group('g', 'tried_part:Wrong', summary='G.')", text)


@pytest.mark.usefixtures("same_process")
@pytest.mark.parametrize("what", GROUPS)
def test_breach_of_the_group_protocol_is_found(what):
    real, member, value, expected = GROUPS[what]
    arguments = ", count, seed, scale=None" if member == "sample" else ""
    dim = "\n    dim = 2\n" if what == "no algebra" else ""
    found, _ = group_with(real, f"{dim}\n    def {member}(self{arguments}):\n        return {value}\n")
    assert any(expected in sentence for sentence in found), found


@pytest.mark.usefixtures("same_process")
@pytest.mark.parametrize(
    "more, expected",
    [
        ("    name = 3", "its name must be text"),
        ("    n = 2.0", "n: it must be int >= 1, got 2.0"),
        ("    dim = -1", "dim: it must be int >= 0, got -1"),
        ("    compact = 1", "compact: it must be bool, got 1"),
        (
            "    name, n, dim = 'G', 2, 1\n    def __getattr__(self, name):\n        raise AttributeError(name)",
            "it lacks compact, affine, generators, discrete_generators",
        ),
    ],
    ids=["name", "n", "dim", "compact", "missing"],
)
def test_wrong_attribute_of_a_group_is_the_one_finding(more, expected):
    found, _ = group_with("SO(2)", more)
    assert len(found) == 1 and expected in found[0], found


def test_an_unchanged_group_conforms():
    for real in ("SO(2)", "O(4)", "SE(3)", "E(2)", "Dihedral(5)", "Symmetric(4)"):
        assert group_with(real, "") == ([], []), real


def test_the_groups_of_liegroups_conform():
    linear = {"entry": "liegroups/sl", "n": 2}
    examples = {
        "so": {"n": 4},
        "se": {"n": 2},
        "symmetric": {"n": 4},
        "lorentz": {"p": 1, "q": 3},
        "matrix-group": {"generators": [[[0.0, 1.0], [0.0, 0.0]]]},
        "direct-product": {"first": {"entry": "liegroups/so", "n": 3}, "second": linear},
        "semidirect-product": {"linear": linear},
    }
    notes = check_plugin("liegroups", examples)
    groups = {entry.name for entry in sym.entries(kind="group", package="liegroups")}
    assert not [note for note in notes if re.split("[:, ]", note)[0] in groups]
