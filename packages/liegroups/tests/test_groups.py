"""Tables of the groups: bases of the algebras, generators of the components, elements, identity of groups."""

from itertools import combinations

import numpy as np
import pytest

import liegroups
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
    Tetrahedral,
    U,
)

REDUCTIVE = [SO(3), O(2), SL(1), SL(2), SL(3), SL(2, "C"), SL(3, "C"), GLPlus(2), GL(3), Lorentz(1, 1), Lorentz(2, 3)]
REDUCTIVE += [Sp(2), Sp(4), Sp(6), U(2), SU(3), DirectProduct(SO(3), SL(2)), SL(2).embed(3, (0, 2)), Octahedral()]


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


CLOSED = [*REDUCTIVE, SO(4), SE(2), SE(3), E(4), Aff(2), Sim(3), SemidirectProduct(SU(2)), DirectProduct(E(2), SE(2))]


@pytest.mark.parametrize("group", CLOSED, ids=repr)
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
        (SL(1), "SL(1)", 1, 0, True, False),
        (SL(3), "SL(3)", 3, 8, False, False),
        (SL(2, "C"), "SL(2, C)", 4, 6, False, False),
        (GLPlus(2), "GL+(2)", 2, 4, False, False),
        (GL(3), "GL(3)", 3, 9, False, False),
        (Lorentz(1, 3), "SO+(1,3)", 4, 6, False, False),
        (Sp(4), "Sp(4)", 4, 10, False, False),
        (U(3), "U(3)", 6, 9, True, False),
        (SU(3), "SU(3)", 6, 8, True, False),
        (Aff(2), "Aff(2)", 3, 6, False, True),
        (Sim(3), "Sim(3)", 4, 7, False, True),
        (SemidirectProduct(SL(2)), "R^2 x| SL(2)", 3, 5, False, True),
        (DirectProduct(SO(3), SL(2)), "SO(3) x SL(2)", 5, 6, False, False),
        (DirectProduct(SE(2), E(3)), "SE(2) x E(3)", 6, 9, False, True),
        (SE(2).embed(3, (0, 2)), "SE(2) on axes (0, 2) of R^3", 4, 3, False, True),
        (Tetrahedral(), "T", 3, 0, True, False),
        (Icosahedral(full=True), "I_h", 3, 0, True, False),
        (MatrixGroup(np.zeros((0, 2, 2))), "MatrixGroup(n=2, dim=0)", 2, 0, True, False),
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
    assert U(1) == SO(2) and Sp(2) == SL(2) and SU(1) != SO(2)
    assert SL(2) != GLPlus(2) != GL(2) and Octahedral() != Octahedral(full=True) and Aff(1) != SL(2)
    renamed = MatrixGroup(SO(2).generators(), name="SO(3)")
    assert renamed == SO(2) and renamed != SO(3) and repr(renamed) == "SO(3)"


