"""The conformance check of models: each breach alone is the one finding, and equivariance is measured."""

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("tried_plugin", Path(__file__).with_name("tried_plugin.py"))
tried_plugin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tried_plugin)
function, checked = tried_plugin.function, tried_plugin.checked


def network(signature="x", body="return 2 * x", **options):
    """Return the call and the text of a network `build` that is a function of numpy arrays."""
    given = {"inputs": {"x": "vector"}, "outputs": {"y": "vector"}, "backends": ("numpy",), **options}
    call = "model('m', 'tried_part:build', summary='M.'" + "".join(f", {k}={v!r}" for k, v in given.items()) + ")"
    return call, f'def build():\n    """Build."""\n    def net({signature}):\n        {body}\n    return net\n'


EXACT = {"group": "liegroups/so", "level": "exact"}
RECORD = 'class Record:\n    """A record.\n\n    Args:\n        P: Order.\n    """\n    def __init__(self, P: int = 2):\n        self.P = P\n'
WRAPPER = 'def wrap(model: object, group: object):\n    """Wrap.\n\n    Args:\n        model: M.\n        group: G.\n    """\n'
MODELS = {
    "unknown word": (
        *network(inputs={"x": "vectro"}),
        "inputs 'x': unknown feature word 'vectro', did you mean 'vector'?",
    ),
    "unknown argument": (
        *network(inputs={"z": "vector"}),
        "inputs 'z': the network takes no such argument",
    ),
    "not equivariant": (
        *network(body="return x * [1, 2, 3]", equivariance=EXACT),
        "tried-plugin/m under SO(3): it is declared exactly equivariant and has a relative error of",
    ),
    "wrong size": (
        *network(body="return x[..., :2]"),
        "a vector of O(3) has 3 components on the last axis, got shape (2, 7, 2)",
    ),
    "other names": (
        *network(body="return {'z': x}"),
        "it returns ['z'] and declares the outputs ['y']; make them agree",
    ),
    "array for names": (
        *network(outputs={"y": "vector", "z": "vector"}),
        "it returns ndarray where {'y': 'vector', 'z': 'vector'} is declared",
    ),
    "level": (*network(equivariance={**EXACT, "level": "good"}), "level must be 'exact' or 'statistical', got 'good'"),
    "unknown group": (
        *network(equivariance={**EXACT, "group": "liegroups/sow"}),
        "equivariance: no group is registered as 'liegroups/sow'; did you mean 'liegroups/so'?",
    ),
    "group without parameter": (
        *network(equivariance={**EXACT, "group": "$group"}),
        "'$group' stands for the parameter 'group', which it does not have",
    ),
    "unknown key": (*network(equivariance={**EXACT, "grade": "a"}), "equivariance: unknown key 'grade'; did you mean"),
    "cannot be built": (
        network()[0],
        'def build():\n    """Build."""\n    raise RuntimeError("no weights")\n',
        "tried-plugin/m, building it: it raised RuntimeError: no weights",
    ),
    "mutable record": (
        "model('m', 'tried_part:Record', summary='M.', family='physics')",
        RECORD,
        "a physics model is immutable, and 'P' of Record can be set; make it a dataclass with frozen=True",
    ),
    "symmetrizer without supports": (
        "model('m', 'tried_part:wrap', summary='M.', tags=('symmetrizer',))",
        WRAPPER,
        "'tried_part:wrap' has no function `supports(group) -> bool`; add it",
    ),
    "symmetrizer without group": (
        "model('m', 'tried_part:wrap', summary='M.', tags=('symmetrizer',))",
        WRAPPER.replace(", group: object", "").replace("        group: G.\n", "") + "wrap.supports = bool\n",
        "it has the tag 'symmetrizer' and no parameter 'group'; add it",
    ),
}


@pytest.mark.usefixtures("same_process")
@pytest.mark.parametrize("what", MODELS)
def test_breach_of_a_model_is_the_one_finding(what):
    call, body, expected = MODELS[what]
    found, _ = checked(call, body)
    assert len(found) == 1 and expected in found[0], found


def test_equivariance_is_measured_in_the_space_of_the_group():
    # x |x| is equivariant under every O(d); the network is told d by its parameter `dim`
    call, _ = network(equivariance={**EXACT, "group": "liegroups/cyclic"})
    body = (
        "import numpy as np\n"
        'def build(dim: int):\n    """Build.\n\n    Args:\n        dim: Dimension of space.\n    """\n'
        "    def net(x):\n        assert x.shape[-1] == dim\n"
        "        return x * np.linalg.norm(x, axis=-1, keepdims=True)\n    return net\n"
    )
    assert checked(call, body) == ([], [])


def test_a_network_that_cannot_be_measured_is_noted():
    found, notes = checked(*network(body="raise ValueError('too few points')", equivariance=EXACT))
    assert found == []
    assert notes == [
        "tried-plugin/m under SO(3): not measured, because it refuses random inputs of its feature words "
        "(ValueError: too few points)"
    ]


# A group of liegroups with one member replaced; the sentence names the member.
