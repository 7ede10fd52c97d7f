"""Points of any array library as a frame takes them: checked, weighed, centred and scaled."""

from typing import Any, NamedTuple

import array_api_compat as compat
import numpy as np

from framesym._qr_arrays import constant, is_array, known, namespace, wide


class Points(NamedTuple):
    """Points ready for a frame, in the precision it computes in.

    Attributes:
        unit: Centred points over their size, zero where masked: (*batch, n, d).
        share: Part of each point in the total weight, (*batch, n).
        present: Which points exist, (*batch, n).
        centroid: (*batch, d); zero without translations.
        radius: Size that `unit` was divided by, one if all points coincide: (*batch,).
        round_off: Relative round-off of `unit`: (*batch,).
    """

    unit: Any
    share: Any
    present: Any
    centroid: Any
    radius: Any
    round_off: Any


def prepared(x: Any, weights: Any, mask: Any, d: int, translations: bool) -> Points:
    """Check points (*batch, n, d) with weights and mask (*batch, n), and bring them to unit size.

    Raises:
        TypeError: If `x` is not a real floating-point array, or `mask` not boolean.
        ValueError: If a shape does not fit, a value is not finite, or an item has no points.
    """
    xp = _check(x, weights, mask, d)
    present = xp.ones_like(x[..., 0], dtype=xp.bool) if mask is None else mask
    eps = float(xp.finfo(x.dtype).eps)
    points = _wide(xp.where(present[..., None], x, xp.zeros_like(x)))
    heavy = xp.astype(present, points.dtype) if weights is None else xp.astype(weights, points.dtype)
    heavy = xp.where(present, heavy, xp.zeros_like(heavy))
    heavy = heavy / xp.max(constant(heavy), axis=-1, keepdims=True)
    share = heavy / xp.sum(heavy, axis=-1, keepdims=True)
    centroid = xp.sum(share[..., None] * points, axis=-2)
    if not translations:
        centroid = xp.zeros_like(centroid)
    centred = xp.where(present[..., None], points - centroid[..., None, :], xp.zeros_like(points))
    size, radius = (xp.max(xp.abs(constant(a)), axis=(-2, -1)) for a in (points, centred))
    tiny = xp.asarray(8.0, dtype=points.dtype) * eps * size
    coincide = radius <= tiny
    radius = xp.where(coincide, xp.ones_like(radius), radius)
    unit = xp.where(coincide[..., None, None], xp.zeros_like(centred), centred / radius[..., None, None])
    round_off = eps * xp.where(coincide, xp.ones_like(size), size / radius)
    return Points(unit, share, present, centroid, radius, round_off)


def _wide(x: Any) -> Any:
    """Return `x` in float64, or in float32 where jax has no float64 (outside of x64 mode)."""
    xp = namespace(x)
    return xp.astype(x, xp.float64 if wide(x) else xp.float32)


def _check(x: Any, weights: Any, mask: Any, d: int) -> Any:
    """Check types, shapes and, where they can be seen, values; return the namespace."""
    if not is_array(x):
        raise TypeError(f"x must be a numpy, torch or jax array, got {type(x).__name__}")
    xp = namespace(x)
    if not xp.isdtype(x.dtype, "real floating") and "bfloat16" not in str(x.dtype):
        raise TypeError(f"x must be a real floating-point array, got {x.dtype}")
    if x.ndim < 2 or x.shape[-1] != d or x.shape[-2] == 0:
        raise ValueError(f"x must have shape (*batch, n, {d}) with n >= 1, got {tuple(x.shape)}")
    for name, array in (("weights", weights), ("mask", mask)):
        if array is not None and (not is_array(array) or namespace(array) is not xp):
            raise TypeError(f"{name} must be an array of the library of x, got {type(array).__name__}")
        if array is not None and tuple(array.shape) != tuple(x.shape[:-1]):
            raise ValueError(f"{name} must have shape {tuple(x.shape[:-1])}, got {tuple(array.shape)}")
    if mask is not None and not xp.isdtype(mask.dtype, "bool"):
        raise TypeError(f"mask must be boolean, got {mask.dtype}")
    present = xp.ones_like(x[..., 0], dtype=xp.bool) if mask is None else mask
    require(~xp.any(xp.any(present[..., None] & ~xp.isfinite(x), axis=-1), axis=-1), "x must be finite")
    if weights is None:
        require(xp.any(present, axis=-1), "mask must be true for at least one point")
    else:
        valid = (weights >= 0) & xp.isfinite(weights)
        require(~xp.any(present & ~valid, axis=-1), "weights must be finite and not negative")
        require(xp.any(present & (weights > 0), axis=-1), "weights must be positive for at least one point")
    return xp


def require(valid: Any, rule: str) -> None:
    """Raise a ValueError that names the batch items which can be seen to be invalid."""
    if known(~valid):
        raise ValueError(f"{rule}: violated by {items(~valid)}")


def items(which: Any) -> str:
    """Name batch items in words: the first eight that are set."""
    which = np.asarray(which.cpu() if compat.is_torch_array(which) else which)
    if which.ndim == 0:
        return "the input"
    found = [index[0] if len(index) == 1 else tuple(index) for index in np.argwhere(which).tolist()]
    more = f" and {len(found) - 8} more" if len(found) > 8 else ""
    return f"batch items {found[:8]}{more}" if len(found) > 1 else f"batch item {found[0]}"
