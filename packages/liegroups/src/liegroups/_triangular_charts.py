r"""The charts of GL and SL with a diagonal factor: $K A K$ (singular values) and $K A N$ (Iwasawa)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._arrays import in_float64, known_true, matching, namespace, nan_where
from ._chart import Chart, Side
from ._half_turn import half_turn_distance
from ._log_sinhc import log_sinhc
from ._polar_chart import CompactCoordinates
from ._reductive import traceless_diagonals

if TYPE_CHECKING:
    from ._base import MatrixGroup


class _DiagonalChart(Chart):
    """What both share: rotations, and logarithms of a positive diagonal."""

    def __init__(self, group: MatrixGroup):
        super().__init__(group)
        n = group.n
        cartan = group.cartan()
        traceless = bool(np.allclose(np.trace(cartan.symmetric, axis1=-2, axis2=-1), 0))
        if cartan.compact.dim != n * (n - 1) // 2 or len(cartan.symmetric) != n * (n + 1) // 2 - traceless:
            raise ValueError(
                f"the chart {self.name!r} exists for SL(n), GLPlus(n), GL(n) and their affine extensions, "
                f"not for {group.name}"
            )
        self.compact = CompactCoordinates(cartan.compact)
        self._diagonal = traceless_diagonals(n) if traceless else np.eye(n)
        pairs = np.triu_indices(n, 1)
        self._differences = np.eye(n)[pairs[0]] - np.eye(n)[pairs[1]]  # (pairs, n): a_i - a_j for i < j

    def _logarithms(self, a: Any) -> Any:
        return namespace(a).matmul(a, matching(self._diagonal, a))

    def _gaps(self, a: Any) -> Any:
        return namespace(a).matmul(self._logarithms(a), matching(self._differences.T, a))


class KAKChart(_DiagonalChart):
    r"""Coordinates $(\Omega_1, a, \Omega_2)$ of $g = e^{\Omega_1} e^{\operatorname{diag} a} e^{\Omega_2}$.

    $a_1 \ge \dots \ge a_n$ are the logarithms of the singular values (in SL(n), where they sum to 0, coordinates in an
    orthonormal basis of such diagonals). The signs of the left singular vectors, but the last, make the diagonal of
    $e^{\Omega_1}$ positive. Not smooth where singular values meet. Density: $\prod_{i<j}\sinh(a_i-a_j)$ times those of
    the two rotations.
    """

    name = "kak"
    factor_names = ("K1", "A", "K2")

    def _split(self, coords: Any) -> tuple[Any, Any, Any]:
        k, r = self.compact.dim, len(self._diagonal)
        return coords[..., :k], coords[..., k : k + r], coords[..., k + r :]

    def _forward(self, coords: Any) -> Any:
        xp = namespace(coords)
        left, a, right = self._split(coords)
        scaled = self.compact.exp(left) * xp.exp(self._logarithms(a))[..., None, :]
        return xp.matmul(scaled, self.compact.exp(right))

    def _inverse(self, g: Any) -> Any:
        xp = namespace(g)
        u, values, vh = _singular(g)
        a = xp.matmul(xp.log(values), matching(self._diagonal.T, g))
        return xp.concat([self.compact.log(u), a, self.compact.log(vh)], axis=-1)

    def _factors(self, g: Any) -> tuple[Any, ...]:
        u, values, vh = _singular(g)
        return u, matching(np.eye(self.group.n), g) * values[..., None, :], vh

    def _log_density(self, coords: Any, side: Side) -> Any:
        xp = namespace(coords)
        left, a, right = self._split(coords)
        gaps = self._gaps(a)
        sines = xp.sum(log_sinhc(gaps * gaps) + xp.log(xp.abs(gaps)), axis=-1)
        return sines + self.compact.log_density(left) + self.compact.log_density(right)

    def _cut_distance(self, g: Any) -> Any:
        xp = namespace(g)
        u, values, vh = _singular(g)
        nearest = xp.minimum(half_turn_distance(u), half_turn_distance(vh))
        if self.group.n == 1:
            return nearest
        logs = xp.log(values)
        nearest = xp.minimum(nearest, xp.min(logs[..., :-1] - logs[..., 1:], axis=-1))
        signs = xp.asin(xp.clip(xp.linalg.diagonal(u)[..., :-1], 0, 1))  # the walls of the rule of signs
        return xp.minimum(nearest, xp.min(signs, axis=-1))


class IwasawaChart(_DiagonalChart):
    r"""Coordinates $(\Omega, a, \nu)$ of $g = e^\Omega e^{\operatorname{diag} a} N$, $N$ unit upper triangular.

    $\nu$ are the entries of N above its diagonal, row by row. Density:
    $2^{-n(n-1)/4}\, e^{\sum_{i<j}(a_i-a_j)}$ times that of the rotation.
    """

    name = "iwasawa"
    factor_names = ("K", "A", "N")

    def __init__(self, group: MatrixGroup):
        super().__init__(group)
        n = group.n
        rows, columns = np.triu_indices(n, 1)
        self._upper = np.zeros((len(rows), n, n))
        self._upper[np.arange(len(rows)), rows, columns] = 1.0

    def _split(self, coords: Any) -> tuple[Any, Any, Any]:
        k, r = self.compact.dim, len(self._diagonal)
        return coords[..., :k], coords[..., k : k + r], coords[..., k + r :]

    def _forward(self, coords: Any) -> Any:
        xp = namespace(coords)
        omega, a, entries = self._split(coords)
        unit = xp.tensordot(entries, matching(self._upper, coords), axes=1) + matching(np.eye(self.group.n), coords)
        return xp.matmul(self.compact.exp(omega) * xp.exp(self._logarithms(a))[..., None, :], unit)

    def _inverse(self, g: Any) -> Any:
        xp = namespace(g)
        q, diagonal, unit = _triangular(g)
        a = xp.matmul(xp.log(diagonal), matching(self._diagonal.T, g))
        n = self.group.n
        flat = matching(self._upper.reshape(len(self._upper), n * n).T, g)
        entries = xp.matmul(xp.reshape(unit, (*g.shape[:-2], n * n)), flat)
        return xp.concat([self.compact.log(q), a, entries], axis=-1)

    def _factors(self, g: Any) -> tuple[Any, ...]:
        q, diagonal, unit = _triangular(g)
        return q, matching(np.eye(self.group.n), g) * diagonal[..., None, :], unit

    def _log_density(self, coords: Any, side: Side) -> Any:
        n = self.group.n
        omega, a, _ = self._split(coords)
        growth = namespace(coords).sum(self._gaps(a), axis=-1)
        return growth + self.compact.log_density(omega) - n * (n - 1) / 4 * float(np.log(2))

    def _cut_distance(self, g: Any) -> Any:
        return half_turn_distance(_triangular(g)[0])


def _singular(g: Any) -> tuple[Any, Any, Any]:
    """Return the singular value decomposition with rotations on both sides and its signs fixed."""
    xp = namespace(g)
    u, values, vh = xp.linalg.svd(_invertible(g), full_matrices=False)
    sign = xp.where(xp.linalg.diagonal(u) < 0, -xp.ones_like(values), xp.ones_like(values))
    flip = xp.prod(sign, axis=-1) * xp.linalg.det(u) < 0
    last = xp.where(flip, -sign[..., -1], sign[..., -1])
    sign = xp.concat([sign[..., :-1], last[..., None]], axis=-1)
    return tuple(xp.astype(x, g.dtype, copy=False) for x in (u * sign[..., None, :], values, vh * sign[..., :, None]))


def _triangular(g: Any) -> tuple[Any, Any, Any]:
    """Return Q, the positive diagonal, and the unit upper triangular matrix of a QR decomposition."""
    xp = namespace(g)
    q, r = xp.linalg.qr(_invertible(g))
    diagonal = xp.linalg.diagonal(r)
    sign = xp.where(diagonal < 0, -xp.ones_like(diagonal), xp.ones_like(diagonal))
    factors = (q * sign[..., None, :], diagonal * sign, r / diagonal[..., :, None])
    return tuple(xp.astype(x, g.dtype, copy=False) for x in factors)


def _invertible(g: Any) -> Any:
    """Return g in float64; raise where its determinant is seen not to be positive, or lost in rounding."""
    wide = in_float64(g)
    xp = namespace(wide)
    values = xp.linalg.svdvals(wide)
    lost = values[..., -1] <= g.shape[-1] * xp.finfo(wide.dtype).eps * values[..., 0]
    bad = lost | ~(xp.linalg.det(wide) > 0)
    if known_true(bad):
        raise ValueError(f"g has {int(bad.sum())} element(s) whose determinant is not positive, or lost in rounding")
    return nan_where(bad, wide)
