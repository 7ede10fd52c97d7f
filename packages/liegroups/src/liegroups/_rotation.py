r"""Exponential and logarithm of SO(n) in angle coordinates, one formula a case.

$n = 2$ and $n = 3$ are closed forms. For $n \ge 4$ the exponential is the backend's own, and the logarithm
comes from one Hermitian eigenproblem (see `rotation_log`).
"""

from typing import Any

import array_api_compat as compat
import numpy as np

from . import _series
from ._arrays import is_constant, matching, namespace, stop_gradient, transpose


def expm(X: Any) -> Any:
    """Return the matrix exponential of (..., n, n) by the array's own library."""
    if compat.is_torch_array(X):
        import torch

        return torch.linalg.matrix_exp(X)
    if compat.is_jax_array(X):
        from jax.scipy.linalg import expm as jax_expm

        return jax_expm(X)
    if X.size == 0:
        return np.empty_like(X)
    from scipy.linalg import expm as scipy_expm

    return scipy_expm(X)


def skew_exp(K: Any, t2: Any) -> Any:
    r"""Rodrigues: $I + \frac{\sin\theta}{\theta}K + \frac{1-\cos\theta}{\theta^2}K^2$ for $K^3 = -\theta^2 K$."""
    xp = namespace(K)
    eye = matching(np.eye(K.shape[-1]), K)
    return eye + _matrix(_series.sinc(t2)) * K + _matrix(_series.versine(t2)) * xp.matmul(K, K)


def skew_translation(K: Any, t2: Any) -> Any:
    r"""$\int_0^1 e^{sK}ds$ for $K^3 = -\theta^2 K$, which carries the translation of a rigid motion."""
    xp = namespace(K)
    eye = matching(np.eye(K.shape[-1]), K)
    return eye + _matrix(_series.versine(t2)) * K + _matrix(_series.sine_defect(t2)) * xp.matmul(K, K)


def skew_translation_inverse(K: Any, t2: Any) -> Any:
    r"""Inverse of `skew_translation`: $I - K/2 + \theta^{-2}(1-\frac\theta2\cot\frac\theta2)K^2$."""
    xp = namespace(K)
    eye = matching(np.eye(K.shape[-1]), K)
    return eye - K / 2 + _matrix(_series.cotangent_defect(t2)) * xp.matmul(K, K)


def squared_angle(v: Any) -> Any:
    """Return the squared rotation angle of the coordinates (..., 1) or (..., 3)."""
    return namespace(v).sum(v * v, axis=-1)


def plane_log(R: Any) -> Any:
    """Return the angle (..., 1) of plane rotations, in (-pi, pi]."""
    xp = namespace(R)
    return xp.atan2(R[..., 1, 0] - R[..., 0, 1], R[..., 0, 0] + R[..., 1, 1])[..., None]


def space_log(R: Any) -> Any:
    r"""Return the rotation vector (..., 3) of space rotations.

    The rows of $4 q q^T$, $q$ the unit quaternion, are linear in R; the row of largest norm gives $q$ up to
    scale without cancellation, so that both ends $\theta = 0$ and $\theta = \pi$ are accurate to rounding.
    """
    xp = namespace(R)
    r = [[R[..., i, j] for j in range(3)] for i in range(3)]
    a, b, c = r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]
    p, q, s = r[0][1] + r[1][0], r[0][2] + r[2][0], r[1][2] + r[2][1]
    diagonal = [
        1 + r[0][0] + r[1][1] + r[2][2],
        1 + r[0][0] - r[1][1] - r[2][2],
        1 - r[0][0] + r[1][1] - r[2][2],
        1 - r[0][0] - r[1][1] + r[2][2],
    ]
    rows = [
        [diagonal[0], a, b, c],
        [a, diagonal[1], p, q],
        [b, p, diagonal[2], s],
        [c, q, s, diagonal[3]],
    ]
    best, row = diagonal[0], xp.stack(rows[0], axis=-1)
    for i in (1, 2, 3):
        larger = diagonal[i] > best
        best = xp.where(larger, diagonal[i], best)
        row = xp.where(larger[..., None], xp.stack(rows[i], axis=-1), row)
    w, axis = row[..., 0], row[..., 1:]
    flip = xp.where(w < 0, -xp.ones_like(w), xp.ones_like(w))
    # At theta = pi both signs are right; the first component that is not zero is made positive.
    tiny = 8 * xp.finfo(R.dtype).eps
    x, y, z = axis[..., 0], axis[..., 1], axis[..., 2]
    lead = xp.where(xp.abs(x) > tiny, x, xp.where(xp.abs(y) > tiny, y, z))
    flip = xp.where(w == 0, xp.where(lead < 0, -xp.ones_like(w), xp.ones_like(w)), flip)
    w, axis = w * flip, axis * flip[..., None]
    s2 = xp.sum(axis * axis, axis=-1)
    small = s2 < 0.01 * w * w
    one = xp.ones_like(w)
    w_near = xp.where(small, w, one)
    near = _series.arctangent(xp.where(small, s2, 0 * one) / (w_near * w_near)) / w_near
    sine = xp.sqrt(xp.where(small, one, s2))
    far = xp.atan2(sine, xp.where(small, one, w)) / sine
    return 2 * xp.where(small, near, far)[..., None] * axis


