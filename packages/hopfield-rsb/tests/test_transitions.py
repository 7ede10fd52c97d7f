"""Transitions of the p-spin glass against the literature, high precision and the limit of random energies."""

import math

import mpmath
import numpy as np
import pytest

from hopfield_rsb import SK, PSpin, transition_temperatures


def tanh_mean(width):
    """Return F = E tanh(width + sqrt(width) z) in 30 digits."""
    root = mpmath.sqrt(width)
    return mpmath.quad(lambda z: mpmath.npdf(z) * mpmath.tanh(width + root * z), mpmath.linspace(-10, 10, 9))


def test_gardners_values_of_three_spins():
    # 0.6513 and 0.2404: E. Gardner, Nucl. Phys. B 257, 747 (1985), the latter in four digits of which three are right;
    # T_d = 0.6816 and T_G = 0.2402: A. Montanari, F. Ricci-Tersenghi, Eur. Phys. J. B 33, 339 (2003).
    found = transition_temperatures(PSpin(3))
    assert found.static == pytest.approx(0.6513, abs=1e-4)
    assert found.gardner == pytest.approx(0.2404, abs=3e-4)
    assert found.dynamic == pytest.approx(0.6816, abs=5e-5)
    # a scan with a quadrature of its own, to 14 digits
    assert found.static == pytest.approx(0.65138522693592, abs=1e-13)
    assert found.dynamic == pytest.approx(0.68159804057609, abs=1e-13)
    assert found.gardner == pytest.approx(0.24026003638114, abs=1e-11)


@pytest.mark.parametrize("p", [3, 12])
def test_dynamic_temperature_is_the_maximum_over_one_variable(p):
    found = transition_temperatures(PSpin(p))
    with mpmath.workdps(25):
        square = lambda width: p * tanh_mean(width) ** (p - 1) / (2 * width)
        width = mpmath.mpf(p * found.q_dynamic ** (p - 1) / (2 * found.dynamic**2))
        assert abs(square(width * (1 + mpmath.mpf("1e-8"))) - square(width)) < 1e-14  # flat: a slope would leave 1e-8
        assert abs(mpmath.sqrt(square(width)) - found.dynamic) < 1e-13


@pytest.mark.parametrize("p", [3, 4, 6])
def test_dynamic_temperature_is_a_bifurcation(p):
    """Just below it q = F(beta^2 xi'(q)) has two solutions above zero, just above it none."""
    T = transition_temperatures(PSpin(p)).dynamic
    q = np.linspace(0.3, 0.99, 4001)
    z, weight = np.polynomial.hermite_e.hermegauss(120)
    weight = weight / weight.sum()

    def crossings(T):
        width = p * q ** (p - 1) / (2 * T**2)
        F = np.tanh(width[:, None] + np.sqrt(width)[:, None] * z) @ weight
        return np.count_nonzero(np.diff(np.sign(F - q)))

    assert crossings(T * (1 - 1e-4)) == 2
    assert crossings(T * (1 + 1e-4)) == 0


@pytest.mark.parametrize("p", range(3, 13))
def test_order_of_the_transitions(p):
    found = transition_temperatures(PSpin(p))
    assert found.converged and found.residual <= 1e-11
    assert 0 < found.gardner < found.static < found.dynamic
    assert 0 < found.q_dynamic < found.q_static < found.q_gardner < 1
    assert 0 < found.theta_gardner < 1


def test_many_spins_are_the_random_energy_model():
    # B. Derrida, Phys. Rev. Lett. 45, 79 (1980): T_c = 1/(2 sqrt(ln 2)); no transition below it, none above
    found = transition_temperatures(PSpin(50))
    assert found.static == pytest.approx(1 / (2 * math.sqrt(math.log(2))), abs=1e-12)
    assert found.q_static == pytest.approx(1, abs=1e-12)
    assert found.gardner < 1e-12
    larger = [transition_temperatures(PSpin(p)) for p in (4, 8, 16, 32)]
    assert np.all(np.diff([x.dynamic for x in larger]) > 0) and np.all(np.diff([x.gardner for x in larger]) < 0)


def test_two_spins_have_one_transition():
    found = transition_temperatures(PSpin(2))
    assert (found.static, found.dynamic, found.gardner, found.q_static) == (1, 1, 1, 0)


def test_gardner_point_in_high_precision():
    found = transition_temperatures(PSpin(3))
    with mpmath.workdps(25):
        theta, beta = mpmath.mpf(found.theta_gardner), 1 / mpmath.mpf(found.gardner)
        q = mpmath.mpf(found.q_gardner)
        root = mpmath.sqrt(beta**2 * mpmath.mpf(3) / 2 * q**2)
        points = [-16, -9, -6, -3, -1, -0.2, 0, 0.2, 1, 3, 6, 9, 16]
        mean = lambda f: mpmath.quad(lambda z: mpmath.npdf(z) * mpmath.cosh(root * z) ** theta * f(root * z), points)
        norm = mean(lambda h: 1)
        assert abs(mean(lambda h: mpmath.tanh(h) ** 2) / norm - q) < 1e-12
        assert abs(1 - 3 * beta**2 * q * mean(lambda h: mpmath.sech(h) ** 4) / norm) < 1e-10
        slope = mean(lambda h: mpmath.log(mpmath.cosh(h))) / norm / theta - mpmath.log(norm) / theta**2
        assert abs(slope - beta**2 / 2 * q**3) < 1e-10


def test_only_a_pure_model_is_taken():
    with pytest.raises(TypeError, match="model must be a PSpin, got SK"):
        transition_temperatures(SK())
