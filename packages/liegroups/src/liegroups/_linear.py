"""The general and the special linear groups."""

from math import sqrt
from typing import Any, Literal

import numpy as np

from ._arrays import namespace
from ._base import check_size, everywhere
from ._complex import complex_linear, realify, to_complex, to_real
from ._orthogonal import SO, O
from ._reductive import Reductive, entry_size, invertible, symmetric_basis, traceless_diagonals
from ._unitary import SU, divide_by_root


class SL(Reductive):
    r"""Matrices of determinant 1, real or complex; $\mathrm{SL}(n, \mathbb C)$ as real $2n \times 2n$ matrices.

    Coordinates: those of SO(n), then the traceless symmetric matrices: $\operatorname{diag}(1, \dots, 1, -k, 0, \dots)
    /\sqrt{k(k+1)}$, then $(E_{ij}+E_{ji})/\sqrt2$, $i > j$. For ``field="C"`` those of SU(n), then the Hermitian
    traceless matrices: the same ones and $i(E_{ij}-E_{ji})/\sqrt2$, $i > j$, all divided by $\sqrt 2$, so that as real
    matrices they are orthonormal. ``project`` takes the complex-linear part and divides by the principal n-th root
    of the determinant, which for real matrices must be positive. For ``field="C"`` and $n \ge 3$ the principal
    logarithm may have the trace $2\pi i k$; then ``log`` raises as well.

    Args:
        n: Size of the real or complex matrices, at least 1.
        field: ``"R"`` or ``"C"``.

    Raises:
        ValueError: If ``n`` is not a positive integer or ``field`` neither "R" nor "C".

    Examples:
        >>> import numpy as np, liegroups
        >>> G = liegroups.SL(2)
        >>> G, G.dim, liegroups.SL(2, field="C").n
        (SL(2), 3, 4)
        >>> g = G.exp(np.array([0.0, np.sqrt(2), 0.0]))          # a squeeze: diag(e, 1/e)
        >>> g.round(3)
        array([[2.718, 0.   ],
               [0.   , 0.368]])
        >>> G.log(np.diag([-2.0, -0.5]))
        Traceback (most recent call last):
        ValueError: g has 1 element(s) without a principal logarithm in the algebra of SL(2)
    """

    _no_projection = "without a determinant of which {} has a multiple"

    def __init__(self, n: int, field: Literal["R", "C"] = "R"):
        n = check_size(n, "SL(n)")
        if field not in ("R", "C"):
            raise ValueError(f"field of SL(n) must be 'R' or 'C', not {field!r}")
        self.field = field
        symmetric = symmetric_basis(n, traceless_diagonals(n))
        if field == "R":
            self._reduce(SO(n), symmetric, f"SL({n})")
            return
        skew = np.array([np.tril(table, -1) - np.tril(table, -1).T for table in symmetric[n - 1 :]]).reshape(-1, n, n)
        hermitian = np.concatenate([realify(symmetric, 0 * symmetric), realify(0 * skew, skew)])
        self._reduce(SU(n), hermitian / np.sqrt(2), f"SL({n}, C)")

    def _determinant(self, g: Any) -> Any:
        return namespace(g).linalg.det(to_complex(g) if self.field == "C" else g)

    def _contains(self, g: Any, atol: float) -> Any:
        size = entry_size(g)
        degree = self.n if self.field == "R" else self.n // 2
        unit = namespace(g).abs(self._determinant(g) - 1) <= atol * size**degree
        return unit if self.field == "R" else unit & complex_linear(g, atol * size)

    def _project(self, A: Any) -> tuple[Any, Any]:
        xp = namespace(A)
        det = self._determinant(A)
        if self.field == "C":
            return to_real(divide_by_root(to_complex(A), det)), xp.abs(det) > 0
        positive = det > 0
        root = xp.where(positive, det, xp.ones_like(det)) ** (1 / self.n)
        return A / root[..., None, None], positive


class _General(Reductive):
    """Open sets of matrices: what they contain they leave as it is."""

    def _project(self, A: Any) -> tuple[Any, Any]:
        return A, self._contains(A, 0.0)


