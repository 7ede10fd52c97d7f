"""The conformance check: each breach of the contract alone is the one finding, and all of them come at once."""

import contextlib
import importlib
import re
import sys

import numpy as np
import pytest

import symmetron as sym
from symmetron.errors import PluginError, SymmetronError, UnknownEntry
from symmetron.testing import check_plugin, lend_plugin

REQUIRES = ("pluggy>=1.5", 'symmetron>=1.0,<2 ; extra == "symmetron"')
HEAD = '''"""A plugin."""
import pluggy


@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    registrar.{call}


'''


def solver(**options):
    """Return the call that registers the solver `solve`."""
    return "solver('s', 'tried_part:solve', summary='S.'" + "".join(f", {k}={v!r}" for k, v in options.items()) + ")"


def function(signature, body, *documented):
    """Return a function `solve` with a line of documentation for each parameter."""
    lines = "".join(f"        {name}: A number.\n" for name in documented or ("x",))
    return f'def solve({signature}):\n    """Do.\n\n    Args:\n{lines}    """\n    {body}\n'


GOOD = function("*, x: float = 1.0", "return {'y': 2 * x}")


@contextlib.contextmanager
def lent(call, body=GOOD, requires=REQUIRES, hook=""):
    """Lend a plugin that registers one thing; its targets are in a module of their own, as they should be."""
    with lend_plugin("tried-plugin", HEAD.replace("{call}", call) + hook, requires=requires) as folder:
        part = folder / "tried_part.py"
        part.write_text(body)
        try:
            yield part
        finally:
            sys.modules.pop("tried_part", None)


def outcome(examples=None):
    """Return the findings and the notes on the lent plugin."""
    try:
        return [], check_plugin("tried-plugin", examples)
    except ExceptionGroup as group:
        assert all(isinstance(error, SymmetronError) for error in group.exceptions)
        return [str(error) for error in group.exceptions], getattr(group, "__notes__", [])


def checked(call, body=GOOD, *, examples=None, **options):
    """Lend a plugin, and return the findings and the notes on it."""
    with lent(call, body, **options):
        return outcome(examples)


@pytest.fixture
def same_process(monkeypatch):
    """Leave out the import in a fresh process, which costs as much as all other checks and has tests of its own."""
    monkeypatch.setattr("symmetron._conformance._fresh.check", lambda report, point, entries: None)


def test_a_good_plugin_has_neither_findings_nor_notes():
    call = solver(units={"x": "J", "y": "J", "line": "nm", "q": "1"}, outputs={"line": ("q",)})
    body = function("*, x: float = 1.0", "return {'y': 2 * x, 'line': [x, x], 'q': [0, 1]}")
    assert checked(call, body) == ([], [])


