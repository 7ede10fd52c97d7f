"""Sweeps that are killed, interrupted, shared and distributed: the same bytes, and nobody left behind."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import symmetron as sym
from symmetron.testing import lend_plugin

PLUGIN = '''
"""Cells that take their time."""
import math
import os
import signal
import time
from pathlib import Path

import pluggy


@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    registrar.solver("slow", "durable_plugin:slow", summary="Takes a while.", outputs={"line": ("x",)})
    registrar.solver("walk", "durable_plugin:walk", summary="Steps with a checkpoint.")


def slow(*, T: float, seconds: float = 0.02):
    time.sleep(seconds)
    return {"m": math.tanh(1 / T), "flow": complex(T, -T), "name": f"{T:g}", "line": [T] * (1 + int(10 * T) % 3)}


def walk(*, log: str, steps: int = 20, die_at: int = -1, checkpoint: Path | None = None):
    """Add up 0 to steps - 1, one number a checkpoint; kill the process before one of them, once."""
    state = checkpoint / "state"
    done, total = map(int, state.read_text().split()) if state.exists() else (0, 0)
    for step in range(done, steps):
        if step == die_at and not (checkpoint / "died").exists():
            (checkpoint / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        with open(log, "a") as file:
            file.write(f"{step} ")
        total += step
        part = checkpoint / "part"
        part.write_text(f"{step + 1} {total}")
        part.replace(state)
    if die_at == steps:
        raise RuntimeError("at the end")
    return {"total": total}
'''
CELLS = 60
SWEEP = f"""
import sys
import symmetron as sym
sym.sweep("durable-plugin/slow", {{"T": [0.1 + 0.05 * i for i in range({CELLS})]}}, store=sys.argv[1], workers=int(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def plugin():
    with lend_plugin("durable-plugin", PLUGIN) as folder:
        yield folder


@pytest.fixture
def start(plugin, tmp_path):
    """Start the sweep (or another script) as a program of its own, without a guard for `__main__`."""
    started = []

    def run(*arguments, text=SWEEP):
        (tmp_path / "script.py").write_text(text)
        line = [sys.executable, "script.py", *map(str, arguments)]
        options = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(plugin)}, "start_new_session": True}
        process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def sweep(store=None, **options):
    return sym.sweep(
        "durable-plugin/slow", {"T": [0.1 + 0.05 * i for i in range(CELLS)]}, store=store, seconds=0.02, **options
    )


@pytest.fixture(scope="module")
def undisturbed(plugin):
    return sweep(workers=2)


def assert_same_bytes(one, two):
    assert set(one.variables) == set(two.variables)
    for name in one.variables:
        assert one[name].dtype == two[name].dtype and one[name].dims == two[name].dims
        assert one[name].values.tobytes() == two[name].values.tobytes(), name


def members(session):
    """Return the processes of a session that are alive."""
    listed = subprocess.run(["ps", "-o", "pid=,stat=", "-s", str(session)], capture_output=True, text=True).stdout
    return [line.split()[0] for line in listed.splitlines() if "Z" not in line.split()[1]]


def wait_for_rows(store, count):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if store.exists():
            with sym.Store(store) as opened:
                if len(opened) >= count:
                    return
        time.sleep(0.01)
    raise AssertionError(f"{store} never had {count} rows")


def assert_nobody_is_left(session):
    deadline = time.monotonic() + 10
    while members(session) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert members(session) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_parent_killed_five_times_gives_the_same_bytes(start, tmp_path, undisturbed, workers):
    store = tmp_path / "runs.sqlite"
    chance = random.Random(workers)
    for kill in range(5):
        process = start(store, workers)
        wait_for_rows(store, 4 * (kill + 1))
        time.sleep(chance.uniform(0, 0.1))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert_nobody_is_left(process.pid)
    with sym.Store(store) as opened:
        assert len(opened) >= 20
    assert_same_bytes(sweep(store, workers=workers), undisturbed)


