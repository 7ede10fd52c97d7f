"""Linear groups together with the translations, as homogeneous matrices."""

from typing import Any

import numpy as np

from ._arrays import matching, namespace
from ._base import MatrixGroup, check_group
from ._checks import check_size
from ._expm import mean_exponential
from ._linear import GL, Scaling


class SemidirectProduct(MatrixGroup):
    r"""Affine maps $x \mapsto h x + t$ of $\mathbb{R}^n$ with $h$ in a linear group: $\mathbb{R}^n \rtimes H$.

    Elements are homogeneous matrices of size $n + 1$. Coordinates: those of $H$, then the n translations. Samples
    are ``linear.sample`` with independent normal translations of width ``scale``; ``project`` projects the linear
    part and keeps the translation.

    Args:
        linear: The group $H$ of linear maps.

    Attributes:
        linear: The group $H$.

    Raises:
        TypeError: If ``linear`` is not a MatrixGroup.
        ValueError: If ``linear`` is affine itself.

    Examples:
        >>> import numpy as np, liegroups
        >>> G = liegroups.SemidirectProduct(liegroups.SL(2))
        >>> G, G.n, G.dim, G.linear
        (R^2 x| SL(2), 3, 5, SL(2))
        >>> liegroups.SemidirectProduct(liegroups.SO(2)) == liegroups.SE(2)
        True
    """

    compact = False
    affine = True

    def __init__(self, linear: MatrixGroup):
        linear = check_group(linear, "linear", "SemidirectProduct")
        if linear.affine:
            raise ValueError(f"linear of SemidirectProduct must be a group of linear maps, but {linear} is affine")
        self._extend(linear, f"R^{linear.n} x| {linear}")

    def _extend(self, linear: MatrixGroup, name: str) -> None:
        """Take the linear part; what subclasses call instead of ``__init__``."""
        self.linear = linear
        self._no_log = linear._no_log
        self._no_projection = linear._no_projection
        self._setup(
            np.concatenate([_homogeneous(linear.generators()), _translations(linear.n)]),
            _homogeneous(linear.discrete_generators(), corner=1.0),
            name,
        )

    def _cartan(self) -> Any:
        raise ValueError(
            f"the algebra of {self} is not closed under transposition; take the cartan() of its linear part, "
            f"{self.linear}"
        )

    def _sample(self, count: int, rng: np.random.Generator, scale: Any) -> np.ndarray:
        motions = _homogeneous(self.linear._sample(count, rng, scale), corner=1.0)
        motions[:, :-1, -1] = scale * rng.standard_normal((count, self.n - 1))
        return motions

    def _inverse(self, g: Any) -> Any:
        linear = self.linear._inverse(g[..., :-1, :-1])
        return self._assemble(linear, -namespace(g).matmul(linear, g[..., :-1, -1:]))

    def _contains(self, g: Any, atol: float) -> Any:
        xp = namespace(g)
        last = matching(np.eye(self.n)[-1], g)
        return self.linear._contains(g[..., :-1, :-1], atol) & xp.all(xp.abs(g[..., -1, :] - last) <= atol, axis=-1)

    def _project(self, A: Any) -> tuple[Any, Any]:
        linear, exists = self.linear._project(A[..., :-1, :-1])
        return self._assemble(linear, A[..., :-1, -1:]), exists

    def _log(self, g: Any) -> tuple[Any, Any]:
        xp = namespace(g)
        w, exists = self.linear._log(g[..., :-1, :-1])
        # Well conditioned for angles up to pi. Not `solve`: torch's forward derivative of it is wrong under vmap.
        mean = mean_exponential(self.linear.hat(xp.where(exists[..., None], w, xp.zeros_like(w))))
        moved = xp.matmul(xp.linalg.inv(mean), g[..., :-1, -1:])
        return xp.concat([w, moved[..., 0]], axis=-1), exists

    def _assemble(self, linear: Any, shift: Any) -> Any:
        xp = namespace(linear)
        last = xp.broadcast_to(matching(np.eye(self.n)[-1:], linear), (*linear.shape[:-2], 1, self.n))
        return xp.concat([xp.concat([linear, shift], axis=-1), last], axis=-2)


class Aff(SemidirectProduct):
    r"""Invertible affine maps of $\mathbb{R}^n$: $\mathbb{R}^n \rtimes \mathrm{GL}(n)$.

    Args:
        n: Dimension of the space, at least 1.

    Raises:
        ValueError: If ``n`` is not a positive integer.

    Examples:
        >>> import numpy as np, liegroups
        >>> G = liegroups.Aff(2)
        >>> G, G.n, G.dim, G.linear
        (Aff(2), 3, 6, GL(2))
        >>> g = np.array([[2.0, 0.0, 1.0], [0.0, 3.0, 1.0], [0.0, 0.0, 1.0]])
        >>> G.act(G.inverse(g), G.act(g, np.array([5.0, 7.0])))
        array([5., 7.])
    """

    def __init__(self, n: int):
        n = check_size(n, "Aff(n)")
        self._extend(GL(n), f"Aff({n})")


class Sim(SemidirectProduct):
    r"""Similarities $x \mapsto s R x + t$ of $\mathbb{R}^n$, with $s > 0$ and $R$ a rotation.

    Coordinates: the rotation angles of SO(n), the dilation $I/\sqrt n$ (lengths grow by $e^{v/\sqrt n}$), the n
    translations.

    Args:
        n: Dimension of the space, at least 1.

    Raises:
        ValueError: If ``n`` is not a positive integer.

    Examples:
        >>> import numpy as np, liegroups
        >>> G = liegroups.Sim(3)
        >>> G, G.n, G.dim
        (Sim(3), 4, 7)
        >>> v = np.array([0.0, 0.0, np.pi / 2, np.sqrt(3) * np.log(2), 0.0, 0.0, 0.0])
        >>> G.act(G.exp(v), np.array([1.0, 0.0, 0.0])).round(12) + 0.0          # a quarter turn, twice as long
        array([0., 2., 0.])
    """

    def __init__(self, n: int):
        n = check_size(n, "Sim(n)")
        self._extend(Scaling(n), f"Sim({n})")


def _homogeneous(linear: np.ndarray, corner: float = 0.0) -> np.ndarray:
    table = np.pad(linear, ((0, 0), (0, 1), (0, 1)))
    table[:, -1, -1] = corner
    return table


def _translations(d: int) -> np.ndarray:
    table = np.zeros((d, d + 1, d + 1))
    table[np.arange(d), np.arange(d), d] = 1.0
    return table
