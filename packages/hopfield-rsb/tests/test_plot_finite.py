"""Pictures of finite networks and of the parts of a pressure, read back from the figure."""

import numpy as np
import pytest

from hopfield_rsb import DenseHopfield, Hopfield, enumeration, glassiness, plot_finite, plot_parts, plot_phase_diagram

pytest.importorskip("matplotlib", reason="plots need the extra plot")
xarray = pytest.importorskip("xarray", reason="results are xarray data sets where the umbrella is installed")

MODEL = DenseHopfield(P=4, kernel="distinct")
T = np.array([0.2, 0.4, 0.9])


def dataset(*cells, **attributes):
    """Return what the umbrella makes of enumerations: of one, or of several along T."""
    names = ("u", "m", "q", "overlap_probability")
    data = {
        name: (("T",) if len(cells) > 1 else ()) + (("overlap",) if name == "overlap_probability" else ())
        for name in names
    }
    values = {name: np.squeeze(np.array([cell[name] for cell in cells])) for name in names}
    variables = {name: (dims, values[name]) for name, dims in data.items()}
    coordinates = {"overlap": cells[0]["overlap"]} | ({"T": T} if len(cells) > 1 else {})
    return xarray.Dataset(variables, coordinates, attributes)


def points(panel, index):
    return panel.containers[index].lines[0].get_ydata()


def test_one_network_shows_its_distribution_of_overlaps():
    found = enumeration(model=MODEL, N=8, K=5, T=0.4)
    figure = plot_finite(dataset(found, K=5))
    [panel] = figure.axes
    np.testing.assert_array_equal(points(panel, 0), found["overlap_probability"])
    assert "K 5" in figure.get_suptitle() and "NOT" not in figure.get_suptitle()


def test_a_sweep_shows_energy_overlaps_and_distributions():
    cells = [enumeration(model=MODEL, N=8, K=5, T=value) for value in T]
    left, middle, right = plot_finite(dataset(*cells)).axes
    np.testing.assert_array_equal(points(left, 0), [cell["u"] for cell in cells])
    np.testing.assert_array_equal(points(middle, 0), [cell["m"] for cell in cells])
    np.testing.assert_array_equal(points(middle, 1), [cell["q"] for cell in cells])
    for index, cell in enumerate(cells):
        np.testing.assert_array_equal(points(right, index), cell["overlap_probability"])


def test_a_ladder_is_drawn_with_its_errors_and_what_has_not_converged_is_said():
    data = dataset(enumeration(model=MODEL, N=8, K=5, T=0.4)).assign(
        converged=False, overlap_error=("overlap", np.ones(9))
    )
    values = {f"ladder_{name}{end}": ("temperature", np.linspace(0, 1, 3)) for name in "umq" for end in ("", "_error")}
    figure = plot_finite(data.assign(values).assign_coords(temperature=T))
    bars = figure.axes[0].containers[0].lines[2][0].get_segments()
    assert [float(np.ptp(bar[:, 1])) for bar in bars] == [0.0, 1.0, 2.0] and len(figure.axes) == 3
    assert "NOT converged" in figure.get_suptitle()


def test_a_cell_of_a_sweep_that_has_not_converged_is_crossed():
    data = dataset(*(enumeration(model=MODEL, N=8, K=5, T=value) for value in T)).assign(
        converged=("T", [True, False, True])
    )
    crosses = [line for line in plot_finite(data).axes[0].lines if line.get_marker() == "x"]
    assert [line.get_xdata().tolist() for line in crosses] == [[0.4]]


def test_the_parts_of_a_pressure_end_with_the_state():
    load = np.array([0.02, 0.05, 0.3])
    found = glassiness(model=Hopfield(), alpha=load, T=0.3)
    assert found["converged"].tolist() == [True, True, False]
    data = xarray.Dataset({name: ("alpha", value) for name, value in found.items() if np.ndim(value)}, {"alpha": load})
    lines = {line.get_label(): line.get_ydata() for line in plot_parts(data).axes[0].lines}
    assert list(lines) == ["pressure $A$", "hard spins", "soft hidden units"]  # P = 2 has no excess
    total = lines["hard spins"] + lines["soft hidden units"]
    np.testing.assert_allclose(total, lines["pressure $A$"], rtol=1e-13)
    assert np.isnan(total).tolist() == [False, False, True]


def test_broken_states_are_drawn_with_their_own_edge_and_overlap():
    # The line of `capacity` is that of replica symmetry: not the edge of a broken state, which ends at other loads.
    alpha, T = np.linspace(0.1, 0.6, 4), np.linspace(0.1, 0.4, 3)
    exists = np.repeat([[True], [True], [True], [False]], 3, 1)
    values = {
        name: (("alpha", "T"), np.full((4, 3), value))
        for name, value in (("m", 0.8), ("q1", 0.1), ("q2", 0.7), ("replicon", 1.0))
    }
    values["converged"] = (("alpha", "T"), exists)
    model = {"model.P": 4, "model.kernel": "gaussian", "model.load_unit": "paper"}
    data = xarray.Dataset(values, {"alpha": alpha, "T": T}, model | {"branch": "retrieval", "steps": 1})
    panel = plot_phase_diagram(data).axes[0]
    drawn = [line for line in panel.lines if line.get_label() == "end of the branch"]
    assert [len(line.get_xdata()) for line in drawn] == [0] and "steps 1" in panel.get_title()
    glass = plot_phase_diagram(data.assign_attrs(branch="glass"))
    assert glass.axes[1].get_ylabel() == "overlap within a cluster"
    assert np.ma.compressed(glass.axes[0].collections[0].get_array())[0] == 0.7


@pytest.mark.parametrize(
    "draw, change, word",
    [
        (plot_finite, lambda data: data.drop_vars("q"), "it has no q"),
        (plot_finite, lambda data: data.expand_dims(N=[8]), "at most one parameter other than N may vary, got N"),
        (plot_finite, lambda data: data.expand_dims(seed=[1], T=[1.0]), "at most one parameter"),
        (plot_parts, lambda data: data, "it has no A, hard, soft, excess, converged"),
        (plot_parts, lambda data: data.assign(A=1, hard=1, soft=1, excess=1, converged=True), "has to vary, got none"),
    ],
)
def test_other_results_are_refused(draw, change, word):
    with pytest.raises(ValueError, match=word):
        draw(change(dataset(enumeration(model=MODEL, N=8, K=2, T=0.4))))
