"""Rigid motions, with and without reflections, as homogeneous matrices."""

from typing import Any

from ._arrays import namespace
from ._checks import check_size
from ._orthogonal import SO, O
from ._rotation import determinant, skew_exp, skew_translation, skew_translation_inverse, squared_angle
from ._semidirect import SemidirectProduct
from ._space import space_motion_exp, space_motion_log


class _Euclidean(SemidirectProduct):
    """Closed forms up to three dimensions."""

    def _exp(self, v: Any) -> Any:
        rotations = self.linear.dim
        if self.linear.n > 3:
            return super()._exp(v)
        if self.linear.n == 3:
            return space_motion_exp(v)
        K, t2 = self.linear.hat(v[..., :rotations]), squared_angle(v[..., :rotations])
        shift = namespace(v).matmul(skew_translation(K, t2), v[..., rotations:, None])
        return self._assemble(skew_exp(K, t2), shift)

    @property
    def _takes_nan(self) -> bool:
        return self.linear._takes_nan

    def _log(self, g: Any) -> tuple[Any, Any]:
        if self.linear.n > 3:
            return super()._log(g)
        xp = namespace(g)
        if self.linear.n == 3:
            return space_motion_log(g), determinant(g[..., :-1, :-1]) > 0
        w, exists = self.linear._log(g[..., :-1, :-1])
        moved = xp.matmul(skew_translation_inverse(self.linear.hat(w), squared_angle(w)), g[..., :-1, -1:])
        return xp.concat([w, moved[..., 0]], axis=-1), exists


class SE(_Euclidean):
    r"""Rigid motions $x \mapsto R x + t$ of $\mathbb{R}^n$, as $(n+1) \times (n+1)$ homogeneous matrices.

    Coordinates: the rotation angles of SO(n), then the n translations.

    Args:
        n: Dimension of the space, at least 1.

    Raises:
        ValueError: If ``n`` is not a positive integer.

    Examples:
        >>> import numpy as np, liegroups
        >>> G = liegroups.SE(2)
        >>> g = G.exp(np.array([np.pi, 0.0, 2.0]))          # half a turn about a point on the x axis
        >>> G.act(g, np.array([[0.0, 0.0], [1.0, 0.0]])).round(3) + 0.0
        array([[-1.273,  0.   ],
               [-2.273,  0.   ]])
        >>> G.sample(2, seed=0)
        Traceback (most recent call last):
        ValueError: scale must be a positive number for SE(2), not None: the group is not compact, ...
    """

    def __init__(self, n: int):
        n = check_size(n, "SE(n)")
        self._extend(SO(n), f"SE({n})")


class E(_Euclidean):
    r"""Rigid motions and reflections of $\mathbb{R}^n$, as $(n+1) \times (n+1)$ homogeneous matrices.

    Args:
        n: Dimension of the space, at least 1.

    Raises:
        ValueError: If ``n`` is not a positive integer.

    Examples:
        >>> import liegroups
        >>> G = liegroups.E(3)
        >>> G, G.n, G.dim, G.compact, G.affine
        (E(3), 4, 6, False, True)
        >>> G.sample(5, seed=0, scale=2.0).shape
        (5, 4, 4)
    """

    def __init__(self, n: int):
        n = check_size(n, "E(n)")
        self._extend(O(n), f"E({n})")
