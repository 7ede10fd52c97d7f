"""Representations of finite groups by permutations: of the coordinates, and of the group itself."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import array_api_compat as compat
import numpy as np

from ._arrays import known_true, matching, namespace
from ._protocol import Group
from ._rep_action import Action, Tangent, broadcast, spread, times

LARGEST = 2048  # a table of order^2 numbers is made


@dataclass(frozen=True)
class Permutation:
    """A group of permutation matrices on its coordinates."""

    size: int
    trivial = False
    linear = True

    def apply(self, action: Action, x: Any) -> Any:
        """Permute."""
        return times(action.linear, x)

    def __str__(self) -> str:
        return "perm"


@dataclass(frozen=True)
class Regular:
    r"""A finite group on the functions on itself, $(\rho(g)f)(h) = f(g^{-1}h)$, in the order of ``elements()``.

    Row i of ``table`` has the places of $g_i^{-1} g_k$.
    """

    size: int
    elements: np.ndarray = field(compare=False, repr=False)
    table: np.ndarray = field(compare=False, repr=False)
    trivial = False
    linear = True

    def apply(self, action: Action, x: Any) -> Any:
        """Permute the values, after finding g in the list of elements."""
        if isinstance(action, Tangent):
            return spread(namespace(x).zeros_like(x), action.batch)
        xp, batch = namespace(x), action.batch
        g = xp.reshape(action.whole, (*batch, self.elements.shape[-1]))
        listed = matching(self.elements, g)
        # |g - e|^2 is smallest where <g, e> - |e|^2 / 2 is largest.
        place = xp.argmax(xp.matmul(g, xp.matrix_transpose(listed)) - xp.sum(listed * listed, axis=-1) / 2, axis=-1)
        flat = xp.reshape(place, (-1,))
        found = xp.reshape(xp.take(listed, flat, axis=0), g.shape)
        strange = ~(xp.max(xp.abs(g - found), axis=-1) < 1e-3)  # true for NaN too
        if known_true(strange):
            raise ValueError(f"g has {int(xp.sum(strange))} matrices that are none of the {self.size} elements")
        rows = xp.astype(xp.take(_whole_numbers(self.table, x), flat, axis=0), place.dtype)
        rows = xp.reshape(rows, (*batch, 1, self.size))
        x = spread(x, batch)
        rows = xp.broadcast_to(rows, (*broadcast(tuple(x.shape[:-2]), batch), *x.shape[-2:]))
        moved = xp.take_along_axis(x, rows, axis=-1)
        return xp.where(strange[..., None, None], xp.asarray(float("nan"), dtype=x.dtype), moved)

    def __str__(self) -> str:
        return "regular"


def permutation(group: Group) -> Permutation:
    """Return the representation on the coordinates of a group of permutation matrices."""
    tables = np.asarray(group.discrete_generators())
    binary = np.all((tables == 0) | (tables == 1))
    single = np.all(tables.sum(axis=-1) == 1) and np.all(tables.sum(axis=-2) == 1)
    if group.affine or group.dim or not (binary and single):
        raise ValueError(
            f"'perm' needs a group of permutation matrices, such as liegroups.Symmetric(3); "
            f"{group.name} does not permute coordinates"
        )
    return Permutation(group.n)


def regular(group: Group) -> Regular:
    """Return the representation on the functions on a finite group."""
    elements = None if group.dim else group.elements()
    if elements is None:
        raise ValueError(f"'regular' needs a finite group whose elements() are known; {group.name} has no such list")
    if len(elements) > LARGEST:
        raise ValueError(
            f"'regular' is for groups of at most {LARGEST} elements, of which all products are tabulated; "
            f"{group.name} has {len(elements)}"
        )
    elements = np.ascontiguousarray(elements, dtype=np.float64)
    flat, table = _tabulated(elements.tobytes(), len(elements), group.n)
    if table is None:
        raise ValueError(f"the elements() of {group.name} are not all different, or not closed under products")
    return Regular(len(elements), flat, table)


@lru_cache(maxsize=16)
def _tabulated(data: bytes, order: int, n: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the flat elements, and for each of them the places of its inverse times all; None if there is no group.

    Products are found by their component along one generic matrix, which sorts the elements.
    """
    elements = np.frombuffer(data).reshape(order, n, n)
    flat = elements.reshape(order, n * n).copy()  # its own memory, which torch.compile needs
    probe = np.random.default_rng(0).standard_normal((n, n))
    keys = flat @ probe.ravel()
    by_key = np.argsort(keys)
    keys = keys[by_key]
    products = (elements.transpose(0, 2, 1) @ probe).reshape(order, n * n) @ flat.T  # <probe, g_i g_k>
    place = np.searchsorted((keys[1:] + keys[:-1]) / 2, products)
    closed = np.abs(keys[place] - products).max() < 1e-9 * max(1.0, np.abs(keys).max())
    places = by_key[place]  # of g_i g_k
    if not closed or not np.array_equal(np.sort(places, axis=1), np.tile(np.arange(order), (order, 1))):
        return flat, None
    return flat, np.argsort(places, axis=1).astype(np.int32)


def _whole_numbers(table: np.ndarray, like: Any) -> Any:
    """Return an integer table in the library and on the device of ``like``."""
    xp = namespace(like)
    if compat.is_jax_array(like):  # a traced array has no device of its own
        return xp.asarray(table)
    return xp.asarray(table.copy(), device=compat.device(like))  # torch would share the table's memory
