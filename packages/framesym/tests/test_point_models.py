"""The networks of the applications: layouts of the paper, equivariance, order of points, derivatives."""

import itertools

import pytest
import torch

import liegroups
from framesym import DGCNN, EGNN, FADGCNN, FAGNN, GNN, PCA, FALocalPointNet, FAPointNet, FrameLayer, PointNet, average
from framesym._hard_clouds import cloud as hard_cloud
from framesym._neighbours import patches
from liegroups import equivariance_error

F64, F32 = torch.float64, torch.float32
POINTS = {"widths": [8, 12, 12, 16, 24], "head": [16, 8]}
GRAPH = {"k": 6, "width": 8, "embedding": 24, "head": [16, 8]}
LOCAL = {"k": 6, "hidden": 8, "vectors": 4, **POINTS}
MOTION = {"x": "point", "v": "vector", "charges": "invariant"}
FIELDS = {
    "fa-pointnet": lambda group: FAPointNet(group, **POINTS),
    "fa-local-pointnet": lambda group: FALocalPointNet(group, **LOCAL),
    "fa-dgcnn": lambda group: FADGCNN(group, **GRAPH),
}
PLAIN = {
    "pointnet": lambda: PointNet(**POINTS, transform=[8, 8, 12, 8, 8]),
    "dgcnn": lambda: DGCNN(**GRAPH),
}
MOVERS = {
    "fa-gnn": lambda group: FAGNN(group, vectors=4, layers=3),
    "average": lambda group: average(GNN(width=12, layers=2), group),
    "egnn": lambda group: EGNN(width=8, layers=2),
}
GROUPS = [liegroups.SE(3), liegroups.E(3)]


def measured(net, group, x, words, out, samples=6):
    scale = None if group.compact else 1.0
    return equivariance_error(net.eval(), group, x, words, out, samples=samples, scale=scale, local=False).max


def motion(cloud, dtype=F64):
    x, v = cloud(3, 5, 3, dtype=dtype), cloud(3, 5, 3, seed=1, dtype=dtype)
    return {"x": x, "v": v, "charges": torch.tensor([1.0, -1, 1, 1, -1], dtype=dtype).expand(3, 5)}


@pytest.mark.parametrize(("dtype", "bound"), [(F64, 1e-10), (F32, 1e-5)], ids=["float64", "float32"])
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
@pytest.mark.parametrize("name", MOVERS)
def test_predicted_motion_moves_with_the_input(name, group, dtype, bound, cloud):
    net = MOVERS[name](group).to(dtype)
    assert measured(net, group, motion(cloud, dtype), MOTION, "point") < bound


@pytest.mark.parametrize(("dtype", "bound"), [(F64, 1e-10), (F32, 1e-5)], ids=["float64", "float32"])
@pytest.mark.parametrize("group", [liegroups.SE(3), liegroups.O(3)], ids=lambda group: group.name)
@pytest.mark.parametrize("name", FIELDS)
def test_predicted_normals_turn_with_the_input(name, group, dtype, bound, cloud):
    net, x = FIELDS[name](group).to(dtype), cloud(2, 24, 3, dtype=dtype)
    if "local" in name and dtype == F32:
        # Axes are known to round-off over gap, and one of 48 patches is nearer to a degenerate one than a whole cloud.
        bound = 32 * torch.finfo(F32).eps / float(net.local.frame(patches(x, net.k)).gap.min())
        assert bound < 1e-3
    assert measured(net, group, x, "point", "vector") < bound


@pytest.mark.parametrize("name", PLAIN)
def test_plain_networks_do_not(name, cloud):
    assert measured(PLAIN[name]().double(), liegroups.SO(3), cloud(2, 24, 3), "point", "vector") > 0.1


@pytest.mark.parametrize("name", [*FIELDS, *PLAIN])
def test_normals_follow_the_order_of_the_points(name, cloud):
    net = (FIELDS[name](liegroups.SE(3)) if name in FIELDS else PLAIN[name]()).double().eval()
    x, order = cloud(2, 24, 3), torch.randperm(24, generator=torch.Generator().manual_seed(0))
    found = net(x)
    torch.testing.assert_close(net(x[:, order]), found[:, order], atol=1e-12, rtol=0)
    torch.testing.assert_close(found.norm(dim=-1), torch.ones(2, 24, dtype=F64))
    assert (found - found[:, :1]).abs().max() > 1e-3