@pytest.mark.parametrize(
    "family", [SO, O, SE, E, Cyclic, Dihedral, Symmetric, SL, GL, GLPlus, U, SU, Aff, Sim, Sp], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("n", [0, -1, 2.0, "3", True, None])
def test_sizes_that_are_not_positive_integers_are_refused(family, n):
    with pytest.raises(ValueError, match=rf"n of {family.__name__}\(n\) must be an integer >= [12], not"):
        family(n)


def test_other_parameters_are_checked():
    with pytest.raises(ValueError, match=r"n of Sp\(n\) must be even, not 3"):
        Sp(3)
    for p, q, name in ((0, 3, "p"), (3, 0, "q"), (1.0, 3, "p")):
        with pytest.raises(ValueError, match=rf"{name} of Lorentz\(p, q\) must be an integer >= 1, not"):
            Lorentz(p, q)
    with pytest.raises(ValueError, match="full of Tetrahedral must be True or False, not 1"):
        Tetrahedral(full=1)
    with pytest.raises(TypeError, match="first of DirectProduct must be a MatrixGroup, not str"):
        DirectProduct("SO(3)", SO(2))
    with pytest.raises(TypeError, match="linear of SemidirectProduct must be a MatrixGroup, not int"):
        SemidirectProduct(3)
    with pytest.raises(ValueError, match=r"linear of SemidirectProduct must be a group of linear maps, but SE\(2\) is"):
        SemidirectProduct(SE(2))


# ---- the bases of groups that are not compact -----------------------------------------------------------


@pytest.mark.parametrize("group", REDUCTIVE, ids=repr)
def test_generators_are_those_of_the_compact_part_and_orthonormal_symmetric_ones(group):
    compact, symmetric = group.cartan()
    assert isinstance(compact, MatrixGroup) and compact.compact and compact.n == group.n
    np.testing.assert_array_equal(np.concatenate([compact.generators(), symmetric]), group.generators())
    np.testing.assert_array_equal(compact.discrete_generators(), group.discrete_generators())
    flat = symmetric.reshape(len(symmetric), group.n**2)
    np.testing.assert_allclose(flat @ flat.T, np.eye(len(flat)), atol=1e-15)
    np.testing.assert_array_equal(symmetric, symmetric.swapaxes(1, 2))
    np.testing.assert_array_equal(compact.generators(), -compact.generators().swapaxes(1, 2))


@pytest.mark.parametrize("group", [SE(2), E(3), Aff(2), Sim(2), DirectProduct(SO(2), SE(2))], ids=repr)
def test_affine_groups_have_no_cartan_parts(group):
    with pytest.raises(ValueError, match="is not closed under transposition"):
        group.cartan()


def test_sl2_and_gl2_bases():
    half = np.sqrt(0.5)
    rotation, squeeze, cross = [[0, -1], [1, 0]], [[half, 0], [0, -half]], [[0, half], [half, 0]]
    np.testing.assert_allclose(SL(2).generators(), [rotation, squeeze, cross], atol=1e-16)
    np.testing.assert_allclose(GL(2).generators(), [rotation, [[1, 0], [0, 0]], [[0, 0], [0, 1]], cross], atol=1e-16)
    np.testing.assert_array_equal(GL(2).discrete_generators(), [np.diag([1, -1])])


@pytest.mark.parametrize(("p", "q"), [(1, 1), (1, 3), (2, 2), (3, 1)])
def test_lorentz_transformations_preserve_the_form_and_both_orientations(p, q):
    form = np.diag([1.0] * p + [-1.0] * q)
    group = Lorentz(p, q)
    assert group.dim == (p + q) * (p + q - 1) // 2
    generators = group.generators()
    np.testing.assert_array_equal(generators.swapaxes(1, 2) @ form, -form @ generators)
    g = group.sample(20, seed=0, scale=1.0)
    size = np.abs(g).max() ** 2
    np.testing.assert_allclose(g.swapaxes(1, 2) @ form @ g, np.broadcast_to(form, g.shape), atol=1e-14 * size)
    turned = np.eye(p + q)
    turned[0, 0] = turned[-1, -1] = -1  # determinant 1, but it reverses both kinds of directions
    assert not group.contains(turned) and not group.contains(form @ turned)


def test_boost_coordinate_is_root_two_times_the_rapidity():
    """x' = gamma (x + v t), t' = gamma (t + v x) with v = 3/5: gamma = 5/4."""
    boost = Lorentz(1, 1).exp(np.array([np.sqrt(2) * np.arctanh(0.6)]))
    np.testing.assert_allclose(boost, [[1.25, 0.75], [0.75, 1.25]], atol=1e-15)


def test_symplectic_matrices_preserve_the_symplectic_form():
    J = np.array([[0, 0, 1, 0], [0, 0, 0, 1], [-1, 0, 0, 0], [0, -1, 0, 0]])
    generators = Sp(4).generators()
    np.testing.assert_array_equal(generators.swapaxes(1, 2) @ J, -J @ generators)
    g = Sp(4).sample(20, seed=0, scale=0.7)
    np.testing.assert_allclose(g.swapaxes(1, 2) @ J @ g, np.broadcast_to(J, g.shape), atol=1e-12)
    assert [Sp(n).dim for n in (2, 4, 6)] == [3, 10, 21]


def test_dilations_of_similarities():
    g = Sim(3).exp(np.array([0, 0, 0, np.sqrt(3) * np.log(2), 0, 0, 0.0]))
    np.testing.assert_allclose(g, np.diag([2, 2, 2, 1]), atol=1e-14)
    assert Sim(3).linear.dim == 4 and Aff(3).linear == GL(3) and SE(3).linear == SO(3)


# ---- products and subgroups -----------------------------------------------------------------------------


def test_semidirect_products_are_the_groups_with_a_name_of_their_own():
    for named, linear in ((SE(2), SO(2)), (SE(3), SO(3)), (E(3), O(3)), (Aff(2), GL(2)), (Sim(2), Sim(2).linear)):
        assert SemidirectProduct(linear) == named and hash(SemidirectProduct(linear)) == hash(named)
        v = 0.3 * np.random.default_rng(0).standard_normal((5, named.dim))
        np.testing.assert_allclose(SemidirectProduct(linear).exp(v), named.exp(v), atol=1e-14)


def test_direct_product_acts_on_both_spaces():
    G, H = SE(2), E(3)
    product = DirectProduct(G, H)
    random = np.random.default_rng(0)
    v, w = 0.5 * random.standard_normal(G.dim), 0.5 * random.standard_normal(H.dim)
    x, y = random.standard_normal(2), random.standard_normal(3)
    # sorted: rotations of both, then translations of both
    g = product.exp(np.concatenate([v[:1], w[:3], v[1:], w[3:]]))
    wanted = np.concatenate([G.act(G.exp(v), x), H.act(H.exp(w), y)])
    np.testing.assert_allclose(product.act(g, np.concatenate([x, y])), wanted, atol=1e-14)
    assert product.first is G and product.second is H


def test_direct_product_of_finite_groups_has_all_pairs():
    product = DirectProduct(Cyclic(3), Symmetric(3))
    found = product.elements()
    assert len(np.unique(found.round(9), axis=0)) == 18
    np.testing.assert_array_equal(found[0], np.eye(5))
    assert DirectProduct(Symmetric(8), Cyclic(3)).elements() is None  # 120 960 of them


def test_embedded_rotation_turns_its_axes():
    g = SO(2).embed(4, axes=(3, 1)).exp(np.array([np.pi / 2]))
    wanted = np.eye(4)
    wanted[[3, 1, 3, 1], [3, 1, 1, 3]] = 0, 0, -1, 1  # axis 3 to axis 1
    np.testing.assert_allclose(g, wanted, atol=1e-15)
    assert SO(3).embed(3, (0, 1, 2)) == SO(3)
    assert SO(2).embed(3, (0, 1)) != SO(2).embed(3, (1, 2))
    moved = SE(2).embed(3, axes=(2, 0)).act(SE(2).embed(3, axes=(2, 0)).exp(np.array([0.0, 5.0, 7.0])), np.zeros(3))
    np.testing.assert_array_equal(moved, [7, 0, 5])


@pytest.mark.parametrize(
    ("n", "axes", "error"),
    [
        (1, (0,), r"n of SO\(2\).embed must be an integer >= 2, not 1"),
        (3, (0,), r"axes of SO\(2\).embed must be 2 different axes from 0 to 2, not \(0,\)"),
        (3, (1, 1), "must be 2 different axes"),
        (3, (1, 3), "must be 2 different axes"),
        (3, (-1, 0), "must be 2 different axes"),
        (3, (0.0, 1), "must be integers"),
    ],
)
def test_bad_axes_are_refused(n, axes, error):
    with pytest.raises(ValueError, match=error):
        SO(2).embed(n, axes)


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
