"""Default pictures of results."""

import numpy as np
import pytest
import xarray

import symmetron as sym
from symmetron.errors import ResultError
from symmetron.testing import lend_plugin

pytest.importorskip("matplotlib", reason="plots need the extra plot")


def result(shape, dims, **variables):
    coords = {dim: (dim, np.linspace(0, 1, size), {"units": "J"}) for dim, size in zip(dims, shape, strict=True)}
    data = {name: (dims, value, {"units": "m"}) for name, value in variables.items()}
    return xarray.Dataset(data, coords, {"entry": "nobody/knows"})


def test_one_dimension_is_a_line():
    figure = sym.plot(result((5,), ("T",), y=np.arange(5.0)))
    (panel,) = figure.axes
    np.testing.assert_array_equal(panel.lines[0].get_ydata(), np.arange(5.0))
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("T [J]", "y [m]")


def test_two_dimensions_are_a_map():
    values = np.arange(80.0).reshape(8, 10)
    figure = sym.plot(result((8, 10), ("a", "b"), y=values))
    mesh = figure.axes[0].collections[0]
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(8, 10), values)
    assert figure.axes[0].get_xlabel() == "b [J]" and figure.axes[0].get_ylabel() == "a [J]"


def test_a_short_second_dimension_is_several_lines():
    figure = sym.plot(result((3, 10), ("P", "T"), y=np.ones((3, 10))))
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["P = 0", "P = 0.5", "P = 1"]


def test_each_number_has_a_panel_and_text_has_none():
    dataset = result(
        (5,), ("T",), y=np.arange(5.0), z=np.arange(5) + 1j, flag=np.ones(5, bool), word=np.array(list("abcde"))
    )
    titles = {panel.get_ylabel() for panel in sym.plot(dataset).axes if panel.lines}
    assert titles == {"y [m]", "z [m]", "flag [m]"}


def test_three_dimensions_are_reduced_to_two():
    figure = sym.plot(result((2, 8, 9), ("a", "b", "c"), y=np.zeros((2, 8, 9))))
    assert figure.axes[0].get_xlabel() == "c [J]"


def test_unknown_variable_names_the_nearest():
    with pytest.raises(ResultError, match="did you mean 'magnetisation'"):
        sym.plot(result((3,), ("T",), magnetisation=np.ones(3)), ["magnetization"])


def test_a_file_is_no_result():
    with pytest.raises(TypeError, match=r"plot draws a result, got 'x\.nc'; read a file with symmetron\.load first"):
        sym.plot("x.nc")


def test_nothing_to_draw_says_so():
    with pytest.raises(ResultError, match="nothing to draw"):
        sym.plot(xarray.Dataset({"m": 1.0}))


def test_the_solvers_own_picture_is_used_where_it_has_one():
    source = """
import pluggy

@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    registrar.solver("s", "drawn_plugin:s", summary="x", plot="drawn_plugin:draw")

def s(*, x: float = 1.0):
    return {"y": x}

def draw(dataset):
    if dataset.sizes:
        raise ValueError("only a single run has this picture")
    return ("drawn", dataset.attrs["entry"])
"""
    with lend_plugin("drawn-plugin", source):
        assert sym.plot(sym.run("drawn-plugin/s")) == ("drawn", "drawn-plugin/s")
        (panel,) = sym.plot(sym.sweep("drawn-plugin/s", {"x": [1.0, 2.0]})).axes
        np.testing.assert_array_equal(panel.lines[0].get_ydata(), [1, 2])
