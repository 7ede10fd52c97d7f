"""Every error the umbrella raises on purpose; each message is one sentence with the nearest valid choice."""

import copyreg
import difflib
from collections.abc import Iterable


class SymmetronError(Exception):
    """Base of all errors that symmetron raises on purpose."""


class PluginError(SymmetronError):
    """A plugin breaks the contract of ``symmetron.hookspecs``."""


class UnknownEntry(SymmetronError, LookupError):
    """No registered entry has the given full name."""

    def __init__(self, name: str, known: Iterable[str]):
        known = sorted(known)
        same_name = [full for full in known if full.partition("/")[2] == name]
        close = same_name or nearest(name, known, count=3)
        hint = f"nearest: {', '.join(close)}" if close else "`symmetron list` shows every entry"
        super().__init__(f"no entry is named {name!r} (full names are <distribution>/<name>); {hint}")

    def __reduce__(self):  # by its message alone, so that a worker can send it home
        return copyreg.__newobj__, (type(self), str(self))  # pyright: ignore[reportAttributeAccessIssue]


class ParameterError(SymmetronError, ValueError):
    """A parameter of an entry is unknown, missing, or of the wrong type."""


class BuildError(SymmetronError):
    """A table does not describe something that can be built."""


class SweepError(SymmetronError):
    """A sweep cannot go on, for example because its store cannot be written."""


class ResultError(SymmetronError):
    """A solver returned something that is not a result (see ``symmetron.hookspecs``)."""


class MissingDevice(SymmetronError):
    """The requested device is not on this machine."""


class Cancelled(SymmetronError):
    """Raised by a progress callback to stop a long run; what is finished stays in the store."""


def nearest(word: str, known: Iterable[str], count: int = 1, cutoff: float = 0.4) -> list[str]:
    """Return up to ``count`` of the ``known`` words most like ``word``, best first.

    Examples:
        >>> nearest("alhpa", ["alpha", "T"])
        ['alpha']
    """
    known = list(known)
    folded = {choice.lower(): choice for choice in known}
    return [folded[choice] for choice in difflib.get_close_matches(str(word).lower(), folded, n=count, cutoff=cutoff)]


def suggest(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"``, or the list of what is known when nothing is near."""
    known = list(known)
    close = nearest(word, known)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(map(str, known))}" if known else "; there are none"
