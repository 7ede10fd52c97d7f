"""Weighted samples and invariant integrals against closed forms."""

import numpy as np
import pytest
from scipy.special import gamma

from liegroups import (
    SE,
    SL,
    SO,
    SU,
    Aff,
    Cyclic,
    Dihedral,
    GLPlus,
    Lorentz,
    MatrixGroup,
    Sp,
    haar_integral,
    sample_set,
)

G = np.array([[1.2, 0.2], [0.0, 1 / 1.2]])


def _gaussian(A):
    return np.exp(2 - np.sum((G @ A) ** 2, axis=(1, 2)))


@pytest.mark.parametrize(("scheme", "tolerance"), [("sobol", 2e-3), ("mc", 0.1)])
def test_integral_over_sl2_is_invariant(scheme, tolerance):
    """G5: pi / 2 for every g of SL(2), from 1024 samples."""
    for seed in range(4):
        samples = sample_set(SL(2), 1024, seed, scale=0.8, scheme=scheme)
        found = np.mean(np.exp(samples.log_weights) * _gaussian(samples.elements))
        np.testing.assert_allclose(found, np.pi / 2, atol=tolerance)


@pytest.mark.parametrize("scheme", ["sobol", "mc"])
def test_error_bar_covers_the_value(scheme):
    """95 % t intervals with 7 degrees of freedom miss 5 of 100 on average; 12 or more has probability 0.4 %."""
    misses = 0
    for seed in range(100):
        found = haar_integral(_gaussian, SL(2), 64, seed, scale=0.8, scheme=scheme)
        misses += abs(found.value - np.pi / 2) > 2.365 * found.error
    assert misses <= 12


def test_sobol_is_more_accurate_than_independent_samples():
    """At least 4 times, from the same number of evaluations."""
    errors = {}
    for scheme in ("sobol", "mc"):
        found = [
            np.mean(np.exp(s.log_weights) * _gaussian(s.elements))
            for s in (sample_set(SL(2), 128, seed, scale=0.8, scheme=scheme) for seed in range(30))
        ]
        errors[scheme] = np.sqrt(np.mean((np.array(found) - np.pi / 2) ** 2))
    assert errors["sobol"] < errors["mc"] / 4


@pytest.mark.parametrize("n", [2, 3])
def test_integral_over_gl(n):
    """int |det A|^s e^{-|A|^2/2} dmu over GL+(n), over the volume of SO(n): 2 pi sqrt 2 and 8 pi^2 2^(3/2)."""
    s = n + 0.5
    expected = 0.5 * (2 * np.pi) ** (n * n / 2)
    for i in range(1, n + 1):
        expected *= 2 ** ((s - n) / 2) * gamma((i + s - n) / 2) / gamma(i / 2)
    expected /= {2: 2 * np.pi * np.sqrt(2), 3: 8 * np.pi**2 * 2**1.5}[n]

    def f(A):
        return np.linalg.det(A) ** s * np.exp(-np.sum(A**2, axis=(1, 2)) / 2)

    found = haar_integral(f, GLPlus(n), 2**13, 0, scale=1.2)
    assert abs(found.value - expected) < 4 * found.error < 0.06 * expected


def test_modular_function_of_the_affine_group():
    """G10: f(gA) and f(Ag) have the integrals of f for the measure of their side, and that of the other differs."""
    group = Aff(2)
    g = np.array([[1.2, 0.1, 0.1], [-0.1, 1.1, -0.05], [0.0, 0.0, 1.0]])
    det = np.linalg.det(g)

    def f(A):
        h, x = A[:, :-1, :-1], A[:, :-1, -1]
        return np.exp(-2 * np.sum(h**2, axis=(1, 2)) - np.sum(x**2, axis=1)) * np.linalg.det(h) ** 4

    def integral(action, side):
        return haar_integral(action, group, 2**15, 1, scale=1.0, side=side)

    plain = {side: integral(f, side) for side in ("left", "right")}
    moved = {"left": integral(lambda A: f(g @ A), "left"), "right": integral(lambda A: f(A @ g), "right")}
    for side in ("left", "right"):
        error = np.hypot(moved[side].error, plain[side].error)
        assert error < 1e-3 * plain[side].value
        assert abs(moved[side].value - plain[side].value) < 4 * error
    # mu_L(A g) = Delta(g) mu_L(A) with Delta(g) = 1 / det, and f(A g) brings its inverse
    crossed = integral(lambda A: f(A @ g), "left")
    np.testing.assert_allclose(crossed.value, det * plain["left"].value, rtol=3e-3)


@pytest.mark.parametrize("scheme", ["sobol", "mc"])
def test_characters_of_rotations(scheme):
    """G13: E tr(R)^k is 0, 2, 0, 6 in SO(2) and 0, 1, 1, 3 in SO(3); SO(4): 0, 1, 0, 4."""
    for n, moments in ((2, [0, 2, 0, 6]), (3, [0, 1, 1, 3]), (4, [0, 1, 0, 4])):

        def f(R):
            trace = np.trace(R, axis1=1, axis2=2)
            return np.stack([trace**k for k in range(1, 5)], axis=-1)

        found = haar_integral(f, SO(n), 2**12, 0, scheme=scheme)
        assert (np.abs(found.value - moments) <= 4.5 * found.error + 1e-12).all(), (found, moments)
        assert (found.error < 0.15).all()


