"""The axioms of a group and of its algebra, once for every group, library and precision.

Three regimes in one batch: elements drawn at random, exponentials of unit tangents, exponentials near the identity;
and, for the logarithm, rotations a hundredth short of half a turn, where its cut begins.
"""

import re

import numpy as np
import pytest
from scipy.linalg import expm

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

HEISENBERG = MatrixGroup(np.eye(9).reshape(9, 3, 3)[[1, 5, 2]], name="Heisenberg")


def _plain(group):
    """The same group, known by its generators only."""
    return MatrixGroup(group.generators(), group.discrete_generators(), f"generic {group}", affine=group.affine)


GROUPS = [SO(1), SO(2), SO(3), SO(4), SO(5), O(1), O(2), O(3), O(4), SE(1), SE(2), SE(3), SE(4), E(2), E(3)]
GROUPS += [Cyclic(1), Cyclic(5), Dihedral(1), Dihedral(4), Symmetric(1), Symmetric(3), Symmetric(6)]
GROUPS += [SL(1), SL(2), SL(3), SL(2, "C"), SL(3, "C"), GLPlus(1), GLPlus(2), GLPlus(3), GL(2), GL(4), Aff(1), Aff(2)]
GROUPS += [Sim(1), Sim(2), Sim(3), Sim(4), Lorentz(1, 1), Lorentz(1, 3), Lorentz(2, 3), Sp(2), Sp(4), U(1), U(2), U(3)]
GROUPS += [SU(1), SU(2), SU(3), Tetrahedral(), Octahedral(True), Icosahedral(), DirectProduct(SO(3), SL(2))]
GROUPS += [DirectProduct(SE(2), E(3)), DirectProduct(Cyclic(3), Symmetric(3)), SemidirectProduct(SU(2))]
GROUPS += [SemidirectProduct(Octahedral()), SO(3).embed(5, (4, 0, 2)), E(2).embed(3, (2, 0)), HEISENBERG]
GROUPS += [_plain(group) for group in (SO(3), O(3), SE(2), GL(2), SU(2), Sp(4), Tetrahedral(True))]
SIZE = 4


# jax compiles every operation anew for every shape: it runs one group of each formula, by default a single one in
# float32, which is its own default. torch and numpy run those groups in float32 by default, numpy all in float64.
IN_JAX = [SO(2), SO(3), O(4), SE(3), E(2), Dihedral(4), Symmetric(3), SL(3), SL(2, "C"), GL(2), Aff(2), Sim(3)]
IN_JAX += [Lorentz(1, 3), Sp(4), U(2), SU(3), Icosahedral(), DirectProduct(SO(3), SL(2)), E(2).embed(3, (2, 0))]
IN_JAX += [HEISENBERG, GROUPS[-1]]
IN_JAX_BY_DEFAULT = SE(3)


def _cases():
    for group in GROUPS:
        for library in ("numpy", "torch", "jax"):
            for dtype in ("float32", "float64"):
                if library == "jax" and group not in IN_JAX:
                    continue
                default = (library, dtype) == ("numpy", "float64") or (dtype == "float32" and group in IN_JAX)
                default &= library != "jax" or group == IN_JAX_BY_DEFAULT
                yield pytest.param((group, library, dtype), marks=[] if default else [pytest.mark.slow])


@pytest.fixture(params=_cases(), ids=lambda case: "-".join(map(str, case)))
def case(request):
    return request.param


@pytest.fixture
def group(case):
    return case[0]


@pytest.fixture
def library(case):
    return case[1]


@pytest.fixture
def dtype(case):
    return case[2]


def _tangents(group, seed):
    """Unit tangents, and tangents of length 1e-4; (2 SIZE, dim)."""
    v = np.random.default_rng(seed).standard_normal((2 * SIZE, group.dim))
    v /= np.linalg.norm(v, axis=-1, keepdims=True) + (group.dim == 0)
    v[SIZE:] *= 1e-4
    return v


