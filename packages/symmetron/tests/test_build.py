"""Nested tables and TOML files become objects."""

import numpy as np
import pytest

import symmetron as sym
from symmetron.errors import BuildError, ParameterError, UnknownEntry

FILE = """
[inner]
entry = "lab-plugin/layered"
name = "outside"
inner.entry = "lab-plugin/layered"
inner.name = "inside"
inner.inner = {entry = "lab-plugin/spin", P = 6}

[other.deep]
entry = "lab-plugin/wire"
length = 2
"""


@pytest.fixture(autouse=True)
def _lab(lab):
    return lab


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(FILE)
    return path


def test_a_name_with_parameters():
    assert (sym.build("lab-plugin/spin").P, sym.build("lab-plugin/spin", P=6).P) == (4, 6)


def test_nested_tables_are_built_innermost_first():
    built = sym.build({"entry": "lab-plugin/layered", "inner": {"entry": "lab-plugin/spin", "P": 2}})
    assert (type(built.inner).__name__, built.inner.P, built.name) == ("Spin", 2, "outer")


def test_a_full_name_stands_for_its_table():
    assert sym.build("lab-plugin/layered", inner="lab-plugin/spin").inner.P == 4


def test_a_text_parameter_is_never_an_entry():
    assert sym.build("lab-plugin/layered", inner=1, name="lab-plugin/spin").name == "lab-plugin/spin"


def test_a_list_of_tables():
    built = sym.build("lab-plugin/layered", inner=[{"entry": "lab-plugin/spin", "P": P} for P in (2, 3)])
    assert [spin.P for spin in built.inner] == [2, 3]


def test_an_object_is_passed_through():
    thing = object()
    assert sym.build("lab-plugin/layered", inner=thing).inner is thing


def test_dotted_names_reach_nested_tables():
    table = {"entry": "lab-plugin/layered", "inner": {"entry": "lab-plugin/spin"}}
    assert sym.build(table, **{"inner.P": 8}).inner.P == 8
    assert sym.build("lab-plugin/layered", **{"inner.entry": "lab-plugin/spin", "inner.P": 8}).inner.P == 8
    assert sym.build("lab-plugin/layered", **{"inner.P": 8, "inner.entry": "lab-plugin/spin"}).inner.P == 8
    assert sym.build("lab-plugin/layered", **{"inner.P": 8, "inner": "lab-plugin/spin"}).inner.P == 8
    assert table["inner"] == {"entry": "lab-plugin/spin"}


def test_a_table_of_a_toml_file(file):
    built = sym.build(f"{file}#inner")
    assert (built.name, built.inner.name, built.inner.inner.P) == ("outside", "inside", 6)
    assert sym.build(f"{file}#other.deep", turns=5) == (2.0, 5)


