"""Convolutions with groups: closed forms, sums written out, quarter turns, and the traps of sampled convolutions."""

import numpy as np
import pytest
from scipy.linalg import polar as scipy_polar

from liegroups import SL, SO, GLPlus, plane_sample_set

torch = pytest.importorskip("torch", reason="torch is an optional extra")

from liegroups import GroupConvolution, GroupField, GroupPool, LieConv, LiftingConvolution  # noqa: E402
from liegroups._lie_resnet import LieResNet  # noqa: E402
from liegroups._pooling import FieldNorm, PlanePool  # noqa: E402

GROUPS = [SO(2), SL(2), GLPlus(2)]
EXACT = {torch.float64: 1e-12, torch.float32: 2e-6}


class Function(torch.nn.Module):
    """A kernel given by a formula."""

    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return self.f(x)


def _samples(group, count=6, seed=0, **options):
    return plane_sample_set(group, count, seed, 0.3, **options)


def _field(samples, channels=2, side=7, seed=0, dtype=torch.float64):
    random = torch.Generator().manual_seed(seed)
    return GroupField(torch.randn(2, len(samples), channels, side, side, generator=random, dtype=dtype), samples)


# ---- closed forms and sums written out --------------------------------------------------------------------


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_lifting_a_gaussian_is_the_closed_form(group):
    """f = exp(-x S^-1 x/2), k = exp(-|u|^2/2t^2): 2 pi t^2 sqrt(det S/det T) exp(-x T^-1 x/2), T = S + t^2 h h^T."""
    side, tau = 101, 0.12
    S = np.array([[0.02, 0.008], [0.008, 0.015]])
    samples = _samples(group)
    lift = LiftingConvolution(
        1, 1, group, side, padding=10, radius=np.inf, bias=False,
        net=Function(lambda u: torch.exp(-u.square().sum(-1, keepdim=True) / (2 * tau**2))),
    ).double()  # fmt: skip
    c, r = np.meshgrid(*2 * [(2 * np.arange(side) + 1) / side - 1])
    points = np.stack([c, r], -1)
    f = np.exp(-np.einsum("abi,ij,abj->ab", points, np.linalg.inv(S), points) / 2)
    out = lift(torch.from_numpy(f)[None, None], samples).data[0, :, 0].numpy()
    shift = np.arange(-10, 11) * 2 / side
    x = np.stack(np.meshgrid(shift, shift), -1)
    for value, h in zip(out, samples.elements, strict=True):
        T = S + tau**2 * h @ h.T
        peak = 2 * np.pi * tau**2 * np.sqrt(np.linalg.det(S) / np.linalg.det(T))
        np.testing.assert_allclose(
            value, peak * np.exp(-np.einsum("abi,ij,abj->ab", x, np.linalg.inv(T), x) / 2), atol=1e-6 * peak
        )


@pytest.mark.parametrize("kernel", ["dense", "separable"])
@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_trap_2_the_convolution_is_its_sum_written_out_with_the_determinant_of_the_input(group, kernel):
    """Output samples differ from the input's, so a determinant of the wrong axis, or poses of another set, would show."""
    given, out = _samples(group, 5), _samples(group, 4, seed=1)
    plane = lambda x: torch.stack([x[..., 0] + 1, x[..., 0] * x[..., 1], torch.cos(x[..., 1])], -1)
    mixing = lambda u: torch.cat([torch.exp(u), torch.sin(u), u], -1)[..., :6]
    nets = {"plane_net": Function(plane), "group_net": Function(mixing)}
    if kernel == "dense":
        joint = lambda z: plane(z[..., :2]).repeat_interleave(2, -1) * mixing(z[..., 2:])
        nets = {"net": Function(joint)}
    layer = GroupConvolution(
        2, 3, group, kernel, 3, padding=1, radius=np.inf, reach=np.inf, bias=False, **nets
    ).double()
    field = _field(given)
    found = layer(field, out).data.numpy()
    assert layer(field, out).samples is out

    centres = np.array([-2 / 3, 0.0, 2 / 3])
    data = np.pad(field.data.numpy(), [(0, 0)] * 3 + [(1, 1)] * 2)
    expected = np.zeros_like(found)
    for o, h in enumerate(out.elements):
        for i, g in enumerate(given.elements):
            u = np.linalg.inv(h) @ g
            R, P = scipy_polar(u, side="left")
            values, vectors = np.linalg.eigh(P)
            Y = vectors * np.log(values) @ vectors.T
            traceless = [(Y[0, 0] - Y[1, 1]) / np.sqrt(2), np.sqrt(2) * Y[0, 1]]
            symmetric = {1: [], 3: traceless, 4: [Y[0, 0], Y[1, 1], np.sqrt(2) * Y[0, 1]]}[group.dim]
            coordinates = [*symmetric, R[0, 0], R[1, 0]]
            k_u = mixing(torch.tensor(coordinates, dtype=torch.float64)).numpy().reshape(3, 2)
            weight = np.exp(given.log_weights[i]) / len(given.elements) / np.linalg.det(g)
            for a, row in enumerate(centres):
                for b, column in enumerate(centres):
                    k_x = plane(torch.from_numpy(np.linalg.inv(h) @ [column, row])).numpy()
                    k = k_x[:, None] * k_u * weight * (2 / 3) ** 2
                    expected[:, o] += np.einsum("oi,biyx->boyx", k, data[:, i, :, a : a + 7, b : b + 7])
    np.testing.assert_allclose(found, expected, atol=1e-12 * np.abs(expected).max())


