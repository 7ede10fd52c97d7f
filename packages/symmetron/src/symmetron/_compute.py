"""One block of cells of one solver: the unit of work, of caching and of failure."""

from __future__ import annotations

import json
import math
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symmetron import _canonical, _threads
from symmetron._build import plan, with_dotted
from symmetron._entry import Entry
from symmetron.errors import Cancelled, ResultError

Progress = Callable[[int, int, str], None]
RESERVED = ("failed", "message")


@dataclass(frozen=True)
class Task:
    """What a worker needs to compute one block; everything in it can be pickled.

    Attributes:
        table: The solver's complete table, without the parameters in ``cells``.
        cells: For each parameter that differs from cell to cell, one value a cell (dotted names for nested ones).
        count: Number of cells.
        checkpoint: Directory that is given to a solver that asks for one.
        threads: Number of threads of the numerical libraries.
    """

    table: Mapping[str, Any]
    cells: Mapping[str, Any]
    count: int
    checkpoint: str | None = None
    threads: int = 1


@dataclass(frozen=True)
class Block:
    """The result of a task: one array a variable, with one row a cell, and what went wrong where.

    Attributes:
        columns: Arrays whose first axis is the cell.
        shared: Coordinate arrays that are the same in every cell, by dimension.
        messages: For each cell the reason why it failed, or the empty string.
        provenance: Host, seconds and start time.
    """

    columns: Mapping[str, np.ndarray]
    shared: Mapping[str, np.ndarray]
    messages: tuple[str, ...]
    provenance: Mapping[str, Any]

    def encode(self) -> tuple[bytes, str]:
        """Return the values as bytes (a JSON header, then the arrays) and the provenance as JSON."""
        header: dict[str, Any] = {"messages": self.messages, "columns": [], "shared": []}
        buffers = []
        for place in ("columns", "shared"):
            for name, array in getattr(self, place).items():
                header[place].append([name, array.dtype.str, list(array.shape)])
                buffers.append(np.ascontiguousarray(array).tobytes())
        head = json.dumps(header).encode()
        return b"".join([len(head).to_bytes(8, "little"), head, *buffers]), json.dumps(self.provenance)

    @classmethod
    def decode(cls, data: bytes, provenance: str) -> Block:
        """Return the block that :meth:`encode` wrote."""
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        start = 8 + size
        places: dict[str, dict[str, np.ndarray]] = {"columns": {}, "shared": {}}
        for place, arrays in places.items():
            for name, dtype, shape in header[place]:
                count = math.prod(shape)
                arrays[name] = np.frombuffer(data, np.dtype(dtype), count, start).reshape(shape)
                start += count * np.dtype(dtype).itemsize
        return cls(places["columns"], places["shared"], tuple(header["messages"]), json.loads(provenance))


def compute(task: Task, progress: Progress | None = None) -> Block:
    """Run the solver on every cell of the task; an exception of the solver marks its cells as failed."""
    started, clock = time.time(), time.perf_counter()
    try:
        columns, shared = call(task, progress)
        messages = [""] * task.count
    except (Cancelled, MemoryError):
        raise
    except Exception as error:
        if task.count > 1:  # find the cells that are to blame
            return _merge([compute(cell) for cell in _split(task)], started, clock)
        columns, shared, messages = {}, {}, [f"{type(error).__name__}: {error}"]
    return Block(columns, shared, tuple(messages), _provenance(started, clock))


