"""What becomes of a sweep when its workers die, take turns, are threads, or outlive their program."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import symmetron as sym
from symmetron._threads import limited

GRID = {"x": np.linspace(0, 3, 24).tolist()}
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(autouse=True)
def _lab(lab):
    return lab


@pytest.fixture(scope="module")
def undisturbed(lab):
    """The sweep on one worker, without a store."""
    return sym.sweep("lab-plugin/slow", GRID, pause=0.0)


def assert_same_bytes(result, expected):
    assert set(result.variables) == set(expected.variables)
    for name, variable in expected.variables.items():
        other = result.variables[name]
        assert (other.dtype, other.dims, other.shape) == (variable.dtype, variable.dims, variable.shape), name
        assert other.values.tobytes() == variable.values.tobytes(), name


def rows(path):
    with sym.Store(path) as store:
        return len(store)


def eventually(condition, seconds=30):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to pass"
        time.sleep(0.01)


@posix
def test_a_killed_worker_costs_nothing(tmp_path):
    once = tmp_path / "once"
    result = sym.sweep("lab-plugin/killer", {"x": range(12)}, victim=5, once=str(once), workers=2)
    assert once.exists()
    assert not result["failed"].any()
    assert "message" not in result
    assert result["y"].values.tolist() == [2 * x for x in range(12)]


@posix
def test_a_cell_that_always_kills_its_worker_is_flagged_and_the_others_succeed(tmp_path):
    options = {"victim": 5, "store": tmp_path / "store"}
    result = sym.sweep("lab-plugin/killer", {"x": range(12)}, workers=2, **options)
    assert np.flatnonzero(result["failed"]).tolist() == [5]
    assert result["message"][5].item() == "it ended its worker process 3 times (killed by SIGKILL)"
    assert np.delete(result["y"].values, 5).tolist() == [2 * x for x in range(12) if x != 5]
    assert rows(tmp_path / "store") == 11
    again = sym.sweep("lab-plugin/killer", {"x": range(12)}, workers=1, **options)
    assert again["failed"].values.tolist() == result["failed"].values.tolist()


WALK = """
import sys
import symmetron as sym
sym.sweep("lab-plugin/walk", {"x": [1, 2]}, store=sys.argv[1], log=sys.argv[2], steps=30, pause=0.01)
"""


@posix
def test_a_killed_program_goes_on_inside_its_cell(script, tmp_path):
    """A kill may fall between the log and the checkpoint of a step: one step a kill at most is done again."""
    store, log = tmp_path / "runs.sqlite", tmp_path / "log"
    for until in (10, 45):  # in the first cell, then in the second
        process = script(WALK, store, log)
        eventually(lambda until=until: log.exists() and len(log.read_text().splitlines()) >= until)
        process.kill()
        process.communicate()
    folder = tmp_path / "runs.sqlite.checkpoints"
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 1
    result = sym.sweep("lab-plugin/walk", {"x": [1, 2]}, store=store, log=str(log), steps=30, pause=0.01)
    assert result["sum"].values.tolist() == [30, 60]
    steps = log.read_text().splitlines()
    assert set(steps) == {f"{x} {step}" for x in (1, 2) for step in range(30)}
    assert len(steps) <= 60 + 2
    assert not folder.exists()


@posix
def test_two_sweeps_of_one_cell_take_turns(script, tmp_path):
    """Both ask for one checkpoint folder: their steps never interleave, and the store has one row a cell."""
    store, log = tmp_path / "runs.sqlite", tmp_path / "log"
    both = [script(WALK, store, log, stderr=subprocess.PIPE) for _ in "ab"]
    assert [process.communicate(timeout=60)[1] for process in both] == ["", ""]
    assert rows(store) == 2
    for x in (1, 2):
        steps = [int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith(f"{x} ")]
        assert steps in ([*range(30)], [*range(30), *range(30)])
    assert not (tmp_path / "runs.sqlite.checkpoints").exists()


def test_a_solver_that_asks_for_no_checkpoint_gets_no_folder(tmp_path):
    sym.sweep("lab-plugin/inverse", {"x": [1]}, store=tmp_path / "store")
    assert not (tmp_path / "store.checkpoints").exists()


@posix
@pytest.mark.parametrize("blow", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_their_program(script, tmp_path, blow):
    """The workers write down their process numbers, as results, before the program is struck."""
    process = script(
        """
        import os
        from symmetron import Pool
        with Pool(workers=2) as pool:
            first = pool.submit(eval, "__import__('time').sleep(0.2) or __import__('os').getpid()")
            second = pool.submit(eval, "__import__('time').sleep(0.2) or __import__('os').getpid()")
            print(first.result(), second.result(), flush=True)
            pool.submit(eval, "__import__('time').sleep(100)").result()
        """,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    workers = [int(word) for word in process.stdout.readline().split()]
    assert len(set(workers)) == 2
    process.send_signal(blow)
    process.communicate(timeout=30)
    eventually(lambda: not any(map(runs, workers)))


def runs(pid):
    """Whether a process computes, rather than being gone or waiting to be reaped."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(found) and not found.startswith("Z")


