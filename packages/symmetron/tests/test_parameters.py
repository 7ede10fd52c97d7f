"""Parameters come from signatures and docstrings; equal values have equal keys."""

import math

import numpy as np
import pytest

import symmetron as sym
from symmetron._build import plan
from symmetron._canonical import canonical, digest, dumps, readable
from symmetron._parameters import argument_docs
from symmetron.errors import ParameterError


def table(**parameters):
    """Return the complete table of the solver `types`."""
    return plan({"entry": "lab-plugin/types", "count": 1, **parameters}).table()


def refusal(**parameters):
    """Return the one sentence that refuses the parameters."""
    with pytest.raises(ParameterError) as caught:
        table(**parameters)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("lab-plugin/types")
    return str(caught.value)


@pytest.fixture(autouse=True)
def _lab(lab):
    return lab


def test_names_types_defaults_and_docs_are_read_from_the_target():
    parameters = {p.name: p for p in sym.entry("lab-plugin/types").parameters}
    assert {name: p.type for name, p in parameters.items()} == {
        "count": "int",
        "rate": "float",
        "phase": "complex",
        "rule": "'newton' or 'secant' or 3",
        "deep": "bool",
        "table": "number or array",
        "weights": "Sequence[float]",
        "limit": "float",
        "anything": "Any",
    }
    assert [name for name, p in parameters.items() if p.required] == ["count"]
    assert (parameters["count"].doc, parameters["rate"].doc, parameters["deep"].doc) == ("How many.", "Per second.", "")


def test_services_are_not_parameters():
    assert "progress" not in {p.name for p in sym.entry("lab-plugin/walk").parameters}
    assert "checkpoint" not in {p.name for p in sym.entry("lab-plugin/walk").parameters}


def test_units_are_those_registered():
    units = {p.name: p.unit for p in sym.entry("lab-plugin/energy").parameters}
    assert units == {"model": "", "T": "J"}


@pytest.mark.parametrize("target", ["spin", "wire"])
def test_annotations_written_as_text_are_types(target):
    types = {p.name: p.type for p in sym.entry(f"lab-plugin/{target}").parameters}
    assert (
        types
        == {
            "spin": {"P": "int", "kernel": "'gaussian' or 'power'"},
            "wire": {"length": "float", "turns": "int"},
        }[target]
    )


def test_docs_of_attributes_of_a_record():
    docs = {p.name: p.doc for p in sym.entry("lab-plugin/spin").parameters}
    assert docs == {"P": "Order of the interaction.", "kernel": "Which nonlinearity."}


def test_a_paragraph_is_joined_and_other_sections_are_left():
    doc = "S.\n\nArgs:\n    a: One\n        and two: three.\n\n    *rest: More.\n\nReturns:\n    b: Not this."
    assert argument_docs(doc) == {"a": "One and two: three.", "rest": "More."}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"count": "3"}, 3),
        ({"count": 3.0}, 3),
        ({"count": np.int64(3)}, 3),
        ({"rate": 2}, 2.0),
        ({"rate": "1e-3"}, 1e-3),
        ({"rate": np.float32(0.5)}, 0.5),
        ({"rate": math.inf}, math.inf),
        ({"phase": "1+2j"}, 1 + 2j),
        ({"phase": np.complex128(2j)}, 2j),
        ({"deep": "true"}, True),
        ({"rule": 3}, 3),
        ({"weights": [1, 2]}, [1.0, 2.0]),
        ({"weights": np.array([1.0, 2.0])}, [1.0, 2.0]),
        ({"limit": None}, None),
        ({"limit": 2}, 2.0),
        ({"table": 2}, 2.0),
        ({"table": "2.5"}, 2.5),
        ({"anything": [1, {"a": 2}]}, [1, {"a": 2}]),
    ],
)
def test_values_become_the_annotated_type(given, kept):
    [name] = given
    value = table(**given)[name]
    assert value == kept
    assert type(value) in (type(kept), np.complex128)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cuont": 3}, "has no parameter 'cuont'; did you mean 'count'?"),
        ({"zzz": 3}, "known: count, rate, phase"),
        ({"count": 3.5}, "parameter 'count' must be int, got 3.5"),
        ({"count": None}, "must be int, got None"),
        ({"count": True}, "must be int, got True"),
        ({"rate": False}, "must be float, got False"),
        ({"count": "many"}, "must be int, got 'many'"),
        ({"rate": "fast"}, "must be float, got 'fast'"),
        ({"rate": "liegroups/so"}, "must be float, got 'liegroups/so'"),
        ({"rate": "x" * 200}, "..."),
        ({"rate": math.nan}, "'rate' is not a number (NaN)"),
        ({"phase": complex(0, math.nan)}, "'phase' is not a number (NaN)"),
        ({"table": [1.0, math.nan]}, "'table' is not a number (NaN)"),
        ({"weights": [math.nan]}, "'weights' is not a number (NaN)"),
        ({"rule": "newtn"}, "must be 'newton' or 'secant' or 3, got 'newtn'; did you mean 'newton'?"),
        ({"rule": 4}, "must be 'newton' or 'secant' or 3, got 4"),
        ({"table": "some"}, "must be number or array, got 'some'"),
        ({"table": [[1], [2, 3]]}, "must be number or array"),
        ({"weights": 3}, "must be Sequence[float], got 3"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(given, words):
    assert words in refusal(**given)


def test_a_missing_parameter_is_named_with_its_documentation():
    with pytest.raises(ParameterError, match=r"needs the parameter 'count' \(int\): How many\."):
        plan({"entry": "lab-plugin/types"})


def test_a_default_is_a_value_like_any_other():
    assert dumps(table()) == dumps(table(rate=1.0, table=[1.0, 2.0], weights=[1]))
    assert dumps(table()) == dumps(table(rate=1, limit=None, rule="newton"))
    assert dumps(table()) != dumps(table(rate=2))


def test_reading_a_complete_table_again_changes_nothing():
    assert dumps(plan(table()).table()) == dumps(table())


def test_equal_numbers_have_one_key():
    assert digest({"a": 1.0, "b": 2}) == digest({"b": 2, "a": 1.0})
    assert digest(table(count=1, rate=1)) == digest(table(count=1.0, rate="1.0"))
    assert digest(0.1 + 0.2) != digest(0.3)
    assert digest(np.float64(0.5)) == digest(0.5)
    assert digest(np.int32(2)) == digest(2)


def test_arrays_are_told_apart_by_value_type_and_shape():
    one = np.arange(6.0)
    assert digest(one) == digest(one.copy()) == digest(np.arange(12.0)[::2] / 2)
    different = [one, one.reshape(2, 3), one.astype("float32"), -one, one[:5], one + 0j]
    assert len({digest(array) for array in different}) == len(different)
    assert digest(np.asfortranarray(one.reshape(2, 3))) == digest(one.reshape(2, 3))


def test_complex_and_infinite_numbers_have_keys():
    values = [1j, 1.0, math.inf, -math.inf, complex(0, math.inf), "inf", None, True, [1j], {"a": 1j}]
    assert len(set(map(digest, values))) == len(values)


def test_an_object_has_no_key_and_a_readable_form():
    with pytest.raises(TypeError, match="object objects have no canonical form"):
        canonical({"a": object()})
    assert readable({"a": np.arange(3), "b": 1j}) == {"a": [0, 1, 2], "b": {"complex": [0.0, 1.0]}}
    assert set(readable(object())) == {"object"}
