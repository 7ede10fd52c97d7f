"""Grids: values, coordinates, blocks, seeds, and what is refused before any work."""

import json

import numpy as np
import pytest

import symmetron as sym
from symmetron._grid import Grid
from symmetron.errors import BuildError, MissingDevice, ParameterError, SweepError, UnknownEntry


@pytest.fixture(autouse=True)
def _lab(lab):
    return lab


@pytest.fixture(scope="module")
def pool():
    """One worker for all tests of the file that want values and not processes."""
    with sym.Pool(workers=1) as pool:
        yield pool


def test_magnetisation_in_mean_field_theory(magnet):
    """The nonzero solutions of m = tanh(m/T), by bisection in 40-digit arithmetic."""
    result = sym.sweep("magnet-plugin/mean-field", {"T": [0.1, 0.25, 0.5]})
    exact = [0.999999995877692424, 0.999325673015108244, 0.957504024077268741]
    np.testing.assert_allclose(result["m"], exact, rtol=0, atol=1e-12)
    assert result["T"].values.tolist() == [0.1, 0.25, 0.5]
    assert (result["T"].attrs["units"], result["m"].attrs["units"]) == ("J", "1")
    assert not result["failed"].any()


def test_cells_are_in_the_order_of_the_axes(pool):
    """e = P T is known in closed form."""
    grid = {"T": [3, 1, 2], "model.P": [2, 5]}
    result = sym.sweep("lab-plugin/energy", grid, model="lab-plugin/spin", executor=pool)
    assert result["e"].dims == ("T", "model.P")
    np.testing.assert_array_equal(result["e"], np.outer([3, 1, 2], [2, 5]))
    assert result["model.P"].values.tolist() == [2, 5]
    assert "T" not in result.attrs
    assert "model.P" not in result.attrs
    assert result.attrs["model.kernel"] == "gaussian"


def test_a_table_may_be_swept(pool):
    models = [{"entry": "lab-plugin/spin", "P": P} for P in (2, 6)]
    result = sym.sweep("lab-plugin/energy", {"model": models, "T": [1.0, 2.0]}, executor=pool)
    np.testing.assert_array_equal(result["e"], [[2, 4], [6, 12]])
    assert [json.loads(text)["P"] for text in result["model"].values] == [2, 6]
    assert not any(name.startswith("model") for name in result.attrs)


def test_the_versions_of_every_swept_table_are_recorded(pool):
    models = [{"entry": "lab-plugin/spin"}, {"entry": "liegroups/so", "n": 2}]
    result = sym.sweep("lab-plugin/types", {"anything": models}, count=1, executor=pool)
    assert set(json.loads(result.attrs["versions"])) == {"symmetron", "lab-plugin", "liegroups"}


def test_axes_of_text_flags_and_arrays(pool):
    grid = {"rule": ["newton", 3], "deep": [True, False], "table": [[1.0, 2.0], [3.0]]}
    result = sym.sweep("lab-plugin/types", grid, count=1, executor=pool)
    assert result["rule"].values.tolist() == ["newton", "3"]
    assert result["deep"].values.tolist() == [True, False]
    assert result["size"].values[0, 0].tolist() == [2, 1]


def test_an_object_may_be_given_without_a_store(pool):
    result = sym.sweep("lab-plugin/energy", {"T": [1, 2]}, model=sym.build("lab-plugin/spin", P=3), executor=pool)
    assert result["e"].values.tolist() == [3, 6]


@pytest.mark.parametrize("axes", [{"x": []}, {"x": [], "y": [1, 2]}])
def test_an_empty_grid_gives_an_empty_result(axes):
    result = sym.sweep("lab-plugin/company", axes)
    assert dict(result.sizes) == {name: len(values) for name, values in axes.items()}
    assert result["failed"].shape == tuple(map(len, axes.values()))


def test_no_axes_is_one_cell(pool):
    assert float(sym.sweep("lab-plugin/inverse", {}, x=4, executor=pool)["y"]) == 0.25


def test_a_generator_and_an_array_are_axes(pool):
    grid = {"x": np.linspace(1, 2, 3)}
    assert sym.sweep("lab-plugin/inverse", grid, executor=pool)["y"].values.tolist() == [1, 1 / 1.5, 0.5]
    assert sym.sweep("lab-plugin/inverse", {"x": (x for x in (1, 2))}, executor=pool)["y"].values.tolist() == [1, 0.5]


