"""Rigid motions, with and without reflections, as homogeneous matrices."""

from typing import Any

import numpy as np

from ._arrays import blocks, matching, namespace, transpose
from ._base import MatrixGroup, check_size
from ._orthogonal import SO, O, haar_orthogonal, haar_rotations, rotation_generators
from ._rotation import expm, rotation_log, skew_exp, skew_translation, skew_translation_inverse, squared_angle


class _Euclidean(MatrixGroup):
    compact = False
    affine = True

    def __init__(self, linear: MatrixGroup, name: str):
        d = linear.n
        self._linear = linear
        super().__init__(
            name,
            np.concatenate([_homogeneous(rotation_generators(d)), _translations(d)]),
            _homogeneous(linear.discrete_generators(), corner=1.0),
        )

    def _inverse(self, g: Any) -> Any:
        rotation = transpose(g[..., :-1, :-1])
        return self._assemble(rotation, -namespace(g).matmul(rotation, g[..., :-1, -1:]))

    def _contains(self, g: Any, atol: float) -> Any:
        xp = namespace(g)
        last = matching(np.eye(self.n)[-1], g)
        return self._linear._contains(g[..., :-1, :-1], atol) & xp.all(xp.abs(g[..., -1, :] - last) <= atol, axis=-1)

    def _exp(self, v: Any) -> Any:
        rotations = self._linear.dim
        if self._linear.n > 3:
            return expm(self.hat(v))
        K, t2 = self._linear.hat(v[..., :rotations]), squared_angle(v[..., :rotations])
        shift = namespace(v).matmul(skew_translation(K, t2), v[..., rotations:, None])
        return self._assemble(skew_exp(K, t2), shift)

    def _log(self, g: Any) -> Any:
        xp = namespace(g)
        R, shift = g[..., :-1, :-1], g[..., :-1, -1:]
        if self._linear.n <= 3:
            w = self._linear._log(R)
            moved = xp.matmul(skew_translation_inverse(self._linear.hat(w), squared_angle(w)), shift)
        else:
            omega = rotation_log(R)
            w = self._linear.vee(omega)
            # Well conditioned for angles up to pi. Not `solve`: torch's forward derivative of it is wrong under vmap.
            moved = xp.matmul(xp.linalg.inv(_mean_exponential(omega)), shift)
        return xp.concat([w, moved[..., 0]], axis=-1)

    def _outside_identity_component(self, g: Any) -> Any:
        return self._linear._outside_identity_component(g[..., :-1, :-1])

    def _assemble(self, rotation: Any, shift: Any) -> Any:
        xp = namespace(rotation)
        last = xp.broadcast_to(matching(np.eye(self.n)[-1:], rotation), (*rotation.shape[:-2], 1, self.n))
        return xp.concat([xp.concat([rotation, shift], axis=-1), last], axis=-2)


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
        super().__init__(SO(n), f"SE({n})")

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        return _motions(haar_rotations(count, self.n - 1, rng), rng, scale)


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
        super().__init__(O(n), f"E({n})")

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        return _motions(haar_orthogonal(count, self.n - 1, rng), rng, scale)


def _homogeneous(linear: np.ndarray, corner: float = 0.0) -> np.ndarray:
    table = np.pad(linear, ((0, 0), (0, 1), (0, 1)))
    table[:, -1, -1] = corner
    return table


def _translations(d: int) -> np.ndarray:
    table = np.zeros((d, d + 1, d + 1))
    table[np.arange(d), np.arange(d), d] = 1.0
    return table


def _motions(linear: np.ndarray, rng: np.random.Generator, scale: Any) -> np.ndarray:
    motions = _homogeneous(linear, corner=1.0)
    motions[:, :-1, -1] = scale * rng.standard_normal(linear.shape[:2])
    return motions


def _mean_exponential(omega: Any) -> Any:
    """Return the integral of exp(s omega) over s in [0, 1], read off an exponential of twice the size."""
    xp = namespace(omega)
    n = omega.shape[-1]
    eye = xp.broadcast_to(matching(np.eye(n), omega), omega.shape)
    zero = xp.zeros_like(omega)
    return expm(blocks([[omega, eye], [zero, zero]]))[..., :n, n:]
