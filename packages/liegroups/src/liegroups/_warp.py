"""Images moved by affine maps and homographies, bilinear, zero outside the frame."""

import math
from typing import Any

import numpy as np

from ._checks import check_count, float_table


def warp(images: Any, matrices: Any, size: int | None = None) -> np.ndarray:
    r"""Move images by homographies or affine maps, $(L_A f)(p) = f(A^{-1} p)$, with bilinear interpolation.

    Points are (x, y) = (column, row) in pixels from the centre of the frame: the centre of pixel (i, j) of an image of
    S x S is $(j - (S-1)/2,\; i - (S-1)/2)$. Source and target have the same centre. A value outside the source is 0.

    Args:
        images: Square images (..., S, S).
        matrices: Maps A from source to target, (..., 3, 3), or (..., 2, 3) for affine ones, or (..., 2, 2) for linear
            ones; the batch axes broadcast with those of the images.
        size: Pixels on a side of the result, at least 1; by default S.

    Returns:
        Array (..., size, size), numpy float64.

    Raises:
        ValueError: If a shape or ``size`` does not fit, or a matrix is singular or not finite.

    Examples:
        >>> import numpy as np, liegroups
        >>> image = np.arange(9.0).reshape(3, 3)
        >>> liegroups.warp(image, [[0.0, -1.0], [1.0, 0.0]])  # a quarter turn that takes x to y: clockwise on screen
        array([[6., 3., 0.],
               [7., 4., 1.],
               [8., 5., 2.]])
    """
    images, matrices = float_table(images, "images"), float_table(matrices, "matrices")
    if images.ndim < 2 or images.shape[-1] != images.shape[-2]:
        raise ValueError(f"images must be square, (..., S, S), not {images.shape}")
    if matrices.ndim < 2 or matrices.shape[-2:] not in ((2, 2), (2, 3), (3, 3)):
        raise ValueError(f"matrices must have shape (..., 2, 2), (..., 2, 3) or (..., 3, 3), not {matrices.shape}")
    if not np.isfinite(matrices).all():
        raise ValueError("matrices has values that are not finite")
    homographies = np.zeros((*matrices.shape[:-2], 3, 3))
    homographies[..., 2, 2] = 1.0
    homographies[..., : matrices.shape[-2], : matrices.shape[-1]] = matrices
    try:
        back = np.linalg.inv(homographies)
    except np.linalg.LinAlgError:
        raise ValueError("matrices has a singular matrix, which moves no image") from None
    source = images.shape[-1]
    target = source if size is None else check_count(size, "size", 1)
    centred = np.arange(target) - (target - 1) / 2
    columns, rows = np.meshgrid(centred, centred)
    points = np.stack([columns, rows, np.ones_like(rows)], -1)
    # One product for all images: (..., 1, 3, 3) with (size, size, 3).
    origin = np.einsum("...ij,abj->...abi", back, points)
    depth = np.where(origin[..., 2] > 0, origin[..., 2], np.nan)  # behind the horizon there is no image
    x, y = origin[..., 0] / depth + (source - 1) / 2, origin[..., 1] / depth + (source - 1) / 2
    return bilinear(images, x, y)


def bilinear(images: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the values of images (..., S, S) at columns x and rows y (..., A, B) in pixels, 0 outside and for NaN."""
    side = images.shape[-1]
    batch = np.broadcast_shapes(images.shape[:-2], x.shape[:-2])
    count, points = math.prod(batch), math.prod(x.shape[-2:])
    flat = np.broadcast_to(images, (*batch, side, side)).reshape(count, side * side)
    shape = (*batch, *x.shape[-2:])
    x, y = (np.broadcast_to(np.where(np.isfinite(c), c, -2.0), shape).reshape(count, points) for c in (x, y))
    x, y = np.clip(x, -2.0, side + 1.0), np.clip(y, -2.0, side + 1.0)  # still outside, and safe as an integer
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    total = np.zeros_like(x)
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        i, j = top + row, left + column
        inside = (i >= 0) & (i < side) & (j >= 0) & (j < side)
        index = np.where(inside, i * side + j, 0)
        weight = (1 - np.abs(i - y)) * (1 - np.abs(j - x))
        total += np.where(inside, weight, 0.0) * np.take_along_axis(flat, index, 1)
    return total.reshape(shape)
