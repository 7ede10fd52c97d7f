"""Sample sets: weights against closed-form group integrals, closure under rotations, inverses, bad input."""

import numpy as np
import pytest

from liegroups import (
    GL,
    SE,
    SL,
    SO,
    Aff,
    GLPlus,
    MatrixGroup,
    O,
    SampleSet,
    SemidirectProduct,
    Sim,
    Sp,
    plane_sample_set,
    sample_set,
)

GROUPS = [SO(2), SL(2), GLPlus(2)]


def _integral(group, f, count, seed, scale, scheme):
    s = plane_sample_set(group, count, seed, scale, scheme)
    return np.mean(np.exp(s.log_weights) * f(s.elements))


def _norm2(g):
    return np.sum(g**2, axis=(-2, -1))


@pytest.mark.parametrize("scheme", ["sobol", "mc"])
def test_weighted_mean_on_sl2_is_the_closed_form_at_every_translate(scheme):
    """int exp(-b(|gA|^2 - 2)) dmu(A) = pi/(2b) for every g: |A|^2 = 2 cosh of twice the radius."""
    g, beta = np.array([[1.2, 0.2], [0.0, 1 / 1.2]]), 1.0
    draws = [
        _integral(SL(2), lambda A: np.exp(-beta * (_norm2(g @ A) - 2)), 1024, seed, 0.6, scheme) for seed in range(10)
    ]
    error = np.std(draws, ddof=1) / np.sqrt(len(draws))
    assert abs(np.mean(draws) - np.pi / 2) < 4 * error
    assert error < (1e-3 if scheme == "sobol" else 3e-2)


def test_weighted_mean_on_gl2_is_the_closed_form():
    """int |det A|^s exp(-|A|^2/2) |det A|^-2 dA over det > 0, s = 2.5, from chi-squared moments; the rotations have the
    volume 2 pi sqrt 2 there and 1 here."""
    f = lambda A: np.linalg.det(A) ** 2.5 * np.exp(-_norm2(A) / 2)
    draws = [2 * np.pi * np.sqrt(2) * _integral(GLPlus(2), f, 4096, seed, 1.3, "sobol") for seed in range(20)]
    error = np.std(draws, ddof=1) / np.sqrt(len(draws))
    assert abs(np.mean(draws) - 17.493418327625) < 4 * error and error < 0.02


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_elements_belong_to_the_group(group):
    s = plane_sample_set(group, 16, 0, 0.5)
    assert s.elements.shape == (16, 2, 2) and s.log_weights.shape == (16,) and np.isfinite(s.log_weights).all()
    determinant = np.linalg.det(s.elements)
    assert (determinant > 0).all()
    if group != GLPlus(2):
        np.testing.assert_allclose(determinant, 1, rtol=1e-13)
    if group == SO(2):
        np.testing.assert_allclose(
            s.elements @ s.elements.swapaxes(1, 2), np.broadcast_to(np.eye(2), (16, 2, 2)), atol=1e-15
        )


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_trap_3_elements_inverses_and_weights_are_never_views_of_each_other(group):
    s = plane_sample_set(group, 8, 0, 0.5)
    tables = (s.elements, s.inverses, s.log_weights)
    for i, one in enumerate(tables):
        assert not one.flags.writeable
        for other in tables[:i]:
            assert not np.shares_memory(one, other)
    np.testing.assert_allclose(s.elements @ s.inverses, np.broadcast_to(np.eye(2), (8, 2, 2)), atol=1e-14)
    given = np.eye(2)[None].copy()
    own = SampleSet(given, given, np.zeros(1), group)
    assert not np.shares_memory(own.elements, own.inverses) and not np.shares_memory(own.elements, given)


@pytest.mark.parametrize("count", [1, 4, 10])
def test_trap_5_equidistant_angles_form_a_group(count):
    s = plane_sample_set(SO(2), count, 0, offset=0.0)
    products = (s.elements[:, None] @ s.elements[None]).reshape(-1, 1, 4)
    distances = np.abs(products - s.elements.reshape(1, -1, 4)).max(-1)
    assert (distances.min(1) < 1e-14).all()  # closed
    np.fill_diagonal(distinct := np.abs(s.elements.reshape(-1, 1, 4) - s.elements.reshape(1, -1, 4)).max(-1), 1.0)
    assert distinct.min() > 0.4  # and no element twice


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_a_closed_set_is_mapped_to_itself_from_the_left_with_its_weights(group):
    s = plane_sample_set(group, 12, 3, 0.5, closed_under=4)
    quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
    distances = np.abs((quarter @ s.elements).reshape(-1, 1, 4) - s.elements.reshape(1, -1, 4)).max(-1)
    assert (distances.min(1) < 1e-14).all()
    np.testing.assert_array_equal(s.log_weights, s.log_weights[distances.argmin(1)])
    angles = np.sort(np.arctan2(s.elements[:, 1, 0] - s.elements[:, 0, 1], np.trace(s.elements, axis1=1, axis2=2)))
    np.testing.assert_allclose(np.diff(angles), 2 * np.pi / 12, atol=1e-12)  # equidistant all the same


