"""The package by itself: light to import, plotted, the one that was asked for."""

import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest

import hopfield_rsb
from hopfield_rsb import DenseHopfield, plot_phase_diagram, rs


def test_import_is_light():
    code = "import sys, hopfield_rsb; dir(hopfield_rsb); print({'numpy', 'scipy', 'torch', 'jax', 'matplotlib'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_version_is_that_of_the_distribution():
    assert hopfield_rsb.__version__ == metadata.version("hopfield-rsb")


def diagram(branch="retrieval", **attributes):
    xarray = pytest.importorskip("xarray", reason="results are xarray data sets where the umbrella is installed")
    alpha, T = np.linspace(0.1, 0.6, 9), np.linspace(0, 0.8, 7)
    states = rs(model=DenseHopfield(P=4), alpha=alpha[:, None], T=T, branch=branch)
    data = {name: (("alpha", "T"), values) for name, values in states.items() if np.ndim(values)}
    return xarray.Dataset(data, {"alpha": alpha, "T": T}, attributes)


@pytest.mark.parametrize("turned", [False, True])
def test_phase_diagram_shows_the_overlap_where_the_state_exists(turned):
    pytest.importorskip("matplotlib", reason="plots need the extra plot")
    dataset = diagram(branch="retrieval", **{"model.P": 4, "model.kernel": "gaussian", "model.load_unit": "paper"})
    panel = plot_phase_diagram(dataset.transpose() if turned else dataset).axes[0]
    shown = np.ma.filled(panel.collections[0].get_array().astype(float), np.nan).reshape(7, 9)
    expected = dataset["m"].where(dataset["converged"]).transpose("T", "alpha").values
    np.testing.assert_array_equal(shown, expected)
    labels = [text.get_text() for text in panel.get_legend().get_texts()]
    assert "end of the branch" in labels and any("Nishimori" in label for label in labels)


def test_phase_diagram_of_a_glass_shows_its_overlap():
    pytest.importorskip("matplotlib", reason="plots need the extra plot")
    dataset = diagram(branch="glass").assign_attrs(branch="glass")
    assert plot_phase_diagram(dataset).axes[1].get_ylabel() == "overlap $q$"


def test_phase_diagram_needs_both_axes():
    pytest.importorskip("matplotlib", reason="plots need the extra plot")
    with pytest.raises(ValueError, match="missing: T"):
        plot_phase_diagram(diagram().isel(T=0, drop=True))
