"""Frames of momenta: exact under boosts, reflections and time reversal, whatever the masses."""

import numpy as np
import pytest
import torch

import liegroups
from framesym import PCA, QR, RestFrame, Tuple, Weighted, symmetrize

F64 = torch.float64
PARITY, REVERSAL = np.diag([1.0, -1, -1, -1]), np.diag([-1.0, 1, 1, 1])
GENERATORS = liegroups.Lorentz(1, 3).generators()
COMPONENTS = {
    "SO+(1,3)": liegroups.Lorentz(1, 3),
    "P": liegroups.MatrixGroup(GENERATORS, [PARITY], "SO+(1,3) with parity"),
    "T": liegroups.MatrixGroup(GENERATORS, [REVERSAL], "SO+(1,3) with reversal"),
    "PT": liegroups.MatrixGroup(GENERATORS, [PARITY @ REVERSAL], "SO+(1,3) with both at once"),
    "O(1,3)": liegroups.MatrixGroup(GENERATORS, [PARITY, REVERSAL], "O(1,3)"),
}
DISCRETE = {
    "SO+(1,3)": [np.eye(4)],
    "P": [np.eye(4), PARITY],
    "T": [np.eye(4), REVERSAL],
    "PT": [np.eye(4), PARITY @ REVERSAL],
    "O(1,3)": [np.eye(4), PARITY, REVERSAL, PARITY @ REVERSAL],
}
METRIC = torch.diag(torch.tensor([1.0, -1, -1, -1], dtype=torch.float64))


def boost(beta, direction):
    """The textbook boost with velocity beta along a direction (Jackson, Classical Electrodynamics, eq. 11.98)."""
    n = direction / direction.norm()
    gamma = (1 - beta**2) ** -0.5
    matrix = torch.eye(4, dtype=torch.float64)
    matrix[0, 0] = gamma
    matrix[0, 1:] = matrix[1:, 0] = gamma * beta * n
    matrix[1:, 1:] += (gamma - 1) * n[:, None] * n
    return matrix


def moves(name, beta, count, seed=1):
    """Elements of a group: rotation, boost, rotation, and every component in turn."""
    random = torch.Generator().manual_seed(seed)
    rotations = torch.tensor(liegroups.SO(3).sample(2 * count, seed))
    found = []
    for k in range(count):
        first, last = (torch.block_diag(torch.ones(1, 1, dtype=torch.float64), R) for R in rotations[2 * k : 2 * k + 2])
        direction = torch.randn(3, generator=random, dtype=torch.float64)
        part = torch.tensor(DISCRETE[name][k % len(DISCRETE[name])])
        found.append(last @ boost(beta, direction) @ first @ part)
    return torch.stack(found)


def momenta(n, massive, seed=0):
    random = torch.Generator().manual_seed(seed)
    p = torch.randn(n, 3, generator=random, dtype=torch.float64)
    mass = torch.rand(n, generator=random, dtype=torch.float64) + 0.2 if massive else torch.zeros(n).double()
    return torch.cat([(p.square().sum(-1) + mass**2).sqrt().unsqueeze(-1), p], -1)


NAMES = list(COMPONENTS)


def canonical(frames, x):
    return x @ frames.inverse[..., 0, :, :].mT


@pytest.fixture
def network():
    """A fixed function of sets of momenta without Lorentz symmetry."""
    random = torch.Generator().manual_seed(7)
    first, second = (torch.randn(4, k, generator=random, dtype=F64) / 3 for k in (16, 4))

    def net(x):
        hidden = torch.sin(x @ first.to(x.dtype))
        vector = hidden @ (first.mT @ second).to(x.dtype)
        return {"s": hidden.square().mean((-2, -1)).unsqueeze(-1), "v": vector.mean(-2)}

    return net


@pytest.mark.parametrize("massive", [True, False])
@pytest.mark.parametrize("n", [2, 3, 8])
@pytest.mark.parametrize("name", NAMES)
def test_canonical_momenta_do_not_change_under_boosts_and_reflections(name, n, massive):
    """beta = 0.999: the momenta are known to round-off times gamma^2 = 500, so 1e-9 has five digits to spare."""
    frame, x = QR(COMPONENTS[name]), momenta(n, massive)
    expected = canonical(frame(x), x)
    moved = x @ moves(name, 0.999, 24).mT
    found = canonical(frame(moved), moved)
    assert (found - expected).abs().max() <= 1e-9 * expected.abs().max()