def test_a_seed_gives_the_same_set_and_another_seed_another():
    one, same, other = (plane_sample_set(SL(2), 8, seed, 0.3) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.elements, same.elements)
    assert np.abs(one.elements - other.elements).max() > 1e-2


def test_the_symmetric_part_has_the_scale_in_orthonormal_coordinates():
    from scipy.linalg import polar as scipy_polar
    from scipy.stats import kstest

    s = plane_sample_set(SL(2), 4000, 1, 0.25, "mc")
    Y = np.array([_log_spd(scipy_polar(g, side="left")[1]) for g in s.elements])
    for coordinate in ((Y[:, 0, 0] - Y[:, 1, 1]) / np.sqrt(2), np.sqrt(2) * Y[:, 0, 1]):
        assert kstest(coordinate / 0.25, "norm").pvalue > 1e-3


def _log_spd(P):
    values, vectors = np.linalg.eigh(P)
    return vectors * np.log(values) @ vectors.T


@pytest.mark.parametrize("first", ["generic", "named"])
def test_a_set_has_the_group_that_was_given_whatever_was_drawn_before(first):
    generic, named = MatrixGroup(SL(2).generators()), SL(2)
    for group in (generic, named) if first == "generic" else (named, generic):
        assert plane_sample_set(group, 4, 0, 0.3).group is group
        assert sample_set(group, 4, 0, scale=0.3).group is group


@pytest.mark.parametrize("group", [SO(2), SL(2), Sp(2), GLPlus(2), SE(2), SemidirectProduct(GLPlus(2))], ids=repr)
def test_the_groups_of_networks_on_images_are_sampled(group):
    assert plane_sample_set(group, 4, 0, 0.3).group == getattr(group, "linear", group)


UPPER = MatrixGroup([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 0.0]]])


@pytest.mark.parametrize(
    "group", [Sim(2), Sim(2).linear, O(2), GL(2), Aff(2), SO(3), SE(3), SE(1), UPPER, "SL(2)", None], ids=repr
)
def test_other_groups_are_not(group):
    with pytest.raises(ValueError, match=r"group must be SO\(2\), SL\(2\) or GL\+\(2\), or R\^2 with one of them, not"):
        plane_sample_set(group, 4, 0, 0.3)


def test_angles_of_an_arc_are_one_in_each_share_of_it():
    for seed in range(20):
        s = plane_sample_set(SO(2), 4, seed, arc=1.0)
        angles = np.arctan2(s.elements[:, 1, 0], s.elements[:, 0, 0])
        shares = -1 + 0.5 * np.arange(4)
        assert (angles >= shares).all() and (angles <= shares + 0.5).all()


BAD = [
    ({"count": 0}, "count must be an integer >= 1"),
    ({"count": 2.0}, "count must be an integer >= 1"),
    ({"count": True}, "count must be an integer >= 1"),
    ({"count": 6, "closed_under": 4}, "count must be a multiple of closed_under = 4, not 6"),
    ({"scale": None}, "scale must be a positive number"),
    ({"scale": -1.0}, "scale must be a positive number"),
    ({"scale": float("inf")}, "scale must be a positive number"),
    ({"scheme": "grid"}, "scheme must be 'mc' or 'sobol'"),
    ({"offset": "a"}, "offset must be a finite number of radians or None, not 'a'"),
    ({"offset": float("nan")}, "offset must be a finite number"),
    ({"group": SO(2), "scale": -1.0}, "scale must be None or a positive number for SO"),
    ({"seed": "x"}, "seed must be one of"),
    ({"group": SO(3)}, r"group must be SO\(2\), SL\(2\) or GL\+\(2\)"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=str)
def test_bad_arguments_are_named(change, message):
    arguments = {"group": SL(2), "count": 8, "seed": 0, "scale": 0.3} | change
    with pytest.raises(ValueError, match=message):
        plane_sample_set(**arguments)


def test_bad_sets_are_refused():
    eye = np.eye(2)[None]
    with pytest.raises(ValueError, match="not those of elements"):
        SampleSet(2 * eye, eye, np.zeros(1), GLPlus(2))
    with pytest.raises(ValueError, match="must have shape"):
        SampleSet(eye[0], eye[0], np.zeros(1), SO(2))
    with pytest.raises(ValueError, match="log_weights"):
        SampleSet(eye, eye, np.zeros(2), SO(2))
    with pytest.raises(ValueError, match="not finite"):
        SampleSet(eye * np.nan, eye, np.zeros(1), SO(2))
