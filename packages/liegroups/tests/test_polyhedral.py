"""The symmetries of the solids, against the tables of crystallography and the degrees of their invariants."""

import numpy as np
import pytest

from liegroups import SO, Cyclic, Icosahedral, O, Octahedral, Tetrahedral

GOLDEN = (1 + 5**0.5) / 2
# Order, and rotation angles in degrees with the number of rotations (Altmann and Herzig, Point-Group Theory Tables).
TABLES = [
    (Tetrahedral(), 12, {0: 1, 120: 8, 180: 3}),
    (Octahedral(), 24, {0: 1, 90: 6, 120: 8, 180: 9}),
    (Icosahedral(), 60, {0: 1, 72: 12, 120: 20, 144: 12, 180: 15}),
]
FULL = [(Tetrahedral(full=True), 24), (Octahedral(full=True), 48), (Icosahedral(full=True), 120)]
SOLIDS = [group for group, *_ in [*TABLES, *FULL]]


@pytest.mark.parametrize(("group", "order", "angles"), TABLES, ids=str)
def test_rotations_by_angle(group, order, angles):
    found = group.elements()
    assert group.order == len(found) == order and SO(3).contains(found).all()
    degrees = np.degrees(np.arccos(np.clip((np.trace(found, axis1=1, axis2=2) - 1) / 2, -1, 1)))
    values, counts = np.unique(np.round(degrees, 4), return_counts=True)
    assert dict(zip(values.astype(int), counts, strict=True)) == angles


@pytest.mark.parametrize(("group", "order"), FULL, ids=str)
def test_full_groups_have_half_rotations(group, order):
    found = group.elements()
    assert group.order == len(found) == order and O(3).contains(found).all()
    assert np.sum(np.linalg.det(found) > 0) == order // 2


@pytest.mark.parametrize("group", SOLIDS, ids=repr)
def test_elements_are_a_group_with_exact_entries(group):
    elements = group.elements()
    for generator in group.discrete_generators():
        distance = np.abs((elements @ generator)[:, None] - elements[None]).max(axis=(2, 3))
        assert distance.min(axis=1).max() < 1e-15
    assert len(np.unique(elements.round(9), axis=0)) == len(elements)
    np.testing.assert_array_equal(elements[0], np.eye(3))
    allowed = np.array([0, 0.5, 1, GOLDEN / 2, (GOLDEN - 1) / 2])
    assert np.isin(np.abs(elements), allowed).all()


@pytest.mark.parametrize(
    ("group", "degrees"),
    [(Tetrahedral(full=True), (2, 3, 4)), (Octahedral(full=True), (2, 4, 6)), (Icosahedral(full=True), (2, 6, 10))],
    ids=str,
)
def test_molien_series_is_that_of_the_reflection_group(group, degrees):
    """Degrees of the basic invariants of A_3, B_3 and H_3 (Humphreys, Reflection Groups, table 3.1)."""
    for t in (0.2, 0.5, -0.4):
        series = np.mean(1 / np.linalg.det(np.eye(3) - t * group.elements()))
        np.testing.assert_allclose(series, np.prod([1 / (1 - t**d) for d in degrees]), rtol=1e-13)


def test_corners_are_permuted():
    tetrahedron = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    octahedron = np.concatenate([np.eye(3), -np.eye(3)])
    icosahedron = np.array([np.roll([0, s, t * GOLDEN], k) for s in (1, -1) for t in (1, -1) for k in range(3)])
    for solid, corners in ((Tetrahedral, tetrahedron), (Octahedral, octahedron), (Icosahedral, icosahedron)):
        for full in (False, True):
            moved = np.einsum("gij,cj->gci", solid(full=full).elements(), corners)
            distance = np.abs(moved[:, :, None] - corners).max(axis=-1)
            assert distance.min(axis=2).max() < 1e-14


def test_subgroups():
    assert Octahedral().contains(Tetrahedral().elements()).all()
    assert Icosahedral().contains(Tetrahedral().elements()).all()
    assert not Tetrahedral().contains(Octahedral().elements()).all()
    assert Octahedral().contains(Cyclic(4).embed(3, (0, 1)).elements()).all()


@pytest.mark.parametrize("group", SOLIDS, ids=repr)
def test_projection_takes_the_nearest_element(group):
    A = np.random.default_rng(0).standard_normal((40, 3, 3))
    every = group.elements()
    nearest = every[np.linalg.norm(A[:, None] - every[None], axis=(2, 3)).argmin(axis=1)]
    np.testing.assert_array_equal(group.project(A), nearest)