# name: what is registered, the module's text, the one sentence that is found
SIGNATURES = {
    "no docstring": (solver(), "def solve():\n    return {'y': 1}\n", "'tried_part:solve' has no docstring"),
    "undocumented": (
        solver(),
        function("*, x: float = 1.0, z: int = 2", "return {'y': x}"),
        "tried-plugin/s, parameter 'z': the docstring says nothing about it; add `z: ...` to its `Args:` section",
    ),
    "no annotation": (
        solver(),
        function("*, x=1.0", "return {'y': x}"),
        "parameter 'x': it has no annotation; annotate",
    ),
    "a set": (solver(), function("*, x: set[int] = None", "return {'y': 1}"), "'x': its annotation set cannot be"),
    "bytes in a list": (
        solver(),
        function("*, x: list[bytes] = ()", "return {'y': 1}"),
        "its annotation bytes cannot be",
    ),
    "odd choice": (
        solver(),
        "from typing import Literal\n" + function("*, x: Literal[b'a', 'b'] = 'b'", "return {'y': 1}"),
        "its annotation b'a' cannot be",
    ),
    "enumeration": (
        solver(),
        "import enum\nclass Rule(enum.Enum):\n    A = 'a'\n" + function("*, x: Rule = Rule.A", "return {'y': 1}"),
        "Rule (an Enum; a Literal of words does the same) cannot be",
    ),
    "positional": (
        solver(),
        function("x: float = 1.0", "return {'y': x}"),
        "parameter 'x': a solver's parameters are keyword-only; put `*` before the first of them",
    ),
    "collecting": (
        solver(),
        function("*, x: float = 1.0, **more: float", "return {'y': x}"),
        "parameter 'more': nobody can set or check what it collects; name every parameter",
    ),
    "service without None": (
        solver(),
        function("*, x: float = 1.0, progress=print", "return {'y': x}"),
        "parameter 'progress': it must default to None",
    ),
    "unknown batch": (
        solver(batch=("alpha",)),
        function("*, alhpa: float = 1.0", "return {'y': alhpa}", "alhpa"),
        "batch: there is no parameter 'alpha'; did you mean 'alhpa'?",
    ),
    "no seed": (solver(stochastic=True), GOOD, "registered as stochastic and has no parameter 'seed'"),
    "unresolvable": (
        "solver('s', 'tried_part:solv', summary='S.')",
        GOOD,
        "tried-plugin/s: target 'tried_part:solv' does not resolve",
    ),
    "unresolvable plot": (solver(plot="tried_part:draw"), GOOD, "target 'tried_part:draw' does not resolve"),
    "not callable": ("loss('s', 'tried_part:solve', summary='S.')", "solve = 3\n", "'tried_part:solve' is no function"),
    "no signature": ("loss('s', 'builtins:max', summary='S.')", "", "'builtins:max' has no signature to read"),
    "nothing registered": ("solver", GOOD, "tried-plugin: its hook registers nothing; register an entry"),
}
RUNS = {
    "unknown unit": (solver(units={"zeta": "J"}), GOOD, "tried-plugin/s, units: 'zeta' is no parameter and no output"),
    "missing output": (
        solver(outputs={"z": ("q",)}),
        GOOD,
        "output 'z': it is declared and not returned; return it always",
    ),
    "wrong dimensions": (solver(outputs={"y": ("q",)}), GOOD, "returned 'y' with 0 dimensions and declares ('q',)"),
    "lengths disagree": (
        solver(outputs={"y": ("q",), "z": ("q",)}),
        function("*, x: float = 1.0", "return {'y': [x], 'z': [x, x]}"),
        "returned 'z' with 2 along 'q', and 1 elsewhere",
    ),
    "no dict": (solver(), function("*, x: float = 1.0", "return [x]"), "returned list, a solver returns a dict"),
    "object": (solver(), function("*, x: float = 1.0", "return {'y': None}"), "returned 'y' as NoneType, allowed are"),
    "raises": (
        solver(),
        function("*, x: float = 0.0", "return {'y': 1 / x}"),
        "tried-plugin/s, run(x=0.0): it raised ZeroDivisionError: float division by zero; mend it",
    ),
    "exits": (solver(), function("*, x: float = 0.0", "raise SystemExit(3)"), "run(x=0.0): it raised SystemExit: 3"),
    "prints": (
        solver(),
        function("*, x: float = 1.0", "print('solving'); return {'y': x}"),
        "run(x=1.0): it prints to standard output ('solving'); use logging",
    ),
    "silent NaN": (
        solver(),
        function("*, x: float = 1.0", "return {'y': float('nan')}"),
        "output 'y': it is NaN and no flag says why; return one, such as 'converged': False",
    ),
    "changes its input": (
        solver(),
        "import numpy as np\n" + function("*, x: np.ndarray = np.ones(2)", "x += 1; return {'y': float(x[0])}"),
        "parameter 'x': running changes what was given; work on a copy",
    ),
    "numpy errors": (
        solver(),
        function("*, x: float = 1.0", "import numpy; numpy.seterr(under='warn'); return {'y': x}"),
        "running changes the floating-point error handling of numpy (seterr) for everyone",
    ),
    "global seed of numpy": (
        solver(),
        function("*, x: float = 1.0", "import numpy; numpy.random.seed(7); return {'y': x}"),
        "running changes the global random state of numpy",
    ),
    "global random numbers": (
        solver(),
        function("*, x: float = 1.0", "import random; random.random(); return {'y': x}"),
        "running changes the global random state of Python",
    ),
    "seed not used": (
        solver(stochastic=True),
        "import os\n" + function("*, seed: int", "return {'y': int.from_bytes(os.urandom(6))}", "seed"),
        "running it again with the same seed gives another result; draw from the seed alone",
    ),
    "service changes the result": (
        solver(),
        function("*, x: float = 1.0, checkpoint=None", "return {'y': x if checkpoint is None else 2 * x}"),
        "running it again with checkpoint given gives another result",
    ),
    "progress of one number": (
        solver(),
        function("*, x: float = 1.0, progress=None", "if progress: progress(0.5)\n    return {'y': x}"),
        "it calls progress(0.5,); call progress(done, total, text)",
    ),
    "neighbours change a cell": (
        solver(batch=("x",)),
        "import numpy as np\n" + function("*, x: float = 1.0", "return {'y': np.asarray(x) * np.size(x)}"),
        "batch, output 'y': a batch and single cells differ by 2.0e+00 of the largest value; treat each cell alone",
    ),
    "neighbours change a flag": (
        solver(batch=("x",)),
        "import numpy as np\n" + function("*, x: float = 1.0", "return {'y': np.asarray(x), 'many': np.size(x) > 1}"),
        "output 'many': a batch gives other values than single cells",
    ),
    "NaN in a batch alone": (
        solver(batch=("x",)),
        "import numpy as np\n"
        + function("*, x: float = 1.0", "return {'y': np.where(np.ndim(x) > 0, np.nan, x), 'good': True}"),
        "output 'y': a batch and single cells differ by inf",
    ),
    "arrays for scalars": (
        solver(batch=("x",)),
        "import numpy as np\n" + function("*, x: float = 1.0", "return {'y': np.atleast_1d(x)}"),
        "a batch gives shape (3,), the cells one by one (3, 1); put the cell first, and return scalars for scalars",
    ),
    "output of a batch alone": (
        solver(batch=("x",)),
        "import numpy as np\n"
        + function("*, x: float = 1.0", "return {'y': np.asarray(x)} | ({'n': np.ones(3)} if np.ndim(x) else {})"),
        "output 'n': a batch and single cells do not all return it; return it always",
    ),
    "batch raises": (
        solver(batch=("x",)),
        function("*, x: float = 1.0", "return {'y': float(x)}"),
        "tried-plugin/s, batch: it raised TypeError",
    ),
}


