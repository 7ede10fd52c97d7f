r"""The matrix exponential: closed for n <= 2; for larger matrices torch's or jax's own, or Pade's approximant."""

from typing import Any

import array_api_compat as compat
import numpy as np

from . import _series
from ._arrays import (
    at_least_float32,
    blocks,
    entries,
    from_entries,
    is_constant,
    matching,
    namespace,
    repeat,
    require_finite,
    square_matrices,
    stop_gradient,
)


def expm(X: Any) -> Any:
    r"""Return the matrix exponential $e^X$.

    For $2 \times 2$ matrices, with $t = \tfrac12\operatorname{tr} X$, $D = X - tI$ and $q = -\det D$,

    $$e^X = e^t\Bigl(\cosh\sqrt q\,I + \frac{\sinh\sqrt q}{\sqrt q}\,D\Bigr),$$

    power series in $q$ near $q = 0$, so that derivatives of every order are right, repeated eigenvalues included.
    Larger matrices go to torch or jax; those of numpy are scaled, approximated and squared here.

    Args:
        X: Real matrices (..., n, n), numpy, torch or jax; float32 and float64 are kept, half precisions are
            computed in float32 and returned in their own dtype.

    Returns:
        Array (..., n, n).

    Raises:
        ValueError: If X is not square, not of a real floating dtype, or (where values can be seen) not finite.

    References:
        Higham, SIAM J. Matrix Anal. Appl. 26 (2005) 1179.

    Examples:
        >>> import numpy as np, liegroups
        >>> liegroups.expm(np.array([[0.0, -np.pi / 2], [np.pi / 2, 0.0]])).round(12) + 0.0
        array([[ 0., -1.],
               [ 1.,  0.]])
    """
    X = square_matrices(X, "X")
    require_finite(X, "X")
    return namespace(X).astype(exponential(at_least_float32(X)), X.dtype, copy=False)


def exponential(X: Any) -> Any:
    """Return `expm` of (..., n, n), float32 or float64, unchecked."""
    n = X.shape[-1]
    if n == 0:
        return X
    if n == 1:
        return namespace(X).exp(X)
    if n == 2:
        return _exponential2(X)
    if compat.is_torch_array(X):
        return _torch_exponential(X)
    if compat.is_jax_array(X):
        return _jax_exponential(X)
    return _scaled_and_squared(X)


def _torch_exponential(X: Any) -> Any:
    import torch

    if X.numel() == X.shape[-1] ** 2:
        # A single matrix takes a path with a wrong coefficient, where the error is up to 1e-11 (pytorch #196592).
        return torch.linalg.matrix_exp(torch.stack([X, X]))[0]
    return torch.linalg.matrix_exp(X)


def _jax_exponential(X: Any) -> Any:
    # jax takes one squaring too few for norms between 5.4 and 10.7 times a power of two, so they are taken here.
    from jax.scipy.linalg import expm as jax_expm

    xp = namespace(X)
    norm = xp.max(xp.sum(xp.abs(stop_gradient(X)), axis=-2), axis=-1)
    limit = _PADE_NORM if xp.finfo(X.dtype).bits == 64 else _PADE_NORM_FLOAT32
    squarings = xp.maximum(xp.ceil(xp.log2(xp.maximum(norm, limit) / limit)), 0.0)[..., None, None]

    def square(state: tuple[Any, Any]) -> tuple[Any, Any]:
        power, left = state
        return xp.where(left > 0, xp.matmul(power, power), power), left - 1

    power, left = repeat(square, (jax_expm(X * xp.exp2(-squarings), max_squarings=1), squarings), _MOST_SQUARINGS)
    return xp.where(left > 0, xp.asarray(float("nan"), dtype=X.dtype), power)


# Numerator of the approximant of order 13, and the 1-norm up to which it has full precision in float64 (Higham 2005).
_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
_PADE_NORM = 5.371920351148152
_PADE_NORM_FLOAT32 = 3.925724783138660  # of order 7, which jax takes
_MOST_SQUARINGS = 20


def _scaled_and_squared(X: np.ndarray) -> np.ndarray:
    # Not scipy.linalg.expm, which loses three digits in 1.17 (scipy #25924) and goes through a batch one by one.
    if X.size == 0:
        return np.empty_like(X)
    b, eye = _PADE, np.eye(X.shape[-1])
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is infinite, as in the other libraries
        A = X.astype(np.float64)
        norm = np.abs(A).sum(axis=-2).max(axis=-1)
        squarings = np.maximum(np.ceil(np.log2(np.maximum(norm, 1.0) / _PADE_NORM)), 0.0)
        A = A * np.exp2(-squarings)[..., None, None]
        A2 = A @ A
        A4 = A2 @ A2
        A6 = A4 @ A2
        odd = A @ (A6 @ (b[13] * A6 + b[11] * A4 + b[9] * A2) + b[7] * A6 + b[5] * A4 + b[3] * A2 + b[1] * eye)
        even = A6 @ (b[12] * A6 + b[10] * A4 + b[8] * A2) + b[6] * A6 + b[4] * A4 + b[2] * A2 + b[0] * eye
        power = np.linalg.solve(even - odd, even + odd)
        for k in range(int(squarings.max())):
            power = np.where((squarings > k)[..., None, None], power @ power, power)
        return power.astype(X.dtype)


def _exponential2(X: Any) -> Any:
    xp = namespace(X)
    (a, b), (c, d) = entries(X)
    t, h = (a + d) / 2, (a - d) / 2
    q = h * h + b * c
    # With s = sqrt(|q|): e^t cosh s = e^(t+s) (1 + e^(-2s))/2 where the eigenvalues are real, which does not overflow
    # on the way. Branches are chosen on inputs: what an unused one gives must not reach the derivative.
    real = q > 0
    if is_constant(X):
        root = xp.sqrt(xp.abs(q)) + xp.finfo(X.dtype).smallest_normal
        even, odd = _branches(xp, real, root, root)
        odd = odd / root
    else:
        near = xp.abs(q) < 1
        root = xp.sqrt(xp.where(near, 1.0, xp.abs(q)))
        real, small = real & ~near, xp.where(near, q, 0.0)
        even, odd = _branches(xp, real, root, xp.where(near, 0.0, root))
        even = xp.where(near, _series.cosine(-small), even)
        odd = xp.where(near, _series.sine_ratio(-small), odd / root)
    growth = xp.exp(t + xp.where(real, root, 0.0))
    even, odd = growth * even, growth * odd
    return from_entries([[even + odd * h, odd * b], [odd * c, even - odd * h]])


def _branches(xp: Any, real: Any, root: Any, turn: Any) -> tuple[Any, Any]:
    """Return cosh and sinh of ``root`` divided by its exponential where ``real``, else cos and sin of ``turn``."""
    decay = xp.expm1(xp.where(real, -2 * root, 0.0)) / 2
    return xp.where(real, 1 + decay, xp.cos(turn)), xp.where(real, -decay, xp.sin(turn))


def mean_exponential(X: Any) -> Any:
    r"""Return $\int_0^1 e^{sX}ds = \varphi(X)$, $\varphi(z) = (e^z-1)/z$, read off an exponential of twice the size."""
    xp = namespace(X)
    n = X.shape[-1]
    eye = xp.broadcast_to(matching(np.eye(n), X), X.shape)
    zero = xp.zeros_like(X)
    return exponential(blocks([[X, eye], [zero, zero]]))[..., :n, n:]
