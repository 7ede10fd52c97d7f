"""Nested averages of the local field against plain sums on a fine grid."""

import numpy as np
import pytest

from hopfield_rsb._breaking import Order, equations
from hopfield_rsb._levels import innermost
from hopfield_rsb._sk import SK


def by_sum(a, b, mu, T):
    """Return psi, <tanh>, <beta sech^2> and <beta sech^4> at one field, with 20 001 nodes."""
    z, step = np.linspace(-14 - mu * b, 14 + mu * b, 20_001, retstep=True)
    h = a + b * z
    phi = np.abs(h) + T * np.log1p(np.exp(-2 * np.abs(h) / T))
    exponent = mu * phi - z * z / 2
    weight = np.exp(exponent - exponent.max())
    psi = (exponent.max() + np.log(weight.sum() * step / np.sqrt(2 * np.pi))) / mu
    weight /= weight.sum()
    tanh = np.tanh(h / T)
    return psi, weight @ tanh, weight @ (1 - tanh**2) / T, weight @ (1 - tanh**2) ** 2 / T


@pytest.mark.parametrize("b, mu, T", [(0.03, 30.0, 0.002), (0.03, 5.0, 0.05), (0.5, 2.0, 0.1), (0.3, 1.0, 0.3)])
def test_frozen_and_thermal_fields_join(b, mu, T):
    """At fields on both sides of 9 b + 20 T, from where the average is that of T = 0."""
    edge = 9 * b + 20 * T
    a = np.array([-1.5, -1 - 1e-9, -1 + 1e-9, -0.3, 0.0, 0.1, 0.7, 1 - 1e-9, 1 + 1e-9, 2.0]) * edge
    found = innermost(a, b, mu, T)
    expected = np.array([by_sum(value, b, mu, T) for value in a]).T
    for values, exact in zip((found.psi, found.tanh, found.sech2, found.sech4), expected, strict=True):
        np.testing.assert_allclose(values, exact, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("T, bound", [(0.0, 0.763166), (1.2, 1.2 * np.log(2) + 1 / (4 * 1.2))])
@pytest.mark.parametrize("k", [1, 2])
def test_guerras_bound_of_sherrington_and_kirkpatrick(k, T, bound):
    """No trial value of -f is below the exact one, 0.763167 at T = 0 (Crisanti, Rizzo 2002), T ln 2 + 1/4T at T > 1."""
    rng = np.random.default_rng(k)
    for _ in range(8 if k == 2 else 20):
        q = np.sort(rng.uniform(0, 1, k + (T > 0)))
        chi = (1 - q[-1]) / T if T else rng.uniform(0.05, 1)
        mu = np.sort(rng.uniform(0.05, 0.95, k)) / T if T else np.sort(rng.uniform(0.1, 4, k))
        trial = equations(SK(), 1.0, T, Order(0.0, tuple(q[:k]), float(chi), tuple(mu)))
        assert bound - 1e-12 <= trial.W
