"""Weighted frames: continuous where principal axes jump, invariant everywhere."""

import importlib.util
import itertools
import math
import warnings
from pathlib import Path

import pytest
import torch

import liegroups
from framesym import PCA, Weighted, symmetrize

F32, F64 = torch.float32, torch.float64
_spec = importlib.util.spec_from_file_location("hard_inputs", Path(__file__).with_name("test_degenerate.py"))
_hard = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_hard)
CLOUDS = {name: x for name, x in _hard.clouds().items() if name != "generic 1000"}


@pytest.fixture
def two_heads(perceptron):
    def build(n, d, dtype=F64):
        phi = perceptron(n, d, 2 + d, dtype)
        return lambda x: {"s": phi(x)[..., :2], "v": phi(x)[..., 2:]}

    return build


WORDS = {"s": "scalar", "v": "vector"}


def moved(group, x, count=12):
    g = torch.tensor(group.sample(count, seed=4, scale=1.0))
    return g, liegroups.Rep("point", group).rho(g[:, None], x)


def deviations(group, net, x, dtype=F64):
    g, copies = moved(group, x)
    result = net(copies.to(dtype))
    back = liegroups.Rep("vector", group).rho(torch.linalg.inv(g), result["v"].double())
    return [float((y - y[:1]).abs().max()) for y in (result["s"].double(), back)]


@pytest.mark.parametrize("pairs", [None, 4])
@pytest.mark.parametrize("name", CLOUDS)
def test_exact_on_every_input(family, two_heads, name, pairs):
    group, x = family(3), CLOUDS[name]
    net = symmetrize(two_heads(len(x), 3), Weighted(group, max_pairs=pairs), {"x": "point"}, WORDS)
    assert max(deviations(group, net, x)) < 1e-13


@pytest.mark.parametrize("name", ["generic 20", "cube", "planar", "collinear", "single"])
def test_exact_in_float32(family, two_heads, name):
    group, x = family(3), CLOUDS[name]
    net = symmetrize(two_heads(len(x), 3, F32), Weighted(group), {"x": "point"}, WORDS)
    assert max(deviations(group, net, x, F32)) < 5e-6


@pytest.mark.parametrize("d", [1, 2, 4])
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_other_dimensions_and_few_points(family, two_heads, cloud, d, n):
    """Fewer than d - 1 points, too: then the tuples have points that do not exist, and weigh nothing."""
    group = family(d)
    net = symmetrize(two_heads(n, d), Weighted(group), {"x": "point"}, WORDS)
    assert max(deviations(group, net, cloud(n, d))) < 1e-13


def test_weights_and_elements_of_a_plane_by_hand():
    """SO(2): one element a point, x_i / |x_i| with the weight |x_i| over the sum: lengths 5 and 1 here."""
    frames = Weighted(liegroups.SO(2))(torch.tensor([[3.0, 4], [0, -1]], dtype=F64))
    torch.testing.assert_close(frames.weights, torch.tensor([5 / 6, 1 / 6], dtype=F64))
    expected = torch.tensor([[[0.6, -0.8], [0.8, 0.6]], [[0, 1], [-1, 0]]], dtype=F64)
    torch.testing.assert_close(frames.linear, expected, atol=1e-15, rtol=0)
    squared = Weighted(liegroups.SO(2), power=2)(torch.tensor([[3.0, 4], [0, -1]], dtype=F64))
    torch.testing.assert_close(squared.weights, torch.tensor([25 / 26, 1 / 26], dtype=F64))


def test_average_over_pairs_by_brute_force(perceptron, cloud):
    """The definition, pair by pair."""
    x, phi = cloud(5, 3), perceptron(5, 3, 1)
    total = weight = 0.0
    for i, j in itertools.permutations(range(5), 2):
        normal = torch.linalg.cross(x[i], x[j])
        e1, e3 = x[i] / x[i].norm(), normal / normal.norm()
        e2 = torch.linalg.cross(e3, e1)
        for side in (1, -1):
            total = total + normal.norm() ** 1.5 * phi(x @ torch.stack([e1, e2, side * e3], 1))
            weight = weight + normal.norm() ** 1.5
    net = symmetrize(phi, Weighted(liegroups.O(3), power=1.5), "vector", "scalar")
    torch.testing.assert_close(net(x), total / weight, atol=1e-14, rtol=0)


