"""Tables of the groups: bases of the algebras, generators of the components, elements, identity of groups."""

from itertools import combinations

import numpy as np
import pytest

import liegroups
from liegroups import SE, SO, Cyclic, Dihedral, E, O, Symmetric


def test_so2_generator_turns_x_towards_y():
    np.testing.assert_array_equal(SO(2).generators(), [[[0, -1], [1, 0]]])


def test_so3_generators_are_minus_the_levi_civita_symbol():
    epsilon = np.zeros((3, 3, 3))
    for a, b, c in [(0, 1, 2), (1, 2, 0), (2, 0, 1)]:
        epsilon[a, b, c], epsilon[a, c, b] = 1, -1
    np.testing.assert_array_equal(SO(3).generators(), -epsilon)


@pytest.mark.parametrize("n", [4, 5])
def test_son_generators_are_elementary_and_in_lexicographic_order(n):
    wanted = []
    for i in range(n):
        for j in range(i):
            table = np.zeros((n, n))
            table[i, j], table[j, i] = 1, -1
            wanted.append(table)
    np.testing.assert_array_equal(SO(n).generators(), wanted)


@pytest.mark.parametrize("group", [SE, E])
@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_affine_generators_are_rotations_then_unit_translations(group, d):
    table = group(d).generators()
    np.testing.assert_array_equal(table[:-d, :d, :d], SO(d).generators())
    np.testing.assert_array_equal(table[-d:, :d, d], np.eye(d))
    assert not table[:, d].any() and not table[:-d, :, d].any() and not table[-d:, :, :d].any()


@pytest.mark.parametrize("group", [SO(3), SO(4), SE(2), SE(3), E(4)], ids=repr)
def test_generators_close_under_the_bracket(group):
    table = group.generators()
    for a, b in combinations(table, 2):
        bracket = a @ b - b @ a
        np.testing.assert_allclose(group.hat(group.vee(bracket)), bracket, atol=1e-14)


@pytest.mark.parametrize(
    ("group", "name", "n", "dim", "compact", "affine"),
    [
        (SO(1), "SO(1)", 1, 0, True, False),
        (SO(3), "SO(3)", 3, 3, True, False),
        (O(4), "O(4)", 4, 6, True, False),
        (SE(2), "SE(2)", 3, 3, False, True),
        (E(3), "E(3)", 4, 6, False, True),
        (Cyclic(4), "C_4", 2, 0, True, False),
        (Dihedral(4), "D_4", 2, 0, True, False),
        (Symmetric(3), "S_3", 3, 0, True, False),
    ],
)
def test_members_of_the_protocol(group, name, n, dim, compact, affine):
    assert isinstance(group, liegroups.Group)
    assert (repr(group), group.name) == (name, name)
    assert (group.n, group.dim, group.compact, group.affine) == (n, dim, compact, affine)
    assert group.generators().shape == (dim, n, n)
    assert group.discrete_generators().shape[1:] == (n, n)
    assert group.generators().dtype == group.discrete_generators().dtype == np.float64


def test_tables_cannot_be_changed_from_outside():
    group = SO(3)
    group.generators()[:] = 7
    np.testing.assert_array_equal(group.generators(), SO(3).generators())


FINITE = [(Cyclic, n, n) for n in (1, 2, 3, 4, 7)]
FINITE += [(Dihedral, n, 2 * n) for n in (1, 2, 3, 4)]
FINITE += [(Symmetric, n, order) for n, order in ((1, 1), (2, 2), (3, 6), (4, 24))]


def _by_entries(matrices):
    return {tuple(np.round(g, 6).ravel() + 0.0): g for g in matrices}


@pytest.mark.parametrize(("family", "n", "order"), FINITE)
def test_elements_are_the_closure_of_the_generators(family, n, order):
    group = family(n)
    elements = group.elements()
    assert elements.shape == (order, group.n, group.n)
    np.testing.assert_array_equal(elements[0], np.eye(group.n))
    closure = _by_entries([np.eye(group.n)])
    while True:  # brute force: multiply until nothing new comes
        products = _by_entries(g @ h for g in closure.values() for h in group.discrete_generators())
        if products.keys() <= closure.keys():
            break
        closure = products | closure
    assert closure.keys() == _by_entries(elements).keys()
    assert len(closure) == order


def test_quarter_turns_are_exact():
    np.testing.assert_array_equal(np.abs(Cyclic(4).elements()).sum(axis=-1), np.ones((4, 2)))


def test_large_and_continuous_groups_have_no_list_of_elements():
    assert Symmetric(9).elements() is None
    assert Cyclic(100_001).elements() is None
    assert len(Symmetric(8).elements()) == 40_320
    assert all(group.elements() is None for group in (SO(2), O(3), SE(1), E(2)))


def test_groups_of_the_line_are_finite():
    np.testing.assert_array_equal(SO(1).elements(), [[[1]]])
    np.testing.assert_array_equal(O(1).elements(), [[[1]], [[-1]]])


def test_equality_is_by_generators_and_not_by_name():
    same = SO(3)
    same.name = "rotations"
    assert same == SO(3) and hash(same) == hash(SO(3))
    assert SO(3) != O(3) != SE(3) and SO(3) != "SO(3)" and Cyclic(3) != Cyclic(4)
    assert SO(1) == Symmetric(1)  # both are {1}, acting on the line
    assert len({SO(2), SO(2), O(2), Cyclic(2), Dihedral(2)}) == 4


@pytest.mark.parametrize("family", [SO, O, SE, E, Cyclic, Dihedral, Symmetric])
@pytest.mark.parametrize("n", [0, -1, 2.0, "3", True, None])
def test_sizes_that_are_not_positive_integers_are_refused(family, n):
    with pytest.raises(ValueError, match=rf"n of {family.__name__}\(n\) must be an integer >= 1, not"):
        family(n)


def test_bad_arrays_name_the_argument():
    group = SO(3)
    with pytest.raises(ValueError, match=r"g of SO\(3\) must have shape \(..., 3, 3\), not \(2, 2\)"):
        group.log(np.eye(2))
    with pytest.raises(ValueError, match=r"v of SO\(3\) must have shape \(..., 3\), not \(\)"):
        group.exp(np.float64(1.0))
    with pytest.raises(ValueError, match=r"g has dtype int64; a real floating dtype"):
        group.inverse(np.eye(3, dtype=np.int64))
    with pytest.raises(TypeError, match=r"a must be a numpy, torch or jax array, not object"):
        group.compose(object(), np.eye(3))
    with pytest.raises(ValueError, match=r"x of Rep\('point', SO\(3\)\) must have shape \(..., 3\), not \(2,\)"):
        group.act(np.eye(3), np.ones(2))


def test_jax_float64_outside_of_x64_mode_is_refused():
    jax = pytest.importorskip("jax", reason="jax is an optional extra")
    with jax.enable_x64(True):
        v = jax.numpy.zeros(3, dtype="float64")
    with pytest.raises(ValueError, match="v is a jax float64 array, but jax computes in float32 here"):
        SO(3).exp(v)