def test_a_whole_toml_file(tmp_path):
    (tmp_path / "one.toml").write_text('entry = "lab-plugin/spin"\nP = 3')
    assert sym.build(tmp_path / "one.toml").P == 3


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("", "has no key 'entry'; name one of its tables as"),
        ("#innr", "has no table 'innr'; did you mean 'inner'?"),
        ("#inner.nothing", "has no table 'inner.nothing'"),
        ("#other", "has no key 'entry'"),
        ("#inner.name.entry", "has no table"),
        ("#other.deep.length.x", "has no table 'other.deep.length.x'"),
        ("#other.deep.length", "is 2, not a table"),
    ],
)
def test_a_wrong_place_in_a_file_is_explained(file, inside, words):
    with pytest.raises(BuildError) as caught:
        sym.build(f"{file}{inside}")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unreadable_file_is_explained(tmp_path):
    with pytest.raises(BuildError, match=r"cannot read .*none\.toml"):
        sym.build(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("entry = ")
    with pytest.raises(BuildError, match="is not valid TOML"):
        sym.build(tmp_path / "bad.toml")
    (tmp_path / "latin.toml").write_bytes(b'entry = "\xe9"')
    with pytest.raises(BuildError, match="is not valid TOML"):
        sym.build(tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("table", "error", "words"),
    [
        ({}, BuildError, "needs the key 'entry'"),
        ({"entry": "spin"}, UnknownEntry, "nearest: lab-plugin/spin"),
        ({"entry": 3}, UnknownEntry, "no entry is named 3"),
        ({"entry": ["lab-plugin/spin"]}, UnknownEntry, "no entry is named"),
        ({"entry": "lab-plugin/spin", "p": 3}, ParameterError, "did you mean 'P'"),
        ({"entry": "lab-plugin/layered", "inner": "lab-plugin/spni"}, UnknownEntry, "nearest: lab-plugin/spin"),
        ({"entry": "lab-plugin/layered", "inner": {"entry": "lab-plugin/spin", "Q": 1}}, ParameterError, "spin has no"),
        ({"entry": "lab-plugin/layered", "inner": 3, "inner.P": 1}, ParameterError, "needs a table at 'inner'"),
        (
            {"entry": "lab-plugin/energy", "T": 1, "model": "lab-plugin/spin"},
            BuildError,
            "is a solver; call symmetron.run",
        ),
        ({"entry": "lab-plugin/layered", "inner": "lab-plugin/types"}, ParameterError, "needs the parameter 'count'"),
    ],
)
def test_a_wrong_table_is_refused_in_one_sentence(table, error, words):
    dotted = {name: table.pop(name) for name in list(table) if "." in name}
    with pytest.raises(error) as caught:
        sym.build(table, **dotted)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_where_a_number_belongs_is_refused():
    with pytest.raises(ParameterError, match="'length' must be float"):
        sym.build("lab-plugin/wire", length={"entry": "lab-plugin/spin"})
    with pytest.raises(ParameterError, match="'model' must be Spin"):
        sym.run("lab-plugin/energy", T=1, model={"entry": "lab-plugin/wire", "length": 1})


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            {"entri": "lab-plugin/spin", "P": 6},
            "'model' is a table without the key 'entry'; did you mean it by 'entri'?",
        ),
        (
            {"kernl": "power", "P": 6},
            "'model' is a table without the key 'entry'; add it, as entry = 'lab-plugin/spin'",
        ),
        ({"p": 6}, "without the key 'entry'"),
        ({}, "without the key 'entry'"),
    ],
)
def test_a_table_that_names_no_entry_is_refused_rather_than_built_with_defaults(table, words, tmp_path):
    (tmp_path / "run.toml").write_text(
        'entry = "lab-plugin/energy"\nT = 1\n[model]\n'
        + "\n".join(f"{key} = {value!r}" for key, value in table.items())
    )
    for action in (
        lambda: sym.run("lab-plugin/energy", T=1, model=table),
        lambda: sym.sweep("lab-plugin/energy", {"T": [1]}, model=table),
        lambda: sym.run(tmp_path / "run.toml"),
    ):
        with pytest.raises(ParameterError) as caught:
            action()
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"spins": [{"P": 6}]},
        {"spins": [{"entry": "lab-plugin/spin"}, {"P": 6}]},
        {"spins": [{"entry": "lab-plugin/wire", "length": 1}]},
        {"extra": {"P": 6}},
    ],
)
def test_a_record_is_built_by_its_entry_alone_wherever_it_stands(given):
    with pytest.raises(ParameterError, match=r"lab-plugin/chain: parameter '(spins|extra)'"):
        sym.build("lab-plugin/chain", **given)


def test_an_annotation_that_takes_other_things_than_entries_keeps_them(tmp_path):
    assert sym.build("lab-plugin/chain", log=f"{tmp_path}/log").log == tmp_path / "log"
    assert sym.build("lab-plugin/layered", inner={"a": 1}).inner == {"a": 1}
    assert sym.build("lab-plugin/counts", table={"a": 1}) == {"a": 1}
    assert sym.build("lab-plugin/chain", extra=sym.build("lab-plugin/spin", P=6)).extra.P == 6


@pytest.mark.parametrize(
    "given",
    [{"model": "spin"}, {"model": "lab-plugin/spni"}, {"model": "lab-plugin/spin", "group": "so"}],
)
def test_a_short_name_is_answered_with_the_full_one(given):
    with pytest.raises(UnknownEntry, match=r"nearest: (lab-plugin/spin|liegroups/so)"):
        sym.build("lab-plugin/averaged", **{"group": 1, **given})
    with pytest.raises(UnknownEntry, match="nearest: lab-plugin/spin"):
        sym.run("lab-plugin/energy", T=1, model="spin")


def test_nothing_that_is_given_is_modified():
    values = np.arange(3.0)
    table = {"entry": "lab-plugin/layered", "inner": values}
    sym.build(table, name="x")
    assert table == {"entry": "lab-plugin/layered", "inner": values}