def test_weights_of_the_ratio_estimator_sum_to_one_over_the_determinant():
    samples = _samples(SL(2), 16)
    layer = GroupConvolution(1, 1, SL(2), estimator="ratio")
    np.testing.assert_allclose(layer.weights(samples, samples).sum(1), 1, rtol=1e-12)


# ---- symmetry ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [4, 5])
@pytest.mark.parametrize("kernel", ["dense", "separable"])
@pytest.mark.parametrize("group", GROUPS, ids=repr)
@pytest.mark.parametrize("dtype", list(EXACT), ids=str)
def test_layers_commute_with_quarter_turns_on_a_closed_set(dtype, group, kernel, size):
    """Kernels of odd and even size; from the image to the projection."""
    torch.manual_seed(0)
    samples = _samples(group, 8, closed_under=4)
    lift = LiftingConvolution(1, 3, group, size).to(dtype)
    convolution = GroupConvolution(3, 2, group, kernel, size, padding=1).to(dtype)
    image = torch.randn(2, 1, 14, 14, dtype=dtype)
    for pool in (GroupPool("max", over="group"), GroupPool("mean", over="group")):
        layers = lambda x, pool=pool: pool(PlanePool()(convolution(lift(x, samples).map(torch.relu)).map(torch.relu)))
        straight, turned = layers(image), layers(image.rot90(1, (2, 3)))
        assert straight.abs().max() > 1e-3
        assert (turned - straight.rot90(1, (2, 3))).abs().max() <= EXACT[dtype] * straight.abs().max()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_logits_are_invariant_under_quarter_turns_on_a_closed_set(group, dtype):
    net = LieResNet(group, samples=8, width=4, depth=8, closed_under=4, dtype=dtype)
    image = torch.rand(3, 1, 28, 28, dtype=getattr(torch, dtype))
    net(image)  # statistics of the norms
    net.eval()
    logits = net(image)
    for turns in (1, 2, 3):
        error = (net(image.rot90(turns, (2, 3))) - logits).abs().max()
        assert error <= EXACT[logits.dtype] * logits.abs().max()
    assert (net(image.transpose(2, 3)) - logits).abs().max() > 1e-4  # a reflection is something else


@pytest.mark.parametrize("group", GROUPS[:2], ids=repr)
def test_a_moved_image_at_moved_poses_gives_the_same_field(group):
    """[k * L_g f](x, g h) = [k * f](g^-1 x, h) up to pixels: at the centre, with a smooth image and kernel."""
    g = np.array([[1.1, 0.15], [-0.1, 1.0]]) if group != SO(2) else np.array([[0.8, -0.6], [0.6, 0.8]])
    g = g / np.sqrt(np.linalg.det(g))
    samples = _samples(group, 4)
    moved = type(samples)(g @ samples.elements, samples.inverses @ np.linalg.inv(g), samples.log_weights, group)
    lift = LiftingConvolution(
        1, 1, group, 81, radius=np.inf,
        net=Function(lambda u: (1 + u[..., :1] + u[..., 1:] ** 3) * torch.exp(-8 * u.square().sum(-1, keepdim=True))),
    ).double()  # fmt: skip
    c, r = np.meshgrid(*2 * [(2 * np.arange(81) + 1) / 81 - 1])
    image = lambda p: np.exp(-12 * ((p[..., 0] - 0.2) ** 2 + 2 * p[..., 1] ** 2))
    points = np.stack([c, r], -1)
    f, gf = image(points), image(points @ np.linalg.inv(g).T)
    one, two = (lift(torch.from_numpy(x)[None, None], s).data for x, s in ((f, samples), (gf, moved)))
    np.testing.assert_allclose(one.detach(), two.detach(), rtol=1e-5)


# ---- the traps -------------------------------------------------------------------------------------------------


