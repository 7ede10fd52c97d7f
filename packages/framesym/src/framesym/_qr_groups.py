"""Which groups of linear and affine maps a QR frame exists for, told from their generators."""

import itertools
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Kind = Literal["form", "unitary", "linear"]
Component = tuple[bool, bool]
IDENTITY: Component = (False, False)


@dataclass(frozen=True)
class LinearKind:
    r"""The linear part of a group with a QR frame.

    Attributes:
        kind: `"form"` for the matrices that preserve $\operatorname{diag}(\pm 1)$, `"unitary"` for U(m) and SU(m),
            `"linear"` for GL, SL and GL+, real or complex.
        d: Dimension of the real space.
        translations: Whether the group is affine.
        field: `"R"`, or `"C"` for complex matrices $A + iB$ written as $\begin{pmatrix}A & -B\\B & A\end{pmatrix}$.
        special: Whether determinants have absolute value one (SL), or are one (SU).
        signs: Diagonal of the form, (d,), more +1 than -1, and +1 first if they are as many; all one unless `kind` is
            `"form"`. Complex groups have one entry a complex coordinate.
        components: The signs of the determinants that elements have, as pairs (is negative on the positive part, is
            negative on the negative part of the form). Real linear groups use the first of the two.
    """

    kind: Kind
    d: int
    translations: bool
    field: Literal["R", "C"]
    special: bool
    signs: tuple[float, ...]
    components: frozenset[Component]

    @property
    def definite(self) -> bool:
        """Whether the form is definite, so that no vector but zero has length zero."""
        return len(set(self.signs)) == 1

    @property
    def time(self) -> int | None:
        """The one axis of its sign in a Lorentz group (the first of two), None for other forms."""
        lone = [sign for sign in set(self.signs) if self.signs.count(sign) == 1]
        if self.definite or not lone:
            return None
        return min(self.signs.index(sign) for sign in lone)

    @property
    def clock(self) -> int:
        """The time axis of a group that has one."""
        assert self.time is not None
        return self.time


def linear_kind(group: Any) -> LinearKind | None:
    """Read off which group `group` is; None if there is no QR frame for it.

    Only the members of the group protocol are used, so a group from any library will do.
    """
    try:
        affine = bool(group.affine)
        d = int(group.n) - affine
        generators = np.asarray(group.generators(), dtype=float).reshape(-1, d + affine, d + affine)
        discrete = np.asarray(group.discrete_generators(), dtype=float).reshape(-1, d + affine, d + affine)
    except (AttributeError, TypeError, ValueError):
        return None
    algebra = _linear_part(generators, d) if affine else _basis(generators)
    parts = discrete[:, :d, :d]
    if algebra is None or d < 1:
        return None
    finders = (_form, _unitary, _complex_linear, _real_linear)
    found = (finder(algebra, parts, d) for finder in finders)
    kind, field, special, signs, components = next((f for f in found if f is not None), (None, "R", False, (), None))
    if kind is None or components is None:
        return None
    return LinearKind(kind, d, affine, field, special, signs, components)


