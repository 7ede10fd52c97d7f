"""Check an isolated environment: which of our packages are in it, from where, and what importing them loads.

usage: python tests/alone.py --present liegroups framesym --absent symmetron
"""

import argparse
import importlib
import importlib.util
import sys
from pathlib import Path


def findings(present, absent):
    """Return one sentence for everything that is wrong."""
    for name in absent:
        if importlib.util.find_spec(name) is not None:
            yield f"{name} is importable though nothing requires it"
    for name in present:
        origin = Path(importlib.import_module(name).__file__)
        if not origin.is_relative_to(sys.prefix):
            yield f"{name} was imported from {origin}, not from the environment {sys.prefix}"
        yield from (f"import {name} loads {heavy}" for heavy in ("torch", "jax") if heavy in sys.modules)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--present", nargs="*", default=[])
    parser.add_argument("--absent", nargs="*", default=[])
    wrong = list(findings(**vars(parser.parse_args())))
    sys.exit("\n".join(wrong) or 0)
