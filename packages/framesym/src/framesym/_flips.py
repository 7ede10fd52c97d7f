"""Copies that differ by the signs of canonical axes: one after the other, or side by side in one batch."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from framesym._typed import Typed


class Flips:
    """Typed arrays (*batch, ...) flipped by one row of signs (F, d) at a time; what to multiply by is found once."""

    def __init__(self, typed: Mapping[str, Typed], signs: Tensor, batch: int) -> None:
        self._typed, self._signs, self._batch = typed, signs, batch
        self._known: dict[str, Tensor] = {}

    def __call__(self, name: str, value: Any, element: int) -> Any:
        """Return the array flipped by row `element`."""
        typed = self._typed[name]
        if typed.fixed or not isinstance(value, Tensor):
            return value
        if name not in self._known:
            self._known[name] = typed.pattern(self._signs, value.shape[self._batch :], value.dtype)
        return value * self._known[name][element]


def fold(argument: Typed, value: Any, signs: Tensor, batch: int) -> Any:
    """Return the copies of an argument (*batch, ...) for signs (F, d), side by side in the first batch axis."""
    if not isinstance(value, Tensor):
        return value
    if argument.fixed:
        copies = value.expand(len(signs), *value.shape)
    else:
        pattern = argument.pattern(signs, value.shape[batch:], value.dtype)
        copies = value * pattern.reshape(len(signs), *[1] * batch, *pattern.shape[1:])
    return copies.flatten(0, 1) if batch else copies


def unfold(result: Typed, y: Any, signs: Tensor, batch: tuple[int, ...]) -> Tensor:
    """Check a result of the network, take the copies out of its first batch axis, and return their sum."""
    count = len(signs)
    result.check(y, (count * batch[0], *batch[1:]) if batch else (count,))
    y = y.unflatten(0, (count, batch[0])) if batch else y
    if result.fixed:
        return y.sum(0)
    pattern = result.pattern(signs, y.shape[1 + len(batch) :], y.dtype)
    return (y * pattern.reshape(count, *[1] * len(batch), *pattern.shape[1:])).sum(0)
