"""Where principal axes are a frame, and where they are not: the twelve inputs that break published implementations."""

import itertools
import math
import warnings

import pytest
import torch

import liegroups
from framesym import PCA, DegenerateFrameWarning, symmetrize

F32, F64 = torch.float32, torch.float64


def clouds():
    random = torch.Generator().manual_seed(3)
    normal = lambda n: torch.randn(n, 3, generator=random, dtype=F64)
    tensor = lambda rows: torch.tensor(rows, dtype=F64)
    cube = tensor(list(itertools.product([-1, 1], repeat=3)))
    angle = torch.arange(6, dtype=F64) * math.pi / 3
    hexagon = torch.stack([angle.cos(), angle.sin(), 0 * angle], 1)
    up = tensor([0, 0, 1])
    return {
        "generic 20": normal(20),
        "generic 1000": normal(1000),
        "gap 2e-6": cube * (1 + tensor([0, 1e-6, 2e-6])),
        "cube": cube,
        "octahedron": torch.cat([torch.eye(3, dtype=F64), -torch.eye(3, dtype=F64)]),
        "tetrahedron": tensor([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]),
        "prism": torch.cat([hexagon + up, hexagon - up]),
        "hexagon": hexagon,
        "planar": normal(10) * tensor([1, 1, 0]),
        "collinear": torch.linspace(-1, 2, 5, dtype=F64)[:, None] * tensor([[1, 0, 0]]),
        "repeated": torch.ones(4, 3, dtype=F64),
        "single": tensor([[1, 2, 3]]),
    }


# The rotation groups (order > 2 about some axis) of these solids make two moments of inertia equal.
DEGENERATE = ("cube", "octahedron", "tetrahedron", "prism", "hexagon")
EXACT = ("generic 20", "generic 1000", "planar", "collinear", "repeated", "single")


def moved(group, x, count, dtype):
    g = torch.tensor(group.sample(count, seed=4, scale=1.0))
    return g, liegroups.Rep("point", group).rho(g[:, None], x).to(dtype)


def errors(group, frame, net, g, x):
    """Largest deviation from invariance and from equivariance over moved copies of one cloud."""
    result = symmetrize(net, frame, {"x": "point"}, {"s": "scalar", "v": "vector"})(x)
    back = liegroups.Rep("vector", group).rho(torch.linalg.inv(g), result["v"].double())
    return [float((y - y[:1]).abs().max()) for y in (result["s"].double(), back)]


@pytest.fixture
def two_heads(perceptron):
    def build(n, dtype):
        phi = perceptron(n, 3, 6, dtype)
        return lambda x: {"s": phi(x)[..., :3], "v": phi(x)[..., 3:]}

    return build


@pytest.mark.parametrize(("dtype", "limit"), [(F64, 1e-12), (F32, 5e-6)])
@pytest.mark.parametrize("name", EXACT)
def test_invariant_and_equivariant_on_every_accepted_input(family, two_heads, name, dtype, limit):
    group, x = family(3), clouds()[name]
    g, copies = moved(group, x, 20, dtype)
    for error in errors(group, PCA(group), two_heads(len(x), dtype), g, copies):
        assert error <= limit


@pytest.mark.parametrize("dtype", [F64, F32])
@pytest.mark.parametrize("name", DEGENERATE)
def test_equal_eigenvalues_raise_and_name_the_items(family, name, dtype):
    group = family(3)
    copies = moved(group, clouds()[name], 3, dtype)[1]
    good = torch.randn(3, copies.shape[1], 3, generator=torch.Generator().manual_seed(0), dtype=dtype)
    batch = torch.cat([good, copies])
    with pytest.raises(ValueError, match=r"has no frame for batch items \[3, 4, 5\]: eigenvalues .* coincide"):
        PCA(group)(batch)
    with pytest.raises(ValueError, match="has no frame for the input"):
        PCA(group)(copies[0])


@pytest.mark.parametrize("name", DEGENERATE)
def test_warning_marks_the_items_and_nothing_hides_the_error(family, two_heads, name):
    """Without the rule the average over signs is off by 0.01 to 1 here: no frame, as the warning says."""
    group, x = family(3), clouds()[name]
    g, copies = moved(group, x, 20, F64)
    frame = PCA(group, degenerate="warn")
    with pytest.warns(DegenerateFrameWarning, match=r"batch items \[0, 1, 2, 3, 4, 5, 6, 7\] and 12 more"):
        frames = frame(copies)
    assert frames.degenerate.all()
    with pytest.warns(DegenerateFrameWarning):
        assert max(errors(group, frame, two_heads(len(x), F64), g, copies)) > 1e-3


def test_near_degeneracy_costs_round_off_over_gap(family, two_heads):
    """A gap of 2e-6 is far above 1e-12: accepted in float64, with the error that `gap` announces."""
    group, x = family(3), clouds()["gap 2e-6"]
    g, copies = moved(group, x, 20, F64)
    gap = float(PCA(group)(copies).gap.min())
    assert gap == pytest.approx(2e-6, rel=1e-3)  # (1 + 1e-6)^2 - 1 for the covariances 8 (1 + k 1e-6)^2
    assert max(errors(group, PCA(group), two_heads(8, F64), g, copies)) < 20 * torch.finfo(F64).eps / gap