def _elements(group, backend, seed):
    drawn = group.sample(SIZE, seed, scale=0.5)
    near = np.asarray(group.exp(_tangents(group, seed)))
    return backend.array(np.concatenate([drawn, near]))


def _first_is_a_rotation(group):
    return bool(group.dim) and (group.generators()[0] == -group.generators()[0].T).all()


def _size(*matrices):
    """Product of the largest singular values, by which rounding grows; 1 for orthogonal matrices."""
    return np.prod([np.linalg.norm(np.asarray(g, dtype=float), 2, axis=(-2, -1)).max(initial=1.0) for g in matrices])


def test_group_axioms(group, backend):
    a, b, c = (_elements(group, backend, seed) for seed in range(3))
    inverse = group.inverse(a)

    def same(left, right, *factors):
        tolerance = 50 * backend.eps * _size(*factors)
        np.testing.assert_allclose(backend.numpy(left), backend.numpy(right), atol=tolerance)

    one = group.identity(like=a)
    same(group.compose(group.compose(a, b), c), group.compose(a, group.compose(b, c)), a, b, c)
    same(group.compose(a, one), a)
    same(group.compose(one, a), a)
    same(group.compose(a, inverse), one + 0 * a, a, inverse)
    same(group.compose(inverse, a), one + 0 * a, a, inverse)
    assert np.asarray(group.contains(a)).all()
    assert np.asarray(group.contains(group.compose(a, b))).all()
    assert np.asarray(group.contains(inverse)).all()


def test_matrices_outside_the_group_are_told_apart(group, backend):
    g = _elements(group, backend, 0)
    zero = backend.array(np.diag([0.0] + [1.0] * (group.n - 1)))
    strangers = [g @ zero] if group.dim == group.n**2 else [g + 0.01, 1.01 * g]  # GL(n) is an open set
    for stranger in (*strangers, g + float("nan")):
        assert not np.asarray(group.contains(stranger)).any()


def test_action_is_a_homomorphism(group, backend):
    a, b = (_elements(group, backend, seed) for seed in range(2))
    d = group.n - group.affine
    x = backend.array(np.random.default_rng(5).standard_normal((3 * SIZE, d)))
    left, right = group.act(group.compose(a, b), x), group.act(a, group.act(b, x))
    np.testing.assert_allclose(backend.numpy(left), backend.numpy(right), atol=50 * backend.eps * _size(a, b))
    one = group.identity(like=x)
    np.testing.assert_array_equal(backend.numpy(group.act(one, x)), backend.numpy(x))


def test_hat_and_vee_are_inverse(group, backend):
    v = backend.array(_tangents(group, 0))
    X = group.hat(v)
    assert X.shape == (2 * SIZE, group.n, group.n)
    integers = np.isin(group.generators(), (-1.0, 0.0, 1.0)).all()  # then the duals are 0, 1, 1/2, 1/4: exact
    sizes = np.linalg.norm(_tangents(group, 0), axis=-1, keepdims=True)
    error = np.abs(backend.numpy(group.vee(X)) - backend.numpy(v))
    assert (error <= (0 if integers else 4 * backend.eps) * sizes).all()
    basis = np.tensordot(_tangents(group, 0), group.generators(), axes=1)
    assert (np.abs(backend.numpy(X) - basis) <= 4 * backend.eps * sizes[..., None] + 1e-30).all()


def test_log_inverts_exp(group, backend):
    v = _tangents(group, 1)
    w = backend.numpy(group.log(group.exp(backend.array(v))))
    # Entries next to the 1 of the diagonal are rounded to eps: relative accuracy is for rotations and translations.
    relative = isinstance(group, (SO, O, SE, E, U, SU))
    sizes = np.linalg.norm(v, axis=-1, keepdims=True) if relative else 1
    assert (np.abs(w - backend.numpy(backend.array(v))) <= 40 * backend.eps * sizes).all()


