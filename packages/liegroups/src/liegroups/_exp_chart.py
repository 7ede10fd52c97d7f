r"""Logarithmic coordinates, $g = e^X$, of any group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._algebra import orthonormal_span
from ._arrays import matching, namespace
from ._chart import Chart, Side
from ._expm import mean_exponential
from ._polar_chart import brackets, coordinates

if TYPE_CHECKING:
    from ._base import MatrixGroup


class ExpChart(Chart):
    r"""Coordinates X of $g = e^X$, wherever the group's logarithm exists.

    Density: $|\det\varphi(\mp\mathrm{ad}X)|$ on the whole algebra, $\varphi(z) = (e^z - 1)/z$; minus for left Haar
    measure, plus for right.
    """

    name = "exp"
    factor_names = ("exp",)

    def __init__(self, group: MatrixGroup):
        super().__init__(group)
        self.basis = orthonormal_span(group.generators())
        self._angles = group.vee(self.basis)
        # ad X as a matrix on coordinates; the transpose of brackets(...)[a], whose determinant is the same
        self._brackets = brackets(self.basis, self.basis, self.basis)

    def _forward(self, coords: Any) -> Any:
        return self.group.exp(namespace(coords).matmul(coords, matching(self._angles, coords)))

    def _inverse(self, g: Any) -> Any:
        return coordinates(self.group.hat(self.group.log(g)), self.basis)

    def _factors(self, g: Any) -> tuple[Any, ...]:
        return (g,)

    def _log_density(self, coords: Any, side: Side) -> Any:
        xp = namespace(coords)
        ad = xp.tensordot(coords, matching(self._brackets, coords), axes=1)
        return xp.linalg.slogdet(mean_exponential(-ad if side == "left" else ad))[1]

    def _cut_distance(self, g: Any) -> Any:
        xp = namespace(g)
        values = xp.linalg.eigvals(g)
        angles = xp.atan2(xp.imag(values), xp.real(values))
        return np.pi - xp.max(xp.abs(angles), axis=-1)
