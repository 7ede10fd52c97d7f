"""QR frames of ordered points, on arrays of any library."""

from typing import Any

import numpy as np

from framesym._lorentz_boost import boost, lightlike_line, line_boost, rest_axes, rest_frame
from framesym._qr_arrays import FrameArrays, counted, hermitian, matching, namespace, squares, to_complex, to_real
from framesym._qr_components import allowed_flips
from framesym._qr_groups import LinearKind
from framesym._qr_pivots import Pivots, pivoted
from framesym._qr_points import Points


def qr_arrays(points: Points, kind: LinearKind, lines: bool) -> FrameArrays:
    """Return the QR frame of ordered points for a group of this kind; `lines` admits points on one lightlike line."""
    if kind.kind == "form":
        return _form(points, kind, lines)
    if kind.kind == "unitary":
        return _unitary(points, kind)
    return _general(points, kind)


def _form(points: Points, kind: LinearKind, lines: bool) -> FrameArrays:
    """Frames for O(p, q) and its subgroups that hold the identity component."""
    xp = namespace(points.unit)
    pivots = pivoted(points.unit, kind.signs, points.round_off)
    lorentz = kind.time is not None
    line = xp.zeros_like(pivots.lightlike)
    if lorentz:
        # Where the total momentum is timelike its rest frame comes first: no division by a null vector at all.
        rest = rest_frame(points, kind)
        axes = rest_axes(rest, kind)
        basis, found, lengths = (xp.where(_like(rest.timelike, a), a, b) for a, b in zip(axes, pivots[:3], strict=True))
        pivots = Pivots(basis, found, lengths, pivots.lightlike & ~rest.timelike)
        light = lightlike_line(points, kind)
        # In the plane the little group of a lightlike line is trivial: nothing has to be admitted.
        line = light.found & pivots.lightlike & (lines or kind.d == 2)
        basis, missing = xp.where(_like(line, light.axes), light.axes, pivots.basis), light.missing
        pivots = Pivots(basis, xp.where(line[..., None], ~missing, pivots.found), pivots.lengths, pivots.lightlike)
    missing = ~pivots.found
    flips, both = allowed_flips(pivots.basis, missing, kind)
    linear = pivots.basis * flips[..., None, :]
    if lorentz:
        linear = xp.matmul(boost(rest.velocity, kind), linear)
        linear = xp.where(_like(line, linear), xp.matmul(linear, line_boost(light, flips, kind)), linear)

    signs = matching(np.array(kind.signs), linear)
    inverse = signs[:, None] * xp.matrix_transpose(linear) * signs
    count = counted(missing)
    free = missing & ((count > 1) | line)[..., None]
    kept = xp.astype(~free, linear.dtype)
    projector = xp.matmul(linear * kept[..., None, :], inverse)
    rank = kind.d - count
    if lorentz:
        rank = xp.where(line, xp.ones_like(rank), rank)
        if kind.d > 2:  # the little group of a line in the plane is trivial
            canonical = xp.matmul(inverse, light.vector[..., None])
            onto = light.vector[..., None] * xp.matmul(xp.matrix_transpose(canonical), inverse)
            onto = onto / xp.sum(canonical * canonical, axis=-2, keepdims=True)
            projector = xp.where(_like(line, onto), onto, projector)

    both = both & ~line
    frame = _frame(points, pivots, linear, inverse, projector, free, rank, pivots.lightlike & ~line)
    return _with_mirror(frame, missing, both) if len(kind.components) > 1 else frame


def _with_mirror(frame: FrameArrays, missing: Any, both: Any) -> FrameArrays:
    """Add the elements with the other direction of an axis that no point reaches, where the group has both."""
    xp = namespace(frame.linear)
    ones = xp.ones_like(frame.linear[..., 0, 0, :])
    mirror = xp.where(missing & both[..., None], -ones, ones)
    half = xp.where(both[..., None], frame.weights / 2, frame.weights)
    return frame._replace(
        linear=xp.concat([frame.linear, frame.linear * mirror[..., None, None, :]], axis=-3),
        inverse=xp.concat([frame.inverse, frame.inverse * mirror[..., None, :, None]], axis=-3),
        weights=xp.concat([half, frame.weights - half], axis=-1),
        mask=xp.concat([frame.mask, both[..., None]], axis=-1),
    )


def _like(condition: Any, x: Any) -> Any:
    """Return a condition (*batch,) with axes of length one to select arrays (*batch, ...)."""
    xp = namespace(condition)
    return xp.reshape(condition, (*condition.shape, *[1] * (x.ndim - condition.ndim)))


