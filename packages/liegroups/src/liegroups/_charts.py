"""Which chart a name stands for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from ._chart import AffineChart, Chart, linear_part
from ._exp_chart import ExpChart
from ._polar_chart import PolarChart
from ._triangular_charts import IwasawaChart, KAKChart

if TYPE_CHECKING:
    from ._base import MatrixGroup

CHARTS = {chart.name: chart for chart in (PolarChart, KAKChart, IwasawaChart, ExpChart)}


def make_chart(group: MatrixGroup, name: str) -> Chart:
    """Return the chart of the group with this name.

    Raises:
        ValueError: There is no such chart, or not of this group.
    """
    if not isinstance(name, str) or name not in CHARTS:
        near = get_close_matches(str(name), CHARTS, n=1)
        hint = f", did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"unknown chart {name!r}{hint} The charts are {', '.join(CHARTS)}")
    if group.dim == 0:
        raise ValueError(f"{group.name} is finite and has no charts")
    if group.affine and name != "exp":
        return AffineChart(group, make_chart(linear_part(group), name))  # pyright: ignore (linear_part has checked it)
    return CHARTS[name](group)
