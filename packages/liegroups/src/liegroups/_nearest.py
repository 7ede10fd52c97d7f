"""The nearest orthogonal or unitary matrix."""

from typing import Any

import numpy as np

from ._arrays import is_constant, matching, namespace, stop_gradient, transpose


def nearest_orthogonal(A: Any, proper: bool = False) -> Any:
    r"""Return the orthogonal (complex: unitary) matrix nearest to (..., n, n) in the Frobenius norm.

    With $A = U \Sigma V^\dagger$ it is $U V^\dagger$; the nearest one of determinant +1 (``proper``, real matrices
    only) has the sign of the last column of $U$ reversed where the determinant of A is negative (Kabsch).

    Derivatives do not go through the singular vectors, which have none where singular values are equal. The result
    is a constant plus two chord steps for "$R^\dagger A$ is self-adjoint": with its eigenvalues $s_i$, each is
    $R \mapsto R e^\Omega$, $\Omega_{ij} = 2 K_{ij}/(s_i + s_j)$, $K$ the skew part. First and second derivatives are
    right wherever the nearest matrix is unique.
    """
    xp = namespace(A)
    fixed = stop_gradient(A)
    u, sizes, vh = xp.linalg.svd(fixed, full_matrices=False)
    if proper:
        negative = xp.linalg.det(xp.matmul(u, vh)) < 0
        last = matching(np.eye(A.shape[-1])[-1], sizes)
        signs = xp.where(negative[..., None], 1 - 2 * last, xp.ones_like(sizes))
        u, sizes = u * signs[..., None, :], sizes * signs
    nearest = xp.matmul(u, vh)
    if is_constant(A):
        return nearest
    v = adjoint(vh)
    total = sizes[..., :, None] + sizes[..., None, :]
    tiny = xp.finfo(sizes.dtype).eps * xp.max(xp.abs(sizes), axis=-1)[..., None, None]
    unique = xp.abs(total) > tiny
    weights = xp.where(unique, 2 / xp.where(unique, total, xp.ones_like(total)), xp.zeros_like(total))

    def moved(current: Any) -> Any:
        product = xp.matmul(adjoint(current), A)
        skew = (product - adjoint(product)) / 2
        omega = xp.matmul(v, xp.matmul(weights * xp.matmul(vh, xp.matmul(skew, v)), vh))
        turned = xp.matmul(current, omega)
        return current + turned + xp.matmul(turned, omega) / 2

    end = moved(moved(nearest))
    return nearest + (end - stop_gradient(end))


def adjoint(x: Any) -> Any:
    """Return the conjugate transpose; torch.func.vmap has no rule for conj."""
    xp = namespace(x)
    turned = transpose(x)
    return xp.real(turned) - 1j * xp.imag(turned) if xp.isdtype(x.dtype, "complex floating") else turned
