"""A pool of spawned worker processes that heals itself: a dead worker is replaced and its task is tried again.

Why not ``concurrent.futures.ProcessPoolExecutor``: one dead worker breaks all of it, it cannot say which task killed
the worker, its workers outlive a killed parent, and they import the caller's ``__main__``.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, InvalidStateError
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from symmetron import _threads
from symmetron._numbers import at_least_one
from symmetron.errors import SweepError

MAX_DEATHS = 3
_REPORT_EVERY = 0.1  # seconds between two progress messages of a worker

_context = multiprocessing.get_context("spawn")
_main_lock = threading.Lock()
_reporter: Callable[[int, int, str], None] | None = None


class WorkerDied(SweepError):
    """A task ended its worker process again and again."""


class Pool(Executor):
    """Worker processes for :func:`symmetron.sweep`; keep one open to share its start-up time among several sweeps.

    The workers are spawned, never import the caller's ``__main__``, compute with ``threads`` threads, and end with the
    process that made them, however it ends. A task whose worker dies is tried again, three times in all.

    Args:
        workers: Number of processes.
        threads: Threads of the numerical libraries in each worker.

    Raises:
        TypeError: A number is not whole.
        ValueError: A number is less than 1.

    Examples:
        >>> import math
        >>> from symmetron import Pool
        >>> with Pool(workers=1) as pool:
        ...     pool.submit(math.sqrt, 2.0).result()
        1.4142135623730951
    """

    def __init__(self, workers: int = 1, threads: int = 1):
        at_least_one(workers=workers, threads=threads)
        self.workers = workers
        self.threads = threads
        self._lock = threading.Lock()
        self._queue: deque[_Job] = deque()
        self._closing = False
        self._killed = False
        self._wake_reader, self._wake_writer = _context.Pipe(duplex=False)
        self._live: list[_Worker] = []
        # Before multiprocessing waits for its children at exit: a pool left open must not keep the program alive.
        atexit.register(self.kill)
        self._thread = threading.Thread(target=self._serve, name="symmetron-pool", daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Schedule ``fn(*args, **kwargs)``; the future's ``progress`` attribute is what ``fn`` reported last."""
        future: Future = Future()
        future.progress = None  # pyright: ignore[reportAttributeAccessIssue]
        with self._lock:
            if self._closing:
                raise RuntimeError("the pool is shut down")
            self._queue.append(_Job(future, (fn, args, kwargs)))
        self._wake()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers once the scheduled tasks are done, or drop the tasks that have not started."""
        with self._lock:
            self._closing = True
            if cancel_futures:
                for job in self._queue:
                    job.future.cancel()
                    job.future.set_running_or_notify_cancel()  # who waits for it is told
                self._queue.clear()
        self._wake()
        if wait:
            self._thread.join()
            atexit.unregister(self.kill)

    def kill(self) -> None:
        """End the workers now, whatever they are doing."""
        self._killed = True
        self.shutdown(cancel_futures=True)

    def __exit__(self, kind, value, traceback):
        if kind is None:
            self.shutdown()
        else:
            self.kill()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._wake_writer.send_bytes(b".")

    def _serve(self) -> None:
        """Hand out tasks and collect results until closed; runs in its own thread."""
        reason: BaseException | str = "the pool was stopped"
        try:
            while self._step():
                pass
        except BaseException as error:  # such as no memory for another process
            reason = error
        with self._lock:
            self._closing = True
            left = [*self._queue, *(worker.job for worker in self._live if worker.job)]
            self._queue.clear()
        for worker in self._live:
            worker.end(now=worker.job is not None)
        for job in left:  # nobody shall wait for them
            with contextlib.suppress(InvalidStateError):  # cancelled meanwhile
                job.future.set_exception(SweepError(f"a task was not finished: {reason}"))

    def _step(self) -> bool:
        self._assign()
        with self._lock:
            if self._killed or (self._closing and not self._queue and not any(worker.job for worker in self._live)):
                return False
        ready = wait([self._wake_reader, *(worker.pipe for worker in self._live)])
        if self._wake_reader in ready:
            self._wake_reader.recv_bytes()
        for worker in [worker for worker in self._live if worker.pipe in ready]:
            try:
                worker.receive()
            except (EOFError, OSError):
                self._bury(worker)
        return True

    def _assign(self) -> None:
        while True:
            worker = next((worker for worker in self._live if worker.job is None), None)
            if not self._queue or (worker is None and len(self._live) == self.workers):
                return
            if worker is None:
                worker = _Worker(self.threads)
                self._live.append(worker)
            with self._lock:
                job = self._queue.popleft() if self._queue and not self._killed else None
            if job is None:
                return
            if job.deaths == 0 and not job.future.set_running_or_notify_cancel():
                continue
            try:
                worker.send(job)
            except (BrokenPipeError, OSError):
                self._bury(worker)
            except Exception as error:  # the task cannot be pickled
                worker.job = None
                job.future.set_exception(error)

    def _bury(self, worker: _Worker) -> None:
        self._live.remove(worker)
        code = worker.end(now=True)
        job = worker.job
        if job is None:
            return
        job.deaths += 1
        if job.deaths < MAX_DEATHS:
            with self._lock:
                self._queue.appendleft(job)
        else:
            job.future.set_exception(WorkerDied(f"it ended its worker process {job.deaths} times ({_reason(code)})"))


class _Job:
    def __init__(self, future: Future, call: tuple):
        self.future = future
        self.call = call
        self.deaths = 0


class _Worker:
    """The parent's side of one worker process."""

    def __init__(self, threads: int):
        self.job: _Job | None = None
        self.pipe, theirs = _context.Pipe()
        self.process = _context.Process(target=_work, args=(theirs, threads))
        with _without_main(), _without_interrupts():
            self.process.start()
        theirs.close()  # so that the pipe reads as ended when the worker dies

    def send(self, job: _Job) -> None:
        self.job = job
        self.pipe.send(job.call)

    def receive(self) -> None:
        try:
            kind, value = self.pipe.recv()
        except (EOFError, OSError):
            raise
        except Exception as error:  # an object that can be pickled and not unpickled
            kind, value = "error", SweepError(f"the answer of a worker cannot be read: {error}")
        if self.job is None:
            return
        if kind == "progress":
            self.job.future.progress = value  # pyright: ignore[reportAttributeAccessIssue]
            return
        job, self.job = self.job, None
        if kind == "result":
            job.future.set_result(value)
        else:
            job.future.set_exception(value)

    def end(self, *, now: bool) -> int | None:
        self.pipe.close()
        if now:
            self.process.kill()
        self.process.join()
        return self.process.exitcode


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Hide the caller's ``__main__`` while a process is spawned: it would import it, and so run a script again.

    ``multiprocessing.spawn.get_preparation_data`` reads it from ``sys.modules``; there is no option to leave it out.
    """
    with _main_lock:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start a process deaf to Ctrl-C, which would else strike it before it can say that it ignores it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # before: it unblocks the signal when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection, threads: int) -> None:
    """Serve tasks in a worker process until the parent closes the pipe."""
    global _reporter
    _threads.prepare_worker(threads)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _reporter = _Reporter(pipe)
    while True:
        try:
            fn, args, kwargs = pipe.recv()
        except EOFError:
            return
        except BaseException as error:  # the task cannot be unpickled here
            pipe.send(("error", SweepError(f"a worker cannot read its task: {type(error).__name__}: {error}")))
            continue
        try:
            reply = ("result", fn(*args, **kwargs))
        except Exception as error:
            reply = ("error", error)
        try:
            pipe.send(reply)
        except (TypeError, AttributeError, ValueError) as error:  # it cannot be pickled
            pipe.send(("error", SweepError(f"a worker cannot send its result: {type(error).__name__}: {error}")))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


class _Reporter:
    """Carries progress home, a few times a second at most."""

    def __init__(self, pipe: Connection):
        self._pipe = pipe
        self._last = 0.0

    def __call__(self, done: int, total: int, text: str = "") -> None:
        now = time.monotonic()
        if now - self._last >= _REPORT_EVERY or done >= total:
            self._last = now
            self._pipe.send(("progress", (int(done), int(total), str(text))))


def report(done: int, total: int, text: str = "") -> None:
    """Send progress to the future of the running task; does nothing outside a worker of :class:`Pool`."""
    if _reporter is not None:
        _reporter(done, total, text)


def _reason(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    return f"exit status {code}"