@pytest.mark.parametrize(
    ("name", "grid", "fixed", "error", "words"),
    [
        ("inverse", {"x": [1]}, {}, UnknownEntry, "nearest: lab-plugin/inverse"),
        ("lab-plugin/spin", {"P": [1]}, {}, BuildError, "is a model, not a solver"),
        ({"T": 1}, {"x": [1]}, {}, BuildError, "a table needs the key 'entry'"),
        ("lab-plugin/everything", {"q": [1]}, {}, ParameterError, "'q' cannot be swept, it is a dimension of the output"),
        ("lab-plugin/inverse", {"x": [1]}, {"x": 2}, ParameterError, "'x' is both fixed and swept"),
        ("lab-plugin/energy", {"T": [1], "model.P": [1]}, {"model": {"entry": "lab-plugin/spin", "P": 3}}, ParameterError,
         "'model.P' is both fixed and swept"),
        ("lab-plugin/inverse", {"y": [1], "x": [1]}, {}, ParameterError, "no parameter 'y'; known: x"),
        ("lab-plugin/inverse", {"y": []}, {}, ParameterError, "no parameter 'y'"),
        ("lab-plugin/energy", {"T": []}, {}, ParameterError, "needs the parameter 'model'"),
        ("lab-plugin/energy", {"T": []}, {"model": "lab-plugin/spni"}, UnknownEntry, "nearest: lab-plugin/spin"),
        ("lab-plugin/energy", {"T": [], "model.Q": [1]}, {"model": "lab-plugin/spin"}, ParameterError, "no parameter 'Q'"),
        ("lab-plugin/walk", {"x": []}, {"steps": "many"}, ParameterError, "'steps' must be int, got 'many'"),
        ("lab-plugin/walk", {"x": [], "pause": ["long"]}, {}, ParameterError, "'pause' must be float, got 'long'"),
        ("lab-plugin/inverse", {"x": "12"}, {}, ParameterError, "'x' needs a list of values, got '12'"),
        ("lab-plugin/inverse", {"x": 12}, {}, ParameterError, "'x' needs a list of values, got 12"),
        ("lab-plugin/inverse", {"x": [1, "one"]}, {}, ParameterError, "'x' must be float, got 'one'"),
        ("lab-plugin/inverse", {"x": [1, float("nan")]}, {}, ParameterError, "'x' is not a number (NaN)"),
        ("lab-plugin/energy", {"T": [1]}, {}, ParameterError, "needs the parameter 'model'"),
        ("lab-plugin/energy", {"T": [1], "model.P": [2, 0]}, {"model": "lab-plugin/spin"}, ParameterError,
         "lab-plugin/spin: P must be positive, got 0"),
        ("lab-plugin/energy", {"T": [1], "model.Q": [2]}, {"model": "lab-plugin/spin"}, ParameterError, "no parameter 'Q'"),
        ("lab-plugin/energy", {"T": [1], "model.P": [2]}, {}, ParameterError, "give model.entry first"),
        ("lab-plugin/company", {"x": [1, 2, 3]}, {"y": [1, 2, 3]}, ParameterError, "'y' takes one value a cell; sweep it"),
        ("lab-plugin/company", {"x": [1, 2, 3]}, {"y": np.ones((3, 2))}, ParameterError, "'y' takes one value a cell"),
        ("lab-plugin/company", {"x": [np.ones(2), np.ones(2)]}, {}, ParameterError, "'x' takes one value a cell"),
        ("lab-plugin/company", {"x": [[1, 2], [3, 4]]}, {}, ParameterError, "'x' takes one value a cell"),
    ],
)  # fmt: skip
def test_a_wrong_sweep_is_refused_before_any_work(name, grid, fixed, error, words, tmp_path):
    with pytest.raises(error) as caught:
        sym.sweep(name, grid, store=tmp_path / "store", **fixed)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [{"workers": 0}, {"threads": 0}, {"workers": -1}])
def test_a_wrong_number_of_workers_is_refused(number, pool):
    for executor in (None, pool):
        with pytest.raises(ValueError, match="must be at least 1"):
            sym.sweep("lab-plugin/inverse", {"x": [1]}, executor=executor, **number)


def test_a_missing_device_is_named(magnet):
    torch = pytest.importorskip("torch", reason="devices are found with torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has the device")
    with pytest.raises(MissingDevice, match="only: cpu"):
        sym.sweep("magnet-plugin/mean-field", {"T": [1], "device": ["cpu", "cuda:0"]})


def test_an_object_has_no_place_in_a_store_and_no_seed(tmp_path):
    with pytest.raises(SweepError, match="give the model as a table, not as an object"):
        sym.sweep("lab-plugin/energy", {"T": [1]}, model=sym.build("lab-plugin/spin"), store=tmp_path / "store")
    with pytest.raises(SweepError, match="give the model as a table, not as an object"):
        sym.sweep("lab-plugin/noise", {"x": [1]}, scale=object())


def test_a_failing_cell_is_flagged_with_its_reason(pool):
    result = sym.sweep("lab-plugin/inverse", {"x": [1, 0, 2]}, executor=pool)
    assert result["failed"].values.tolist() == [False, True, False]
    assert result["message"].values.tolist() == ["", "ZeroDivisionError: float division by zero", ""]
    np.testing.assert_array_equal(result["y"], [1, np.nan, 0.5])


def test_a_failing_cell_of_a_batch_is_found(pool):
    x = np.arange(-3.0, 9.0)
    result = sym.sweep("lab-plugin/inverse-batch", {"x": x}, executor=pool)
    assert np.flatnonzero(result["failed"]).tolist() == [3]
    assert str(result["message"][3].values) == "ZeroDivisionError: x must not be 0"
    np.testing.assert_array_equal(result["y"], [np.nan if value == 0 else 1 / value for value in x])


