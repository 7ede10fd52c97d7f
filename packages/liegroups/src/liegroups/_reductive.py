"""Groups closed under transposition: a maximal compact subgroup times exponentials of symmetric matrices."""

from typing import Any

import numpy as np

from ._algebra import frozen
from ._arrays import matching, namespace
from ._base import Cartan, MatrixGroup
from ._logm import logarithm
from ._membership import loose


class Reductive(MatrixGroup):
    r"""A group $\{e^Y k : Y \in \mathfrak p, k \in K\}$, $\mathfrak p$ symmetric matrices.

    Generators are those of $K$, then the basis of $\mathfrak p$. Samples are $e^{Y}k$ with $k$ from Haar measure and
    $Y$ with independent normal coordinates of width ``scale`` in the orthonormal basis.
    """

    _no_log = "without a principal logarithm in the algebra of {}"

    def _reduce(self, compact: MatrixGroup, symmetric: np.ndarray, name: str) -> None:
        """Take the two parts; what subclasses call instead of ``_setup``."""
        self._compact_part = compact
        self._symmetric = frozen(symmetric)
        self.compact = len(symmetric) == 0
        self._setup(np.concatenate([compact.generators(), symmetric]), compact.discrete_generators(), name)

    def _cartan(self) -> Cartan:
        return Cartan(self._compact_part, self._symmetric.copy())

    def _sample(self, count: int, rng: np.random.Generator, scale: Any) -> np.ndarray:
        k = self._compact_part._sample(count, rng, None)
        return k if self.compact else symmetric_gaussian(self._symmetric, count, rng, scale) @ k

    def _log(self, g: Any) -> tuple[Any, Any]:
        X, bad = logarithm(g)
        v = self.vee(X)
        return v, ~bad & in_span(X, self.hat(v))


def in_span(X: Any, projected: Any) -> Any:
    """Tell where matrices are their projections on an algebra, up to more than rounding."""
    xp = namespace(X)
    size = xp.max(xp.abs(X), axis=(-2, -1))
    return xp.max(xp.abs(X - projected), axis=(-2, -1)) <= loose(X) * xp.maximum(size, xp.ones_like(size))


def symmetric_gaussian(basis: np.ndarray, count: int, rng: np.random.Generator, scale: float) -> np.ndarray:
    """Return exponentials of symmetric matrices with independent normal coordinates, (count, n, n)."""
    coordinates = scale * rng.standard_normal((count, len(basis)))
    values, vectors = np.linalg.eigh(np.tensordot(coordinates, basis, axes=1))
    return (vectors * np.exp(values)[:, None, :]) @ vectors.swapaxes(1, 2)


def symmetric_basis(n: int, diagonals: np.ndarray) -> np.ndarray:
    r"""Return the diagonal matrices of the rows of ``diagonals``, then $(E_{ij} + E_{ji})/\sqrt2$, $i > j$."""
    diagonal = np.zeros((len(diagonals), n, n))
    diagonal[:, np.arange(n), np.arange(n)] = diagonals
    pairs = [(i, j) for i in range(n) for j in range(i)]
    off = np.zeros((len(pairs), n, n))
    for table, (i, j) in zip(off, pairs, strict=True):
        table[i, j] = table[j, i] = np.sqrt(0.5)
    return np.concatenate([diagonal, off])


def traceless_diagonals(n: int) -> np.ndarray:
    r"""Return the orthonormal rows $(1, \dots, 1, -k, 0, \dots)/\sqrt{k(k+1)}$, $k = 1, \dots, n - 1$."""
    rows = np.zeros((n - 1, n))
    for k in range(1, n):
        rows[k - 1, :k], rows[k - 1, k] = 1.0, -float(k)
        rows[k - 1] /= np.sqrt(k * (k + 1))
    return rows


def entry_size(g: Any) -> Any:
    """Return the root mean square of the singular values of g, at least 1: the scale of rounding errors."""
    xp = namespace(g)
    mean = xp.sum(g * g, axis=(-2, -1)) / g.shape[-1]
    return xp.sqrt(xp.maximum(mean, xp.ones_like(mean)))


def invertible(g: Any) -> Any:
    """Tell which matrices are not singular to rounding."""
    xp = namespace(g)
    values = xp.linalg.svdvals(g)
    eps = g.shape[-1] * xp.finfo(g.dtype).eps
    return values[..., -1] > eps * values[..., 0]


def preserves(g: Any, form: np.ndarray, atol: float) -> Any:
    """Tell which matrices satisfy g^T J g = J, to atol in units of the squared entries."""
    xp = namespace(g)
    J = matching(form, g)
    defect = xp.matmul(xp.matrix_transpose(g), xp.matmul(J, g)) - J
    return xp.max(xp.abs(defect), axis=(-2, -1)) <= atol * entry_size(g) ** 2
