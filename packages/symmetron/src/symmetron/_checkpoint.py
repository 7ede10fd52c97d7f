"""The checkpoint folder of a cell: made for a solver that asks for one, held by one process, removed on success."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from symmetron import _compute, _pool
from symmetron._registry import entry as find_entry

try:
    import fcntl
except ImportError:  # Windows: two processes on one cell then do the same work twice, one after the other's files
    fcntl = None


def work(task: _compute.Task) -> tuple[bytes, str]:
    """Compute a block in a worker and return it encoded; its checkpoint folder is removed unless a cell failed."""
    with _held(task) as prepared:
        block = _compute.compute(prepared, _pool.report)
        if prepared.checkpoint is not None and not any(block.messages):
            shutil.rmtree(prepared.checkpoint)
    return block.encode()


@contextlib.contextmanager
def _held(task: _compute.Task) -> Iterator[_compute.Task]:
    asks = "checkpoint" in find_entry(task.table["entry"]).services
    if task.checkpoint is None or not asks:
        yield replace(task, checkpoint=None)
        return
    folder = Path(task.checkpoint)
    with _locked(folder.with_name(f"{folder.name}.lock")):  # a second sweep of the same store waits for this cell
        folder.mkdir(exist_ok=True)
        yield task
    with contextlib.suppress(OSError):
        folder.parent.rmdir()  # only when nothing is left in it


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
            if not _same(file.fileno(), path):  # the process that held it has removed it
                continue
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
