"""The tour, run as `nox -s demo` runs it: every section works, and the networks score what is claimed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import symmetron as sym

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """The folder that the tour fills."""
    pytest.importorskip("sklearn", reason="the scans ship inside scikit-learn")
    folder = tmp_path_factory.mktemp("tour") / "output"
    line = [sys.executable, str(ROOT / "examples" / "tour.py"), str(folder)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=1200, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_every_section_leaves_its_files(output):
    files = {file.name for file in output.iterdir()}
    pictures = {f"{name}.png" for name in ("digits", "motion", "memory", "memory-lines")}
    assert files >= {"index.html", "digits.nc", "memory.nc", "memory-lines.nc"} | pictures
    page = (output / "index.html").read_text()
    assert "http://" not in page and "https://" not in page  # self-contained


@pytest.mark.slow
def test_turned_digits_are_read_by_the_averaged_network_alone(output):
    """Bounds of the claim: 96 % upright, an honest control; 92 % turned; no change of a logit in float32."""
    scores = sym.load(output / "digits.nc")
    plain, averaged = scores.sel(network="plain"), scores.sel(network="averaged")
    assert float(plain["upright"]) >= 0.96
    assert float(plain["turned"]) <= 0.5
    assert float(averaged["turned"]) >= 0.92
    assert float(averaged["logit_change"]) <= 1e-4
    assert float(averaged["accuracy"].min()) >= 0.92
    assert json.loads(scores.attrs["spec"])["averaged"]["entry"] == "framesym/average"
    assert {"framesym", "torch"} <= set(json.loads(scores.attrs["versions"]))


@pytest.mark.slow
def test_the_memory_retrieves_below_its_capacity(output):
    """At T = 0 the branch ends at alpha = 0.395720238390763, the maximum of P erf(y)^(2P-2)/(4 y^2) for P = 4."""
    cold = sym.load(output / "memory.nc").sel(T=0.0)
    assert cold["converged"].values.tolist() == (cold["alpha"].values < 0.395720238390763).tolist()
