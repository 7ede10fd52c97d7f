"""The pool heals itself, answers every future, and leaves no process behind."""

import math
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import wait

import pytest

from symmetron import Pool
from symmetron._pool import WorkerDied
from symmetron.errors import SweepError

TIMEOUT = 60  # seconds after which a test fails rather than hangs


@pytest.fixture
def pool():
    with Pool(workers=2) as pool:
        yield pool


def end(code):
    os._exit(code)


def test_results_and_errors_come_home(pool):
    futures = [pool.submit(math.sqrt, x) for x in (4, 9, 16)]
    assert [future.result(TIMEOUT) for future in futures] == [2, 3, 4]
    with pytest.raises(ValueError, match="math domain error"):
        pool.submit(math.sqrt, -1).result(TIMEOUT)


def test_it_is_an_executor(pool):
    assert list(pool.map(abs, [-1, 2], timeout=TIMEOUT)) == [1, 2]


def test_workers_are_as_many_as_are_needed(pool):
    pool.submit(abs, 1).result(TIMEOUT)
    assert len(multiprocessing.active_children()) == 1


def test_a_dead_worker_is_replaced_while_it_is_idle(pool):
    first = pool.submit(os.getpid).result(TIMEOUT)
    os.kill(first, signal.SIGKILL)
    assert pool.submit(os.getpid).result(TIMEOUT) != first


def test_a_killed_task_is_tried_again(pool):
    sleeping = pool.submit(time.sleep, 0.6)
    while not multiprocessing.active_children():
        time.sleep(0.01)
    time.sleep(0.2)
    os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
    assert sleeping.result(TIMEOUT) is None


def test_a_task_that_always_ends_its_worker_fails_and_others_succeed(pool):
    bad = pool.submit(os._exit, 7)
    good = [pool.submit(abs, -x) for x in range(20)]
    with pytest.raises(WorkerDied, match=r"ended its worker process 3 times \(exit status 7\)"):
        bad.result(TIMEOUT)
    assert [future.result(TIMEOUT) for future in good] == list(range(20))


def test_the_signal_that_ended_a_worker_is_named(pool):
    with pytest.raises(WorkerDied, match="killed by SIGKILL"):
        pool.submit(signal.raise_signal, signal.SIGKILL).result(TIMEOUT)


def test_a_task_that_cannot_be_sent_fails_and_the_next_runs():
    with Pool(workers=1) as pool:
        pool.submit(abs, 1).result(TIMEOUT)
        futures = [pool.submit(lambda: 1), pool.submit(lambda: 2), pool.submit(abs, -3)]
        wait(futures, TIMEOUT)
        assert "pickle" in str(futures[0].exception(0))
        assert futures[2].result(0) == 3


def test_a_cancelled_task_is_left_out_and_the_next_runs():
    with Pool(workers=1) as pool:
        busy = pool.submit(time.sleep, 0.3)
        futures = [pool.submit(abs, x) for x in range(4)]
        cancelled = [future.cancel() for future in futures[:3]]
        assert futures[3].result(TIMEOUT) == 3
        assert busy.done()
        assert any(cancelled)


def test_an_answer_that_cannot_be_sent_or_read_is_an_error(pool, tmp_path, monkeypatch):
    with pytest.raises(SweepError, match="a worker cannot send its result"):
        pool.submit(threading.Lock).result(TIMEOUT)
    (tmp_path / "two_arguments.py").write_text(
        "class Two(Exception):\n    def __init__(self, a, b):\n        super().__init__(a)\n"
        "def fail():\n    raise Two(1, 2)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import two_arguments  # pyright: ignore[reportMissingImports]

    with Pool() as fresh, pytest.raises(SweepError, match="the answer of a worker cannot be read"):
        fresh.submit(two_arguments.fail).result(TIMEOUT)
    with pytest.raises(
        SweepError, match="a worker cannot read its task"
    ):  # this one started before the module was there
        pool.submit(two_arguments.fail).result(TIMEOUT)
    assert pool.submit(abs, -1).result(TIMEOUT) == 1


def test_a_pool_that_cannot_start_workers_answers(monkeypatch):
    def refuse(process):
        raise OSError("no more processes")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refuse)
    with Pool() as pool, pytest.raises(SweepError, match="a task was not finished: no more processes"):
        pool.submit(abs, 1).result(TIMEOUT)


def test_killing_answers_every_future_and_ends_every_process():
    pool = Pool(workers=2)
    futures = [pool.submit(time.sleep, 60) for _ in range(5)]
    while len(multiprocessing.active_children()) < 2:
        time.sleep(0.01)
    pool.kill()
    assert wait(futures, TIMEOUT).not_done == set()
    assert not multiprocessing.active_children()


def test_an_exception_in_the_block_ends_the_workers_at_once():
    started = time.monotonic()
    with pytest.raises(RuntimeError, match="mine"), Pool() as pool:
        pool.submit(time.sleep, 60)
        raise RuntimeError("mine")
    assert time.monotonic() - started < 30
    assert not multiprocessing.active_children()


def test_a_closed_pool_takes_no_task():
    pool = Pool()
    pool.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit(abs, 1)


@pytest.mark.parametrize("arguments", [{"workers": 0}, {"threads": 0}])
def test_a_wrong_number_is_refused(arguments):
    with pytest.raises(ValueError, match="must be at least 1, got 0"):
        Pool(**arguments)


def test_half_a_worker_is_refused():
    with pytest.raises(TypeError, match=r"workers must be a whole number, got 1\.5"):
        Pool(1.5)


def test_workers_never_import_the_callers_main(pool):
    assert pool.submit(eval, "__import__('sys').modules['__main__'].__name__").result(TIMEOUT) == "__main__"
    main = getattr(sys.modules["__main__"], "__file__", None)
    theirs = pool.submit(eval, "getattr(__import__('sys').modules['__main__'], '__file__', None)").result(TIMEOUT)
    assert theirs is None or theirs != main


@pytest.mark.parametrize("threads", [1, 2])
def test_workers_compute_with_the_given_threads(threads):
    code = "(__import__('numpy'), [p['num_threads'] for p in __import__('threadpoolctl').threadpool_info()])[1]"
    with Pool(threads=threads) as pool:
        counts = pool.submit(eval, code).result(TIMEOUT)
    assert counts
    assert set(counts) == {min(threads, os.cpu_count() or 1)}  # the libraries take no more than there are cores
