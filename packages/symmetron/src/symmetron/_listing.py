"""The verb ``list``, apart from the others: it must answer faster than a library of command lines is imported."""

from __future__ import annotations

import argparse
import json
import sys
from typing import NoReturn

from symmetron._entry import KINDS
from symmetron._exit import USAGE, leave, one_sentence
from symmetron._registry import broken, entries
from symmetron.errors import suggest


class _Parser(argparse.ArgumentParser):
    """Answers wrong usage in one sentence."""

    @property
    def options(self) -> list[str]:
        """The long options."""
        return [text for action in self._actions for text in action.option_strings if text.startswith("--")]

    def error(self, message: str) -> NoReturn:
        leave(message, USAGE)


def main(arguments: list[str]) -> None:
    """List what is installed."""
    parser = _Parser("symmetron list", description="List what is installed; nothing heavy is imported.")
    parser.add_argument("--kind", help=", ".join(KINDS[:-1]) + f" or {KINDS[-1]}")
    parser.add_argument("--package", help="name of a distribution")
    parser.add_argument("--tag", help="a tag, such as symmetrizer")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        leave(f"list has no option {unknown[0]!r}{suggest(unknown[0], parser.options)}", USAGE)
    with one_sentence():
        found = entries(options.kind, options.package, options.tag)
        if options.tag is not None and not found:
            tags = sorted({tag for entry in entries(options.kind, options.package) for tag in entry.tags})
            raise ValueError(f"no entry has the tag {options.tag!r}{suggest(options.tag, tags)}")
        if options.json:
            report = {"entries": [entry.as_dict() for entry in found], "broken": [one.as_dict() for one in broken()]}
            print(json.dumps(report))
            return
        width = max((len(entry.name) for entry in found), default=0)
        for entry in found:
            print(f"{entry.name:{width}}  {entry.kind:7}  {entry.summary}")
        for one in broken():
            print(f"broken: {one}", file=sys.stderr)
