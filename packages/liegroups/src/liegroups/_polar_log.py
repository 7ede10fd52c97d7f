r"""The global logarithm $\xi^{-1}$ of invertible matrices of positive determinant: $A = e^Y e^\Omega$."""

from typing import Any

import numpy as np

from ._arrays import (
    any_true,
    at_least_float32,
    entries,
    from_entries,
    in_float64,
    known_true,
    matching,
    namespace,
    nan_where,
    require_finite,
    square_matrices,
    stop_gradient,
)
from ._polar import factors
from ._rotation import determinant, skew_log
from ._symmetric_function import artanh_ratio, evaluate, half_log_determinant


def polar_log(A: Any) -> tuple[Any, Any]:
    r"""Return the symmetric Y and the skew $\Omega$ with $A = e^Y e^\Omega$.

    Unlike the matrix logarithm it exists for every A of positive determinant: $Y = \tfrac12\log AA^\mathsf{T}$ is
    unique and smooth, $\Omega$ is the principal logarithm of the orthogonal factor, smooth where that has no
    eigenvalue -1 (there one of the branches is returned). $2 \times 2$ matrices have a closed form, with derivatives
    of every order; for larger ones first and second derivatives are right everywhere.

    Args:
        A: Real matrices (..., n, n) of positive determinant, numpy, torch or jax; float32 and float64 are kept, half
            precisions are computed in float32 and returned in their own dtype.

    Returns:
        Y and $\Omega$, each (..., n, n).

    Raises:
        ValueError: If A is not square, not of a real floating dtype, not finite, or has a determinant that is not
            positive, or lost in rounding (a condition number above 1/eps of the precision computed in). Where values
            cannot be seen (inside ``jax.jit``, ``torch.func.vmap`` or ``torch.compile``) that gives NaN.

    References:
        Mironenco and Forré, Lie group decompositions for equivariant neural networks (2024), section 4.

    Examples:
        >>> import numpy as np, liegroups
        >>> Y, Omega = liegroups.polar_log(np.diag([-2.0, -0.5]))     # has no real logarithm
        >>> Y.round(6) + 0.0
        array([[ 0.693147,  0.      ],
               [ 0.      , -0.693147]])
        >>> Omega.round(6) + 0.0
        array([[ 0.      , -3.141593],
               [ 3.141593,  0.      ]])
    """
    A = square_matrices(A, "A")
    require_finite(A, "A")
    xp = namespace(A)
    Y, Omega, bad = coordinates(at_least_float32(A))
    if bad is not None:
        if known_true(bad):
            raise ValueError(
                f"A has {int(bad.sum())} matrices whose determinant is not positive (or lost in rounding); "
                "the polar logarithm needs a positive one"
            )
        Y, Omega = nan_where(bad, Y), nan_where(bad, Omega)
    return xp.astype(Y, A.dtype, copy=False), xp.astype(Omega, A.dtype, copy=False)


def coordinates(A: Any) -> tuple[Any, Any, Any]:
    """Return Y, Omega and a mask (...) of matrices that have none, with finite values there; None if none is seen."""
    xp = namespace(A)
    n = A.shape[-1]
    if n == 2:
        return _coordinates2(A)
    wide = in_float64(A)  # the logarithm of a small singular value needs more digits than its matrix has
    P, R, bad = factors(wide)
    if n > 0:
        bad = bad | ~(determinant(stop_gradient(R)) > 0)
    eye = matching(np.eye(n), wide)
    P, R = (xp.where(bad[..., None, None], eye, part) for part in (P, R))
    Y, indefinite = evaluate(P, "log")
    Omega = skew_log(R)
    return xp.astype(Y, A.dtype, copy=False), xp.astype(Omega, A.dtype, copy=False), bad | indefinite


def _coordinates2(A: Any) -> tuple[Any, Any, Any]:
    xp = namespace(A)
    wide = in_float64(A)
    (a, b), (c, d) = entries(wide)
    bc = b * c
    size = a * d - bc
    good = (size > 2 * xp.finfo(size.dtype).eps * xp.abs(bc)) & (size < float("inf"))
    bad = ~good
    if any_true(bad) is False:
        bad = None
    else:
        fills = ((a, 1.0), (b, 0.0), (c, 0.0), (d, 1.0), (bc, 0.0), (size, 1.0))
        a, b, c, d, bc, size = (xp.where(good, x, fill) for x, fill in fills)
    t = half_log_determinant(a, d, bc, size, exact=wide.dtype != A.dtype)
    if wide.dtype != A.dtype and bad is None and _moderate(A, size):  # only the determinant needs the digits then
        (a, b), (c, d) = entries(A)
        t, size = xp.astype(t, A.dtype), xp.astype(size, A.dtype)
    # 2A = [[p, -r], [r, p]] + [[q, s], [s, -q]]: the singular values of A are (m + n)/2 and (m - n)/2, and its rotation
    # angle is that of (p, r).
    p, q, r, s = a + d, a - d, c - b, c + b
    m = xp.sqrt(p * p + r * r)
    k = artanh_ratio(q * q + s * s, m, 4 * size) / m
    u, v = k * (q * p - s * r), k * (q * r + s * p)
    parts = t + u, v, t - u, xp.atan2(r, p)
    first, mixed, second, theta = (xp.astype(part, A.dtype, copy=False) for part in parts)
    zero = xp.zeros_like(theta)
    return from_entries([[first, mixed], [mixed, second]]), from_entries([[zero, -theta], [theta, zero]]), bad


def _moderate(A: Any, size: Any) -> bool:
    """Whether no square of an entry or determinant of float32 matrices overflows or vanishes."""
    if 0 in A.shape:
        return True
    xp = namespace(A)
    return any_true((xp.max(xp.abs(A)) > 1e15) | (xp.min(size) < 1e-20)) is False
