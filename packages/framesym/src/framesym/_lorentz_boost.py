"""Lorentz transformations to the rest frame of a total momentum, and along a single lightlike line."""

from typing import Any, NamedTuple

import numpy as np

from framesym._qr_arrays import constant, first_large, integer, matching, namespace, pick, squares
from framesym._qr_groups import LinearKind
from framesym._qr_pivots import pivoted
from framesym._qr_points import Points

_ROUND_OFFS = 64
# The total momentum of physical momenta is at least 0.7 times as long as the largest of them in its rest frame; a
# much shorter one is a difference of points, and no safe axis.
_SHORTEST = 0.137


class Rest(NamedTuple):
    """The rest frame of the total momentum of each item.

    Attributes:
        timelike: Whether there is one, (*batch,); where not, the rest holds harmless values.
        velocity: Spatial part of the future unit vector along the total momentum, (*batch, d - 1).
        future: Sign of the energy, (*batch,).
        mass: Square root of the square of the weighted mean momentum, (*batch,), in units of the radius.
        points: The points in the rest frame, (*batch, n, d).
        round_off: Their relative round-off, (*batch,).
    """

    timelike: Any
    velocity: Any
    future: Any
    mass: Any
    points: Any
    round_off: Any


def boost(velocity: Any, kind: LinearKind) -> Any:
    """Return the symmetric boost (*batch, d, d) that takes the time axis to the unit vector with this spatial part."""
    xp = namespace(velocity)
    energy = xp.sqrt(1 + xp.sum(velocity * velocity, axis=-1))[..., None, None]
    row, column = velocity[..., None, :], velocity[..., :, None]
    space = matching(np.eye(kind.d - 1), velocity) + column * row / (1 + energy)
    return from_time_and_space(energy, row, column, space, kind)


def from_time_and_space(corner: Any, row: Any, column: Any, space: Any, kind: LinearKind) -> Any:
    """Assemble matrices from their blocks, time coming where the group has it."""
    xp = namespace(space)
    whole = xp.concat([xp.concat([corner, row], axis=-1), xp.concat([column, space], axis=-1)], axis=-2)
    index = matching(np.insert(np.arange(1, kind.d), kind.clock, 0), whole, integer(whole))
    return xp.take(xp.take(whole, index, axis=-1), index, axis=-2)


def time_and_space(x: Any, kind: LinearKind) -> tuple[Any, Any]:
    """Return the time component (...) and the space components (..., d - 1) of vectors (..., d)."""
    xp = namespace(x)
    space = matching(np.delete(np.arange(kind.d), kind.clock), x, integer(x))
    return x[..., kind.clock], xp.take(x, space, axis=-1)


def rest_frame(points: Points, kind: LinearKind) -> Rest:
    """Find the rest frame of the total momentum, where it is safely timelike."""
    xp = namespace(points.unit)
    total = xp.sum(points.share[..., None] * points.unit, axis=-2)
    time, space = time_and_space(total, kind)
    # (E - p)(E + p) keeps digits that E^2 - p^2 loses.
    square = xp.sum(space * space, axis=-1)
    nonzero = square > 0
    momentum = xp.where(nonzero, xp.sqrt(xp.where(nonzero, square, xp.ones_like(square))), xp.zeros_like(square))
    energy = xp.abs(time)
    mass2 = (energy - momentum) * (energy + momentum)
    largest = _longest(points.unit)
    timelike = constant(mass2) > _ROUND_OFFS * points.round_off * largest * constant(energy)
    mass = xp.sqrt(xp.where(timelike, mass2, xp.ones_like(mass2)))
    future = xp.where(constant(time) < 0, -xp.ones_like(time), xp.ones_like(time))
    velocity = xp.where(timelike[..., None], space * (future / mass)[..., None], xp.zeros_like(space))
    moved = xp.matmul(points.unit, boost(-velocity, kind))
    heaviest = xp.max(constant(points.share), axis=-1)
    timelike = timelike & (constant(mass) >= _SHORTEST * heaviest * _longest(moved))
    velocity = xp.where(timelike[..., None], velocity, xp.zeros_like(space))
    gamma = xp.sqrt(1 + xp.sum(constant(velocity) ** 2, axis=-1))
    return Rest(timelike, velocity, future, mass, moved, 2 * gamma * points.round_off)


