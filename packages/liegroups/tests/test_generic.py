"""A group that only its generators tell, beside the classes that know more: same answers, errors for bad tables."""

import numpy as np
import pytest

from liegroups import GL, SE, SL, SO, SU, Aff, Cyclic, Dihedral, E, Icosahedral, MatrixGroup, O, Sp, Symmetric, U
from liegroups._closure import closure

KNOWN = [SO(2), SO(3), O(3), SE(2), E(2), SL(2), SL(3), GL(2), SU(2), U(2), Sp(4), Dihedral(5), Icosahedral()]


def _plain(group):
    return MatrixGroup(group.generators(), group.discrete_generators(), affine=group.affine)


@pytest.mark.parametrize("group", KNOWN, ids=repr)
def test_generators_alone_give_the_same_group(group):
    plain = _plain(group)
    assert plain == group and hash(plain) == hash(group)
    assert (plain.n, plain.dim, plain.compact, plain.affine) == (group.n, group.dim, group.compact, group.affine)
    v = 0.4 * np.random.default_rng(0).standard_normal((20, group.dim))
    g = group.exp(v)
    np.testing.assert_allclose(plain.exp(v), g, atol=1e-14)
    np.testing.assert_allclose(plain.log(g), group.log(g), atol=1e-13)
    np.testing.assert_allclose(plain.inverse(g), group.inverse(g), atol=1e-13)
    drawn = group.sample(50, seed=1, scale=0.3)
    assert group.contains(plain.sample(50, seed=1, scale=0.3)).all()
    if group not in (SE(2), E(2)):  # not closed under transposition: rotations by pi have no principal logarithm
        assert plain.contains(drawn).all()
    assert not plain.contains(drawn + 0.01).any() or group == GL(2)
    assert (plain.elements() is None) == (group.elements() is None)


@pytest.mark.parametrize("group", [SL(2), SL(3), GL(2), Sp(4)], ids=repr)
def test_cartan_parts_are_found_from_the_generators(group):
    mixed = np.linalg.qr(np.random.default_rng(0).standard_normal((group.dim, group.dim)))[0]
    plain = MatrixGroup(np.tensordot(mixed, group.generators(), axes=1), group.discrete_generators())
    found, wanted = plain.cartan(), group.cartan()
    assert found.compact.dim == wanted.compact.dim and len(found.symmetric) == len(wanted.symmetric)
    flat = found.symmetric.reshape(len(found.symmetric), -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(len(flat)), atol=1e-12)
    np.testing.assert_allclose(group.hat(group.vee(found.symmetric)), found.symmetric, atol=1e-12)
    np.testing.assert_allclose(found.compact.generators(), -found.compact.generators().swapaxes(1, 2), atol=1e-12)
    assert group.contains(found.compact.sample(10, seed=0)).all()


def test_coordinates_in_a_basis_that_is_not_orthogonal():
    """vee by the inverse Gram matrix, against a least-squares solution."""
    skewed = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 2.0]])
    basis = np.tensordot(skewed, SO(3).generators(), axes=1)
    group = MatrixGroup(basis)
    v = 0.5 * np.random.default_rng(0).standard_normal((5, 3))
    np.testing.assert_allclose(group.vee(group.hat(v)), v, atol=1e-15)
    X = np.random.default_rng(1).standard_normal((3, 3))
    wanted = np.linalg.lstsq(basis.reshape(3, 9).T, X.ravel(), rcond=None)[0]
    np.testing.assert_allclose(group.vee(X), wanted, atol=1e-14)
    np.testing.assert_allclose(group.log(group.exp(v)), v, atol=1e-13)
    assert group != SO(3)


def test_finite_group_of_matrices_that_are_not_orthogonal():
    """A conjugate of C_3, with the closure found and the nearest element taken."""
    S = np.array([[2.0, 1.0], [0.0, 1.0]])
    turn = S @ Cyclic(3).elements()[1] @ np.linalg.inv(S)
    group = MatrixGroup(np.zeros((0, 2, 2)), turn[None])
    assert group.compact and len(group.elements()) == 3
    assert group.contains(group.sample(20, seed=0)).all()
    np.testing.assert_allclose(group.project(turn + 0.01), turn, atol=1e-12)
    np.testing.assert_allclose(group.inverse(turn) @ turn, np.eye(2), atol=1e-14)


def test_integer_unipotent_matrices_are_no_finite_group():
    shear = np.array([[[1.0, 1.0], [0.0, 1.0]]])
    group = MatrixGroup(np.zeros((0, 2, 2)), shear)
    assert group.elements() is None and not group.compact
    with pytest.raises(ValueError, match="more than 1e5 products"):
        group.contains(np.eye(2))


