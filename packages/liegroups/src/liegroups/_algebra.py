"""Tables of a matrix Lie algebra: bases checked, dual bases, skew and symmetric parts."""

import numpy as np

from ._checks import float_table

_INDEPENDENT = 1e-9  # smallest singular value of the normalised basis
_CLOSED = 1e-9  # largest part of a bracket of unit matrices outside of the span


def frozen(table: np.ndarray) -> np.ndarray:
    """Return a float64 copy that cannot be written to."""
    table = np.array(table, dtype=np.float64)
    table.setflags(write=False)
    return table


def checked_table(table: object, argument: str, n: int | None = None) -> np.ndarray:
    """Return finite square matrices (m, n, n) as float64, or raise naming the argument."""
    found = float_table(table, argument)
    wanted = "(m, n, n)" if n is None else f"(m, {n}, {n})"
    square = found.ndim == 3 and found.shape[1] == found.shape[2] >= 1
    if not square or (n is not None and found.shape[1] != n):
        raise ValueError(f"{argument} must have shape {wanted}, not {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{argument} must be finite, but it has {np.sum(~np.isfinite(found))} entries that are not")
    return found


def checked_basis(table: object, argument: str) -> np.ndarray:
    """Return a basis of a Lie algebra (dim, n, n), or raise if it is dependent or no algebra."""
    basis = checked_table(table, argument)
    dim, n, _ = basis.shape
    if dim == 0:
        return basis
    flat = basis.reshape(dim, n * n)
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    if not norms.all():
        raise ValueError(f"{argument} must be linearly independent, but matrix {int(norms.argmin())} is zero")
    values = np.linalg.svd(flat / norms, compute_uv=False)
    if dim > n * n or values[-1] < _INDEPENDENT:
        rank = int(np.sum(values >= _INDEPENDENT))
        raise ValueError(f"{argument} must be linearly independent, but {dim} matrices span {rank} dimensions")
    unit = basis / norms[:, :, None]
    brackets = np.einsum("aij,bjk->abik", unit, unit)
    brackets = (brackets - brackets.swapaxes(0, 1)).reshape(dim, dim, n * n)
    frame = np.linalg.qr(flat.T)[0]
    outside = np.abs(brackets - brackets @ frame @ frame.T).max(axis=2)
    if outside.max() > _CLOSED:
        a, b = np.unravel_index(outside.argmax(), outside.shape)
        raise ValueError(
            f"{argument} must span a Lie algebra, but the bracket of matrices {a} and {b} leaves the span "
            f"by {outside.max():.1e}"
        )
    return basis


def dual_basis(basis: np.ndarray) -> np.ndarray:
    r"""Return the matrices $D_a$ of the span with $\langle D_a, T_b\rangle = \delta_{ab}$.

    For an orthogonal basis this is division by the squared norms, so that the entries 0, 1 and 1/2 are exact.
    """
    flat = basis.reshape(len(basis), basis.shape[-1] ** 2)
    gram = flat @ flat.T
    diagonal = np.diag(gram)
    if np.abs(gram - np.diag(diagonal)).max(initial=0.0) <= 4 * np.finfo(float).eps * diagonal.max(initial=0.0):
        return basis / diagonal[:, None, None]
    return np.linalg.solve(gram, flat).reshape(basis.shape)


def orthonormal_span(matrices: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of the span of matrices (m, n, n), the given ones scaled where orthogonal."""
    m, n, _ = matrices.shape
    flat = matrices.reshape(m, n * n)
    norms = np.linalg.norm(flat, axis=1)
    kept = flat[norms > _INDEPENDENT * norms.max(initial=0.0)]
    kept = kept / np.linalg.norm(kept, axis=1, keepdims=True)
    gram = kept @ kept.T
    if np.abs(gram - np.eye(len(kept))).max(initial=0.0) > 1e-12:
        _, values, vh = np.linalg.svd(kept, full_matrices=False)
        kept = vh[values > _INDEPENDENT]
    return kept.reshape(-1, n, n)


def cartan_parts(basis: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return bases of the skew and of the symmetric part (orthonormal), or None if transposition leaves the span."""
    turned = basis.swapaxes(1, 2)
    skew, symmetric = orthonormal_span(basis - turned), orthonormal_span(basis + turned)
    if len(skew) + len(symmetric) != len(basis):
        return None
    given = basis[np.all(basis == -turned, axis=(1, 2))]  # kept as they are where they are all
    skew = given if len(given) == len(skew) else (skew - skew.swapaxes(1, 2)) / 2
    return skew, (symmetric + symmetric.swapaxes(1, 2)) / 2
