"""The entry of the command line; the exit status is 0 fine, 1 finding, 2 usage, 3 missing device."""

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["list"]:
        from symmetron import _listing

        _listing.main(sys.argv[2:])
    else:
        from symmetron import _cli

        _cli.app()


if __name__ == "__main__":
    main()