@pytest.mark.usefixtures("same_process")
@pytest.mark.parametrize("what", SIGNATURES | RUNS)
def test_breach_is_the_one_finding(what):
    call, body, expected = (SIGNATURES | RUNS)[what]
    error_handling, random_state = np.geterr(), np.random.get_state()
    try:
        found, _ = checked(call, body)
    finally:
        np.seterr(**error_handling)
        np.random.set_state(random_state)
    assert len(found) == 1 and expected in found[0], found


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


# ---------------------------------------------------------------- the distribution and a fresh process
@pytest.mark.usefixtures("same_process")
@pytest.mark.parametrize(
    "requires, expected",
    [
        ((REQUIRES[1],), "it does not require pluggy; add 'pluggy>=1.5' to its dependencies"),
        ((REQUIRES[0],), "it does not say which versions of symmetron it works with; add the extra"),
        ((REQUIRES[0], 'symmetron>=1.0 ; extra == "symmetron"'), "its extra 'symmetron' sets no upper bound"),
        ((REQUIRES[0], "symmetron>=1.0,<2"), "it requires symmetron, which a plugin must not need; make it the extra"),
    ],
    ids=["no pluggy", "no range", "open range", "hard requirement"],
)
def test_wrong_metadata_is_the_one_finding(requires, expected):
    found, _ = checked(solver(), requires=requires)
    assert len(found) == 1 and found[0].startswith("tried-plugin, metadata: ") and expected in found[0], found


def test_heavy_hook_module_is_the_one_finding():
    found, _ = checked(solver(), hook="import numpy, xarray\n")
    assert len(found) == 1
    assert "module tried_plugin: importing it loads numpy, xarray, which makes every listing slow" in found[0]