def test_a_grid_of_failures_keeps_its_shape(pool):
    result = sym.sweep(
        "lab-plugin/strange", {"what": ["list", "exit", "failed", "lengths", "unpicklable"]}, executor=pool
    )
    assert result["failed"].all()
    messages = result["message"].values.tolist()
    assert messages[0].startswith("ResultError: lab-plugin/strange returned list")
    assert "3 times (exit status 3)" in messages[1]
    assert "returned 'failed'" in messages[2]
    assert "3 along 'q'" in messages[3]
    assert messages[4] == "TwoArguments: a"


def test_an_output_named_like_an_axis_does_not_hide_it(pool):
    result = sym.sweep("lab-plugin/strange", {"x": [0.0, 1.0]}, what="echo", executor=pool)
    assert result["x"].dims == ("x",)
    assert result["x_returned"].values.tolist() == [0, 1]


def test_a_coordinate_that_differs_between_cells_is_kept(pool):
    result = sym.sweep("lab-plugin/strange", {"x": [0.0, 1.0]}, what="echo", executor=pool)
    assert result["S"].dims == ("x", "q")
    assert result["q_values"].values.tolist() == [[0, 1], [1, 2]]


def test_block_boundaries_are_a_function_of_the_grid_alone(pool, tmp_path):
    """12 cells of a solver with blocks of 8 are 8 + 4, whatever is in the store."""
    store = tmp_path / "store"
    sym.sweep("lab-plugin/company", {"x": range(5)}, y=0, executor=pool, store=store)
    result = sym.sweep("lab-plugin/company", {"x": range(4), "y": range(3)}, executor=pool, store=store)
    assert result["cells"].values.ravel().tolist() == [8] * 8 + [4] * 4


def test_other_axes_cut_blocks(pool):
    grid = {"x": range(3), "label": ["a", "b"], "y": range(2)}
    result = sym.sweep("lab-plugin/company", grid, executor=pool)
    assert np.all(result["cells"] == 6)
    tasks = Grid({"entry": "lab-plugin/company"}, grid, 0).blocks(1)
    assert [task.count for _, task in tasks] == [6, 6]
    assert sorted(np.concatenate([cells for cells, _ in tasks]).tolist()) == list(range(12))


def test_a_stochastic_cell_is_reproduced_by_its_recorded_seed(pool):
    result = sym.sweep("lab-plugin/noise", {"x": [1.0, 2.0], "scale": [1.0, 3.0]}, seed=5, executor=pool)
    assert len(set(result["seed"].values.ravel().tolist())) == 4
    for i, x in enumerate([1.0, 2.0]):
        cell = result.isel(x=i, scale=1)
        again = sym.run("lab-plugin/noise", x=x, scale=3.0, seed=int(cell["seed"]))
        assert again["y"].values.tobytes() == cell["y"].values.tobytes()
    assert result.attrs["sweep_seed"] == 5


def test_a_stochastic_cell_of_a_batch_is_reproduced_by_its_recorded_seed(pool):
    result = sym.sweep("lab-plugin/noise-batch", {"x": np.arange(6.0)}, executor=pool)
    seeds = result["seed"].values
    again = [sym.run("lab-plugin/noise-batch", x=x, seed=int(seed)) for x, seed in enumerate(seeds)]
    assert [run["y"].values.tobytes() for run in again] == [y.tobytes() for y in result["y"].values]


@pytest.mark.parametrize("solver", ["noise", "noise-batch"])
def test_seeds_depend_on_the_cell_and_not_on_the_grid(pool, solver):
    def seeds(grid, **options):
        result = sym.sweep(f"lab-plugin/{solver}", grid, executor=pool, **options)
        return dict(zip(result["x"].values.tolist(), result["seed"].values.tolist(), strict=True))

    whole = seeds({"x": [0, 1, 2, 3, 4]})
    assert seeds({"x": [3, 1]}) == {3: whole[3], 1: whole[1]}
    assert set(seeds({"x": [0, 1, 2, 3, 4]}, seed=1).values()).isdisjoint(whole.values())


@pytest.mark.parametrize("solver", ["noise", "noise-batch"])
def test_a_seed_may_be_swept_or_fixed(pool, solver):
    result = sym.sweep(f"lab-plugin/{solver}", {"seed": [1, 2]}, x=0.0, executor=pool)
    assert result["seed"].values.tolist() == [1, 2]
    assert "seed_returned" not in result
    first = np.random.default_rng(1).standard_normal(3)
    np.testing.assert_array_equal(result["y"][0], first if solver == "noise" else first[0])
    fixed = sym.sweep({"entry": f"lab-plugin/{solver}", "seed": 1}, {"x": [0.0]}, executor=pool)
    assert fixed["y"].values.ravel().tolist() == result["y"].values[:1].ravel().tolist()


def test_the_callback_counts_cells_and_hears_the_solver(pool):
    seen = []
    sym.sweep("lab-plugin/talk", {"x": [1, 2]}, executor=pool, progress=lambda *report: seen.append(report))
    assert seen[0] == (0, 2, "")
    assert seen[-1][:2] == (2, 2)
    assert any(text.startswith("talking") and text.endswith("/5") for _, _, text in seen)
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
