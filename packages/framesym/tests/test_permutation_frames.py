"""Frames of permutations as sets: sorting with ties, listing, drawing, and the groups behind them."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from framesym import Canonical, Laplacian, PermutationFrameSet, Sort
from framesym._permutation_frame import closure, orbits


def sorting_orders(rows):
    """All orders that sort rows, by brute force over the symmetric group."""
    best = sorted(map(tuple, rows))
    return {p for p in permutations(range(len(rows))) if [tuple(rows[i]) for i in p] == best}


@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-1, 1)), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_sort_lists_all_sorting_orders(rows):
    frames = Sort()(torch.tensor(rows, dtype=torch.float64))
    assert {tuple(row) for row in frames.order.tolist()} == sorting_orders(rows)
    assert frames.order.shape[0] == round(10 ** frames.log10_size.item())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_the_frame_is_equivariant_as_a_set(dtype):
    x = torch.tensor([[1, 2], [0, 1], [1, 2], [0, 0], [0, 1]]).to(dtype)
    move = torch.tensor([3, 0, 4, 1, 2])
    one, other = Sort()(x), Sort()(x[move])  # node i of x is node inverse[i] of the other
    inverse = move.argsort()
    assert {tuple(row) for row in inverse[one.order].tolist()} == {tuple(row) for row in other.order.tolist()}


def test_ties_of_a_batch_are_padded_with_weights_and_mask():
    x = torch.tensor([[[0.0], [0.0], [0.0]], [[2.0], [1.0], [0.0]], [[1.0], [1.0], [0.0]]])
    frames = Sort()(x)
    assert frames.order.shape == (3, 6, 3)
    assert frames.mask.sum(-1).tolist() == [6, 1, 2]
    assert torch.allclose(frames.weights.sum(-1), torch.ones(3, dtype=torch.float64))
    assert (frames.weights[~frames.mask] == 0).all()
    assert frames.order[1, 0].tolist() == [2, 1, 0]
    assert frames.orbits.tolist() == [[0, 0, 0], [0, 1, 2], [0, 0, 2]]
    item, order = frames.pairs()
    assert item.tolist() == [0] * 6 + [1] + [2] * 2 and order.shape == (9, 3)


def test_minus_zero_is_tied_with_zero():
    assert Sort()(torch.tensor([[0.0], [-0.0]])).order.shape == (2, 2)


def test_absent_points_come_last_and_are_not_permuted():
    x = torch.tensor([[torch.nan], [1.0], [torch.inf], [1.0]])
    frames = Sort()(x, mask=torch.tensor([False, True, False, True]))
    assert {tuple(row) for row in frames.order.tolist()} == {(1, 3, 0, 2), (3, 1, 0, 2)}


def test_more_features_break_ties():
    x, label = torch.zeros(3, 1), torch.tensor([[2], [0], [1]])
    assert Sort()(x, label).order.tolist() == [[1, 2, 0]]


@pytest.mark.parametrize("shape", [(0, 4, 2), (3, 0, 2), (3, 4, 0), (0, 2), (2, 0, 3, 1)])
def test_empty_inputs(shape):
    frames = Sort()(torch.zeros(shape))
    assert frames.first.shape == shape[:-1] and frames.log10_size.shape == shape[:-2]
    assert frames.sample().shape == shape[:-1]


def test_draws_are_uniform_over_the_frame():
    # chi-square with 5 degrees of freedom: 20.5 is exceeded with probability 1e-3
    torch.manual_seed(0)
    x = torch.tensor([[1.0], [0.0], [1.0], [1.0]]).expand(6000, 4, 1)
    draws = Sort()(x).sample()
    kinds, counts = torch.unique(draws, dim=0, return_counts=True)
    assert len(kinds) == 6 and (draws[:, 0] == 1).all()
    assert ((counts - 1000.0) ** 2 / 1000).sum() < 20.5
    square = torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]]).expand(100, 4, 4)
    frames = Canonical("exact")(square)
    kinds, counts = torch.unique(torch.cat([frames.sample() for _ in range(80)]), dim=0, return_counts=True)
    assert len(kinds) == 8 and ((counts - 1000.0) ** 2 / 1000).sum() < 24.3  # 7 degrees of freedom


def test_frames_that_are_too_large_are_refused_with_their_size():
    x = torch.zeros(2, 9, 1)
    x[0] = torch.arange(9.0).unsqueeze(-1)
    frames = Sort()(x)
    assert frames.log10_size[1] == pytest.approx(math.log10(math.factorial(9)), abs=1e-12)
    with pytest.raises(ValueError, match=r"the frame of batch item 1 has 10\^5\.56 elements, and at most 40320"):
        _ = frames.order
    with pytest.raises(ValueError, match=r"mode='coset'"):
        Canonical("exact")(torch.ones(9, 9)).pairs()
    assert Sort()(torch.zeros(8, 1)).order.shape == (40320, 8)


def test_items_of_a_batch_can_be_taken():
    frames = Laplacian()(torch.ones(4, 3, 3))
    taken = frames[torch.tensor([2, 0])]
    assert taken.first.shape == (2, 3) and taken.diagnostics["spaces"].shape == (2,)
    with pytest.raises(IndexError, match="no batch axis"):
        frames[0][0]
    assert frames.to("cpu").first.equal(frames.first)


def test_a_coset_needs_automorphisms():
    frames = Sort()(torch.zeros(2, 1))
    with pytest.raises(ValueError, match="coset"):
        PermutationFrameSet(**{**vars(frames), "coset": True})


@pytest.mark.parametrize("n, generators, order", [
    (5, [[1, 2, 3, 4, 0]], 5),
    (5, [[1, 0, 2, 3, 4], [1, 2, 3, 4, 0]], 120),
    (4, [[1, 2, 3, 0], [3, 2, 1, 0]], 8),
    (4, [[1, 0, 3, 2], [2, 3, 0, 1]], 4),
    (3, [], 1),
    (7, [[1, 2, 3, 4, 5, 6, 0], [0, 2, 4, 6, 1, 3, 5]], 21),  # x -> x + 1 and x -> 2 x modulo 7
])  # fmt: skip
def test_closure_has_the_order_of_the_group(n, generators, order):
    table = closure(np.array(generators, np.int64).reshape(-1, n))
    assert table.shape == (order, n) and len(np.unique(table, axis=0)) == order
    assert table[0].tolist() == list(range(n))


def test_orbits_are_the_classes_of_what_the_group_joins():
    rng = np.random.default_rng(0)
    for _ in range(20):
        n, count = int(rng.integers(1, 8)), int(rng.integers(0, 3))
        moves = np.array([rng.permutation(n) for _ in range(count)], np.int64).reshape(-1, n)
        elements = closure(moves)
        assert orbits(torch.from_numpy(moves)).tolist() == elements.min(0).tolist()


def test_generators_of_ties_generate_the_frame():
    frames = Sort()(torch.tensor([[1.0], [0.0], [1.0], [0.0], [1.0]]))
    assert len(closure(frames.generators.numpy())) == len(frames.order) == 12
    assert {tuple(row) for row in closure(frames.generators.numpy())[:, frames.first].tolist()} == {
        tuple(row) for row in frames.order.tolist()
    }


@pytest.mark.parametrize("call, message", [
    (lambda: Sort()(torch.zeros(3)), r"x must have shape \(\*batch, n, d\), got \(3,\)"),
    (lambda: Sort()(torch.tensor([[torch.nan]])), "x must be finite where nodes exist"),
    (lambda: Sort()(torch.zeros(3, 1), mask=torch.ones(2, dtype=torch.bool)), r"mask must be boolean of shape \(3,\)"),
    (lambda: Sort()(torch.zeros(3, 1), mask=torch.ones(3)), "mask must be boolean"),
    (lambda: Sort()(torch.zeros(3, 1), torch.zeros(2, 1)), r"node must have shape \(3, channels\), got \(2, 1\)"),
    (lambda: Sort()(torch.zeros(3, 1, dtype=torch.complex64)), "x must be real"),
])  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
