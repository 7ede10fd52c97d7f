r"""The representations from which others are built, each with the matrices that it needs.

A node has a ``size``; ``trivial`` and ``linear`` flags; ``apply(action, x)`` on features (*batch, r, size), which is
its derivative where the action is a tangent; and its text, as it stands in a product.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from . import _wigner
from ._rep_action import Action, times


class Node(Protocol):
    """What a representation of a group is made of."""

    @property
    def size(self) -> int:
        """Length of the last axis."""
        ...

    @property
    def trivial(self) -> bool:
        """Whether every group element leaves the features as they are."""
        ...

    @property
    def linear(self) -> bool:
        """Whether the action is by matrices, and not by motions that shift."""
        ...

    def apply(self, action: Action, x: Any) -> Any:
        """Act on features (*batch, r, size)."""
        ...


@dataclass(frozen=True)
class Tensor:
    """T(p,q): p indices that go with the linear part R, then q with its inverse transpose; row-major."""

    d: int
    p: int
    q: int
    linear = True

    @property
    def size(self) -> int:
        """Length of the last axis."""
        return self.d ** (self.p + self.q)

    @property
    def trivial(self) -> bool:
        """Whether there is no index."""
        return self.p + self.q == 0

    def apply(self, action: Action, x: Any) -> Any:
        """Act on one index after the other; the matrix on all of them is never formed."""
        if self.trivial:
            return action.unchanged(x)
        matrices = [action.linear] * self.p + ([action.contragredient()] * self.q if self.q else [])
        steps = [lambda rows, matrix=matrix: times(matrix, rows) for matrix in matrices]
        return action.chain(steps, [self.d] * len(steps), x)

    def __str__(self) -> str:
        return f"T({self.p},{self.q})" if self.q else f"T{self.p}"


@dataclass(frozen=True)
class Determinant:
    """One component that is multiplied by det R, or by its inverse."""

    inverse: bool = False
    size = 1
    trivial = False
    linear = True

    def apply(self, action: Action, x: Any) -> Any:
        """Multiply."""
        return action.determinant(self.inverse)[..., None, None] * x

    def __str__(self) -> str:
        return "~pseudoscalar" if self.inverse else "pseudoscalar"


@dataclass(frozen=True)
class Point:
    """A point of the space, which the translations of an affine group shift."""

    d: int
    affine: bool
    trivial = False

    @property
    def size(self) -> int:
        """Dimension of the space."""
        return self.d

    @property
    def linear(self) -> bool:
        """Whether the group has no translations."""
        return not self.affine

    def apply(self, action: Action, x: Any) -> Any:
        """Turn and shift."""
        moved = times(action.linear, x)
        return moved if action.shift is None else moved + action.shift[..., None, :]

    def __str__(self) -> str:
        return "point"


@dataclass(frozen=True)
class Irrep:
    """The real irrep of SO(3) or O(3) of degree l and parity "e" or "o".

    ``reflects`` says whether the group has reflections; without them the parity is a label without effect.
    """

    degree: int
    parity: str
    reflects: bool
    embeddings: tuple[np.ndarray, ...] = field(init=False, compare=False, repr=False)
    generators: np.ndarray = field(init=False, compare=False, repr=False)
    linear = True

    def __post_init__(self):
        degrees = range(2, self.degree + 1)  # tables are made here, where torch.compile does not follow
        object.__setattr__(self, "embeddings", tuple(_wigner.embedding(k) for k in degrees))
        object.__setattr__(self, "generators", _wigner.generators(self.degree))

    @property
    def size(self) -> int:
        """The 2l + 1 components."""
        return 2 * self.degree + 1

    @property
    def signed(self) -> bool:
        """Whether the parity is not the one of the harmonic polynomials, (-1)^l."""
        return self.reflects and (self.parity == "o") != (self.degree % 2 == 1)

    @property
    def trivial(self) -> bool:
        """Whether it is the scalar one."""
        return self.degree == 0 and not self.signed

    def apply(self, action: Action, x: Any) -> Any:
        """Act by the matrix of the irrep."""
        return action.unchanged(x) if self.trivial else times(action.irrep(self), x)

    def __str__(self) -> str:
        return f"{self.degree}{self.parity}"


@dataclass(frozen=True)
class Channels:
    """The words of any number of components: a scalar, a pseudoscalar, what is invariant of any dtype."""

    word: str
    trivial_words = ("scalar", "invariant")

    @property
    def trivial(self) -> bool:
        """Whether nothing changes."""
        return self.word in self.trivial_words

    def apply(self, action: Action, x: Any) -> Any:
        """Act on x (..., channels), which is not folded here."""
        return action.determinant()[..., None] * x

    def component(self, d: int) -> Node:
        """Return the representation of one channel, for sums and products."""
        if self.word == "invariant":
            raise ValueError("'invariant' stands alone: it has no components, so there are no sums or products of it")
        return Tensor(d, 0, 0) if self.word == "scalar" else Determinant()

    def __str__(self) -> str:
        return self.word
