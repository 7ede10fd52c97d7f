r"""What the logarithms of SO(n) and U(n) share: $R^{1/2}$ next to half turns, how far they are, the chord step."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import matching, namespace
from ._nearest import adjoint
from ._series import sinc


def square_root(R: Any, orientation: Any, multiplicity: int) -> Any:
    r"""Return $R^{1/2}$ of orthogonal or unitary (..., n, n), the polar factor of $M = I + R$, next to half turns too.

    Where singular values of M are within 4096 roundings of zero, the polar factor would be made of rounding. There
    $R = -e^{-K}$ with K the skew part of M, up to terms of third order, and the polar factor of K is taken: it is
    skew in floating point too. Where K is rounding (an exact half turn), ``orientation`` decides.

    Args:
        R: Orthogonal or unitary matrices (..., n, n).
        orientation: Skew matrix (n, n) that gives half turns their orientation: a generic one, which replaces K, or
            i, which is added to K, as it leaves the eigenvectors what they are.
        multiplicity: How often each singular value of M comes: 2 for rotations (if n is odd, the largest once), 1 for
            unitary matrices.
    """
    xp = namespace(R)
    n = R.shape[-1]
    M = matching(np.eye(n), R) + R
    u, values, vh = xp.linalg.svd(M, full_matrices=False)
    eps = xp.finfo(values.dtype).eps
    small = xp.astype(_small(values, 4096 * eps, multiplicity), values.dtype)
    right = adjoint(vh)
    block = small[..., :, None] * small[..., None, :]

    def restricted(X: Any) -> Any:  # in the basis of singular vectors, where the mask cuts exactly
        return block * xp.matmul(vh, xp.matmul(X, right))

    skew = restricted((M - adjoint(M)) / 2)
    noise = 8 * n * eps
    large = xp.astype(_norm(skew) > noise, values.dtype)
    share = 1 - (1 - eps) * large if multiplicity == 2 else noise
    skew = skew + share * restricted(orientation)
    norm = _norm(skew)
    skew = xp.matmul(right, xp.matmul(skew / xp.where(norm > 0, norm, xp.ones_like(norm)), vh))
    u, _, vh = xp.linalg.svd(xp.matmul(u * (1 - small)[..., None, :], vh) + skew, full_matrices=False)
    return xp.matmul(u, vh)


def _small(values: Any, floor: float, multiplicity: int) -> Any:
    """Tell which of the descending (..., n) are below the floor, never parting equal ones: cut at a factor of 2."""
    xp = namespace(values)
    single = values.shape[-1] % multiplicity
    groups = [values[..., k] for k in range(single, values.shape[-1], multiplicity)]
    below = [groups[-1] < floor] if groups else []
    for larger, smaller in zip(groups[-2::-1], groups[:0:-1], strict=True):
        below.append((larger < floor) | (below[-1] & (larger < 2 * smaller)))
    flags = [flag for flag in reversed(below) for _ in range(multiplicity)]
    front = [values[..., 0] < 0] * single
    return xp.stack(front + flags, axis=-1)


def chord_step(omega: Any, R: Any, vectors: Any, weights: Any, exponential: Callable, skew: Callable) -> Any:
    r"""Return $\Omega + V (w \odot V^\dagger E V) V^\dagger$ with $E = \operatorname{skew}(e^{-\Omega} R)$."""
    xp = namespace(R)
    dagger = adjoint(vectors)
    residual = skew(xp.matmul(exponential(-omega), R))
    inner = weights * xp.matmul(dagger, xp.matmul(residual + 0j, vectors))
    return omega + skew(xp.matmul(vectors, xp.matmul(inner, dagger)))


def value_weights(angles: Any) -> Any:
    r"""Return the weights of the chord step (..., n, n) that mends the value.

    They are those of the inverse derivative, and 1 next to the poles: the differences near $2\pi$ are between
    half angles of opposite sine, which do not mix, so that nothing but rounding would be magnified there.
    """
    xp = namespace(angles)
    difference = angles[..., :, None] - angles[..., None, :]
    near = xp.abs(difference) < 1.5 * np.pi
    weights = inverse_derivative(xp.where(near, difference, xp.zeros_like(difference)), 0.0)
    return xp.where(near, weights, xp.ones_like(weights))


def signed_angles(quotient: Any, half_sines: Any) -> Any:
    r"""Return the angles of Rayleigh quotients $v^\dagger R v$.

    Beyond a right angle the sine of the half angle, at least $\sin(\pi/4)$, has the sign: the sine of an angle
    next to $\pi$ may be rounding.
    """
    xp = namespace(half_sines)
    angles = xp.atan2(xp.imag(quotient), xp.real(quotient))
    signed = xp.where(half_sines < 0, -xp.abs(angles), xp.abs(angles))
    return xp.where(xp.real(quotient) < 0, signed, angles)


def assembled(vectors: Any, angles: Any, R: Any, skew: Callable) -> Any:
    r"""Return the skew matrices with these eigenvectors and eigenvalues $i\theta$, with their relative accuracy.

    Angles below a right one come from the skew part of R, by $\theta/\sin\theta$.
    """
    xp = namespace(angles)
    acute = xp.abs(angles) < np.pi / 2
    zero = xp.zeros_like(angles)
    stretch = xp.where(acute, 1 / sinc(xp.where(acute, angles * angles, zero)), zero)
    dagger = adjoint(vectors)
    near = xp.matmul(xp.matmul(vectors * stretch[..., None, :], dagger), skew(R) + 0j)
    far = xp.matmul(vectors * (1j * xp.where(acute, zero, angles))[..., None, :], dagger)
    return skew(near + far)


def derivative_weights(angles: Any) -> Any:
    """Return the weights of the chord step (..., n, n) that carries derivatives."""
    noise = 8 * angles.shape[-1] * namespace(angles).finfo(angles.dtype).eps
    return inverse_derivative(angles[..., :, None] - angles[..., None, :], noise)


def inverse_derivative(x: Any, noise: float) -> Any:
    """Return $ix / (1 - e^{-ix})$, with 1 at the poles x = +-2 pi, which multiply a vanishing component."""
    xp = namespace(x)
    half = x / 2
    pole = (xp.abs(xp.sin(half)) < noise) & (xp.abs(half) > 1)
    small = xp.abs(half) < 1e-4
    safe = xp.where(pole | small, xp.ones_like(half), half)
    ratio = xp.where(small, 1 + half * half / 6, xp.where(pole, xp.ones_like(half), safe / xp.sin(safe)))
    return ratio * xp.exp(1j * half)


def half_turn_distance(R: Any) -> Any:
    r"""Return $\pi$ minus the largest angle (...,) of rotations R (..., n, n), accurate near 0.

    The singular values of $1 + R$ are $2\cos(\theta_j/2)$.
    """
    xp = namespace(R)
    smallest = xp.linalg.svdvals(R + matching(np.eye(R.shape[-1]), R))[..., -1]
    return 2 * xp.asin(xp.clip(smallest / 2, 0, 1))


def _norm(X: Any) -> Any:
    xp = namespace(X)
    return xp.sqrt(xp.sum(xp.abs(X) ** 2, axis=(-2, -1)))[..., None, None]
