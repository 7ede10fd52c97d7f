"""Samples follow Haar measure: moments of characters, invariance, uniformity on finite groups."""

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from liegroups import SE, SO, Cyclic, Dihedral, E, O, Symmetric

COUNT = 100_000


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


@pytest.mark.parametrize("group", [O(2), O(3), E(2)], ids=repr)
def test_both_components_are_equally_likely(group):
    signs = np.linalg.det(group.sample(10_000, seed=4, scale=1.0))
    _within_four_standard_errors(signs, 0)


@pytest.mark.parametrize("group", [Cyclic(1), Cyclic(5), Dihedral(3), Symmetric(3), O(1), SO(1)], ids=repr)
def test_elements_of_a_finite_group_are_equally_likely(group):
    drawn = group.sample(6_000, seed=5)
    distances = np.abs(drawn[:, None] - group.elements()[None]).max(axis=(2, 3))
    assert distances.min(axis=1).max() < 1e-12
    counts = np.bincount(distances.argmin(axis=1), minlength=len(group.elements()))
    assert len(counts) == 1 or chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("group", [SE(1), SE(3), E(2)], ids=repr)
def test_translations_have_the_scale_as_standard_deviation(group):
    shift = group.sample(20_000, seed=6, scale=2.5)[:, :-1, -1]
    assert kstest(shift.ravel() / 2.5, "norm").pvalue > 1e-3


@pytest.mark.parametrize("group", [SO(3), E(2), Dihedral(4), Symmetric(10)], ids=repr)
def test_samples_are_elements_and_reproducible(group):
    first = group.sample(50, seed=7, scale=1.0)
    assert first.shape == (50, group.n, group.n) and first.dtype == np.float64
    assert group.contains(first).all()
    np.testing.assert_array_equal(first, group.sample(50, seed=7, scale=1.0))
    assert (first != group.sample(50, seed=8, scale=1.0)).any()
    assert group.sample(0, seed=0, scale=1.0).shape == (0, group.n, group.n)


@pytest.mark.parametrize("scale", [None, 0.0, -1.0, float("nan"), float("inf"), "1", [1.0, 2.0]])
def test_a_group_that_is_not_compact_needs_a_scale(scale):
    with pytest.raises(ValueError, match=r"scale must be a positive number for SE\(3\), not"):
        SE(3).sample(2, seed=0, scale=scale)


@pytest.mark.parametrize("count", [-1, 2.0, "3", True])
def test_bad_counts_are_refused(count):
    with pytest.raises(ValueError, match="count must be an integer >= 0, not"):
        SO(3).sample(count, seed=0)


@pytest.mark.parametrize("seed", [-1, 1.5, "0"])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(ValueError, match=r"seed must be one of numpy\.random\.default_rng"):
        SO(3).sample(1, seed=seed)
