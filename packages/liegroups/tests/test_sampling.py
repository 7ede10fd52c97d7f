"""Samples follow Haar measure: moments of characters, invariance, uniformity on finite groups."""

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from liegroups import (
    GL,
    SE,
    SL,
    SO,
    SU,
    Aff,
    Cyclic,
    Dihedral,
    DirectProduct,
    E,
    GLPlus,
    Icosahedral,
    Lorentz,
    MatrixGroup,
    O,
    Octahedral,
    SemidirectProduct,
    Sim,
    Sp,
    Symmetric,
    U,
)

COUNT = 100_000


def _plain(group):
    """The same group, known by its generators only: sampled by a random walk."""
    return MatrixGroup(group.generators(), group.discrete_generators(), f"generic {group}")


def _within_four_standard_errors(values, expected):
    error = values.std() / np.sqrt(len(values))
    assert abs(values.mean() - expected) <= 4 * error + 1e-12


# Moments of the trace count invariants of tensor powers. SO(2), SO(3): closed forms of the characters
# 2 cos t and 1 + 2 cos t; O(n), n >= k: (k - 1)!! (Diaconis and Shahshahani 1994); SO(4): SU(2) x SU(2).
MOMENTS = [
    (SO(2), (0, 2, 0, 6)),
    (SO(3), (0, 1, 1, 3)),
    (SO(4), (0, 1, 0, 4)),
    (O(4), (0, 1, 0, 3)),
    (O(3), (0, 1, 0, 3)),
]


@pytest.mark.parametrize(("group", "moments"), MOMENTS, ids=lambda value: repr(value))
def test_moments_of_the_trace(group, moments):
    trace = np.trace(group.sample(COUNT, seed=11), axis1=1, axis2=2)
    for k, expected in enumerate(moments, start=1):
        _within_four_standard_errors(trace**k, expected)


@pytest.mark.parametrize("group", [SO(2), SO(3), SO(4), O(3)], ids=repr)
def test_moments_of_the_trace_after_a_random_walk(group):
    """The sampler of a group that only its generators tell, against the same closed forms."""
    moments = next(moments for known, moments in MOMENTS if known == group)
    trace = np.trace(_plain(group).sample(20_000, seed=11), axis1=1, axis2=2)
    for k, expected in enumerate(moments, start=1):
        _within_four_standard_errors(trace**k, expected)


def _characters(g):
    n = g.shape[-1] // 2
    return np.trace(g[:, :n, :n], axis1=1, axis2=2) + 1j * np.trace(g[:, n:, :n], axis1=1, axis2=2)


