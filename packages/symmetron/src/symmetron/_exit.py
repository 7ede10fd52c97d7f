"""How the command line ends: one sentence on stderr and an exit status."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import NoReturn

from symmetron.errors import Cancelled, MissingDevice, SymmetronError

FINDING, USAGE, NO_DEVICE, INTERRUPTED = 1, 2, 3, 130


@contextlib.contextmanager
def one_sentence(debug: bool = False) -> Iterator[None]:
    """Turn an error into one sentence and an exit status; with ``debug`` let it pass."""
    try:
        yield
    except KeyboardInterrupt:
        leave("interrupted; the same command goes on where a store was kept", INTERRUPTED)
    except Exception as error:
        if debug or isinstance(error, BrokenPipeError):  # that one means the reader of our output has gone
            raise
        text = str(error).strip().partition("\n")[0]
        if isinstance(error, MissingDevice):
            leave(text, NO_DEVICE)
        if isinstance(error, SymmetronError | ValueError | TypeError) and not isinstance(error, Cancelled):
            leave(text, USAGE)
        leave(f"{type(error).__name__}: {text} (symmetron --debug shows where)", FINDING)


def leave(sentence: str, status: int) -> NoReturn:
    """Print the sentence and end with the status."""
    print(f"error: {sentence}", file=sys.stderr)
    raise SystemExit(status)
