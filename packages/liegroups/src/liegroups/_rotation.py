r"""Exponential and logarithm of SO(n) in angle coordinates, one formula a case.

$n = 2$ and $n = 3$ are closed forms. For $n \ge 4$ the exponential is the backend's own, and the logarithm
comes from one Hermitian eigenproblem (see `_skew_log`).
"""

from typing import Any

import numpy as np

from . import _series
from ._arrays import (
    at_least_float32,
    from_entries,
    is_constant,
    known_true,
    matching,
    namespace,
    nan_where,
    require_finite,
    square_matrices,
    stop_gradient,
    transpose,
)
from ._expm import exponential as expm
from ._half_turn import assembled, chord_step, derivative_weights, signed_angles, square_root, value_weights
from ._space import determinant3, space_log


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


def determinant(R: Any) -> Any:
    """Return the determinants (...) of (..., n, n)."""
    n = R.shape[-1]
    if n == 3:
        return determinant3(R)
    return R[..., 0, 0] * R[..., 1, 1] - R[..., 0, 1] * R[..., 1, 0] if n == 2 else namespace(R).linalg.det(R)


def plane_log(R: Any) -> Any:
    """Return the angle (..., 1) of plane rotations, in (-pi, pi]."""
    xp = namespace(R)
    return xp.atan2(R[..., 1, 0] - R[..., 0, 1], R[..., 0, 0] + R[..., 1, 1])[..., None]


def rotation_log(R: Any) -> Any:
    r"""Return the principal logarithm of rotations: the skew $\Omega$ with $e^\Omega = R$ and angles in $(-\pi, \pi]$.

    Closed for $n \le 3$, with derivatives of every order. For $n \ge 4$ derivatives of first and second order are
    right at every rotation with angles below $\pi$, repeated angles and the identity included. At half turns
    one of the branches is returned: a positive angle for n = 2, an axis whose first component that is not zero is
    positive for n = 3.

    Args:
        R: Rotation matrices (..., n, n), numpy, torch or jax; float32 and float64 are kept, half precisions are
            computed in float32 and returned in their own dtype.

    Returns:
        Skew array (..., n, n).

    Raises:
        ValueError: If R is not square, not of a real floating dtype, not finite, or has a determinant that is not
            positive. Where values cannot be seen (inside ``jax.jit``, ``torch.func.vmap`` or ``torch.compile``)
            that gives NaN.

    Examples:
        >>> import numpy as np, liegroups
        >>> liegroups.rotation_log(np.array([[0.0, -1.0], [1.0, 0.0]])) / np.pi
        array([[ 0. , -0.5],
               [ 0.5,  0. ]])
    """
    R = square_matrices(R, "R")
    require_finite(R, "R")
    xp = namespace(R)
    wide = at_least_float32(R)
    outside = ~(determinant(stop_gradient(wide)) > 0)
    if known_true(outside):
        raise ValueError(f"R has {int(outside.sum())} matrices of determinant <= 0, which are no rotations")
    eye = matching(np.eye(R.shape[-1]), wide)
    value = skew_log(xp.where(outside[..., None, None], eye, wide))
    return xp.astype(nan_where(outside, value), R.dtype, copy=False)


def skew_log(R: Any) -> Any:
    """Return `rotation_log` of (..., n, n), float32 or float64, unchecked."""
    xp = namespace(R)
    n = R.shape[-1]
    if n < 2:
        return 0 * R
    if n > 3:
        return _skew_log(R)
    zero = xp.zeros_like(R[..., 0, 0])
    if n == 2:
        theta = plane_log(R)[..., 0]
        return from_entries([[zero, -theta], [theta, zero]])
    v = space_log(R)
    x, y, z = v[..., 0], v[..., 1], v[..., 2]
    return from_entries([[zero, -z, y], [z, zero, -x], [-y, x, zero]])


def _skew_log(R: Any) -> Any:
    r"""Return the skew logarithm of rotations of any size.

    The polar factor of $I + R$ is $R^{1/2}$, whose angles lie in $[-\pi/2, \pi/2]$, where the sine is
    injective. So the Hermitian matrix $(R^{1/2} - R^{-1/2})/2i$ has the eigenvectors of R with no unwanted
    mixing, and each angle is then read from the Rayleigh quotient $v^\dagger R v$. A rotation by exactly
    $\pi$, where $I + R$ is singular, is given the orientation of a fixed generic skew matrix. Planes that
    turn by nearly $\pi$ have nearly equal half-angle sines and do mix; a chord step for $e^\Omega = R$ mends that.

    Derivatives: the result is a constant plus two chord steps with the exact inverse
    derivative of the exponential, so those of first and second order are right at every rotation with angles
    below $\pi$, repeated angles and the identity included.
    """
    xp = namespace(R)
    fixed = stop_gradient(R)
    root = square_root(fixed, matching(_generic_skew(R.shape[-1]), R), multiplicity=2)
    hermitian = -0.5j * (root - transpose(root))
    half_sines, vectors = xp.linalg.eigh(hermitian)
    conjugate = xp.real(vectors) - 1j * xp.imag(vectors)  # torch.func.vmap has no rule for conj
    quotient = xp.sum(conjugate * xp.matmul(fixed + 0j, vectors), axis=-2)
    angles = signed_angles(quotient, half_sines)
    omega = chord_step(
        assembled(vectors, angles, fixed, _real_skew), fixed, vectors, value_weights(angles), expm, _real_skew
    )
    if is_constant(R):
        return omega
    weights = derivative_weights(angles)
    moved = chord_step(omega, R, vectors, weights, expm, _real_skew)
    moved = chord_step(moved, R, vectors, weights, expm, _real_skew)
    return omega + (moved - stop_gradient(moved))


def _generic_skew(n: int) -> np.ndarray:
    # Sines of integers: generic enough that no plane of a table of exact rotations is isotropic.
    lower = np.tril(np.sin(np.arange(1.0, 1.0 + n * n)).reshape(n, n), -1)
    return lower - lower.T


def _skew(X: Any) -> Any:
    return (X - transpose(X)) / 2


def _real_skew(X: Any) -> Any:
    return _skew(namespace(X).real(X))


def _matrix(scalar: Any) -> Any:
    return scalar[..., None, None]
