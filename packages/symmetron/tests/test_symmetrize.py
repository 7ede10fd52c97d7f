"""Making functions equivariant, against closed forms of the projection on the commutant."""

import numpy as np
import pytest

import symmetron as sym
from liegroups import SE, SO, Cyclic, Dihedral, Symmetric, equivariance_error
from symmetron.errors import BuildError

A = np.array([[1.0, 2.0], [3.0, 4.0]])
# The matrices that commute with SO(2) are aI + bJ: a = tr(A)/2, b = (A_21 - A_12)/2.
COMMUTANT = np.array([[2.5, -0.5], [0.5, 2.5]])


def linear(x):
    return x @ A.T


def test_mean_over_elements_is_the_projection_on_the_commutant():
    average = sym.symmetrize(linear, Cyclic(5))
    assert average.method == "elements" and average.error == 0
    np.testing.assert_allclose(average(np.eye(2)), COMMUTANT.T, atol=1e-14)
    assert equivariance_error(average, Cyclic(5), np.eye(2)).rms < 1e-12


def test_mean_is_a_projection():
    once = sym.symmetrize(linear, Dihedral(3))
    twice = sym.symmetrize(once, Dihedral(3))
    x = np.random.default_rng(0).standard_normal((4, 2))
    np.testing.assert_allclose(twice(x), once(x), atol=1e-13)


def test_sampled_mean_leaves_the_error_it_states():
    # Mean square of R^T A R - P(A) over SO(2) is ||A - P(A)||^2, so N elements leave ||A - P(A)||^2 / N on average.
    deviation = ((A - COMMUTANT) ** 2).sum()
    count, trials = 100, 200
    left = []
    for seed in range(trials):
        average = sym.symmetrize(linear, SO(2), method="sampling", samples=count, seed=seed)
        left.append(((average(np.eye(2)).T - COMMUTANT) ** 2).sum())
    assert average.error == pytest.approx(count**-0.5)
    # Each trial is chi-squared with two degrees of freedom: four standard deviations of the mean of all.
    assert np.mean(left) == pytest.approx(deviation / count, rel=4 / trials**0.5)


def test_named_inputs_and_outputs():
    def f(x, w):
        return {"y": x @ A.T, "total": (x * w[..., None]).sum(-2)}

    average = sym.symmetrize(
        f, Cyclic(4), inputs={"x": "vector", "w": "invariant"}, outputs={"y": "vector", "total": "vector"}
    )
    x, w = np.random.default_rng(1).standard_normal((3, 5, 2)), np.ones((3, 5))
    np.testing.assert_allclose(average(x=x, w=w)["y"], x @ COMMUTANT.T, atol=1e-13)
    np.testing.assert_allclose(average(x, w)["total"], x.sum(-2), atol=1e-13)


def test_permutations_leave_the_mean():
    average = sym.symmetrize(lambda x: x * np.array([3.0, 0.0, 0.0]), Symmetric(3))
    np.testing.assert_allclose(average(np.array([1.0, 2.0, 6.0])), [1.0, 2.0, 6.0])


def test_jax_function():
    jnp = pytest.importorskip("jax.numpy", reason="jax is optional")
    average = sym.symmetrize(lambda x: x @ jnp.asarray(A.T, jnp.float32), Cyclic(4))
    np.testing.assert_allclose(average(jnp.eye(2)), COMMUTANT.T, atol=1e-6)


def test_torch_module_stays_a_module():
    torch = pytest.importorskip("torch", reason="torch is optional")
    layer = torch.nn.Linear(2, 2, bias=False, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(A))
    average = sym.symmetrize(layer, Cyclic(4), method="elements")
    assert isinstance(average, torch.nn.Module)
    assert [name for name, _ in average.named_parameters()] == ["model.weight"]
    np.testing.assert_allclose(average(torch.eye(2, dtype=torch.float64)).detach(), COMMUTANT.T, atol=1e-14)
    assert sym.equivariance_error(average, Cyclic(4), torch.eye(2).double()).rms < 1e-12


def test_group_without_a_mean_is_refused():
    with pytest.raises(BuildError, match=r"no installed symmetrizer .* SE\(3\)"):
        sym.symmetrize(linear, SE(3))


def test_infinite_group_has_no_elements():
    with pytest.raises(BuildError, match=r"SO\(2\) has no finite list"):
        sym.symmetrize(linear, SO(2), method="elements")


def test_unknown_method_is_answered_with_the_nearest():
    with pytest.raises(BuildError, match="did you mean 'sampling'"):
        sym.symmetrize(linear, SO(2), method="sampled")


def test_option_nobody_reads_is_refused():
    with pytest.raises(BuildError, match="no option 'mode'"):
        sym.symmetrize(linear, Cyclic(3), mode="loop")


def test_the_name_of_a_group_is_no_group():
    with pytest.raises(TypeError, match=r"got 'liegroups/so'; build it: symmetron\.build\('liegroups/so', \.\.\.\)"):
        sym.symmetrize(linear, "liegroups/so")
    with pytest.raises(TypeError, match=r"got 'liegroups/so'; build it"):
        sym.compat(models=[], groups=["liegroups/so"])


@pytest.mark.parametrize("samples", [0, -3])
def test_a_mean_over_no_elements_is_refused(samples):
    with pytest.raises(ValueError, match=f"samples must be at least 1, got {samples}"):
        sym.symmetrize(linear, SO(2), method="sampling", samples=samples)


def test_entry_without_the_tag_is_refused():
    with pytest.raises(BuildError, match="not a symmetrizer"):
        sym.symmetrize(linear, Cyclic(3), method="liegroups/so")
