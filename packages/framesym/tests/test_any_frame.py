"""Symmetrize with frames of any size: packed elements, loops, samples, ragged batches, derivatives."""

import itertools

import pytest
import torch
from torch import nn

import liegroups
from framesym import PCA, FrameSet, Tuple, average, symmetrize

F64 = torch.float64
CUBE = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=3)), dtype=F64)
E3 = liegroups.E(3)


def frames(group):
    return [Tuple(group), PCA(group, degenerate="tuple")]


@pytest.fixture
def mixed(cloud):
    """A cube, a generic cloud, a flat and a straight one side by side: frames of 48, 1, 2 and 2 elements."""
    x = cloud(3, 8, 3)
    flat = torch.tensor([[1.0, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=F64)
    return torch.cat([CUBE[None], x * flat[:, None]])


class Counting(nn.Module):
    """Counts the rows it is called with."""

    def __init__(self, net):
        super().__init__()
        self.net, self.rows = net, 0

    def forward(self, x):
        self.rows += len(x)
        return self.net(x)


def test_cost_is_the_sum_of_the_frame_sizes(mixed, perceptron):
    net = Counting(perceptron(8, 3, 3))
    f = symmetrize(net, Tuple(liegroups.O(3)), "point", "vector")
    f(mixed)
    assert net.rows == 48 + 1 + 2 + 2
    net.rows = 0
    f(mixed[1:2])
    assert net.rows == 1


@pytest.mark.parametrize("name", ["scalar", "vector", "point", "tensor:2"])
def test_packed_looped_and_element_by_element(family, mixed, perceptron, name):
    """The three modes agree, and with the weighted sum of the definition, written out."""
    group, size = family(3), {"scalar": 2, "tensor:2": 9}.get(name, 3)
    phi = perceptron(8, 3, size)
    rep = liegroups.Rep(name, group)
    for frame in frames(group):
        packed = symmetrize(phi, frame, "point", name)(mixed)
        looped = symmetrize(phi, frame, "point", name, "loop")(mixed)
        torch.testing.assert_close(packed, looped, atol=1e-13, rtol=0)
        for item, x in enumerate(mixed[:3]):  # on the line the stabiliser's projection is added
            found: FrameSet = frame(x)
            terms = [
                w * rep.rho(g, phi((x - found.centroid) @ A))
                for g, A, w in zip(found.elements, found.linear, found.weights, strict=True)
            ]
            torch.testing.assert_close(packed[item], torch.stack(terms).sum(0), atol=1e-13, rtol=0)


def test_sample_draws_elements_by_weight(perceptron, mixed):
    f = symmetrize(perceptron(8, 3, 3), Tuple(E3), "point", "vector", "sample")
    torch.testing.assert_close(
        f.eval()(mixed), symmetrize(f.net, f.frame, "point", "vector")(mixed), atol=1e-14, rtol=0
    )
    f.train()
    torch.manual_seed(0)
    draws = f(mixed.expand(400, 4, 8, 3))
    assert len(draws[:, 0].round(decimals=9).unique(dim=0)) > 30  # of 48
    assert len(draws[:, 1].round(decimals=9).unique(dim=0)) == 1
    flat = draws[:, 2].round(decimals=9).unique(dim=0, return_counts=True)[1]
    assert len(flat) == 2 and (flat - 200).abs().max() < 50  # 5 standard deviations of a binomial (400, 1/2)


def test_projection_onto_invariant_functions(family, mixed):
    """Theorem 3: an invariant function comes back unchanged, and twice is once."""
    weight = torch.randn(64, 5, generator=torch.Generator().manual_seed(0), dtype=F64)

    def invariant(x):
        x = x - x.mean(-2, keepdim=True)
        return torch.tanh((x @ x.mT).flatten(-2) @ weight / 10)

    for frame in frames(family(3)):
        once = symmetrize(invariant, frame, "point", "scalar")
        torch.testing.assert_close(once(mixed), invariant(mixed), atol=1e-13, rtol=0)
        torch.testing.assert_close(symmetrize(once, frame)(mixed), once(mixed), atol=1e-13, rtol=0)


def test_twice_is_once_for_any_network(family, mixed, perceptron):
    for frame in frames(family(3)):
        once = symmetrize(perceptron(8, 3, 3), frame, "point", "vector")
        torch.testing.assert_close(symmetrize(once, frame)(mixed), once(mixed), atol=1e-13, rtol=0)


def test_permutations_and_motions_together(mixed):
    """S_n x E(3): a network of sets, under random orders and motions."""
    random = torch.Generator().manual_seed(2)
    own, shared, last = (torch.randn(3, 3, generator=random, dtype=F64) for _ in range(3))
    net = lambda x: torch.tanh(x @ own + torch.tanh(x @ shared).mean(-2, keepdim=True)) @ last
    act = liegroups.Rep("point", E3).rho
    for frame in frames(E3):
        f = symmetrize(net, frame, "point", "point")
        base = f(mixed)
        for g in torch.tensor(E3.sample(5, seed=1, scale=3.0)):
            order = torch.randperm(8, generator=random)
            torch.testing.assert_close(f(act(g, mixed[:, order])), act(g, base[:, order]), atol=1e-12, rtol=0)


def test_derivatives_pass_torch_s_checks(perceptron, mixed):
    """At generic and degenerate inputs, against finite differences, with a tolerance above their step."""
    net = perceptron(8, 3, 3)
    f = symmetrize(net, Tuple(E3, tolerance=1e-3), "point", "vector")
    for x in mixed:
        assert torch.autograd.gradcheck(f, (x.clone().requires_grad_(),), fast_mode=True)


def test_derivatives_with_respect_to_weights(cloud):
    frame, x = Tuple(E3), cloud(6, 3)
    weights = torch.linspace(0.5, 1.5, 6, dtype=F64).requires_grad_()
    cubic = lambda w: (((x - (found := frame(x, w)).centroid) @ found.linear[0]).abs() ** 3).sum()
    assert torch.autograd.gradcheck(cubic, (weights,))


class Messages(nn.Module):
    """A graph network without symmetry on a ragged batch, with features of nodes, edges and items."""

    def forward(self, x, edge, batch, edge_index, u):
        first = torch.arange(9, dtype=x.dtype).sin().reshape(3, 3)
        sent = torch.tanh((x[edge_index[0]] - x[edge_index[1]]) @ first + edge @ first.T)
        nodes = torch.tanh(x @ first + u[batch]).index_add(0, edge_index[1], sent)
        total = x.new_zeros(len(u), 3).index_add(0, batch, torch.tanh(nodes @ first))
        return {"force": nodes, "bond": sent.tanh() @ first, "energy": total}


RAGGED = {
    "x": "point",
    "edge": "vector@edge",
    "batch": "invariant",
    "edge_index": "invariant",
    "u": "scalar@item",
}
RESULTS = {"force": "vector", "bond": "vector@edge", "energy": "scalar@item"}


@pytest.mark.parametrize("mode", ["average", "loop"])
def test_ragged_batch_of_graphs(family, cloud, mode):
    """Equivariant item by item, and the same as one item at a time; rows in any order."""
    group = family(3)
    items = [CUBE, cloud(5, 3), cloud(3, 3, seed=1), cloud(4, 3, seed=2) * torch.tensor([1.0, 0, 0])]
    random = torch.Generator().manual_seed(0)
    batch = torch.cat([torch.full((len(x),), item) for item, x in enumerate(items)])
    order = torch.randperm(len(batch), generator=random)
    x, batch = torch.cat(items)[order], batch[order]
    pairs = torch.cartesian_prod(torch.arange(len(x)), torch.arange(len(x))).T
    edge_index = pairs[:, (batch[pairs[0]] == batch[pairs[1]]) & (torch.rand(len(x) ** 2, generator=random) < 0.6)]
    owner = batch[edge_index[0]]
    edge, u = x[edge_index[0]], torch.randn(4, 3, generator=random, dtype=F64)
    if group.affine:
        edge = edge - x[edge_index[1]]
    g = torch.tensor(group.sample(4, seed=0, scale=1.0))
    point, vector = liegroups.Rep("point", group).rho, liegroups.Rep("vector", group).rho
    for frame in frames(group):
        f = symmetrize(Messages(), frame, RAGGED, RESULTS, mode)
        here = f(x=x, edge=edge, batch=batch, edge_index=edge_index, u=u)
        there = f(x=point(g[batch], x), edge=vector(g[owner], edge), batch=batch, edge_index=edge_index, u=u)
        torch.testing.assert_close(there["force"], vector(g[batch], here["force"]), atol=1e-12, rtol=0)
        torch.testing.assert_close(there["bond"], vector(g[owner], here["bond"]), atol=1e-12, rtol=0)
        torch.testing.assert_close(there["energy"], here["energy"], atol=1e-12, rtol=0)
        for item in range(4):
            mine, own = batch == item, owner == item
            new = torch.cumsum(mine, 0) - 1
            alone = f(
                x=x[mine],
                edge=edge[own],
                batch=torch.zeros(int(mine.sum()), dtype=torch.long),
                edge_index=new[edge_index[:, own]],
                u=u[item : item + 1],
            )
            torch.testing.assert_close(alone["force"], here["force"][mine], atol=1e-13, rtol=0)
            torch.testing.assert_close(alone["energy"], here["energy"][item : item + 1], atol=1e-13, rtol=0)


def test_edge_features_of_dense_graphs(family, mixed):
    """Arrays (*batch, n, n, c): axes between the batch and the representation are the network's own."""
    group = family(3)
    net = lambda x, e: torch.tanh(e @ torch.arange(9.0, dtype=F64).sin().reshape(3, 3) + x.unsqueeze(-2))
    g = torch.tensor(group.sample(4, seed=0, scale=1.0))
    act = lambda word, y, axes: liegroups.Rep(word, group).rho(g.reshape(4, *[1] * axes, *g.shape[1:]), y)
    e = mixed.unsqueeze(-2) - mixed.unsqueeze(-3)
    for frame in frames(group):
        f = symmetrize(net, frame, {"x": "point", "e": "vector"}, "vector")
        expected = act("vector", f(x=mixed, e=e), 2)
        torch.testing.assert_close(f(x=act("point", mixed, 1), e=act("vector", e, 2)), expected, atol=1e-12, rtol=0)


def test_pseudoscalars_beside_a_line(perceptron, mixed):
    """Pseudoscalars beside a line, whose reflections change their sign: an argument and a result."""
    group = liegroups.O(3)
    net = lambda x, q: torch.tanh(x.flatten(-2).sum(-1, keepdim=True) + q)
    q = torch.tensor([[0.3], [1.0], [-2.0], [0.7]], dtype=F64)
    g = torch.tensor(group.sample(4, seed=3))
    sign = torch.linalg.det(g)[:, None]
    for frame in frames(group):
        f = symmetrize(net, frame, {"x": "point", "q": "pseudoscalar"}, "pseudoscalar")
        moved = f(x=mixed @ g.mT, q=q * sign)
        torch.testing.assert_close(moved, f(x=mixed, q=q) * sign, atol=1e-12, rtol=0)


def test_average_chooses_a_frame(perceptron, mixed):
    net = perceptron(8, 3, 3)
    for name in ("auto", "pca", "tuple"):
        f = average(net, E3, "point", "vector", frame=name)
        g = torch.tensor(E3.sample(4, seed=0, scale=1.0))
        expected = liegroups.Rep("vector", E3).rho(g, f(mixed))
        moved = liegroups.Rep("point", E3).rho(g[:, None], mixed)
        torch.testing.assert_close(f(moved), expected, atol=1e-12, rtol=0)
    assert type(average(net, liegroups.GL(3), "vector", "vector").frame).__name__ == "QR"
    assert type(average(net, E3, "point", "vector", frame="weighted").frame).__name__ == "Weighted"
    assert average.supports(liegroups.Lorentz(1, 3))
    with pytest.raises(ValueError, match="frame must be one of 'auto', 'pca', 'tuple', 'qr', 'weighted', got 'best'"):
        average(net, E3, "point", "vector", frame="best")


def test_misuse_of_ragged_batches_is_named():
    f = symmetrize(lambda x, batch: x, Tuple(E3), {"x": "point", "batch": "invariant"}, "vector")
    x = torch.ones(3, 3)
    with pytest.raises(ValueError, match=r"x must have 3 rows|weights must|have 2 rows"):
        f(x=x, batch=torch.zeros(2, dtype=torch.long))
    with pytest.raises(ValueError, match="rows of x must belong to a node, an edge or an item"):
        symmetrize(lambda x: x, Tuple(E3), {"x": "point@atom"}, "vector")
    with pytest.raises(ValueError, match="mask must be true for at least one point: violated by batch item 1"):
        f(x=x, batch=torch.tensor([0, 0, 2]))


@pytest.mark.parametrize("mode", ["average", "loop"])
def test_a_scalar_without_an_axis_of_its_own_is_that_with_one(mode):
    """A cube and a generic cloud have 48 elements and one: results of shape (batch,) must not mix among them."""
    cube = torch.tensor([[i, j, k] for i in (-1.0, 1) for j in (-1, 1) for k in (-1, 1)], dtype=torch.float64)
    x = torch.stack([cube, torch.randn(8, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)])
    first = lambda x: torch.sin(x + torch.arange(3.0) / 7)[..., 0].sum(-1)
    frame = Tuple(liegroups.E(3))
    bare = symmetrize(first, frame, "point", "scalar", mode)(x)
    full = symmetrize(lambda x: first(x).unsqueeze(-1), frame, "point", "scalar", mode)(x)
    assert bare.shape == (2,)
    torch.testing.assert_close(bare, full.squeeze(-1), rtol=0, atol=1e-14)
    with pytest.raises(ValueError, match=r"result \(pseudoscalar\) must have its components in an axis after"):
        symmetrize(first, frame, "point", "pseudoscalar", mode)(x)