class GLPlus(_General):
    r"""Matrices of positive determinant, the identity component of GL(n).

    Coordinates: those of SO(n), then the symmetric matrices $E_{ii}$ and $(E_{ij}+E_{ji})/\sqrt2$, $i > j$. A matrix
    is contained when its determinant is positive and its smallest singular value above rounding; ``project`` leaves
    such a matrix as it is and refuses the others, to which no element is nearest.

    Args:
        n: Size of the matrices, at least 1.

    Raises:
        ValueError: If ``n`` is not a positive integer.

    Examples:
        >>> import numpy as np, liegroups
        >>> G = liegroups.GLPlus(2)
        >>> G, G.dim, G.compact
        (GL+(2), 4, False)
        >>> bool(G.contains(np.array([[1.0, 5.0], [0.0, 1.0]]))), bool(G.contains(np.diag([1.0, -1.0])))
        (True, False)
    """

    _no_projection = "without a positive determinant, and no element of {} is nearest"

    def __init__(self, n: int):
        n = check_size(n, "GLPlus(n)")
        self._reduce(SO(n), symmetric_basis(n, np.eye(n)), f"GL+({n})")

    def _contains(self, g: Any, atol: float) -> Any:
        return invertible(g) & (namespace(g).linalg.slogdet(g)[0] > 0)


class GL(_General):
    r"""All invertible matrices. The component group is generated by the reflection of the last coordinate.

    Coordinates as for ``GLPlus(n)``. A matrix is contained when its smallest singular value is above rounding.

    Args:
        n: Size of the matrices, at least 1.

    Raises:
        ValueError: If ``n`` is not a positive integer.

    Examples:
        >>> import liegroups
        >>> G = liegroups.GL(3)
        >>> G, G.dim, G.cartan().compact
        (GL(3), 9, O(3))
    """

    _no_projection = "singular, and no element of {} is nearest"

    def __init__(self, n: int):
        n = check_size(n, "GL(n)")
        self._reduce(O(n), symmetric_basis(n, np.eye(n)), f"GL({n})")

    def _contains(self, g: Any, atol: float) -> Any:
        return invertible(g)


class Scaling(Reductive):
    r"""Rotations times dilations, $\mathbb R_+ \times \mathrm{SO}(n)$: the linear part of ``Sim(n)``.

    Coordinates: those of SO(n), then $I/\sqrt n$. ``project`` takes the nearest element: with $R$ the nearest
    rotation, $\operatorname{tr}(R^\mathsf{T}A)/n \cdot R$.
    """

    _no_log = "outside the identity component of {}, where no logarithm exists"

    def __init__(self, n: int):
        n = check_size(n, "Sim(n)")
        self._rotations = SO(n)
        self._reduce(self._rotations, np.eye(n)[None] / np.sqrt(n), f"R+ x SO({n})")

    def _split(self, g: Any) -> tuple[Any, Any]:
        """Return the factor (...,) by which lengths grow and the rest; 1 where the determinant is not positive."""
        xp = namespace(g)
        det = xp.linalg.det(g)
        size = xp.where(det > 0, det, xp.ones_like(det)) ** (1 / self.n)
        return size, g / size[..., None, None]

    def _exp(self, v: Any) -> Any:
        xp = namespace(v)
        size = xp.exp(v[..., -1] / sqrt(self.n))
        return size[..., None, None] * self._rotations._exp(v[..., :-1])

    def _log(self, g: Any) -> tuple[Any, Any]:
        xp = namespace(g)
        size, R = self._split(g)
        w, exists = self._rotations._log(R)
        return xp.concat([w, sqrt(self.n) * xp.log(size)[..., None]], axis=-1), exists

    def _contains(self, g: Any, atol: float) -> Any:
        return self._rotations._contains(self._split(g)[1], atol)

    def _inverse(self, g: Any) -> Any:
        xp = namespace(g)
        squared = xp.sum(g * g, axis=(-2, -1)) / self.n
        return xp.matrix_transpose(g) / squared[..., None, None]

    def _project(self, A: Any) -> tuple[Any, Any]:
        xp = namespace(A)
        R = self._rotations._project(A)[0]
        size = xp.sum(R * A, axis=(-2, -1)) / self.n
        return size[..., None, None] * R, everywhere(A) & (size > 0)
