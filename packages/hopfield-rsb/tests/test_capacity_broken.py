"""Capacities with broken replica symmetry against the literature, high precision and a second implementation."""

import mpmath
import numpy as np
import pytest

from hopfield_rsb import RSB, DenseHopfield, Hopfield, PSpin, _capacity_broken, capacity, transition_temperatures
from hopfield_rsb._breaking import Order, equations


def W_of_four_spins(alpha, m, q, mu):
    """Return -f at T = 0 with one step, P = 4, in 30 digits: the formula with its analytic inner average."""
    xi, slope = lambda x: alpha * x**4 / 2, lambda x: 2 * alpha * x**3
    b, outer = mpmath.sqrt(slope(1) - slope(q)), mpmath.sqrt(slope(q))

    def inner(z):
        a = 2 * m**3 + outer * z
        both = mpmath.exp(mu * a) * mpmath.ncdf(a / b + mu * b) + mpmath.exp(-mu * a) * mpmath.ncdf(-a / b + mu * b)
        return mu * b * b / 2 + mpmath.log(both) / mu

    mean = mpmath.quad(lambda z: mpmath.npdf(z) * inner(z), mpmath.linspace(-12, 12, 25))
    return m**4 / 2 - 2 * m**4 - mu / 2 * (slope(1) - xi(1) - q * slope(q) + xi(q)) + mean


def W_of_two_spins(alpha, m, q, chi, mu):
    """The same for P = 2, with the log-determinant."""
    inside = 1 - chi
    outside = inside - mu * (1 - q)
    r1 = q / outside**2
    r2 = r1 + (1 / outside - 1 / inside) / mu
    b, width = mpmath.sqrt(alpha * (r2 - r1)), mpmath.sqrt(alpha * r1)

    def inner(z):
        a = m + width * z
        both = mpmath.exp(mu * a) * mpmath.ncdf(a / b + mu * b) + mpmath.exp(-mu * a) * mpmath.ncdf(-a / b + mu * b)
        return mu * b * b / 2 + mpmath.log(both) / mu

    mean = mpmath.quad(lambda z: mpmath.npdf(z) * inner(z), mpmath.linspace(-12, 12, 49))
    logs = (mpmath.log(outside) - mpmath.log(inside)) / mu - q / outside
    return -(m**2) / 2 - alpha / 2 * logs - alpha / 2 * (r2 * chi + mu * (r2 - r1 * q)) + mean


def gradient(function, point, step="1e-9"):
    found = []
    for i, value in enumerate(point):
        h = value * mpmath.mpf(step)
        up, down = ([*point[:i], value + shift, *point[i + 1 :]] for shift in (h, -h))
        found.append((function(*up) - function(*down)) / (2 * h))
    return found


def test_four_spins():
    # 0.458343466800079 from a scan of alpha at fixed m with a quadrature of its own
    found = capacity(model=DenseHopfield(P=4), ansatz="1RSB")
    assert found["converged"] and found["residual"] <= 1e-11
    assert found["alpha"] == pytest.approx(0.458343466800079, abs=1e-9)
    assert found["m"] == pytest.approx(0.818277179, abs=1e-8)
    assert found["q1"] == pytest.approx(0.837751796, abs=1e-8)
    assert found["mu1"] == pytest.approx(2.028769470, abs=1e-8)


def test_four_spins_are_stationary_in_high_precision():
    found = capacity(model=DenseHopfield(P=4), ansatz="1RSB")
    with mpmath.workdps(30):
        point = [mpmath.mpf(found[name]) for name in ("m", "q1", "mu1")]
        assert max(map(abs, gradient(lambda *x: W_of_four_spins(mpmath.mpf(found["alpha"]), *x), point))) < 1e-12


@pytest.mark.slow
def test_two_spins_are_stationary_in_high_precision():
    # 0.138186 and 0.137905: H. Steffan, R. Kuehn, Z. Phys. B 95, 249 (1994). The state in all digits is checked here.
    found = capacity(model=Hopfield(), ansatz=RSB(1))
    assert found["alpha"] == pytest.approx(0.138186, abs=6e-7)
    with mpmath.workdps(30):
        point = [mpmath.mpf(found[name]) for name in ("m", "q1", "chi", "mu1")]
        slopes = gradient(lambda *x: W_of_two_spins(mpmath.mpf(found["alpha"]), *x), point)
        assert max(map(abs, slopes)) < 4e-11  # that by q1 changes by 7.5e-11 when q1 does by 1e-12


def test_two_spins_as_either_model():
    assert (
        capacity(model=Hopfield(), ansatz="1RSB")["alpha"] == capacity(model=DenseHopfield(P=2), ansatz="1RSB")["alpha"]
    )


@pytest.mark.parametrize("P", [3, 4, 6, 8, 10, 12])
def test_breaking_raises_the_capacity_towards_the_dynamic_temperature(P):
    """The conjecture alpha_c(T = 0) -> T_d^2: each step closes most of the gap, from below."""
    model = DenseHopfield(P=P)
    symmetric, one = capacity(model=model), capacity(model=model, ansatz="1RSB")
    limit = transition_temperatures(PSpin(P)).dynamic ** 2
    assert one["converged"] and one["residual"] <= 1e-11 and one["ansatz"] == "1RSB"
    assert 0 < limit - one["alpha"] < 0.1 * (limit - symmetric["alpha"])