def test_continuous_where_principal_axes_jump(perceptron, cloud):
    """64 clouds within 2e-7 of one whose covariance has a double eigenvalue, as in arXiv:2402.16077."""
    x = cloud(10, 3)
    values, vectors = torch.linalg.eigh(x.mT @ x)
    x = x @ (vectors / values.sqrt()) * torch.tensor([1.0, 1.0, 1.6], dtype=F64)
    angle = torch.arange(64, dtype=F64) * (2 * math.pi / 64)
    around = torch.stack([angle.cos(), angle.sin(), 0 * angle, angle.sin(), -angle.cos(), *[0 * angle] * 4], -1)
    phi = perceptron(10, 3, 1)

    def spread(frame, size):
        near = x @ (torch.eye(3, dtype=F64) + size * around.reshape(64, 3, 3))
        assert (near - x).flatten(1).norm(dim=1).max() <= 2 * size
        values = symmetrize(phi, frame, "vector", "scalar")(near)
        return float(values.max() - values.min())

    full, cut, axes = Weighted(liegroups.O(3)), Weighted(liegroups.O(3), max_pairs=8), PCA(liegroups.O(3))
    assert spread(full, 1e-7) < 1e-7
    assert spread(axes, 1e-7) > 1e-3
    for frame in (full, cut):  # a continuous function changes in proportion
        assert spread(frame, 1e-7) == pytest.approx(100 * spread(frame, 1e-9), rel=0.01)
    assert spread(axes, 1e-7) == pytest.approx(spread(axes, 1e-9), rel=0.01)


def test_continuous_where_a_pair_becomes_collinear(perceptron, cloud):
    """The frame of the pair turns by a right angle at zero; its weight is 1e-9 there."""
    x, phi = cloud(6, 3), perceptron(6, 3, 1)
    x[1] = 2 * x[0]
    net = symmetrize(phi, Weighted(liegroups.SO(3)), "vector", "scalar")
    values = []
    for direction in torch.randn(8, 3, generator=torch.Generator().manual_seed(1), dtype=F64):
        y = x.clone()
        y[1] += 1e-9 * direction
        values.append(net(y))
        frames = Weighted(liegroups.SO(3))(y)
        assert float(frames.weights.min()) < 1e-9
    values.append(net(x))
    assert torch.stack(values).std() < 1e-8


def test_cut_is_continuous_where_pairs_come_and_go(perceptron, cloud):
    """Along a path on which the largest pairs change, steps of 1e-4 give values that differ by as little."""
    x, y, phi = cloud(6, 3), cloud(6, 3, seed=1), perceptron(6, 3, 1)
    path = torch.linspace(0, 1, 2001, dtype=F64)[:, None, None]
    frame = Weighted(liegroups.SO(3), max_pairs=4)
    copies = x + path * (y - x)
    values = symmetrize(phi, frame, "vector", "scalar")(copies)
    volumes = torch.linalg.cross(copies.unsqueeze(1), copies.unsqueeze(2), dim=-1).norm(dim=-1).flatten(1)
    sets = {tuple(sorted(row.topk(8).indices.tolist())) for row in volumes}
    assert len(sets) > 5
    assert values.diff(dim=0).abs().max() < 0.02
    assert int(frame(copies).size.max()) == 8


def test_ties_beyond_the_limit_use_all_pairs():
    """The 12 edges' pairs of an octahedron are equal: 24 ordered ones, whatever the limit below 12."""
    octahedron = CLOUDS["octahedron"]
    for limit in (1, 4, 11):
        assert int(Weighted(liegroups.SO(3), max_pairs=limit)(octahedron).size) == 24