def test_trap_1_a_layer_that_does_not_resample_hands_on_the_samples_its_features_live_on():
    first, second = _samples(SL(2), 6), _samples(SL(2), 4, seed=1)
    image = torch.rand(1, 1, 16, 16)
    field = LiftingConvolution(1, 2, SL(2))(image, first)
    assert field.samples is first
    for layer in (GroupConvolution(2, 2, SL(2), padding=2), FieldNorm(2), PlanePool()):
        assert layer(field).samples is first
    resampled = GroupConvolution(2, 2, SL(2), padding=2)(field, second)
    assert resampled.samples is second and GroupConvolution(2, 2, SL(2))(resampled).samples is second
    net = LieResNet(SL(2), width=4, depth=4)
    assert net.eval().features(torch.rand(1, 1, 20, 20)).samples is net.samples
    with pytest.raises(TypeError, match="carries its samples"):
        GroupConvolution(2, 2, SL(2))(field.data, second)


def test_trap_4_kernels_are_continuous_at_the_identity_and_at_half_turns():
    layer = GroupConvolution(2, 2, SO(2)).double()
    for centre in (0.0, np.pi):
        left, right = (plane_sample_set(SO(2), 1, 0, offset=centre + e) for e in (-1e-6, 1e-6))
        origin = plane_sample_set(SO(2), 1, 0, offset=0.0)
        one, two = (layer.mixing_kernel(origin, s, torch.zeros((), dtype=torch.float64)) for s in (left, right))
        assert (one - two).abs().max() < 1e-4 * one.abs().max()


def _haar_sum(samples, beta=1.0):
    """The layer on a constant field, with kernel exp(-b(|u|^2 - 2)) by its coordinates: |u|^2 = 2 cosh(sqrt 2 |y|)."""
    norm2 = lambda u: 2 * torch.cosh(np.sqrt(2) * u[..., :2].norm(dim=-1, keepdim=True))
    layer = GroupConvolution(
        1, 1, SL(2), kernel_size=1, radius=np.inf, reach=np.inf, bias=False,
        plane_net=Function(lambda x: torch.ones_like(x[..., :1])),
        group_net=Function(lambda u: torch.exp(-beta * (norm2(u) - 2))),
    ).double()  # fmt: skip
    given, out = samples
    data = torch.ones(1, len(given), 1, 1, 1, dtype=torch.float64)
    return layer(GroupField(data, given), out).data.flatten().numpy() / 4  # the kernel's square has the area 4


@pytest.mark.parametrize("count", [64, 128])
@pytest.mark.parametrize("scale", [0.5, 0.7])
def test_trap_9_weights_make_the_mean_independent_of_the_law_of_the_samples(scale, count):
    """int exp(-b(|h^-1 h'|^2 - 2)) dmu(h') = pi/(2b), at every output element, for every width and number."""
    out = plane_sample_set(SL(2), 3, 9, 0.1)
    draws = np.array([_haar_sum((plane_sample_set(SL(2), count, seed, scale, "mc"), out)) for seed in range(200)])
    error = draws.std(0, ddof=1) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(0) - np.pi / 2) < 3.5 * error).all() and error.max() < 0.05


def test_trap_10_sampling_noise_is_small_in_training_and_absent_in_evaluation():
    out = plane_sample_set(SL(2), 1, 9, 0.1)
    spread = {
        scheme: np.std([_haar_sum((plane_sample_set(SL(2), 128, seed, 0.6, scheme), out)) for seed in range(60)])
        for scheme in ("mc", "sobol")
    }
    assert spread["sobol"] < spread["mc"] / 4
    layer = LieConv(SL(2))
    image = torch.rand(1, 1, 9, 9)
    assert not torch.equal(layer(image), layer(image))
    layer.eval()
    assert torch.equal(layer(image), layer(image))


def test_trap_11_the_norm_hides_no_change_of_scale():
    """A layer norm would return the same for a field and its double; statistics of a channel do not."""
    samples = _samples(SO(2), 4)
    norm = FieldNorm(2).double()
    field = _field(samples)
    norm(field)
    norm.eval()
    one, two = norm(field).data, norm(field.map(lambda x: 2 * x)).data
    assert (one - two).abs().max() > 0.5