@pytest.mark.slow
@pytest.mark.parametrize("P", [4, 6])
def test_a_second_step_closes_more_of_the_gap(P):
    model = DenseHopfield(P=P)
    one, two = (capacity(model=model, ansatz=ansatz) for ansatz in ("1RSB", "2RSB"))
    limit = transition_temperatures(PSpin(P)).dynamic ** 2
    assert two["converged"] and two["residual"] <= 1e-11
    assert 0 < limit - two["alpha"] < 0.2 * (limit - one["alpha"])
    assert two["q1"] < two["q2"] < two["q"] and 0 < two["mu1"] < two["mu2"]


@pytest.mark.parametrize("T", [0.2, 0.4])
def test_the_capacity_hardly_depends_on_temperature_once_broken(T):
    found = capacity(model=DenseHopfield(P=4), ansatz="1RSB", T=T)
    assert found["converged"] and found["replicon"] < 0
    assert 0.458343466 < found["alpha"] < transition_temperatures(PSpin(4)).dynamic ** 2


def test_zero_temperature_is_no_limit():
    cold, zero = (capacity(model=DenseHopfield(P=4), ansatz="1RSB", T=T) for T in (1e-4, 0.0))
    assert cold["m"] == pytest.approx(zero["m"], abs=1e-6)


def test_a_search_that_is_cut_short_says_so(monkeypatch):
    monkeypatch.setattr(_capacity_broken, "_MOVES", 1)
    found = capacity(model=DenseHopfield(P=4), ansatz="1RSB", T=0.2)
    assert not found["converged"] and "within the steps allowed" in found["reason"]
    assert found["alpha"] == capacity(model=DenseHopfield(P=4), T=0.2)["alpha"]


@pytest.mark.slow
@pytest.mark.parametrize("T", [0.002, 0.02])
def test_two_spins_above_zero_temperature(T):
    """The functional in JAX, a second implementation, is stationary there and its equations are singular."""
    jax = pytest.importorskip("jax")
    from hopfield_rsb import Functional

    found = capacity(model=Hopfield(), ansatz="1RSB", T=T)
    assert found["converged"] and found["ansatz"] == "1RSB" and found["residual"] <= 1e-11
    with jax.enable_x64(True):
        point = jax.numpy.array([found[name] for name in ("m", "q1", "chi", "mu1")])
        trial = Functional(Hopfield(), RSB(1))
        residual, jacobian = jax.jit(
            lambda x: (trial.equations(x, found["alpha"], T), jax.jacfwd(trial.equations)(x, found["alpha"], T))
        )(point)
    assert np.abs(residual).max() < 1e-11
    # rows and columns of one size: derivatives by ln(1 - m), ln(1 - q1), ln chi, ln mu
    jacobian = np.array(jacobian) * np.array([1 - found["m"], 1 - found["q1"], found["chi"], found["mu1"]])
    singular = np.linalg.svd(jacobian / np.linalg.norm(jacobian, axis=1, keepdims=True))[1]
    assert singular[-1] < 1e-5 * singular[-2]


def test_unbroken_symmetry_is_said():
    found = capacity(model=DenseHopfield(P=4), ansatz="1RSB", T=0.5)
    assert found["converged"] and found["ansatz"] == "RS" and "not broken" in found["reason"]
    assert found["alpha"] == capacity(model=DenseHopfield(P=4), T=0.5)["alpha"]


@pytest.mark.parametrize("P, alpha, T, m, q, chi, mu", [
    (4, 0.43, 0.1, 0.92, (0.95,), 0.08, (2.7,)),
    pytest.param(4, 0.43, 0.0, 0.92, (0.95,), 0.05, (2.7,), marks=pytest.mark.slow),
    pytest.param(4, 0.40, 0.05, 0.90, (0.93, 0.97), 0.08, (1.5, 4.0), marks=pytest.mark.slow),
    pytest.param(2, 0.1, 0.1, 0.96, (0.99,), 0.04, (5.0,), marks=pytest.mark.slow),
    pytest.param(2, 0.1, 0.0, 0.96, (0.99, 0.995), 0.04, (5.0, 9.0), marks=pytest.mark.slow),
])  # fmt: skip
def test_equations_are_the_gradient_of_the_functional(P, alpha, T, m, q, chi, mu):
    """A second implementation, in JAX and with other quadratures: at points where nothing is stationary."""
    jax = pytest.importorskip("jax")
    from hopfield_rsb import Functional

    model = DenseHopfield(P=P)
    with jax.enable_x64(True):
        trial = Functional(model, RSB(len(q)))
        point = jax.numpy.array([m, *q, chi, *mu])
        other = np.array(trial.equations(point, alpha, T))
        value = float(trial.value(point, alpha, T))
    other[2 + len(q) :] *= mu
    found = equations(model, alpha, T, Order(m, q, chi, mu))
    np.testing.assert_allclose(found.residual, other, atol=2e-12)
    assert pytest.approx(value, abs=1e-12) == found.W


@pytest.mark.parametrize("ansatz", ["3RSB", "rs", 1])
def test_wrong_ansatz_is_named(ansatz):
    with pytest.raises(ValueError, match="ansatz must be one of"):
        capacity(model=DenseHopfield(), ansatz=ansatz)


def test_a_glass_has_no_capacity():
    with pytest.raises(TypeError, match="model must be a DenseHopfield or a Hopfield"):
        capacity(model=PSpin(3))
