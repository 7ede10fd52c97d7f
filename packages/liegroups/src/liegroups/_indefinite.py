"""Groups that preserve a form: Lorentz groups and the symplectic ones."""

from typing import Any

import numpy as np

from ._arrays import matching, namespace, transpose
from ._checks import check_size
from ._inverse import inverse
from ._membership import everywhere
from ._orthogonal import SO
from ._product import DirectProduct
from ._reductive import Reductive, entry_size, preserves, symmetric_basis
from ._unitary import U

_STEPS = 12
_SCALED_STEPS = 4


class _Form(Reductive):
    """Matrices with g^T J g = J, J orthogonal."""

    def _preserve(self, form: np.ndarray) -> None:
        self._form = form

    def _inverse(self, g: Any) -> Any:
        xp = namespace(g)
        return xp.matmul(matching(self._form.T, g), xp.matmul(transpose(g), matching(self._form, g)))

    def _identity_component(self, g: Any) -> Any:
        raise NotImplementedError

    def _contains(self, g: Any, atol: float) -> Any:
        return preserves(g, self._form, atol) & self._identity_component(g)

    def _project(self, A: Any) -> tuple[Any, Any]:
        """Iterate X <- (X + J^-1 X^-T J)/2, scaled at first, to the polar factor in the form J."""
        xp = namespace(A)
        J, J_back = matching(self._form, A), matching(self._form.T, A)
        X, regular = A, everywhere(A)
        for step in range(_STEPS):
            det = xp.abs(xp.linalg.det(X))
            regular = regular & (det > 0)
            X = xp.where(regular[..., None, None], X, self.identity(A))
            if step < _SCALED_STEPS:
                X = X / (xp.where(regular, det, xp.ones_like(det)) ** (1 / self.n))[..., None, None]
            X = (X + xp.matmul(J_back, xp.matmul(transpose(inverse(X)), J))) / 2
        finite = xp.all(xp.isfinite(X), axis=(-2, -1))
        X = xp.where(finite[..., None, None], X, self.identity(A))
        near = self._contains(X, 1e3 * self.n * xp.finfo(A.dtype).eps)
        return X, regular & finite & near


class Lorentz(_Form):
    r"""$\mathrm{SO}^+(p, q)$: matrices that preserve $\operatorname{diag}(1^p, (-1)^q)$, and both orientations.

    Coordinates: the angles of SO(p), those of SO(q), then the boosts $(E_{a,p+b} + E_{p+b,a})/\sqrt2$, a before b:
    a coordinate is $\sqrt2$ times the rapidity. ``project`` is the polar factor in the form, by Newton's iteration
    $X \mapsto (X + J X^{-\mathsf T} J)/2$.

    Args:
        p: Number of positive signs, at least 1.
        q: Number of negative signs, at least 1.

    Raises:
        ValueError: If ``p`` or ``q`` is not a positive integer.

    Examples:
        >>> import numpy as np, liegroups
        >>> G = liegroups.Lorentz(1, 3)
        >>> G, G.n, G.dim
        (SO+(1,3), 4, 6)
        >>> boost = G.exp(np.array([0.0, 0.0, 0.0, np.sqrt(2) * np.arccosh(2.0), 0.0, 0.0]))
        >>> boost[0].round(3)
        array([2.   , 1.732, 0.   , 0.   ])
    """

    def __init__(self, p: int, q: int):
        p, q = _check_signs(p, "p"), _check_signs(q, "q")
        self._p = p
        boosts = np.zeros((p, q, p + q, p + q))
        for a in range(p):
            for b in range(q):
                boosts[a, b, a, p + b] = boosts[a, b, p + b, a] = np.sqrt(0.5)
        self._preserve(np.diag([1.0] * p + [-1.0] * q))
        self._reduce(DirectProduct(SO(p), SO(q)), boosts.reshape(p * q, p + q, p + q), f"SO+({p},{q})")

    def _identity_component(self, g: Any) -> Any:
        det = namespace(g).linalg.det
        return (det(g[..., : self._p, : self._p]) > 0) & (det(g[..., self._p :, self._p :]) > 0)


class Sp(_Form):
    r"""Real symplectic matrices, $g^\mathsf{T} J g = J$ with $J = \begin{pmatrix}0 & I\\ -I & 0\end{pmatrix}$.

    Coordinates: those of U(n/2), its maximal compact subgroup, then the symmetric matrices
    $\begin{pmatrix}S & T\\ T & -S\end{pmatrix}/\sqrt2$, first all $S$, then all $T$, in the basis $E_{ii}$,
    $(E_{ij}+E_{ji})/\sqrt2$, $i > j$. ``project`` is the polar factor in the form, by Newton's iteration
    $X \mapsto (X + J^{-1} X^{-\mathsf T} J)/2$.

    Args:
        n: Size of the matrices, even and at least 2.

    Raises:
        ValueError: If ``n`` is not a positive even integer.

    Examples:
        >>> import liegroups
        >>> G = liegroups.Sp(4)
        >>> G, G.dim, G.cartan().compact
        (Sp(4), 10, U(2))
        >>> liegroups.Sp(2) == liegroups.SL(2)
        True
    """

    def __init__(self, n: int = 2):
        n = check_size(n, "Sp(n)", smallest=2)
        if n % 2:
            raise ValueError(f"n of Sp(n) must be even, not {n}")
        half = n // 2
        S = symmetric_basis(half, np.eye(half))
        zero = 0 * S
        first = np.concatenate([np.concatenate([S, zero], axis=2), np.concatenate([zero, -S], axis=2)], axis=1)
        second = np.concatenate([np.concatenate([zero, S], axis=2), np.concatenate([S, zero], axis=2)], axis=1)
        eye, zero = np.eye(half), np.zeros((half, half))
        self._preserve(np.block([[zero, eye], [-eye, zero]]))
        self._reduce(U(half), np.concatenate([first, second]) / np.sqrt(2), f"Sp({n})")

    def _identity_component(self, g: Any) -> Any:
        return entry_size(g) > 0  # the group is connected


def _check_signs(value: Any, argument: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{argument} of Lorentz(p, q) must be an integer >= 1, not {value!r}")
    return int(value)
