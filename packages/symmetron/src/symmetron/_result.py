"""Results: blocks of columns become one labelled data set with units and provenance."""

from __future__ import annotations

import contextlib
import functools
import json
import operator
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symmetron import _canonical
from symmetron._build import Plan
from symmetron._compute import Block, stack
from symmetron._entry import Entry
from symmetron._registry import entry as find_entry
from symmetron._registry import registry
from symmetron.errors import ResultError

if TYPE_CHECKING:
    import xarray


def assemble(
    solver: Entry,
    axes: Mapping[str, Sequence[Any]],
    blocks: Sequence[Block],
    cells: Sequence[np.ndarray],
    attributes: Mapping[str, Any],
    units: Mapping[str, str],
) -> xarray.Dataset:
    """Return the data set over the swept ``axes``; ``cells[i]`` are the flat indices of the cells of ``blocks[i]``."""
    import xarray

    shape = tuple(len(values) for values in axes.values())
    total = int(np.prod(shape, dtype=int))
    order = np.argsort(np.concatenate(cells)) if cells else np.zeros(0, int)
    counts = [len(block.messages) for block in blocks]
    declared = solver.options.get("outputs", {})
    data: dict[str, Any] = {}
    lengths: dict[str, np.ndarray] = {}
    for name in dict.fromkeys(name for block in blocks for name in block.columns):
        parts = [block.columns.get(name) for block in blocks]
        values = stack(parts, counts)[order]
        dims = declared.get(name)
        if not isinstance(dims, tuple):
            dims = tuple(f"{name}_{axis}" for axis in range(values.ndim - 1))
        for axis, dim in enumerate(dims):
            sizes = [0 if part is None else part.shape[axis + 1] for part in parts]
            if len({part.shape[axis + 1] for part in parts if part is not None}) > 1:
                lengths[dim] = np.maximum(lengths.get(dim, 0), np.repeat(sizes, counts)[order])
        extra = _unit(name, units)
        if isinstance(declared.get(name), str):
            extra["format"] = declared[name]
        label = f"{name}_returned" if name in axes else name  # the coordinate has that name
        data[label] = ((*axes, *dims), values.reshape(shape + values.shape[1:]), extra)
    for dim, sizes in lengths.items():
        data[f"{dim}_length"] = (tuple(axes), sizes.reshape(shape), {})
    messages = np.array([message for block in blocks for message in block.messages], dtype=np.str_)[order]
    data["failed"] = (tuple(axes), (messages != "").reshape(shape) if total else np.zeros(shape, bool), {})
    if (messages != "").any():
        data["message"] = (tuple(axes), messages.reshape(shape), {})
    coords = {name: (name, coordinate(values), _unit(name, units)) for name, values in axes.items()}
    coords |= _shared_coordinates(blocks, counts, order, tuple(axes), shape, units, data)
    return xarray.Dataset(data, coords, dict(attributes))


def coordinate(values: Sequence[Any]) -> np.ndarray:
    """Return the values of one axis as a 1-D array of numbers or text; tables and arrays become JSON."""
    if all(isinstance(value, bool | int | float | complex | str | np.generic) for value in values):
        array = np.asarray(values)
        if array.dtype.kind in "biufcU":
            return array
    return np.array([v if isinstance(v, str) else json.dumps(_canonical.readable(v)) for v in values], dtype=np.str_)


def _unit(name: str, units: Mapping[str, str]) -> dict[str, str]:
    return {"units": units[name]} if name in units else {}


def _shared_coordinates(blocks, counts, order, axes, shape, units, data) -> dict[str, Any]:
    """Return coordinates of output dimensions; one that differs between cells becomes ``<dim>_values``."""
    coords = {}
    for name in dict.fromkeys(name for block in blocks for name in block.shared):
        parts = [block.shared.get(name) for block in blocks]
        longest = max((part for part in parts if part is not None), key=len)
        if all(part is None or np.array_equal(part, longest[: len(part)]) for part in parts):
            coords[name] = (name, longest, _unit(name, units))
        else:
            rows = [
                None if part is None else np.broadcast_to(part, (n, len(part)))
                for part, n in zip(parts, counts, strict=True)
            ]
            values = stack(rows, counts)[order]
            data[f"{name}_values"] = ((*axes, name), values.reshape(*shape, -1), _unit(name, units))
    return coords