@pytest.mark.parametrize(
    "text", ["import symmetron.errors", "from symmetron.errors import nearest", "def f():\n    import symmetron"]
)
def test_import_of_symmetron_is_found_with_its_line(text):
    found, _ = checked(solver(), hook=text + "\n")
    line = len((HEAD + text).splitlines())
    assert len(found) == 1 and f"tried_plugin.py:{line}: it imports symmetron" in found[0], found


def test_import_of_symmetron_for_type_checkers_is_allowed():
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from symmetron import Registrar\n"
    assert checked(solver(), hook=typed) == ([], [])


FRESH = {
    "numpy": (
        "import numpy\nnumpy.seterr(all='raise')\n",
        "changes the floating-point error handling of numpy (seterr)",
    ),
    "jax": ("import jax\njax.config.update('jax_enable_x64', True)\n", "changes the jax option jax_enable_x64"),
    "torch": ("import torch\ntorch.set_default_dtype(torch.float64)\n", "changes the default dtype of torch"),
    "print": ("print('hello')\n", "prints to standard output ('hello'); use logging"),
    "exit": ("import os\nos._exit(5)\n", "ended a fresh process: exit status 5"),
}


@pytest.mark.parametrize("what", FRESH)
def test_targets_that_disturb_a_fresh_process_are_the_one_finding(what):
    if what in ("jax", "torch"):
        pytest.importorskip(what, reason=f"the setting is one of {what}")
    text, expected = FRESH[what]
    with lent(solver()) as part:
        sym.entry("tried-plugin/s").load()  # this process keeps the harmless module
        part.write_text(text + GOOD)
        importlib.invalidate_caches()
        found, _ = outcome()
    assert len(found) == 1 and found[0].startswith("tried-plugin: importing its ") and expected in found[0], found


def test_broken_plugin_is_the_one_finding():
    (found,), _ = checked(solver(), hook="import no_such_module\n")
    assert found.startswith("tried-plugin: it is broken: tried-plugin 1.0.0: import at ")
    assert "No module named 'no_such_module'" in found


def test_unknown_distribution_is_answered_with_the_nearest():
    with pytest.raises(ExceptionGroup) as caught:
        check_plugin("liegroup")
    assert str(caught.value.exceptions[0]) == (
        "liegroup: no distribution of this name is installed; did you mean 'liegroups'?"
    )


def test_distribution_without_entry_point_is_told_what_to_write():
    with pytest.raises(ExceptionGroup) as caught:
        check_plugin("pluggy")
    assert any('add [project.entry-points."symmetron.plugins"] pluggy = ' in str(e) for e in caught.value.exceptions)


# ---------------------------------------------------------------- all at once, notes, examples
def test_all_findings_come_in_one_group():
    found, _ = checked(
        solver(units={"zeta": "J"}, batch=("w", "seed"), stochastic=True, outputs={"z": ("q", "r")}),
        function("x=1.0, *, seed: int", "print(x); return {'y': float('nan')}", "other"),
        requires=(),
        hook="import numpy\nimport symmetron\n",
    )
    expected = (
        "pluggy", "which versions", "imports symmetron", "loads numpy", "'x': it has no annotation",
        "'x': the docstring", "'seed': the docstring", "keyword-only", "no parameter 'w'", "prints to standard output",
        "'z': it is declared", "it is NaN", "'zeta' is no parameter",
    )  # fmt: skip
    assert [word for word in expected if not any(word in sentence for sentence in found)] == []


def test_the_group_says_how_many_and_carries_the_notes():
    call = solver(units={"zeta": "J"}) + "\n    registrar.solver('t', 'tried_part:more', summary='T.')"
    more = GOOD.replace("def solve", "def more").replace("x: float = 1.0", "x: float")
    with (
        lent(call, GOOD + more),
        pytest.raises(ExceptionGroup, match="breaks the plugin contract in 1 place\n") as caught,
    ):
        check_plugin("tried-plugin")
    assert isinstance(caught.value.exceptions[0], PluginError)
    assert caught.value.__notes__ == ["tried-plugin/t: not tried, because it needs x; give {'t': {'x': ...}}"]


