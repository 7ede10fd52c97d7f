"""Charts: coordinates on a whole group, how to find them, and the density of Haar measure in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ._arrays import check_tail, full_precision, known_true, matching, namespace, require_finite, stop_gradient
from ._checks import check_choice

if TYPE_CHECKING:
    from ._base import MatrixGroup
    from ._semidirect import SemidirectProduct

Side = Literal["left", "right"]


class Chart:
    r"""Coordinates (..., dim) of the elements (..., n, n) of a group.

    Coordinates refer to bases that are orthonormal in $\langle X, Y\rangle = \operatorname{tr} X^\mathsf{T} Y$: that
    of a rotation is $\sqrt 2$ times the angle which ``exp`` and ``log`` of the group use. Made by
    :meth:`liegroups.MatrixGroup.chart`.

    Attributes:
        group: The group.
        name: ``"polar"``, ``"kak"``, ``"iwasawa"`` or ``"exp"``.
        dim: Number of coordinates, the dimension of the group.
        factor_names: One word for each of ``factors``.

    Examples:
        >>> import numpy as np, liegroups
        >>> chart = liegroups.SL(2).chart("polar")
        >>> A = np.array([[-1.0, 1.0], [0.0, -1.0]])                   # no real logarithm, and yet coordinates
        >>> coords = chart.inverse(A)
        >>> np.allclose(chart.forward(coords), A)
        True
        >>> [factor.round(4).tolist() for factor in chart.factors(A)]
        [[[1.3416, -0.4472], [-0.4472, 0.8944]], [[-0.8944, 0.4472], [-0.4472, -0.8944]]]
    """

    name: str
    factor_names: tuple[str, ...]

    def __init__(self, group: MatrixGroup):
        self.group = group
        self.dim = group.dim

    def __repr__(self) -> str:
        return f"{self.group!r}.chart({self.name!r})"

    def forward(self, coords: Any) -> Any:
        """Return the element (..., n, n) with the coordinates ``coords`` (..., dim)."""
        return self._forward(self._coordinates(coords))

    def inverse(self, g: Any) -> Any:
        """Return the coordinates (..., dim) of the elements ``g`` (..., n, n).

        Raises:
            ValueError: An element lies outside the chart, such as one with det <= 0, or is not of the group; NaN where
                values cannot be seen.
        """
        g = self._element(g)
        xp = namespace(g)
        outside = ~(xp.linalg.det(g) > 0)
        if known_true(outside):
            raise ValueError(f"g has {int(outside.sum())} element(s) with det <= 0, outside of {self!r}")
        return self._inverse(g)

    def factors(self, g: Any) -> tuple[Any, ...]:
        """Return the matrices (..., n, n) whose product is ``g``, one for each kind of coordinate."""
        return self._factors(self._element(g))

    def log_density(self, coords: Any, side: Side = "left") -> Any:
        r"""Return $\log d\mu/dc$ (...,) of Haar measure $\mu$ in the coordinates ``coords`` (..., dim).

        The measure is the one that is Lebesgue measure of orthonormal coordinates at the identity. In the
        polar chart first and second derivatives are right at equal singular values too.

        Args:
            coords: Coordinates.
            side: ``"left"`` or ``"right"`` invariant; they differ on groups such as Aff(n).

        Raises:
            ValueError: ``side`` is neither.
        """
        check_choice(side, ("left", "right"), "side")
        return self._log_density(self._coordinates(coords), side)

    def cut_distance(self, g: Any) -> Any:
        """Return how far (...,) the elements are from where the coordinates jump, in radians; 0 on the cut.

        In ``"kak"`` the least difference of two logarithms of singular values counts too. Constant for differentiation.
        """
        return self._cut_distance(stop_gradient(self._element(g)))

    def _coordinates(self, coords: Any) -> Any:
        coords = full_precision(coords, "coords")
        check_tail(coords, (self.dim,), "coords", repr(self))
        require_finite(coords, "coords")
        return coords

    def _element(self, g: Any) -> Any:
        g = full_precision(g, "g")
        check_tail(g, (self.group.n, self.group.n), "g", repr(self))
        require_finite(g, "g")
        return g

    def _forward(self, coords: Any) -> Any:
        raise NotImplementedError

    def _inverse(self, g: Any) -> Any:
        raise NotImplementedError

    def _factors(self, g: Any) -> tuple[Any, ...]:
        raise NotImplementedError

    def _log_density(self, coords: Any, side: Side) -> Any:
        raise NotImplementedError

    def _cut_distance(self, g: Any) -> Any:
        raise NotImplementedError


class AffineChart(Chart):
    r"""A chart of the linear part, followed by the translation: $g = (x, h)$.

    Left Haar measure is $|\det h|^{-1} dx\,d\mu(h)$ and right Haar measure $dx\,d\mu(h)$.
    """

    group: SemidirectProduct

    def __init__(self, group: SemidirectProduct, linear: Chart):
        super().__init__(group)
        self.name = linear.name
        self.factor_names = ("translation", *linear.factor_names)
        self._linear = linear

    def _forward(self, coords: Any) -> Any:
        return self._joined(self._linear.forward(coords[..., : self._linear.dim]), coords[..., self._linear.dim :])

    def _inverse(self, g: Any) -> Any:
        return namespace(g).concat([self._linear.inverse(g[..., :-1, :-1]), g[..., :-1, -1]], axis=-1)

    def _factors(self, g: Any) -> tuple[Any, ...]:
        xp = namespace(g)
        still = xp.zeros_like(g[..., :-1, -1])
        eye = xp.broadcast_to(matching(np.eye(self.group.n - 1), g), g[..., :-1, :-1].shape)
        parts = (self._joined(factor, still) for factor in self._linear.factors(g[..., :-1, :-1]))
        return self._joined(eye, g[..., :-1, -1]), *parts

    def _log_density(self, coords: Any, side: Side) -> Any:
        linear = coords[..., : self._linear.dim]
        density = self._linear.log_density(linear, side)
        if side == "right":
            return density
        return density - namespace(coords).linalg.slogdet(self._linear.forward(linear))[1]

    def _cut_distance(self, g: Any) -> Any:
        return self._linear.cut_distance(g[..., :-1, :-1])

    def _joined(self, linear: Any, shift: Any) -> Any:
        return self.group._assemble(linear, shift[..., None])


def linear_part(group: MatrixGroup) -> MatrixGroup:
    """Return the group itself, or H of an affine group R^n x| H.

    Raises:
        ValueError: An affine group is not such a product by construction.
    """
    if not group.affine:
        return group
    linear = getattr(group, "linear", None)
    if linear is None:
        raise ValueError(f"{group.name} is not given as a SemidirectProduct, so its linear part is not known")
    return linear
