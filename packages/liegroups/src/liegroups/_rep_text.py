r"""The texts of representations: ``5xT0 + 5xT1``, ``2xT(1,1)``, ``4x0e + 2x1o``, ``~T1 * (regular + 2xT0)``.

sum      = product ("+" product)*
product  = factor ("*" factor)*
factor   = count "x" factor | "~" factor | "(" sum ")" | word
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches

import numpy as np

from ._protocol import Group
from ._rep_finite import permutation, regular
from ._rep_leaves import Channels, Determinant, Irrep, Node, Point, Tensor
from ._rep_sum import Sum, direct_sum, dual, product, text

FEATURE_WORDS = ("scalar", "pseudoscalar", "vector", "pseudovector", "point", "tensor:k", "invariant")
WORDS = (*FEATURE_WORDS, "Tk", "T(p,q)", "V", "0e", "1o", "perm", "regular")
_NUMBER = "(0|[1-9][0-9]*)"
_TOKEN = re.compile(r"\s*(?:(T\(\s*\d+\s*,\s*\d+\s*\))|(\d+)\s*x\s*(?=[^\s+*)])|([+*~()])|([^\s+*~()]+))")


def parse(word: str, group: Group) -> tuple[str, Node | Channels]:
    """Return the canonical text and the node of a text.

    Raises:
        ValueError: If a word is unknown (the nearest is named), the text is malformed, or the group does not have
            such a representation.
    """
    bare = word.strip()
    if bare in ("scalar", "pseudoscalar", "invariant"):
        return bare, Channels(bare)
    if bare in FEATURE_WORDS or re.fullmatch(f"tensor:{_NUMBER}", bare):
        return bare, _leaf(bare, group, word)
    only_irreps = bare.startswith("irreps:")
    node = _Reader(bare.removeprefix("irreps:"), group, word).whole()
    if only_irreps:
        parts = [part for _, part in node.terms] if isinstance(node, Sum) else [node]
        if not all(isinstance(part, Irrep) for part in parts):
            raise ValueError(f"{word!r} has the prefix 'irreps:', after which come irreps only, such as 4x0e+2x1o")
    return text(node), node


class _Reader:
    """Recursive descent over the tokens of one text."""

    def __init__(self, body: str, group: Group, original: str):
        self.group = group
        self.original = original
        self.tokens = list(_tokens(body)) or [("word", "")]
        self.place = 0

    def whole(self) -> Node:
        node = self.sum()
        if self.place < len(self.tokens):
            raise self.fault(f"'+' or '*' is needed before {self.tokens[self.place][1]!r}")
        return node

    def sum(self) -> Node:
        terms = [self.product()]
        while self.accept("+"):
            terms.append(self.product())
        return direct_sum((1, node) for node in terms)

    def product(self) -> Node:
        factors = [self.factor()]
        while self.accept("*"):
            factors.append(self.factor())
        return factors[0] if len(factors) == 1 else product(*factors)

    def factor(self) -> Node:
        if self.place == len(self.tokens):
            raise self.fault("it ends where a representation is needed")
        kind, token = self.tokens[self.place]
        self.place += 1
        if kind == "count":
            return direct_sum([(int(token), self.factor())])
        if token == "~":
            return dual(self.factor())
        if token == "(":
            node = self.sum()
            if not self.accept(")"):
                raise self.fault("a bracket is not closed")
            return node
        if kind == "sign":
            raise self.fault(f"a representation is needed before {token!r}")
        return _leaf(token, self.group, self.original)

    def accept(self, sign: str) -> bool:
        if self.place < len(self.tokens) and self.tokens[self.place] == ("sign", sign):
            self.place += 1
            return True
        return False

    def fault(self, problem: str) -> ValueError:
        return ValueError(f"cannot read the representation {self.original!r}: {problem}")


def _tokens(body: str) -> Iterator[tuple[str, str]]:
    for tensor, count, sign, word in _TOKEN.findall(body):
        if tensor:
            yield "word", re.sub(r"\s", "", tensor)
        elif count:
            yield "count", count
        elif sign:
            yield "sign", sign
        else:
            yield "word", word


def _leaf(word: str, group: Group, original: str) -> Node:
    d = group.n - 1 if group.affine else group.n
    if word in ("vector", "V"):
        return Tensor(d, 1, 0)
    if word in ("scalar", "pseudoscalar", "invariant"):
        return Channels(word).component(d)
    if word == "pseudovector":
        return product(Determinant(), Tensor(d, 1, 0))
    if word == "point":
        return Point(d, group.affine)
    if word == "perm":
        return permutation(group)
    if word == "regular":
        return regular(group)
    if found := re.fullmatch(f"(?:T|tensor:){_NUMBER}", word):
        return Tensor(d, int(found[1]), 0)
    if found := re.fullmatch(rf"T\({_NUMBER},{_NUMBER}\)", word):
        return Tensor(d, int(found[1]), int(found[2]))
    if found := re.fullmatch(f"{_NUMBER}([eo])", word):
        return Irrep(int(found[1]), found[2], _has_reflections(group, original))
    near = get_close_matches(word, WORDS, n=1, cutoff=0.5)
    hint = f", did you mean {near[0]!r}?" if near else "."
    where = "" if word == original.strip() else f" (In {original!r}.)"
    raise ValueError(f"unknown feature word {word!r}{hint} The words are {', '.join(WORDS)}{where}")


def _has_reflections(group: Group, original: str) -> bool:
    """Tell O(3) from SO(3), also as the linear part of a group of motions; refuse other groups."""
    d = group.n - 1 if group.affine else group.n
    algebra, discrete = (np.asarray(table)[:, :d, :d] for table in (group.generators(), group.discrete_generators()))
    skew = np.allclose(algebra, -algebra.transpose(0, 2, 1), atol=1e-10)
    orthogonal = np.allclose(discrete.transpose(0, 2, 1) @ discrete, np.eye(d), atol=1e-10)
    if d != 3 or not skew or not orthogonal or np.linalg.matrix_rank(algebra.reshape(-1, d * d)) != 3:
        raise ValueError(
            f"the irreps in {original!r} are those of SO(3) and O(3), also as the linear parts of SE(3) and E(3); "
            f"{group.name} is none of them"
        )
    return bool(np.any(np.linalg.det(discrete) < 0)) if len(discrete) else False
