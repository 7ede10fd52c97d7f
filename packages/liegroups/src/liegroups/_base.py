"""The methods that all groups share."""

from numbers import Real
from typing import Any

import numpy as np

from ._arrays import as_array, check_tail, known_true, matching, namespace, transpose


class MatrixGroup:
    r"""A group of real $n \times n$ matrices; the base of every group here.

    Elements have shape (..., n, n) and coordinates of the Lie algebra shape (..., dim), as numpy, torch or
    jax arrays with any batch shape; float32 and float64 are kept. Two groups are equal when their defining
    generators are, whatever their names.

    Attributes:
        name: The mathematical name, such as ``"SO(3)"``.
        n: Size of the defining matrices ($d + 1$ for affine groups of $\mathbb{R}^d$).
        dim: Dimension of the Lie algebra, 0 for a finite group.
        compact: Whether the group is compact.
        affine: Whether it acts on points by homogeneous matrices.

    Examples:
        >>> import numpy as np, liegroups
        >>> G = liegroups.SO(2)
        >>> g = G.exp(np.array([np.pi / 2]))
        >>> G.act(g, np.array([1.0, 0.0])).round(12)
        array([0., 1.])
        >>> G.log(G.compose(g, g)) / np.pi
        array([1.])
    """

    compact: bool = True
    affine: bool = False

    def __init__(self, name: str, generators: np.ndarray, discrete_generators: np.ndarray):
        self.name = name
        self.n = generators.shape[-1]
        self.dim = len(generators)
        self._generators = _frozen(generators)
        self._discrete = _frozen(discrete_generators)
        # vee(X) = <dual_a, X>: for the orthogonal generators used here the entries are 0, 1 and 1/2 exactly.
        norms = np.sum(self._generators**2, axis=(1, 2), keepdims=True)
        self._dual = _frozen(self._generators / norms)

    def __repr__(self) -> str:
        return self.name

    def _key(self) -> tuple:
        tables = (self._generators, self._discrete)
        return (self.n, self.affine, *((np.round(table, 12) + 0.0).tobytes() for table in tables))

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, MatrixGroup) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    # ---- tables, numpy float64 -------------------------------------------------------------------------

    def generators(self) -> np.ndarray:
        r"""Return the standard basis of the Lie algebra, (dim, n, n), numpy float64.

        Rotations first: $n = 2$: ``[[0, -1], [1, 0]]``; $n = 3$: $L_x, L_y, L_z$ with
        $(L_a)_{bc} = -\epsilon_{abc}$; $n \ge 4$: $E_{ij} - E_{ji}$ for $i > j$ in lexicographic order; then
        the unit translations. A rotation coordinate is therefore an angle in radians; the Frobenius norm
        of a rotation generator is $\sqrt 2$.
        """
        return self._generators.copy()

    def discrete_generators(self) -> np.ndarray:
        """Return generators of the component group, or of a finite group, (m, n, n), numpy float64."""
        return self._discrete.copy()

    def sample(self, count: int, seed: Any, scale: float | None = None) -> np.ndarray:
        """Draw independent elements: from Haar measure on a compact group.

        Args:
            count: Number of elements.
            seed: Anything that ``numpy.random.default_rng`` takes; the same seed gives the same elements.
            scale: Standard deviation of each translation component, in the units of the coordinates.
                Required where the group is not compact (it has no finite Haar measure), ignored otherwise.

        Returns:
            Array (count, n, n), numpy float64.

        Raises:
            ValueError: If ``count`` is negative, ``seed`` is no seed, or ``scale`` is missing or not positive where
                it is needed.
        """
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 0:
            raise ValueError(f"count must be an integer >= 0, not {count!r}")
        if not self.compact and not (isinstance(scale, Real) and 0 < scale < np.inf):
            raise ValueError(
                f"scale must be a positive number for {self.name}, not {scale!r}: the group is not compact, "
                "so the size of its translations has to be said"
            )
        try:
            rng = np.random.default_rng(seed)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"seed must be one of numpy.random.default_rng, such as an integer >= 0, not {seed!r}"
            ) from error
        return self._sample(int(count), rng, scale)

    def elements(self) -> np.ndarray | None:
        """Return all elements, (order, n, n), identity first, or None for more than 1e5 of them."""
        return None

    # ---- group operations on arrays of any library -----------------------------------------------------

    def identity(self, like: Any = None) -> Any:
        """Return the identity (n, n), in the library, dtype and device of ``like`` (default numpy float64)."""
        eye = np.eye(self.n)
        return eye if like is None else matching(eye, as_array(like, "like"))

    def compose(self, a: Any, b: Any) -> Any:
        """Return the product ``a b``, in the library, dtype and device of ``a``; batch axes broadcast."""
        a, b = self._element(a, "a"), self._element(b, "b")
        return namespace(a).matmul(a, matching(b, a))

    def inverse(self, g: Any) -> Any:
        """Return the inverse of ``g`` (..., n, n)."""
        return self._inverse(self._element(g, "g"))

    def act(self, g: Any, x: Any) -> Any:
        """Return the action of ``g`` on points or vectors ``x``.

        Args:
            g: Elements (..., n, n).
            x: Points (..., d) with d = n, or d = n - 1 for an affine group, which also translates. The
                batch axes of g and x broadcast: one g for all of x, or ``g[:, None]`` for a batch of point sets.

        Returns:
            Array (..., d), of the library and dtype of ``x``.
        """
        from ._rep import Rep

        return Rep("point", self).rho(self._element(g, "g"), x)

    def contains(self, g: Any, atol: float | None = None) -> Any:
        """Tell which matrices (..., n, n) are elements, as a boolean array (...,).

        Args:
            g: Matrices to test.
            atol: Largest deviation of an entry; default 1e-10 in float64, 1e-5 in float32.
        """
        g = self._element(g, "g")
        return self._contains(g, _tolerance(g) if atol is None else atol)

    # ---- Lie algebra -----------------------------------------------------------------------------------

    def hat(self, v: Any) -> Any:
        """Return the algebra element (..., n, n) with coordinates ``v`` (..., dim) in ``generators()``."""
        v = as_array(v, "v")
        check_tail(v, (self.dim,), "v", self.name)
        xp = namespace(v)
        if self.dim == 0:
            return xp.zeros((*v.shape[:-1], self.n, self.n), dtype=v.dtype)
        flat = matching(self._generators.reshape(self.dim, self.n**2), v)
        return xp.reshape(xp.matmul(v, flat), (*v.shape[:-1], self.n, self.n))

    def vee(self, X: Any) -> Any:
        """Return the coordinates (..., dim) of an algebra element ``X`` (..., n, n); the inverse of ``hat``.

        A matrix that is not in the algebra is projected on it orthogonally.
        """
        X = self._element(X, "X")
        xp = namespace(X)
        dual = matching(self._dual.reshape(self.dim, self.n**2).T, X)
        return xp.matmul(xp.reshape(X, (*X.shape[:-2], self.n * self.n)), dual)

    def exp(self, v: Any) -> Any:
        """Return the group element ``expm(hat(v))`` of the coordinates ``v`` (..., dim).

        Closed forms for rotations and motions of the plane and of space, the backend's matrix exponential
        otherwise; derivatives are right everywhere, the identity included.
        """
        v = as_array(v, "v")
        check_tail(v, (self.dim,), "v", self.name)
        return self._exp(v)

    def log(self, g: Any) -> Any:
        r"""Return the coordinates (..., dim) of the principal logarithm: ``exp(log(g)) == g``.

        Rotation angles are in $(-\pi, \pi]$. The map is smooth, and its derivatives are right, wherever no
        rotation angle is $\pi$; there one of the two branches is returned. (For rotations of $n \ge 4$
        dimensions derivatives are right up to the second order.)

        Raises:
            ValueError: If an element lies outside the identity component. Where values cannot be seen (inside
                ``jax.jit``, ``torch.func.vmap`` or ``torch.compile``) such an element gives NaN.
        """
        g = self._element(g, "g")
        xp = namespace(g)
        outside = self._outside_identity_component(g)
        if known_true(outside):
            raise ValueError(
                f"g has {int(outside.sum())} element(s) outside the identity component "
                f"of {self.name}, where no logarithm exists"
            )
        v = self._log(g)
        return xp.where(outside[..., None], xp.asarray(float("nan"), dtype=v.dtype), v)

    # ---- for the subclasses ----------------------------------------------------------------------------

    def _element(self, g: Any, argument: str) -> Any:
        g = as_array(g, argument)
        check_tail(g, (self.n, self.n), argument, self.name)
        return g

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        raise NotImplementedError

    def _inverse(self, g: Any) -> Any:
        return transpose(g)

    def _contains(self, g: Any, atol: float) -> Any:
        raise NotImplementedError

    def _exp(self, v: Any) -> Any:
        raise NotImplementedError

    def _log(self, g: Any) -> Any:
        raise NotImplementedError

    def _outside_identity_component(self, g: Any) -> Any:
        raise NotImplementedError


def check_size(n: Any, group: str, smallest: int = 1) -> int:
    """Return ``n`` as an int, or raise naming the group."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < smallest:
        raise ValueError(f"n of {group} must be an integer >= {smallest}, not {n!r}")
    return int(n)


def orthogonal(g: Any, atol: float) -> Any:
    """Tell which matrices have orthonormal columns."""
    xp = namespace(g)
    eye = matching(np.eye(g.shape[-1]), g)
    return xp.all(xp.abs(xp.matmul(transpose(g), g) - eye) <= atol, axis=(-2, -1))


def _tolerance(x: Any) -> float:
    return 1e-10 if namespace(x).finfo(x.dtype).bits == 64 else 1e-5


def _frozen(table: np.ndarray) -> np.ndarray:
    table = np.array(table, dtype=np.float64)
    table.setflags(write=False)
    return table