@pytest.mark.parametrize("workers", [1, 4])
def test_number_of_workers_changes_no_byte(plugin, undisturbed, workers):
    assert_same_bytes(sweep(workers=workers), undisturbed)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("whole_group", [False, True])
def test_interrupt_leaves_a_store_to_go_on_with_and_no_process(start, tmp_path, undisturbed, whole_group):
    store = tmp_path / "runs.sqlite"
    process = start(store, 2)
    wait_for_rows(store, 5)
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert_nobody_is_left(process.pid)
    assert_same_bytes(sweep(store, workers=2), undisturbed)


def test_a_script_without_a_guard_runs_once(start, tmp_path, undisturbed):
    text = SWEEP + "\nprint('the script runs')\n"
    process = start(tmp_path / "runs.sqlite", 2, text=text)
    printed, errors = process.communicate(timeout=60)
    assert (process.returncode, printed) == (0, "the script runs\n"), errors
    assert_same_bytes(sweep(tmp_path / "runs.sqlite"), undisturbed)


def test_two_programs_share_one_store(start, tmp_path, undisturbed):
    store = tmp_path / "runs.sqlite"
    both = [start(store, 1), start(store, 1)]
    for process in both:
        assert process.wait(timeout=60) == 0, process.stderr.read()
    with sym.Store(store) as opened:
        assert len(opened) == CELLS
    assert_same_bytes(sweep(store), undisturbed)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_worker_goes_on_inside_its_cell(plugin, tmp_path):
    log = tmp_path / "log"
    store = tmp_path / "runs.sqlite"
    result = sym.sweep("durable-plugin/walk", {"die_at": [12]}, log=str(log), store=store)
    assert result["total"].values.tolist() == [sum(range(20))] and not result["failed"].any()
    assert log.read_text().split() == [str(step) for step in range(20)]  # no step was taken twice
    assert not store.with_name("runs.sqlite.checkpoints").exists()


def test_the_checkpoint_of_a_failed_cell_is_kept(plugin, tmp_path):
    store = tmp_path / "runs.sqlite"
    result = sym.sweep("durable-plugin/walk", {"die_at": [20]}, log=str(tmp_path / "log"), store=store)
    assert result["failed"].all() and "at the end" in result["message"].item()
    (folder,) = store.with_name("runs.sqlite.checkpoints").iterdir()
    assert (folder / "state").read_text() == f"20 {sum(range(20))}"


def test_threads_are_an_executor_too(plugin, undisturbed):
    with ThreadPoolExecutor(2) as executor:
        assert_same_bytes(sweep(executor=executor), undisturbed)


def test_progress_may_cancel_and_the_store_keeps_what_is_done(plugin, tmp_path, undisturbed):
    def stop(done, total, text):
        if done >= 10:
            raise sym.Cancelled("enough")

    with pytest.raises(sym.Cancelled, match="enough"):
        sweep(tmp_path / "runs.sqlite", progress=stop)
    with sym.Store(tmp_path / "runs.sqlite") as opened:
        assert 10 <= len(opened) < CELLS
    assert_same_bytes(sweep(tmp_path / "runs.sqlite"), undisturbed)


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_dask_cluster_gives_the_same_bytes(plugin, undisturbed, tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is optional: `nox -s dask`")
    os.environ["PYTHONPATH"] = str(plugin)
    try:
        options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "local_directory": str(tmp_path)}
        with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
            assert_same_bytes(sweep(tmp_path / "runs.sqlite", executor=client.get_executor()), undisturbed)
    finally:
        del os.environ["PYTHONPATH"]


def test_values_are_those_of_the_function(undisturbed):
    T = undisturbed["T"].values
    np.testing.assert_array_equal(undisturbed["flow"].values, T - 1j * T)
    np.testing.assert_allclose(undisturbed["m"].values, np.tanh(1 / T), rtol=1e-15)
    assert undisturbed["name"].values.tolist() == [f"{t:g}" for t in T]
    lengths = [1 + int(10 * t) % 3 for t in T]
    assert undisturbed["x_length"].values.tolist() == lengths
    assert np.isfinite(undisturbed["line"].values).sum(1).tolist() == lengths
