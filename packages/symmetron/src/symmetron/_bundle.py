"""Small blocks travel together: one message to a worker, one answer and one transaction for many of them.

A bundle is no unit of anything but transport: values, keys and failures are those of its blocks, and a bundle in which
a worker died is taken apart, so that the block that is to blame is found.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from symmetron._checkpoint import work
from symmetron._compute import Block, Task

BUDGET = 0.05  # seconds that a bundle may take: what a kill may cost, and what another worker may wait at the end
_LARGEST = 256

Answer = tuple[bytes, str]


@dataclass(eq=False)
class Job:
    """One block of a sweep on its way.

    Attributes:
        indices: Flat indices of its cells.
        task: What a worker needs.
        key: Under which the store keeps it.
        block: Its result.
        alone: Whether it must not share a bundle, since a worker died over it.
    """

    indices: np.ndarray
    task: Task
    key: str
    block: Block | None = None
    alone: bool = False


class Bundles:
    """Hands out jobs in bundles that grow while they take much less than the budget."""

    def __init__(self, jobs: Iterable[Job]):
        self._waiting = deque(jobs)
        self._size = 1

    def next(self) -> list[Job]:
        """Return the next bundle, an empty one at the end."""
        bundle: list[Job] = []
        while self._waiting and len(bundle) < self._size and not (bundle and self._waiting[0].alone):
            bundle.append(self._waiting.popleft())
            if bundle[-1].alone:
                break
        return bundle

    def answered(self, bundle: Sequence[Job], seconds: float) -> None:
        """Take back the jobs whose time did not come, and fit the size to what this bundle took."""
        left = [job for job in bundle if job.block is None]
        self._waiting.extendleft(reversed(left))
        if left or seconds > BUDGET:
            self._size = max(1, self._size // 2)
        elif seconds < BUDGET / 2 and len(bundle) >= self._size:
            self._size = min(2 * self._size, _LARGEST)

    def take_apart(self, bundle: Sequence[Job]) -> None:
        """Take back the jobs of a bundle over which a worker died, to be tried one by one."""
        for job in bundle:
            job.alone = True
        self._waiting.extendleft(reversed(bundle))


def work_through(tasks: Sequence[Task]) -> list[Answer]:
    """Compute tasks in a worker, in order, until the time is up; the first in any case."""
    end = time.monotonic() + BUDGET
    answers = [work(tasks[0])]
    for task in tasks[1:]:
        if time.monotonic() > end:
            break
        try:
            answers.append(work(task))
        except Exception:  # it will come first in another bundle, and be told then
            break
    return answers
