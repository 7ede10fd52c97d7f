"""Where pictures are drawn, and what to say where that is impossible."""

from typing import Any


def new_figure(**options: Any) -> Any:
    """Return an empty matplotlib figure that belongs to no window.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ImportError("plots need matplotlib: pip install 'hopfield-rsb[plot]'") from None
    return Figure(layout="constrained", **options)


def with_unit(label: str, array: Any) -> str:
    """Return a label followed by the unit that a data array carries, unless that is 1."""
    unit = array.attrs.get("units", "1")
    return label if unit == "1" else f"{label} [{unit}]"
