"""Inverse of general matrices: cofactors up to size 3, the library's own above."""

from typing import Any

from ._arrays import entries, from_entries, namespace
from ._polar import inverse as library_inverse
from ._polar3 import cofactors


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
    minors, det = cofactors([entry for row in entries(A) for entry in row])
    rows = [[minors[3 * j + i] for j in range(3)] for i in range(3)]
    return from_entries(rows) / det[..., None, None]