def rest_axes(rest: Rest, kind: LinearKind) -> tuple[Any, Any, Any]:
    """Return axes (*batch, d, d) of the rest frame, which of them points reach (*batch, d), and pivot lengths."""
    xp = namespace(rest.velocity)
    space = time_and_space(rest.points, kind)[1]
    pivots = pivoted(space, (1.0,) * (kind.d - 1), rest.round_off)
    corner = rest.future[..., None, None]
    none = xp.zeros_like(pivots.basis[..., :1, :])
    axes = from_time_and_space(corner, none, xp.zeros_like(pivots.basis[..., :1]), pivots.basis, kind)
    index = matching(np.insert(np.arange(1, kind.d), kind.clock, 0), axes, integer(axes))
    always = xp.ones_like(pivots.found[..., :1])
    found = xp.take(xp.concat([always, pivots.found], axis=-1), index, axis=-1)
    lengths = xp.take(xp.concat([constant(rest.mass)[..., None], pivots.lengths], axis=-1), index, axis=-1)
    return axes, found, lengths


class Line(NamedTuple):
    """All points of an item on one lightlike line: its little group is not compact, and fixes the line only.

    Attributes:
        found: Where this is so, (*batch,).
        axes: Rotation of the first spatial axis to the direction, and the sign of the time: (*batch, d, d).
        missing: Axes that are not used, (*batch, d).
        scale: Energy of the longest point, (*batch,).
        vector: That point, in units of the radius, (*batch, d).
    """

    found: Any
    axes: Any
    missing: Any
    scale: Any
    vector: Any


def lightlike_line(points: Points, kind: LinearKind) -> Line:
    """Find out whether all points are multiples of one lightlike vector."""
    xp = namespace(points.unit)
    signs = matching(np.array(kind.signs), points.unit)
    lengths = xp.sum(squares(constant(points.unit)), axis=-1)
    vector = pick(first_large(lengths), points.unit)
    size = xp.sum(constant(vector) ** 2, axis=-1)
    some = size > 0
    size = xp.where(some, size, xp.ones_like(size))
    along = xp.sum(constant(points.unit) * constant(vector)[..., None, :], axis=-1) / size[..., None]
    off = _longest(constant(points.unit) - along[..., None] * constant(vector)[..., None, :])
    square = xp.abs(xp.sum(signs * constant(vector) ** 2, axis=-1))
    limit = _ROUND_OFFS * points.round_off
    found = some & (off <= limit) & (square <= limit * size)

    harmless = matching(np.eye(kind.d)[kind.clock] + np.eye(kind.d)[kind.clock - 1], vector)
    safe = xp.where(found[..., None], vector, harmless)
    time, space = time_and_space(safe, kind)
    turn = pivoted(space[..., None, :], (1.0,) * (kind.d - 1), points.round_off)
    future = xp.where(constant(time) < 0, -xp.ones_like(time), xp.ones_like(time))[..., None, None]
    none = xp.zeros_like(turn.basis[..., :1, :])
    axes = from_time_and_space(future, none, xp.zeros_like(turn.basis[..., :1]), turn.basis, kind)
    used = np.zeros(kind.d, dtype=bool)
    used[[kind.clock, _first_space(kind)]] = True
    missing = matching(~used, found) | xp.zeros_like(axes[..., 0, :], dtype=xp.bool)
    return Line(found, axes, missing, xp.abs(time) * points.radius, safe)


def line_boost(line: Line, flips: Any, kind: LinearKind) -> Any:
    """Return the boost along the first spatial axis that gives the line's longest point its energy."""
    xp = namespace(flips)
    time, first = kind.clock, _first_space(kind)
    up, down = (line.scale + 1 / line.scale) / 2, (line.scale - 1 / line.scale) / 2
    down = down * flips[..., time] * flips[..., first]
    d = kind.d
    square, cross, rest = np.zeros((d, d)), np.zeros((d, d)), np.eye(d)
    square[[time, first], [time, first]] = 1.0
    cross[[time, first], [first, time]] = 1.0
    square, cross, rest = (matching(table, flips) for table in (square, cross, rest - square))
    return up[..., None, None] * square + down[..., None, None] * cross + rest + xp.zeros_like(line.axes)


def _first_space(kind: LinearKind) -> int:
    return 1 if kind.clock == 0 else 0


def _longest(x: Any) -> Any:
    xp = namespace(x)
    return xp.sqrt(xp.max(xp.sum(constant(x) ** 2, axis=-1), axis=-1))
