"""The plugin of the page "Write a plugin", taken literally."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "write-a-plugin.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', PAGE, re.DOTALL))


def test_it_is_thirty_lines():
    assert sum(len([line for line in text.splitlines() if line.strip()]) for text in FILES.values()) <= 30


def test_it_installs_and_runs_as_the_page_says(tmp_path):
    pytest.importorskip("hatchling", reason="building the plugin offline needs hatchling")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*install, "--target", str(site), str(tmp_path)], check=True, capture_output=True)

    def run(*arguments):
        code = f"import sys; sys.path.insert(0, {str(site)!r}); sys.argv = {['symmetron', *arguments]!r}; import symmetron.__main__ as m; m.main()"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout

    listed = "ising-chain/free-energy  solver   Ising chain\n"
    assert run("list", "--package", "ising-chain") == listed and listed in PAGE
    printed = run("run", "ising-chain/free-energy", "-p", "T=2")
    assert printed in PAGE
    # Without a field f = -T ln(2 cosh(1/T)): Ising 1925
    assert float(printed.split()[2]) == pytest.approx(-2 * math.log(2 * math.cosh(0.5)), abs=1e-14)
    check = f"import sys; sys.path.insert(0, {str(site)!r}); import symmetron as s; print(s.testing.check_plugin('ising-chain'))"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True).stdout == "[]\n"
