"""The progress bar of long work: rich, and on a terminal only."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Literal

Show = Callable[[int, int, str], None]


@contextlib.contextmanager
def bar(progress: Show | Literal["auto"] | None, title: str, total: int) -> Iterator[Show]:
    """Yield a callback ``show(done, total, text)``: the caller's own, a bar on a terminal, or one that is silent."""
    if callable(progress):
        yield progress
    elif progress is None or not sys.stderr.isatty():
        yield lambda done, total, text: None
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, TextColumn("{task.fields[text]}"), console=Console(stderr=True)) as display:
            line = display.add_task(title, total=total, text="")
            yield lambda done, total, text: display.update(line, completed=done, total=total, text=text)
