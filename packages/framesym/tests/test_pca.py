"""Principal-axes frames: sets of group elements that move with the points."""

import importlib.metadata
import itertools

import numpy as np
import pytest
import torch

import liegroups
from framesym import PCA

F32, F64 = torch.float32, torch.float64


def motions(group, count, seed):
    return torch.tensor(group.sample(count, seed=seed, scale=3.0))


def move(group, g, x):
    return liegroups.Rep("point", group).rho(g[:, None].to(x.dtype), x)


def by_the_formula(x, group):
    """The set of arXiv:2110.03336, section 3.1, element by element with numpy, for one cloud (n, d)."""
    x = np.asarray(x)
    t = x.mean(0) if group.affine else np.zeros(x.shape[1])
    axes = np.linalg.eigh((x - t).T @ (x - t))[1]
    found = []
    for signs in itertools.product([1, -1], repeat=x.shape[1]):
        linear = axes @ np.diag(signs)
        if group.name.startswith("S") and np.linalg.det(linear) < 0:
            continue
        found.append(np.block([[linear, t[:, None]], [np.zeros((1, len(t))), 1]]) if group.affine else linear)
    return np.array(found)


def hausdorff(a, b):
    """Distance of two sets of matrices (..., F, n, n)."""
    distances = np.abs(a[..., :, None, :, :] - b[..., None, :, :, :]).max((-1, -2))
    return max(distances.min(-1).max(), distances.min(-2).max())


def test_the_groups_are_those_of_this_project():
    assert importlib.metadata.version("liegroups") >= "1.0"
    assert liegroups.SO(3).name == "SO(3)"


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_size_is_two_to_the_d_and_half_of_it_for_special_groups(family, d, cloud):
    """8 / 4 elements in space, 4 / 2 in the plane, 32 / 16 for d = 5: arXiv:2110.03336, section 3.1."""
    frames = PCA(family(d))(cloud(2, 9, d))
    size = 2**d if family.__name__ in ("O", "E") else 2 ** (d - 1)
    n = d + frames.group.affine
    assert frames.elements.shape == (2, size, n, n)
    assert torch.equal(frames.weights, torch.full((2, size), 1 / size, dtype=F64))
    assert frames.mask.all()


@pytest.mark.parametrize("d", [2, 3, 4])
def test_set_is_that_of_the_paper(family, d, cloud):
    group, x = family(d), cloud(6, 10, d)
    found = PCA(group)(x).elements.numpy()
    for item in range(6):
        assert hausdorff(found[item], by_the_formula(x[item], group)) < 1e-13


@pytest.mark.parametrize("d", [2, 3, 4, 5, 6])
def test_set_moves_with_the_group(family, d):
    """F(gX) = g F(X) as sets, for 100 random g: the defining property of a frame."""
    group = family(d)
    x = torch.randn(1, 10, d, dtype=F64, generator=torch.Generator().manual_seed(d))
    g = motions(group, 100, seed=d)
    frame = PCA(group)
    assert hausdorff(frame(move(group, g, x)).elements.numpy(), (g[:, None] @ frame(x).elements).numpy()) < 1e-10


def test_set_does_not_depend_on_the_order_of_the_points(family, cloud):
    x, frame = cloud(1, 10, 3), PCA(family(3))
    assert hausdorff(frame(x).elements.numpy(), frame(x.flip(1)).elements.numpy()) < 1e-13


def test_elements_belong_to_the_group(family, cloud):
    group = family(3)
    elements = PCA(group)(cloud(4, 10, 3)).elements.numpy()
    linear = elements[..., :3, :3]
    np.testing.assert_allclose(
        linear @ np.swapaxes(linear, -1, -2), np.broadcast_to(np.eye(3), linear.shape), atol=1e-14
    )
    if family.__name__ in ("SO", "SE"):
        np.testing.assert_allclose(np.linalg.det(linear), 1.0, atol=1e-14)
    if group.affine:
        np.testing.assert_array_equal(elements[..., 3, :], np.broadcast_to([0, 0, 0, 1], (*elements.shape[:2], 4)))


