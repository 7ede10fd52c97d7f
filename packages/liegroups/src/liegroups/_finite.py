"""Finite groups of matrices."""

from itertools import permutations
from math import factorial
from typing import Any

import numpy as np

from ._arrays import matching, namespace
from ._base import MatrixGroup, check_size, orthogonal
from ._orthogonal import reflection

LARGEST = 100_000


class _Finite(MatrixGroup):
    def __init__(self, name: str, order: int, discrete_generators: np.ndarray):
        n = discrete_generators.shape[-1]
        self.order = order
        super().__init__(name, np.zeros((0, n, n)), discrete_generators)

    def elements(self) -> np.ndarray | None:
        """Return all elements, (order, n, n), identity first, or None for more than 1e5 of them."""
        return self._elements() if self.order <= LARGEST else None

    def _elements(self) -> np.ndarray:
        raise NotImplementedError

    def _exp(self, v: Any) -> Any:
        xp = namespace(v)
        return xp.broadcast_to(matching(np.eye(self.n), v), (*v.shape[:-1], self.n, self.n)) + 0

    def _log(self, g: Any) -> Any:
        return g[..., 0, :0]

    def _outside_identity_component(self, g: Any) -> Any:
        xp = namespace(g)
        return xp.any(xp.abs(g - matching(np.eye(self.n), g)) > 1e-5, axis=(-2, -1))


class Cyclic(_Finite):
    r"""The $n$ rotations of the plane by multiples of $2\pi/n$.

    Args:
        n: Order of the group, at least 1.

    Raises:
        ValueError: If ``n`` is not a positive integer.

    Examples:
        >>> import liegroups
        >>> G = liegroups.Cyclic(4)
        >>> G, G.order
        (C_4, 4)
        >>> G.elements()[1]
        array([[ 0., -1.],
               [ 1.,  0.]])
    """

    def __init__(self, n: int):
        n = check_size(n, "Cyclic(n)")
        super().__init__(f"C_{n}", n, _rotations(np.arange(1, 1 + (n > 1)), n))

    def _elements(self) -> np.ndarray:
        return _rotations(np.arange(self.order), self.order)

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        return _rotations(rng.integers(self.order, size=count), self.order)

    def _contains(self, g: Any, atol: float) -> Any:
        return _is_turn(g, self.order, atol)


class Dihedral(_Finite):
    r"""The $2n$ symmetries of a regular $n$-gon: rotations by $2\pi/n$ and the reflection $y \mapsto -y$.

    Args:
        n: Number of corners, at least 1; the order of the group is 2n.

    Raises:
        ValueError: If ``n`` is not a positive integer.

    Examples:
        >>> import liegroups
        >>> liegroups.Dihedral(4), liegroups.Dihedral(4).elements().shape
        (D_4, (8, 2, 2))
    """

    def __init__(self, n: int):
        n = check_size(n, "Dihedral(n)")
        self._corners = n
        generators = [*_rotations(np.arange(1, 1 + (n > 1)), n), reflection(2)]
        super().__init__(f"D_{n}", 2 * n, np.array(generators))

    def _elements(self) -> np.ndarray:
        turns = _rotations(np.arange(self._corners), self._corners)
        return np.concatenate([turns, turns @ reflection(2)])

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        turns = _rotations(rng.integers(self._corners, size=count), self._corners)
        turns[rng.integers(2, size=count) == 1] @= reflection(2)
        return turns

    def _contains(self, g: Any, atol: float) -> Any:
        xp = namespace(g)
        flipped = xp.matmul(g, matching(reflection(2), g))
        return _is_turn(g, self._corners, atol) | _is_turn(flipped, self._corners, atol)


class Symmetric(_Finite):
    r"""All permutations of $n$ things, as permutation matrices $P e_i = e_{\sigma(i)}$.

    Args:
        n: Number of things, at least 1; the order of the group is n!.

    Raises:
        ValueError: If ``n`` is not a positive integer.

    Examples:
        >>> import liegroups
        >>> G = liegroups.Symmetric(3)
        >>> G, G.elements().shape, liegroups.Symmetric(9).elements() is None
        (S_3, (6, 3, 3), True)
    """

    def __init__(self, n: int):
        n = check_size(n, "Symmetric(n)")
        swap = [1, 0, *range(2, n)]
        cycle = [*range(1, n), 0]
        chosen = [] if n == 1 else [swap] if n == 2 else [swap, cycle]
        super().__init__(f"S_{n}", factorial(n), _permutation_matrices(np.array(chosen, int).reshape(-1, n)))

    def _elements(self) -> np.ndarray:
        return _permutation_matrices(np.array(list(permutations(range(self.n)))))

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        return _permutation_matrices(rng.permuted(np.tile(np.arange(self.n), (count, 1)), axis=1))

    def _contains(self, g: Any, atol: float) -> Any:
        xp = namespace(g)
        binary = xp.all(xp.minimum(xp.abs(g), xp.abs(g - 1)) <= atol, axis=(-2, -1))
        return binary & orthogonal(g, self.n * atol)


def _rotations(k: np.ndarray, n: int) -> np.ndarray:
    angle = 2 * np.pi * k / n
    c, s = np.cos(angle), np.sin(angle)
    # Quarter turns are exact: no other multiple of 2 pi / n comes this close to an axis.
    c, s = (np.where(np.abs(part) < 1e-15, 0.0, part) for part in (c, s))
    return np.stack([c, -s, s, c], axis=-1).reshape(-1, 2, 2)


def _is_turn(g: Any, n: int, atol: float) -> Any:
    """Tell which plane matrices rotate by a multiple of 2 pi / n."""
    xp = namespace(g)
    angle = xp.atan2(g[..., 1, 0], g[..., 0, 0])
    step = 2 * np.pi / n
    nearest = step * xp.round(angle / step)
    c, s = xp.cos(nearest), xp.sin(nearest)
    turn = xp.stack([xp.stack([c, -s], axis=-1), xp.stack([s, c], axis=-1)], axis=-2)
    return xp.all(xp.abs(g - turn) <= atol, axis=(-2, -1))


def _permutation_matrices(images: np.ndarray) -> np.ndarray:
    count, n = images.shape
    table = np.zeros((count, n, n))
    table[np.arange(count)[:, None], images, np.arange(n)[None, :]] = 1.0
    return table
