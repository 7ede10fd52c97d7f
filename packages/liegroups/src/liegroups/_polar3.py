r"""The polar decomposition in space, entry by entry: nine arrays (...) instead of one (..., 3, 3).

Elementwise operations on long contiguous arrays are several times faster than batched 3 x 3 linear algebra.
"""

from typing import Any

from ._arrays import any_true, entries, from_entries, is_constant, namespace, quiet, repeat, stop_gradient

# Scaled by Frobenius norms, the iteration is at round-off after 6 steps for condition numbers up to 1e15 (found by
# trial over 300 matrices of each of many shapes); the last ones need no scaling.
_SCALED, _PLAIN = 3, 4

Entries = list[Any]


def factors(A: Any) -> tuple[Any, Any, Any]:
    r"""Return P, R and a mask (...) of singular matrices, as `_polar.factors` does.

    Derivatives: R is found as a constant $R_0$. With $M = A R_0^\mathsf{T}$, the rotation $T$ that makes
    $MT^\mathsf{T}$ symmetric is the identity in value, and two chord steps for it make its first and second derivatives
    right. Their Jacobian is $\operatorname{tr}(P) - P$, whose eigenvalues are sums of two singular values.
    """
    xp = namespace(A)
    scale = xp.max(xp.abs(stop_gradient(A)), axis=(-2, -1))
    scale = xp.where(scale > 0, scale, 1.0)
    M = [entry / scale for row in entries(A) for entry in row]
    R, singular = _orthogonal_factor([stop_gradient(entry) for entry in M])
    M = [dot(M[i : i + 3], R[j : j + 3]) for i in (0, 3, 6) for j in (0, 3, 6)]
    off = M[1] + M[3], M[2] + M[6], M[5] + M[7]
    if not is_constant(A):
        T = _symmetrizer(xp, M, singular)
        R = [T[i] * R[j] + T[i + 1] * R[3 + j] + T[i + 2] * R[6 + j] for i in (0, 3, 6) for j in (0, 1, 2)]
        M = [dot(M[i : i + 3], T[j : j + 3]) for i in (0, 3, 6) for j in (0, 3, 6)]
        off = M[1] + M[3], M[2] + M[6], M[5] + M[7]
    half = scale / 2
    xy, xz, yz = (half * entry for entry in off)
    P = [[scale * M[0], xy, xz], [xy, scale * M[4], yz], [xz, yz, scale * M[8]]]
    return from_entries(P), from_entries([R[:3], R[3:6], R[6:]]), singular


def condition(A: Any) -> Any:
    """Return estimates (...) of the condition numbers in the Frobenius norm."""
    xp = namespace(A)
    scale = xp.max(xp.abs(A), axis=(-2, -1))
    scale = xp.where(scale > 0, scale, 1.0)
    X = [entry / scale for row in entries(A) for entry in row]
    C, determinant = cofactors(X)
    with quiet(A):
        return _frobenius(X) * _frobenius(C) / xp.abs(determinant)


def _orthogonal_factor(X: Entries) -> tuple[Entries, Any]:
    xp = namespace(X[0])
    eps = xp.finfo(X[0].dtype).eps
    C, determinant = cofactors(X)
    size, inverse_size = _frobenius(X), _frobenius(C)
    lost = ~(xp.abs(determinant) > 500 * eps * size * size * size)
    if any_true(lost) is not False:  # one by elimination does not cancel; cofactors may
        sign, logarithm = xp.linalg.slogdet(from_entries([X[:3], X[3:6], X[6:]]))  # det of jax is by cofactors too
        determinant = xp.where(lost, sign * xp.exp(logarithm), determinant)
    singular = ~(3 * eps * size * inverse_size < xp.abs(determinant))
    X = [xp.where(singular, 1.0 if i % 4 == 0 else 0.0, entry) for i, entry in enumerate(X)]
    C = [xp.where(singular, 1.0 if i % 4 == 0 else 0.0, entry) for i, entry in enumerate(C)]
    determinant = xp.where(singular, 1.0, determinant)
    X = _scaled_mean(xp, X, C, determinant)
    for _ in range(_SCALED - 1):
        X = _scaled_mean(xp, X, *cofactors(X))
    return repeat(_plain_step, X, _PLAIN), singular