@pytest.mark.parametrize("name", [*MOVERS, "gnn"])
def test_motion_follows_the_order_of_the_particles(name, cloud):
    net = (MOVERS[name](liegroups.E(3)) if name in MOVERS else GNN(width=12, layers=2)).double().eval()
    given, order = motion(cloud), torch.tensor([3, 1, 4, 0, 2])
    moved = net(**{key: value[:, order] for key, value in given.items()})
    torch.testing.assert_close(moved, net(**given)[:, order], atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", ["fa-local-pointnet", "fa-dgcnn"])
def test_tied_neighbours_break_no_symmetry(name):
    """A grid stretched so that its axes are told apart: many distances are equal, which no order may decide."""
    x = torch.tensor(list(itertools.product(range(4), range(3), range(2))), dtype=F64)[None]
    x = x * torch.tensor([1.0, 1.0, 0.7], dtype=F64)
    group = liegroups.SE(3)
    net = FIELDS[name](group).double().eval()
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(net(x[:, order]), net(x)[:, order], atol=1e-12, rtol=0)
    assert measured(net, group, x, "point", "vector") < 1e-10


@pytest.mark.parametrize("name", MOVERS)
def test_motion_of_symmetric_inputs(name):
    """A regular tetrahedron with its centre, all like charges, at rest: principal axes are no frame in any layer."""
    corners = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1], [0, 0, 0]], dtype=F64)
    given = {"x": corners[None], "v": torch.zeros(1, 5, 3, dtype=F64), "charges": torch.ones(1, 5, dtype=F64)}
    net = MOVERS[name](liegroups.E(3)).double()
    assert measured(net, liegroups.E(3), given, MOTION, "point") < 1e-10
    moved = (net(**given) - given["x"].mean(-2, keepdim=True))[0]
    torch.testing.assert_close(moved[4], torch.zeros(3, dtype=F64), atol=1e-10, rtol=0)
    radii = (moved[:4] * corners[:4]).sum(-1) / 3  # the others can only move along their own radius, and alike
    torch.testing.assert_close(moved[:4], radii[:1, None] * corners[:4], atol=1e-10, rtol=0)


def test_message_networks_have_the_size_of_the_paper():
    """Notes of the released code: 92103 parameters of FA-GNN."""
    sizes = {sum(p.numel() for p in net.parameters()) for net in (GNN(), FAGNN(liegroups.E(3)))}
    assert sizes == {92103}


def _linear(*pairs):
    return sum(a * b + b for a, b in pairs)


def test_pointnet_has_the_layers_of_the_paper():
    """3-64-128-128-512-2048, then 4928-256-256-128-3; each but the last with batch normalisation (two numbers more)."""
    layers = [(3, 64), (64, 128), (128, 128), (128, 512), (512, 2048), (4928, 256), (256, 256), (256, 128)]
    wanted = _linear(*layers, (128, 3)) + 2 * sum(out for _, out in layers)
    assert sum(p.numel() for p in FAPointNet(liegroups.SE(3)).parameters()) == wanted
    plain = PointNet()
    assert plain.net.turn.matrix == 3 and plain.net.inner.matrix == 128


def test_local_pointnet_has_the_layers_of_the_paper():
    """Patches 60-63-126-126, then 126-128-256-256-512-2048 and 5248-256-256-128-3."""
    layers = [(126, 128), (128, 256), (256, 256), (256, 512), (512, 2048), (5248, 256), (256, 256), (256, 128)]
    wanted = _linear((60, 63), (63, 126), (126, 126), *layers, (128, 3)) + 2 * sum(out for _, out in layers)
    assert sum(p.numel() for p in FALocalPointNet(liegroups.SE(3)).parameters()) == wanted


