"""Weighted frames of tuples of points, on arrays of any library."""

import itertools
import math
from functools import lru_cache
from typing import Any

import numpy as np

from framesym._euclidean import Euclidean
from framesym._qr_arrays import FrameArrays, constant, counted, first_large, integer, known, matching, namespace, pick
from framesym._qr_pivots import pivoted
from framesym._qr_points import Points

# Tuples whose volumes are computed at most, which takes some 100 bytes each and item.
LARGEST = 1_000_000
_ROUND_OFFS = 64
_TIED = 1e-9  # relative difference below which weights count as equal


def weighted_arrays(points: Points, motions: Euclidean, power: float, count: int | None) -> FrameArrays:
    """Return the weighted frame of tuples; of the `count` unordered tuples of largest weight if that is given."""
    rows, weights, rank = weighted_tuples(points, motions, power)
    degenerate = rank < 0
    if count is not None:
        ordered = count * math.factorial(motions.d - 1)
        weights, tied = cut(weights, ordered)
        needed = _needed(weights)
        kept = min(weights.shape[-1], ordered if needed is None else max(needed, 1))
        # Under jit the number of elements is fixed: tied items that need more are reported.
        degenerate = tied & (_counts(weights) > kept)
        rows, weights = largest(rows, weights, kept)
    return tuple_frame(points, motions, rows, weights, rank, degenerate)


@lru_cache(maxsize=16)
def _tuples(n: int, length: int) -> np.ndarray:
    """Return all tuples of different indices below n, the orders of one subset side by side: (T, length)."""
    subsets = np.array(list(itertools.combinations(range(n), length)), dtype=np.int64)
    orders = np.array(list(itertools.permutations(range(length))), dtype=np.int64)
    subsets, orders = subsets.reshape(math.comb(n, length), length), orders.reshape(math.factorial(length), length)
    return subsets[:, orders].reshape(len(subsets) * len(orders), length)


def weighted_tuples(points: Points, motions: Euclidean, power: float) -> tuple[Any, Any, Any]:
    """Return all tuples of d - 1 points (*batch, T, d - 1, d), their weights (*batch, T), and the rank of the points.

    The weight is the volume that the tuple spans to the given power, times the shares of its points. Where the points
    span fewer than d - 1 dimensions, it is that of the first points of the tuple, as many as they span.
    """
    xp = namespace(points.unit)
    d, n = motions.d, points.unit.shape[-2]
    length = d - 1
    total = math.perm(max(n, length), length)
    if total > LARGEST:
        raise ValueError(
            f"weighted frames of {n} points in {d} dimensions have {total} tuples of {length} points, more than "
            f"{LARGEST}; use fewer points, or the frame PCA or Tuple"
        )
    unit, share = points.unit, points.share
    if n < length:
        unit = xp.concat([unit] + [xp.zeros_like(unit[..., :1, :])] * (length - n), axis=-2)
        share = xp.concat([share] + [xp.zeros_like(share[..., :1])] * (length - n), axis=-1)
    table = _tuples(unit.shape[-2], length)
    index = matching(table.reshape(-1), unit, integer(unit))
    rows = xp.reshape(xp.take(unit, index, axis=-2), (*unit.shape[:-2], *table.shape, d))
    shares = xp.reshape(xp.take(share, index, axis=-1), (*share.shape[:-1], *table.shape))

    found = pivoted(constant(points.unit), (1.0,) * d, points.round_off).found
    rank = counted(found)
    first = matching(np.arange(len(table)) == 0, unit, unit.dtype)
    weights = xp.where((rank == 0)[..., None], first, xp.zeros_like(rows[..., 0, 0] if length else first))
    product = xp.ones_like(weights)
    for k, (_, size) in enumerate(_orthonormal(rows, points.round_off)):
        safe = size > 0
        powered = xp.where(safe, xp.where(safe, size, xp.ones_like(size)) ** power, xp.zeros_like(size))
        product = product * powered * shares[..., k]
        counts = rank >= k + 1 if k + 1 == length else rank == k + 1
        weights = xp.where(counts[..., None], product, weights)
    if not length:
        weights = xp.ones_like(weights)
    return rows, weights / xp.sum(weights, axis=-1, keepdims=True), rank


def _orthonormal(rows: Any, round_off: Any) -> list[tuple[Any, Any]]:
    """Orthonormalise the rows of (*batch, T, m, d) in their order; return unit vectors and what each one added.

    Where a row adds nothing but round-off, its length is zero and any unit vector orthogonal to the others is taken.
    """
    xp = namespace(rows)
    d = rows.shape[-1]
    units = matching(np.eye(d), rows) + xp.zeros_like(rows[..., :1, :1])
    limit = (_ROUND_OFFS * round_off[..., None]) ** 2
    steps: list[tuple[Any, Any]] = []
    for k in range(rows.shape[-2]):
        vector = rows[..., k, :]
        for unit, _ in steps + steps:
            vector = vector - xp.sum(vector * unit, axis=-1, keepdims=True) * unit
        square = xp.sum(vector * vector, axis=-1)
        adds = constant(square) > limit
        size = xp.where(adds, xp.sqrt(xp.where(adds, square, xp.ones_like(square))), xp.zeros_like(square))
        other = _orthogonal_to([unit for unit, _ in steps], units)
        safe = xp.where(adds, size, xp.ones_like(size))
        steps.append((xp.where(adds[..., None], vector, other) / safe[..., None], size))
    return steps