@pytest.mark.parametrize(("dtype", "below", "above"), [(F32, 0.5e-6, 4e-6), (F64, 0.5e-12, 4e-12)])
def test_threshold_of_each_precision(dtype, below, above):
    """Corners (1 + e, 0), (0, 1): relative gap 2 e to first order."""
    square = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]], dtype=F64)
    frame = PCA(liegroups.SO(2))
    stretch = lambda gap: (square * torch.tensor([1 + gap / 2, 1], dtype=F64)).to(dtype)
    assert float(frame(stretch(above)).gap) == pytest.approx(above, rel=0.1)
    with pytest.raises(ValueError, match="eigenvalues of the covariance coincide"):
        frame(stretch(below))
    with pytest.raises(ValueError, match=r"relative gap below 0\.001"):
        PCA(liegroups.SO(2), tolerance=1e-3)(stretch(1e-4))


RANKS = {"generic 20": 3, "planar": 2, "hexagon": 2, "collinear": 1, "repeated": 0, "single": 0}


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", RANKS)
def test_rank_of_moved_clouds(name, dtype):
    group = liegroups.E(3)
    copies = moved(group, clouds()[name], 50, dtype)[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateFrameWarning)
        frames = PCA(group, degenerate="warn")(copies)
    assert frames.rank.tolist() == [RANKS[name]] * 50
    missing = 3 - RANKS[name]
    trace = frames.null.diagonal(dim1=-2, dim2=-1).sum(-1)
    torch.testing.assert_close(trace, torch.full_like(trace, missing if missing > 1 else 0), atol=1e-5, rtol=0)


def test_rank_of_a_needle_in_five_dimensions():
    """Rank two with very unequal axes: the null axes are found although eigenvalues are known to 1e-16 only."""
    random = torch.Generator().manual_seed(0)
    plane = torch.randn(30, 2, generator=random, dtype=F64) * torch.tensor([1.0, 1e-4], dtype=F64)
    group = liegroups.E(5)
    x = moved(group, torch.nn.functional.pad(plane, (0, 3)), 20, F64)[1]
    assert PCA(group)(x).rank.tolist() == [2] * 20


@pytest.mark.parametrize("name", ["O", "E"])
def test_planar_cloud_has_planar_vectors_under_reflections(perceptron, name):
    """The reflection through the plane fixes the cloud, so it has to fix an equivariant vector."""
    group = getattr(liegroups, name)(3)
    x = clouds()["planar"]
    out = symmetrize(perceptron(10, 3, 3), PCA(group), {"x": "point"}, "vector")(x[None])
    assert float(out[0, 2].abs()) < 1e-12
    assert float(out[0, :2].abs().max()) > 1e-2


def test_planar_cloud_may_have_vectors_out_of_the_plane_under_rotations(perceptron):
    """No rotation but the identity fixes a generic planar cloud, so nothing forbids the third component."""
    out = symmetrize(perceptron(10, 3, 3), PCA(liegroups.SE(3)), {"x": "point"}, "vector")(clouds()["planar"][None])
    assert float(out[0, 2].abs()) > 1e-3


def test_vector_of_a_line_is_along_it_and_that_of_a_point_is_zero(family, perceptron):
    line, point = clouds()["collinear"], torch.zeros(1, 3, dtype=F64)
    vector = symmetrize(perceptron(5, 3, 3), PCA(family(3)), {"x": "point"}, "vector")(line[None])
    assert float(vector[0, 1:].abs().max()) < 1e-15
    assert float(vector[0, 0].abs()) > 1e-3
    assert torch.equal(symmetrize(perceptron(1, 3, 3), PCA(family(3)), {"x": "point"}, "vector")(point), point[0])


def test_vectors_on_a_line_of_points_have_no_frame(family):
    """The points leave the turn about their line free, and velocities are not invariant under it."""
    frame = PCA(family(3))
    net = symmetrize(lambda x, v: x + v, frame, {"x": "point", "v": "vector"}, "vector")
    line = clouds()["collinear"][None]
    with pytest.raises(
        ValueError, match=r"has no frame for batch item 0: the points leave two or more axes undeter.* v "
    ):
        net(line, torch.ones_like(line))
    along = torch.tensor([[[2.0, 0, 0]] * 5], dtype=F64)
    origin = line.mean(1, keepdim=True) if frame.group.affine else 0
    torch.testing.assert_close(net(line, along), line - origin + along, atol=1e-14, rtol=0)


def test_points_without_weight_count_for_what_is_zero():
    """Weighted points on a line, with a weightless point off it that the network sees: no frame."""
    x = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [3, 0, 0], [0, 1, 0]]], dtype=F64)
    weights = torch.tensor([[1.0, 1, 1, 0]], dtype=F64)
    assert int(PCA(liegroups.SE(3))(x[:, :3], weights[:, :3]).rank) == 1
    with pytest.raises(ValueError, match="eigenvalues of the covariance coincide"):
        PCA(liegroups.SE(3))(x, weights)
    with pytest.raises(ValueError, match="eigenvalues of the covariance coincide"):
        PCA(liegroups.SE(3))(x, torch.tensor([[0.0, 1, 0, 0]], dtype=F64))
