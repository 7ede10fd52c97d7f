"""Averages over the Gaussian field against mpmath's adaptive quadrature in 30 digits, from hot to zero temperature."""

import math

import mpmath
import numpy as np
import pytest

from hopfield_rsb._averages import slopes, thermal

WIDTHS = (0.05, 0.5, 0.999, 1.0, 1.3, 5.0, 20.0, 100.0)
FIELDS = (0.0, 0.3, 0.7, 2.5, 6.0)  # in units of the width


def mean(function, width, field):
    """E function(h), h = field + width z, split where the integrand turns."""
    turns = [-field / width + shift / width for shift in (-30, -8, -2, 0, 2, 8, 30)]
    points = sorted({-13.0, 13.0, *(max(-13.0, min(13.0, turn)) for turn in turns)})
    density = lambda z: mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
    return mpmath.quad(lambda z: density(z) * function(field + width * z), points)


def entropy(h):
    h = abs(h)
    return mpmath.log1p(mpmath.exp(-2 * h)) + h * (1 - mpmath.tanh(h))


@pytest.mark.parametrize("width", WIDTHS)
def test_every_average_is_exact_to_round_off(width):
    # The temperature is 1, so that beta = 1 and the width is beta sigma.
    fields = width * np.array(FIELDS)
    ours = thermal(fields, np.full(5, width), np.ones(5))
    newton = slopes(fields, np.full(5, width), np.ones(5))
    with mpmath.workdps(30):
        for index, field in enumerate(fields):
            sech2 = mean(lambda h: mpmath.sech(h) ** 2, width, field)
            sech4 = mean(lambda h: mpmath.sech(h) ** 4, width, field)
            odd = mean(lambda h: mpmath.tanh(h) * mpmath.sech(h) ** 2, width, field)
            assert abs(ours.tanh[index] - mean(mpmath.tanh, width, field)) < 2e-15
            assert abs(ours.sech2[index] - sech2) < 3e-15
            assert abs(ours.sech4[index] - sech4) < 3e-15
            assert abs(ours.entropy[index] - mean(entropy, width, field)) < 3e-15
            assert abs(newton.tanh[index] - ours.tanh[index]) < 1e-15
            assert abs(newton.sech2[index] - sech2) < 3e-15
            assert abs(newton.tanh_sech2[index] - odd) < 1e-14
            assert abs(newton.curvature[index] - (2 * sech2 - 3 * sech4)) < 3e-14


def test_zero_temperature_is_closed():
    # E sign h = erf(y/sqrt 2), lim beta E sech^2 = 2 phi(y)/sigma, lim beta^2 E tanh sech^2 = y phi(y)/sigma^2
    sigma, y = 1.7, 0.8
    phi = math.exp(-y * y / 2) / math.sqrt(2 * math.pi)
    found = slopes(np.array([sigma * y]), np.array([sigma]), np.zeros(1))
    assert found.tanh[0] == pytest.approx(math.erf(y / math.sqrt(2)), abs=1e-15)
    assert found.sech2[0] == pytest.approx(2 * phi / sigma, rel=1e-14)
    assert found.tanh_sech2[0] == pytest.approx(y * phi / sigma**2, rel=1e-14)
    assert found.curvature[0] == pytest.approx((y * y - 1) * phi / sigma**3, rel=1e-14)
    assert thermal(np.array([sigma * y]), np.array([sigma]), np.zeros(1)).entropy[0] == 0


def test_regimes_join():
    # The two rules on either side of b = 1 are independent of one another.
    for field in (0.0, 0.4, 3.0):
        hot, cold = (thermal(np.array([field]), np.array([width]), np.ones(1)) for width in (1 - 2**-53, 1.0))
        for left, right in zip(hot, cold, strict=True):
            assert left[0] == pytest.approx(right[0], abs=3e-15)