def call(task: Task, progress: Progress | None = None) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Build what the solver needs, call it once, and return its checked output as columns and shared coordinates."""
    batched = task.count > 1 or any(isinstance(value, np.ndarray) for value in task.cells.values())
    values = task.cells if batched else {name: value[0] for name, value in task.cells.items()}
    solver_plan = plan(with_dotted(task.table, values))
    target = solver_plan.entry.load()
    given: dict[str, Any] = {"progress": progress, "checkpoint": task.checkpoint and Path(task.checkpoint)}
    extra = {name: given[name] for name in solver_plan.entry.services}
    arguments = solver_plan.arguments()  # may import a library, which is limited only once it is there
    with _threads.limited(task.threads):
        result = target(**arguments, **extra)
    return _columns(solver_plan.entry, result, task.count if batched else None)


def _columns(entry: Entry, result: Any, count: int | None) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    if not isinstance(result, Mapping):
        raise ResultError(f"{entry.name} returned {type(result).__name__}, a solver returns a dict")
    declared = entry.options.get("outputs", {})
    dimensions = {dim for dims in declared.values() if isinstance(dims, tuple) for dim in dims}
    columns, shared = {}, {}
    sizes: dict[str, int] = {}
    for name, value in result.items():
        if name in RESERVED:
            raise ResultError(f"{entry.name} returned {name!r}, a name that every sweep gives to its own record")
        array = np.asarray(value)
        if array.dtype.kind not in "biufcU":
            raise ResultError(f"{entry.name} returned {name!r} as {type(value).__name__}, allowed are numbers and text")
        if name in dimensions and array.ndim == 1:
            shared[name] = array
            sizes.setdefault(name, len(array))
            continue
        if count is None:
            array = array[None]
        elif array.ndim == 0:
            array = np.broadcast_to(array, (count,))
        elif len(array) != count:
            raise ResultError(f"{entry.name} returned {name!r} of shape {array.shape} for a batch of {count} cells")
        dims = declared.get(name)
        if isinstance(dims, tuple) and array.ndim != len(dims) + 1:
            raise ResultError(f"{entry.name} returned {name!r} with {array.ndim - 1} dimensions and declares {dims}")
        columns[name] = array
    for name, array in columns.items():
        dims = declared.get(name)
        for dim, size in zip(dims, array.shape[1:], strict=True) if isinstance(dims, tuple) else ():
            if sizes.setdefault(dim, size) != size:
                raise ResultError(
                    f"{entry.name} returned {name!r} with {size} along {dim!r}, and {sizes[dim]} elsewhere"
                )
    return columns, shared


def _split(task: Task) -> list[Task]:
    return [
        Task(task.table, {name: value[i : i + 1] for name, value in task.cells.items()}, 1, None, task.threads)
        for i in range(task.count)
    ]


def _merge(blocks: list[Block], started: float, clock: float) -> Block:
    good = [block for block in blocks if not block.messages[0]]
    columns = {name: stack([block.columns.get(name) for block in blocks]) for name in (good[0].columns if good else ())}
    messages = tuple(block.messages[0] for block in blocks)
    return Block(columns, good[0].shared if good else {}, messages, _provenance(started, clock))


def stack(parts: list[np.ndarray | None], counts: list[int] | None = None) -> np.ndarray:
    """Join columns along the cells, padding shorter rows; None stands for cells without a value.

    Padding is NaN for real and complex numbers, zero for integers, False and the empty string otherwise.
    """
    present = [part for part in parts if part is not None]
    counts = counts or [1 if part is None else len(part) for part in parts]
    tail = tuple(map(max, zip(*(part.shape[1:] for part in present), strict=True)))
    dtype = np.result_type(*{part.dtype for part in present})
    if dtype.kind == "U" and any(part.dtype.kind != "U" for part in present):
        raise ResultError("a variable is text in some cells and a number in others")
    missing = any(part is None for part in parts)
    if not missing and all(part.shape[1:] == tail for part in present):
        return np.concatenate(present).astype(dtype, copy=False)
    out = np.full((sum(counts), *tail), np.nan if dtype.kind in "fc" else np.zeros((), dtype), dtype)
    start = 0
    for part, count in zip(parts, counts, strict=True):
        if part is not None:
            out[(slice(start, start + count), *map(slice, part.shape[1:]))] = part
        start += count
    return out


def _provenance(started: float, clock: float) -> dict[str, Any]:
    return {"host": platform.node(), "started": started, "seconds": time.perf_counter() - clock}


def seed_of(sweep_seed: int, cell: Mapping[str, Any]) -> int:
    """Return the seed of a stochastic cell: a function of the sweep's seed and the cell's parameters alone.

    53 bits: exact in TOML, JSON and every array library.
    """
    return int(_canonical.digest([sweep_seed, cell])[:14], 16) >> 3
