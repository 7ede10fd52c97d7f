"""Finding, filtering and naming the installed entries."""

import copy
import json
import pickle

import pytest

import symmetron as sym
from symmetron.errors import PluginError, UnknownEntry
from symmetron.testing import lend_plugin

HOOK = """
import pluggy
@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    {body}
"""


def test_entries_are_sorted_by_full_name():
    names = [entry.name for entry in sym.entries()]
    assert names == sorted(names)
    assert {"liegroups/so", "liegroups/se", "liegroups/symmetric"} <= set(names)


def test_entries_are_filtered_by_kind_package_and_tag(lab):
    assert {entry.kind for entry in sym.entries(kind="group")} == {"group"}
    assert {entry.package for entry in sym.entries(package="lab-plugin")} == {"lab-plugin"}
    assert {entry.name for entry in sym.entries(tag="affine")} >= {"liegroups/se", "liegroups/e"}
    assert [entry.name for entry in sym.entries(kind="model", package="lab-plugin")] == [
        f"lab-plugin/{name}" for name in ("averaged", "chain", "counts", "layered", "spin", "wire")
    ]


def test_an_unknown_kind_names_the_kinds():
    with pytest.raises(ValueError, match="group, model, loss, solver, dataset, got 'modle'"):
        sym.entries(kind="modle")


def test_an_unknown_package_is_answered_with_the_nearest(lab):
    with pytest.raises(ValueError, match="no plugin of a package 'liegrups' is installed; did you mean 'liegroups'"):
        sym.entries(package="liegrups")


def test_a_record_describes_itself_without_its_target(lab):
    record = sym.entry("lab-plugin/everything").as_dict()
    assert json.loads(json.dumps(record))["outputs"] == {"line": ["q"], "law": "sympy"}
    assert record["version"] == "1.0.0"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("spin", "lab-plugin/spin"),
        ("lab-plugin/spni", "lab-plugin/spin"),
        ("so", "liegroups/so"),
        (3, "symmetron list"),
    ],
)
def test_an_unknown_name_answers_with_the_nearest(lab, name, nearest):
    with pytest.raises(UnknownEntry, match=nearest) as caught:
        sym.entry(name)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_can_be_sent_home_by_a_worker():
    error = pickle.loads(pickle.dumps(UnknownEntry("so", ["liegroups/so"])))
    assert type(error) is UnknownEntry
    assert str(error) == str(UnknownEntry("so", ["liegroups/so"]))


def test_a_record_loads_its_target_and_documentation(lab):
    entry = sym.entry("lab-plugin/types")
    assert entry.load().__name__ == "types"
    assert entry.doc.startswith("Take one parameter of each type.")
    assert copy.deepcopy(entry) == entry


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("lent_targets:missing", "does not resolve"),
        ("lent_targets.no:thing", "needs the module 'lent_targets.no'"),
        ("nowhere_at_all:thing", "needs the module 'nowhere_at_all', which is not installed"),
        ("lent_broken:thing", "raised ZeroDivisionError"),
        ("lent_exit:thing", "raised SystemExit: 3"),
    ],
)
def test_a_target_that_does_not_resolve_is_listed_and_explained_on_use(target, message):
    body = f"registrar.group('g', '{target}', summary='A group.')"
    with lend_plugin("lent-targets", HOOK.format(body=body)) as folder:
        (folder / "lent_broken.py").write_text("1 / 0")
        (folder / "lent_exit.py").write_text("import sys; sys.exit(3)")
        assert sym.entry("lent-targets/g").target == target
        with pytest.raises(PluginError, match=message) as caught:
            sym.entry("lent-targets/g").load()
        assert "lent-targets/g" in str(caught.value)


def test_what_a_target_prints_at_import_stays_out_of_the_output(capsys):
    body = "registrar.dataset('d', 'lent_loud:load', summary='Data.')"
    with lend_plugin("lent-targets", HOOK.format(body=body)) as folder:
        (folder / "lent_loud.py").write_text("print('hello')\ndef load(): return {'a': 1}")
        assert sym.build("lent-targets/d") == {"a": 1}
    out, err = capsys.readouterr()
    assert (out, err) == ("", "hello\n")


def test_a_lent_plugin_is_gone_afterwards():
    with lend_plugin("lent-targets", HOOK.format(body="registrar.group('g', 'a:b', summary='A group.')")):
        assert sym.entries(package="lent-targets")
    assert "lent-targets" not in {entry.package for entry in sym.entries()}
