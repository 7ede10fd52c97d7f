"""Direct sums and tensor products of representations, in one form each: equal texts, equal nodes."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

from ._arrays import namespace
from ._rep_action import Action, spread
from ._rep_leaves import Determinant, Irrep, Node, Point, Tensor


@dataclass(frozen=True)
class Sum:
    """A direct sum: (count, node) terms one after the other, the copies of a term along the first axis of its block."""

    terms: tuple[tuple[int, Node], ...]

    @property
    def size(self) -> int:
        """Sum of the sizes."""
        return sum([count * node.size for count, node in self.terms])  # lists, which torch.compile can read

    @property
    def trivial(self) -> bool:
        """Whether all terms are."""
        return all(node.trivial for _, node in self.terms)

    @property
    def linear(self) -> bool:
        """Whether all terms are."""
        return all(node.linear for _, node in self.terms)

    def apply(self, action: Action, x: Any) -> Any:
        """Act on each block, the copies as more rows."""
        if self.trivial:
            return action.unchanged(x)
        xp, rows, start, parts = namespace(x), x.shape[-2], 0, []
        for count, node in self.terms:
            block = x[..., start : start + count * node.size] if len(self.terms) > 1 else x
            start += count * node.size
            moved = node.apply(action, xp.reshape(block, (*block.shape[:-2], rows * count, node.size)))
            parts.append(spread(xp.reshape(moved, (*moved.shape[:-2], rows, count * node.size)), action.batch))
        return parts[0] if len(parts) == 1 else xp.concat(parts, axis=-1)

    def __str__(self) -> str:
        return " + ".join(_term(count, node) for count, node in self.terms) or "0xT0"


@dataclass(frozen=True)
class Product:
    """A tensor product of at least two factors; components row-major, as in ``numpy.kron``."""

    factors: tuple[Node, ...]
    linear = True

    @property
    def size(self) -> int:
        """Product of the sizes."""
        return prod([node.size for node in self.factors])

    @property
    def trivial(self) -> bool:
        """Whether all factors are."""
        return all(node.trivial for node in self.factors)

    def apply(self, action: Action, x: Any) -> Any:
        """Act on one factor after the other; the matrix of the product is never formed."""
        steps = [lambda rows, node=node: node.apply(action, rows) for node in self.factors]
        return action.chain(steps, [node.size for node in self.factors], x)

    def __str__(self) -> str:
        if _is_pseudovector(self):
            return "pseudovector"
        return " * ".join(f"({node})" if _needs_brackets(node) else str(node) for node in self.factors)


def direct_sum(terms: Iterable[tuple[int, Node]]) -> Node:
    """Return a sum: inner sums opened where the order of components allows it, equal neighbours counted together."""
    found: list[tuple[int, Node]] = []
    for count, node in terms:
        inner: tuple[tuple[int, Node], ...] = ((count, node),)
        if isinstance(node, Sum) and (count == 1 or len(node.terms) <= 1):
            inner = tuple((count * copies, part) for copies, part in node.terms)
        for copies, part in inner:
            if found and found[-1][1] == part:
                copies += found.pop()[0]
            if copies:
                found.append((copies, part))
    return found[0][1] if len(found) == 1 and found[0][0] == 1 else Sum(tuple(found))


def product(*nodes: Node) -> Node:
    """Return a tensor product: inner products opened, T0 left out, tensor powers that can be one put together."""
    found: list[Node] = []
    for node in nodes:
        for factor in node.factors if isinstance(node, Product) else (node,):
            factor = _as_vector(factor)
            last = found[-1] if found else None
            if factor.size == 0:
                return Sum(())
            if isinstance(factor, Tensor) and factor.trivial:
                continue
            if isinstance(last, Tensor) and isinstance(factor, Tensor) and (last.q == 0 or factor.p == 0):
                found[-1] = Tensor(last.d, last.p + factor.p, last.q + factor.q)
            else:
                found.append(factor)
    if not found:
        return nodes[0]
    return found[0] if len(found) == 1 else Product(tuple(found))


def dual(node: Node) -> Node:
    """Return the contragredient representation, by inverse transposes."""
    node = _as_vector(node)
    if isinstance(node, Sum):
        return direct_sum((count, dual(part)) for count, part in node.terms)
    if isinstance(node, Product):
        return product(*map(dual, node.factors))
    if isinstance(node, Tensor):  # the order of the indices stays
        return product(Tensor(node.d, 0, node.p), Tensor(node.d, node.q, 0))
    if isinstance(node, Determinant):
        return Determinant(not node.inverse)
    return node  # irreps and permutations are orthogonal


def _as_vector(node: Node) -> Node:
    if not node.linear:
        raise ValueError("a point has no dual and no tensor products, since it may be translated; use 'vector'")
    return Tensor(node.d, 1, 0) if isinstance(node, Point) else node


def text(node: Any) -> str:
    """Return the text of a representation that stands alone."""
    if isinstance(node, Determinant) and not node.inverse:
        return "1xpseudoscalar"  # the bare word has any number of channels
    return _term(1, node)


def _term(count: int, node: Node) -> str:
    if count == 1 and not isinstance(node, Irrep):  # irreps are printed as e3nn does
        return str(node)
    brackets = isinstance(node, (Sum, Product)) and not _is_pseudovector(node)
    return f"{count}x({node})" if brackets else f"{count}x{node}"


def _needs_brackets(node: Node) -> bool:
    return isinstance(node, Sum) and len(node.terms) > 1


def _is_pseudovector(node: Any) -> bool:
    return isinstance(node, Product) and node.factors == (Determinant(), Tensor(node.size, 1, 0))
