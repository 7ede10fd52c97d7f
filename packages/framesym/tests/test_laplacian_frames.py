"""Frames that sort nodes by Laplacian eigenspaces."""

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch

from framesym import Canonical, Laplacian, exp_graphs, graph8c, symmetrize

from .graphs import SQUARE, cycle, path, random_graphs, random_orders, relabelled

SLICE = Path(__file__).parent / "data"


@pytest.fixture
def slices(monkeypatch):
    monkeypatch.setenv("SYMMETRON_DATA", str(SLICE))


def rounded_key(adjacency):
    """The published rule: eigenvalues equal as float32 numbers share a space, scores rounded to two decimals."""
    laplacian = (np.diag(adjacency.sum(1)) - adjacency).astype(np.float32)
    values, vectors = np.linalg.eigh(laplacian)
    columns = [np.sqrt((vectors[:, values == value] ** 2).sum(1)) for value in np.unique(values)]
    table = np.stack(columns, 1).round(2)
    return table[np.lexsort(table.T[::-1])]


def test_scores_of_a_path_are_those_of_cosines():
    # eigenvectors of the path: cos(pi j (i + 1/2) / n), eigenvalue 2 - 2 cos(pi j / n) (Strang 1999, DCT-2)
    n = 6
    i, j = torch.arange(n, dtype=torch.float64).unsqueeze(1), torch.arange(n, dtype=torch.float64)
    vectors = torch.cos(torch.pi * j * (i + 0.5) / n)
    assert torch.allclose(Laplacian().scores(path(n)), (vectors / vectors.norm(dim=0)).abs(), atol=1e-14)


def test_scores_of_a_cycle_are_multiplicities():
    # the cycle is vertex-transitive: every projector has diagonal m / n, with m = 1, 2, 2, 1 for n = 6
    expected = torch.tensor([1, 2, 2, 1, 0, 0], dtype=torch.float64).div(6).sqrt().expand(6, 6)
    assert torch.allclose(Laplacian().scores(cycle(6)), expected, atol=1e-14)
    frames = Laplacian()(cycle(6))
    assert frames.diagnostics["spaces"] == 4 and frames.diagnostics["gap"] == pytest.approx(1 / 4)
    assert frames.log10_size == pytest.approx(np.log10(720))


def test_scores_of_components_are_inverse_roots_of_their_sizes():
    both = torch.block_diag(cycle(3), path(5))
    first = Laplacian().scores(both)[:, 0]  # the null space: indicators of the components
    expected = torch.tensor([3.0] * 3 + [5.0] * 5, dtype=torch.float64).rsqrt()
    assert torch.allclose(first, expected, atol=1e-12)


def test_frames_of_networkx_graphs_hold_all_automorphisms():
    for graph in (nx.petersen_graph(), nx.path_graph(7), nx.star_graph(5), nx.frucht_graph(), nx.house_graph()):
        adjacency = torch.from_numpy(nx.to_numpy_array(graph))
        frames, exact = Laplacian()(adjacency), Canonical()(adjacency)
        assert frames.log10_size >= exact.log10_size - 1e-12
        label = frames.orbits
        assert all((label[move] == label).all() for move in exact.generators)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64, torch.bool])
def test_the_frame_is_the_same_for_all_types_and_relabellings(dtype):
    graphs = random_graphs(40, 7)
    order = random_orders(40, 7, seed=1)
    one = Laplacian()(graphs)
    other = Laplacian()(relabelled(graphs, order, 2).to(dtype))
    classes = [relabelled(one.orbits, order, 1), other.orbits]
    same = [label.unsqueeze(-1) == label.unsqueeze(-2) for label in classes]
    assert torch.equal(*same)
    assert torch.allclose(one.log10_size, other.log10_size)
    sorted_graphs = [relabelled(Laplacian().scores(g), f.first, 1) for g, f in
                     ((graphs, one), (relabelled(graphs, order, 2), other))]  # fmt: skip
    assert torch.allclose(*sorted_graphs, atol=1e-6)


def test_rounded_keys_of_disconnected_graphs_change_under_relabelling_and_ours_do_not(slices):
    # The fault: with several components the zero eigenvalue is noise, which exact comparison splits.
    arrays, rng = exp_graphs(), np.random.default_rng(0)
    changed, frame = 0, Laplacian()
    for adjacency, size in zip(arrays["adjacency"], arrays["size"], strict=True):
        given = adjacency[:size, :size].astype(float)
        order = rng.permutation(size)
        moved = given[np.ix_(order, order)]
        keys = rounded_key(given), rounded_key(moved)
        changed += keys[0].shape != keys[1].shape or not np.array_equal(*keys)
        scores = [frame.scores(torch.from_numpy(a))[frame(torch.from_numpy(a)).first] for a in (given, moved)]
        assert torch.allclose(*scores, atol=1e-6)
        assert frame(torch.from_numpy(given)).log10_size == frame(torch.from_numpy(moved)).log10_size
    assert changed >= len(arrays["size"]) // 4