def test_the_norm_is_that_of_torch_over_batch_elements_and_pixels():
    samples = _samples(SO(2), 4)
    field = _field(samples, channels=3)
    ours, theirs = FieldNorm(3, momentum=0.1).double(), torch.nn.BatchNorm3d(3).double()
    volume = lambda data: data.transpose(1, 2).flatten(3)[..., None]
    for _ in range(2):
        torch.testing.assert_close(volume(ours(field).data), theirs(volume(field.data)))
    ours.eval(), theirs.eval()
    torch.testing.assert_close(volume(ours(field).data), theirs(volume(field.data)))


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_doubling_the_samples_leaves_the_mean_output_unchanged(group):
    """At the same output elements; 1/N and the weights see to it. Positive kernels, so that the mean is far from 0."""
    hill = lambda u: torch.exp(-u.square().sum(-1, keepdim=True)).expand(*u.shape[:-1], 3)
    lift = LiftingConvolution(1, 3, group, net=Function(lambda u: hill(u) * (1 + u[..., :1]))).double()
    convolution = GroupConvolution(
        3, 1, group, plane_net=Function(lambda u: hill(u)[..., :1]), group_net=Function(hill)
    ).double()
    out = plane_sample_set(group, 2, 1, 0.1)
    image = torch.rand(1, 1, 12, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def draws(count, seeds):
        with torch.no_grad():
            fields = (lift(image, plane_sample_set(group, count, seed, 0.5, "mc")).map(torch.tanh) for seed in seeds)
            return np.array([convolution(field, out).data.mean().item() for field in fields])

    one, two = draws(16, range(100)), draws(32, range(100, 200))
    error = np.hypot(one.std(ddof=1), two.std(ddof=1)) / 10
    assert abs(one.mean() - two.mean()) < 3 * error + 1e-12
    assert error < 0.1 * abs(one.mean())  # small enough to tell a factor of two


# ---- edges -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", ["dense", "separable"])
def test_empty_batches_one_sample_and_strided_input(kernel):
    samples = _samples(SL(2), 1)
    layer = GroupConvolution(2, 3, SL(2), kernel, padding=2)
    assert layer(GroupField(torch.zeros(0, 1, 2, 8, 8), samples)).data.shape == (0, 1, 3, 8, 8)
    wide = torch.randn(2, 1, 2, 8, 16)[..., ::2]
    torch.testing.assert_close(
        layer(GroupField(wide, samples)).data, layer(GroupField(wide.contiguous(), samples)).data
    )
    constant = torch.randn(1, 1, 1, 8, 8).expand(2, 1, 2, 8, 8)
    assert layer(GroupField(constant, samples)).data.isfinite().all()


def test_gradients_reach_every_kernel_network():
    for kernel in ("dense", "separable"):
        layer = LieConv(GLPlus(2), kernel=kernel)
        layer(torch.rand(1, 1, 9, 9)).square().sum().backward()
        for name, parameter in layer.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_gradients_agree_with_differences():
    layer = GroupConvolution(1, 1, SL(2), "dense", 3, hidden=4).double()
    samples = _samples(SL(2), 2)
    image = torch.randn(1, 2, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: layer(GroupField(x, samples)).data, image)


def test_bad_arguments_are_named():
    samples = _samples(SL(2), 2)
    field = _field(samples)
    with pytest.raises(ValueError, match="kernel must be 'dense' or 'separable', not 'sparse'"):
        GroupConvolution(2, 2, SL(2), "sparse")
    with pytest.raises(ValueError, match="inputs must be an integer >= 1, not 0"):
        GroupConvolution(0, 2, SL(2))
    with pytest.raises(ValueError, match="reach must be a positive number"):
        GroupConvolution(1, 2, SL(2), reach=0.0)
    with pytest.raises(ValueError, match="net is not read by a separable kernel"):
        GroupConvolution(1, 2, SL(2), net=torch.nn.Identity())
    with pytest.raises(ValueError, match=r"group must be SO\(2\), SL\(2\) or GL\+\(2\)"):
        LiftingConvolution(1, 2, SO(3))
    with pytest.raises(ValueError, match="field must have 3 channels, not 2"):
        GroupConvolution(3, 2, SL(2))(field)
    with pytest.raises(ValueError, match=r"samples must be of SO\(2\), not of SL\(2\)"):
        GroupConvolution(2, 2, SO(2))(field)
    with pytest.raises(ValueError, match="smaller than the kernel of 9"):
        GroupConvolution(2, 2, SL(2), kernel_size=9)(field)
    with pytest.raises(ValueError, match=r"image must have shape \(B, 1, H, W\)"):
        LiftingConvolution(1, 2, SL(2))(torch.rand(1, 28, 28), samples)
    with pytest.raises(ValueError, match=r"data of a GroupField must have shape \(B, 2, C, H, W\)"):
        GroupField(torch.rand(1, 3, 2, 8, 8), samples)
    with pytest.raises(TypeError, match="floating torch tensor"):
        GroupField(torch.zeros(1, 2, 1, 3, 3, dtype=torch.int64), samples)
    with pytest.raises(ValueError, match="reduce must be"):
        GroupPool("sum")


@pytest.mark.cuda
def test_the_device_gives_what_the_processor_gives():
    net = LieResNet(SL(2), width=4, depth=8).eval()
    image = torch.rand(2, 1, 28, 28)
    here = net(image)
    there = net.cuda()(image.cuda()).cpu()
    assert (here - there).abs().max() <= 1e-5 * here.abs().max()
