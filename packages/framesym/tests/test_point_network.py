"""The network on weighted point sets."""

import numpy as np
import pytest
import torch

import liegroups
from framesym import PointNetwork, average

F32, F64 = torch.float32, torch.float64


def points(count, n, dim, dtype=F64):
    random = torch.Generator().manual_seed(0)
    x = torch.randn(count, n, dim, generator=random, dtype=F64).to(dtype)
    return {"x": x, "weights": (torch.rand(count, n, generator=random, dtype=F64) + 0.05).to(dtype)}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_forward_is_the_formula(dtype):
    """The documented formula, written with numpy and complex exponentials."""
    net = PointNetwork(dim=3, classes=4, width=8, depth=1, frequencies=5, dtype=dtype)
    given = points(2, 6, 3, getattr(torch, dtype))
    x, w = given["x"].double().numpy(), given["weights"].double().numpy()
    state = {name: value.double().numpy() for name, value in net.state_dict().items()}
    waves = np.exp(1j * np.einsum("bnd,md->bnm", x, state["frequencies"]))
    mean = np.einsum("bn,bnm->bm", w / w.sum(1, keepdims=True), waves)
    hidden = 4 * np.concatenate([mean.real, mean.imag], 1) @ state["head.0.weight"].T + state["head.0.bias"]
    hidden = hidden / (1 + np.exp(-hidden))
    expected = hidden @ state["head.2.weight"].T + state["head.2.bias"]
    logits = net(**given)
    assert logits.dtype == getattr(torch, dtype)
    np.testing.assert_allclose(logits.detach().numpy(), expected, atol=1e-13 if dtype == "float64" else 1e-5)


def test_order_and_repetition_of_points_do_not_matter():
    net, given = PointNetwork(dim=2, classes=3, dtype="float64"), points(2, 7, 2)
    logits = net(**given)
    flipped = net(x=given["x"].flip(1), weights=given["weights"].flip(1))
    doubled = net(x=given["x"].repeat(1, 2, 1), weights=given["weights"].repeat(1, 2))
    torch.testing.assert_close(flipped, logits, atol=1e-13, rtol=0)
    torch.testing.assert_close(doubled, logits, atol=1e-13, rtol=0)
    equal = torch.full((2, 7), 3.0, dtype=F64)
    torch.testing.assert_close(net(given["x"]), net(given["x"], equal), atol=1e-13, rtol=0)


def test_seed_fixes_the_parameters_and_spares_the_global_state():
    before = torch.get_rng_state()
    nets = [PointNetwork(dim=2, classes=3, seed=seed).state_dict() for seed in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(nets[0][name], nets[1][name]) for name in nets[0])
    assert not torch.equal(nets[0]["frequencies"], nets[2]["frequencies"])


@pytest.mark.parametrize("dim", [2, 3])
def test_averaged_network_is_invariant_and_the_plain_one_is_not(family, dim):
    group, given = family(dim), points(3, 20, dim)
    words = {"x": "point", "weights": "invariant"}
    measure = lambda f: liegroups.equivariance_error(f, group, given, words, "scalar", samples=24, scale=2.0)
    net = PointNetwork(dim=dim, classes=5, dtype="float64")
    assert measure(average(net, group)).max < 1e-10
    assert measure(net).rms > 0.1


def test_empty_batch():
    assert PointNetwork(dim=2, classes=3)(torch.zeros(0, 5, 2)).shape == (0, 3)


@pytest.mark.parametrize("name", ["dim", "classes", "width", "depth", "frequencies"])
def test_counts_must_be_positive(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        PointNetwork(**{"dim": 2, "classes": 3, name: 0})


def test_bad_input_is_named():
    net = PointNetwork(dim=2, classes=3)
    with pytest.raises(ValueError, match=r"x must have shape \(..., points, 2\), got \(4, 5, 3\)"):
        net(torch.zeros(4, 5, 3))
    with pytest.raises(ValueError, match="weights must have a positive sum"):
        net(torch.zeros(4, 5, 2), torch.zeros(4, 5))
    with pytest.raises(ValueError, match="dtype must be 'float32' or 'float64', got 'float16'"):
        PointNetwork(dim=2, classes=3, dtype="float16")