REQUIRED = function("*, x: float", "return {'y': 1 / x}")


def test_what_was_not_tried_is_noted():
    assert checked(solver(units={"x": "J", "y": "1/J"}), REQUIRED)[1] == [
        "tried-plugin/s: not tried, because it needs x; give {'s': {'x': ...}}",
        "tried-plugin/s, units: not known to be outputs without a run: y",
    ]


def test_losses_and_datasets_are_not_called():
    body = function("x: float = 1.0", "raise RuntimeError('fetched')")
    assert checked("dataset('d', 'tried_part:solve', summary='D.')", body) == (
        [],
        ["tried-plugin/d: a dataset is not called; what it declares is checked"],
    )


def test_examples_are_used():
    assert checked(solver(), REQUIRED, examples={"s": {"x": 2.0}}) == ([], [])
    (found,), _ = checked(solver(), REQUIRED, examples={"tried-plugin/s": {"x": 0.0}})
    assert "run(x=0.0): it raised ZeroDivisionError" in found
    (found,), _ = checked(solver(), REQUIRED, examples={"s": {"y": 1.0}})
    assert found == "tried-plugin/s: its example gives 'y', which is no parameter; known: x"


def test_example_of_the_wrong_type_is_the_one_finding():
    (found,), _ = checked(solver(), examples={"s": {"x": "warm"}})
    assert found.startswith("tried-plugin/s, reading its parameters: it raised ParameterError: ")
    assert "parameter 'x' must be float, got 'warm'" in found


def test_example_of_an_unknown_entry_is_refused():
    with pytest.raises(UnknownEntry, match="no entry is named 'ss'"):
        checked(solver(), examples={"ss": {}})


BATCHED = "import numpy as np\n" + function("*, x: float, y: float = 1.0", "return {'z': np.log(x) * y}", "x", "y")


def test_cells_of_an_example_are_the_batch():
    call = solver(batch=("x", "y"))
    assert checked(call, BATCHED, examples={"s": {"x": [1.0, 2.0, 3.0]}}) == ([], [])
    _, notes = checked(call, BATCHED.replace("np.log(x)", "np.log(x) + 1 / (x - 2)"), examples={"s": {"x": [1.0, 3.0]}})
    assert notes == []
    (found,), _ = checked(call, BATCHED, examples={"s": {"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0]}})
    assert "the example lists [2, 3] cells; list equally many, three or more" in found


def test_cell_that_is_refused_is_noted():
    refusing = "import numpy as np\n" + function(
        "*, x: float = 1.0", "assert np.all(np.asarray(x) > 0.9), 'x too small'\n    return {'z': np.asarray(x)}"
    )
    found, (note,) = checked(solver(batch=("x",)), refusing)
    assert found == [] and "not tried, for one of the cells {'x': [1.0, 0.9, 0.8]} is refused" in note


def test_differences_in_the_last_bits_are_noted():
    rounding = "import numpy as np\n" + function(
        "*, x: float = 1.0", "x = np.asarray(x)\n    return {'z': np.where(x.size > 1, x * (1 + 4e-16), x)[()]}"
    )
    found, (note,) = checked(solver(batch=("x",)), rounding)
    assert found == [] and "equal, but not in every bit" in note


def test_stochastic_batch_is_run_with_a_seed_a_cell():
    body = "import numpy as np\n" + function(
        "*, x: float = 1.0, seed: int",
        "draw = np.vectorize(lambda s: np.random.default_rng(int(s)).normal(), otypes=[float])(seed)\n"
        "    return {'y': (x + draw)[()]}",
        "x",
        "seed",
    )
    assert checked(solver(batch=("x", "seed"), stochastic=True), body) == ([], [])


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


def test_an_entry_whose_optional_library_is_missing_is_noted():
    findings, notes = checked(solver(backends=("absent_library",)), f"import absent_library\n{GOOD}")
    assert findings == []
    assert notes == ["tried-plugin/s: not checked: it computes with absent_library, which is not installed"]