@pytest.mark.parametrize("massive", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_elements_preserve_the_metric_and_move_with_the_input(name, massive):
    group, g = COMPONENTS[name], moves(name, 0.999, 24)
    x = momenta(6, massive)
    frames = QR(group)(x @ g.mT)
    linear = frames.linear[:, 0]
    defect = (linear.mT @ METRIC @ linear - METRIC).flatten(-2).norm(dim=-1)
    assert (defect / linear.flatten(-2).norm(dim=-1) ** 2).max() <= 1e-12
    expected = g @ QR(group)(x).linear[0]
    assert ((linear - expected).abs().amax((-2, -1)) / expected.abs().amax((-2, -1))).max() <= 1e-9
    assert frames.size.tolist() == [1] * 24


@pytest.mark.parametrize("name", NAMES)
def test_elements_are_in_the_components_that_the_group_has(name):
    """By the signs of the energy of a boosted rest and of the determinant, not by the code that made them."""
    signs = {"SO+(1,3)": {(1, 1)}, "P": {(1, 1), (1, -1)}, "T": {(1, 1), (-1, -1)}, "PT": {(1, 1), (-1, 1)}}
    allowed = signs.get(name, {(a, b) for a in (1, -1) for b in (1, -1)})
    random = torch.Generator().manual_seed(0)
    x = torch.randn(200, 5, 4, generator=random, dtype=F64)  # not momenta: both signs of the energy, any square
    linear = QR(COMPONENTS[name])(x).linear[:, 0]
    time, det = linear[:, 0, 0].sign(), torch.linalg.det(linear).sign()
    found = set(zip(time.int().tolist(), det.int().tolist(), strict=True))
    assert found <= allowed


def test_rest_frame_of_two_massless_momenta_by_hand():
    """Energies a, b along +x, -x: mass 2 sqrt(a b), and each has the energy sqrt(a b) in the rest frame."""
    x = torch.tensor([[3.0, 3, 0, 0], [12, -12, 0, 0]], dtype=F64)
    z = canonical(QR(COMPONENTS["SO+(1,3)"])(x), x)
    torch.testing.assert_close(z, torch.tensor([[6.0, 6, 0, 0], [6, -6, 0, 0]], dtype=F64), atol=1e-14, rtol=0)


def test_massless_pair_without_a_timelike_sum_is_a_pivot_by_itself():
    """k and -l have no timelike sum, and squares zero: the plane they span is recognised by their product."""
    x = momenta(2, massive=False) * torch.tensor([[1.0], [-1.0]], dtype=F64)
    frame = QR(COMPONENTS["SO+(1,3)"])
    moved = x @ moves("SO+(1,3)", 0.9, 10).mT
    z = canonical(frame(moved), moved)
    assert frame(x).rank == 2
    assert z[..., 2:].abs().max() < 1e-13
    assert (z - z[:1]).abs().max() < 1e-12
    gram = lambda y: y @ METRIC @ y.mT
    torch.testing.assert_close(gram(z[0]), gram(x), atol=1e-12, rtol=0)


@pytest.mark.parametrize("signature", [(1, 1), (1, 2), (3, 1), (2, 2), (2, 3)])
def test_other_signatures_and_orders(signature):
    group = liegroups.Lorentz(*signature)
    x = torch.randn(6, group.n, generator=torch.Generator().manual_seed(1), dtype=F64)
    frame = QR(group)
    g = torch.tensor(group.sample(20, seed=0, scale=1.0))
    moved = x @ g.mT
    expected = canonical(frame(x), x)
    assert (canonical(frame(moved), moved) - expected).abs().max() < 1e-10 * expected.abs().max()
    assert group.contains(frame(moved).linear[:, 0].numpy(), atol=1e-8).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("inner", [Tuple, Weighted, PCA])
def test_rest_frame_does_not_see_the_order(name, inner, network):
    group, x = COMPONENTS[name], momenta(6, massive=False)
    g = moves(name, 0.99, 12)
    order = torch.randperm(6, generator=torch.Generator().manual_seed(0))
    net = symmetrize(network, RestFrame(group, inner), {"x": "vector"}, {"s": "scalar", "v": "vector"})
    result, expected = net(x=(x @ g.mT)[:, order]), net(x=x[None])
    assert (result["s"] - expected["s"]).abs().max() < 1e-10
    error = result["v"] - (g @ expected["v"][0]).squeeze(-1)
    assert error.abs().max() < 1e-10 * g.abs().max()
    assert expected["v"].abs().max() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_equivariance_of_a_wrapped_network_of_ordered_momenta(name, network):
    net = symmetrize(network, QR(COMPONENTS[name]), {"x": "vector"}, {"s": "scalar", "v": "vector"})
    x, g = momenta(3, massive=True), moves(name, 0.99, 12)
    result, expected = net(x=x @ g.mT), net(x=x[None])
    assert (result["s"] - expected["s"]).abs().max() < 1e-11
    assert (result["v"] - (g @ expected["v"][0]).squeeze(-1)).abs().max() < 1e-11 * g.abs().max()


@pytest.mark.parametrize("name", ["SO+(1,3)", "P"])
def test_rank_three_vectors_are_in_the_span_under_parity_only(name, network):
    """Three momenta: the reflection of the axis they leave out fixes them, so a vector has nothing along it."""
    net = symmetrize(network, QR(COMPONENTS[name]), {"x": "vector"}, {"s": "scalar", "v": "vector"})
    x = momenta(3, massive=True)
    normal = torch.linalg.svd(x @ METRIC).Vh[-1]
    outside = float((net(x=x[None])["v"][0] @ METRIC @ normal).abs())
    assert outside < 1e-12 if name == "P" else outside > 1e-3


@pytest.mark.parametrize("frame", [QR, RestFrame])
def test_one_massless_momentum_is_refused_unless_asked_for(frame):
    group, k = COMPONENTS["SO+(1,3)"], momenta(1, massive=False)
    with pytest.raises(ValueError, match="has no frame for the input"):
        frame(group)(k)
    with pytest.raises(ValueError, match=r"has no frame for batch item 1: "):
        frame(group)(torch.stack([momenta(2, massive=True), torch.cat([k, 3 * k])]))
    frames = frame(group, lightlike="line")(k @ moves("SO+(1,3)", 0.9, 10).mT)
    z = canonical(frames, k @ moves("SO+(1,3)", 0.9, 10).mT)
    torch.testing.assert_close(z, torch.tensor([1.0, 1, 0, 0], dtype=F64).expand(10, 1, 4), atol=1e-13, rtol=0)
    onto = frames.projector @ torch.randn(4, generator=torch.Generator().manual_seed(0), dtype=F64)
    ratio = onto / (k @ moves("SO+(1,3)", 0.9, 10).mT).squeeze(-2)
    assert (ratio / ratio[:, :1] - 1).abs().max() < 1e-12


def test_a_subspace_that_touches_the_light_cone_is_refused():
    """A lightlike vector and a spacelike one orthogonal to it."""
    x = torch.tensor([[1.0, 1, 0, 0], [0, 0, 1, 0]], dtype=F64)
    with pytest.raises(ValueError, match="touches the light cone; lightlike='line' admits"):
        QR(COMPONENTS["O(1,3)"])(x)
    with pytest.raises(ValueError, match="total momentum is not timelike; lightlike='line' admits"):
        RestFrame(COMPONENTS["O(1,3)"])(x)


@pytest.mark.parametrize("massive", [True, False])
def test_float32_momenta(massive):
    """Invariants of float32 input are known to 6e-8 gamma^2: beta = 0.9 leaves 3e-7."""
    frame, x = QR(COMPONENTS["O(1,3)"]), momenta(4, massive)
    moved = (x @ moves("O(1,3)", 0.9, 20).mT).float()
    frames = frame(moved)
    assert frames.linear.dtype == torch.float32
    z = canonical(frame(moved, dtype=F64), moved.double())
    assert (z - canonical(frame(x), x)).abs().max() < 2e-5


@pytest.mark.parametrize("frame", [QR, RestFrame])
@pytest.mark.parametrize("massive", [True, False])
def test_gradients_are_those_of_finite_differences(frame, massive, network):
    net = symmetrize(network, frame(COMPONENTS["SO+(1,3)"]), {"x": "vector"}, {"s": "scalar", "v": "vector"})
    x = momenta(4, massive).unsqueeze(0).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: tuple(net(x=x).values()), (x,))


