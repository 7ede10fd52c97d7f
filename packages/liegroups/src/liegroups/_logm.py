r"""The principal logarithm of general real matrices, from sums, products and inverses alone."""

from typing import Any

import numpy as np

from . import _series
from ._arrays import (
    any_true,
    at_least_float32,
    entries,
    from_entries,
    in_float64,
    is_constant,
    known_true,
    matching,
    namespace,
    nan_where,
    nowhere,
    quiet,
    repeat,
    require_finite,
    square_matrices,
    stop_gradient,
)
from ._polar import inverse
from ._symmetric_function import half_log_determinant

# Square roots to take, and Newton steps for one, where values cannot be seen and so the worst has to be assumed.
_ROOTS, _FIRST, _LATER = 12, 32, 8
_MOST_ROOTS = 60


def has_log(A: Any) -> Any:
    """Tell which real matrices (..., n, n) have a principal real logarithm, as a boolean array (...).

    They have no eigenvalue on the closed negative real axis; -c I in the plane, a rotation by pi, counts as well.
    """
    A = square_matrices(A, "A")
    require_finite(A, "A")
    return ~logarithm(stop_gradient(at_least_float32(A)))[1]


def logm(A: Any) -> Any:
    r"""Return the principal logarithm of real matrices.

    Closed for $n \le 2$, where $-cI$ is given the logarithm $\log c\,I + \pi J$. For $n \ge 3$ inverse scaling and
    squaring: square roots by the scaled product form of Denman and Beavers' iteration, of which the deviation from
    the identity is kept, so that logarithms of matrices near it have relative accuracy. Derivatives of every order
    are right, as every step is differentiated.

    Args:
        A: Real matrices (..., n, n), numpy, torch or jax; float32 and float64 are kept, half precisions are computed
            in float32 and returned in their own dtype.

    Returns:
        Array (..., n, n): the logarithm whose eigenvalues have imaginary parts in $(-\pi, \pi)$.

    Raises:
        ValueError: If A is not square, not of a real floating dtype, not finite, or has no principal real logarithm
            (`has_log`). Where values cannot be seen (inside ``jax.jit``, ``torch.func.vmap`` or ``torch.compile``)
            that gives NaN.

    References:
        Higham, Functions of Matrices (2008), sections 6.3 and 11.5.
    """
    A = square_matrices(A, "A")
    require_finite(A, "A")
    value, bad = logarithm(at_least_float32(A))
    if known_true(bad):
        raise ValueError(
            f"A has {int(bad.sum())} matrices with an eigenvalue on the closed negative real axis, "
            "which have no principal logarithm"
        )
    return namespace(A).astype(nan_where(bad, value), A.dtype, copy=False)


def logarithm(A: Any) -> tuple[Any, Any]:
    """Return the logarithm and a mask (...) of matrices that have none, anything there."""
    n = A.shape[-1]
    xp = namespace(A)
    if n == 0:
        return A, nowhere(A)
    if n == 1:
        bad = ~(A > 0)
        return xp.log(xp.where(bad, xp.ones_like(A), A)), bad[..., 0, 0]
    if n == 2:
        return _logarithm2(A)
    with quiet(A):  # where there is none, the iteration diverges
        value, bad = _logarithm(in_float64(A))
    return xp.astype(value, A.dtype, copy=False), bad


def _logarithm2(A: Any) -> tuple[Any, Any]:
    # A = t I + D with D^2 = q I, so log A = log(det A)/2 I + k D: artanh(sqrt(q)/t)/sqrt(q) for real eigenvalues, and
    # the angle of (t, sqrt(-q)) over sqrt(-q) for others.
    xp = namespace(A)
    (a, b), (c, d) = entries(in_float64(A))
    bc = b * c
    size = a * d - bc
    t, h = (a + d) / 2, (a - d) / 2
    q = h * h + bc
    half_turn = (t < 0) & (h == 0) & (b == 0) & (c == 0)
    lost = ~((size > 2 * xp.finfo(size.dtype).eps * xp.abs(bc)) & (size < float("inf")))
    bad = (lost | ((t <= 0) & (q >= 0))) & ~half_turn
    fills = ((1.0, a), (0.0, b), (0.0, c), (1.0, d), (0.0, bc), (1.0, size))
    a, b, c, d, bc, size = (xp.where(bad, fill, x) for fill, x in fills)
    straight = bad | half_turn
    t, h, q = (xp.where(straight, fill, x) for fill, x in ((1.0, t), (0.0, h), (0.0, q)))
    x = q / xp.where(t == 0, 1.0, t * t)
    near = (t > 0) & (xp.abs(x) < 0.01)
    real = ~near & (q > 0)
    series = _series.arctangent(xp.where(near, -x, 0.0)) / xp.where(near, t, 1.0)
    root = xp.sqrt(xp.where(near, 1.0, xp.abs(q)))
    stretch = xp.log1p(xp.where(real, 2 * root * ((t + root) / xp.where(real, size, 1.0)), 0.0)) / (2 * root)
    turning = ~(near | real)
    turn = xp.atan2(xp.where(turning, root, 0.0), xp.where(turning, t, 1.0)) / root
    k = xp.where(near, series, xp.where(real, stretch, turn))
    level = half_log_determinant(a, d, bc, size)
    angle = xp.where(half_turn, np.pi + 0 * t, 0.0)
    value = from_entries([[level + k * h, k * b - angle], [k * c + angle, level - k * h]])
    return xp.astype(value, A.dtype, copy=False), bad