def test_one_order_drawn_from_a_sorting_frame_is_not_invariant_and_a_coset_is(slices):
    # The fault: one order of an enormous frame stands for the average.
    arrays = exp_graphs()
    graphs = torch.from_numpy(arrays["adjacency"]).double()
    mask = torch.arange(graphs.shape[-1]) < torch.from_numpy(arrays["size"]).unsqueeze(-1)
    sizes = Laplacian()(graphs, mask=mask).log10_size, Canonical()(graphs, mask=mask).log10_size
    assert (sizes[0] > sizes[1] + 1).all()
    weights = torch.rand(graphs.shape[1:], generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def net(adjacency, mask):
        return (adjacency * weights).sum((-1, -2)).unsqueeze(-1)

    torch.manual_seed(0)
    words = {"adjacency": "adjacency", "mask": "invariant"}
    sampled = symmetrize(net, Laplacian(), words, "scalar", "sample").train()
    spread = torch.stack([sampled(graphs, mask) for _ in range(8)]).std(0)
    assert spread.median() > 0.5
    exact = symmetrize(net, Canonical(), words, "scalar")
    order = (random_orders(len(graphs), graphs.shape[-1]) + 100 * ~mask).argsort(-1)
    moved = relabelled(graphs, order, 2)
    assert (exact(graphs, mask) - exact(moved, relabelled(mask, order, 1))).abs().max() < 1e-12


def test_absent_nodes_change_nothing():
    graphs = random_graphs(10, 6)
    padded = torch.full((10, 9, 9), torch.nan, dtype=torch.float64)
    padded[:, :6, :6] = graphs
    mask = (torch.arange(9) < 6).expand(10, 9)
    one, other = Laplacian()(graphs), Laplacian()(padded, mask=mask)
    assert torch.equal(one.first, other.first[:, :6]) and torch.equal(one.orbits, other.orbits[:, :6])
    assert torch.equal(one.log10_size, other.log10_size)
    assert other.first[:, 6:].tolist() == [[6, 7, 8]] * 10


def test_features_come_after_the_scores():
    assert Laplacian()(SQUARE).log10_size == pytest.approx(np.log10(24))
    frames = Laplacian()(SQUARE, torch.tensor([[1.0], [0.0], [1.0], [0.0]]))
    assert frames.log10_size == pytest.approx(np.log10(4)) and set(frames.first[:2].tolist()) == {1, 3}


def test_near_equal_weights_count_by_the_gap():
    weighted = cycle(4).double()
    weighted[0, 1] = weighted[1, 0] = 1 + 1e-11
    assert Laplacian()(weighted).log10_size == pytest.approx(np.log10(24))
    assert Laplacian(1e-13)(weighted).diagnostics["spaces"] == 4


@pytest.mark.parametrize("shape", [(0, 5, 5), (2, 0, 0), (3, 1, 1), (0, 0)])
def test_empty_and_single(shape):
    frames = Laplacian()(torch.zeros(shape))
    assert frames.first.shape == shape[:-1] and (frames.log10_size == 0).all()


@pytest.mark.parametrize("call, message", [
    (lambda: Laplacian(0.0), "gap must be a positive number below 1, got 0.0"),
    (lambda: Laplacian()(torch.zeros(2, 3)), r"adjacency must be a tensor of shape \(\*batch, n, n\), got \(2, 3\)"),
    (lambda: Laplacian()(np.zeros((2, 2))), "got ndarray"),
    (lambda: Laplacian()(torch.tensor([[0, 1], [0, 0]])), "adjacency must be symmetric"),
    (lambda: Laplacian()(torch.full((2, 2), torch.nan)), "adjacency must be finite"),
])  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_slice_of_graph8c_has_the_diagonals_of_resolvents(slices):
    # independent of eigenvectors: the scores are checked
    # through (L - mu I)^-1, whose diagonal is sum_j s_ij^2 / (lambda_j - mu) for any mu
    graphs = torch.from_numpy(graph8c()["adjacency"]).double()
    laplacian = torch.diag_embed(graphs.sum(-1)) - graphs
    scores = Laplacian().scores(graphs)
    values = torch.linalg.eigvalsh(laplacian)
    for mu in (-1.0, -0.37):
        resolvent = torch.linalg.inv(laplacian - mu * torch.eye(8, dtype=torch.float64)).diagonal(dim1=-2, dim2=-1)
        step = torch.nn.functional.pad((values.diff(dim=-1) > 1e-6).long().cumsum(-1), (1, 0))
        mean = torch.zeros_like(values).scatter_reduce(-1, step, values, "mean", include_self=False)
        assert torch.allclose((scores**2 / (mean.unsqueeze(-2) - mu)).sum(-1), resolvent, atol=1e-12)


def test_equal_eigenvalues_of_negative_weights_are_one_space():
    # All eigenvalues of -c L are negative: a gap relative to the largest of them, zero up to round-off, would split
    # multiplicities by round-off that grows with c, and the orders would depend on how the graph comes.
    given = -1e10 * torch.block_diag(cycle(6), cycle(6)).double()
    frames = Laplacian()(given)
    assert frames.diagnostics["spaces"] == 4
    order = random_orders(1, 12, seed=3)[0]
    assert Laplacian()(given[order][:, order]).log10_size == frames.log10_size == Laplacian()(-given).log10_size
