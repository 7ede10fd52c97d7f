"""The conformance check: each breach of the contract alone is the one finding, and all of them come at once."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from symmetron.errors import PluginError, UnknownEntry
from symmetron.testing import check_plugin

_spec = importlib.util.spec_from_file_location("tried_plugin", Path(__file__).with_name("tried_plugin.py"))
tried_plugin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tried_plugin)
GOOD, solver, function, lent, checked = (
    tried_plugin.GOOD,
    tried_plugin.solver,
    tried_plugin.function,
    tried_plugin.lent,
    tried_plugin.checked,
)


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


def test_an_entry_whose_optional_library_is_missing_is_noted():
    findings, notes = checked(solver(backends=("absent_library",)), f"import absent_library\n{GOOD}")
    assert findings == []
    assert notes == ["tried-plugin/s: not checked: it computes with absent_library, which is not installed"]
