"""Frames of ordered points by generalised QR, for every group that has them."""

import itertools
import warnings

import numpy as np
import pytest
import torch

import liegroups
from framesym import QR, symmetrize
from framesym._qr_groups import linear_kind

F32, F64 = torch.float32, torch.float64
GROUPS = {
    str(group): group
    for group in (
        *(liegroups.O(d) for d in (1, 2, 3, 5)),
        *(liegroups.SO(d) for d in (1, 2, 3, 4)),
        *(liegroups.E(d) for d in (1, 2, 3)),
        *(liegroups.SE(d) for d in (2, 3)),
        *(liegroups.U(m) for m in (1, 2, 3)),
        *(liegroups.SU(m) for m in (2, 3)),
        *(liegroups.GL(d) for d in (1, 2, 3)),
        liegroups.GLPlus(3),
        *(liegroups.SL(d) for d in (2, 3)),
        liegroups.SL(2, field="C"),
        liegroups.SL(3, field="C"),
        *(liegroups.Aff(d) for d in (1, 3)),
        liegroups.SemidirectProduct(liegroups.SL(2)),
        liegroups.SemidirectProduct(liegroups.U(2)),
        liegroups.SemidirectProduct(liegroups.Lorentz(1, 3)),
    )
}


def space(group):
    return group.n - group.affine


def cloud(group, n=7, seed=0):
    return torch.randn(n, space(group), generator=torch.Generator().manual_seed(seed), dtype=F64)


def moved(group, x, count=20, scale=0.5):
    """Elements with a condition number below 100, and the copies of a point set they make."""
    g = torch.tensor(group.sample(20 * count, seed=3, scale=scale))
    g = g[torch.linalg.cond(g[:, : space(group), : space(group)]) < 100][:count]
    assert len(g) == count
    return g, liegroups.Rep("point", group).rho(g[:, None], x)


def canonical(frames, x):
    return (frames.inverse[..., :1, :, :] @ (x - frames.centroid.unsqueeze(-2)).mT.unsqueeze(-3)).squeeze(-3).mT


@pytest.mark.parametrize("name", GROUPS)
def test_frame_moves_with_the_input(name):
    """F(g x) = g F(x), which is one element on generic input."""
    group = GROUPS[name]
    x = cloud(group)
    g, copies = moved(group, x)
    frames = QR(group)(copies)
    expected = g @ QR(group)(x).elements[0]
    assert frames.size.tolist() == [1] * 20
    assert (frames.elements[:, 0] - expected).abs().max() < 1e-10 * expected.abs().max()
    assert (frames.linear @ frames.inverse - torch.eye(space(group), dtype=F64)).abs().max() < 1e-12


@pytest.mark.parametrize("name", GROUPS)
def test_elements_belong_to_the_group(name):
    """As the group itself tells, which does not know of frames."""
    group = GROUPS[name]
    frames = QR(group)(torch.stack([cloud(group, seed=seed) for seed in range(30)]))
    assert group.contains(frames.elements[:, 0].numpy(), atol=1e-10).all()


@pytest.mark.parametrize("name", GROUPS)
def test_canonical_points_are_invariant_at_any_rank(name):
    group = GROUPS[name]
    for n in range(1, space(group) + 2):
        x = cloud(group, n, seed=n)
        _, copies = moved(group, x)
        expected, found = QR(group)(x), QR(group)(copies)
        z = canonical(expected, x)
        assert (canonical(found, copies) - z).abs().max() < 1e-10 * (1 + z.abs().max())
        assert (found.rank == expected.rank).all()


@pytest.mark.parametrize("name", GROUPS)
def test_wrapped_network_is_equivariant(name, perceptron):
    group = GROUPS[name]
    d = space(group)
    phi = perceptron(d + 2, d, d + 1)
    net = symmetrize(
        lambda x: {"s": phi(x)[..., :1], "v": phi(x)[..., 1:]},
        QR(group),
        {"x": "point"},
        {"s": "scalar", "v": "vector"},
    )
    x = cloud(group, d + 2)
    g, copies = moved(group, x)
    result, expected = net(x=copies), net(x=x[None])
    assert (result["s"] - expected["s"]).abs().max() < 1e-10
    rotated = liegroups.Rep("vector", group).rho(g, expected["v"][0])
    assert (result["v"] - rotated).abs().max() < 1e-10 * rotated.abs().max()


