"""Inverse of general matrices: cofactors up to size 3, the library's own above."""

from typing import Any

from ._arrays import namespace
from ._polar import inverse as library_inverse


def inverse(A: Any) -> Any:
    """Return the inverse of (..., n, n)."""
    n = A.shape[-1]
    if n > 3:
        return library_inverse(A)
    if n == 1:
        return 1 / A
    return (_adjugate2 if n == 2 else _adjugate3)(A)


def _adjugate2(A: Any) -> Any:
    xp = namespace(A)
    a, b, c, d = A[..., 0, 0], A[..., 0, 1], A[..., 1, 0], A[..., 1, 1]
    rows = xp.stack([xp.stack([d, -b], axis=-1), xp.stack([-c, a], axis=-1)], axis=-2)
    return rows / (a * d - b * c)[..., None, None]


def _adjugate3(A: Any) -> Any:
    xp = namespace(A)
    rows = [A[..., i, :] for i in range(3)]
    columns = [_cross(rows[1], rows[2]), _cross(rows[2], rows[0]), _cross(rows[0], rows[1])]
    det = xp.sum(rows[0] * columns[0], axis=-1)
    return xp.stack(columns, axis=-1) / det[..., None, None]


def _cross(u: Any, v: Any) -> Any:
    xp = namespace(u)
    u, v = [u[..., i] for i in range(3)], [v[..., i] for i in range(3)]
    return xp.stack([u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]], axis=-1)
