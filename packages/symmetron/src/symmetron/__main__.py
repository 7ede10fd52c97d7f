"""The entry of the command line; the exit status is 0 fine, 1 finding, 2 usage, 3 missing device."""

import os
import sys


def main() -> None:
    """Run the command line."""
    try:
        try:
            _run()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as in `symmetron list | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python flushes at its end
        raise SystemExit(0) from None


def _run() -> None:
    if sys.argv[1:2] == ["list"]:
        from symmetron import _listing

        _listing.main(sys.argv[2:])
    else:
        from symmetron import _cli

        _cli.main()


if __name__ == "__main__":
    main()
