"""The conformance check of a distribution: its metadata, its imports, what its targets do to a fresh process."""

import importlib
import importlib.util
from pathlib import Path

import pytest

import symmetron as sym
from symmetron.testing import check_plugin

_spec = importlib.util.spec_from_file_location("tried_plugin", Path(__file__).with_name("tried_plugin.py"))
tried_plugin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tried_plugin)
REQUIRES, HEAD, GOOD, solver, lent, outcome, checked = (
    tried_plugin.REQUIRES,
    tried_plugin.HEAD,
    tried_plugin.GOOD,
    tried_plugin.solver,
    tried_plugin.lent,
    tried_plugin.outcome,
    tried_plugin.checked,
)


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