def test_finite_groups_are_summed():
    found = haar_integral(lambda g: np.trace(g, axis1=1, axis2=2) ** 2, Dihedral(5))
    assert found.value == pytest.approx(1, abs=1e-14) and found.error == 0 and found.samples == 10


@pytest.mark.parametrize("group", [SL(2), GLPlus(3), Sp(4), Lorentz(1, 3), Aff(2), SE(3), SU(2), Cyclic(5)], ids=repr)
@pytest.mark.parametrize("scheme", ["sobol", "mc"])
def test_samples_are_elements_with_their_inverses(group, scheme):
    for count in (0, 1, 7):
        samples = sample_set(group, count, 0, scale=0.3, scheme=scheme)
        assert len(samples) == count and samples.log_weights.shape == (count,)
        assert np.asarray(group.contains(samples.elements)).all()
        np.testing.assert_allclose(
            samples.elements @ samples.inverses, np.broadcast_to(np.eye(group.n), samples.elements.shape), atol=1e-12
        )
        again = sample_set(group, count, 0, scale=0.3, scheme=scheme)
        np.testing.assert_array_equal(again.elements, samples.elements)
        assert not np.shares_memory(samples.elements, samples.inverses)


def test_compact_groups_have_equal_weights():
    for group in (SO(3), SU(2), SO(4)):
        np.testing.assert_allclose(sample_set(group, 5, 0).log_weights, 0, atol=1e-14)


def test_inverses_are_those_of_the_factors_and_not_of_the_rounded_product():
    """Elements of SL(2) have their entries as cofactors; GL and affine groups to rounding, however far they stretch."""
    samples = sample_set(SL(2), 64, 0, scale=6.0)
    a, b, c, d = samples.elements.reshape(-1, 4).T
    cofactors = np.stack([d, -b, -c, a], -1).reshape(-1, 2, 2)
    size = np.abs(samples.elements).max(axis=(1, 2), keepdims=True)
    assert size.max() > 1e5  # det of the product is lost to rounding there
    assert (np.abs(samples.inverses - cofactors) <= 1e-14 * size).all()


def test_bad_input_is_named():
    for action, message in (
        (lambda: sample_set(SL(2), 4, 0), "scale must be a positive number for SL"),
        (lambda: sample_set(SL(2), -1, 0, scale=1), "count"),
        (lambda: sample_set(SO(2), 4, 0, scheme="halton"), "scheme must be"),
        (lambda: sample_set(SO(2), 4, 0, side="up"), "side must be"),
        (lambda: sample_set(SO(2), 4, 0, scale=-1.0), r"scale must be None or a positive number for SO\(2\)"),
        (lambda: haar_integral(np.sum, SO(2)), "one value each"),
        (lambda: haar_integral(_gaussian, SL(2), scale=0.5, seed=-1), "seed must be an integer >= 0, not -1"),
        (lambda: haar_integral(_gaussian, SL(2), scale=0.5, seed="a"), "seed must be an integer >= 0, not 'a'"),
        (lambda: haar_integral(_gaussian, SO(2), scale=0.0), "scale must be None or a positive number"),
        (lambda: haar_integral(lambda g: np.full(len(g), np.nan), SO(2)), "f must be finite, but is not at"),
        (lambda: haar_integral(lambda g: np.full(len(g), np.inf), Cyclic(3)), "f must be finite, but is not at"),
        (lambda: haar_integral(_gaussian, Cyclic(3), scheme="halton"), "scheme must be"),
        (lambda: haar_integral(_gaussian, Cyclic(3), side="up"), "side must be"),
        (lambda: haar_integral(_gaussian, Cyclic(3), seed=-1), "seed must be"),
        (lambda: haar_integral(np.trace, SO(2), replicates=1), "replicates"),
        (lambda: haar_integral(np.trace, SO(2), 0), "count"),
    ):
        with pytest.raises(ValueError, match=message):
            action()


def test_what_is_no_group_or_no_number_is_named():
    for action in (lambda: haar_integral(np.trace, "SO(3)"), lambda: sample_set("SO(3)", 4, 0)):
        with pytest.raises(TypeError, match=r"group must be a group of liegroups, .* not 'SO\(3\)'"):
            action()
    with pytest.raises(TypeError, match="f must return numbers"):
        haar_integral(lambda g: np.full(len(g), "a"), SO(2))


def test_an_affine_group_of_generators_alone_has_no_known_linear_part():
    group = MatrixGroup(SE(2).generators(), affine=True)
    for action in (lambda: group.chart("polar"), lambda: sample_set(group, 4, 0, scale=1.0)):
        with pytest.raises(ValueError, match="linear part is not known"):
            action()
    c = np.array([0.3, -0.2, 0.5])
    np.testing.assert_allclose(group.chart("exp").forward(c), SE(2).chart("exp").forward(c), atol=1e-14)