def rotation_log(R: Any) -> Any:
    r"""Return the skew logarithm (..., n, n) of rotations of any size.

    The polar factor of $I + R$ is $R^{1/2}$, whose angles lie in $[-\pi/2, \pi/2]$, where the sine is
    injective. So the Hermitian matrix $(R^{1/2} - R^{-1/2})/2i$ has the eigenvectors of R with no unwanted
    mixing, and each angle is then read from the Rayleigh quotient $v^\dagger R v$. A rotation by exactly
    $\pi$, where $I + R$ is singular, is given the orientation of a fixed generic skew matrix.

    Derivatives: the result is a constant plus two chord steps for $e^\Omega = R$ with the exact inverse
    derivative of the exponential, so those of first and second order are right at every rotation with angles
    below $\pi$, repeated angles and the identity included.
    """
    xp = namespace(R)
    fixed = stop_gradient(R)
    n = R.shape[-1]
    eye = matching(np.eye(n), R)
    noise = 8 * n * xp.finfo(R.dtype).eps
    root = _half_turn_safe_polar(eye + fixed, noise)
    hermitian = -0.5j * (root - transpose(root))
    sines, vectors = xp.linalg.eigh(hermitian)
    conjugate = xp.real(vectors) - 1j * xp.imag(vectors)  # torch.func.vmap has no rule for conj
    adjoint = transpose(conjugate)
    quotient = xp.sum(conjugate * xp.matmul(fixed + 0j, vectors), axis=-2)
    sine, cosine = xp.imag(quotient), xp.real(quotient)
    angles = xp.atan2(sine, cosine)
    half_turn = (xp.abs(sine) < noise) & (cosine < 0)
    angles = xp.where(half_turn, xp.where(sines < 0, -xp.abs(angles), xp.abs(angles)), angles)
    # Angles below a right one by theta / sin theta times the skew part of R, which keeps their relative accuracy.
    acute = xp.abs(angles) < np.pi / 2
    stretch = 1 / _series.sinc(xp.where(acute, angles * angles, xp.zeros_like(angles)))
    stretch = xp.where(acute, stretch, xp.zeros_like(angles))
    near = xp.matmul(xp.real(xp.matmul(vectors * stretch[..., None, :], adjoint)), _skew(fixed))
    obtuse = xp.where(acute, xp.zeros_like(angles), angles)
    omega = _skew(near + xp.real(xp.matmul(vectors * (1j * obtuse)[..., None, :], adjoint)))
    if is_constant(R):
        return omega
    difference = angles[..., :, None] - angles[..., None, :]
    weights = _inverse_derivative(difference, noise)

    def correction(current: Any) -> Any:
        residual = _skew(xp.matmul(expm(-current), R))
        inner = xp.matmul(adjoint, xp.matmul(residual + 0j, vectors))
        return _skew(xp.real(xp.matmul(vectors, xp.matmul(weights * inner, adjoint))))

    moved = omega + correction(omega)
    moved = moved + correction(moved)
    return omega + (moved - stop_gradient(moved))


def _half_turn_safe_polar(M: Any, noise: float) -> Any:
    """Return the polar factor of M = I + R; where M vanishes, that of a fixed generic skew matrix."""
    xp = namespace(M)
    u, values, vh = xp.linalg.svd(M, full_matrices=False)
    kept = xp.astype(values > noise, M.dtype)
    null = xp.matmul(transpose(vh) * (1 - kept)[..., None, :], vh)
    skew = xp.matmul(null, xp.matmul(matching(_generic_skew(M.shape[-1]), M), null))
    u, _, vh = xp.linalg.svd(xp.matmul(u * kept[..., None, :], vh) + skew, full_matrices=False)
    return xp.matmul(u, vh)


def _inverse_derivative(x: Any, noise: float) -> Any:
    """Return $ix / (1 - e^{-ix})$, with 1 at the poles x = +-2 pi, which multiply a vanishing component."""
    xp = namespace(x)
    half = x / 2
    pole = (xp.abs(xp.sin(half)) < noise) & (xp.abs(half) > 1)
    small = xp.abs(half) < 1e-4
    safe = xp.where(pole | small, xp.ones_like(half), half)
    ratio = xp.where(small, 1 + half * half / 6, xp.where(pole, xp.ones_like(half), safe / xp.sin(safe)))
    return ratio * xp.exp(1j * half)


def _generic_skew(n: int) -> np.ndarray:
    # Sines of integers: generic enough that no plane of a table of exact rotations is isotropic.
    lower = np.tril(np.sin(np.arange(1.0, 1.0 + n * n)).reshape(n, n), -1)
    return lower - lower.T


def _skew(X: Any) -> Any:
    return (X - transpose(X)) / 2


def _matrix(scalar: Any) -> Any:
    return scalar[..., None, None]
