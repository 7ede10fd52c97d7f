"""Canonical orders of graphs: by nauty, and by the search without it."""

import math
from itertools import permutations
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framesym import Canonical, exp_graphs, graph8c, sr25
from framesym._canonical_search import CanonicalSearch, SearchTooLarge

from .graphs import SQUARE, cycle, random_graphs, random_orders, relabelled

SLICE = Path(__file__).parent / "data"


@pytest.fixture(params=["nauty", "search"])
def engine(request):
    if request.param == "nauty":
        pytest.importorskip("pynauty", reason="pynauty is in the extra `graphs`")
    return request.param


@pytest.fixture
def slices(monkeypatch):
    monkeypatch.setenv("SYMMETRON_DATA", str(SLICE))


def automorphisms(*arrays):
    """All permutations that leave every array alone: (n, n, ...) pair arrays, or (n,) node arrays as diagonals."""
    n = len(arrays[0])
    return {p for p in permutations(range(n)) if all(np.array_equal(a[np.ix_(p, p)], a) for a in arrays)}


def random_case(seed, n):
    """A random graph with few values, so that it has symmetries: weighted, directed or not, with colours and loops."""
    rng = np.random.default_rng(seed)
    adjacency = rng.choice([0.0, 1.0, 2.5], size=(n, n), p=[0.5, 0.35, 0.15])
    if seed % 2:
        adjacency = np.triu(adjacency, 1) + np.triu(adjacency, 1).T
    else:
        adjacency *= ~np.eye(n, dtype=bool) | (seed % 4 == 0)
    edge = rng.choice([-1.0, 0.0], size=(n, n, 2), p=[0.1, 0.9]) * (seed % 3 == 0)
    node = rng.choice([0.0, 1.0], size=(n, 1), p=[0.8, 0.2])
    return adjacency, edge, node