def test_dgcnn_has_the_layers_of_the_paper():
    """Edges (6-64-64), (128-64-64), (128-64), then 195-1024 and 1216-256-256-128-3, and a 3 x 3 transform."""
    net = DGCNN()
    layers = [(6, 64), (64, 64), (128, 64), (64, 64), (128, 64), (195, 1024), (1216, 256), (256, 256), (256, 128)]
    wanted = _linear(*layers, (128, 3)) + 2 * sum(out for _, out in layers)
    transform = sum(p.numel() for p in net.net.turn.parameters())
    assert sum(p.numel() for p in net.parameters()) - transform == wanted
    assert net.net.turn.matrix.matrix == 3
    assert all(conv.k == 40 for conv in net.net.convs)


def test_a_layer_between_vectors_is_the_mean_over_its_frame(cloud):
    """Element by element: the frame of all vectors as points, and the mean of what comes back."""
    group, h = liegroups.O(3), cloud(2, 4, 5, 3)
    layer = torch.nn.Sequential(torch.nn.Linear(15, 9), torch.nn.Tanh()).double()
    found = FrameLayer(layer, PCA(group), channels=5)(h)
    frames = PCA(group)(h.flatten(1, 2))
    terms = [
        layer((h @ R[:, None]).flatten(-2)).unflatten(-1, (3, 3)) @ R[:, None].mT for R in frames.elements.unbind(1)
    ]
    torch.testing.assert_close(found, torch.stack(terms).mean(0), atol=1e-14, rtol=0)
    assert measured(FrameLayer(layer, PCA(group), channels=5), group, h, "vector", "vector") < 1e-12


def test_forces_of_an_invariant_energy_have_no_torque(cloud):
    """Derivatives pass through every frame: a constant frame would leave a torque (0.36 of |F| = 0.70, notes)."""
    net = FAGNN(liegroups.SE(3), vectors=4, layers=3, dtype="float64").eval()
    given = motion(cloud)
    x = given["x"].requires_grad_()
    energy = (net(x=x, v=torch.zeros_like(x), charges=given["charges"]) - x.mean(-2, keepdim=True)).square().sum()
    (force,) = torch.autograd.grad(energy, x)
    arms = (x - x.mean(-2, keepdim=True)).detach()
    size = force.norm(dim=-1).sum(-1).max()
    assert force.sum(-2).norm(dim=-1).max() < 1e-12 * size
    torque = torch.linalg.cross(arms, force).sum(-2).norm(dim=-1).max()
    assert torque < 1e-12 * size * arms.norm(dim=-1).max()


@pytest.mark.parametrize("name", ["fa-gnn", "fa-pointnet", "fa-local-pointnet", "fa-dgcnn"])
def test_derivative_is_that_of_differences(name, cloud):
    """Central differences of the whole network along a random direction."""
    motionless = name == "fa-gnn"
    net = (MOVERS if motionless else FIELDS)[name](liegroups.SE(3)).double().eval()
    given = motion(cloud)
    f = (lambda x: net(**(given | {"x": x}))) if motionless else net
    x = given["x"] if motionless else cloud(1, 16, 3)
    random = torch.Generator().manual_seed(3)
    along, weights = (torch.randn(x.shape, generator=random, dtype=F64) for _ in range(2))
    leaf = x.clone().requires_grad_()
    (grad,) = torch.autograd.grad((f(leaf) * weights).sum(), leaf)
    step = 1e-6
    with torch.no_grad():
        difference = ((f(x + step * along) - f(x - step * along)) * weights).sum() / (2 * step)
    assert float((grad * along).sum()) == pytest.approx(float(difference), rel=1e-5)


@pytest.mark.parametrize("name", [*FIELDS, "fa-gnn"])
def test_one_sampled_element_while_training_all_of_them_in_evaluation(name, cloud):
    net = (FIELDS | MOVERS)[name](liegroups.SE(3)).double()
    given = motion(cloud) if name == "fa-gnn" else {"x": cloud(2, 24, 3)}
    whole = net.eval()(**given)
    net.mode = "sample"
    torch.testing.assert_close(net(**given), whole, atol=1e-12, rtol=0)
    net.train()
    torch.manual_seed(0)
    assert (net(**given) - net(**given)).abs().max() > 1e-6
    whole = net.eval()(**given)  # batch normalisation has seen more
    net.mode = "loop"
    torch.testing.assert_close(net(**given), whole, atol=1e-10, rtol=0)


def test_seeds_leave_the_global_state_alone():
    before = torch.get_rng_state()
    one, two, other = GNN(width=8), GNN(width=8), GNN(width=8, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.enter.weight, two.enter.weight)
    assert not torch.equal(one.enter.weight, other.enter.weight)


