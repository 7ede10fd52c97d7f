"""Derivatives through the frame: exact on generic clouds, finite on every accepted one."""

import itertools

import pytest
import torch

import liegroups
from framesym import PCA, DegenerateFrameWarning, symmetrize

F64 = torch.float64


@pytest.fixture
def energy(perceptron):
    """An invariant energy of one cloud, from a network without symmetry."""

    def build(group, points, **options):
        return symmetrize(perceptron(points, 3, 1), PCA(group, **options), {"x": "point"}, "scalar")

    return build


def gradient(f, x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(f(x).sum(), x)[0]


def central_differences(f, x, step=1e-5):
    grad = torch.zeros_like(x)
    for index in itertools.product(*map(range, x.shape)):
        shift = torch.zeros_like(x)
        shift[index] = step
        grad[index] = ((f(x + shift) - f(x - shift)).sum() / (2 * step)).detach()
    return grad


def test_autograd_agrees_with_central_differences(family, energy, cloud):
    f, x = energy(family(3), 8), cloud(8, 3)
    expected = central_differences(f, x)
    assert (gradient(f, x) - expected).norm() / expected.norm() < 1e-7


def test_detached_frame_has_the_wrong_gradient(energy, cloud):
    """Why the frame is differentiated: with it detached, as in published code, forces are off by tens of per cent."""
    f, x = energy(liegroups.E(3), 8), cloud(8, 3)
    frames = f.frame(x)
    signs, axes, t = frames.signs, frames.basis, frames.centroid
    detached = gradient(lambda y: torch.stack([f.net((y - t) @ (axes * s)) for s in signs]).mean(0), x)
    expected = gradient(f, x)
    assert (detached - expected).norm() / expected.norm() > 0.1


def test_forces_have_no_net_force_and_no_net_torque(energy, cloud):
    """Noether: an energy invariant under E(3) conserves momentum and angular momentum."""
    x = cloud(8, 3)
    force = -gradient(energy(liegroups.E(3), 8), x)
    assert force.sum(0).norm() < 1e-12 * force.norm()
    assert torch.linalg.cross(x, force).sum(0).norm() < 1e-12 * force.norm()


def test_derivatives_of_second_order(family, energy, cloud):
    """Training on forces differentiates a gradient: torch's own checks by finite differences."""
    f = energy(family(3), 5)
    x = cloud(2, 5, 3).requires_grad_()
    assert torch.autograd.gradcheck(f, (x,))
    assert torch.autograd.gradgradcheck(f, (x,))


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch.func calls it itself
def test_forward_mode_agrees_with_reverse_mode(family, energy, cloud):
    f, x, tangent = energy(family(3), 8), cloud(8, 3), cloud(8, 3, seed=1)
    forward = torch.func.jvp(f, (x,), (tangent,))[1]
    torch.testing.assert_close(forward[0], (gradient(f, x) * tangent).sum(), atol=1e-13, rtol=0)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch.func calls it itself
def test_jacobians_and_hessians_of_torch_func(family, energy, cloud):
    """Which vectorise over the tangents; against finite differences, and against reverse mode."""
    f, x = energy(family(3), 5), cloud(5, 3)
    scalar = lambda y: f(y).sum()
    torch.testing.assert_close(torch.func.jacfwd(scalar)(x), gradient(f, x), atol=1e-13, rtol=0)
    tangent = cloud(5, 3, seed=1)
    step = 1e-5 * tangent
    expected = (gradient(f, x + step) - gradient(f, x - step)) / 2e-5
    found = torch.tensordot(torch.func.hessian(scalar)(x), tangent, dims=2)
    assert (found - expected).norm() / expected.norm() < 1e-6


def test_derivative_with_respect_to_weights(cloud):
    frame = PCA(liegroups.E(3))
    x = cloud(6, 3)

    def cubic(weights):
        frames = frame(x, weights)
        turned = (x - frames.centroid) @ frames.basis
        return (turned.abs() ** 3).sum()

    weights = torch.linspace(0.5, 1.5, 6, dtype=F64)
    expected = central_differences(cubic, weights)
    torch.testing.assert_close(gradient(cubic, weights), expected, atol=1e-7 * float(expected.norm()), rtol=0)


@pytest.mark.parametrize("name", ["planar", "collinear", "repeated", "single"])
def test_finite_where_points_span_less_than_space(family, energy, cloud, name):
    """A null space makes eigenvalues repeat at zero, where the textbook derivative is NaN."""
    flat = {
        "planar": cloud(5, 3) * torch.tensor([1.0, 1, 0]),
        "collinear": cloud(5, 3) * torch.tensor([1.0, 0, 0]),
        "repeated": torch.ones(5, 3, dtype=F64),
        "single": torch.ones(1, 3, dtype=F64),
    }[name]
    x = flat @ torch.linalg.qr(cloud(3, 3, seed=1)).Q
    assert gradient(energy(family(3), len(x)), x).isfinite().all()


def test_finite_on_a_cube_with_a_warning(energy):
    cube = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=3)), dtype=F64)
    with pytest.warns(DegenerateFrameWarning):
        assert gradient(energy(liegroups.E(3), 8, degenerate="warn"), cube).abs().max() < 10


def test_float32_gradient_is_that_of_float64(family, perceptron, cloud):
    x = cloud(8, 3)
    low = symmetrize(perceptron(8, 3, 1, torch.float32), PCA(family(3)), {"x": "point"}, "scalar")
    high = symmetrize(perceptron(8, 3, 1), PCA(family(3)), {"x": "point"}, "scalar")
    expected = gradient(high, x)
    assert (gradient(low, x.float()).double() - expected).norm() / expected.norm() < 1e-5