def _scaled_mean(xp: Any, X: Entries, C: Entries, determinant: Any) -> Entries:
    gamma = xp.sqrt(_frobenius(C) / (xp.abs(determinant) * _frobenius(X)))
    return _mean(X, C, gamma / 2, 0.5 / (gamma * determinant))


def _plain_step(X: Entries) -> Entries:
    C, determinant = cofactors(X)
    return _mean(X, C, 0.5, 0.5 / determinant)


def _mean(X: Entries, C: Entries, x: Any, c: Any) -> Entries:
    return [x * entry + c * cofactor for entry, cofactor in zip(X, C, strict=True)]


def cofactors(X: Entries) -> tuple[Entries, Any]:
    """Return det(X) times the transposed inverse, and det(X)."""
    a, b, c, d, e, f, g, h, i = X
    A, B, C = e * i - f * h, f * g - d * i, d * h - e * g
    D, E, F = c * h - b * i, a * i - c * g, b * g - a * h
    G, H, I = b * f - c * e, c * d - a * f, a * e - b * d  # noqa: E741
    return [A, B, C, D, E, F, G, H, I], a * A + b * B + c * C


def _symmetrizer(xp: Any, M: Entries, singular: Any) -> Entries:
    """Return the rotation T, to second order about the identity, for which M T^T is symmetric."""
    J = [xp.where(singular, 0.0, entry) for entry in _inverse_jacobian([stop_gradient(entry) for entry in M])]
    skew = M[7] - M[5], M[2] - M[6], M[3] - M[1]
    x, y, z = (dot(J[i : i + 3], skew) for i in (0, 3, 6))
    hx, hy, hz = x / 2, y / 2, z / 2
    xx, yy, zz, xy, xz, yz = hx * x, hy * y, hz * z, hx * y, hx * z, hy * z
    T = [-(yy + zz), xy - z, xz + y, xy + z, -(xx + zz), yz - x, xz - y, yz + x, -(xx + yy)]
    T[0], T[4], T[8] = 1 + T[0], 1 + T[4], 1 + T[8]
    # What is left of the skew part is of second order, so the step that removes it need not be turned by the first.
    left = [dot(M[i : i + 3], T[j : j + 3]) - dot(M[j : j + 3], T[i : i + 3]) for i, j in ((6, 3), (0, 6), (3, 0))]
    x, y, z = (dot(J[i : i + 3], left) for i in (0, 3, 6))
    return [T[0], T[1] - z, T[2] + y, T[3] + z, T[4], T[5] - x, T[6] - y, T[7] + x, T[8]]


def _inverse_jacobian(M: Entries) -> Entries:
    """Return the inverse of tr(S) - S for the symmetric part S of M."""
    a, d, f = M[0], M[4], M[8]
    b, c, e = (M[1] + M[3]) / 2, (M[2] + M[6]) / 2, (M[5] + M[7]) / 2
    p, q, r = d + f, a + f, a + d
    A, B, C = q * r - e * e, b * r + c * e, b * e + c * q
    D, E, F = p * r - c * c, p * e + b * c, p * q - b * b
    size = p * A - b * B - c * C
    A, B, C, D, E, F = A / size, B / size, C / size, D / size, E / size, F / size
    return [A, B, C, B, D, E, C, E, F]


def dot(x: Any, y: Any) -> Any:
    """Return the sum of products of two triples of arrays."""
    return x[0] * y[0] + x[1] * y[1] + x[2] * y[2]


def _frobenius(X: Entries) -> Any:
    return namespace(X[0]).sqrt(dot(X[:3], X[:3]) + dot(X[3:6], X[3:6]) + dot(X[6:], X[6:]))
