"""The model: crosstalk covariance by brute force at finite N, units, refusals."""

import itertools
import math

import numpy as np
import pytest

from hopfield_rsb import DenseHopfield


def crosstalk(kernel, P, N, flipped):
    """Return the exact covariance per N and per alpha_K of the noise at overlap q = 1 - 2 flipped/N.

    All 2^N patterns are enumerated: K = alpha_K N^(P-1) of them contribute (N/2)^2 cov(f(m), f(m')) each, where m and
    m' are the overlaps of a pattern with two states that differ in `flipped` spins.
    """
    states = np.array(list(itertools.product([-1, 1], repeat=N)))
    other = np.ones(N)
    other[:flipped] = -1
    if kernel == "power":
        f = lambda sums: (sums / N) ** P
    else:
        # e_P of N signs with sum M, normalised to 1 for the pattern itself: coefficients of (1+t)^a (1-t)^b
        def f(sums):
            plus = ((N + sums) / 2).astype(int)
            values = [
                sum((-1) ** j * math.comb(a, P - j) * math.comb(N - a, j) for j in range(P + 1)) for a in range(N + 1)
            ]
            return np.array(values, float)[plus] * math.factorial(P) / N**P

    a, b = f(states.sum(1)), f(states @ other)
    covariance = (a * b).mean() - a.mean() * b.mean()
    return (N / 2) ** 2 * covariance * N ** (P - 1) / N


@pytest.mark.parametrize("kernel", ["distinct", "power"])
def test_noise_is_the_crosstalk_of_literal_patterns(kernel):
    # Corrections are O(1/N): the difference to the limit must fall like 1/N, so Richardson's value meets it.
    P = 4
    model = DenseHopfield(P=P, kernel=kernel, load_unit="K")
    found = [crosstalk(kernel, P, N, N // 4) for N in (8, 12, 16)]
    first = [(12 * found[1] - 8 * found[0]) / 4, (16 * found[2] - 12 * found[1]) / 4]
    second = (16 * first[1] - 8 * first[0]) / 8
    limit = model.xi(0.5)
    assert abs(second - limit) < abs(first[1] - limit) < abs(found[2] - limit)
    assert second == pytest.approx(limit, rel=0.1)


@pytest.mark.parametrize("P, expected", [(4, {2: 18.0, 4: 6.0}), (6, {2: 1012.5, 4: 1350.0, 6: 180.0})])
def test_power_kernel_is_a_mixture(P, expected):
    # Hermite coefficients of x^P: xi = (1/4) sum_k c_k^2 / k! q^k by Mehler's formula
    noise = DenseHopfield(P=P, kernel="power", load_unit="K").noise
    assert {k: c for k, c in enumerate(noise) if c} == expected


def test_derivatives_are_those_of_the_polynomials():
    model = DenseHopfield(P=6, kernel="power")
    q = np.linspace(0.1, 0.9, 5)
    coefficients = np.polynomial.Polynomial(model.noise)
    for order in range(4):
        np.testing.assert_allclose(
            model.xi(q, order=order), coefficients.deriv(order)(q) if order else coefficients(q), rtol=1e-13
        )
        np.testing.assert_allclose(model.g(q, order), math.perm(6, order) / 2 * q ** (6 - order), rtol=1e-14)


def test_conversion_goes_there_and_back():
    model = DenseHopfield(P=6, kernel="distinct")
    there = model.convert(0.3, to="K")
    assert there == pytest.approx(0.3 * 2 / math.factorial(6), rel=1e-15)
    assert DenseHopfield(P=6, kernel="distinct", load_unit="K").convert(there, to="paper") == pytest.approx(
        0.3, rel=1e-15
    )


def test_record_is_immutable_and_hashable():
    model = DenseHopfield(P=4)
    with pytest.raises(AttributeError):
        model.P = 6  # pyright: ignore[reportAttributeAccessIssue]
    assert {model: 1}[DenseHopfield(P=4)] == 1 and model != DenseHopfield(P=4, kernel="power")


@pytest.mark.parametrize(
    "wrong, error, word",
    [
        ({"P": 1}, ValueError, "P must"),
        ({"P": 4.0}, TypeError, "P must"),
        ({"P": True}, TypeError, "P must"),
        ({"kernel": "gauss"}, ValueError, "kernel must"),
        ({"load_unit": "k"}, ValueError, "load_unit must"),
    ],
)
def test_wrong_model_is_refused(wrong, error, word):
    with pytest.raises(error, match=word):
        DenseHopfield(**wrong)


def test_odd_power_kernel_warns():
    with pytest.warns(UserWarning, match="random field"):
        DenseHopfield(P=3, kernel="power")
