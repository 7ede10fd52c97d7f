"""The Python of the packages' pages and READMEs runs as it stands, and prints what stands below it."""

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("docs/packages/*/*.md", "packages/*/README.md")
    for path in ROOT.glob(pattern)
    if "```python\n" in path.read_text(encoding="utf-8")
)
# A block of Python, and the block of text that follows it, if one does before any other text.
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", re.DOTALL)


def test_every_package_has_a_snippet():
    packages = {path.parent.name for path in ROOT.glob("packages/*/pyproject.toml")}
    assert {page.split("/")[-2] for page in PAGES} >= packages


@pytest.mark.parametrize("page", PAGES)
def test_snippets_of_a_page_run_in_order_in_one_namespace(page):
    pytest.importorskip("torch")  # the pages take the libraries of all extras for granted
    text = (ROOT / page).read_text(encoding="utf-8")
    namespace = {"__name__": "snippet"}
    for block in BLOCK.finditer(text):
        code, expected = block.groups()
        line = text.count("\n", 0, block.start()) + 1
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * line + code, str(ROOT / page), "exec"), namespace)
        if expected is not None:
            assert printed.getvalue() == expected, f"{page}:{line}"
