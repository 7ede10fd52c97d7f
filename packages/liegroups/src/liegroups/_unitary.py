"""Unitary groups, as real matrices of twice the size."""

from typing import Any

import numpy as np

from ._arrays import namespace
from ._base import Cartan, MatrixGroup
from ._checks import check_size
from ._complex import complex_linear, determinant, realify, to_complex, to_real, unitary_log
from ._membership import everywhere, loose, orthogonal
from ._nearest import nearest_orthogonal
from ._orthogonal import rotation_generators
from ._reductive import traceless_diagonals


class _Unitary(MatrixGroup):
    _no_log = "outside of {}"

    def _cartan(self) -> Cartan:
        return Cartan(self, np.zeros((0, self.n, self.n)))


class U(_Unitary):
    r"""Unitary matrices $A + iB$ as the real $2n \times 2n$ matrices $\begin{pmatrix}A & -B\\ B & A\end{pmatrix}$.

    Coordinates: the angles of SO(n), then those of $i(E_{jk}+E_{kj})$, $j > k$, then the phases of $iE_{jj}$. As real
    matrices the generators are orthogonal, of norm 2, 2 and $\sqrt2$. The logarithm has the eigenvalue angles in
    $(-\pi, \pi]$: it exists everywhere, and is smooth where no eigenvalue is -1.

    Args:
        n: Size of the complex matrices, at least 1; the attribute ``n`` is twice that.

    Raises:
        ValueError: If ``n`` is not a positive integer.

    Examples:
        >>> import numpy as np, liegroups
        >>> G = liegroups.U(2)
        >>> G, G.n, G.dim
        (U(2), 4, 4)
        >>> liegroups.U(1) == liegroups.SO(2)
        True
        >>> (G.log(-np.eye(4)) / np.pi).round(12)
        array([0., 0., 1., 1.])
    """

    def __init__(self, n: int):
        n = check_size(n, "U(n)")
        phases = np.zeros((n, n, n))
        phases[np.arange(n), np.arange(n), np.arange(n)] = 1.0
        self._setup(_generators(n, phases), np.zeros((0, 2 * n, 2 * n)), f"U({n})")

    def _log(self, g: Any) -> tuple[Any, Any]:
        return self.vee(unitary_log(g, special=False)), complex_linear(g, loose(g))

    def _contains(self, g: Any, atol: float) -> Any:
        return complex_linear(g, atol) & orthogonal(g, atol)

    def _project(self, A: Any) -> tuple[Any, Any]:
        return to_real(nearest_orthogonal(to_complex(A))), everywhere(A)

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        Z = haar_unitary(count, self.n // 2, rng)
        return realify(np.real(Z), np.imag(Z))


class SU(_Unitary):
    r"""Unitary matrices of determinant 1, as real $2n \times 2n$ matrices (see ``U``).

    Coordinates: the angles of SO(n), then those of $i(E_{jk}+E_{kj})$, $j > k$, then of $i\lambda_k$ with the diagonal
    matrices of Gell-Mann, $\lambda_k = \sqrt{2/(k(k+1))}\operatorname{diag}(1, \dots, 1, -k, 0, \dots)$. As real
    matrices all have norm 2. The logarithm has eigenvalue angles in $(-\pi, \pi]$ where these sum to zero; where they
    sum to $2\pi k$ the $k$ largest are reduced by $2\pi$. ``project`` divides the nearest unitary matrix by the
    principal n-th root of its determinant.

    Args:
        n: Size of the complex matrices, at least 1; the attribute ``n`` is twice that.

    Raises:
        ValueError: If ``n`` is not a positive integer.

    Examples:
        >>> import numpy as np, liegroups
        >>> G = liegroups.SU(2)
        >>> G, G.n, G.dim
        (SU(2), 4, 3)
        >>> np.trace(G.generators()[1] @ G.generators()[1])
        np.float64(-4.0)
    """

    def __init__(self, n: int):
        n = check_size(n, "SU(n)")
        diagonals = np.zeros((n - 1, n, n))
        diagonals[:, np.arange(n), np.arange(n)] = np.sqrt(2) * traceless_diagonals(n)
        self._setup(_generators(n, diagonals), np.zeros((0, 2 * n, 2 * n)), f"SU({n})")

    def _log(self, g: Any) -> tuple[Any, Any]:
        exists = complex_linear(g, loose(g)) & (namespace(g).abs(determinant(to_complex(g)) - 1) <= loose(g))
        return self.vee(unitary_log(g, special=True)), exists

    def _cut_distance(self, g: Any) -> Any:
        # The largest angle is to be reduced by 2 pi once it exceeds the smallest by that much.
        xp = namespace(g)
        angles = xp.linalg.eigvalsh(-1j * to_complex(self.hat(self._log(g)[0])))
        return np.pi - (angles[..., -1] - angles[..., 0]) / 2

    def _contains(self, g: Any, atol: float) -> Any:
        unit = namespace(g).abs(determinant(to_complex(g)) - 1) <= self.n * atol
        return complex_linear(g, atol) & orthogonal(g, atol) & unit

    def _project(self, A: Any) -> tuple[Any, Any]:
        nearest = nearest_orthogonal(to_complex(A))
        return to_real(divide_by_root(nearest, determinant(nearest))), everywhere(A)

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        Z = haar_unitary(count, self.n // 2, rng)
        Z[:, :, -1] /= np.linalg.det(Z)[:, None]
        return realify(np.real(Z), np.imag(Z))


def haar_unitary(count: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw from Haar measure on U(n), complex: QR of a Gaussian matrix with the diagonal of R made positive."""
    gauss = rng.standard_normal((2, count, n, n))
    q, r = np.linalg.qr(gauss[0] + 1j * gauss[1])
    diagonal = np.diagonal(r, axis1=-2, axis2=-1)
    return q * (diagonal / np.abs(diagonal))[:, None, :]


def divide_by_root(Z: Any, det: Any) -> Any:
    """Return Z divided by the principal n-th root of its determinant, where that is not zero."""
    xp = namespace(Z)
    n = Z.shape[-1]
    x, y = xp.real(det), xp.imag(det)
    zero = (x == 0) & (y == 0)
    x = xp.where(zero, xp.ones_like(x), x)
    size, angle = (x * x + y * y) ** (-0.5 / n), -xp.atan2(y, x) / n
    return Z * (size * xp.cos(angle) + 1j * size * xp.sin(angle))[..., None, None]


def _generators(n: int, diagonals: np.ndarray) -> np.ndarray:
    rotations = rotation_generators(n)
    pairs = [(j, k) for j in range(n) for k in range(j)]
    mixed = np.zeros((len(pairs), n, n))
    for table, (j, k) in zip(mixed, pairs, strict=True):
        table[j, k] = table[k, j] = 1.0
    imaginary = np.concatenate([mixed, diagonals])
    return np.concatenate([realify(rotations, 0 * rotations), realify(0 * imaginary, imaginary)])
