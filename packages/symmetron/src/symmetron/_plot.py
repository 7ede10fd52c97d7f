"""Pictures of results: the solver's own, else lines and maps of the swept parameters."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from symmetron._entry import resolve
from symmetron._registry import registry
from symmetron.errors import ResultError, suggest

if TYPE_CHECKING:
    import xarray

_log = logging.getLogger(__name__)
_COLUMNS = 3
_SIZE = (4.6, 3.6)  # inches, of one panel


def plot(dataset: xarray.Dataset, variables: list[str] | None = None) -> Any:
    """Draw a result.

    Args:
        dataset: What :func:`symmetron.run`, :func:`symmetron.sweep` or :func:`symmetron.load` returned.
        variables: Names of the outputs to draw; by default the solver's own picture, if it registers one and does not
            refuse this result with a ``ValueError``; else every numerical output: a line along one dimension, several
            lines or a map along two.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        TypeError: It is no data set.
        ResultError: There is nothing to draw, a variable is unknown, or matplotlib is missing.
    """
    if not hasattr(dataset, "data_vars"):
        raise TypeError(f"plot draws a result, got {dataset!r}; read a file with symmetron.load first")
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError:
        raise ResultError("plots need matplotlib: pip install 'symmetron[plot]'") from None
    entry = registry().entries.get(dataset.attrs.get("entry", ""))
    own = entry.options.get("plot", "") if entry is not None else ""
    if own and entry is not None and variables is None:
        try:
            return resolve(own, entry.name)(dataset)
        except ValueError as error:  # such as a phase diagram of one line
            _log.info("%s: no picture of its own (%s)", entry.name, error)
    return _panels(dataset, _drawable(dataset, variables))


def _drawable(dataset: xarray.Dataset, variables: list[str] | None) -> list[str]:
    for name in variables or ():
        if name not in dataset.data_vars:
            raise ResultError(f"the result has no variable {name!r}{suggest(name, map(str, dataset.data_vars))}")
    names = variables or [str(name) for name in dataset.data_vars if name not in ("failed", "seed")]
    numbers = [name for name in names if dataset[name].dtype.kind in "biufc" and dataset[name].ndim >= 1]
    if not numbers:
        raise ResultError("there is nothing to draw: no numerical output has a dimension; sweep a parameter first")
    return numbers


def _panels(dataset: xarray.Dataset, names: list[str]) -> Any:
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(_SIZE[0] * columns, _SIZE[1] * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for name, panel in zip(names, panels, strict=False):
        _draw(figure, panel, dataset[name])
    for panel in panels[len(names) :]:
        panel.set_axis_off()
    figure.suptitle(dataset.attrs.get("entry", ""))
    return figure


def _draw(figure: Any, panel: Any, array: xarray.DataArray) -> None:
    array = _at_most_two(array)
    if array.dtype.kind == "c":
        array = abs(array)
    values = array.values.astype(float)
    across = [_axis(array, str(dim)) for dim in array.dims]
    if values.ndim == 1:
        panel.plot(across[0][0], values, marker="." if len(values) < 60 else "")
        panel.set_xlabel(across[0][1])
        panel.set_ylabel(_label(array))
    elif min(values.shape) <= 6:
        few = int(np.argmin(values.shape))
        for index, value in enumerate(across[few][0]):
            panel.plot(across[1 - few][0], values.take(index, few), label=f"{array.dims[few]} = {value:g}")
        panel.legend(fontsize="small")
        panel.set_xlabel(across[1 - few][1])
        panel.set_ylabel(_label(array))
    else:
        image = panel.pcolormesh(across[1][0], across[0][0], values, shading="nearest", rasterized=True)
        figure.colorbar(image, ax=panel, label=_label(array))
        panel.set_xlabel(across[1][1])
        panel.set_ylabel(across[0][1])


def _at_most_two(array: xarray.DataArray) -> xarray.DataArray:
    """Return the array with its shortest dimensions, beyond two, at their first value."""
    while array.ndim > 2:
        array = array.isel({min(array.dims, key=lambda dim: array.sizes[dim]): 0})
    return array


def _axis(array: xarray.DataArray, dim: str) -> tuple[np.ndarray, str]:
    """Return the coordinate (or the index) along a dimension and its label."""
    if dim in array.coords and array[dim].dtype.kind in "biuf":
        return array[dim].values.astype(float), _label(array[dim])
    return np.arange(array.sizes[dim], dtype=float), dim


def _label(array: xarray.DataArray) -> str:
    unit = array.attrs.get("units", "")
    return f"{array.name} [{unit}]" if unit and unit != "1" else str(array.name)
