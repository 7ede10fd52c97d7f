"""The conformance check finds each breach of the contract, all at once."""

import pytest

import symmetron as sym
from symmetron.testing import check_plugin, lend_plugin

REQUIRES = ["pluggy>=1", 'symmetron>=1.0,<2 ; extra == "symmetron"']
HEAD = '''
"""A plugin."""
import pluggy

@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    registrar.{call}

'''
GOOD = '''
def solve(*, x: float = 1.0):
    """Double x.

    Args:
        x: A number.
    """
    return {"y": 2 * x}
'''


def findings(call, body, requires=REQUIRES):
    """Return the sentences that the check finds in a plugin that registers one entry."""
    source = HEAD.replace("{call}", call) + body
    with lend_plugin("tried-plugin", source, requires=requires):
        try:
            check_plugin("tried-plugin")
        except ExceptionGroup as group:
            return [str(error) for error in group.exceptions]
    return []


SOLVER = 'solver("s", "tried_plugin:solve", summary="S."'


def test_a_good_plugin_passes():
    assert findings(SOLVER + ', units={"x": "J", "y": "J"})', GOOD) == []


def documented(signature, result, text="        x: A number.\n"):
    return f'def solve({signature}):\n    """Do.\n\n    Args:\n{text}    """\n    return {result}\n'


BREACHES = {
    "no docstring": (SOLVER + ")", "def solve(*, x: float = 1.0):\n    return {'y': x}\n", "has no docstring"),
    "undocumented": (SOLVER + ")", documented("*, x: float = 1.0, z: int = 2", "{'y': x}"), "'z' is not described"),
    "not annotated": (SOLVER + ")", documented("*, x=1.0", "{'y': x}"), "'x' has no annotation"),
    "positional": (SOLVER + ")", documented("x: float = 1.0", "{'y': x}"), "must be keyword-only"),
    "open signature": (SOLVER + ")", documented("*, x: float = 1.0, **more: float", "{'y': x}"), "**more"),
    "unknown unit": (SOLVER + ', units={"xx": "J"})', GOOD, "units names 'xx', which is no parameter"),
    "unknown batch": (SOLVER + ', batch=("xx",))', GOOD, "batch names 'xx'"),
    "missing output": (SOLVER + ', outputs={"z": ("q",)})', GOOD, "outputs names 'z', which is not returned"),
    "wrong dimensions": (SOLVER + ', outputs={"y": ("q",)})', GOOD, "declares ('q',)"),
    "no dict": (SOLVER + ")", documented("*, x: float = 1.0", "[x]"), "a solver returns a dict"),
    "object in the result": (
        SOLVER + ")",
        documented("*, x: float = 1.0", "{'y': object()}"),
        "allowed are numbers and text",
    ),
    "raises": (SOLVER + ")", documented("*, x: float = 1.0", "1 / 0"), "ZeroDivisionError"),
    "prints": (SOLVER + ")", documented("*, x: float = 1.0", "print(x) or {'y': x}"), "prints to standard output"),
    "no seed": (SOLVER + ", stochastic=True)", GOOD, "needs a parameter 'seed'"),
    "batch differs": (
        SOLVER + ', batch=("x",))',
        "import numpy as np\n" + documented("*, x: float = 1.0", "{'y': np.asarray(x) * np.size(x)}"),
        "differs from the same cell alone",
    ),
    "batch raises": (
        SOLVER + ', batch=("x",))',
        documented("*, x: float = 1.0", "{'y': float(x)}"),
        "a batch of three cells raised",
    ),
    "unresolvable": ('solver("s", "tried_plugin:solv", summary="S.")', GOOD, "does not resolve"),
    "unresolvable plot": (SOLVER + ', plot="tried_plugin:draw")', GOOD, "does not resolve"),
    "no group": (
        'group("g", "tried_plugin:solve", summary="G.")',
        documented("x: float = 1.0", "3"),
        "lacks a member of the group protocol",
    ),
    "wrong word": (
        'model("m", "tried_plugin:solve", summary="M.", inputs={"x": "vectro"})',
        documented("x: float = 1.0", "None"),
        "did you mean 'vector'",
    ),
    "not equivariant": (
        'model("m", "tried_plugin:solve", summary="M.", backends=("numpy",), inputs={"x": "vector"}, outputs={"y": "vector"}, '
        'equivariance={"group": "liegroups/so", "level": "exact"})',
        documented("x: float = 1.0", "lambda x: x * [1, 2, 3]"),
        "declares exact equivariance under SO(3)",
    ),
    "unknown group parameter": (
        'model("m", "tried_plugin:solve", summary="M.", equivariance={"group": "$group", "level": "exact"})',
        documented("x: float = 1.0", "None"),
        "names the parameter '$group'",
    ),
}


@pytest.mark.parametrize("what", BREACHES)
def test_breach_is_found(what):
    call, body, expected = BREACHES[what]
    found = findings(call, body)
    assert [text for text in found if expected in text], found


def test_heavy_hook_module_is_found():
    assert any("loads numpy" in text for text in findings(SOLVER + ")", GOOD + "\nimport numpy\n"))


def test_missing_requirements_are_found():
    found = findings(SOLVER + ")", GOOD, requires=[])
    assert any("does not require pluggy" in text for text in found) and any(
        "no range of symmetron" in text for text in found
    )


def test_all_findings_come_at_once():
    assert len(findings(SOLVER + ', units={"q": "J"}, batch=("w",))', documented("x=1.0", "{'y': x}"))) >= 4


def test_broken_and_unknown_plugins_are_findings():
    with lend_plugin("tried-plugin", "import no_such_module"), pytest.raises(ExceptionGroup) as caught:
        check_plugin("tried-plugin")
    assert "no_such_module" in str(caught.value.exceptions[0])
    with pytest.raises(ExceptionGroup) as caught:
        check_plugin("liegroup")
    assert "did you mean 'liegroups'" in str(caught.value.exceptions[0])


def test_what_was_not_tried_is_said():
    source = HEAD.replace("{call}", SOLVER + ")") + GOOD.replace("x: float = 1.0", "x: float")
    with lend_plugin("tried-plugin", source, requires=REQUIRES):
        assert check_plugin("tried-plugin") == ["tried-plugin/s has required parameters and was not run"]


def test_liegroups_conforms():
    assert sym.testing.check_plugin("liegroups") == []
