"""Nearest neighbours: ties, and points far from the origin."""

import itertools

import pytest
import torch
from scipy.spatial import cKDTree

from framesym._neighbours import gather, nearest, patches


@pytest.fixture
def lattice():
    """A grid of 4 x 3 x 3 points, whose distances are tied in plenty."""
    return torch.tensor(list(itertools.product(range(4), range(3), range(3))), dtype=torch.float64)[None] + 0.1


def test_generic_neighbours_are_those_of_a_tree(cloud):
    """Against scipy's k-d tree."""
    x = cloud(1, 60, 3)
    index, weights, group = nearest(x, 7)
    assert (index[0].numpy() == cKDTree(x[0].numpy()).query(x[0].numpy(), 7)[1]).all()
    assert (weights == 1).all() and index.shape == weights.shape == group.shape == (1, 60, 7)
    assert torch.equal(group, torch.arange(7).expand(1, 60, 7))
    assert torch.equal(patches(x, 7), gather(x, index) - x.unsqueeze(-2))


def test_tied_neighbours_share_the_places_that_are_left(lattice):
    """The corner has three neighbours at distance one: with k = 3 they share two places."""
    index, weights, _ = nearest(lattice, 3)
    corner = dict(zip(index[0, 0].tolist(), weights[0, 0].tolist(), strict=True))
    assert corner[0] == 1
    near = [number for number, x in enumerate(lattice[0]) if (x - lattice[0, 0]).square().sum() == 1]
    assert len(near) == 3
    assert [corner[number] for number in near] == pytest.approx([2 / 3] * 3)
    torch.testing.assert_close(weights.sum(-1), torch.full((1, 36), 3.0, dtype=torch.float64))


@pytest.mark.parametrize("k", [1, 3, 5, 9])
def test_patches_of_a_lattice_do_not_depend_on_order_or_pose(lattice, k):
    random = torch.Generator().manual_seed(0)
    order = torch.randperm(36, generator=random)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=random, dtype=torch.float64)).Q
    moved = patches(lattice[:, order] @ turn.mT + 3, k)
    torch.testing.assert_close(moved, patches(lattice, k)[:, order] @ turn.mT, atol=1e-13, rtol=0)


def test_neighbours_far_from_the_origin_are_the_same():
    """Multiples of 1/1024 around 4096 are exact in float32; squares of such coordinates are not."""
    random = torch.Generator().manual_seed(0)
    x = torch.randint(-1024, 1024, (1, 100, 3), generator=random).float() / 1024
    wanted = nearest(x.double(), 8)[0]
    assert torch.equal(nearest(x + 4096, 8)[0][..., :1], wanted[..., :1])
    far = nearest((x + 4096)[:, :, :], 8)
    tree = cKDTree(x[0].numpy())
    radius = torch.tensor(tree.query(x[0].numpy(), 8)[0][:, -1])
    found = (gather(x, far[0]) - x.unsqueeze(-2)).norm(dim=-1)[0]
    inside = torch.where(far[1][0] == 1, found, 0)
    assert (inside <= radius[:, None] + 1e-2).all()
    squares = x.add(4096).square().sum(-1)
    by_products = (squares[:, :, None] + squares[:, None] - 2 * (x + 4096) @ (x + 4096).mT).topk(8, largest=False)[1]
    wrong = (gather(x, by_products) - x.unsqueeze(-2)).norm(dim=-1)[0]
    assert (wrong > radius[:, None] + 1e-2).float().mean() > 0.3  # what the short cut would give


def test_k_out_of_range_is_named(cloud):
    with pytest.raises(ValueError, match="k must be between 1 and the number of points, 5, got 6"):
        nearest(cloud(1, 5, 3), 6)