def _basis(matrices: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of the span of matrices (m, d, d)."""
    if not len(matrices):
        return matrices
    _, sizes, rows = np.linalg.svd(matrices.reshape(len(matrices), -1), full_matrices=False)
    return rows[sizes > 1e-9 * sizes.max()].reshape(-1, *matrices.shape[1:])


def _linear_part(generators: np.ndarray, d: int) -> np.ndarray | None:
    """Return a basis of the linear parts of an affine algebra that holds all translations, else None."""
    shifts = np.zeros((d, d + 1, d + 1))
    shifts[np.arange(d), np.arange(d), d] = 1.0
    whole = _basis(generators)
    if np.abs(generators[:, d]).max(initial=0.0) > 0 or len(_basis(np.concatenate([whole, shifts]))) != len(whole):
        return None
    linear = _basis(np.pad(generators[:, :d, :d], ((0, 0), (0, 1), (0, 1))))
    return linear[:, :d, :d]


def _spans(algebra: np.ndarray, rule: Any) -> bool:
    """Tell whether all matrices satisfy a rule, given as a function that vanishes."""
    return bool(np.abs(rule(algebra)).max(initial=0.0) < 1e-9)


def _group_of(elements: list[Component]) -> frozenset[Component]:
    """Return the subgroup of the signs that some elements generate."""
    found = {IDENTITY}
    for _ in elements:
        found |= {(a[0] ^ b[0], a[1] ^ b[1]) for a, b in itertools.product(found, elements)}
    return frozenset(found)


def _form(algebra: np.ndarray, parts: np.ndarray, d: int) -> tuple | None:
    """Recognise the groups of a diagonal form: O(p, q) and the unions of its components."""
    if len(algebra) != d * (d - 1) // 2:
        return None
    # A diagonal form J is preserved if A^T J + J A = 0: linear equations for its diagonal.
    rows = np.zeros((len(algebra), d, d, d))
    for k in range(d):
        rows[:, k, :, k] += algebra[:, k, :]
        rows[:, :, k, k] += algebra[:, k, :]
    _, sizes, vectors = np.linalg.svd(rows.reshape(-1, d), full_matrices=True)
    sizes = np.concatenate([sizes, np.zeros(d - len(sizes))])
    if (sizes < 1e-9).sum() != 1:
        return None
    form = vectors[-1] / np.abs(vectors[-1]).max()
    if not np.allclose(np.abs(form), 1.0):
        return None
    plus = (form > 0).sum()
    signs = np.sign(form) * (1 if 2 * plus > d or (2 * plus == d and form[0] > 0) else -1)
    if not np.allclose(parts.swapaxes(1, 2) @ (signs[:, None] * parts), np.diag(signs)):
        return None
    return "form", "R", False, tuple(signs.tolist()), _group_of([component(part, signs) for part in parts])


def component(matrix: np.ndarray, signs: Any) -> Component:
    """Tell the signs of the determinants of the diagonal blocks of a matrix that preserves a form."""
    plus, minus = np.flatnonzero(np.asarray(signs) > 0), np.flatnonzero(np.asarray(signs) < 0)
    block = lambda index: bool(len(index) and np.linalg.det(matrix[np.ix_(index, index)]) < 0)
    return block(plus), block(minus)


def _structure(d: int) -> np.ndarray:
    """Return multiplication by i."""
    half = np.eye(d // 2)
    return np.block([[0 * half, -half], [half, 0 * half]])


def _complex_trace(A: np.ndarray) -> np.ndarray:
    return np.stack([np.trace(A, axis1=1, axis2=2), np.einsum("aij,ji->a", A, _structure(A.shape[-1]))])


def _unitary(algebra: np.ndarray, parts: np.ndarray, d: int) -> tuple | None:
    m = d // 2
    if d % 2 or not _spans(algebra, lambda A: A @ _structure(d) - _structure(d) @ A):
        return None
    if not _spans(algebra, lambda A: A + A.swapaxes(1, 2)):
        return None
    special = len(algebra) == m * m - 1 and _spans(algebra, _complex_trace)
    if not special and len(algebra) != m * m:
        return None
    connected = _complex_parts(parts, special, unitary=True)
    return ("unitary", "C", special, (1.0,) * m, frozenset({IDENTITY})) if connected else None


def _complex_parts(parts: np.ndarray, special: bool, unitary: bool = False) -> bool:
    """Tell whether discrete generators add nothing to a connected complex group."""
    d = parts.shape[-1]
    m, J = d // 2, _structure(d)
    whole = parts[:, :m, :m] + 1j * parts[:, m:, :m]
    return bool(
        np.allclose(parts @ J, J @ parts)
        and (not special or np.allclose(np.linalg.det(whole), 1))
        and (not unitary or np.allclose(parts @ parts.swapaxes(1, 2), np.eye(d)))
    )


def _complex_linear(algebra: np.ndarray, parts: np.ndarray, d: int) -> tuple | None:
    m = d // 2
    if d % 2 or not _spans(algebra, lambda A: A @ _structure(d) - _structure(d) @ A):
        return None
    special = len(algebra) == 2 * m * m - 2 and _spans(algebra, _complex_trace)
    if not special and len(algebra) != 2 * m * m:
        return None
    return ("linear", "C", special, (1.0,) * m, frozenset({IDENTITY})) if _complex_parts(parts, special) else None


def _real_linear(algebra: np.ndarray, parts: np.ndarray, d: int) -> tuple | None:
    special = len(algebra) == d * d - 1 and _spans(algebra, lambda A: np.trace(A, axis1=1, axis2=2))
    if not special and len(algebra) != d * d:
        return None
    determinants = np.linalg.det(parts)
    if special and not np.allclose(np.abs(determinants), 1):
        return None
    return "linear", "R", special, (1.0,) * d, _group_of([(bool(det < 0), False) for det in determinants])
