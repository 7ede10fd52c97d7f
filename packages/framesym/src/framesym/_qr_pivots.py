"""Gram-Schmidt with pivots chosen by invariants, for definite, indefinite and Hermitian forms."""

from typing import Any, NamedTuple

import numpy as np

from framesym._qr_arrays import constant, first_large, hermitian, matching, namespace, pick, squares

# An indefinite pair of vectors is used in place of one vector where all squares are below this part of the products.
_PAIR = 0.383
_ROUND_OFFS = 64


class Pivots(NamedTuple):
    """Orthonormal vectors made of points, completed to a basis.

    Attributes:
        basis: (*batch, d, d), columns; column k has the sign of entry k of the form.
        found: Which columns the points span, (*batch, d).
        lengths: Length of what a pivot added to the span, (*batch, d); one for the other columns.
        lightlike: Where the points reach out of the span by vectors orthogonal to all of them, (*batch,).
    """

    basis: Any
    found: Any
    lengths: Any
    lightlike: Any


def pivoted(points: Any, signs: tuple[float, ...], round_off: Any) -> Pivots:
    r"""Orthonormalise points (*batch, n, d) for the form diag(signs), Hermitian if they are complex.

    Each step takes, among what the earlier vectors leave of the points, the first one that is not much shorter than
    the longest. In an indefinite form all squares may vanish, as they do for massless momenta; then a pair with a
    large product spans a plane of signature (1, 1), and the step takes its positive axis. Every choice depends on
    inner products alone, so it does not change when the points move. Where the points span less than the space, unit
    vectors complete the basis.

    Args:
        points: Real or complex points with largest entry about one.
        signs: Diagonal of the form.
        round_off: Relative round-off of the points, (*batch,).
    """
    xp = namespace(points)
    d = len(signs)
    definite = len(set(signs)) == 1
    real = squares(points[..., :1, :])[..., 0, :]
    form = matching(np.array(signs), real)
    units = matching(np.eye(d), points) + xp.zeros_like(points[..., :1, :])
    basis = xp.zeros_like(units)
    found = xp.zeros_like(real) > 0
    free = ~found
    lengths = xp.ones_like(real)
    vectors: list[tuple[Any, Any]] = []
    for _ in range(d):
        new, product = _choose(points, form, definite)
        if definite:
            limit = (_ROUND_OFFS * round_off) ** 2
        else:
            limit = _ROUND_OFFS * round_off * xp.sqrt(xp.max(xp.sum(squares(constant(points)), axis=-1), axis=-1))
        spans = constant(xp.abs(product)) > limit
        vector = xp.where(spans[..., None], new, _choose(units, form, definite)[0])
        for earlier, sign in vectors:  # once more: the first subtraction leaves round-off of the longer vector
            vector = _subtract(vector[..., None, :], earlier, sign, form)[..., 0, :]
        product = xp.sum(form * squares(vector), axis=-1)
        length, sign = xp.sqrt(xp.abs(product)), xp.sign(constant(product))
        vector = vector / length[..., None]
        vectors.append((vector, sign))
        points = xp.where(spans[..., None, None], _subtract(points, vector, sign, form), points)
        units = _subtract(units, vector, sign, form)

        slot = first_large(xp.astype(free & (form * sign[..., None] > 0), real.dtype))
        basis = basis + vector[..., :, None] * xp.astype(slot, vector.dtype)[..., None, :]
        free = free & (slot == 0)
        found = found | ((slot > 0) & spans[..., None])
        lengths = xp.where((slot > 0) & spans[..., None], constant(length)[..., None], lengths)
    if definite:
        return Pivots(basis, found, lengths, xp.any(found, axis=-1) & False)
    left = xp.max(xp.sqrt(xp.sum(squares(constant(points)), axis=-1)), axis=-1)
    stretch = xp.max(xp.max(squares(constant(basis)), axis=-1), axis=-1)
    return Pivots(basis, found, lengths, left > _ROUND_OFFS * round_off * stretch)


def _choose(rows: Any, form: Any, definite: bool) -> tuple[Any, Any]:
    """Return a vector (*batch, d) of the span of the rows and its square, zero only if all products are."""
    xp = namespace(rows)
    own = xp.sum(form * squares(rows), axis=-1)
    mark = first_large(constant(xp.abs(own)))
    single, square = pick(mark, rows), xp.sum(mark * own, axis=-1)
    if definite or rows.shape[-2] == 1:
        return single, square
    n = rows.shape[-2]
    products = xp.matmul(rows * form, xp.matrix_transpose(rows))
    off = constant(xp.abs(products)) * matching(1 - np.eye(n), products)
    flat = first_large(xp.reshape(off, (*off.shape[:-2], n * n)))
    pair = xp.reshape(flat, off.shape)
    i, j = xp.sum(pair, axis=-1), xp.sum(pair, axis=-2)
    a, b, c = xp.sum(i * own, axis=-1), xp.sum(xp.sum(pair * products, axis=-1), axis=-1), xp.sum(j * own, axis=-1)
    needed = xp.max(constant(xp.abs(own)), axis=-1) < _PAIR * xp.max(xp.max(off, axis=-1), axis=-1)
    # The inner `where` keeps the angle of (0, 0), whose derivative is NaN, out of the graph.
    angle = xp.atan2(xp.where(needed, 2 * b, xp.ones_like(b)), xp.where(needed, a - c, xp.ones_like(b))) / 2
    cos, sin = xp.cos(angle), xp.sin(angle)
    both = cos[..., None] * pick(i, rows) + sin[..., None] * pick(j, rows)
    square_of_both = cos * cos * a + 2 * cos * sin * b + sin * sin * c
    return xp.where(needed[..., None], both, single), xp.where(needed, square_of_both, square)


def _subtract(rows: Any, vector: Any, sign: Any, form: Any) -> Any:
    """Return rows (*batch, n, d) less their part along a unit vector (*batch, d) of square `sign` (*batch,)."""
    xp = namespace(rows)
    along = xp.matmul(rows * form, hermitian(vector[..., None, :]))
    return rows - xp.astype(sign, rows.dtype)[..., None, None] * along * vector[..., None, :]
