"""One call of one solver: its values, units and provenance."""

import json
import math

import numpy as np
import pytest

import symmetron as sym
from symmetron.errors import BuildError, Cancelled, MissingDevice, ParameterError, ResultError, UnknownEntry


@pytest.fixture(autouse=True)
def _lab(lab):
    return lab


def test_values_units_and_conventions_are_in_the_result():
    result = sym.run("lab-plugin/energy", model={"entry": "lab-plugin/spin"}, T=2)
    assert float(result["e"]) == 8.0
    assert result["e"].dims == ()
    assert "failed" not in result
    assert (result.attrs["model.P"], result.attrs["model.kernel"], result.attrs["T"]) == (4, "gaussian", 2.0)
    spec = json.loads(result.attrs["spec"])
    assert spec == {
        "entry": "lab-plugin/energy",
        "T": 2.0,
        "model": {"entry": "lab-plugin/spin", "P": 4, "kernel": "gaussian"},
    }
    assert json.loads(result.attrs["versions"]) == {"symmetron": "1.0.0", "lab-plugin": "1.0.0"}
    assert {"host", "python", "started", "seconds", "threads"} <= set(result.attrs)


def test_the_recorded_table_reproduces_the_result():
    first = sym.run("lab-plugin/noise", x=2, seed=7)
    again = sym.run(json.loads(first.attrs["spec"]))
    assert first["y"].values.tobytes() == again["y"].values.tobytes()
    assert int(first["seed"]) == 7


def test_models_may_be_names_tables_objects_or_dotted(tmp_path):
    spin = sym.build("lab-plugin/spin", P=6)
    (tmp_path / "run.toml").write_text('entry = "lab-plugin/energy"\nT = 1\n[model]\nentry = "lab-plugin/spin"\nP = 6')
    runs = [
        sym.run("lab-plugin/energy", T=1, model=spin),
        sym.run("lab-plugin/energy", T=1, **{"model.entry": "lab-plugin/spin", "model.P": 6}),
        sym.run("lab-plugin/energy", T=1, model="lab-plugin/spin", **{"model.P": 6}),
        sym.run(tmp_path / "run.toml"),
    ]
    assert [float(run["e"]) for run in runs] == [6.0] * 4


def test_every_kind_of_value_is_a_variable():
    result = sym.run("lab-plugin/everything", n=3)
    assert result["converged"].dtype == bool
    assert str(result["phase"].values) == "paramagnet"
    assert result["flow"].values.tolist() == [-1j, 3 - 0.5j]
    assert result["line"].dims == ("q",)
    assert result["law"].attrs["format"] == "sympy"
    assert result["line"].attrs["units"] == "nm"


def test_progress_and_cancelling(tmp_path):
    seen = []

    def stop(done, total, text):
        seen.append((done, total, text))
        if done == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        sym.run("lab-plugin/walk", x=2, log=str(tmp_path / "log"), progress=stop)
    assert seen == [(1, 6, "walking"), (2, 6, "walking")]


def test_a_checkpoint_is_gone_on_from(tmp_path):
    options = {"x": 2, "log": str(tmp_path / "log"), "checkpoint": tmp_path / "deep" / "folder"}
    with pytest.raises(RuntimeError, match="it fell"):
        sym.run("lab-plugin/walk", fall=True, **options)
    assert int(sym.run("lab-plugin/walk", **options)["sum"]) == 12
    assert (tmp_path / "log").read_text().split("\n")[:-1] == [f"2 {step}" for step in range(6)]


@pytest.mark.parametrize(
    ("name", "parameters", "error", "words"),
    [
        ("energy", {"T": 1}, UnknownEntry, "nearest: lab-plugin/energy"),
        ("lab-plugin/spin", {}, BuildError, "is a model, not a solver; use symmetron.build"),
        ({"T": 1}, {}, BuildError, "a table needs the key 'entry' with the full name of an entry, got ['T']"),
        ("liegroups/so", {"n": 3}, BuildError, "is a group, not a solver"),
        ("lab-plugin/energy", {"T": 1}, ParameterError, "needs the parameter 'model'"),
        ("lab-plugin/inverse", {"x": 1, "y": 2}, ParameterError, "no parameter 'y'"),
        ("lab-plugin/strange", {"what": "list"}, ResultError, "returned list, a solver returns a dict"),
        ("lab-plugin/strange", {"what": "object"}, ResultError, "returned 'y' as object"),
        ("lab-plugin/strange", {"what": "failed"}, ResultError, "returned 'failed', a name"),
        ("lab-plugin/strange", {"what": "lengths"}, ResultError, "returned 'S' with 3 along 'q', and 4 elsewhere"),
        ("lab-plugin/strange", {"what": "rank"}, ResultError, "with 2 dimensions and declares"),
    ],
)
def test_a_wrong_call_is_refused_in_one_sentence(name, parameters, error, words):
    with pytest.raises(error) as caught:
        sym.run(name, **parameters)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_device_is_named(magnet):
    torch = pytest.importorskip("torch", reason="devices are found with torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has the device")
    with pytest.raises(MissingDevice, match="this machine has only: cpu"):
        sym.run("magnet-plugin/mean-field", T=1, device="cuda")


@pytest.mark.parametrize(
    ("T", "m"), [(0.1, 0.999999995877692424), (0.25, 0.999325673015108244), (0.5, 0.957504024077268741)]
)
def test_magnetisation_in_mean_field_theory(magnet, T, m):
    """The nonzero solution of m = tanh(m/T), to 18 digits by bisection in 40-digit arithmetic."""
    assert math.isclose(float(sym.run("magnet-plugin/mean-field", T=T)["m"]), m, rel_tol=0, abs_tol=1e-12)


@pytest.mark.parametrize("threads", [0, -2])
def test_a_wrong_number_of_threads_is_refused(threads):
    with pytest.raises(ValueError, match=f"threads must be at least 1, got {threads}"):
        sym.run("lab-plugin/inverse", x=1, threads=threads)


def test_a_solver_that_asks_for_no_checkpoint_gets_no_folder(tmp_path):
    sym.run("lab-plugin/inverse", x=1, checkpoint=tmp_path / "folder")
    assert not list(tmp_path.iterdir())


def test_a_batch_solver_is_called_with_numbers():
    result = sym.run("lab-plugin/company", x=1.0)
    assert result["cells"].shape == ()
    assert int(result["cells"]) == 1


def test_threads_of_the_caller_are_restored():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpoolctl.threadpool_limits(limits=2):
        before = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
        sym.run("lab-plugin/product", x=1)
        assert [pool["num_threads"] for pool in threadpoolctl.threadpool_info()] == before
