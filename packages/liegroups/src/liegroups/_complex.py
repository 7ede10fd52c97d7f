"""Complex matrices A + iB as the real ones [[A, -B], [B, A]], and the unitary logarithm."""

from typing import Any

import numpy as np

from ._arrays import blocks, is_constant, matching, namespace, stop_gradient
from ._expm import exponential
from ._half_turn import assembled, chord_step, derivative_weights, signed_angles, square_root, value_weights
from ._nearest import adjoint


def realify(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the real tables (..., 2n, 2n) of A + iB."""
    return np.concatenate([np.concatenate([A, -B], axis=-1), np.concatenate([B, A], axis=-1)], axis=-2)


def to_real(Z: Any) -> Any:
    """Return the real matrices (..., 2n, 2n) of complex ones (..., n, n)."""
    xp = namespace(Z)
    A, B = xp.real(Z), xp.imag(Z)
    return blocks([[A, -B], [B, A]])


def to_complex(g: Any) -> Any:
    """Return the complex-linear part (..., n, n) of real matrices (..., 2n, 2n)."""
    n = g.shape[-1] // 2
    A = (g[..., :n, :n] + g[..., n:, n:]) / 2
    B = (g[..., n:, :n] - g[..., :n, n:]) / 2
    return A + 1j * B


def complex_linear(g: Any, atol: Any) -> Any:
    """Tell which real matrices commute with multiplication by i."""
    xp = namespace(g)
    return xp.max(xp.abs(g - to_real(to_complex(g))), axis=(-2, -1)) <= atol


def determinant(Z: Any) -> Any:
    """Return the complex determinant."""
    return namespace(Z).linalg.det(Z)


def unitary_log(g: Any, special: bool) -> Any:
    r"""Return a skew-Hermitian logarithm of unitary matrices, both as real matrices (..., 2n, 2n).

    The eigenvalue angles are in $(-\pi, \pi]$; at -1 the angle is $+\pi$. For ``special`` the determinant is one and
    the angles sum to $2\pi k$; then the $k$ largest are reduced by $2\pi$ (the $-k$ smallest raised), so that the
    trace is zero. The method and its derivatives are those of ``rotation_log``: half angles from the polar factor
    of $1 + U$, angles from Rayleigh quotients, then chord steps.
    """
    xp = namespace(g)
    U = to_complex(g)
    fixed = stop_gradient(U)
    n = U.shape[-1]
    root = square_root(fixed, 1j * matching(np.eye(n), g), multiplicity=1)
    half_sines, vectors = xp.linalg.eigh(-0.5j * (root - adjoint(root)))
    conjugate = xp.real(vectors) - 1j * xp.imag(vectors)
    quotient = xp.sum(conjugate * xp.matmul(fixed, vectors), axis=-2)
    angles = signed_angles(quotient, half_sines)
    omega = chord_step(
        assembled(vectors, angles, fixed, _skew), fixed, vectors, value_weights(angles), _exponential, _skew
    )
    if special:
        angles, vectors = xp.linalg.eigh(-1j * omega)  # the planes to shift, told apart next to -1 too
        shifted = _traceless(angles)
        turns = 1j * (shifted - angles)
        omega = _skew(omega + xp.matmul(vectors * turns[..., None, :], adjoint(vectors)))
        angles = shifted
    if is_constant(g):
        return to_real(omega)
    weights = derivative_weights(angles)
    moved = chord_step(omega, U, vectors, weights, _exponential, _skew)
    moved = chord_step(moved, U, vectors, weights, _exponential, _skew)
    return to_real(omega + (moved - stop_gradient(moved)))


def _exponential(X: Any) -> Any:
    return to_complex(exponential(to_real(X)))


def _traceless(angles: Any) -> Any:
    """Shift the largest angles down, or the smallest up, by 2 pi until their sum vanishes."""
    xp = namespace(angles)
    turns = xp.round(xp.sum(angles, axis=-1, keepdims=True) / (2 * np.pi))
    order = xp.astype(xp.argsort(xp.argsort(angles, axis=-1), axis=-1), angles.dtype)
    from_top = angles.shape[-1] - 1 - order
    down = xp.astype(from_top < turns, angles.dtype)
    up = xp.astype(order < -turns, angles.dtype)
    return angles + 2 * np.pi * (up - down)


def _skew(X: Any) -> Any:
    return (X - adjoint(X)) / 2