@pytest.mark.parametrize("group", [U(1), U(2), U(3), _plain(U(2))], ids=repr)
def test_unitary_moments_of_the_trace_are_factorials(group):
    """E |tr U|^2k = k! for k <= n (Diaconis and Shahshahani 1994), and no other mixed moments."""
    trace = _characters(group.sample(20_000, seed=12))
    for k in range(1, group.n // 2 + 1):
        _within_four_standard_errors(np.abs(trace) ** (2 * k), [1, 1, 2, 6][k])
    for mixed in (trace, trace**2, trace * np.abs(trace) ** 2):
        _within_four_standard_errors(mixed.real, 0)
        _within_four_standard_errors(mixed.imag, 0)


@pytest.mark.parametrize("group", [SU(2), _plain(SU(2))], ids=repr)
def test_moments_of_the_trace_of_su2_are_catalan_numbers(group):
    trace = _characters(group.sample(50_000, seed=13))
    np.testing.assert_allclose(trace.imag, 0, atol=1e-13)
    for k, expected in ((1, 0), (2, 1), (3, 0), (4, 2), (6, 5), (8, 14)):
        _within_four_standard_errors(trace.real**k, expected)


@pytest.mark.parametrize("group", [SU(3), _plain(SU(3))], ids=repr)
def test_moments_of_the_trace_of_su3_count_young_tableaux(group):
    """E tr^3 = 1 (the determinant), E |tr|^2 = 1, E |tr|^4 = 2, E |tr|^6 = 6: standard tableaux of up to 3 rows."""
    trace = _characters(group.sample(20_000, seed=14))
    _within_four_standard_errors((trace**3).real, 1)
    for k, expected in ((1, 1), (2, 2), (3, 6)):
        _within_four_standard_errors(np.abs(trace) ** (2 * k), expected)


def test_random_walk_with_fast_and_slow_turns_is_uniform():
    """The circle wound 1 and 3 times in two planes, whose lowest harmonic needs the broadest steps."""
    J = np.array([[0.0, -1.0], [1.0, 0.0]])
    generator = np.zeros((1, 4, 4))
    generator[0, :2, :2], generator[0, 2:, 2:] = J, 3 * J
    g = MatrixGroup(generator).sample(20_000, seed=15)
    angle = np.arctan2(g[:, 1, 0], g[:, 0, 0])
    assert kstest((angle + np.pi) / (2 * np.pi), "uniform").pvalue > 1e-3
    np.testing.assert_allclose(np.cos(3 * angle), g[:, 2, 2], atol=1e-12)


@pytest.mark.parametrize("group", [SL(3), GLPlus(2), GL(2), Lorentz(1, 2), Sp(4), SL(2, "C")], ids=repr)
def test_symmetric_coordinates_have_the_scale_as_standard_deviation(group):
    """Left polar factors: log(g g^T)/2 by scipy, in the orthonormal basis."""
    g = group.sample(4_000, seed=16, scale=0.7)
    values, vectors = np.linalg.eigh(g @ g.swapaxes(1, 2))
    Y = (vectors * np.log(values)[:, None, :]) @ vectors.swapaxes(1, 2) / 2
    coordinates = np.einsum("kij,aij->ka", Y, group.cartan().symmetric)
    assert kstest(coordinates.ravel() / 0.7, "norm").pvalue > 1e-3


def test_rotation_angle_of_so3_has_density_one_minus_cosine():
    R = SO(3).sample(20_000, seed=2)
    angle = np.linalg.norm(SO(3).log(R), axis=-1)
    assert kstest(angle, lambda t: (t - np.sin(t)) / np.pi).pvalue > 1e-3


@pytest.mark.parametrize("group", [SO(3), O(3), SO(5)], ids=repr)
def test_entries_of_a_column_are_uniform_on_the_sphere(group):
    """Archimedes for n = 3; in general the squared coordinate is Beta(1/2, (n - 1)/2)."""
    from scipy.stats import beta

    R = group.sample(20_000, seed=3)
    for column in range(group.n):
        assert kstest(R[:, 0, column] ** 2, beta(0.5, (group.n - 1) / 2).cdf).pvalue > 1e-4


@pytest.mark.parametrize("group", [O(2), O(3), E(2), GL(2), Aff(2), _plain(GL(2))], ids=repr)
def test_both_components_are_equally_likely(group):
    signs = np.sign(np.linalg.det(group.sample(10_000, seed=4, scale=1.0)))
    _within_four_standard_errors(signs, 0)


@pytest.mark.parametrize(
    "group",
    [
        Cyclic(1),
        Cyclic(5),
        Dihedral(3),
        Symmetric(3),
        O(1),
        SO(1),
        Octahedral(),
        Icosahedral(),
        _plain(Dihedral(3)),
        DirectProduct(Cyclic(2), Symmetric(3)),
        Cyclic(3).embed(3, (2, 0)),
    ],
    ids=repr,
)
def test_elements_of_a_finite_group_are_equally_likely(group):
    drawn = group.sample(6_000, seed=5)
    distances = np.abs(drawn[:, None] - group.elements()[None]).max(axis=(2, 3))
    assert distances.min(axis=1).max() < 1e-12
    counts = np.bincount(distances.argmin(axis=1), minlength=len(group.elements()))
    assert len(counts) == 1 or chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("group", [SE(1), SE(3), E(2), Aff(2), Sim(2), SemidirectProduct(Octahedral())], ids=repr)
def test_translations_have_the_scale_as_standard_deviation(group):
    shift = group.sample(20_000, seed=6, scale=2.5)[:, :-1, -1]
    assert kstest(shift.ravel() / 2.5, "norm").pvalue > 1e-3


@pytest.mark.parametrize(
    "group",
    [
        SO(3),
        E(2),
        Dihedral(4),
        Symmetric(10),
        U(2),
        SU(3),
        SL(3),
        SL(2, "C"),
        GL(2),
        Lorentz(2, 2),
        Sp(4),
        Aff(2),
        Sim(3),
        DirectProduct(SL(2), SO(2)),
        SO(2).embed(3, (1, 2)),
        Icosahedral(),
        _plain(SU(2)),
        _plain(Sp(4)),
    ],
    ids=repr,
)
def test_samples_are_elements_and_reproducible(group):
    first = group.sample(50, seed=7, scale=1.0)
    assert first.shape == (50, group.n, group.n) and first.dtype == np.float64
    assert group.contains(first).all()
    np.testing.assert_array_equal(first, group.sample(50, seed=7, scale=1.0))
    assert (first != group.sample(50, seed=8, scale=1.0)).any()
    assert group.sample(0, seed=0, scale=1.0).shape == (0, group.n, group.n)


@pytest.mark.parametrize("scale", [None, 0.0, -1.0, float("nan"), float("inf"), "1", [1.0, 2.0]])
def test_a_group_that_is_not_compact_needs_a_scale(scale):
    for group in (SE(3), SL(2), DirectProduct(SO(2), SL(2))):
        with pytest.raises(ValueError, match=r"scale must be a positive number for S.*, not"):
            group.sample(2, seed=0, scale=scale)


@pytest.mark.parametrize("count", [-1, 2.0, "3", True])
def test_bad_counts_are_refused(count):
    with pytest.raises(ValueError, match="count must be an integer >= 0, not"):
        SO(3).sample(count, seed=0)


@pytest.mark.parametrize("seed", [-1, 1.5, "0"])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(ValueError, match=r"seed must be one of numpy\.random\.default_rng"):
        SO(3).sample(1, seed=seed)
