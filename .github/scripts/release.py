"""Check a release tag `<dist>-vX.Y.Z`: tag = version in pyproject.toml = first version in CHANGELOG.md.

usage: python .github/scripts/release.py TAG      prints dist=... and version=..., lines for $GITHUB_OUTPUT
"""

import re
import sys
import tomllib
from pathlib import Path


def released(tag: str, root: Path) -> tuple[str, str]:
    """Return the distribution and version that `tag` releases.

    Raises:
        ValueError: If the tag is not of that form, or disagrees with the package's files.
    """
    match = re.fullmatch(r"([a-z0-9]+(?:-[a-z0-9]+)*)-v(\d+\.\d+\.\d+)", tag)
    if match is None:
        raise ValueError(f"tag {tag!r} is not <dist>-vX.Y.Z, such as liegroups-v1.0.0")
    dist, version = match.groups()
    folder = root / "packages" / dist
    if not (folder / "pyproject.toml").is_file():
        raise ValueError(f"tag {tag!r} names {dist}, and packages/ has no such package")
    declared = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["version"]
    if declared != version:
        raise ValueError(f"tag {tag!r} releases {version}, and packages/{dist}/pyproject.toml says {declared}")
    newest = re.search(r"^## +\[?v?([^\s\]]+)", (folder / "CHANGELOG.md").read_text(), re.MULTILINE)
    if newest is None or newest[1] != version:
        raise ValueError(
            f"tag {tag!r} releases {version}, and packages/{dist}/CHANGELOG.md begins with "
            f"{newest[1] if newest else 'no version'}"
        )
    return dist, version


if __name__ == "__main__":
    try:
        dist, version = released(sys.argv[1], Path.cwd())
    except ValueError as error:
        sys.exit(f"release: {error}")
    print(f"dist={dist}\nversion={version}")
