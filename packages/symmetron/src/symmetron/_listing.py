"""The verb ``list``, apart from the others: it must answer faster than a library of command lines is imported."""

from __future__ import annotations

import argparse
import json
import sys

from symmetron._entry import KINDS
from symmetron._exit import one_sentence
from symmetron._registry import broken, entries


def main(arguments: list[str]) -> None:
    """List what is installed."""
    parser = argparse.ArgumentParser("symmetron list", description="List what is installed; nothing heavy is imported.")
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--package", help="name of a distribution")
    parser.add_argument("--tag", help="a tag, such as symmetrizer")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    with one_sentence():
        found = entries(options.kind, options.package, options.tag)
        if options.json:
            report = {"entries": [entry.as_dict() for entry in found], "broken": [one.as_dict() for one in broken()]}
            print(json.dumps(report))
            return
        width = max((len(entry.name) for entry in found), default=0)
        for entry in found:
            print(f"{entry.name:{width}}  {entry.kind:7}  {entry.summary}")
        for one in broken():
            print(f"broken: {one}", file=sys.stderr)
