"""Averages of the Parisi recursion against adaptive quadrature in thirty digits."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from mpmath import mpf

from hopfield_rsb._averages import thermal
from hopfield_rsb._tilted import fold, half_line, innermost


def expect(function, a, b, tilt=0.0):
    """E function(a + bz) in 30 digits, split where tanh turns and where a tilted weight has its peaks."""
    cuts = sorted(
        {*(max(-14.0, min(14.0, -a / b + k / b)) for k in (-30, -8, -2, 0, 2, 8, 30)), -14.0, 14.0, tilt, -tilt}
    )
    density = lambda z: mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
    return mpmath.quad(lambda z: density(z) * function(a + b * z), cuts)


def log2cosh(h):
    return abs(h) + mpmath.log1p(mpmath.exp(-2 * abs(h)))


WIDTHS = [0.3, 0.95, 1.0, 1.3, 5.0, 20.0, 100.0]


@pytest.mark.parametrize("b", WIDTHS)
@pytest.mark.parametrize("ratio", [0.0, 0.7, 3.0])
def test_plain_averages_at_all_noise_widths(b, ratio):
    # beta = 1: b is the width of the noise in the local field h = a + b z
    a = ratio * b
    with jax.enable_x64(True):
        level = innermost(jnp.array([a]), b, 0.0, 1.0)
    other = thermal(np.array([a]), np.array([b]), np.array([1.0]))
    with mpmath.workdps(30):
        energy = float(expect(log2cosh, mpf(a), mpf(b)))
        tanh, tanh2, sech4 = (
            float(expect(f, mpf(a), mpf(b)))
            for f in (mpmath.tanh, lambda h: mpmath.tanh(h) ** 2, lambda h: mpmath.sech(h) ** 4)
        )
    assert float(level.magnitude[0]) == pytest.approx(energy, rel=1e-15, abs=0)
    for found in (level, other):
        assert float(found.tanh[0]) == pytest.approx(tanh, abs=1e-14)
        assert 1 - float(found.sech2[0]) == pytest.approx(tanh2, abs=1e-14)
        assert float(found.sech4[0]) == pytest.approx(sech4, abs=1e-14)


@pytest.mark.parametrize("b", [0.4, 1.0, 6.0, 40.0])
@pytest.mark.parametrize("theta", [0.05, 0.5, 1.0])
def test_tilted_averages(b, theta):
    a = 0.8 * b
    with jax.enable_x64(True):
        level = innermost(jnp.array([a]), b, theta, 1.0)
    with mpmath.workdps(30):
        peak = mpf(theta) * mpf(b)  # e^{theta |h|} moves the Gaussian by theta b
        weighted = lambda f: expect(
            lambda h: f(h) * mpmath.exp(theta * log2cosh(h) - peak**2), mpf(a), mpf(b), float(min(peak, 12))
        )
        if peak > 12:
            pytest.skip("the reference would need a wider range")
        mass = weighted(lambda h: 1)
        assert float(level.log[0]) == pytest.approx(float(mpmath.log(mass) + peak**2), rel=1e-14)
        assert float(level.tanh[0]) == pytest.approx(float(weighted(mpmath.tanh) / mass), abs=1e-13)
        assert float(level.sech2[0]) == pytest.approx(float(weighted(lambda h: mpmath.sech(h) ** 2) / mass), abs=1e-13)
        assert float(level.magnitude[0]) == pytest.approx(float(weighted(log2cosh) / mass), rel=1e-13)


def test_zero_temperature_is_an_ordinary_point():
    # ln E exp(mu |a + bz|) = mu^2 b^2/2 + ln[e^{mu a} Phi(a/b + mu b) + e^{-mu a} Phi(-a/b + mu b)], by completing squares
    a, b, mu = 0.6, 0.5, 2.0
    with jax.enable_x64(True):
        zero, cold = (innermost(jnp.array([a]), b, mu, T) for T in (0.0, 1e-7))
    with mpmath.workdps(30):
        terms = [mpmath.exp(s * mu * a) * mpmath.ncdf(s * mpf(a) / b + mu * b) for s in (1, -1)]
        assert float(zero.log[0]) == pytest.approx(float(mpf(mu * b) ** 2 / 2 + mpmath.log(sum(terms))), abs=1e-15)
        assert float(zero.tanh[0]) == pytest.approx(float((terms[0] - terms[1]) / sum(terms)), abs=1e-15)
    for one, other in zip(zero, cold, strict=True):
        if one is not zero.sech4:  # 2/3 of sech^2's integral
            assert float(one[0]) == pytest.approx(float(other[0]), rel=2e-6)


@pytest.mark.parametrize("scale", [0.03, 0.3, 3.0])
@pytest.mark.parametrize("field", [0.0, 1.0, 7.0, 12.0])
def test_outer_averages_of_a_rounded_step(scale, field):
    # even: ln cosh(a/scale) scale, odd: tanh(a/scale); unit noise
    with jax.enable_x64(True):
        nodes, weights = half_line(jnp.asarray(field), jnp.asarray(1.0))
        even, odd = fold(field, 1.0, nodes, weights)
        found = (
            float(odd @ jnp.tanh(nodes / scale)),
            float(even @ (nodes + scale * jnp.log1p(jnp.exp(-2 * nodes / scale)))),
        )
    with mpmath.workdps(30):
        b = 1 / mpf(scale)
        expected = expect(mpmath.tanh, field * b, b), expect(lambda h: scale * log2cosh(h), field * b, b)
    assert found[0] == pytest.approx(float(expected[0]), abs=1e-13)
    assert found[1] == pytest.approx(float(expected[1]), rel=1e-13)
