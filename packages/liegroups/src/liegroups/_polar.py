r"""The polar decomposition $A = PR$ with right derivatives, without eigenvectors or singular vectors.

Those do not depend smoothly on a matrix whose singular values are equal (the identity, every rotation), so nothing
here uses them: n = 2 is a closed form, n >= 3 Newton's iteration for the orthogonal factor.
"""

from typing import Any

import array_api_compat as compat
import numpy as np

from . import _polar3
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
    nowhere,
    require_finite,
    square_matrices,
    stop_gradient,
    transpose,
)

# Scaled by Frobenius norms, 9 steps reach round-off for n <= 8 and condition numbers up to 1e15, and derivatives, which
# converge with the values, one step later.
_STEPS = 10


def polar(A: Any) -> tuple[Any, Any]:
    r"""Return the left polar decomposition $A = PR$.

    $P = (AA^\mathsf{T})^{1/2}$ is symmetric positive definite and $R$ orthogonal with $\det R = \operatorname{sign}
    \det A$. Both depend smoothly on an invertible $A$. Derivatives, forward and reverse, are right at equal singular
    values too: to every order for $n \ne 3$, of first and second for $n = 3$.

    For $n \ge 3$ float32 is computed in float64 (jax: where x64 is enabled), unless all condition numbers are seen to
    be moderate.

    Args:
        A: Invertible real matrices (..., n, n), numpy, torch or jax; float32 and float64 are kept, half precisions
            are computed in float32 and returned in their own dtype.

    Returns:
        P and R, each (..., n, n).

    Raises:
        ValueError: If A is not square, not of a real floating dtype, not finite, or singular (a condition number
            above 1/eps of the precision computed in). Where values cannot be seen (inside ``jax.jit``,
            ``torch.func.vmap`` or ``torch.compile``) a singular matrix gives NaN.

    References:
        Higham, SIAM J. Sci. Stat. Comput. 7 (1986) 1160.

    Examples:
        >>> import numpy as np, liegroups
        >>> P, R = liegroups.polar(np.array([[0.0, -2.0], [0.5, 0.0]]))
        >>> P
        array([[2. , 0. ],
               [0. , 0.5]])
        >>> R
        array([[ 0., -1.],
               [ 1.,  0.]])
    """
    A = square_matrices(A, "A")
    require_finite(A, "A")
    xp = namespace(A)
    P, R, singular = factors(at_least_float32(A))
    require_invertible(singular, "A")
    return tuple(xp.astype(nan_where(singular, factor), A.dtype, copy=False) for factor in (P, R))


def factors(A: Any) -> tuple[Any, Any, Any]:
    """Return P, R and a mask (...) of singular matrices, for which P and R mean nothing but are finite."""
    n = A.shape[-1]
    xp = namespace(A)
    if n == 0:
        return A, A, nowhere(A)
    if n == 1:
        return xp.abs(A), xp.sign(A), ~(xp.abs(A[..., 0, 0]) > 0)
    if n == 2:
        return _factors2(A)
    wide = in_float64(A)
    if n == 3 and wide.dtype != A.dtype and _well_conditioned(A):
        return _polar3.factors(A)
    P, R, singular = _polar3.factors(wide) if n == 3 else _factors_newton(wide)
    return xp.astype(P, A.dtype, copy=False), xp.astype(R, A.dtype, copy=False), singular


def _well_conditioned(A: Any) -> bool:
    """Whether 3 x 3 matrices can be seen to have condition numbers that leave float32 most of its digits."""
    return any_true(~(_polar3.condition(stop_gradient(A)) < 1e3)) is False


def require_invertible(singular: Any, argument: str) -> None:
    """Raise if a matrix can be seen to be singular."""
    if known_true(singular):
        raise ValueError(
            f"{argument} has {int(singular.sum())} singular matrices (condition number above 1/eps); "
            "the polar decomposition needs invertible ones"
        )


def _factors2(A: Any) -> tuple[Any, Any, Any]:
    # A = [[p, -r], [r, p]] + [[q, s], [s, -q]]: a scaled rotation and a scaled reflection, whose scales are half the
    # sum and half the difference of the singular values. The larger is the direction of the orthogonal factor.
    xp = namespace(A)
    wide = in_float64(A)  # where products of float32 numbers are exact
    scale = xp.max(xp.abs(stop_gradient(wide)), axis=(-2, -1))
    scale = xp.exp2(xp.floor(xp.log2(xp.where(scale > 0, scale, 1.0))))  # exact, as the sign of a determinant needs it
    (a, b), (c, d) = ([x / scale for x in row] for row in entries(wide))
    bc = b * c
    determinant = a * d - bc
    singular = ~(xp.abs(determinant) > 2 * xp.finfo(bc.dtype).eps * xp.abs(bc))
    proper = determinant > 0
    p, q, r, s = (a + d) / 2, (a - d) / 2, (c - b) / 2, (c + b) / 2
    p, q, r, s = xp.where(proper, p, q), xp.where(proper, q, p), xp.where(proper, r, s), xp.where(proper, s, r)
    square = p * p + r * r
    radius = xp.sqrt(xp.where(square > 0, square, 1.0))
    cosine, sine = p / radius, r / radius
    sign = xp.where(proper, 1.0, -xp.ones_like(p))
    u, v, m = scale * (q * cosine - s * sine), scale * (q * sine + s * cosine), scale * radius
    P = from_entries([[m + u, v], [v, m - u]])
    R = from_entries([[cosine, -sign * sine], [sine, sign * cosine]])
    return xp.astype(P, A.dtype, copy=False), xp.astype(R, A.dtype, copy=False), singular


def _factors_newton(A: Any) -> tuple[Any, Any, Any]:
    # The scaling is constant for differentiation: every positive multiple of A has the same orthogonal factor.
    xp = namespace(A)
    n = A.shape[-1]
    fixed = stop_gradient(A)
    scale = xp.max(xp.abs(fixed), axis=(-2, -1), keepdims=True)
    scale = xp.where(scale > 0, scale, xp.ones_like(scale))
    fixed = fixed / scale
    condition = _frobenius(fixed) * _frobenius(inverse(fixed))
    bad = ~(condition < 1 / (n * xp.finfo(A.dtype).eps))
    X = xp.where(bad, matching(np.eye(n), A), A / scale)
    for _ in range(_STEPS):
        Z = transpose(inverse(X))
        gamma = xp.sqrt(_frobenius(stop_gradient(Z)) / _frobenius(stop_gradient(X)))
        X = (gamma * X + Z / gamma) / 2
    P = xp.matmul(A, transpose(X))
    return (P + transpose(P)) / 2, X, bad[..., 0, 0]


def inverse(A: Any) -> Any:
    """Return the inverse, NaN or infinite where A is singular."""
    if compat.is_torch_array(A):
        import torch

        return torch.linalg.inv_ex(A).inverse
    xp = namespace(A)
    if compat.is_jax_array(A):
        return xp.linalg.inv(A)
    try:
        return np.linalg.inv(A)
    except np.linalg.LinAlgError:
        with np.errstate(divide="ignore", invalid="ignore"):
            U, s, Vt = np.linalg.svd(A)
            pseudo = (Vt.swapaxes(-1, -2) / s[..., None, :]) @ U.swapaxes(-1, -2)
            return np.where((s[..., -1] > 0)[..., None, None], pseudo, np.nan)


def _frobenius(X: Any) -> Any:
    xp = namespace(X)
    return xp.sqrt(xp.sum(X * X, axis=(-2, -1), keepdims=True))