def test_masks_and_ragged_batches_give_the_frame_of_the_momenta_alone():
    x = momenta(6, massive=False)
    padded = torch.stack([torch.cat([x[:4], torch.full((2, 4), torch.nan, dtype=F64)]), x])
    mask = torch.ones(2, 6, dtype=torch.bool)
    mask[0, 4:] = False
    for frame in (QR(COMPONENTS["O(1,3)"]), RestFrame(COMPONENTS["O(1,3)"])):
        alone = [frame(x[:4]).linear[:1], frame(x).linear[:1]]
        index = torch.tensor([0] * 4 + [1] * 6)
        for frames in (frame(padded, mask=mask), frame(torch.cat([x[:4], x]), batch=index)):
            torch.testing.assert_close(frames.linear[:, :1], torch.stack(alone), atol=1e-13, rtol=0)


def test_groups_without_a_rest_frame_are_refused():
    for group in (liegroups.SO(3), liegroups.Lorentz(2, 2), liegroups.SemidirectProduct(liegroups.Lorentz(1, 3))):
        with pytest.raises(ValueError, match="group must be a Lorentz group without translations"):
            RestFrame(group)
    with pytest.raises(ValueError, match="lightlike must be 'raise' or 'line', got 'plane'"):
        RestFrame(COMPONENTS["P"], lightlike="plane")
