"""equivariance_error on jax functions."""

import numpy as np
import pytest

from liegroups import SO, Cyclic, equivariance_error

jax = pytest.importorskip("jax", reason="jax is an optional extra")
jnp = jax.numpy

A = np.array([[1.0, 2.0], [3.0, 4.0]])
RMS, LIE = 1.0645812948447542, 68.0  # closed forms, see test_equivariance.py


def _linear(x):
    return x @ jnp.asarray(A, dtype=x.dtype).T


@pytest.mark.parametrize("f", [_linear, jax.jit(_linear)], ids=["eager", "jit"])
@pytest.mark.parametrize("group", [SO(2), Cyclic(3)], ids=repr)
def test_closed_form(group, f):
    with jax.enable_x64(True):
        report = equivariance_error(f, group, jnp.eye(2, dtype="float64"), samples=16)
    assert report.rms == pytest.approx(RMS, rel=1e-12)
    if group.dim:
        assert report.lie_total == pytest.approx(LIE, rel=1e-13)
        assert (report.lie_method, report.lie_error) == ("jvp", 0.0)


def test_closed_form_from_float32_through_the_float64_pass():
    report = equivariance_error(jax.jit(_linear), SO(2), jnp.eye(2), samples=16)
    assert report.dtype == "float32" and report.rms == pytest.approx(RMS, rel=1e-6)
    assert report.rms_float64 == pytest.approx(RMS, rel=1e-12)
    assert report.lie_total == pytest.approx(LIE, rel=1e-13)
    assert not jax.config.read("jax_enable_x64")


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x,
        lambda x: jnp.stack([-x[..., 1], x[..., 0]], -1),
        lambda x: x * jnp.linalg.norm(x, axis=-1)[..., None],
    ],
)
def test_equivariant_functions(f):
    x = np.random.default_rng(0).standard_normal((6, 2))
    report = equivariance_error(f, SO(2), jnp.asarray(x, dtype="float32"), samples=16)
    assert report.rms < 1e-6 and report.rms_float64 < 1e-12 and report.lie_total < 1e-20
    assert report.verdict == "equivariant"


@pytest.mark.slow
def test_sampled_intervals_cover_the_closed_form_for_90_of_100_seeds():
    f, covered = jax.jit(_linear), 0
    with jax.enable_x64(True):
        x = jnp.eye(2, dtype="float64")
        for seed in range(100):
            options = {"samples": 128, "seed": seed, "method": "sampling", "local": False}
            low, high = equivariance_error(f, SO(2), x, **options).interval
            covered += low <= RMS <= high
    assert covered >= 90


def test_float32_roundoff_and_a_real_defect_are_told_apart():
    x = jnp.asarray(np.random.default_rng(0).standard_normal((20, 3)), dtype="float32")
    roundoff = equivariance_error(lambda x: (x + 1e3) - 1e3, SO(3), x, samples=64)
    assert roundoff.rms > 1e-6 and roundoff.rms_float64 < 1e-11 and roundoff.verdict == "equivariant"
    assert roundoff.roundoff == pytest.approx(roundoff.rms, rel=1e-3)
    defect = equivariance_error(lambda x: x + 1e-5 * x * x, SO(3), x, samples=64)
    assert 1e-6 < defect.rms_float64 < 1e-4 and defect.verdict == "not equivariant"


def test_mlp_in_float32():
    keys = jax.random.split(jax.random.key(0), 3)
    W, V = jax.random.normal(keys[0], (2, 32)), jax.random.normal(keys[1], (32, 2))
    f = jax.jit(lambda x: jax.nn.relu(x @ W + 0.3) @ V)
    report = equivariance_error(f, SO(2), jax.random.normal(keys[2], (8, 2)), samples=16)
    assert report.rms > 0.1 and report.verdict == "not equivariant"
    assert report.rms_float64 == pytest.approx(report.rms, rel=1e-4)


def test_float64_is_never_computed_in_float32_without_a_word():
    with jax.enable_x64(True):
        x = jnp.eye(2, dtype="float64")
    with pytest.raises(ValueError, match="x is a jax float64 array, but jax computes in float32 here"):
        equivariance_error(lambda x: x, SO(2), x)
    with pytest.raises(ValueError, match="f computes with jax, which turned x from float64 into float32"):
        equivariance_error(lambda x: jnp.asarray(x, dtype="float32"), SO(2), np.eye(2))


def test_a_function_that_cannot_be_traced_is_differenced():
    f = lambda x: jnp.asarray(np.asarray(x) ** 2)
    report = equivariance_error(f, SO(2), jnp.asarray([[0.3, 0.7]], dtype="float32"), samples=8)
    assert report.lie_method == "differences" and "no automatic derivative of f" in str(report)


def test_a_random_key_is_an_invariant():
    x = {"x": jnp.ones((4, 3)), "key": jax.random.key(0)}
    f = lambda x, key: x * jax.random.normal(key, (1,))
    report = equivariance_error(f, SO(3), x, {"x": "vector", "key": "invariant"}, samples=4, local=False)
    assert report.rms < 1e-6


def test_dict_inputs():
    x = {"x": jnp.ones((4, 5, 3)) * jnp.arange(5.0)[None, :, None], "index": jnp.arange(4)}
    f = lambda x, index: x[index].mean(axis=1)
    report = equivariance_error(f, SO(3), x, {"x": "vector", "index": "invariant"}, samples=4)
    assert report.rms < 1e-6 and report.rms_float64 < 1e-12