@pytest.mark.parametrize("name", ["SO(3)", "O(3)", "E(3)", "U(2)", "SU(2)", "GL(3)", "SL(3)", "Aff(3)"])
@pytest.mark.parametrize("rank", [0, 1, 2])
def test_equivariant_vectors_at_every_rank(name, rank, perceptron):
    """Points that span less: infinite stabilisers take their part from the vector, finite ones are in the frame."""
    group = GROUPS[name]
    d = space(group)
    random = torch.Generator().manual_seed(2)
    x = torch.randn(6, rank, generator=random, dtype=F64) @ torch.randn(rank, d, generator=random, dtype=F64)
    net = symmetrize(perceptron(6, d, d), QR(group), {"x": "point"}, "vector")
    g, copies = moved(group, x)
    result, expected = net(copies), net(x[None])[0]
    rotated = liegroups.Rep("vector", group).rho(g, expected)
    assert (result - rotated).abs().max() < 1e-10 * (1 + rotated.abs().max())
    # U(2) has all vectors once two are given; SU(2) and SO(3) have the missing one from the determinant.
    full = {"U(2)": 2, "SU(2)": 1, "SO(3)": 2}.get(name, d)
    reached = torch.linalg.matrix_rank(torch.cat([x - x.mean(0) * group.affine, expected[None]]), atol=1e-9)
    if rank < full:
        complex_rank = 2 * rank if "U" in name else rank
        assert reached <= complex_rank
    if rank == 0:
        assert expected.abs().max() < 1e-12


def test_planar_points_under_reflections_have_two_elements():
    x = torch.cat([cloud(GROUPS["O(2)"]), torch.zeros(7, 1, dtype=F64)], 1)
    for name, size in (("O(3)", 2), ("SO(3)", 1), ("GL(3)", 1)):
        frames = QR(GROUPS[name])(x)
        assert int(frames.size) == size
        assert int(frames.rank) == 2
    both = QR(GROUPS["O(3)"])(x).linear
    torch.testing.assert_close(both[0] * torch.tensor([1.0, 1, -1]), both[1], atol=0, rtol=0)


def test_tied_pivots_are_stable_under_round_off():
    """All corners of a cube are equally long; a rule that takes the longest would follow round-off."""
    cube = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=3)), dtype=F64)
    for name in ("O(3)", "SO(3)", "GL(3)", "SL(3)"):
        group = GROUPS[name]
        _, copies = moved(group, cube, 100)
        z = canonical(QR(group)(copies), copies)
        assert (z - z[:1]).abs().max() < 1e-12


def test_known_frames():
    """A basis of long first, orthogonal points is its own frame, and white points for GL(2) have unit moments."""
    x = torch.tensor([[3.0, 0, 0], [0, 2, 0], [0, 0, 1]], dtype=F64)
    torch.testing.assert_close(QR(liegroups.SO(3))(x).linear[0], torch.eye(3, dtype=F64))
    y = cloud(liegroups.GL(2), 9)
    z = canonical(QR(liegroups.GL(2))(y), y)
    torch.testing.assert_close(z.mT @ z / 9, torch.eye(2, dtype=F64), atol=1e-13, rtol=0)
    centred = canonical(QR(liegroups.Aff(2))(y), y)
    torch.testing.assert_close(centred.sum(0), torch.zeros(2, dtype=F64), atol=1e-13, rtol=0)


@pytest.mark.parametrize("name", ["GL(3)", "SL(3)", "Aff(3)"])
def test_ill_conditioned_points(name):
    """Whitening twice keeps the error at round-off times the condition number, 1e6 here, not its square."""
    group = GROUPS[name]
    x = cloud(group, 12) * torch.tensor([1.0, 1e-3, 1e-6], dtype=F64)
    _, copies = moved(group, x)
    z = canonical(QR(group)(copies), copies)
    assert (z - canonical(QR(group)(x), x)).abs().max() < 1e-8 * z.abs().max()


@pytest.mark.parametrize("name", ["SO(3)", "E(3)", "U(2)", "SU(2)", "GL(3)", "SL(2, C)", "Aff(3)", "SL(2)"])
def test_gradients_are_those_of_finite_differences(name, perceptron):
    group = GROUPS[name]
    d = space(group)
    net = symmetrize(perceptron(d + 1, d, d), QR(group), {"x": "point"}, "vector")
    x = cloud(group, d + 1)[None].requires_grad_()
    assert torch.autograd.gradcheck(net, (x,))


@pytest.mark.parametrize("name", ["O(3)", "SO(3)", "E(3)"])
@pytest.mark.parametrize("rank", [0, 1, 2])
def test_gradients_are_finite_at_every_rank(name, rank, perceptron):
    random = torch.Generator().manual_seed(2)
    x = torch.randn(6, rank, generator=random, dtype=F64) @ torch.randn(rank, 3, generator=random, dtype=F64)
    x.requires_grad_()
    net = symmetrize(perceptron(6, 3, 3), QR(GROUPS[name]), {"x": "point"}, "vector")
    assert torch.autograd.grad(net(x[None]).sum(), x)[0].isfinite().all()


@pytest.mark.parametrize("name", ["SO(3)", "E(3)", "U(2)", "GL(3)"])
def test_float32_and_half_precision(name):
    group = GROUPS[name]
    x = cloud(group)
    frame = QR(group)
    assert frame(x.float()).linear.dtype == F32
    exact = frame(x.float().double()).linear
    assert (frame(x.float()).linear - exact).abs().max() < 1e-6
    half = frame(x.half(), dtype=F64).linear
    torch.testing.assert_close(half, frame(x.half().double()).linear, atol=1e-14, rtol=0)


