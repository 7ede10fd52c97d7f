"""The report: what it finds on networks and inputs whose symmetries are known."""

import math

import pytest
import torch

import liegroups
from framesym import FAGNN, GNN, PCA, FAPointNet, PointNet, Tuple, equivariance_report, symmetrize
from framesym._hard_clouds import cloud

SMALL = {"widths": [8, 8, 8, 16], "head": [8]}


class Heads(torch.nn.Module):
    """Numbers of a point set that are those of no symmetry of space."""

    inputs, outputs = {"x": "point"}, "scalar"

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.net = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.Tanh(), torch.nn.Linear(16, 4))

    def forward(self, x):
        return self.net(2 * x).square().mean(-2)


def report(model, group=None, **more):
    return equivariance_report(model=model, group=group or liegroups.O(3), samples=8, **more)


# Orders of the symmetry groups in O(3) and SO(3), from their Schoenflies symbols.
ORDERS = {"generic": (1, 1), "cube": (48, 24), "octahedron": (48, 24), "tetrahedron": (24, 12), "hexagon": (24, 12)}
ORDERS |= {"prism": (12, 6), "planar": (2, 1), "collinear": (math.inf, math.inf), "single": (math.inf, math.inf)}


@pytest.mark.parametrize("name", ORDERS)
def test_order_of_the_stabiliser(name):
    for group, order in zip((liegroups.E(3), liegroups.SE(3)), ORDERS[name], strict=True):
        found = report(lambda x: x.square().sum((-1, -2)) + 1, group, cloud_name=name, inputs="point", outputs="scalar")
        assert found["stabiliser_order"].tolist() == [order, order]
        assert found["frame_size"].tolist() == [0, 0]


@pytest.mark.parametrize("name", ["cube", "octahedron", "tetrahedron", "prism", "hexagon", "collinear", "repeated"])
def test_principal_axes_fail_where_they_are_no_frame_and_tuples_do_not(name):
    exact = report(symmetrize(Heads(), Tuple(liegroups.SE(3))), liegroups.SE(3), cloud_name=name)
    assert exact["verdict"] == "equivariant" and exact["error_max_float32"] < 5e-6
    assert exact["finite"]
    if name in ("cube", "octahedron", "tetrahedron"):
        with pytest.warns(UserWarning, match="has no frame"):
            failed = report(symmetrize(Heads(), PCA(liegroups.SE(3), "warn")), liegroups.SE(3), cloud_name=name)
        assert failed["verdict"] == "not equivariant" and failed["degenerate"].all()


def test_generic_input_of_exact_networks():
    for net, group in (
        (FAGNN(liegroups.E(3), vectors=4, layers=2), liegroups.E(3)),
        (FAPointNet(liegroups.SE(3), **SMALL), liegroups.SE(3)),
    ):
        found = report(net, group, points=12)
        assert found["verdict"] == "equivariant"
        assert found["error_max"] < 1e-10 and found["error_max_float32"] < 1e-4
        assert set(found["frame_size"].tolist()) == {8 if group.name == "E(3)" else 4}
        assert (found["gap"] > 0).all() and found["rank"].tolist() == [3, 3] and not found["degenerate"].any()
        assert found["finite"] and found["gradient_error"] < 1e-5


def test_a_small_gap_shows():
    found = report(symmetrize(Heads(), PCA(liegroups.O(3), tolerance=1e-9)), cloud_name="nearly-degenerate")
    assert (found["gap"] < 1e-5).all()
    assert found["error_max_float32"] > 100 * found["error_max"]


def test_plain_networks_are_found_out():
    assert report(PointNet(transform=[4] * 5, **SMALL))["verdict"] == "not equivariant"
    moving = report(GNN(width=8, layers=2), liegroups.E(3), points=5)
    assert moving["verdict"] == "not equivariant" and moving["gradient_error"] < 1e-5


def test_a_wrong_derivative_and_a_number_that_is_none_are_found():
    detached = report(lambda x: x.detach() + 0 * x, inputs="vector", outputs="vector")
    assert detached["verdict"] == "equivariant" and detached["gradient_error"] > 0.5
    corner = report(lambda x: x * (x - x).norm(dim=-1, keepdim=True).sqrt() + x, inputs="vector", outputs="vector")
    assert not corner["finite"] and corner["gradient_error"] == math.inf


def test_given_inputs_are_used():
    x = {"x": cloud("cube", 1, 3)[None], "mask": torch.ones(1, 8, dtype=torch.bool)}
    words = {"x": "vector", "mask": "invariant"}
    found = report(lambda x, mask: x * mask.unsqueeze(-1), x=x, inputs=words, outputs="vector")
    assert found["stabiliser_order"].tolist() == [48] and found["error_max"] < 1e-14


def test_points_that_do_not_exist_are_not_counted():
    """A cube and a point that the mask leaves out: 48 symmetries, of which a ninth point would leave 6 or fewer."""
    cube = cloud("cube", 1, 3)
    x = {"x": torch.cat([cube, 2 * cube[:1] + 0.3])[None], "mask": torch.arange(9)[None] < 8}
    words = {"x": "vector", "mask": "invariant"}
    kept = lambda x, mask: torch.where(mask.unsqueeze(-1), x, 0)
    found = report(kept, x=x, inputs=words, outputs="vector")
    assert found["stabiliser_order"].tolist() == [48]
    averaged = symmetrize(kept, Tuple(liegroups.O(3)), words, "vector")
    assert report(averaged, x=x, inputs=words, outputs="vector")["frame_size"].tolist() == [48]


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("inputs must be feature words.*function declares none", lambda: report(lambda x: x)),
        ("samples must be at least 1", lambda: equivariance_report(model=Heads(), group=liegroups.O(3), samples=0)),
        ("cloud_name must be one of generic", lambda: report(Heads(), cloud_name="sphere")),
        ("prism needs three dimensions, got 2", lambda: report(Heads(), liegroups.O(2), cloud_name="prism")),
        (
            "inputs must hold a point or a vector",
            lambda: report(Heads(), x={"x": torch.ones(1, 3)}, inputs={"x": "scalar"}),
        ),
    ],
)
def test_bad_arguments_are_named(words, call):
    with pytest.raises(ValueError, match=words):
        call()
