"""Representations of a matrix group, named by feature words."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ._arrays import as_array, check_tail, is_array, matching, namespace, require_x64, transpose
from ._protocol import Group

WORDS = ("scalar", "pseudoscalar", "vector", "pseudovector", "point", "tensor:k", "invariant")


@dataclass(frozen=True)
class Rep:
    r"""How features transform under a group: a feature word applied to a matrix group.

    With $R$ the linear part of a group element, $t$ its translation and $d$ the dimension of the space:

    | word | last axis | $\rho(g)x$ |
    |---|---|---|
    | ``scalar`` | channels, any number | $x$ |
    | ``pseudoscalar`` | channels, any number | $\det(R)\,x$ |
    | ``vector`` | d | $R x$ |
    | ``pseudovector`` | d | $\det(R)\,R x$ |
    | ``point`` | d | $R x + t$ (a vector where the group is not affine) |
    | ``tensor:k`` | $d^k$, row-major | $R^{\otimes k} x$ |
    | ``invariant`` | masks, indices, weights: any shape and dtype | $x$ |

    Args:
        word: One of the feature words; k is an integer >= 0.
        group: Any object with the members of ``liegroups.Group``.

    Attributes:
        size: Length of the last axis, or None where it is free.

    Raises:
        ValueError: If the word is unknown; the nearest valid one is named.

    Examples:
        >>> import numpy as np, liegroups
        >>> rep = liegroups.Rep("tensor:2", liegroups.SO(2))
        >>> rep, rep.size
        (Rep('tensor:2', SO(2)), 4)
        >>> quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
        >>> rep.rho(quarter, np.array([1.0, 0.0, 0.0, 0.0])) + 0.0          # xx becomes yy
        array([0., 0., 0., 1.])
        >>> liegroups.Rep("vectro", liegroups.SO(2))
        Traceback (most recent call last):
        ValueError: unknown feature word 'vectro', did you mean 'vector'? The words are scalar, ...
    """

    word: str
    group: Group

    def __post_init__(self):
        if not isinstance(self.word, str):
            raise TypeError(f"a feature word is a string such as 'vector', not {self.word!r}")
        if _kind(self.word) is None:
            near = get_close_matches(self.word, WORDS, n=1, cutoff=0.5)
            hint = f", did you mean {near[0]!r}?" if near else "."
            raise ValueError(f"unknown feature word {self.word!r}{hint} The words are {', '.join(WORDS)}")

    def __repr__(self) -> str:
        return f"Rep({self.word!r}, {self.group!r})"

    @property
    def dimension(self) -> int:
        """Dimension d of the space on which the group acts."""
        return self.group.n - 1 if self.group.affine else self.group.n

    @property
    def size(self) -> int | None:
        """Length of the last axis, or None where it is free (scalar, pseudoscalar, invariant)."""
        kind = _kind(self.word)
        return self.dimension ** _power(self.word) if kind == "tensor" else self.dimension if kind == "vector" else None

    @property
    def trivial(self) -> bool:
        """Whether every group element leaves the features as they are."""
        return self.word in ("scalar", "invariant", "tensor:0")

    def rho(self, g: Any, x: Any) -> Any:
        """Transform features ``x`` (..., size) by group elements ``g`` (..., n, n).

        The batch axes of g and x broadcast. ``g`` is taken to the library, dtype and device of ``x``, in
        which the result is returned.

        Raises:
            ValueError: If the last axis of x is not ``size``, or g is not a matrix of the group's size.
        """
        if self.trivial:
            return x
        x, linear, shift = self._prepare(g, x, "g")
        kind = _kind(self.word)
        if kind == "tensor":
            return _tensor(linear, x, _power(self.word))
        xp = namespace(x)
        if kind == "free":
            return xp.linalg.det(linear)[..., None] * x
        moved = _apply(linear, x)
        if self.word == "pseudovector":
            moved = xp.linalg.det(linear)[..., None] * moved
        return moved if self.word != "point" or shift is None else moved + shift

    def drho(self, X: Any, x: Any) -> Any:
        r"""Return $\frac{d}{dt}\rho(e^{tX})x$ at $t = 0$ for algebra elements ``X`` (..., n, n).

        Same shapes and conversions as ``rho``; linear in X, and in x too unless the word is ``point``.
        """
        if self.trivial:
            return x if not is_array(x) else namespace(x).zeros_like(x)
        x, linear, shift = self._prepare(X, x, "X")
        kind = _kind(self.word)
        if kind == "tensor":
            return _tensor_derivative(linear, x, _power(self.word))
        trace = namespace(x).linalg.trace(linear)[..., None]
        if kind == "free":
            return trace * x
        moved = _apply(linear, x)
        if self.word == "pseudovector":
            moved = moved + trace * x
        return moved if self.word != "point" or shift is None else moved + shift

    def _prepare(self, g: Any, x: Any, argument: str) -> tuple[Any, Any, Any]:
        x = as_array(x, "x")
        if self.size is not None:
            check_tail(x, (self.size,), "x", repr(self))
        if not is_array(g):
            g = as_array(g, argument)
        require_x64(g, argument)
        check_tail(g, (self.group.n, self.group.n), argument, repr(self))
        g = matching(g, x)
        if self.group.affine:
            return x, g[..., :-1, :-1], g[..., :-1, -1]
        return x, g, None


def _kind(word: str) -> str | None:
    if word in ("scalar", "pseudoscalar", "invariant"):
        return "free"
    if word in ("vector", "pseudovector", "point"):
        return "vector"
    return "tensor" if re.fullmatch(r"tensor:(0|[1-9][0-9]*)", word) else None


def _power(word: str) -> int:
    return int(word.partition(":")[2])


def _apply(linear: Any, x: Any) -> Any:
    xp = namespace(x)
    if len(linear.shape) == 2:
        return xp.matmul(x, transpose(linear))
    return xp.matmul(linear, x[..., None])[..., 0]


def _cycle(linear: Any, x: Any) -> Any:
    """Apply a matrix (or none) to the first tensor index of x (..., d, rest) and make that index the last."""
    moved = x if linear is None else namespace(x).matmul(linear, x)
    d, rest = moved.shape[-2:]
    return namespace(x).reshape(transpose(moved), (*moved.shape[:-2], d, rest))


def _tensor(linear: Any, x: Any, power: int) -> Any:
    xp = namespace(x)
    d = linear.shape[-1]
    table = xp.reshape(x, (*x.shape[:-1], d, d ** (power - 1)))
    for _ in range(power):
        table = _cycle(linear, table)
    return xp.reshape(table, (*table.shape[:-2], d**power))


def _tensor_derivative(linear: Any, x: Any, power: int) -> Any:
    xp = namespace(x)
    d = linear.shape[-1]
    start = xp.reshape(x, (*x.shape[:-1], d, d ** (power - 1)))
    terms = []
    for index in range(power):
        table = start
        for turn in range(power):
            table = _cycle(linear if turn == index else None, table)
        terms.append(xp.reshape(table, (*table.shape[:-2], d**power)))
    return sum(terms[1:], terms[0])
