"""equivariance_error on torch functions and modules."""

import numpy as np
import pytest

from liegroups import SO, Cyclic, equivariance_error

torch = pytest.importorskip("torch", reason="torch is an optional extra")

A = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
RMS, LIE = 1.0645812948447542, 68.0  # closed forms, see test_equivariance.py


def _mlp(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2))


@pytest.mark.parametrize("group", [SO(2), Cyclic(3)], ids=repr)
def test_closed_form(group):
    report = equivariance_error(lambda x: x @ A.T, group, torch.eye(2, dtype=torch.float64))
    assert report.rms == pytest.approx(RMS, rel=1e-12)
    if group.dim:
        assert report.lie_total == pytest.approx(LIE, rel=1e-13)
        assert (report.lie_method, report.lie_error) == ("jvp", 0.0)


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
@pytest.mark.parametrize(
    "f", [lambda x: x, lambda x: torch.stack([-x[..., 1], x[..., 0]], -1), lambda x: x * x.norm(dim=-1, keepdim=True)]
)
def test_equivariant_functions(f, dtype, bound):
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((6, 2))).to(dtype)
    report = equivariance_error(f, SO(2), x)
    assert report.rms < bound and report.rms_float64 < 1e-12 and report.lie_total < 1e-20
    assert report.verdict == "equivariant"


def test_sampled_intervals_cover_the_closed_form_for_90_of_100_seeds():
    x, covered = torch.eye(2, dtype=torch.float64), 0
    for seed in range(100):
        options = {"samples": 128, "seed": seed, "method": "sampling", "local": False}
        low, high = equivariance_error(lambda x: x @ A.T, SO(2), x, **options).interval
        covered += low <= RMS <= high
    assert covered >= 90


def test_float32_roundoff_and_a_real_defect_are_told_apart():
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((20, 3))).float()
    roundoff = equivariance_error(lambda x: (x + 1e3) - 1e3, SO(3), x)
    assert roundoff.rms > 1e-6 and roundoff.rms_float64 < 1e-11 and roundoff.verdict == "equivariant"
    assert roundoff.roundoff == pytest.approx(roundoff.rms, rel=1e-3)
    defect = equivariance_error(lambda x: x + 1e-5 * x * x, SO(3), x)
    assert 1e-6 < defect.rms_float64 < 1e-4 and defect.verdict == "not equivariant"


def test_a_module_in_float32_is_measured_in_float64_too():
    module = _mlp()
    report = equivariance_error(module, SO(2), torch.randn(8, 2))
    assert report.rms > 0.1 and report.verdict == "not equivariant" and report.dtype == "float32"
    assert report.rms_float64 == pytest.approx(report.rms, rel=1e-4)
    assert report.lie_method == "jvp" and report.lie_total > 0
    assert all(p.dtype == torch.float32 and p.grad is None for p in module.parameters())


def test_the_lie_derivative_of_a_module_is_its_jacobian_product():
    module, x = _mlp().double(), torch.randn(5, 2, dtype=torch.float64)
    J = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)
    jacobian = torch.stack([torch.autograd.functional.jacobian(module, row) for row in x])
    wanted = torch.einsum("bij,bj->bi", jacobian, x @ J.T) - module(x) @ J.T
    report = equivariance_error(module, SO(2), x)
    assert report.lie_total == pytest.approx(wanted.square().sum().item(), rel=1e-12)


class Radial(torch.nn.Module):
    """Equivariant but for its dropout."""

    def __init__(self):
        super().__init__()
        self.frozen = torch.nn.BatchNorm1d(1).eval()
        self.noise = torch.nn.Dropout(0.5)

    def forward(self, x):
        return self.noise(x * self.frozen(x.norm(dim=-1, keepdim=True)))


def test_training_flags_are_restored_one_by_one():
    module = Radial().double()
    module.frozen.eval()
    report = equivariance_error(module, SO(2), torch.randn(8, 2, dtype=torch.float64))
    assert report.rms < 1e-6  # dropout would make it of order one
    assert module.training and module.noise.training and not module.frozen.training


def test_training_flags_are_restored_when_f_raises():
    class Broken(Radial):
        def forward(self, x):
            raise RuntimeError("broken")

    module = Broken()
    module.frozen.eval()
    with pytest.raises(RuntimeError, match="broken"):
        equivariance_error(module, SO(2), torch.randn(8, 2))
    assert module.training and module.noise.training and not module.frozen.training


def test_a_method_of_a_module_is_evaluated_like_the_module():
    module = Radial()
    module.frozen.eval()
    report = equivariance_error(module.forward, SO(2), torch.randn(8, 2))
    assert report.rms_float64 is not None and report.rms < 1e-6
    assert module.noise.training and module.frozen.weight.dtype == torch.float32


def test_a_closure_over_float32_weights_is_undecided_and_says_why():
    weight = torch.eye(2)
    report = equivariance_error(lambda x: x @ weight, SO(2), torch.randn(4, 2))
    assert report.verdict == "undecided" and "f cannot be measured in float64 (RuntimeError" in str(report)


def test_without_forward_derivatives_differences_are_taken_and_reported():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * x

        @staticmethod
        def backward(ctx, grad):
            raise AssertionError

    x = torch.randn(4, 2, dtype=torch.float64)
    report = equivariance_error(Square.apply, SO(2), x)
    reference = equivariance_error(lambda x: x * x, SO(2), x)
    assert report.lie_method == "differences" and "no automatic derivative of f" in str(report)
    assert report.lie_total == pytest.approx(reference.lie_total, rel=1e-9)


def test_gradients_inside_f_and_inputs_that_require_grad():
    """Forces of a radial potential; the input's own graph is left alone."""

    def force(x):
        x = x.detach().requires_grad_()
        return -torch.autograd.grad(x.square().sum(-1).square().sum(), x)[0]

    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    report = equivariance_error(force, SO(3), x, local=False)
    assert report.rms < 1e-12 and x.grad is None and x.requires_grad


def test_bfloat16_is_measured():
    report = equivariance_error(lambda x: 2 * x, SO(3), torch.randn(4, 3).bfloat16())
    assert report.dtype == "bfloat16" and 1e-5 < report.rms < 1e-2 and report.verdict == "equivariant"


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_module_runs_on_the_device_of_its_input(dtype):
    module = _mlp().to(dtype)
    x = torch.randn(8, 2, dtype=dtype)
    here = equivariance_error(module, SO(2), x)
    there = equivariance_error(module.cuda(), SO(2), x.cuda())
    assert there.rms == pytest.approx(here.rms, rel=1e-5)
    assert there.lie_total == pytest.approx(here.lie_total, rel=1e-5)