@pytest.mark.parametrize("group", [group for group in GROUPS if _first_is_a_rotation(group)], ids=repr)
@pytest.mark.parametrize("library", ["numpy", "torch", pytest.param("jax", marks=pytest.mark.slow)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_log_inverts_exp_near_its_cut(group, backend):
    """A rotation by pi - 0.01, and a small step: the condition number of a general logarithm there is pi / 0.01."""
    angle = (np.pi - 0.01) / np.abs(np.linalg.eigvals(group.generators()[0])).max()
    v = angle * np.eye(group.dim)[0] + 1e-3 * _tangents(group, 4)
    w = backend.numpy(group.log(group.exp(backend.array(v))))
    condition = 1 if isinstance(group, (SO, O, SE, E, U, SU)) else np.pi / 0.01
    np.testing.assert_allclose(w, v, atol=60 * backend.eps * condition)


def test_exp_inverts_log_where_there_is_one(group, backend):
    drawn = group.sample(8 * SIZE, 3, scale=0.5)
    spectrum = np.linalg.eigvals(drawn)
    principal = ~((np.abs(spectrum.imag) < 1e-9) & (spectrum.real < 0)).any(axis=-1)
    if isinstance(group, (SO, SE, U, SU)):
        principal[:] = True  # half turns too
    if len(group.discrete_generators()) or group == SL(3, "C"):  # a component, or a trace of 2 pi i
        drawn, principal = np.asarray(group.exp(4 * _tangents(group, 3))), np.ones(2 * SIZE, bool)
    g = backend.array(drawn[principal][:SIZE])
    v = group.log(g)
    # v is rounded to eps of its length, and exp stretches that by as much as its own size.
    length = np.linalg.norm(backend.numpy(v), axis=-1).max(initial=1.0)
    tolerance = 100 * backend.eps * length * _size(g)
    np.testing.assert_allclose(backend.numpy(group.exp(v)), backend.numpy(g), atol=tolerance)


# ---- the adjoint actions --------------------------------------------------------------------------------


def test_adjoint_action_is_conjugation(group, backend):
    """Against g X g^-1 with numpy's own inverse."""
    g = _elements(group, backend, 0)
    values, v = backend.numpy(g), np.resize(_tangents(group, 2), (len(g), group.dim))
    moved = group.hat(np.einsum("kab,kb->ka", backend.numpy(group.Ad(g)), v))
    back = np.linalg.inv(values)
    wanted = values @ np.tensordot(v, group.generators(), axes=1) @ back
    np.testing.assert_allclose(moved, wanted, atol=50 * backend.eps * _size(values, back))


def test_adjoint_action_is_a_homomorphism(group, backend):
    a, b = (_elements(group, backend, seed) for seed in range(2))
    left = backend.numpy(group.Ad(group.compose(a, b)))
    right = backend.numpy(group.Ad(a)) @ backend.numpy(group.Ad(b))
    size = _size(a, group.inverse(a), b, group.inverse(b))
    np.testing.assert_allclose(left, right, atol=50 * backend.eps * size)
    assert group.Ad(a).shape == (3 * SIZE, group.dim, group.dim)


def test_ad_is_the_bracket(group, backend):
    v, w = _tangents(group, 2), _tangents(group, 3)
    X, Y = (np.tensordot(coordinates, group.generators(), axes=1) for coordinates in (v, w))
    found = np.einsum("kab,kb->ka", backend.numpy(group.ad(backend.array(v))), w)
    np.testing.assert_allclose(group.hat(found), X @ Y - Y @ X, atol=8 * backend.eps)


def test_jacobi_identity(group):
    v, w = _tangents(group, 2), _tangents(group, 3)
    bracket = np.einsum("kab,kb->ka", group.ad(v), w)
    commutator = group.ad(v) @ group.ad(w) - group.ad(w) @ group.ad(v)
    np.testing.assert_allclose(group.ad(bracket), commutator, atol=1e-14)


def test_adjoint_of_exp_is_exp_of_ad(group, backend):
    """The exponential of ad is scipy's."""
    v = _tangents(group, 2)
    wanted = expm(group.ad(v)) if group.dim else group.ad(v)
    np.testing.assert_allclose(backend.numpy(group.Ad(group.exp(backend.array(v)))), wanted, atol=50 * backend.eps)


# ---- the projection -------------------------------------------------------------------------------------


def test_projection_leaves_elements_and_moves_neighbours_little(group, backend):
    g = _elements(group, backend, 0)
    np.testing.assert_allclose(backend.numpy(group.project(g)), backend.numpy(g), atol=40 * backend.eps * _size(g))
    noise = np.random.default_rng(3).standard_normal(g.shape)
    noise[..., -1, :] *= not group.affine
    A = g + 1e-3 * backend.array(noise)
    P = group.project(A)
    assert np.asarray(group.contains(P)).all()
    again = backend.numpy(group.project(P))
    np.testing.assert_allclose(again, backend.numpy(P), atol=40 * backend.eps * _size(P))
    moved = np.linalg.norm(backend.numpy(P) - backend.numpy(A), axis=(-2, -1))
    assert (moved <= 3e-3 * _size(g) * np.linalg.norm(noise, axis=(-2, -1))).all()


def test_matrices_that_are_not_finite_are_not_projected(group):
    for bad in (np.nan, np.inf):
        A = np.stack([group.identity(), np.full((group.n, group.n), bad)])
        with pytest.raises(ValueError, match=r"A has 1 matrix\(es\) that are not finite or"):
            group.project(A)


# ---- shapes and errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "library"),
    [
        pytest.param(group, library, marks=[pytest.mark.slow] if library == "jax" and group != O(3) else [])
        for group in (O(1), O(2), O(3), O(4), E(2), E(3), Cyclic(5), Dihedral(1), Symmetric(3))
        for library in ("numpy", "torch", "jax")
    ],
)
@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
def test_outside_the_identity_component_there_is_no_log(group, backend):
    outside = np.stack([group.identity(), *group.discrete_generators()])
    with pytest.raises(ValueError, match=re.escape(f"outside the identity component of {group}")):
        group.log(backend.array(outside))


@pytest.mark.parametrize("group", [SO(1), SO(2), SO(3), SO(4), SE(2), Sim(2)], ids=repr)
@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_reflection_among_rotations_has_no_log(group, backend):
    mirror = np.eye(group.n)
    mirror[0, 0] = -1

    with pytest.raises(ValueError, match=re.escape("g has 1 element(s) outside the identity component of ")):
        group.log(backend.array(np.stack([mirror, np.eye(group.n)])))


@pytest.mark.parametrize("batch", [(), (2, 0, 3), pytest.param((2, 3), marks=pytest.mark.slow)], ids=str)
def test_every_batch_shape_is_kept(group, batch, backend):
    n, dim = group.n, group.dim
    v = backend.array(0.3 * np.ones((*batch, dim)))
    g = group.exp(v)
    assert g.shape == (*batch, n, n)
    assert group.hat(v).shape == (*batch, n, n)
    assert group.vee(group.hat(v)).shape == (*batch, dim)
    assert group.log(g).shape == (*batch, dim)
    assert group.inverse(g).shape == group.compose(g, g).shape == group.project(g).shape == (*batch, n, n)
    assert group.Ad(g).shape == group.ad(v).shape == (*batch, dim, dim)
    assert group.contains(g).shape == batch
    x = backend.array(np.ones((*batch, n - group.affine)))
    assert group.act(g, x).shape == x.shape
    for result in (g, group.log(g), group.act(g, x), group.compose(g, g), group.Ad(g), group.ad(v), group.project(g)):
        backend.numpy(result)


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_nothing_is_changed_in_place(group):
    v = _tangents(group, 0)
    g = group.exp(v)
    x = np.ones((len(v), group.n - group.affine))
    for array in (v, g, x):
        array.setflags(write=False)
    group.hat(v), group.vee(g), group.log(g), group.inverse(g), group.compose(g, g), group.act(g, x), group.contains(g)
    group.Ad(g), group.ad(v), group.project(g)