def _logarithm(A: Any) -> tuple[Any, Any]:
    xp = namespace(A)
    n = A.shape[-1]
    seen = any_true(A != A) is not None  # whether values can be read, so that iterations may stop when they are done
    eye = xp.broadcast_to(matching(np.eye(n), A), A.shape)
    determinant = xp.abs(xp.linalg.det(stop_gradient(A)))
    bad = ~(determinant > 0)
    # An exact power of two takes the size out, and is 1 near the identity.
    exponent = xp.round(xp.log2(xp.where(bad, xp.ones_like(determinant), determinant)) / n)
    A = xp.where(bad[..., None, None], eye, A * xp.exp2(-exponent)[..., None, None])
    state, roots = (A - eye, bad[..., None, None]), _ROOTS
    if seen:
        roots = 0
        while roots < _MOST_ROOTS and known_true(_spread(state[0]) > 0.25):
            state = _halve(state, eye, seen, _FIRST if roots == 0 else _LATER)
            roots += 1
    else:
        state = _halve(state, eye, seen, _FIRST)
        state = repeat(lambda current: _halve(current, eye, seen, _LATER), state, _ROOTS - 1)
    E, bad = state
    Z = xp.matmul(E, inverse(E + 2 * eye))
    square = xp.matmul(Z, Z)
    total, power = Z, Z
    for k in range(1, 12):
        power = xp.matmul(power, square)
        total = total + power / (2 * k + 1)
    tolerance = 1e3 * xp.finfo(A.dtype).eps
    bad = bad | ~(_norm(power) <= tolerance * _norm(total))
    value = 2.0 ** (roots + 1) * total + (np.log(2.0) * exponent)[..., None, None] * eye
    return value, bad[..., 0, 0]


def _halve(state: tuple[Any, Any], eye: Any, seen: bool, most: int) -> tuple[Any, Any]:
    """Return the deviation from the identity of the principal root of I + E, and a mask of those that have none."""
    xp = namespace(eye)
    E, bad = state
    root, failed = _square_root(E + eye, eye, seen, most)
    bad = bad | failed
    root = xp.where(bad, eye, root)
    return xp.where(bad, 0.0, xp.matmul(E, inverse(root + eye))), bad


def _square_root(A: Any, eye: Any, seen: bool, most: int) -> tuple[Any, Any]:
    """Return the principal square root and where the iteration has not converged."""
    xp = namespace(A)
    n = A.shape[-1]
    tolerance = 100 * n * xp.finfo(A.dtype).eps

    def step(state: tuple[Any, Any]) -> tuple[Any, Any]:
        X, M = state
        size = xp.abs(xp.linalg.det(stop_gradient(M)))
        far = (_norm(stop_gradient(M) - eye)[..., 0, 0] > 0.01) & (size > 0) & xp.isfinite(size)
        scale = (xp.where(far, size, 1.0) ** (-1 / (2 * n)))[..., None, None]
        N = inverse(M) / (scale * scale)
        return scale * xp.matmul(X, eye + N) / 2, (eye + (scale * scale * M + N) / 2) / 2

    state = A, A
    if seen:
        late = 0
        for _ in range(most):
            state = step(state)
            if not known_true(_norm(state[1] - eye) > tolerance):
                late += 1
                if late > 1 or is_constant(A):  # one step more for the derivatives
                    break
    else:
        state = repeat(step, state, most)
    return state[0], ~(_norm(stop_gradient(state[1]) - eye) <= tolerance)


def _norm(X: Any) -> Any:
    xp = namespace(X)
    return xp.sqrt(xp.sum(X * X, axis=(-2, -1), keepdims=True))


def _spread(E: Any) -> Any:
    """Return a bound of the spectral radius of E, close to it where E is nearly nilpotent."""
    xp = namespace(E)
    square = xp.matmul(stop_gradient(E), stop_gradient(E))
    fourth = xp.matmul(square, square)
    return _norm(xp.matmul(fourth, fourth)) ** 0.125