TWO_MIRRORS = Dihedral(50_000).discrete_generators()[1] @ np.stack([np.eye(2), Cyclic(50_000).elements()[1]])
HYPEROCTAHEDRAL = np.concatenate([Symmetric(6).discrete_generators(), np.diag([-1.0] + 5 * [1.0])[None]])


@pytest.mark.parametrize(
    ("generators", "order"),
    [
        (np.zeros((0, 2, 2)), 1),
        (Cyclic(100_000).discrete_generators(), 100_000),
        (TWO_MIRRORS, 100_000),
        (Symmetric(8).discrete_generators(), 40_320),
        (HYPEROCTAHEDRAL, 46_080),  # 2^6 6!
        (Icosahedral().discrete_generators(), 60),
    ],
    ids=["trivial", "C_100000", "D_50000", "S_8", "B_6", "I"],
)
def test_closure_finds_known_orders(generators, order):
    found = closure(generators)
    assert found.shape == (order, *generators.shape[1:])
    np.testing.assert_array_equal(found[0], np.eye(generators.shape[1]))
    assert len(np.unique(np.round(found.reshape(order, -1), 6), axis=0)) == order


@pytest.mark.parametrize(
    "generators",
    [
        Symmetric(9).discrete_generators(),
        Cyclic(100_001).discrete_generators(),
        SO(2).exp(np.array([[1.0]])),
        np.array([[[2.0]]]),
        np.array([[[1.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]]),
        np.diag([2.0, 0.5])[None],
        SO(3).exp(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])),
    ],
    ids=["S_9", "C_100001", "irrational", "dilation", "SL(2, Z)", "squeeze", "free"],
)
def test_closure_gives_up_above_its_limit(generators):
    assert closure(generators) is None


@pytest.mark.parametrize(
    ("generators", "error"),
    [
        (np.zeros((2, 2)), r"generators must have shape \(m, n, n\), not \(2, 2\)"),
        (np.zeros((1, 2, 3)), r"generators must have shape \(m, n, n\), not \(1, 2, 3\)"),
        ([[[0.0, np.nan], [0.0, 0.0]]], "generators must be finite, but it has 1 entries that are not"),
        ([[[0.0, 1.0], [0.0, 0.0]], [[0.0, 2.0], [0.0, 0.0]]], "2 matrices span 1 dimensions"),
        ([[[0.0, 0.0], [0.0, 0.0]]], "linearly independent, but matrix 0 is zero"),
        (SO(3).generators()[:2], "the bracket of matrices 0 and 1 leaves the span by 5.0e-01"),
        ("so", "generators must be an array of real numbers, not str"),
    ],
)
def test_bad_generators_are_refused(generators, error):
    with pytest.raises((ValueError, TypeError), match=error):
        MatrixGroup(generators)


@pytest.mark.parametrize(
    ("discrete", "error"),
    [
        (np.eye(3)[None], r"discrete_generators must have shape \(m, 2, 2\), not \(1, 3, 3\)"),
        (np.zeros((1, 2, 2)), "discrete_generators must be invertible"),
        (np.array([[[1.0, 1.0], [0.0, 1.0]]]), "discrete_generators must map the algebra of generators to itself"),
        (np.full((1, 2, 2), np.inf), "discrete_generators must be finite"),
    ],
)
def test_bad_discrete_generators_are_refused(discrete, error):
    with pytest.raises(ValueError, match=error):
        MatrixGroup(SO(2).generators(), discrete)


def test_affine_tables_must_be_homogeneous():
    with pytest.raises(ValueError, match="affine=True needs homogeneous matrices"):
        MatrixGroup(SO(3).generators(), affine=True)
    assert MatrixGroup(Aff(2).generators(), Aff(2).discrete_generators(), affine=True) == Aff(2)
    assert MatrixGroup(SE(2).generators()) != SE(2)  # the action on points differs


def test_logarithms_that_leave_the_algebra_are_refused():
    shears = MatrixGroup([[[0.0, 1.0], [0.0, 0.0]]], name="shears")
    for stranger in (np.diag([2.0, 2.0]), np.eye(2)[::-1], SO(2).exp(np.array([1.0]))):
        with pytest.raises(ValueError, match="without a principal logarithm in the algebra of shears"):
            shears.log(stranger)
    with pytest.raises(ValueError, match="the algebra of shears is not closed under transposition"):
        shears.cartan()
