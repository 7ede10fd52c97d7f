"""What a check has found so far."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

from symmetron.errors import PluginError, SymmetronError


class Report:
    """Collects findings, which fail the check, and notes, which do not."""

    def __init__(self) -> None:
        self.findings: list[SymmetronError] = []
        self.notes: list[str] = []

    def finding(self, where: str, what: str) -> None:
        """Add a finding: the place, and a sentence with what to do."""
        self.findings.append(PluginError(f"{where}: {what}"))

    def note(self, where: str, what: str) -> None:
        """Add a note."""
        self.notes.append(f"{where}: {what}")

    def holds(self, condition: bool, where: str, what: str) -> bool:
        """Add a finding unless the condition holds, and return the condition."""
        if not condition:
            self.finding(where, what)
        return bool(condition)

    @contextlib.contextmanager
    def using(self, where: str) -> Iterator[None]:
        """Run code of the plugin: what it raises and what it prints are findings."""
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                yield
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too
            self.finding(where, f"it raised {reason(error)}; mend it, or give parameters that work in `examples`")
        if printed.getvalue():
            first = printed.getvalue().strip().partition("\n")[0]
            self.finding(where, f"it prints to standard output ({first!r}); use logging")

    def close(self, distribution: str) -> None:
        """Raise the findings as one group.

        Raises:
            ExceptionGroup: There are findings; the notes are attached to it.
        """
        if not self.findings:
            return
        count = len(self.findings)
        text = f"{distribution} breaks the plugin contract in {count} place{'s' if count > 1 else ''}"
        group = ExceptionGroup(text, self.findings)
        for note in self.notes:
            group.add_note(note)
        raise group


def reason(error: BaseException) -> str:
    """Return the type and the first line of an exception."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}".removesuffix(": ")
