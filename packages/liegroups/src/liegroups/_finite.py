"""Finite groups of matrices."""

from itertools import permutations
from math import factorial
from typing import Any

import numpy as np

from ._arrays import matching, namespace, seen
from ._base import Cartan, MatrixGroup
from ._checks import check_size
from ._closure import LARGEST
from ._membership import everywhere, orthogonal
from ._orthogonal import reflection

_AT_A_TIME = 1024


class Finite(MatrixGroup):
    """Groups whose order and elements are known; the nearest element is the projection."""

    def _finite(self, name: str, order: int, discrete_generators: np.ndarray) -> None:
        """Take the tables; what subclasses call instead of ``__init__``."""
        n = discrete_generators.shape[-1]
        self.order = order
        self._setup(np.zeros((0, n, n)), discrete_generators, name)

    def elements(self) -> np.ndarray | None:
        """Return all elements, (order, n, n), identity first, or None for more than 1e5 of them."""
        return self._elements() if self.order <= LARGEST else None

    def _elements(self) -> np.ndarray:
        raise NotImplementedError

    def _exp(self, v: Any) -> Any:
        xp = namespace(v)
        return xp.broadcast_to(matching(np.eye(self.n), v), (*v.shape[:-1], self.n, self.n)) + 0

    def _log(self, g: Any) -> tuple[Any, Any]:
        xp = namespace(g)
        outside = xp.any(xp.abs(g - matching(np.eye(self.n), g)) > 1e-5, axis=(-2, -1))
        return g[..., 0, :0], ~outside

    def _cartan(self) -> Cartan:
        return Cartan(self, np.zeros((0, self.n, self.n)))

    def _contains(self, g: Any, atol: float) -> Any:
        xp = namespace(g)
        return xp.max(xp.abs(g - self._nearest(g)), axis=(-2, -1)) <= atol

    def _project(self, A: Any) -> tuple[Any, Any]:
        return self._nearest(A), everywhere(A)

    def _nearest(self, A: Any) -> Any:
        return nearest_element(self._elements(), A)


class Cyclic(Finite):
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
        self._finite(f"C_{n}", n, _rotations(np.arange(1, 1 + (n > 1)), n))

    def _elements(self) -> np.ndarray:
        return _rotations(np.arange(self.order), self.order)

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        return _rotations(rng.integers(self.order, size=count), self.order)

    def _nearest(self, A: Any) -> Any:
        return _nearest_turn(A, self.order)


class Dihedral(Finite):
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
        self._finite(f"D_{n}", 2 * n, np.array(generators))

    def _elements(self) -> np.ndarray:
        turns = _rotations(np.arange(self._corners), self._corners)
        return np.concatenate([turns, turns @ reflection(2)])

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        turns = _rotations(rng.integers(self._corners, size=count), self._corners)
        turns[rng.integers(2, size=count) == 1] @= reflection(2)
        return turns

    def _nearest(self, A: Any) -> Any:
        xp = namespace(A)
        mirror = matching(reflection(2), A)
        turn = _nearest_turn(A, self._corners)
        flipped = xp.matmul(_nearest_turn(xp.matmul(A, mirror), self._corners), mirror)
        return xp.where((_overlap(flipped, A) > _overlap(turn, A))[..., None, None], flipped, turn)


class Symmetric(Finite):
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
        self._finite(f"S_{n}", factorial(n), _permutation_matrices(np.array(chosen, int).reshape(-1, n)))

    def _elements(self) -> np.ndarray:
        return _permutation_matrices(np.array(list(permutations(range(self.n)))))

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        return _permutation_matrices(rng.permuted(np.tile(np.arange(self.n), (count, 1)), axis=1))

    def _contains(self, g: Any, atol: float) -> Any:
        xp = namespace(g)
        binary = xp.all(xp.minimum(xp.abs(g), xp.abs(g - 1)) <= atol, axis=(-2, -1))
        return binary & orthogonal(g, self.n * atol)

    def _nearest(self, A: Any) -> Any:
        if self.n <= 5:
            return nearest_element(self._elements(), A)
        from scipy.optimize import linear_sum_assignment

        values = seen(A, f"A of {self}.project")
        flat = values.reshape(-1, self.n, self.n)
        rows = [linear_sum_assignment(matrix, maximize=True)[1] for matrix in flat]
        found = np.zeros_like(flat)
        found[np.arange(len(flat))[:, None], np.arange(self.n), np.array(rows, int).reshape(-1, self.n)] = 1.0
        return matching(found.reshape(values.shape), A)


def nearest_element(elements: np.ndarray, A: Any) -> Any:
    """Return for each matrix (..., n, n) the nearest of the elements (order, n, n), a thousand at a time."""
    xp = namespace(A)
    n = A.shape[-1]
    flat = xp.reshape(A, (*A.shape[:-2], n * n))
    best, found = None, None
    for start in range(0, len(elements), _AT_A_TIME):
        block = elements[start : start + _AT_A_TIME].reshape(-1, n * n)
        table = matching(block, A)
        score = xp.matmul(flat, xp.matrix_transpose(table)) - matching((block**2).sum(axis=1) / 2, A)
        place = xp.argmax(score, axis=-1)
        top = xp.max(score, axis=-1)
        chosen = xp.reshape(xp.take(table, xp.reshape(place, (-1,)), axis=0), A.shape)
        if found is None:
            best, found = top, chosen
        else:
            found = xp.where((top > best)[..., None, None], chosen, found)
            best = xp.maximum(top, best)
    return found


def _rotations(k: np.ndarray, n: int) -> np.ndarray:
    angle = 2 * np.pi * k / n
    c, s = np.cos(angle), np.sin(angle)
    # Quarter turns are exact: no other multiple of 2 pi / n comes this close to an axis.
    c, s = (np.where(np.abs(part) < 1e-15, 0.0, part) for part in (c, s))
    return np.stack([c, -s, s, c], axis=-1).reshape(-1, 2, 2)


def _nearest_turn(A: Any, n: int) -> Any:
    """Return for each plane matrix the nearest rotation by a multiple of 2 pi / n."""
    xp = namespace(A)
    angle = xp.atan2(A[..., 1, 0] - A[..., 0, 1], A[..., 0, 0] + A[..., 1, 1])
    step = 2 * np.pi / n
    nearest = step * xp.round(angle / step)
    c, s = xp.cos(nearest), xp.sin(nearest)
    c, s = (xp.where(xp.abs(part) < 4 * xp.finfo(A.dtype).eps, xp.zeros_like(part), part) for part in (c, s))
    return xp.stack([xp.stack([c, -s], axis=-1), xp.stack([s, c], axis=-1)], axis=-2)


def _overlap(g: Any, A: Any) -> Any:
    return namespace(A).sum(g * A, axis=(-2, -1))


def _permutation_matrices(images: np.ndarray) -> np.ndarray:
    count, n = images.shape
    table = np.zeros((count, n, n))
    table[np.arange(count)[:, None], images, np.arange(n)[None, :]] = 1.0
    return table
