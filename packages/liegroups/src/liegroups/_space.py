r"""Rotations and rigid motions of space, entry by entry through unit quaternions.

Each entry is an array (...) of its own: on long batches elementwise operations on contiguous arrays are several times
faster than those on (..., 3, 3), or than batched products of small matrices.
"""

from typing import Any

from array_api_compat import is_jax_array

from . import _series
from ._arrays import entries, from_entries, is_constant, namespace, stack_last, stop_gradient

Vector = tuple[Any, Any, Any]


def space_exp(v: Any) -> Any:
    r"""Return the rotations (..., 3, 3) with rotation vectors (..., 3).

    The matrix is that of the unit quaternion $(\cos\frac\theta2, \frac{\sin(\theta/2)}{\theta} v)$.
    """
    if is_jax_array(v):
        return _fused_exp(v)
    x = _components(v)
    cosine, sine = _series.half_angle(_dot(x, x))
    return from_entries(_rotation(cosine, sine, x))


def _fused_exp(v: Any) -> Any:
    r"""Return `space_exp` by Rodrigues' formula, row by row, which XLA fuses to few loops.

    Both coefficients are sines, which XLA computes once an element; a cosine it would compute anew in every entry.
    """
    xp = namespace(v)
    x = _components(v)
    t2 = _dot(x, x)
    first, second = _series.sinc(t2), _series.versine(t2)
    x, y, z = (first * entry for entry in x)
    c = 1 - second * t2
    rows = [stack_last(row) for row in ([c, -z, y], [z, c, -x], [-y, x, c])]
    return xp.stack([row + (second * v[..., i])[..., None] * v for i, row in enumerate(rows)], axis=-2)


def space_motion_exp(v: Any) -> Any:
    r"""Return the rigid motions (..., 4, 4) with rotation vectors and translations (..., 6)."""
    xp = namespace(v)
    x, u = _components(v[..., :3]), _components(v[..., 3:])
    t2 = _dot(x, x)
    cosine, sine = _series.half_angle(t2)
    once = _cross(x, u)
    twice = _cross(x, once)
    first, second = 2 * sine * sine, _series.sine_defect_of(t2, 2 * sine * cosine)
    shift = [u[i] + first * once[i] + second * twice[i] for i in range(3)]
    rows = _rotation(cosine, sine, x)
    zero, one = xp.zeros_like(t2), xp.ones_like(t2)
    return from_entries([[*row, entry] for row, entry in zip(rows, shift, strict=True)] + [[zero, zero, zero, one]])


def space_log(R: Any) -> Any:
    r"""Return the rotation vector (..., 3) of space rotations.

    The rows of $4 q q^T$, $q$ the unit quaternion, are linear in R; the row of largest norm gives $q$ up to
    scale without cancellation, so that both ends $\theta = 0$ and $\theta = \pi$ are accurate to rounding.
    """
    if is_constant(R) and not is_jax_array(R):
        return _log_in_parts(R)
    return stack_last(list(_log(R)[0]))


def space_motion_log(g: Any) -> Any:
    """Return the rotation vectors and translations (..., 6) of rigid motions (..., 4, 4)."""
    x, half_cotangent = _log(g[..., :3, :3])
    u = (g[..., 0, 3], g[..., 1, 3], g[..., 2, 3])
    second = _series.cotangent_defect_of(_dot(x, x), half_cotangent)
    once = _cross(x, u)
    twice = _cross(x, once)
    shift = [u[i] - once[i] / 2 + second * twice[i] for i in range(3)]
    return stack_last([*x, *shift])


def determinant3(R: Any) -> Any:
    """Return the determinants (...) of 3 x 3 matrices."""
    (a, b, c), (d, e, f), (g, h, i) = entries(R)
    return a * (e * i - f * h) + b * (f * g - d * i) + c * (d * h - e * g)


def _log_in_parts(R: Any) -> Any:
    r"""Return `space_log` where nothing is differentiated: to 154 degrees by $\theta/\sin\theta$ and the skew part."""
    xp = namespace(R)
    (r00, r01, r02), (r10, r11, r12), (r20, r21, r22) = entries(R)
    x, y, z = r21 - r12, r02 - r20, r10 - r01
    cosine, sine = r00 + r11 + (r22 - 1), xp.sqrt(x * x + y * y + z * z) + xp.finfo(R.dtype).smallest_normal
    factor = xp.atan2(sine, cosine) / sine
    v = xp.stack([factor * x, factor * y, factor * z], axis=-1)
    obtuse = cosine < -1.8
    v[obtuse] = xp.stack(_log(R[obtuse])[0], axis=-1)
    return v


def _log(R: Any) -> tuple[Vector, Any]:
    r"""Return the rotation vector of R, and $\frac\theta2\cot\frac\theta2$."""
    xp = namespace(R)
    w, x, y, z = _quaternion(R)
    # w >= 0 by a change of sign. At theta = pi, where w = 0 to rounding, both signs are right, and the first component
    # that is not zero is made positive.
    tiny = xp.finfo(R.dtype).eps / 8
    sign = stop_gradient(w + tiny * (x + tiny * (y + tiny * z)))
    w, s2 = xp.abs(w), x * x + y * y + z * z
    ratio = _series.angle_ratio(w, s2)
    factor = xp.copysign(2 * ratio, sign)
    return (factor * x, factor * y, factor * z), ratio * w


def _quaternion(R: Any) -> tuple[Any, ...]:
    """Return a multiple, of norm between 2 and 4, of the unit quaternion of R or of its opposite."""
    xp = namespace(R)
    (r00, r01, r02), (r10, r11, r12), (r20, r21, r22) = entries(R)
    # The rows of 4qq^T are (d0, a, b, c), (a, d1, p, q), (b, p, d2, s) and (c, q, s, d3).
    a, b, c = r21 - r12, r02 - r20, r10 - r01
    p, q, s = r01 + r10, r02 + r20, r12 + r21
    plus, minus, above, below = r00 + r11, r00 - r11, 1 + r22, 1 - r22
    d0, d1, d2, d3 = above + plus, below + minus, below - minus, above - plus
    choice = xp.maximum(d2, d3) > xp.maximum(d0, d1)
    upper = _choose(xp, d1 > d0, (a, d1, p, q), (d0, a, b, c))
    lower = _choose(xp, d3 > d2, (c, q, s, d3), (b, p, d2, s))
    return _choose(xp, choice, lower, upper)


def _choose(xp: Any, condition: Any, yes: tuple[Any, ...], no: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(xp.where(condition, x, y) for x, y in zip(yes, no, strict=True))


def _rotation(w: Any, sine: Any, v: Vector) -> list[list[Any]]:
    """Return the entries of the rotation with unit quaternion (w, sine v)."""
    x, y, z = v
    twice = 2 * sine
    first, second = twice * w, twice * sine
    wx, wy, wz = first * x, first * y, first * z
    x2, y2, z2 = second * x, second * y, second * z
    xx, yy, zz, xy, xz, yz = x2 * x, y2 * y, z2 * z, x2 * y, x2 * z, y2 * z
    return [
        [1 - (yy + zz), xy - wz, xz + wy],
        [xy + wz, 1 - (xx + zz), yz - wx],
        [xz - wy, yz + wx, 1 - (xx + yy)],
    ]


def _components(v: Any) -> Vector:
    return v[..., 0], v[..., 1], v[..., 2]


def _dot(x: Vector, y: Vector) -> Any:
    return x[0] * y[0] + x[1] * y[1] + x[2] * y[2]


def _cross(x: Vector, y: Vector) -> Vector:
    return x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]
