"""Bringing a frame into the components that a group has, by flips of canonical axes."""

from typing import Any

import numpy as np

from framesym._qr_arrays import constant, counted, integer, matching, namespace
from framesym._qr_groups import Component, LinearKind

_ORDER: tuple[Component, ...] = ((False, False), (True, False), (False, True), (True, True))


def allowed_flips(linear: Any, missing: Any, kind: LinearKind) -> tuple[Any, Any]:
    """Return signs (*batch, d) of the columns that bring matrices (*batch, d, d) into the group.

    An axis that no point reaches (`missing`) is flipped first, since nothing depends on it. Otherwise the first axis
    of its kind is flipped, by a rule that depends on the coset of the group alone. The second result tells where
    there is one missing axis and the group holds its reflection, so that both directions belong to the frame.
    """
    xp = namespace(linear)
    signs = np.array(kind.signs)
    blocks = [np.flatnonzero(signs > 0), np.flatnonzero(signs < 0)]
    code = xp.zeros_like(missing[..., 0], dtype=integer(missing))
    places = []
    for bit, block in enumerate(blocks):
        if not len(block):
            places.append(xp.zeros_like(missing))
            continue
        own = matching(np.isin(np.arange(len(signs)), block), missing)
        inside = matching(np.isin(np.arange(len(signs)), block).astype(float), linear)
        square = constant(linear) * inside[:, None] * inside + matching(np.eye(len(signs)), linear) * (1 - inside)
        open_axes = missing & own
        lacks = xp.any(open_axes, axis=-1)
        negative = xp.linalg.det(square) < 0
        code = code + (1 << bit) * xp.astype(negative, code.dtype) + (4 << bit) * xp.astype(lacks, code.dtype)
        first = matching(np.arange(len(signs)) == block[0], missing)
        last = _last(open_axes)
        places.append(xp.where(lacks[..., None], last, first & own))
    table = matching(_table(kind.components), missing, integer(missing))[code]
    flips = xp.ones_like(constant(linear)[..., 0, :])
    for bit, place in enumerate(places):
        flip = ((table // (1 << bit)) % 2 == 1)[..., None] & place
        flips = xp.where(flip, -flips, flips)
    count = counted(missing)
    mirrored = [matching(np.array(axis in kind.components), missing) for axis in ((True, False), (False, True))]
    plus = xp.any(missing & matching(signs > 0, missing), axis=-1)
    return flips, (count == 1) & xp.where(plus, mirrored[0], mirrored[1])


def _last(marks: Any) -> Any:
    """Keep the last mark of (*batch, d) only."""
    xp = namespace(marks)
    counts = xp.cumulative_sum(xp.astype(xp.flip(marks, axis=-1), integer(marks)), axis=-1)
    return marks & (xp.flip(counts, axis=-1) == 1)


def _table(components: frozenset[Component]) -> np.ndarray:
    """Return the flips (bit 0: an axis of the positive part, bit 1: of the negative part) for each case.

    Cases are numbered by the signs of the determinants (bits 0 and 1) and by what is missing (bits 2 and 3).
    """
    table = np.zeros(16, dtype=np.int64)
    for case in range(16):
        negative = (bool(case & 1), bool(case & 2))
        choices = [turn for turn in _ORDER if all(not t or case & bit for t, bit in zip(turn, (4, 8), strict=True))]
        for forced in _ORDER:
            ways = [_add(forced, turn) for turn in choices if _add(negative, _add(forced, turn)) in components]
            if ways:
                table[case] = ways[0][0] + 2 * ways[0][1]
                break
    return table


def _add(a: Component, b: Component) -> Component:
    return a[0] ^ b[0], a[1] ^ b[1]
