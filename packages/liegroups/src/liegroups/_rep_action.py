"""A group element, or a tangent at the identity, as representations see it: the matrices that they are built from.

Both have the same members, so that a representation is written once: what is a matrix for an element is its
derivative for a tangent, and what composes for an element obeys the product rule for a tangent.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from . import _wigner
from ._arrays import namespace, transpose
from ._polar import inverse

if TYPE_CHECKING:
    from ._rep_leaves import Irrep

Step = Callable[[Any], Any]


class Element:
    """Matrices (*batch, n, n) of group elements."""

    def __init__(self, matrix: Any, affine: bool):
        self.whole = matrix
        self.linear = matrix[..., :-1, :-1] if affine else matrix
        self.shift = matrix[..., :-1, -1] if affine else None
        self.batch = tuple(matrix.shape[:-2])
        self._contragredient: Any = None
        self._determinant: Any = None
        self._wigner: list[Any] = []

    def contragredient(self) -> Any:
        """Return the inverse transpose of the linear part."""
        if self._contragredient is None:
            self._contragredient = transpose(inverse(self.linear))
        return self._contragredient

    def determinant(self, dual: bool = False) -> Any:
        """Return the determinant (*batch,) of the linear part, or its inverse."""
        if self._determinant is None:
            self._determinant = namespace(self.linear).linalg.det(self.linear)
        return 1 / self._determinant if dual else self._determinant

    def irrep(self, irrep: "Irrep") -> Any:
        """Return the matrix of an irrep of SO(3) or O(3)."""
        if not self._wigner:
            self._wigner = [namespace(self.linear).ones_like(self.linear[..., :1, :1]), self.linear]
        while len(self._wigner) <= irrep.degree:
            table = irrep.embeddings[len(self._wigner) - 2]
            self._wigner.append(_wigner.next_wigner(self.linear, self._wigner[-1], table))
        matrix = self._wigner[irrep.degree]
        return self.determinant()[..., None, None] * matrix if irrep.signed else matrix

    def unchanged(self, x: Any) -> Any:
        """Act trivially."""
        return x

    def chain(self, steps: Sequence[Step], sizes: Sequence[int], x: Any) -> Any:
        """Act on every factor of a tensor product: on the last axis, which then becomes the first, and so on."""
        xp = namespace(x)
        rows, total = x.shape[-2], x.shape[-1]
        for step, size in zip(reversed(steps), reversed(sizes), strict=True):
            if size == total:
                x = step(x)
                continue
            x = step(xp.reshape(x, (*x.shape[:-2], rows * (total // size), size)))
            if size > 1:
                x = transpose(xp.reshape(x, (*x.shape[:-2], rows, total // size, size)))
                x = xp.reshape(x, (*x.shape[:-3], rows, total))
            else:
                x = xp.reshape(x, (*x.shape[:-2], rows, total))
        return x


class Tangent:
    """Matrices (*batch, n, n) of the Lie algebra: the derivative of every member of `Element` along them."""

    def __init__(self, matrix: Any, affine: bool):
        self.whole = matrix
        self.linear = matrix[..., :-1, :-1] if affine else matrix
        self.shift = matrix[..., :-1, -1] if affine else None
        self.batch = tuple(matrix.shape[:-2])

    def contragredient(self) -> Any:
        """Return minus the transpose of the linear part."""
        return -transpose(self.linear)

    def determinant(self, dual: bool = False) -> Any:
        """Return the trace (*batch,) of the linear part, negative for the inverse."""
        trace = namespace(self.linear).linalg.trace(self.linear)
        return -trace if dual else trace

    def irrep(self, irrep: "Irrep") -> Any:
        """Return the generator of an irrep; the determinant does not vary along rotations."""
        return _wigner.generator(self.linear, irrep.generators)

    def unchanged(self, x: Any) -> Any:
        """Return the derivative of the trivial action."""
        return namespace(x).zeros_like(x)

    def chain(self, steps: Sequence[Step], sizes: Sequence[int], x: Any) -> Any:
        """Return the sum over the factors of a tensor product, each varied alone."""
        terms = [
            along(step, prod(sizes[:i]), size, prod(sizes[i + 1 :]), x)
            for i, (step, size) in enumerate(zip(steps, sizes, strict=True))
        ]
        return sum(terms[1:], terms[0])


Action = Element | Tangent


def times(matrix: Any, x: Any) -> Any:
    """Apply matrices (*batch, k, k) to the last axis of x (*batch, r, k)."""
    return namespace(x).matmul(x, transpose(matrix))


def along(step: Step, before: int, size: int, after: int, x: Any) -> Any:
    """Apply a step for the axis of length ``size`` to x (*batch, r, before * size * after)."""
    if before * after == 1:
        return step(x)
    xp = namespace(x)
    rows, total = x.shape[-2], x.shape[-1]
    table = xp.reshape(x, (*x.shape[:-2], rows * before, size, after))
    if after > 1:
        table = transpose(table)
    table = step(xp.reshape(table, (*x.shape[:-2], rows * before * after, size)))
    batch = table.shape[:-2]
    if after > 1:
        table = transpose(xp.reshape(table, (*batch, rows * before, after, size)))
    return xp.reshape(table, (*batch, rows, total))


def spread(x: Any, batch: tuple[int, ...]) -> Any:
    """Return x (*some, r, k) with its batch axes broadcast against ``batch``."""
    own = tuple(x.shape[:-2])
    wanted = broadcast(own, batch)
    return x if wanted == own else namespace(x).broadcast_to(x, (*wanted, *x.shape[-2:]))


def broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Return the common shape of two batches; they do broadcast."""
    length = max(len(a), len(b))
    a, b = (1,) * (length - len(a)) + a, (1,) * (length - len(b)) + b
    return tuple(n if m == 1 else m for m, n in zip(a, b, strict=True))


def fold(matrix: Any, x: Any) -> tuple[Any, Any, tuple[int, ...]]:
    """Return matrices and features (*batch, r, k) such that batch axes of x which share one matrix are rows.

    One matrix for a thousand points is then one product of matrices and not a thousand small ones. The last
    result are the axes that were folded into r, to be put back with `unfold`.
    """
    xp = namespace(x)
    theirs, own = matrix.shape[:-2], tuple(x.shape[:-1])
    shared = 0
    while shared < len(own) and (shared >= len(theirs) or theirs[-1 - shared] == 1):
        shared += 1
    rows = own[len(own) - shared :]
    x = xp.reshape(x, (*own[: len(own) - shared], prod(rows), x.shape[-1]))
    kept = len(theirs) - min(shared, len(theirs))
    return xp.reshape(matrix, (*theirs[:kept], *matrix.shape[-2:])), x, rows


def unfold(x: Any, rows: tuple[int, ...]) -> Any:
    """Undo `fold` on the result."""
    return namespace(x).reshape(x, (*x.shape[:-2], *rows, x.shape[-1]))
