"""Averages of networks over frames of permutations."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch

from framesym import Canonical, Laplacian, Sort, SymmetrizedGraph, symmetrize

from .graphs import SQUARE, cycle, path, random_graphs, random_orders, relabelled

WORDS = {"adjacency": "adjacency", "x": "node", "e": "edge", "mask": "invariant"}
RESULTS = {"s": "scalar", "v": "node", "f": "edge", "a": "adjacency"}
AXES = {"s": 0, "v": 1, "f": 2, "a": 2}


def net(adjacency, x, e, mask):
    """A function without any symmetry, which sees every entry at its place and hates what is not masked."""
    n = adjacency.shape[-1]
    w = torch.arange(1.0, n * n + 1, dtype=adjacency.dtype).reshape(n, n).sin()
    h = torch.tanh((adjacency * w) @ x + (e * w.unsqueeze(-1)).sum(-2) + w[:, :1] * mask.unsqueeze(-1))
    pair = torch.sin(h.unsqueeze(-2) + 2 * h.unsqueeze(-3) + w.unsqueeze(-1))
    return {"s": (h.sum(-1) * w[0]).sum(-1, keepdim=True), "v": h, "f": pair, "a": pair[..., 0] * adjacency}


def case(batch=8, n=5, seed=0, dtype=torch.float64):
    random = torch.Generator().manual_seed(seed)
    a = random_graphs(batch, n, seed)
    x = torch.randint(0, 2, (batch, n, 2), generator=random).double() / 3
    e = a.unsqueeze(-1) * torch.tensor([1.0, 0.5], dtype=torch.float64)
    mask = torch.rand(batch, n, generator=random) < 0.9
    return [v.to(dtype) for v in (a, x, e)] + [mask]


FRAMES = [(Canonical(), "average"), (Canonical("exact"), "average"), (Canonical("exact"), "coset"),
          (Canonical("exact"), "loop"), (Laplacian(), "average"), (Laplacian(), "loop"),
          (Canonical("coset", "search"), "average")]  # fmt: skip


@pytest.mark.parametrize("frame, mode", FRAMES, ids=lambda value: str(value))
@pytest.mark.parametrize("dtype, allowed", [(torch.float64, 1e-12), (torch.float32, 5e-6)])
def test_any_network_becomes_equivariant(frame, mode, dtype, allowed):
    given = case(dtype=dtype)
    order = random_orders(8, 5, seed=4)
    f = symmetrize(net, frame, WORDS, RESULTS, mode)
    moved = [relabelled(v, order, axes) for v, axes in zip(given, (2, 1, 2, 1), strict=True)]
    one, other = f(*given), f(moved[0], moved[1], e=moved[2], mask=moved[3])
    for name, axes in AXES.items():
        assert one[name].dtype == dtype
        assert (relabelled(one[name], order, axes) - other[name]).abs().max() < allowed
    plain = net(*moved)["v"] - relabelled(net(*given)["v"], order, 1)
    assert plain.abs().max() > 0.1  # the network alone is far from it


def by_hand(given, orders):
    """The definition, term by term: mean over elements of the results brought back."""
    total = None
    for order in orders:
        order = torch.as_tensor(order)
        results = net(*[relabelled(v[None], order[None], axes) for v, axes in zip(given, (2, 1, 2, 1), strict=True)])
        back = order.argsort()[None]
        terms = {name: relabelled(y, back, AXES[name])[0] / len(orders) for name, y in results.items()}
        total = {name: total[name] + y for name, y in terms.items()} if total else terms
    return total


@pytest.mark.parametrize("graph", [SQUARE, cycle(5), path(4), torch.block_diag(cycle(3), path(2))], ids=str)
def test_the_mean_over_orbits_is_the_mean_over_all_automorphisms(graph):
    n = len(graph)
    given = [graph.double(), torch.ones(n, 2).double(), graph.double().unsqueeze(-1).expand(n, n, 2),
             torch.ones(n, dtype=torch.bool)]  # fmt: skip
    frame = Canonical()
    first = frame(*[given[0], given[1], given[2]]).first
    group = [s for s in permutations(range(n)) if torch.equal(graph[list(s)][:, list(s)], graph)]
    assert len(group) > 1
    expected = by_hand(given, [torch.tensor(s)[first] for s in group])
    found = symmetrize(net, frame, WORDS, RESULTS)(*given)
    for name in AXES:
        assert torch.allclose(found[name], expected[name], rtol=0, atol=1e-13)


def test_the_average_over_a_sorting_frame_is_its_definition():
    given = [SQUARE.double(), torch.tensor([[0.0, 1], [1, 0], [0, 1], [1, 0]]).double(), SQUARE.double().unsqueeze(-1),
             torch.ones(4, dtype=torch.bool)]  # fmt: skip
    orders = [(*even, *odd) for even in permutations((0, 2)) for odd in permutations((1, 3))]
    expected = by_hand(given, orders)  # every node has one row of scores; the features decide: rows (0, 1) first
    for mode in ("average", "loop"):
        found = symmetrize(net, Laplacian(), WORDS, RESULTS, mode)(*given)
        for name in AXES:
            assert torch.allclose(found[name], expected[name], rtol=0, atol=1e-13)


@pytest.mark.parametrize("frame", [Canonical(), Laplacian()], ids=str)
def test_an_equivariant_network_is_not_changed(frame):
    def deep(adjacency, x):
        h = torch.tanh(adjacency @ x + x)
        return {"v": h, "s": h.sum(-2), "f": h.unsqueeze(-2) * h.unsqueeze(-3)}

    a, x, _, _ = case()
    expected = deep(a, x)
    f = symmetrize(deep, frame, {"adjacency": "adjacency", "x": "node"}, {"v": "node", "s": "scalar", "f": "edge"})
    for name, y in f(a, x).items():
        assert torch.allclose(y, expected[name], rtol=0, atol=1e-13)


@pytest.mark.parametrize("frame", [Canonical(), Laplacian()], ids=str)
def test_symmetrizing_twice_is_symmetrizing_once(frame):
    words, results = {"adjacency": "adjacency", "x": "node", "e": "edge", "mask": "invariant"}, "node"
    once = symmetrize(lambda *given: net(*given)["v"], frame, words, results)
    twice = symmetrize(once, frame, words, results)
    given = case()
    assert torch.allclose(twice(*given), once(*given), rtol=0, atol=1e-13)


def test_what_stands_at_absent_nodes_does_not_matter():
    a, x, e, mask = case(seed=3)
    assert not mask.all()
    f = symmetrize(net, Canonical(), WORDS, RESULTS)
    dirty = [torch.where(mask.unsqueeze(-1) & mask.unsqueeze(-2), a, torch.nan),
             torch.where(mask.unsqueeze(-1), x, torch.inf),
             torch.where((mask.unsqueeze(-1) & mask.unsqueeze(-2)).unsqueeze(-1), e, 7.0)]  # fmt: skip
    for (name, one), other in zip(f(a, x, e, mask).items(), f(*dirty, mask).values(), strict=True):
        assert torch.equal(one, other), name
        if AXES[name] == 1:
            assert (one[~mask] == 0).all()


def test_points_sorted_lexicographically():
    random = torch.Generator().manual_seed(0)
    x = torch.randint(0, 3, (6, 5, 2), generator=random).double()
    w = torch.rand(5, 2, generator=random, dtype=torch.float64)
    f = symmetrize(lambda x: {"s": (x * w).sum((-1, -2)).unsqueeze(-1), "v": x * w}, Sort(), {"x": "node"},
                   {"s": "scalar", "v": "node"})  # fmt: skip
    order = random_orders(6, 5)
    one, other = f(x), f(x[torch.arange(6).unsqueeze(1), order])
    assert torch.allclose(one["s"], other["s"], atol=1e-14)
    assert torch.allclose(one["v"][torch.arange(6).unsqueeze(1), order], other["v"], atol=1e-14)
    expected = [(np.array(sorted(map(tuple, rows))) * w.numpy()).sum() for rows in x.tolist()]
    assert np.allclose(one["s"][:, 0], expected, atol=1e-13)


def test_frames_found_once_serve_many_calls():
    given = case()
    f = symmetrize(net, Canonical(), WORDS, RESULTS)
    frames = f.frames(*given)
    expected = f(*given)

    class Refuses:
        carrier = "adjacency"

        def __call__(self, *args, **kwargs):
            raise AssertionError("the frame was computed again")

    f.frame = Refuses()
    assert torch.equal(f(*given, frames=frames)["v"], expected["v"])
    part = torch.tensor([5, 2])
    assert torch.allclose(f(*[v[part] for v in given], frames=frames[part])["v"], expected["v"][part], atol=1e-14)


def test_batches_of_any_shape():
    given = case(batch=6)
    f = symmetrize(net, Laplacian(), WORDS, RESULTS)
    flat, shaped = f(*given), f(*[v.reshape(2, 3, *v.shape[1:]) for v in given])
    for name, y in flat.items():
        assert torch.allclose(shaped[name].flatten(0, 1), y, atol=1e-14)
        assert torch.allclose(f(*[v[4] for v in given])[name], y[4], atol=1e-14)
    for mode, frame in (("average", Canonical()), ("average", Laplacian()), ("loop", Laplacian())):
        empty = symmetrize(net, frame, WORDS, RESULTS, mode)(*[v[:0] for v in given])
        assert empty["v"].shape == (0, 5, 2)


def test_sampling_draws_in_training_and_averages_in_evaluation():
    torch.manual_seed(0)
    a = SQUARE.double()
    w = torch.rand(4, 4, dtype=torch.float64)
    f = symmetrize(lambda adjacency: (adjacency * w).sum((-1, -2)).unsqueeze(-1), Laplacian(), "adjacency", "scalar",
                   "sample")  # fmt: skip
    draws = torch.stack([f(a) for _ in range(600)])
    exact = f.eval()(a)
    assert draws.std() > 0.1
    assert (draws.mean() - exact).abs() < 4 * draws.std() / math.sqrt(600)
    assert torch.allclose(exact, f.eval()(a[[1, 0, 3, 2]][:, [1, 0, 3, 2]]), atol=1e-13)


def test_large_frames_are_refused_with_their_size_and_a_coset_needs_one_call():
    calls = []

    def count(adjacency):
        calls.append(len(adjacency))
        return adjacency.sum(-1, keepdim=True) * torch.arange(12.0).unsqueeze(-1)

    graph = torch.ones(1, 12, 12) - torch.eye(12)
    with pytest.raises(ValueError, match=r"batch item 0 has 10\^8\.68 elements, and at most 40320 are listed"):
        symmetrize(count, Laplacian(), "adjacency", "node")(graph)
    found = symmetrize(count, Canonical(), "adjacency", "node")(graph)
    assert calls == [1]
    assert torch.allclose(found, torch.full((1, 12, 1), 11 * 5.5))


def test_dropout_draws_the_same_masks_in_a_loop():
    torch.manual_seed(0)
    layer = torch.nn.Sequential(torch.nn.Flatten(-2), torch.nn.Linear(16, 32), torch.nn.Dropout(0.5),
                                torch.nn.Linear(32, 3)).double().train()  # fmt: skip
    f = symmetrize(layer, Laplacian(), "adjacency", "scalar", "loop")
    a = random_graphs(3, 4)
    moved = a[:, [2, 0, 3, 1]][:, :, [2, 0, 3, 1]]
    results = []
    for given in (a, moved):
        torch.manual_seed(1)
        results.append(f(given))
    assert torch.allclose(*results, rtol=0, atol=1e-12)


@pytest.mark.parametrize("frame", [Canonical(), Laplacian(), Canonical("exact")], ids=str)
def test_derivatives_at_generic_features(frame):
    random = torch.Generator().manual_seed(1)
    a, mask = SQUARE.double(), torch.ones(4, dtype=torch.bool)
    x = torch.randn(4, 2, generator=random, dtype=torch.float64).requires_grad_()
    e = torch.zeros(4, 4, 2, dtype=torch.float64)
    f = symmetrize(net, frame, WORDS, RESULTS)
    assert torch.autograd.gradcheck(lambda x: f(a, x, e, mask)["v"], (x,))


def test_symmetrize_dispatches_and_shows_what_it_wraps():
    f = symmetrize(net, Canonical(), WORDS, RESULTS)
    assert isinstance(f, SymmetrizedGraph) and "Canonical('coset'" in repr(f)


def _with(frame=None, inputs=None, outputs="scalar", mode="average"):
    return symmetrize(lambda a: a.sum((-1, -2)).unsqueeze(-1), frame or Canonical(), inputs or {"a": "adjacency"},
                      outputs, mode)  # fmt: skip


@pytest.mark.parametrize("call, error, message", [
    (lambda: _with(mode="all"), ValueError, "mode must be 'average', 'sample', 'loop' or 'coset', got 'all'"),
    (lambda: _with(inputs={"a": "vector"}), ValueError, "'a' must be one of node, edge, adjacency, scalar, invariant"),
    (lambda: _with(inputs={"a": "node"}), ValueError, "inputs must hold a 'adjacency', which carries the frame"),
    (lambda: _with(outputs="point"), ValueError, "outputs: 'result' must be one of"),
    (lambda: _with(Laplacian(), mode="coset")(torch.zeros(2, 2)), ValueError, "mode 'coset' needs a frame of automor"),
    (lambda: _with()(), TypeError, "argument 'a', which carries the frame, is missing"),
    (lambda: _with()(torch.zeros(2, 2), b=1), TypeError, "argument 'b' has no feature word"),
    (lambda: _with()(torch.zeros(2, 2), a=1), TypeError, "argument 'a' was given twice"),
    (lambda: _with()(torch.zeros(2, 2), 1), TypeError, r"at most 1 arguments \(a\), got 2"),
    (lambda: _with(outputs="node")(torch.zeros(2, 2)), ValueError, r"result \(node\) must be a tensor with the axes \(2,"),
    (lambda: _with(outputs={"y": "scalar"})(torch.zeros(2, 2)), TypeError, r"mapping with the keys \['y'\], got Tensor"),
])  # fmt: skip
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