def test_axes_of_a_rectangle():
    """Corners (+-3, +-1): variances 9 and 1 along the coordinate axes, hence shares 0.1, 0.9 and gap 8/9."""
    corners = torch.tensor([[3.0, 1], [3, -1], [-3, 1], [-3, -1]], dtype=F64)
    frames = PCA(liegroups.SE(2))(corners + torch.tensor([7.0, -2]))
    np.testing.assert_allclose(frames.basis.abs(), [[0, 1], [1, 0]], atol=1e-15)
    np.testing.assert_allclose(frames.centroid, [7, -2], rtol=1e-15)
    np.testing.assert_allclose(frames.diagnostics["variances"], [0.1, 0.9], rtol=1e-14)
    assert float(frames.gap) == pytest.approx(8 / 9, rel=1e-14)
    assert int(frames.rank) == 2


def test_weights_count_as_repeated_points(family, cloud):
    x, frame = cloud(1, 6, 3), PCA(family(3))
    times = torch.tensor([1, 3, 2, 1, 1, 4])
    repeated = frame(x.repeat_interleave(times, dim=1)).elements
    weighted = frame(x, weights=times[None].double()).elements
    assert hausdorff(repeated.numpy(), weighted.numpy()) < 1e-13


@pytest.mark.parametrize("padding", [0.0, 1e9, float("nan")])
def test_masked_points_are_not_there(family, cloud, padding):
    x, frame = cloud(2, 7, 3), PCA(family(3))
    mask = torch.tensor([[True] * 7 + [False] * 3] * 2)
    padded = torch.cat([x, torch.full((2, 3, 3), padding, dtype=F64)], 1)
    assert hausdorff(frame(padded, mask=mask).elements.numpy(), frame(x).elements.numpy()) < 1e-14
    weights = torch.rand(2, 10, dtype=F64, generator=torch.Generator().manual_seed(0)) + 0.1
    both = frame(padded, weights, mask).elements
    assert hausdorff(both.numpy(), frame(x, weights[:, :7]).elements.numpy()) < 1e-14


@pytest.mark.parametrize("scale", [1e12, 1e-20, 1e150, 1e-150])
def test_scale_does_not_matter(family, cloud, scale):
    x, frame = cloud(3, 8, 3), PCA(family(3))
    plain, scaled = frame(x), frame(x * scale)
    assert torch.allclose(plain.gap, scaled.gap, rtol=1e-12)
    assert torch.equal(plain.rank, scaled.rank)
    assert hausdorff(plain.elements[..., :3, :3].numpy(), scaled.elements[..., :3, :3].numpy()) < 1e-12


def test_far_from_the_origin(cloud):
    """The centroid is taken off before anything else, so a shift by 2^20 costs its own 20 bits and no more."""
    x, frame = cloud(3, 8, 3), PCA(liegroups.E(3))
    near, far = frame(x), frame(x + 2.0**20)
    assert hausdorff(near.elements[..., :3, :3].numpy(), far.elements[..., :3, :3].numpy()) < 1e-8


@pytest.mark.parametrize(("dtype", "error"), [(F32, 1e-6), (torch.float16, 2e-2), (torch.bfloat16, 1e-1)])
def test_lower_precision_is_computed_in_float64(family, cloud, dtype, error):
    x = cloud(4, 10, 3).to(dtype)
    frames, exact = PCA(family(3))(x), PCA(family(3))(x.double())
    assert frames.elements.dtype == frames.weights.dtype == frames.gap.dtype == dtype
    assert hausdorff(frames.elements.double().numpy(), exact.elements.numpy()) < error
    assert torch.equal(PCA(family(3))(x, dtype=F64).elements, exact.elements)


def test_any_batch_shape(family, cloud):
    x, frame = cloud(6, 8, 3), PCA(family(3))
    n = frame.group.n
    many = frame(x.reshape(2, 3, 8, 3)).elements
    assert many.shape[:2] == (2, 3)
    assert torch.allclose(many.reshape(6, -1, n, n), frame(x).elements, atol=1e-14)
    assert torch.allclose(frame(x[0]).elements, frame(x).elements[0], atol=1e-14)
    empty = frame(x[:0])
    assert empty.elements.shape == (0, *many.shape[2:])
    assert empty.gap.shape == empty.rank.shape == empty.degenerate.shape == (0,)


