"""Results are labelled, padded, and the same after a netCDF file."""

import json

import numpy as np
import pytest

import symmetron as sym
from symmetron._compute import stack
from symmetron.errors import ResultError

pytest.importorskip("netCDF4", reason="netCDF files need the extra symmetron[io]")


@pytest.fixture(scope="module")
def result(lab, tmp_path_factory):
    """A flag, a text, a complex array, a line of variable length and a count, through a store."""
    store = tmp_path_factory.mktemp("store") / "runs.sqlite"
    sym.sweep("lab-plugin/everything", {"n": [0, 3]}, store=store)
    return sym.sweep("lab-plugin/everything", {"n": [0, 1, 2, 3]}, store=store)


def assert_same(first, again):
    assert list(first.variables) == list(again.variables)
    assert dict(first.sizes) == dict(again.sizes)
    assert first.attrs == again.attrs
    for name, variable in first.variables.items():
        other = again.variables[name]
        assert (variable.dims, variable.attrs) == (other.dims, other.attrs), name
        if variable.dtype.kind == "U":
            assert variable.values.tolist() == other.values.tolist(), name
        else:
            assert variable.dtype == other.dtype, name
            assert variable.values.tobytes() == other.values.tobytes(), name


def test_values_of_every_kind(result):
    assert result["converged"].values.tolist() == [True, True, False, True]
    assert result["phase"].values.tolist() == ["glass", "glass", "paramagnet", "paramagnet"]
    np.testing.assert_array_equal(result["flow"], [[1j**n, n - 0.5j] for n in range(4)])
    assert result["count"].values.tolist() == [0, 1, 2, 3]
    assert result["count"].dtype == np.int64


def test_a_line_of_variable_length_is_padded_and_its_lengths_are_kept(result):
    assert result["line"].dims == ("n", "q")
    assert result["q_length"].values.tolist() == [0, 1, 2, 3]
    nan = np.nan
    np.testing.assert_array_equal(result["line"], [[nan] * 3, [0, nan, nan], [0, 1 / 7, nan], [0, 1 / 7, 2 / 7]])


def test_units_and_formats_are_attributes(result):
    assert result["line"].attrs == {"units": "nm"}
    assert result["flow"].attrs == {"units": "s"}
    assert result["law"].attrs == {"format": "sympy"}


def test_netcdf_keeps_every_byte(result, tmp_path):
    path = sym.save(result, tmp_path / "deep" / "result.nc")
    assert_same(result, sym.load(path))
    assert [file.name for file in path.parent.iterdir()] == ["result.nc"]


def test_netcdf_keeps_failures_complex_axes_and_swept_tables(lab, tmp_path):
    failing = sym.sweep("lab-plugin/inverse", {"x": [0, 1]})
    assert_same(failing, sym.load(sym.save(failing, tmp_path / "a.nc")))
    grid = {"phase": [1j, 2.0], "deep": [True, False], "anything": [{"entry": "lab-plugin/spin"}, "liegroups/so"]}
    with sym.Pool() as pool:
        with pytest.raises(sym.errors.ParameterError, match="'n'"):
            sym.sweep("lab-plugin/types", grid, count=1, executor=pool)
        grid["anything"][1] = {"entry": "lab-plugin/spin", "P": 2}
        swept = sym.sweep("lab-plugin/types", grid, count=1, executor=pool)
    assert_same(swept, sym.load(sym.save(swept, tmp_path / "b.nc")))


def test_netcdf_of_a_single_run_and_of_an_empty_grid(lab, tmp_path):
    for number, dataset in enumerate(
        [sym.run("lab-plugin/everything", n=2), sym.sweep("lab-plugin/inverse", {"x": []})]
    ):
        assert_same(dataset, sym.load(sym.save(dataset, tmp_path / f"{number}.nc")))


def test_the_table_is_complete(result):
    assert json.loads(result.attrs["spec"]) == {"entry": "lab-plugin/everything"}
    versions = json.loads(result.attrs["versions"])
    assert versions == {"symmetron": "1.0.0", "lab-plugin": "1.0.0"}


def test_a_file_that_cannot_be_written_is_one_sentence_and_leaves_nothing(result, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ResultError, match=r"cannot write .*result\.nc"):
        sym.save(result, tmp_path / "file" / "result.nc")
    (tmp_path / "folder.nc").mkdir()
    with pytest.raises(ResultError, match=r"cannot write .*folder\.nc"):
        sym.save(result, tmp_path / "folder.nc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.nc"]


def test_a_file_is_replaced_whole(result, tmp_path):
    sym.save(result, tmp_path / "result.nc")
    sym.save(result.isel(n=[0]), tmp_path / "result.nc")
    assert sym.load(tmp_path / "result.nc").sizes["n"] == 1


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(ResultError, match=r"cannot read .*none\.nc"):
        sym.load(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("no netCDF")
    with pytest.raises(ResultError, match=r"cannot read .*text\.nc"):
        sym.load(tmp_path / "text.nc")


def test_rows_are_padded_by_type():
    parts = [np.array([[1]]), None, np.array([[2, 3]])]
    assert stack(parts).tolist() == [[1, 0], [0, 0], [2, 3]]
    assert np.isnan(stack([np.array([1j]), None])[1])
    assert stack([np.array(["a"]), None]).tolist() == ["a", ""]
    assert stack([np.array([True]), None]).tolist() == [True, False]
    assert stack([np.array([1]), np.array([0.5])]).tolist() == [1.0, 0.5]


def test_text_in_one_cell_and_a_number_in_another_is_refused():
    with pytest.raises(ResultError, match="text in some cells and a number in others"):
        stack([np.array(["a"]), np.array([1])])