@given(st.integers(0, 10**6), st.integers(1, 5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_frame_is_the_coset_of_all_automorphisms(engine, seed, n):
    adjacency, edge, node = random_case(seed, n)
    frames = Canonical("exact", engine)(*(torch.from_numpy(a) for a in (adjacency, node, edge)))
    expected = automorphisms(adjacency, edge, np.diag(node[:, 0]))
    assert len(frames.order) == len(expected) == round(10 ** frames.log10_size.item())
    first = frames.first.numpy()
    assert {tuple(np.array(s)[first]) for s in expected} == {tuple(row) for row in frames.order.tolist()}
    assert frames.orbits.tolist() == np.array(sorted(expected)).min(0).tolist()
    pairs = {tuple(frames.pair_orbits().flatten().tolist())}
    assert pairs == {tuple(min(s[i] * n + s[j] for s in expected) for i in range(n) for j in range(n))}


@given(st.integers(0, 10**6), st.integers(1, 7))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_relabelled_graphs_have_one_canonical_form(engine, seed, n):
    adjacency, edge, node = random_case(seed, n)
    order = np.random.default_rng(seed).permutation(n)
    forms = []
    for p in (np.arange(n), order):
        a, e, x = (torch.from_numpy(v) for v in (adjacency[np.ix_(p, p)], edge[np.ix_(p, p)], node[p]))
        o = Canonical(engine=engine)(a, x, e).first
        forms.append((a[o][:, o], e[o][:, o], x[o]))
    assert all(torch.equal(one, other) for one, other in zip(*forms, strict=True))


def test_forms_differ_exactly_where_networkx_finds_no_isomorphism(engine):
    graphs = random_graphs(40, 5, seed=3)
    order = Canonical(engine=engine)(graphs).first
    forms = [tuple(form.flatten().tolist()) for form in relabelled(graphs, order, 2)]
    views = [nx.from_numpy_array(graph.numpy()) for graph in graphs]
    for i in range(len(views)):
        for j in range(i):
            assert (forms[i] == forms[j]) == nx.is_isomorphic(views[i], views[j])


@pytest.mark.parametrize("graph, order", [
    (nx.petersen_graph(), 120), (nx.frucht_graph(), 1), (nx.cubical_graph(), 48), (nx.dodecahedral_graph(), 120),
    (nx.complete_graph(9), math.factorial(9)), (nx.complete_bipartite_graph(4, 4), 2 * 24**2), (nx.star_graph(6), 720),
    (nx.cycle_graph(11), 22), (nx.hypercube_graph(4), 384), (nx.heawood_graph(), 336), (nx.empty_graph(4), 24),
    (nx.pappus_graph(), 216), (nx.desargues_graph(), 240), (nx.tutte_graph(), 3), (nx.icosahedral_graph(), 120),
])  # fmt: skip
def test_orders_of_known_automorphism_groups(engine, graph, order):
    # textbook orders (Weisstein, MathWorld, entries of these graphs)
    frames = Canonical(engine=engine)(torch.from_numpy(nx.to_numpy_array(graph)))
    assert frames.log10_size.item() == pytest.approx(math.log10(order), abs=1e-9)
    move = frames.generators.numpy()
    adjacency = nx.to_numpy_array(graph)
    assert all(np.array_equal(adjacency[np.ix_(s, s)], adjacency) for s in move)


def test_engines_agree_on_groups_of_real_graphs(slices):
    pytest.importorskip("pynauty", reason="pynauty is in the extra `graphs`")
    for arrays in (graph8c(), sr25()):
        graphs = torch.from_numpy(arrays["adjacency"][:40:8])
        one, other = (Canonical(engine=name)(graphs) for name in ("nauty", "search"))
        assert torch.allclose(one.log10_size, other.log10_size, atol=1e-9)
        assert torch.equal(one.orbits, other.orbits)


def test_strongly_regular_graphs_have_the_published_groups(engine, slices):
    # orders of the groups of srg(25, 12, 5, 6), by another program (the notes' listing, in file order)
    step = 1 if engine == "nauty" else 7
    orders = 10 ** Canonical(engine=engine)(torch.from_numpy(sr25()["adjacency"][::step])).log10_size
    expected = [72, 600, 72, 6, 2, 6, 1, 3, 2, 6, 6, 2, 1, 3, 2][::step]
    assert orders.round().long().tolist() == expected


def test_batches_of_different_sizes(engine, slices):
    arrays = exp_graphs()
    graphs, kinds = (torch.from_numpy(arrays[name]) for name in ("adjacency", "feature"))
    graphs, kinds = graphs[:6], kinds[:6]
    mask = torch.arange(graphs.shape[-1]) < torch.from_numpy(arrays["size"][:6]).unsqueeze(-1)
    noisy = torch.where(mask.unsqueeze(-1) & mask.unsqueeze(-2), graphs.double(), torch.nan)
    frames = Canonical(engine=engine)(noisy, kinds.unsqueeze(-1), mask=mask)
    for k, n in enumerate(arrays["size"][:6]):
        single = Canonical(engine=engine)(graphs[k, :n, :n], kinds[k, :n].unsqueeze(-1))
        assert torch.equal(single.first, frames.first[k, :n])
        assert torch.equal(single.orbits, frames.orbits[k, :n]) and single.log10_size == frames.log10_size[k]
        assert frames.first[k, n:].tolist() == list(range(n, graphs.shape[-1]))


def test_holes_in_the_mask(engine):
    graphs = random_graphs(20, 6, seed=5)
    mask = torch.rand(20, 6, generator=torch.Generator().manual_seed(0)) < 0.6
    order = random_orders(20, 6, seed=2)
    forms = []
    for a, m in ((graphs, mask), (relabelled(graphs, order, 2), relabelled(mask, order, 1))):
        frames = Canonical(engine=engine)(a, mask=m)
        assert torch.equal(relabelled(m, frames.first, 1).sum(-1), m.sum(-1))
        blank = a * (m.unsqueeze(-1) & m.unsqueeze(-2))
        forms.append(relabelled(blank, frames.first, 2))
    assert torch.equal(*forms)


def test_a_long_weighted_graph_with_distinct_weights_is_asymmetric(engine):
    random = torch.Generator().manual_seed(0)
    upper = torch.rand(30, 30, generator=random, dtype=torch.float64).triu(1)
    frames = Canonical(engine=engine)(upper + upper.T)
    assert frames.log10_size == 0 and frames.generators.shape == (0, 30)


def test_minus_zero_is_no_edge(engine):
    graph = SQUARE.double()
    graph[0, 2] = graph[2, 0] = -0.0
    assert Canonical(engine=engine)(graph).log10_size == pytest.approx(math.log10(8))


@pytest.mark.parametrize("shape", [(0, 5, 5), (2, 0, 0), (3, 1, 1), (0, 0), (2, 0, 4, 4)])
def test_empty_and_single(engine, shape):
    frames = Canonical(engine=engine)(torch.zeros(shape))
    assert frames.first.shape == shape[:-1] and frames.order.shape == (*shape[:-2], 1, shape[-1])


def test_the_search_refuses_what_it_cannot_finish():
    with pytest.raises(SearchTooLarge):
        CanonicalSearch(np.ones((6, 6), int), np.zeros(6, int), leaves=3)
    found = CanonicalSearch(np.ones((6, 6), int), np.zeros(6, int), leaves=16)
    assert found.log10_size == pytest.approx(math.log10(720))


def test_without_pynauty_the_search_is_used_and_nauty_is_explained(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert Canonical().engine == "search"
    with pytest.raises(ImportError, match=r"pip install framesym\[graphs\]"):
        Canonical(engine="nauty")
    monkeypatch.setattr(CanonicalSearch.__init__, "__defaults__", (2,))
    with pytest.raises(ValueError, match=r"too symmetric for the search without nauty; run `pip install"):
        Canonical()(cycle(6))


@pytest.mark.parametrize("call, message", [
    (lambda: Canonical("all"), "automorphisms must be 'coset' or 'exact', got 'all'"),
    (lambda: Canonical(engine="bliss"), "engine must be 'auto', 'nauty' or 'search', got 'bliss'"),
    (lambda: Canonical()(torch.zeros(3)), r"adjacency must be a tensor of shape \(\*batch, n, n\), got \(3,\)"),
    (lambda: Canonical()(torch.zeros(3, 3), edge=torch.zeros(3, 3)), r"edge must have shape \(3, 3, channels\)"),
    (lambda: Canonical()(torch.zeros(3, 3), torch.full((3, 1), torch.nan)), "node must be finite"),
])  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