def test_a_pool_left_open_does_not_keep_the_program_alive(script):
    process = script(
        """
        import time
        from symmetron import Pool
        pool = Pool(workers=2)
        pool.submit(time.sleep, 100)
        print("end", flush=True)
        """,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.communicate(timeout=30) == ("end\n", "")


def test_threads_share_the_limits_of_the_libraries_and_the_standard_output(undisturbed):
    threadpoolctl = pytest.importorskip("threadpoolctl")
    expected = sym.sweep("lab-plugin/product", {"x": range(16)})
    with threadpoolctl.threadpool_limits(limits=2), ThreadPoolExecutor(4) as executor:
        before = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
        stdout = sys.stdout
        for _ in range(3):
            assert_same_bytes(sym.sweep("lab-plugin/product", {"x": range(16)}, executor=executor), expected)
        assert_same_bytes(sym.sweep("lab-plugin/slow", GRID, pause=0.0, executor=executor), undisturbed)
        assert [pool["num_threads"] for pool in threadpoolctl.threadpool_info()] == before
        assert sys.stdout is stdout


def test_the_last_of_two_overlapping_computations_restores_the_limits():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    torch = sys.modules.get("torch")

    def limits():
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()] + [torch and torch.get_num_threads()]

    with threadpoolctl.threadpool_limits(limits=2):
        before = limits()
        first, second = limited(1), limited(1)
        first.__enter__()
        second.__enter__()
        during = limits()
        first.__exit__(None, None, None)
        assert limits() == during
        assert set(during) <= {1, None}
        second.__exit__(None, None, None)
        assert limits() == before


def test_the_process_pool_of_the_standard_library_is_an_executor(undisturbed):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        assert_same_bytes(sym.sweep("lab-plugin/slow", GRID, pause=0.0, executor=executor), undisturbed)


def test_checkpoints_lie_beside_a_store_with_a_relative_path(tmp_path, monkeypatch):
    """A store may be named by a relative path; its checkpoints lie beside it wherever the workers are."""
    monkeypatch.chdir(tmp_path)
    with sym.Pool() as pool:
        pool.submit(os.chdir, "/").result(60)
        result = sym.sweep(
            "lab-plugin/walk", {"x": [1]}, fall=True, store="s", log=str(tmp_path / "log"), executor=pool
        )
    assert result["failed"].all()
    assert len([path for path in (tmp_path / "s.checkpoints").iterdir() if path.is_dir()]) == 1


@posix
def test_an_interrupt_while_the_workers_start_is_told_once(script):
    """Ctrl-C on a terminal strikes the whole group of processes, workers that have just begun to start included."""
    for delay in (0.02, 0.04, 0.06, 0.09, 0.12):
        process = script(
            """
            import time
            from symmetron import Pool
            with Pool(workers=3) as pool:
                sleeping = [pool.submit(time.sleep, 60) for _ in range(3)]
                print("begins", flush=True)
                while not sleeping[0].done():  # as a sweep waits: Python hears no signal that comes just before
                    time.sleep(0.1)            # it begins to wait for a lock without end
            """,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout.readline() == "begins\n"
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGINT)
        error = process.communicate(timeout=30)[1]
        assert error.count("Traceback") == 1, error
        assert error.endswith("KeyboardInterrupt\n")