@pytest.mark.parametrize("scale", [1e-20, 1e12])
@pytest.mark.parametrize("name", ["SE(3)", "SU(2)", "GL(3)", "SL(3)"])
def test_scale_does_not_matter(name, scale):
    group = GROUPS[name]
    x = cloud(group)
    one, other = QR(group)(x), QR(group)(x * scale)
    factor = scale if name == "GL(3)" else 1.0
    torch.testing.assert_close(other.linear / factor, one.linear, atol=1e-12, rtol=0)


def test_masked_and_weightless_points_are_never_read():
    group = GROUPS["E(3)"]
    x = cloud(group, 5)
    filled = torch.cat([x, torch.full((2, 3), torch.nan, dtype=F64)])
    mask = torch.arange(7) < 5
    found, expected = QR(group)(filled, mask=mask), QR(group)(x)
    torch.testing.assert_close(found.elements, expected.elements, atol=0, rtol=0)


def test_bad_input():
    frame = QR(GROUPS["SE(3)"])
    x = cloud(GROUPS["SE(3)"])
    with pytest.raises(ValueError, match=r"x must be finite: violated by batch item 1"):
        frame(torch.stack([x, x * torch.nan]))
    with pytest.raises(ValueError, match=r"x must have shape \(\*batch, n, 3\) with n >= 1, got \(7, 4\)"):
        frame(torch.zeros(7, 4))
    with pytest.raises(ValueError, match=r"with n >= 1, got \(2, 0, 3\)"):
        frame(torch.zeros(2, 0, 3))
    with pytest.raises(TypeError, match="x must be a real floating-point array"):
        frame(torch.zeros(2, 3, dtype=torch.int64))
    with pytest.raises(TypeError, match="x must be a tensor, got ndarray"):
        frame(np.zeros((2, 3)))
    with pytest.raises(TypeError, match="mask must be boolean"):
        frame(x, mask=torch.ones(7))
    with pytest.raises(ValueError, match="mask must be true for at least one point: violated by the input"):
        frame(x, mask=torch.zeros(7, dtype=torch.bool))
    with pytest.raises(ValueError, match="weights must be positive for at least one point"):
        frame(x, torch.zeros(7))
    with pytest.raises(ValueError, match="weights must be finite and not negative"):
        frame(x, -torch.ones(7))
    with pytest.raises(ValueError, match=r"weights must have shape \(7,\), got \(6,\)"):
        frame(x, torch.ones(6))
    for group in (liegroups.Sp(4), liegroups.Sim(3), liegroups.Cyclic(4), "SO(3)"):
        with pytest.raises(ValueError, match="group must preserve a diagonal form"):
            QR(group)


@pytest.mark.parametrize("name", ["SE(3)", "SU(2)", "GL(3)", "Aff(3)", "R^4 x| SO+(1,3)"])
def test_empty_batch(name):
    frames = QR(GROUPS[name])(torch.zeros(0, 5, space(GROUPS[name])))
    assert frames.elements.shape == (0, frames.linear.shape[1], GROUPS[name].n, GROUPS[name].n)


class Foreign:
    """A group from elsewhere: the members of the protocol and nothing else."""

    def __init__(self, group, name):
        self.name, self.n, self.dim = name, group.n, group.dim
        self.compact, self.affine = group.compact, group.affine
        mix = np.random.default_rng(0).standard_normal((group.dim, group.dim))
        self._tables = np.tensordot(mix, group.generators(), 1), group.discrete_generators()

    def generators(self):
        return self._tables[0]

    def discrete_generators(self):
        return self._tables[1]


@pytest.mark.parametrize("name", GROUPS)
def test_groups_are_recognised_by_their_generators(name):
    """In any basis of the algebra and under any name."""
    group = GROUPS[name]
    assert linear_kind(Foreign(group, "something else")) == linear_kind(group)


def test_what_is_almost_a_group_with_a_frame_is_not_taken_for_one():
    skewed = np.array([[1.0, 0.5], [0.0, 1.0]])
    ellipse = np.linalg.inv(skewed) @ liegroups.SO(2).generators() @ skewed
    conjugation = np.diag([1.0, 1, -1, -1])
    others = [
        liegroups.MatrixGroup(ellipse),
        liegroups.MatrixGroup(liegroups.SU(2).generators(), [conjugation]),
        liegroups.MatrixGroup(liegroups.SL(2).generators(), [2 * np.eye(2)]),
        liegroups.DirectProduct(liegroups.SO(2), liegroups.SO(2)),
    ]
    for group in others:
        assert linear_kind(group) is None


def test_nothing_is_printed_or_warned():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        QR(GROUPS["GL(3)"])(torch.zeros(4, 3))
