"""The lines of the phase diagram, read back from the figure."""

import numpy as np
import pytest

from hopfield_rsb import DenseHopfield, plot_phase_diagram, rs

pytest.importorskip("matplotlib", reason="plots need the extra plot")
xarray = pytest.importorskip("xarray", reason="results are xarray data sets where the umbrella is installed")


def sweep(**model):
    """Return the data set that a sweep of the retrieval branch makes."""
    record = DenseHopfield(**model)
    alpha, T = np.linspace(0.02, 0.6, 30), np.linspace(0.0, 0.9, 24)
    states = rs(model=record, alpha=alpha[:, None], T=T)
    data = {name: (("alpha", "T"), np.broadcast_to(values, (30, 24))) for name, values in states.items()}
    attrs = {"branch": "retrieval"} | {f"model.{name}": getattr(record, name) for name in ("P", "kernel", "load_unit")}
    return xarray.Dataset(data, {"alpha": alpha, "T": T}, attrs)


def test_the_line_of_broken_replica_symmetry_is_where_the_replicon_vanishes():
    """No vertex lies below the lowest warm temperature, and the replicon solved anew at each is zero but for what
    linear interpolation on this grid leaves; at T = 0.02, half a step below, it is 1 where the line once was.
    """
    from matplotlib.contour import ContourSet

    dataset = sweep(P=4)
    panel = plot_phase_diagram(dataset).axes[0]
    [contour] = [child for child in panel.get_children() if isinstance(child, ContourSet)]
    vertices = np.concatenate([path.vertices for path in contour.get_paths()])
    assert len(vertices) and vertices[:, 1].min() >= dataset["T"].values[1]
    states = rs(model=DenseHopfield(P=4), alpha=vertices[:, 0], T=vertices[:, 1])
    assert np.abs(states["replicon"][states["converged"]]).max() < 0.2


@pytest.mark.parametrize("part", [{"alpha": 0}, {"alpha": [0]}, {"T": [3]}, {"alpha": 0, "T": 0}])
def test_one_line_or_one_state_is_no_phase_diagram(part):
    with pytest.raises(ValueError, match="a phase diagram needs"):
        plot_phase_diagram(sweep(P=4).isel(part))


def labels(panel):
    return panel.get_legend_handles_labels()[1]


def test_the_lines_of_four_spin_couplings():
    figure = plot_phase_diagram(sweep(P=4))
    panel = figure.axes[0]
    lines = {line.get_label(): line for line in panel.lines}
    # At T = 0 the branch ends at the maximum of P erf(y)^(2P-2)/(4 y^2).
    assert lines["end of the branch"].get_xdata()[0] == pytest.approx(0.395720238390763, abs=1e-12)
    nishimori = next(line for label, line in lines.items() if "Nishimori" in label)
    np.testing.assert_array_equal(nishimori.get_xdata(), nishimori.get_ydata())
    assert any("replica symmetry" in label for label in labels(panel))
    assert "alpha" in panel.get_xlabel() and "T" in panel.get_ylabel()
    figure.draw_without_rendering()


@pytest.mark.parametrize("model", [{"kernel": "power"}, {"P": 2}, {"kernel": "distinct", "load_unit": "K"}])
def test_nishimori_line_only_where_it_holds(model):
    # Without the attribute of the branch the edge is read from the grid.
    dataset = sweep(**model)
    del dataset.attrs["branch"]
    assert not any("Nishimori" in label for label in labels(plot_phase_diagram(dataset).axes[0]))
