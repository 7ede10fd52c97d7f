"""What is left without numba."""

import sys

import pytest

from hopfield_rsb import DenseHopfield, compare, enumerate_exact, monte_carlo

MODEL = DenseHopfield(P=4, kernel="power")


@pytest.fixture
def without_numba(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("hopfield_rsb._") and "sweeps" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numba", None)


def test_simulation_says_what_to_install(without_numba):
    with pytest.raises(ImportError, match=r"monte_carlo needs numba: pip install 'hopfield-rsb\[mc\]'"):
        monte_carlo(model=MODEL, N=8, K=3, T=1.0)
    with pytest.raises(ImportError, match="needs numba"):
        compare(model=MODEL, N=8, alpha=0.1, T=1.0)


def test_enumeration_goes_on(without_numba):
    assert enumerate_exact(model=MODEL, N=15, K=2, T=1.0)["overlap_probability"].sum() == pytest.approx(1)
