r"""The global chart $g = e^Y e^\Omega$ of a matrix group that is closed under transposition.

Mironenco & Forré, arXiv:2310.11366. With $\mathfrak g = \mathfrak k \oplus \mathfrak p$, skew and symmetric, $Y \in
\mathfrak p$ is unique and smooth on the whole group, and $\Omega \in \mathfrak k$ is the logarithm in the compact part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._algebra import orthonormal_span
from ._arrays import in_float64, is_constant, known_true, matching, namespace, stop_gradient, transpose
from ._chart import Chart, Side
from ._expm import expm
from ._log_sinhc import derivative_difference, first_derivative, log_sinhc
from ._polar import polar
from ._polar_log import polar_log
from ._reductive import in_span
from ._symmetric_function import symmetric_function

if TYPE_CHECKING:
    from ._base import MatrixGroup


class CompactCoordinates:
    """Logarithmic coordinates of a compact matrix group in an orthonormal basis, with their Haar density."""

    def __init__(self, group: MatrixGroup):
        self.group = group
        self.dim = group.dim
        self.basis = orthonormal_span(group.generators())
        self._angles = group.vee(self.basis)  # (dim, dim): angles of the unit vectors
        self._brackets = brackets(self.basis, self.basis, self.basis)

    def exp(self, coords: Any) -> Any:
        """Return the elements with the coordinates (..., dim)."""
        return self.group.exp(namespace(coords).matmul(coords, matching(self._angles, coords)))

    def log(self, g: Any) -> Any:
        """Return the coordinates of the elements."""
        return self.vee(self.group.hat(self.group.log(g)))

    def vee(self, X: Any) -> Any:
        """Return the coordinates of skew matrices in the algebra."""
        return coordinates(X, self.basis)

    def log_density(self, coords: Any) -> Any:
        r"""Return $\log|\det\varphi(-\mathrm{ad}\,\Omega)|$ with $\varphi(z) = (e^z-1)/z$, of modulus $\sin(a/2)/(a/2)$
        at an eigenvalue $ia$ of $\mathrm{ad}\,\Omega$.
        """
        return sum_of_log_sinhc(namespace(coords).tensordot(coords, matching(self._brackets, coords), axes=1), -0.25)


class PolarChart(Chart):
    r"""Coordinates $(Y, \Omega)$ of $g = e^Y e^\Omega$.

    Density: $\det_{\mathfrak p}[\sinh(\mathrm{ad}Y)/\mathrm{ad}Y]\;|\det_{\mathfrak k}\varphi(-\mathrm{ad}\,\Omega)|$,
    the same for left and right, since such a group is unimodular.
    """

    name = "polar"
    factor_names = ("P", "R")

    def __init__(self, group: MatrixGroup):
        super().__init__(group)
        cartan = group.cartan()
        self.compact = CompactCoordinates(cartan.compact)
        self.symmetric = orthonormal_span(cartan.symmetric)
        self._split = len(self.symmetric)
        self._brackets = brackets(self.symmetric, self.symmetric, self.compact.basis)

    def log_density_symmetric(self, y: Any) -> Any:
        r"""Return the factor of Y alone, $\log\det_{\mathfrak p}[\sinh(\mathrm{ad}Y)/\mathrm{ad}Y]$."""
        return sum_of_log_sinhc(namespace(y).tensordot(y, matching(self._brackets, y), axes=1), 1.0)

    def exp_symmetric(self, y: Any) -> Any:
        """Return $e^Y$ (..., n, n) of the symmetric coordinates (..., dim p)."""
        return expm(self._hat(y))

    def _hat(self, y: Any) -> Any:
        return namespace(y).tensordot(y, matching(self.symmetric, y), axes=1)

    def _forward(self, coords: Any) -> Any:
        y, omega = coords[..., : self._split], coords[..., self._split :]
        return namespace(coords).matmul(self.exp_symmetric(y), self.compact.exp(omega))

    def _inverse(self, g: Any) -> Any:
        if self.compact.group.n == 2 and self.compact.dim == 1:
            Y, skew = polar_log(g)
            omega = self.compact.vee(skew)
        else:
            P, R = polar(g)
            Y, omega = symmetric_function(P, "log"), self.compact.log(R)
        y = coordinates(Y, self.symmetric)
        member = in_span(Y, self._hat(y))
        if known_true(~member):
            raise ValueError(f"g has {int((~member).sum())} matrix(es) that are no elements of {self.group}")
        xp = namespace(g)
        y = xp.where(member[..., None], y, xp.asarray(float("nan"), dtype=y.dtype))
        return xp.concat([y, omega], axis=-1)

    def _factors(self, g: Any) -> tuple[Any, ...]:
        return polar(g)

    def _log_density(self, coords: Any, side: Side) -> Any:
        y, omega = coords[..., : self._split], coords[..., self._split :]
        return self.log_density_symmetric(y) + self.compact.log_density(omega)

    def _cut_distance(self, g: Any) -> Any:
        return self.compact.group._cut_distance(polar(g)[1])


def coordinates(X: Any, basis: np.ndarray) -> Any:
    """Return the coordinates (..., m) of matrices X (..., n, n) in an orthonormal basis (m, n, n)."""
    xp = namespace(X)
    flat = matching(basis.reshape(len(basis), basis.shape[-1] ** 2).T, X)
    return xp.matmul(xp.reshape(X, (*X.shape[:-2], X.shape[-1] ** 2)), flat)


def brackets(left: np.ndarray, right: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the components of [left_a, right_b] along values_c, (a, b, c)."""
    products = np.einsum("aij,bjk->abik", left, right) - np.einsum("bij,ajk->abik", right, left)
    return np.einsum("abik,cik->abc", products, values)


def sum_of_log_sinhc(A: Any, factor: float) -> Any:
    r"""Return $\sum_j \log(\sinh\sqrt{z_j}/\sqrt{z_j})$ over the eigenvalues $z_j$ of ``factor`` $A A^\mathsf{T}$.

    Eigenvalues that vanish count nothing, so the smaller of the two Gram matrices will do. Its eigenvectors are
    constant for differentiation: first and second derivatives come from the expansion of
    $\operatorname{tr} f(S + E)$, with $\tilde E = V^\mathsf{T} E V$ and divided differences,

    $$\sum_i f(\lambda_i) + f'(\lambda_i)\tilde E_{ii} + \tfrac12\sum_{ij} f'[\lambda_i, \lambda_j]\tilde E_{ij}^2
    + \dots,$$

    and are right at equal eigenvalues too.
    """
    xp = namespace(A)
    if min(A.shape[-2:]) == 0:
        return xp.sum(A, axis=(-2, -1))  # zeros
    gram = factor * (xp.matmul(A, transpose(A)) if A.shape[-2] <= A.shape[-1] else xp.matmul(transpose(A), A))
    if gram.shape[-1] == 1:
        return log_sinhc(gram[..., 0, 0])
    if is_constant(A):
        return xp.sum(log_sinhc(xp.linalg.eigvalsh(gram)), axis=-1)
    fixed = in_float64(stop_gradient(gram))
    z, vectors = xp.linalg.eigh(fixed)
    E = xp.matmul(transpose(vectors), xp.matmul(in_float64(gram) - fixed, vectors))
    diagonal = xp.sum(first_derivative(z) * xp.linalg.diagonal(E), axis=-1)
    second = xp.sum(derivative_difference(z[..., :, None], z[..., None, :]) * E * E, axis=(-2, -1))
    return xp.astype(xp.sum(log_sinhc(z), axis=-1) + diagonal + second / 2, A.dtype, copy=False)