def test_empty_batches():
    empty = torch.zeros(0, 12, 3)
    for name in ("fa-pointnet", "fa-dgcnn", "fa-local-pointnet"):
        assert FIELDS[name](liegroups.SE(3)).eval()(empty).shape == (0, 12, 3)
    for make in MOVERS.values():
        assert make(liegroups.SE(3))(x=empty, v=empty, charges=empty[..., 0]).shape == (0, 12, 3)


X = torch.zeros(2, 5, 3)


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("width must be at least 1, got 0", lambda: GNN(width=0)),
        ("dtype must be 'float32' or 'float64', got 'half'", lambda: GNN(dtype="half")),
        (r"x must have shape \(\*batch, n, 3\), got \(2, 5, 2\)", lambda: GNN()(X[..., :2], X, X[..., 0])),
        (r"v must have the shape of x, \(2, 5, 3\)", lambda: GNN()(X, X[:1], X[..., 0])),
        (r"charges must have shape \(2, 5\), got \(2, 5, 3\)", lambda: EGNN()(X, X, X)),
        ("layers must be at least 2, got 1", lambda: FAGNN(liegroups.E(3), layers=1)),
        (r"group must be E\(d\) or SE\(d\), which move positions, got O\(3\)", lambda: FAGNN(liegroups.O(3))),
        (r"group must be O\(d\), SO\(d\), E\(d\) or SE\(d\)", lambda: FAPointNet(liegroups.Cyclic(4))),
        ("widths must be at least four positive numbers", lambda: PointNet(widths=[3, 3])),
        ("head must be at least one positive number", lambda: FADGCNN(liegroups.SE(3), head=[])),
        ("transform must be five positive numbers", lambda: PointNet(transform=[4, 4])),
        ("dropout must be at least 0 and below 1, got 1", lambda: DGCNN(dropout=1)),
        (r"with a batch axis, got \(5, 3\)", lambda: DGCNN(**GRAPH)(X[0])),
        ("channels must be at least 1, got 0", lambda: FrameLayer(torch.nn.Identity(), PCA(liegroups.O(3)), 0)),
        (r"h must have shape \(\*batch, n, 4, 3\)", lambda: FrameLayer(torch.nn.Identity(), PCA(liegroups.O(3)), 4)(X)),
    ],
)
def test_bad_arguments_are_named(words, call):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    "net", [GNN(width=4), EGNN(width=4), FAGNN(liegroups.E(3), vectors=2)], ids=lambda net: type(net).__name__
)
def test_wrong_types_of_motion_are_named(net):
    with pytest.raises(TypeError, match=r"x must be torch\.float32, as the parameters of \w+ are, got torch\.int64"):
        net(X.long(), X.long(), X[..., 0])
    with pytest.raises(TypeError, match=r"v must have the type of x, torch\.float32, got torch\.float64"):
        net(X, X.double(), X[..., 0])


def test_patches_of_a_line_are_the_same_wherever_it_is():
    """Far from the origin a patch holds the round-off of its place, and is a line to it alone, not to its own."""
    x = hard_cloud("collinear", 12, 3)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1), dtype=F64)).Q
    x = (x @ turn.T + 5)[None]
    net = FALocalPointNet(liegroups.SE(3), **LOCAL | {"k": 4}).double()
    assert measured(net, liegroups.SE(3), x, "point", "vector", samples=16) < 1e-9


@pytest.mark.parametrize("name", [*FIELDS, *PLAIN, *MOVERS])
def test_another_type_than_that_of_the_parameters_is_named(name):
    net = PLAIN[name]() if name in PLAIN else (FIELDS | MOVERS)[name](liegroups.SE(3))
    x = torch.zeros(2, 30, 3, dtype=F64)
    given = {"x": x, "v": x, "charges": x[..., 0]} if name in MOVERS else {"x": x}
    if name == "average":
        given["x"] = x + torch.arange(90.0).sin().reshape(30, 3)  # it is the network inside that tells
    with pytest.raises(TypeError, match=r"x must be torch\.float32, as the parameters of \w+ are, got torch\.float64"):
        net(**given)
