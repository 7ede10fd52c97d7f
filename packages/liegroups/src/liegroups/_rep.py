"""Representations of a matrix group: feature words, tensor powers, irreps, permutations, and their algebra."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._arrays import (
    as_array,
    at_least_float32,
    check_tail,
    full_precision,
    is_array,
    matching,
    namespace,
    require_x64,
    transpose,
)
from ._checks import check_broadcast
from ._protocol import Group
from ._rep_action import Element, Tangent, fold, spread, unfold
from ._rep_leaves import Channels, Node
from ._rep_sum import direct_sum, dual, product, text
from ._rep_text import parse


@dataclass(frozen=True)
class Rep:
    r"""How features transform under a group: a text, read as a representation of a matrix group.

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
    | ``T(p,q)`` | $d^{p+q}$, row-major | $R^{\otimes p} \otimes (R^{-T})^{\otimes q}\, x$ |
    | ``0e 0o 1e 1o ...`` | 2l + 1 | $D^l(R)\,x$ of SO(3) or O(3), with the parity of the letter |
    | ``perm`` | n | a group of permutation matrices on its coordinates |
    | ``regular`` | order | functions on a finite group, $(\rho(g)f)(h) = f(g^{-1}h)$, in the order of ``elements()`` |

    These are put together by ``+`` (one after the other), ``*`` (tensor product, row-major as ``numpy.kron``),
    ``3x`` (copies, one after the other), ``~`` (dual) and brackets: ``5xT0 + 5xT1``, ``4x0e + 2x1o``,
    ``~V * (regular + scalar)``. In there ``scalar`` and ``pseudoscalar`` are one channel each. ``Tk`` is short for
    ``T(k,0)``, and ``V`` for ``T1``.

    Irreps have the basis of e3nn 0.6: real, orthonormal, $m = -l, \dots, l$ with polar axis y, so that ``1o`` is
    x, y, z; an optional prefix ``irreps:`` says that there is nothing else. They belong to SO(3), which ignores
    parity, and to O(3), and to SE(3) and E(3) through their linear part; $D^l$ is a polynomial in the entries of R,
    so it is as precise near the poles of Euler angles as elsewhere.

    Matrices of sums and products are never formed: a product acts factor by factor. Two representations are equal
    when they act alike on the same components by construction, as ``T2`` and ``V * V`` do.

    Args:
        word: The text.
        group: Any object with the members of ``liegroups.Group``.

    Attributes:
        word: The text in its canonical form, which ``Rep`` reads as the same representation.
        size: Length of the last axis, or None where it is free.

    Raises:
        ValueError: If a word is unknown (the nearest valid one is named), the text is malformed, or the group has
            no such representation.

    Examples:
        >>> import numpy as np, liegroups
        >>> rep = liegroups.Rep("tensor:2", liegroups.SO(2))
        >>> rep, rep.size
        (Rep('tensor:2', SO(2)), 4)
        >>> quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
        >>> rep.rho(quarter, np.array([1.0, 0.0, 0.0, 0.0])) + 0.0          # xx becomes yy
        array([0., 0., 0., 1.])
        >>> V = liegroups.Rep("V", liegroups.SO(2))
        >>> 2 * (V * V) + ~V, (3 * V).size
        (Rep('2xT2 + T(0,1)', SO(2)), 6)
        >>> liegroups.Rep("4x0e+2x1o", liegroups.O(3)).size
        10
        >>> liegroups.Rep("vectro", liegroups.SO(2))
        Traceback (most recent call last):
        ValueError: unknown feature word 'vectro', did you mean 'vector'? The words are scalar, ...
    """

    word: str = field(compare=False)
    group: Group
    _node: Node | Channels = field(init=False, repr=False)

    def __post_init__(self):
        if not isinstance(self.word, str):
            raise TypeError(f"a feature word is a string such as 'vector', not {self.word!r}")
        if not isinstance(self.group, Group):
            raise TypeError(f"group of a Rep must have the members of liegroups.Group, not {self.group!r}")
        word, node = parse(self.word, self.group)
        object.__setattr__(self, "word", word)
        object.__setattr__(self, "_node", node)

    def __repr__(self) -> str:
        return f"Rep({self.word!r}, {self.group!r})"

    def __str__(self) -> str:
        return self.word

    @property
    def dimension(self) -> int:
        """Dimension d of the space on which the group acts."""
        return self.group.n - 1 if self.group.affine else self.group.n

    @property
    def size(self) -> int | None:
        """Length of the last axis, or None where it is free (the bare words scalar, pseudoscalar, invariant)."""
        return None if isinstance(self._node, Channels) else self._node.size

    @property
    def trivial(self) -> bool:
        """Whether every group element leaves the features as they are."""
        return self._node.trivial

    # ---- algebra ---------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> "Rep":
        """Return the direct sum: the components of self, then those of other."""
        if not isinstance(other, Rep):
            return NotImplemented
        return self._with(direct_sum([(1, self._components(self)), (1, self._components(other))]))

    def __mul__(self, other: Any) -> "Rep":
        """Return the tensor product; its components are those of ``numpy.kron``."""
        if not isinstance(other, Rep):
            return NotImplemented
        return self._with(product(self._components(self), self._components(other)))

    def __rmul__(self, count: Any) -> "Rep":
        """Return ``count`` copies one after the other."""
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)):
            return NotImplemented
        if count < 0:
            raise ValueError(f"the number of copies of {self!r} must be an integer >= 0, not {count}")
        return self._with(direct_sum([(int(count), self._components(self))]))

    def dual(self) -> "Rep":
        r"""Return the dual representation $\rho(g)^{-T}$, also written ``~rep``.

        Raises:
            ValueError: If the representation is ``invariant``, or a point of an affine group, which is not linear.
        """
        return self._with(dual(self._components(self)))

    def __invert__(self) -> "Rep":
        return self.dual()

    # ---- action ----------------------------------------------------------------------------------------

    def rho(self, g: Any, x: Any) -> Any:
        """Transform features ``x`` (..., size) by group elements ``g`` (..., n, n).

        The batch axes of g and x broadcast (a trivial representation returns x as it is). ``g`` is taken to the
        library, dtype and device of ``x``, in which the result is returned; half precisions are computed in float32.

        Raises:
            ValueError: If the last axis of x is not ``size``, g is not a matrix of the group's size, the batch axes do
                not broadcast, or, for ``regular``, g is no element (where values cannot be seen, the result is NaN).
        """
        if self.trivial:
            return self._checked(x) if is_array(x) else x
        return self._act(Element, g, x, "g")

    def drho(self, X: Any, x: Any) -> Any:
        r"""Return $\frac{d}{dt}\rho(e^{tX})x$ at $t = 0$ for algebra elements ``X`` (..., n, n).

        Same shapes and conversions as ``rho``; linear in X, and in x too unless there is a ``point`` in it.
        """
        if self.trivial:
            return namespace(x).zeros_like(self._checked(x)) if is_array(x) else x
        return self._act(Tangent, X, x, "X")

    def matrix(self, g: Any) -> Any:
        r"""Return the matrices $\rho(g)$ (..., size, size), in the library and dtype of ``g`` (..., n, n).

        Raises:
            ValueError: If the size is free, or the representation moves points and is therefore not linear.
        """
        node = self._node
        if isinstance(node, Channels):
            raise ValueError(f"{self!r} has any number of components, so it has no matrix; write 3xscalar, say")
        if not node.linear:
            raise ValueError(f"{self!r} is not linear, so it has no matrix: it translates points")
        g = full_precision(g, "g")
        check_tail(g, (self.group.n, self.group.n), "g", repr(self))
        action = Element(g, self.group.affine)
        images = node.apply(action, matching(np.eye(node.size), g))
        return transpose(spread(images, action.batch))

    # ---- inside ----------------------------------------------------------------------------------------

    def _act(self, kind: type[Element] | type[Tangent], g: Any, x: Any, argument: str) -> Any:
        given = self._checked(as_array(x, "x"))
        x = at_least_float32(given)
        if not is_array(g):
            g = as_array(g, argument)
        require_x64(g, argument)
        check_tail(g, (self.group.n, self.group.n), argument, repr(self))
        check_broadcast(g.shape[:-2], x.shape[:-1], f"{argument} and x", repr(self))
        g = matching(g, x)
        if isinstance(self._node, Channels):
            moved = self._node.apply(kind(g, self.group.affine), x)
        else:
            g, x, rows = fold(g, x)
            moved = unfold(self._node.apply(kind(g, self.group.affine), x), rows)
        return namespace(moved).astype(moved, given.dtype, copy=False)

    def _checked(self, x: Any) -> Any:
        if self.size is not None:
            check_tail(x, (self.size,), "x", repr(self))
        return x

    def _components(self, other: "Rep") -> Node:
        if other.group != self.group:
            raise ValueError(f"{self!r} and {other!r} are representations of different groups")
        node = other._node
        return node.component(self.dimension) if isinstance(node, Channels) else node

    def _with(self, node: Node) -> "Rep":
        return Rep(text(node), self.group)