def _orthogonal_to(vectors: list[Any], units: Any) -> Any:
    """Return a unit vector orthogonal to orthonormal ones (*batch, d), made of a row of `units`; not differentiated."""
    xp = namespace(units)
    for vector in vectors + vectors:
        units = units - xp.matmul(units, constant(vector)[..., :, None]) * constant(vector)[..., None, :]
    squares = xp.sum(units * units, axis=-1)
    mark = first_large(squares)
    return pick(mark, units) / xp.sqrt(xp.sum(mark * squares, axis=-1))[..., None]


def _normal(axes: list[Any], like: Any) -> Any:
    """Return the unit vector that completes d - 1 orthonormal ones to determinant one: the cofactors."""
    xp = namespace(like)
    d = len(axes) + 1
    if d == 1:
        return like
    if d == 2:
        return xp.stack([-axes[0][..., 1], axes[0][..., 0]], axis=-1)
    if d == 3:
        a, b = ([e[..., k] for k in range(3)] for e in axes)
        return xp.stack([a[k - 2] * b[k - 1] - a[k - 1] * b[k - 2] for k in range(3)], axis=-1)
    matrix = xp.stack(axes, axis=-1)
    minors = (xp.concat([matrix[..., :k, :], matrix[..., k + 1 :, :]], axis=-2) for k in range(d))
    return xp.stack([(-1) ** (k + d - 1) * xp.linalg.det(minor) for k, minor in enumerate(minors)], axis=-1)


def cut(weights: Any, count: int) -> tuple[Any, Any]:
    """Subtract the weight number count + 1 and drop what is below; the second result tells where that is everything.

    A tuple that comes in or goes out then does so with weight zero. Where the `count` + 1 largest weights are equal
    nothing would remain: there all of them are kept.
    """
    xp = namespace(weights)
    if count >= weights.shape[-1]:
        return weights, xp.any(weights < 0, axis=-1)
    threshold = xp.flip(xp.sort(weights, axis=-1), axis=-1)[..., count : count + 1]
    top = xp.max(weights, axis=-1, keepdims=True)
    tied = top - threshold <= _TIED * top
    above = weights - threshold
    above = xp.where(above > 0, above, xp.zeros_like(above))
    equal = xp.where(weights >= (1 - _TIED) * top, weights, xp.zeros_like(weights))
    kept = xp.where(tied, equal, above)
    return kept / xp.sum(kept, axis=-1, keepdims=True), tied[..., 0]


def _counts(weights: Any) -> Any:
    return counted(weights > 0)


def _needed(weights: Any) -> int | None:
    """Return the largest number of positive weights of an item; None where values cannot be seen."""
    counts = _counts(weights)
    if known(counts > 0) is None:
        return None
    return int(namespace(weights).max(counts)) if math.prod(counts.shape) else 0


def largest(rows: Any, weights: Any, count: int) -> tuple[Any, Any]:
    """Return the `count` tuples of largest weight."""
    xp = namespace(weights)
    order = xp.argsort(-constant(weights), axis=-1)[..., :count]
    return chosen(rows, order), xp.take_along_axis(weights, order, axis=-1)


def chosen(rows: Any, index: Any) -> Any:
    """Return the tuples (*batch, K, m, d) with indices (*batch, K)."""
    xp = namespace(rows)
    if not rows.shape[-2]:
        return rows[..., : index.shape[-1], :, :]
    wide = xp.broadcast_to(index[..., None, None], (*index.shape, *rows.shape[-2:]))
    return xp.take_along_axis(rows, wide, axis=-3)


def tuple_frame(points: Points, motions: Euclidean, rows: Any, weights: Any, rank: Any, degenerate: Any) -> FrameArrays:
    """Return the frame whose elements are the orthonormalised tuples, completed by one axis."""
    xp = namespace(rows)
    d = motions.d
    axes = [unit for unit, _ in _orthonormal(rows, points.round_off)]
    linear = xp.stack([*axes, _normal(axes, xp.ones_like(weights[..., None]))], axis=-1)
    if motions.reflections:
        linear = xp.concat([linear, xp.concat([linear[..., :-1], -linear[..., -1:]], axis=-1)], axis=-3)
        weights = xp.concat([weights, weights], axis=-1) / 2
    pivots = pivoted(constant(points.unit), (1.0,) * d, points.round_off)
    infinite = rank < d - 1
    kept = xp.astype(pivots.found | ~infinite[..., None], linear.dtype)
    lengths = xp.where(pivots.found, pivots.lengths, xp.zeros_like(pivots.lengths))
    longest = lengths[..., 0] if d > 1 else xp.ones_like(lengths[..., 0])
    return FrameArrays(
        linear=linear,
        inverse=xp.matrix_transpose(linear),
        centroid=points.centroid,
        weights=weights,
        mask=weights > 0,
        projector=xp.matmul(pivots.basis * kept[..., None, :], xp.matrix_transpose(pivots.basis)),
        gap=lengths[..., max(d - 2, 0)] / xp.where(longest > 0, longest, xp.ones_like(longest)),
        rank=rank,
        degenerate=degenerate,
        free=infinite[..., None] & (matching(np.arange(d), rank, integer(rank)) >= rank[..., None]),
    )
