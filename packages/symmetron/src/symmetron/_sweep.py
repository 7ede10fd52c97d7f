"""Sweeps: every cell of a grid, durable, resumable, on any executor."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from symmetron import _canonical, _pool, _result, _threads
from symmetron._build import Plan, read_table, with_dotted
from symmetron._bundle import Bundles, Job, work_through
from symmetron._compute import Block, Task
from symmetron._grid import Grid, cells_text, key_of
from symmetron._numbers import at_least_one
from symmetron._progress import bar
from symmetron._store import Store
from symmetron.errors import SweepError

if TYPE_CHECKING:
    import xarray

_AHEAD = 4  # bundles in flight for each worker: enough to keep it busy, few enough to see what another process finished


def sweep(
    spec: str | os.PathLike[str] | Mapping[str, Any],
    grid: Mapping[str, Iterable[Any]],
    /,
    *,
    store: str | os.PathLike[str] | Store | None = None,
    executor: Executor | None = None,
    workers: int = 1,
    threads: int = 1,
    seed: int = 0,
    fresh: bool = False,
    progress: Callable[[int, int, str], None] | Literal["auto"] | None = "auto",
    **fixed: Any,
) -> xarray.Dataset:
    """Run a solver on every cell of a grid.

    The values do not depend on the number of workers, on interruptions, or on what was computed before: block
    boundaries are a function of the grid alone and every block is computed with ``threads`` threads.

    Args:
        spec: Full name of a solver, a table ``{"entry": name, ...}``, or a TOML file that holds one.
        grid: A list of values for each swept parameter; dotted names for those of nested tables, as ``"model.P"``.
        store: SQLite file that keeps each finished block, so that the same sweep goes on where it stopped.
        executor: Any ``concurrent.futures.Executor``, such as :class:`symmetron.Pool` or the one of a Dask client
            (``client.get_executor()``); by default a pool of ``workers`` processes that ends with the sweep.
        workers: Number of processes of the default pool.
        threads: Threads of the numerical libraries in each worker; part of what identifies a result in the store.
        seed: From which each cell of a stochastic solver gets its own seed, recorded in the variable ``seed``.
        fresh: Compute again what the store already has.
        progress: Called as ``progress(cells_done, cells, text)``, may raise ``Cancelled``; ``"auto"`` draws a bar
            when standard error is a terminal; None is silent.
        **fixed: The solver's other parameters.

    Returns:
        One variable an output over the swept dimensions, with ``failed`` (and ``message`` where a cell failed).

    Raises:
        UnknownEntry: No entry has that name.
        ParameterError: A parameter is unknown, missing, of the wrong type, or both fixed and swept.
        ValueError: The number of workers or of threads is less than 1.
        SweepError: The store cannot be used.
        MissingDevice: The parameter ``device`` names a device that is not here.
        Cancelled: The progress callback stopped the sweep; finished blocks are in the store.

    Examples:
        >>> import symmetron as sym
        >>> model = {"entry": "hopfield-rsb/dense-hopfield", "P": 4}                                # doctest: +SKIP
        >>> sym.sweep("hopfield-rsb/rs", {"alpha": [0.1, 0.2], "T": [0, 0.1]}, model=model).sizes    # doctest: +SKIP
        Frozen({'alpha': 2, 'T': 2})
    """
    started, clock = time.time(), time.perf_counter()
    at_least_one(workers=workers, threads=threads)
    cells = Grid(with_dotted(read_table(spec), fixed), grid, seed)
    if not cells.count:
        return _result.assemble(cells.entry, cells.axes, [], [], {"entry": cells.entry.name}, cells.entry.units)
    _threads.require_device(str(cells.plan.values.get("device", "cpu")))
    for value in cells.axes.get("device", ()):
        _threads.require_device(value)
    with _opened(store) as opened:
        if (opened is not None or cells.entry.options["stochastic"]) and not _is_portable(cells.plan):
            raise SweepError(
                f"{cells.entry.name}: a store and the seeds of a sweep are made from tables; "
                "give the model as a table, not as an object"
            )
        jobs = _jobs(cells, threads, opened)
        with bar(progress, cells.entry.name, cells.count) as show:
            _finish(jobs, opened, executor, workers, threads, fresh, show)
    attributes = _result.provenance(
        cells.plans,
        swept=cells.axes,
        threads=threads,
        started=started,
        seconds=time.perf_counter() - clock,
        solver_seconds=sum(job.block.provenance["seconds"] for job in jobs if job.block),
        **({"sweep_seed": seed} if cells.entry.options["stochastic"] else {}),
    )
    blocks = [_with_seed(job, cells) for job in jobs]
    units = _result.all_units(cells.plan)
    return _result.assemble(cells.entry, cells.axes, blocks, [job.indices for job in jobs], attributes, units)


def _is_portable(plan: Plan) -> bool:
    """Whether the plan can be written down, rather than holding objects given from Python."""
    try:
        _canonical.dumps(plan.table())
    except TypeError:
        return False
    return True


def _jobs(cells: Grid, threads: int, store: Store | None) -> list[Job]:
    blocks = cells.blocks(threads)
    if store is None:
        return [Job(indices, task, "") for indices, task in blocks]
    versions = functools.cache(_result.versions)
    packages = None if cells.sweeps_entries else _result.packages(cells.plan.table())
    return [
        Job(indices, task, key_of(task, versions(packages or _result.packages(task.table)))) for indices, task in blocks
    ]


@contextlib.contextmanager
def _opened(store: str | os.PathLike[str] | Store | None) -> Iterator[Store | None]:
    if store is None or isinstance(store, Store):
        yield store
    else:
        with Store(store) as opened:
            yield opened


def _finish(jobs, store, executor, workers, threads, fresh, show) -> None:
    """Give every job its block, from the store or from a worker."""
    if store is not None:
        if fresh:
            store.discard(job.key for job in jobs)
        _look_up(jobs, store)
    todo = [job for job in jobs if job.block is None]
    done = sum(job.task.count for job in jobs if job.block is not None)
    total = sum(job.task.count for job in jobs)
    show(done, total, "")
    if not todo:
        return
    if store is not None:
        store.require_writable()
    if executor is not None:
        _collect(todo, store, executor, getattr(executor, "workers", os.cpu_count() or 1), show, done, total)
        return
    with _pool.Pool(min(workers, len(todo)), threads) as pool:
        _collect(todo, store, pool, workers, show, done, total)


def _look_up(jobs: Sequence[Job], store: Store) -> None:
    found = store.get_many([job.key for job in jobs])
    for job in jobs:
        job.block = found.get(job.key)


def _collect(todo, store, executor: Executor, workers: int, show, done: int, total: int) -> None:
    bundles = Bundles(todo)
    running: dict[Future, list[Job]] = {}
    try:
        while True:
            while len(running) < _AHEAD * workers and (bundle := bundles.next()):
                if store is not None:  # another process may have finished some of it
                    _look_up(bundle, store)
                    done += sum(job.task.count for job in bundle if job.block is not None)
                    bundle = [job for job in bundle if job.block is None]
                if bundle:
                    running[executor.submit(work_through, [_with_checkpoint(job, store) for job in bundle])] = bundle
            if not running:
                return
            finished, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in finished:
                bundle = running.pop(future)
                _receive(future, bundle, bundles, store)
                done += sum(job.task.count for job in bundle if job.block is not None)
            show(done, total, _reported(running))
    except BaseException:
        for future in running:
            future.cancel()
        raise


def _receive(future: Future, bundle: list[Job], bundles: Bundles, store: Store | None) -> None:
    try:
        answers = future.result()
    except _pool.WorkerDied as error:
        if len(bundle) > 1:
            bundles.take_apart(bundle)
        else:
            bundle[0].block = Block({}, {}, (str(error),) * bundle[0].task.count, {"seconds": 0.0})
        return
    rows = []
    for job, (data, provenance) in zip(bundle, answers, strict=False):
        job.block = Block.decode(data, provenance)
        if store is not None and not any(job.block.messages):  # a failed cell is tried again by the next sweep
            rows.append((job.key, job.task.table["entry"], cells_text(job.task), data, provenance))
    if store is not None and rows:
        store.put_many(rows)
    bundles.answered(bundle, sum(job.block.provenance["seconds"] for job in bundle if job.block is not None))


def _reported(running: Iterable[Future]) -> str:
    """Return the furthest progress that a solver in flight has reported."""
    reports = [future.progress for future in running if getattr(future, "progress", None)]  # pyright: ignore
    if not reports:
        return ""
    done, of, text = max(reports, key=lambda report: report[0] / max(report[1], 1))
    return f"{text} {done}/{of}".strip()


def _with_checkpoint(job: Job, store: Store | None) -> Task:
    folder = store.folder if store is not None else None
    return job.task if folder is None else replace(job.task, checkpoint=str(folder / job.key))


def _with_seed(job: Job, cells: Grid) -> Block:
    assert job.block is not None
    seeds = job.task.cells.get("seed")
    if seeds is None or "seed" in cells.axes or "seed" in job.block.columns:
        return job.block
    return replace(job.block, columns={**job.block.columns, "seed": np.asarray(seeds)})
