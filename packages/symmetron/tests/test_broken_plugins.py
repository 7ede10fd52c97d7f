"""One broken plugin, one defect at a time: it is reported, and it hurts no other."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import symmetron as sym
from symmetron.errors import PluginError
from symmetron.testing import lend_plugin

HOOK = """import pluggy
hookimpl = pluggy.HookimplMarker("symmetron")
@hookimpl
def symmetron_register(registrar):
    registrar.group("one", "x:One", summary="The first.")
"""

# defect: source, stage, words of the message, line (None: no line of the plugin's is to blame), words of the next step
DEFECTS = {
    "import error": (
        "\nimport no_such_module_at_all\n",
        "import",
        "No module named",
        2,
        "Install 'no_such_module_at_all'",
    ),
    "missing name": ("from math import no_such_name\n", "import", "cannot import name", 1, "Report it"),
    "syntax error": ("def f(:\n", "import", "SyntaxError", 1, "Report it"),
    "exit": ("import sys\n\nsys.exit(3)\n", "import", "SystemExit: 3", 3, "must not call sys.exit"),
    "hook raises": (
        HOOK + "    raise RuntimeError('no luck')\n",
        "registration",
        "RuntimeError: no luck",
        6,
        "Report it",
    ),
    "partial": (HOOK + "    registrar.group('two', 'x:Two')\n", "registration", "summary", 6, "Report it"),
    "extra argument": (HOOK.replace("(registrar)", "(registrar, more)"), "hook", "more", 3, "takes one argument"),
    "misspelt hook": (
        HOOK.replace("symmetron_register", "symmetron_regsiter"),
        "hook",
        "there is no hook 'symmetron_regsiter'; did you mean 'symmetron_register'?",
        3,
        "Rename",
    ),
    "unmarked hook": (HOOK.replace("@hookimpl\n", ""), "hook", "is not marked", 3, "Decorate it"),
    "no hook": ("x = 1\n", "hook", "has no hook 'symmetron_register'", None, "symmetron new"),
    "duplicate name": (
        HOOK + "    registrar.model('one', 'x:Two', summary='The second.')\n",
        "registration",
        "bad-plugin/one is registered twice: group 'x:One' and model 'x:Two'",
        6,
        "Report it",
    ),
    "prints": ("print('welcome')\n" + HOOK, "import", "prints to standard output (['welcome'])", None, "logging"),
    "unknown keyword": (
        HOOK + "    registrar.solver('two', 'x:Two', summary='S.', stochastik=True)\n",
        "registration",
        "unknown keyword 'stochastik'; did you mean 'stochastic'?",
        6,
        "Report it",
    ),
    "unknown method": (
        HOOK + "    registrar.grupo('two', 'x:Two', summary='S.')\n",
        "registration",
        "no method 'grupo'; did you mean 'group'?",
        6,
        "Report it",
    ),
    "bad name": (
        HOOK + "    registrar.loss('Two!', 'x:Two', summary='S.')\n",
        "registration",
        "lower-case",
        6,
        "Report",
    ),
    "bad target": (
        HOOK + "    registrar.loss('two', 'x.Two', summary='S.')\n",
        "registration",
        "module:attr",
        6,
        "Report",
    ),
    "target object": (
        HOOK + "    registrar.loss('two', len, summary='S.')\n",
        "registration",
        "module:attr",
        6,
        "Report",
    ),
    "bad family": (
        HOOK + "    registrar.model('two', 'x:Two', summary='S.', family='net')\n",
        "registration",
        "'network' or 'physics', got 'net'",
        6,
        "Report",
    ),
    "bad tags": (
        HOOK + "    registrar.loss('two', 'x:T', summary='S.', tags='a')\n",
        "registration",
        "tags",
        6,
        "Report",
    ),
    "bad block": (
        HOOK + "    registrar.solver('two', 'x:T', summary='S.', block=0)\n",
        "registration",
        "block must be at least 1",
        6,
        "Report",
    ),
    "no seed": (
        HOOK + "    registrar.solver('two', 'x:T', summary='S.', stochastic=True, batch=('x',))\n",
        "registration",
        "'seed'",
        6,
        "Report",
    ),
}


@pytest.fixture
def good():
    """The plugin that must stay listed."""
    with lend_plugin("good-plugin", HOOK):
        yield


def assert_isolated(stage, message, hint):
    """The good plugin is listed and nothing of the broken one; return the report."""
    assert [entry.name for entry in sym.entries(package="good-plugin")] == ["good-plugin/one"]
    assert sym.entries(package="liegroups")
    assert not sym.entries(package="bad-plugin")
    [report] = [report for report in sym.broken() if report.package == "bad-plugin"]
    assert (report.version, report.stage) == ("2.3.4", stage)
    assert message in report.message
    assert hint in report.hint
    assert json.loads(json.dumps(report.as_dict()))["package"] == "bad-plugin"
    assert str(report).startswith(f"bad-plugin 2.3.4: {stage} at ")
    return report


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_reported_and_hurts_no_other_plugin(good, defect, capfd):
    source, stage, message, line, hint = DEFECTS[defect]
    with lend_plugin("bad-plugin", source, version="2.3.4") as folder:
        report = assert_isolated(stage, message, hint)
        if line is not None:
            assert report.where == f"{folder / 'bad_plugin.py'}:{line}"
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("defect", ["import error", "exit", "partial"])
def test_strict_raises(good, defect, monkeypatch):
    monkeypatch.setenv("SYMMETRON_STRICT", "1")
    with (
        lend_plugin("bad-plugin", DEFECTS[defect][0], version="2.3.4"),
        pytest.raises(PluginError, match=r"bad-plugin 2\.3\.4"),
    ):
        sym.entries()


@pytest.mark.parametrize(
    "requirement", ['symmetron<1.0; extra == "symmetron"', "symmetron>=99,<100 ; extra == 'symmetron'"]
)
def test_an_incompatible_version_is_found_before_the_module_is_imported(good, requirement):
    source = "raise AssertionError('imported')\n"
    with lend_plugin("bad-plugin", source, version="2.3.4", requires=[requirement]):
        report = assert_isolated("version", "incompatible: needs symmetron", "Upgrade bad-plugin")
        assert "1.0.0 is installed" in report.message
        assert "bad_plugin" not in sys.modules


def test_a_compatible_version_and_another_extra_are_no_defect():
    requires = [
        'symmetron>=1.0,<2; extra == "symmetron"',
        'symmetron<1; extra == "other"',
        'symmetronix<1; extra == "a"',
    ]
    with lend_plugin("good-plugin", HOOK, requires=requires):
        assert sym.entries(package="good-plugin")


def test_an_interrupt_at_import_aborts(good):
    with lend_plugin("bad-plugin", "raise KeyboardInterrupt\n"), pytest.raises(KeyboardInterrupt):
        sym.entries()
    assert sym.entries(package="good-plugin")


def test_an_entry_point_must_be_named_after_its_distribution(good):
    with lend_plugin("bad-plugin", HOOK, version="2.3.4", entry_point="good_thing"):
        assert_isolated("metadata", "entry point is named 'good_thing'", "'bad-plugin'")


def test_a_stolen_entry_point_name_does_not_hurt_its_owner(good):
    with lend_plugin("bad-plugin", HOOK, version="2.3.4", entry_point="good-plugin"):
        assert_isolated("metadata", "entry point is named 'good-plugin'", "'bad-plugin'")


def test_one_distribution_names_one_module(good):
    with lend_plugin("bad-plugin", HOOK, version="2.3.4") as folder:
        [points] = folder.glob("*.dist-info/entry_points.txt")
        points.write_text("[symmetron.plugins]\nbad-plugin = bad_plugin\nbad_plugin = bad_plugin\n")
        importlib.invalidate_caches()
        reports = [report for report in sym.broken() if report.package == "bad-plugin"]
        assert {report.stage for report in reports} == {"metadata"}
        assert "more than one plugin module" in reports[0].message
        assert not sym.entries(package="bad-plugin")
        assert sym.entries(package="good-plugin")


def test_malformed_entry_points_hurt_no_other_distribution(good):
    with lend_plugin("bad-plugin", HOOK, version="2.3.4") as folder:
        [points] = folder.glob("*.dist-info/entry_points.txt")
        points.write_text("[symmetron.plugins]\nbad-plugin\n")
        importlib.invalidate_caches()
        assert_isolated("metadata", "its entry_points.txt cannot be read", "reinstall bad-plugin")


def test_an_empty_metadata_file_is_reported_by_the_name_of_the_entry_point(good):
    with lend_plugin("bad-plugin", HOOK) as folder:
        [metadata] = folder.glob("*.dist-info/METADATA")
        metadata.write_text("")
        importlib.invalidate_caches()
        [report] = [report for report in sym.broken() if report.package == "bad-plugin"]
        assert (report.version, report.stage) == ("?", "metadata")
        assert "its METADATA has no name or no version" in report.message
        assert sym.entries(package="good-plugin") and not sym.entries(package="bad-plugin")


def test_a_plugin_whose_name_begins_like_ours_has_a_place():
    with lend_plugin("symmetron-importlib", "\n1 / 0\n") as folder:
        [report] = [report for report in sym.broken() if report.package == "symmetron-importlib"]
        assert report.where == f"{folder / 'symmetron_importlib.py'}:2"


def test_json_stays_valid_when_a_plugin_prints():
    with lend_plugin("bad-plugin", DEFECTS["prints"][0]) as folder, lend_plugin("good-plugin", HOOK) as other:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (folder, other)))}
        line = [sys.executable, "-m", "symmetron", "list", "--json"]
        done = subprocess.run(line, env=environment, capture_output=True, text=True, cwd=Path("/"))
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    assert "good-plugin/one" in {entry["name"] for entry in listed["entries"]}
    assert "bad-plugin" in {report["package"] for report in listed["broken"]}