def test_collinear_points_have_the_two_directions_of_their_line():
    """Weights are the distances from the centroid: 3 on one side and 1 + 2 on the other."""
    x = torch.tensor([[0.0, 0, 1], [0, 0, 2], [0, 0, 6]], dtype=F64)
    frames = Weighted(liegroups.SE(3))(x)
    assert int(frames.rank) == 1
    assert float(frames.gap) == 0
    along = frames.linear[:, 2, 0] * frames.weights
    torch.testing.assert_close(along[along > 0].sum(), torch.tensor(0.5, dtype=F64))
    torch.testing.assert_close(along[along < 0].sum(), torch.tensor(-0.5, dtype=F64))
    torch.testing.assert_close(frames.projector, torch.diag(torch.tensor([0.0, 0, 1], dtype=F64)))
    orthogonal = frames.linear.mT @ frames.linear
    torch.testing.assert_close(orthogonal, torch.eye(3, dtype=F64).expand_as(orthogonal), atol=1e-14, rtol=0)


def test_does_not_depend_on_the_order(family, perceptron, cloud):
    x, order = cloud(6, 3), torch.randperm(6, generator=torch.Generator().manual_seed(0))
    phi = perceptron(1, 3, 3)
    net = symmetrize(lambda x: phi(x.unsqueeze(-2)).mean(-2), Weighted(family(3)), {"x": "point"}, "vector")
    torch.testing.assert_close(net(x[order]), net(x), atol=1e-14, rtol=0)


def test_masked_points_and_weights(cloud):
    """Points that do not exist or weigh nothing leave the average as it is without them."""
    frame = Weighted(liegroups.E(3))
    x = cloud(5, 3)
    more = torch.cat([x, torch.full((1, 3), torch.nan, dtype=F64)])
    mask, weights = torch.arange(6) < 5, (torch.arange(6) < 5).double()
    expected = frame(x)
    cubes = lambda f: (f.weights[..., None, None] * f.linear**3).sum(0)
    torch.testing.assert_close(cubes(frame(more, mask=mask)), cubes(expected), atol=1e-14, rtol=0)
    other = torch.cat([x, x[:1] * 3])
    torch.testing.assert_close(cubes(frame(other, weights)), cubes(expected), atol=1e-14, rtol=0)
    assert int(frame(more, mask=mask).size) == int(expected.size) == 40


def test_samples_are_unbiased_and_exact_with_a_seed(perceptron, cloud):
    x, phi = cloud(6, 3), perceptron(6, 3, 1)
    expected = symmetrize(phi, Weighted(liegroups.SO(3)), "vector", "scalar")(x)
    drawn = symmetrize(phi, Weighted(liegroups.SO(3), max_pairs=4000, sample=True, seed=0), "vector", "scalar")
    values = phi(x @ Weighted(liegroups.SO(3))(x).linear)
    assert (drawn(x) - expected).abs().max() < 5 * values.std() / 4000**0.5
    group = liegroups.SO(3)
    few = symmetrize(phi, Weighted(group, max_pairs=3, sample=True, seed=0), "vector", "scalar")
    results = few(moved(group, x)[1])
    assert (results - results[:1]).abs().max() < 1e-13
    torch.manual_seed(0)
    free = symmetrize(phi, Weighted(group, max_pairs=3, sample=True), "vector", "scalar")
    assert not torch.equal(free(x), free(x))


def test_derivative_of_samples_is_unbiased(perceptron, cloud):
    """The derivative of the weights is in it, which draws alone would miss."""
    phi = perceptron(5, 3, 1)
    grads = []
    for frame in (Weighted(liegroups.SO(3)), Weighted(liegroups.SO(3), max_pairs=20000, sample=True, seed=1)):
        x = cloud(5, 3).requires_grad_()
        grads.append(torch.autograd.grad(symmetrize(phi, frame, "vector", "scalar")(x).sum(), x)[0])
    assert (grads[1] - grads[0]).norm() < 0.05 * grads[0].norm()