def _frame(
    points: Points, pivots: Pivots, linear: Any, inverse: Any, projector: Any, free: Any, rank: Any, degenerate: Any
) -> FrameArrays:
    """Assemble a frame of one element."""
    xp = namespace(linear)
    linear, inverse = linear[..., None, :, :], inverse[..., None, :, :]
    weights = xp.ones_like(linear[..., 0, 0])
    longest = xp.max(pivots.lengths, axis=-1)
    shortest = xp.min(xp.where(pivots.found, pivots.lengths, longest[..., None]), axis=-1)
    return FrameArrays(
        linear=linear,
        inverse=inverse,
        centroid=points.centroid,
        weights=weights,
        mask=xp.ones_like(weights, dtype=xp.bool),
        projector=projector,
        gap=shortest / longest,
        rank=rank,
        degenerate=degenerate,
        free=free,
    )


def _unitary(points: Points, kind: LinearKind) -> FrameArrays:
    """Frames for U(m) and SU(m): Gram-Schmidt of complex vectors, whose phases make the frame unique."""
    pivots = pivoted(to_complex(points.unit), kind.signs, points.round_off)
    linear, missing = pivots.basis, ~pivots.found
    count = counted(missing)
    if kind.special:
        linear = _turn_last(linear)
    infinite = count > (1 if kind.special else 0)
    inverse = hermitian(linear)
    return _complex_frame(points, pivots, linear, inverse, missing & infinite[..., None], missing)


def _turn_last(linear: Any) -> Any:
    """Give complex matrices a determinant that is positive, by a phase of the last column."""
    xp = namespace(linear)
    det = xp.linalg.det(linear)
    phase = xp.conj(det) / xp.sqrt(squares(det))
    return xp.concat([linear[..., :-1], linear[..., -1:] * phase[..., None, None]], axis=-1)


def _complex_frame(points: Points, pivots: Pivots, linear: Any, inverse: Any, free: Any, missing: Any) -> FrameArrays:
    xp = namespace(linear)
    kept = xp.astype(~free, points.unit.dtype)
    projector = to_real(xp.matmul(linear * xp.astype(kept, linear.dtype)[..., None, :], inverse))
    free = xp.concat([free, free], axis=-1)
    rank = 2 * counted(~missing)
    return _frame(points, pivots, to_real(linear), to_real(inverse), projector, free, rank, pivots.lightlike)


def _general(points: Points, kind: LinearKind) -> FrameArrays:
    """Frames for GL(m), GL+(m) and SL(m), real or complex: whitening, then a QR frame of the white points."""
    xp = namespace(points.unit)
    x = points.unit if kind.field == "R" else to_complex(points.unit)
    pivots = pivoted(x, kind.signs, points.round_off)
    found = xp.astype(pivots.found, x.dtype)
    eye = matching(np.eye(len(kind.signs)), x)
    # Coordinates over the lengths of the pivots: well conditioned however flat the points are.
    linear = pivots.basis * xp.astype(pivots.lengths, x.dtype)[..., None, :]
    white = xp.matmul(x, xp.conj(pivots.basis) if kind.field == "C" else pivots.basis)
    white = white * (found / xp.astype(pivots.lengths, x.dtype))[..., None, :]
    for _ in range(2):  # the second pass takes off the round-off of the first, which grows as the squared condition
        heavy = xp.astype(points.share, x.dtype)[..., None] * white
        moments = xp.matmul(xp.matrix_transpose(heavy), xp.conj(white) if kind.field == "C" else white)
        root = xp.linalg.cholesky(moments + eye * (1 - found)[..., None, :])
        linear = xp.matmul(linear, root)
        white = xp.matrix_transpose(xp.linalg.solve(root, xp.matrix_transpose(white)))
    turn = pivoted(white, kind.signs, xp.ones_like(points.round_off) * 1e-9)
    linear = xp.matmul(linear, turn.basis)
    missing = ~turn.found
    linear = linear * xp.astype(points.radius, x.dtype)[..., None, None]
    if kind.special:
        linear = _unit_determinant(linear, missing, kind)
    if kind.field == "R":
        linear = linear * allowed_flips(linear, missing, kind)[0][..., None, :]
    inverse = xp.linalg.inv(linear)
    if kind.field == "C":
        return _complex_frame(points, pivots, linear, inverse, missing, missing)
    projector = xp.matmul(linear * xp.astype(~missing, linear.dtype)[..., None, :], inverse)
    rank = counted(~missing)
    return _frame(points, pivots, linear, inverse, projector, missing, rank, pivots.lightlike)


def _unit_determinant(linear: Any, missing: Any, kind: LinearKind) -> Any:
    """Scale to determinants of absolute value one (complex: to one); columns that no point fixes take the change."""
    xp = namespace(linear)
    if kind.field == "C":
        linear = _turn_last(linear)
    size = xp.sqrt(squares(xp.linalg.det(linear)))
    m = linear.shape[-1]
    count = xp.sum(xp.astype(missing, size.dtype), axis=-1)
    scaled = missing | (count == 0)[..., None]
    power = -1 / xp.where(count == 0, m * xp.ones_like(count), count)
    factor = xp.where(scaled, (size**power)[..., None], xp.ones_like(size)[..., None])
    return linear * xp.astype(factor, linear.dtype)[..., None, :]
