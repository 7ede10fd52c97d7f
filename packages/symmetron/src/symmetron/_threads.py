"""Threads and devices: what a computation may use, and what this machine has."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator

from symmetron.errors import MissingDevice

# Read when the numerical libraries are first imported, so they are set in a worker before anything else.
_LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMBA")


_prepared = 0
_lock = threading.Lock()
_running: list[int] = []  # the limit of each computation that runs in this process
_restore = contextlib.ExitStack()


def prepare_worker(threads: int) -> None:
    """Set the environment of a fresh worker process, before it imports a numerical library."""
    global _prepared
    _prepared = threads
    for library in _LIBRARIES:
        os.environ[f"{library}_NUM_THREADS"] = str(threads)
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # jax would starve torch of device memory
    if threads == 1:
        flags = os.environ.get("XLA_FLAGS", "")
        os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()


@contextlib.contextmanager
def limited(threads: int) -> Iterator[None]:
    """Hold the numerical libraries that are loaded to a number of threads, and restore it."""
    if threads == _prepared:
        yield
        return
    with _lock:
        if threads not in _running[-1:]:
            _limit(threads)
        _running.append(threads)
    try:
        yield
    finally:
        with _lock:  # computations in several threads share the libraries: the last to end restores them
            _running.remove(threads)
            if not _running:
                _restore.close()


def _limit(threads: int) -> None:
    import threadpoolctl

    _restore.enter_context(threadpoolctl.threadpool_limits(limits=threads))
    if torch := sys.modules.get("torch"):
        _restore.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(threads)


def require_device(device: str) -> None:
    """Raise unless the device that a parameter names is here.

    Raises:
        MissingDevice: A CUDA device is asked for and none is found.
    """
    kind = str(device).partition(":")[0]
    if kind in ("cuda", "gpu") and "cuda" not in devices():
        raise MissingDevice(f"device {device!r} was asked for, and this machine has only: {', '.join(devices())}")


def devices() -> tuple[str, ...]:
    """Return the kinds of device that torch or jax can use here; ``"cpu"`` is always one."""
    if importlib.util.find_spec("torch") is not None:
        import torch

        if torch.cuda.is_available():
            return ("cpu", "cuda")
    elif importlib.util.find_spec("jax") is not None:
        import jax

        if any(device.platform == "gpu" for device in jax.devices()):
            return ("cpu", "cuda")
    return ("cpu",)
