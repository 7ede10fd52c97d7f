"""Print, as a JSON list, the packages whose isolated tests a change calls for.

usage: git diff --name-only BASE...HEAD | python .github/scripts/changed.py
       python .github/scripts/changed.py --all
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

STANDS_UNDER_ALL = {"liegroups", "symmetron"}
RUNS_IN_NO_PACKAGE = ("docs/", "bench/", "examples/", "tests/")


def changed_packages(paths: Iterable[str], packages: Iterable[str]) -> list[str]:
    """Return the packages to test, sorted.

    A change inside a package calls for that package, or for all if the others stand on it. Pages, measurements,
    examples and the tests across packages are seen by sessions of their own. Everything else (the root
    configuration, constraints.txt, the workflows) is shared, so it calls for all.
    """
    packages = set(packages)
    called = set()
    for path in paths:
        folder, _, rest = path.partition("/")
        dist = rest.partition("/")[0]
        if folder == "packages" and dist not in STANDS_UNDER_ALL:
            called.add(dist)
        elif not path.startswith(RUNS_IN_NO_PACKAGE) and not ("/" not in path and path.endswith((".md", ".cff"))):
            return sorted(packages)
    return sorted(called & packages)  # a package that the change removed has nothing to test


if __name__ == "__main__":
    everything = [path.parent.name for path in Path("packages").glob("*/pyproject.toml")]
    lines = ["constraints.txt"] if "--all" in sys.argv else sys.stdin.read().splitlines()
    print(json.dumps(changed_packages(lines, everything)))