def test_input_is_left_alone(cloud):
    x, weights, mask = cloud(2, 6, 3), torch.rand(2, 6).double(), torch.ones(2, 6, dtype=torch.bool)
    before = x.clone(), weights.clone()
    PCA(liegroups.E(3))(x, weights, mask)
    assert torch.equal(x, before[0])
    assert torch.equal(weights, before[1])


def test_any_object_with_the_members_of_a_group_will_do(cloud):
    class Rotations:
        name, n, dim, compact, affine = "rotations", 2, 1, True, False
        generators = staticmethod(lambda: np.array([[[0.0, -1.0], [1.0, 0.0]]]))
        discrete_generators = staticmethod(lambda: np.zeros((0, 2, 2)))

    x = cloud(3, 8, 2)
    assert torch.equal(PCA(Rotations())(x).elements, PCA(liegroups.SO(2))(x).elements)


@pytest.mark.parametrize(
    "group", [liegroups.Cyclic(4), liegroups.Dihedral(3), liegroups.Symmetric(3), "SO(3)"], ids=str
)
def test_other_groups_are_refused(group):
    with pytest.raises(ValueError, match=r"group must be O\(d\), SO\(d\), E\(d\) or SE\(d\)"):
        PCA(group)


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match="degenerate must be 'raise', 'tuple' or 'warn', got 'ignore'"):
        PCA(liegroups.SO(3), degenerate="ignore")
    with pytest.raises(ValueError, match="tolerance must be between 0 and 1, got 2"):
        PCA(liegroups.SO(3), tolerance=2)


def spoiled(value):
    x = torch.ones(3, 4, 3, dtype=F64)
    x[1, 2, 0] = value
    return x


ALL, NONE = torch.ones(3, 4, dtype=torch.bool), torch.zeros(3, 4, dtype=torch.bool)
BAD = {
    "NaN": (ValueError, "x must be finite: violated by batch item 1", (spoiled(torch.nan),)),
    "infinite": (ValueError, "x must be finite: violated by batch item 1", (spoiled(torch.inf),)),
    "dimension": (
        ValueError,
        r"x must have shape \(\*batch, n, 3\) with n >= 1, got \(3, 4, 2\)",
        (torch.ones(3, 4, 2),),
    ),
    "no points": (ValueError, r"n >= 1, got \(3, 0, 3\)", (torch.ones(3, 0, 3),)),
    "one axis": (ValueError, r"got \(3,\)", (torch.ones(3),)),
    "integers": (
        TypeError,
        "x must be a real floating-point tensor, got torch.int64",
        (torch.ones(3, 4, 3, dtype=int),),
    ),
    "complex": (TypeError, "got torch.complex64", (torch.ones(3, 4, 3, dtype=torch.complex64),)),
    "an array": (TypeError, "got float64", (np.ones((3, 4, 3)),)),
    "weights' shape": (ValueError, r"weights must have shape \(3, 4\), got \(4,\)", (spoiled(0), torch.ones(4))),
    "negative": (ValueError, r"not negative: violated by batch items \[0, 1, 2\]", (spoiled(0), -torch.ones(3, 4))),
    "weights NaN": (ValueError, "weights must be finite", (spoiled(0), torch.full((3, 4), torch.nan))),
    "weightless": (ValueError, "positive for at least one point", (spoiled(0), torch.zeros(3, 4))),
    "mask's type": (TypeError, "mask must be boolean, got torch.float32", (spoiled(0), None, torch.ones(3, 4))),
    "weights listed": (TypeError, "weights must be a tensor, got list", (spoiled(0), [[1.0] * 4] * 3)),
    "mask an array": (TypeError, "mask must be a tensor, got ndarray", (spoiled(0), None, ALL.numpy())),
    "mask's shape": (ValueError, r"mask must have shape \(3, 4\), got \(3, 4, 3\)", (spoiled(0), None, spoiled(0) > 0)),
    "mask all false": (ValueError, "true for at least one point: violated by batch items", (spoiled(0), None, NONE)),
    "masked weights": (ValueError, "positive for at least one", (spoiled(0), torch.ones(3, 4), NONE)),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    error, words, arguments = BAD[case]
    with pytest.raises(error, match=words):
        PCA(liegroups.E(3), degenerate="warn")(*arguments)
