"""A group on some axes of a larger space."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ._arrays import matching, namespace
from ._base import Cartan, MatrixGroup
from ._checks import check_size
from ._membership import loose


class Block:
    """The places of a group's matrices in larger ones: its axes, and the last one for affine groups."""

    def __init__(self, group: MatrixGroup, n: int, axes: tuple[int, ...], affine: bool):
        self.group = group
        self.places = np.array([*axes, *([n] if group.affine else [])], dtype=np.int64)
        size = n + affine
        self.selection = np.zeros((size, group.n))
        self.selection[self.places, np.arange(group.n)] = 1.0
        self.rest = np.eye(size) - self.selection @ self.selection.T

    def tables(self, matrices: np.ndarray, identity: bool = False) -> np.ndarray:
        """Return the larger matrices (m, size, size), the identity or zero elsewhere."""
        return self.selection @ matrices @ self.selection.T + (self.rest if identity else 0.0)

    def take(self, g: Any) -> Any:
        """Return the block (..., n, n) of larger matrices."""
        xp = namespace(g)
        places = _indices(self.places, g)
        return xp.take(xp.take(g, places, axis=-1), places, axis=-2)

    def put(self, g: Any, identity: bool = True) -> Any:
        """Return larger matrices with the block g, the identity or zero elsewhere."""
        xp = namespace(g)
        left, right = matching(self.selection, g), matching(self.selection.T, g)
        wide = xp.matmul(left, xp.matmul(g, right))
        return wide + matching(self.rest, g) if identity else wide


class Embedded(MatrixGroup):
    """What ``MatrixGroup.embed`` returns: a group on some axes, the identity on the others."""

    def __init__(self, group: MatrixGroup, n: int, axes: Iterable[int]):
        d = group.n - group.affine
        n = check_size(n, f"{group}.embed", smallest=d)
        if not isinstance(axes, Iterable) or getattr(axes, "ndim", 1) == 0:
            raise ValueError(f"axes of {group}.embed must be {d} different axes from 0 to {n - 1}, not {axes!r}")
        axes = tuple(axes)
        if any(isinstance(axis, bool) or not isinstance(axis, (int, np.integer)) for axis in axes):
            raise ValueError(f"axes of {group}.embed must be integers, not {axes!r}")
        if len(axes) != d or len(set(axes)) != d or not all(0 <= axis < n for axis in axes):
            raise ValueError(f"axes of {group}.embed must be {d} different axes from 0 to {n - 1}, not {axes!r}")
        axes = tuple(int(axis) for axis in axes)
        self.group = group
        self.compact, self.affine = group.compact, group.affine
        self._no_log, self._no_projection = group._no_log, group._no_projection
        self._space, self._axes = n, axes
        self._block = block = Block(group, n, axes, group.affine)
        self._setup(
            block.tables(group._generators),
            block.tables(group._discrete, identity=True),
            f"{group} on axes {axes} of R^{n}",
        )

    def elements(self) -> np.ndarray | None:
        """Return all elements, (order, n, n), identity first, or None for more than 1e5 of them."""
        found = self.group.elements()
        return None if found is None else self._block.tables(found, identity=True)

    def _sample(self, count: int, rng: np.random.Generator, scale: Any) -> np.ndarray:
        return self._block.tables(self.group._sample(count, rng, scale), identity=True)

    def _inverse(self, g: Any) -> Any:
        return self._block.put(self.group._inverse(self._block.take(g)))

    def _exp(self, v: Any) -> Any:
        return self._block.put(self.group._exp(v))

    def _log(self, g: Any) -> tuple[Any, Any]:
        inner = self._block.take(g)
        v, exists = self.group._log(inner)
        return v, exists & self._fits(g, inner, loose(g))

    def _cut_distance(self, g: Any) -> Any:
        return self.group._cut_distance(self._block.take(g))

    def _fits(self, g: Any, inner: Any, atol: float) -> Any:
        """Tell where nothing but the axes of the group is moved."""
        xp = namespace(g)
        return xp.max(xp.abs(self._block.put(inner) - g), axis=(-2, -1)) <= atol

    def _contains(self, g: Any, atol: float) -> Any:
        inner = self._block.take(g)
        return self.group._contains(inner, atol) & self._fits(g, inner, atol)

    def _project(self, A: Any) -> tuple[Any, Any]:
        found, exists = self.group._project(self._block.take(A))
        return self._block.put(found), exists

    def _cartan(self) -> Cartan:
        compact, symmetric = self.group.cartan()
        return Cartan(compact.embed(self._space, self._axes), self._block.tables(symmetric))


def _indices(places: np.ndarray, x: Any) -> Any:
    import array_api_compat as compat

    xp = namespace(x)
    return xp.asarray(places) if compat.is_jax_array(x) else xp.asarray(places, device=compat.device(x))
