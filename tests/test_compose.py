"""The packages together: what they register is found, conforms, composes, and is as equivariant as declared."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import liegroups
import symmetron as sym

ROOT = Path(__file__).parents[1]
TOUR = ROOT / "examples" / "tour.toml"
PLUGINS = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml") if path.parent.name != "symmetron")


def test_every_package_of_the_repository_is_found():
    assert not [broken for broken in sym.broken() if broken.package in PLUGINS]
    assert {entry.package for entry in sym.entries()} >= set(PLUGINS)


def test_liegroups_is_the_one_of_this_repository():
    assert (ROOT / "packages" / "liegroups") in Path(liegroups.__file__).parents


POINTS = {"entry": "framesym/point-network", "dim": 3, "classes": 4}
E3, SE3 = {"entry": "liegroups/e", "n": 3}, {"entry": "liegroups/se", "n": 3}
MOTION = {"entry": "framesym/fa-gnn", "group": E3, "vectors": 4, "layers": 2}
GRAPHS = {"entry": "framesym/fa-gin-id", "nodes": 28, "features": 2, "out": 1, "width": 8}
LAYERS = {"widths": [8, 8, 8, 16], "head": [8]}
SL2 = {"entry": "liegroups/sl", "n": 2}
MEMORY = {"entry": "hopfield-rsb/dense-hopfield", "P": 4}
PATTERNS = MEMORY | {"kernel": "distinct"}
# What an entry with required parameters is tried with; without a line here it would not be run.
EXAMPLES = {
    "liegroups": {
        "lorentz": {"p": 1, "q": 3},
        "matrix-group": {"generators": [[[0.0, 1.0], [0.0, 0.0]]]},
        "direct-product": {"first": {"entry": "liegroups/so", "n": 3}, "second": SL2},
        "semidirect-product": {"linear": SL2},
        "decompose": {"group": SL2, "matrix": [[2.0, 1.0], [1.0, 1.0]]},
        "haar-integral": {"group": SL2, "count": 64},
        "lie-resnet": {"group": SL2},
        "lie-conv": {"group": SL2},
        "affnist": {
            "model": {"entry": "liegroups/lie-resnet", "group": SL2, "samples": 4, "width": 4, "depth": 8},
            **{"budget": 1.0, "steps": 2, "train": 40, "validation": 10, "test": 10},
        },
    },
    "framesym": {
        "average": {"group": {"entry": "liegroups/so", "n": 3}, "model": POINTS},
        "fa-gnn": {"group": E3, "vectors": 4, "layers": 2},
        "fa-pointnet": {"group": SE3} | LAYERS,
        "fa-local-pointnet": {"group": SE3, "k": 5, "hidden": 8, "vectors": 4} | LAYERS,
        "fa-dgcnn": {"group": SE3, "k": 4, "width": 8, "embedding": 16, "head": [8]},
        "nbody": {
            "model": MOTION,
            **{"budget": 1.0, "steps": 2, "train_count": 20, "validation_count": 10, "test_count": 10},
        },
        "normals": {
            "model": {"entry": "framesym/fa-pointnet", "group": SE3} | LAYERS,
            **{"budget": 1.0, "steps": 2, "points": 32, "draws": 1},
        },
        "separate-graphs": {"model": {"entry": "framesym/fa-mlp"}, "initialisations": 1},
        "classify-graphs": {"model": GRAPHS, "budget": 1.0, "epochs": 2},
        "equivariance-report": {"model": MOTION, "group": E3, "points": 5, "samples": 4},
    },
    "hopfield-rsb": {
        "rs": {"model": MEMORY, "alpha": [0.1, 0.3, 0.35], "T": [0.0, 0.1, 0.6]},
        "capacity": {"model": MEMORY},
        "phase-diagram": {"model": {"entry": "hopfield-rsb/sk"}},
        "glassiness": {"model": MEMORY, "alpha": [0.1, 0.2, 0.3], "T": [0.1, 0.2, 0.6]},
        "monte-carlo": {"model": PATTERNS, "N": 10, "K": 9, "T": 0.5, "ladder": [0.8], "sweeps": 40, "draws": 2},
        "enumerate": {"model": PATTERNS, "N": 10, "K": 9, "T": 0.5},
        "rsb": {"model": {"entry": "hopfield-rsb/pspin"}, "T": [0.3, 0.4, 0.5], "branch": "glass"},
    },
}


@pytest.mark.parametrize("package", PLUGINS)
def test_package_conforms(package, monkeypatch):
    """Nothing is found, and nothing left unchecked but data, images, and graphs, on which no matrix group acts."""
    monkeypatch.setenv("SYMMETRON_DATA", str(ROOT / "packages" / package / "tests" / "data"))
    notes = sym.testing.check_plugin(package, EXAMPLES.get(package))
    expected = ("a dataset is not called", "an image is acted on by moving its pixels", "feature word 'adjacency'")
    assert not [note for note in notes if not any(words in note for words in expected)]


def test_listing_imports_no_numerical_library():
    code = (
        "import sys, symmetron._listing as l; l.main(['--json']);"
        "print(sorted({'torch','jax','numpy','scipy','matplotlib','xarray'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert {entry["package"] for entry in json.loads(done.stdout)["entries"]} >= set(PLUGINS)


GROUPS = [
    liegroups.SO(2),
    liegroups.O(2),
    liegroups.SE(2),
    liegroups.E(2),
    liegroups.SO(3),
    liegroups.O(3),
    liegroups.SE(3),
    liegroups.E(3),
]


@pytest.mark.parametrize("dtype, bound", [(torch.float64, 1e-10), (torch.float32, 1e-4)], ids=["float64", "float32"])
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_frame_average_is_exactly_invariant(group, dtype, bound):
    dim = group.n - 1 if group.affine else group.n
    name = str(dtype).removeprefix("torch.")
    network = sym.build("framesym/point-network", dim=dim, classes=4, dtype=name)
    average = sym.symmetrize(network, group)
    random = torch.Generator().manual_seed(0)
    x = {
        "x": torch.randn(3, 12, dim, generator=random, dtype=dtype),
        "weights": torch.rand(3, 12, generator=random, dtype=dtype),
    }
    scale = None if group.compact else 1.0
    words = {"x": "point", "weights": "invariant"}
    report = sym.equivariance_error(average, group, x, words, "scalar", samples=32, scale=scale)
    plain = sym.equivariance_error(network, group, x, words, "scalar", samples=32, scale=scale, local=False)
    assert report.rms < bound and report.verdict == "equivariant"
    assert plain.rms > 0.1
    assert average(**x).shape == (3, 4) and average(**x).dtype == dtype


def test_every_network_meets_every_group_with_a_reason():
    table = sym.compat()
    assert table.cells
    for cell in table.cells:
        assert cell.reason
        assert cell.status == "no" or cell.error <= 1e-10


def test_tables_of_the_tour_build():
    averaged = sym.build(f"{TOUR}#averaged")
    plain = sym.build(f"{TOUR}#plain")
    x, weights = torch.rand(2, 9, 2), torch.rand(2, 9)
    assert averaged(x=x, weights=weights).shape == plain(x=x, weights=weights).shape == (2, 10)


def test_conventions_are_in_every_result_even_when_defaulted():
    # The load unit changes every number: it must be read off the result, not remembered.
    result = sym.run("hopfield-rsb/rs", model={"entry": "hopfield-rsb/dense-hopfield"}, alpha=0.1, T=0.1)
    assert (result.attrs["model.kernel"], result.attrs["model.load_unit"]) == ("gaussian", "paper")
    assert set(json.loads(result.attrs["versions"])) >= {"symmetron", "hopfield-rsb"}


def test_sweep_of_a_batched_solver_is_the_same_on_any_number_of_workers(tmp_path):
    grid = {"alpha": [0.1, 0.3, 0.5], "T": [0.0, 0.1, 0.4], "model.P": [4, 6]}
    model = {"entry": "hopfield-rsb/dense-hopfield"}
    one = sym.sweep("hopfield-rsb/rs", grid, model=model, workers=1)
    two = sym.sweep("hopfield-rsb/rs", grid, model=model, workers=2, store=tmp_path / "rs.sqlite")
    assert set(one.variables) == set(two.variables)
    for name in one.variables:
        assert one[name].values.tobytes() == two[name].values.tobytes(), name
    alone = sym.run("hopfield-rsb/rs", model={**model, "P": 6}, alpha=0.3, T=0.1)
    assert alone["m"].item() == one["m"].sel({"alpha": 0.3, "T": 0.1, "model.P": 6}).item()


def test_temperatures_of_an_enumeration_are_those_of_one_network():
    # At fixed energies u rises with T; it need not where every cell has patterns of its own.
    fixed = {"model": PATTERNS, "N": 8, "K": 5}
    swept = sym.sweep("hopfield-rsb/enumerate", {"T": [0.1, 0.3, 0.9], "seed": [1, 2]}, **fixed)
    assert (swept["u"].diff("T") > 0).all() and (swept["ground_energy"].std("T") == 0).all()
    assert len(set(swept["u"].isel(T=2).values.tolist())) == 2  # another seed, another network