def all_units(plan: Plan, prefix: str = "") -> dict[str, str]:
    """Return the units of the plan's parameters and outputs, those of nested tables under dotted names."""
    units = {f"{prefix}{name}": unit for name, unit in plan.entry.units.items()}
    for name, value in plan.values.items():
        if isinstance(value, Plan):
            units |= all_units(value, f"{prefix}{name}.")
    return units


def provenance(plans: Sequence[Plan], swept: Iterable[str] = (), **more: Any) -> dict[str, Any]:
    """Return the attributes of a result: the table with its defaults, every convention in it, the versions used.

    ``plans`` are those of the cells, as far as their tables differ; what is ``swept`` is a coordinate and stays out.
    """
    table = _canonical.readable(plans[0].table())
    for name in swept:
        *path, last = name.split(".")
        functools.reduce(operator.getitem, path, table).pop(last)
    return {
        "entry": plans[0].entry.name,
        "spec": json.dumps(table),
        **dict(_flat(table)),
        "versions": json.dumps(versions(frozenset().union(*(packages(plan.table()) for plan in plans)))),
        "python": platform.python_version(),
        "host": platform.node(),
        **more,
    }


def _flat(table: Mapping[str, Any], prefix: str = ""):
    for name, value in table.items():
        if isinstance(value, Mapping) and "entry" in value:
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, bool):
            yield f"{prefix}{name}", str(value).lower()  # netCDF attributes have no booleans
        elif isinstance(value, str | int | float):
            yield f"{prefix}{name}", value
        elif value is not None:
            yield f"{prefix}{name}", json.dumps(value)


def packages(table: Any) -> frozenset[str]:
    """Return the packages whose entries the table names, nested tables included."""
    found = frozenset({find_entry(table["entry"]).package} if isinstance(table, Mapping) and "entry" in table else ())
    inner = table.values() if isinstance(table, Mapping) else table if isinstance(table, list | tuple) else ()
    return found.union(*map(packages, inner))


def versions(involved: frozenset[str]) -> dict[str, str]:
    """Return the versions of the packages, of the plugins these stand on, and of symmetron."""
    plugins = {entry.package for entry in registry().entries.values()}
    found: dict[str, str] = {}
    todo = set(involved)
    while todo:
        package = todo.pop()
        found[package] = metadata.version(package)
        needs = {_distribution(line) for line in metadata.requires(package) or () if "extra ==" not in line}
        todo |= (needs & plugins) - set(found)
    return {"symmetron": metadata.version("symmetron"), **dict(sorted(found.items()))}


def _distribution(requirement: str) -> str:
    from packaging.requirements import Requirement

    return Requirement(requirement).name


def save(dataset: xarray.Dataset, path: str | os.PathLike[str]) -> Path:
    """Write a result to a netCDF file (complex numbers included), whole or not at all.

    Args:
        dataset: What :func:`symmetron.run` or :func:`symmetron.sweep` returned.
        path: File to write; it is replaced when it exists.

    Raises:
        ResultError: The file cannot be written, or netCDF4 is missing (extra ``symmetron[io]``).
    """
    path = Path(path)
    require_netcdf()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.to_netcdf(part, engine="netcdf4", auto_complex=True)
        part.replace(path)
    except OSError as error:
        raise ResultError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return path


def load(path: str | os.PathLike[str]) -> xarray.Dataset:
    """Read a result that :func:`save` wrote into memory.

    Raises:
        ResultError: The file cannot be read, or netCDF4 is missing (extra ``symmetron[io]``).
    """
    import xarray

    if not Path(path).exists():
        raise ResultError(f"cannot read {path}: there is no such file")
    if Path(path).is_dir():
        raise ResultError(f"cannot read {path}: it is a folder")
    require_netcdf()
    try:
        # A unit such as "s" must stay a unit, not turn numbers into time differences.
        plain = {"decode_times": False, "decode_timedelta": False}
        return xarray.load_dataset(path, engine="netcdf4", auto_complex=True, **plain)
    except OSError as error:
        raise ResultError(f"cannot read {path}: {error.strerror or error}") from None


def require_netcdf() -> None:
    """Raise a :class:`ResultError` unless netCDF files can be written here."""
    try:
        import netCDF4  # noqa: F401
    except ModuleNotFoundError:
        raise ResultError("netCDF files need the netCDF4 package: pip install 'symmetron[io]'") from None