@pytest.mark.parametrize("pairs", [None, 5])
def test_gradients_are_those_of_finite_differences(family, perceptron, cloud, pairs):
    net = symmetrize(perceptron(5, 3, 3), Weighted(family(3), max_pairs=pairs), {"x": "point"}, "vector")
    x = cloud(2, 5, 3).requires_grad_()
    assert torch.autograd.gradcheck(net, (x,))


def test_gradients_on_a_degenerate_cloud(perceptron):
    """Where principal axes have no derivative: a cube, against finite differences (p = 2: differentiable there)."""
    cube = CLOUDS["cube"].clone().requires_grad_()
    net = symmetrize(perceptron(8, 3, 1), Weighted(liegroups.O(3), power=2), "vector", "scalar")
    assert torch.autograd.gradcheck(net, (cube,))


@pytest.mark.parametrize("name", CLOUDS)
def test_gradients_are_finite(family, perceptron, name):
    x = CLOUDS[name].clone().requires_grad_()
    net = symmetrize(perceptron(len(x), 3, 3), Weighted(family(3)), {"x": "point"}, "vector")
    assert torch.autograd.grad(net(x).sum(), x)[0].isfinite().all()


def test_forces_have_no_torque(perceptron, cloud):
    x = cloud(6, 3).requires_grad_()
    energy = symmetrize(perceptron(6, 3, 1), Weighted(liegroups.E(3)), {"x": "point"}, "scalar")(x)
    force = -torch.autograd.grad(energy.sum(), x)[0]
    assert force.sum(0).norm() < 1e-12 * force.norm()
    assert torch.linalg.cross(x.detach(), force).sum(0).norm() < 1e-12 * force.norm()


@pytest.mark.parametrize("scale", [1e-20, 1e12])
def test_scale_does_not_matter(scale, cloud):
    one, other = (Weighted(liegroups.E(3))(cloud(5, 3) * s) for s in (1.0, scale))
    torch.testing.assert_close(other.linear, one.linear, atol=1e-13, rtol=0)
    torch.testing.assert_close(other.weights, one.weights, atol=1e-13, rtol=0)


def test_ragged_and_empty_batches(cloud):
    frame = Weighted(liegroups.SO(2))
    x = cloud(5, 2)
    ragged = frame(x, batch=torch.tensor([0, 0, 1, 1, 1]))
    torch.testing.assert_close(ragged.weights[0, :2], frame(x[:2]).weights)
    torch.testing.assert_close(ragged.linear[1], frame(x[2:]).linear)
    assert frame(torch.zeros(0, 4, 2)).linear.shape == (0, 4, 2, 2)
    assert Weighted(liegroups.SO(3), max_pairs=2)(torch.zeros(0, 4, 3)).linear.shape[0] == 0


def test_bad_input(cloud):
    with pytest.raises(ValueError, match=r"group must be O\(d\), SO\(d\), E\(d\) or SE\(d\) for weighted frames"):
        Weighted(liegroups.GL(3))
    for power in (0.5, math.inf, math.nan):
        with pytest.raises(ValueError, match="power must be a finite number >= 1"):
            Weighted(liegroups.SO(3), power=power)
    for pairs in (0, 2.5, True):
        with pytest.raises(ValueError, match="max_pairs must be an integer >= 1"):
            Weighted(liegroups.SO(3), max_pairs=pairs)
    with pytest.raises(ValueError, match="max_pairs must say how many pairs to draw"):
        Weighted(liegroups.SO(3), sample=True)
    with pytest.raises(ValueError, match="tuples of 4 points, more than 1000000; use fewer points"):
        Weighted(liegroups.SO(5))(cloud(40, 5))
    with pytest.raises(ValueError, match="x must be finite"):
        Weighted(liegroups.SO(3))(cloud(4, 3) * math.nan)
    with pytest.raises(ValueError, match="x must have shape"):
        Weighted(liegroups.SO(3))(cloud(4, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Weighted(liegroups.SE(3))(torch.ones(1, 3)).linear.shape == (2, 3, 3)
