"""Frames of principal axes on arrays of any library."""

import itertools
from typing import Any

import array_api_compat as compat
import numpy as np

from framesym._euclidean import Euclidean
from framesym._qr_arrays import FrameArrays, constant, counted, matching, namespace
from framesym._qr_points import Points

_ROUND_OFFS = 8


def pca_arrays(points: Points, motions: Euclidean, tolerance: float) -> FrameArrays:
    """Return the frame of principal axes, by the rules of [`PCA`][framesym.PCA]."""
    xp = namespace(points.unit)
    d = motions.d
    covariance = xp.matmul(xp.matrix_transpose(points.unit), points.share[..., None] * points.unit)
    variances, basis = _eigenvectors(covariance, tolerance)
    if not motions.reflections:
        turn = xp.sign(xp.linalg.det(constant(basis)))[..., None, None]
        basis = xp.concat([basis[..., :1] * turn, basis[..., 1:]], axis=-1)

    variances = constant(variances)
    largest = variances[..., -1:]
    clear = xp.sqrt(xp.abs(largest)) > _ROUND_OFFS * points.round_off[..., None]
    variances = xp.where(clear & (variances > 0), variances, xp.zeros_like(variances))
    zero = _unreached(points, constant(basis), variances, tolerance)
    safe = xp.where(largest > 0, largest, xp.ones_like(largest))
    infinite = xp.full_like(largest, xp.inf)
    gaps = (variances[..., 1:] - variances[..., :-1]) / safe
    gaps = xp.where(zero[..., 1:] & zero[..., :-1], xp.full_like(gaps, xp.inf), gaps)
    gap = xp.min(xp.concat([gaps, infinite], axis=-1), axis=-1)
    count = counted(zero)
    free = zero & (count > 1)[..., None]
    reached = constant(basis) * xp.astype(~free, basis.dtype)[..., None, :]

    table = np.array(list(itertools.product((1.0, -1.0), repeat=d)))
    signs = matching(table if motions.reflections else table[table.prod(-1) > 0], basis)
    linear = basis[..., None, :, :] * signs[:, None, :]
    weights = xp.ones_like(linear[..., 0, 0]) / signs.shape[0]
    return FrameArrays(
        linear=linear,
        inverse=xp.matrix_transpose(linear),
        centroid=points.centroid,
        weights=weights,
        mask=xp.ones_like(weights, dtype=xp.bool),
        projector=xp.matmul(reached, xp.matrix_transpose(constant(basis))),
        gap=gap,
        rank=d - count,
        degenerate=gap < tolerance,
        free=free,
    )


def _eigenvectors(matrix: Any, tolerance: float) -> tuple[Any, Any]:
    if compat.is_torch_array(matrix):
        from framesym._eigenvectors import eigenvectors

        return eigenvectors(matrix, tolerance)
    if compat.is_jax_array(matrix):
        from framesym._jax_eigenvectors import eigenvectors

        return eigenvectors(matrix, tolerance)
    return namespace(matrix).linalg.eigh(matrix)


def _unreached(points: Points, basis: Any, variances: Any, tolerance: float) -> Any:
    """Tell the axes along which every point is zero to the round-off of the input and of the eigenvectors."""
    xp = namespace(basis)
    largest = variances[..., -1:]
    surely = xp.where(variances > tolerance * largest, variances, xp.full_like(variances, xp.inf))
    lowest = xp.min(surely, axis=-1, keepdims=True)
    amplified = xp.where(xp.isfinite(lowest), xp.sqrt(largest / lowest), xp.full_like(lowest, xp.inf))
    round_off = points.round_off[..., None] + float(xp.finfo(basis.dtype).eps) * amplified
    height = xp.max(xp.abs(xp.matmul(constant(points.unit), basis)), axis=-2)
    return height <= _ROUND_OFFS * round_off
