"""The axioms of a group and of its algebra, once for every group, library and precision.

Three regimes in one batch: elements drawn at random, exponentials of unit tangents, exponentials near the identity.
"""

import re

import numpy as np
import pytest

from liegroups import SE, SO, Cyclic, Dihedral, E, O, Symmetric

GROUPS = [SO(1), SO(2), SO(3), SO(4), SO(5), O(1), O(2), O(3), O(4), SE(1), SE(2), SE(3), SE(4), E(2), E(3)]
GROUPS += [Cyclic(1), Cyclic(5), Dihedral(1), Dihedral(4), Symmetric(1), Symmetric(3)]
SIZE = 4


# jax compiles every operation anew for every shape: by default it runs on one group of each kind.
IN_JAX = [SE(3), Dihedral(4)]
CASES = [
    pytest.param((group, library), marks=[pytest.mark.slow] if library == "jax" and group not in IN_JAX else [])
    for group in GROUPS
    for library in ("numpy", "torch", "jax")
]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def case(request):
    return request.param


@pytest.fixture
def group(case):
    return case[0]


@pytest.fixture
def library(case):
    return case[1]


def _tangents(group, seed):
    """Unit tangents, and tangents of length 1e-4; (2 SIZE, dim)."""
    v = np.random.default_rng(seed).standard_normal((2 * SIZE, group.dim))
    v /= np.linalg.norm(v, axis=-1, keepdims=True) + (group.dim == 0)
    v[SIZE:] *= 1e-4
    return v


def _elements(group, backend, seed):
    drawn = group.sample(SIZE, seed, scale=1.0)
    near = np.asarray(group.exp(_tangents(group, seed)))
    return backend.array(np.concatenate([drawn, near]))


def test_group_axioms(group, backend):
    a, b, c = (_elements(group, backend, seed) for seed in range(3))
    tolerance = 50 * backend.eps

    def same(left, right):
        np.testing.assert_allclose(backend.numpy(left), backend.numpy(right), atol=tolerance)

    one = group.identity(like=a)
    same(group.compose(group.compose(a, b), c), group.compose(a, group.compose(b, c)))
    same(group.compose(a, one), a)
    same(group.compose(one, a), a)
    same(group.compose(a, group.inverse(a)), one + 0 * a)
    same(group.compose(group.inverse(a), a), one + 0 * a)
    assert np.asarray(group.contains(a)).all()
    assert np.asarray(group.contains(group.compose(a, b))).all()
    assert np.asarray(group.contains(group.inverse(a))).all()


def test_matrices_outside_the_group_are_told_apart(group, backend):
    g = _elements(group, backend, 0)
    for stranger in (g + 0.01, 1.01 * g):
        assert not np.asarray(group.contains(stranger)).any()


def test_action_is_a_homomorphism(group, backend):
    a, b = (_elements(group, backend, seed) for seed in range(2))
    d = group.n - group.affine
    x = backend.array(np.random.default_rng(5).standard_normal((3 * SIZE, d)))
    left, right = group.act(group.compose(a, b), x), group.act(a, group.act(b, x))
    np.testing.assert_allclose(backend.numpy(left), backend.numpy(right), atol=100 * backend.eps)
    one = group.identity(like=x)
    np.testing.assert_array_equal(backend.numpy(group.act(one, x)), backend.numpy(x))


def test_hat_and_vee_are_inverse(group, backend):
    v = backend.array(_tangents(group, 0))
    X = group.hat(v)
    assert X.shape == (2 * SIZE, group.n, group.n)
    np.testing.assert_array_equal(backend.numpy(group.vee(X)), backend.numpy(v))
    basis = np.tensordot(_tangents(group, 0), group.generators(), axes=1)
    np.testing.assert_allclose(backend.numpy(X), basis, rtol=4 * backend.eps, atol=1e-30)


def test_log_inverts_exp_to_relative_accuracy(group, backend):
    v = backend.array(_tangents(group, 1))
    w = group.log(group.exp(v))
    sizes = np.linalg.norm(_tangents(group, 1), axis=-1, keepdims=True) + (group.dim == 0)
    assert (np.abs(backend.numpy(w) - backend.numpy(v)) <= 40 * backend.eps * sizes).all()


def test_exp_inverts_log_on_the_identity_component(group, backend):
    if group.elements() is not None:
        g = backend.array(group.identity()[None])
    else:
        drawn = group.sample(4 * SIZE, 3, scale=1.0)
        g = backend.array(drawn[np.linalg.det(drawn) > 0][:SIZE])
    np.testing.assert_allclose(backend.numpy(group.exp(group.log(g))), backend.numpy(g), atol=200 * backend.eps)


@pytest.mark.parametrize(
    ("group", "library"),
    [
        pytest.param(group, library, marks=[pytest.mark.slow] if library == "jax" and group != O(3) else [])
        for group in (O(1), O(2), O(3), O(4), E(2), E(3), Cyclic(5), Dihedral(1), Symmetric(3))
        for library in ("numpy", "torch", "jax")
    ],
)
def test_outside_the_identity_component_there_is_no_log(group, backend):
    outside = np.stack([group.identity(), *group.discrete_generators()])
    with pytest.raises(ValueError, match=re.escape(f"outside the identity component of {group}")):
        group.log(backend.array(outside))


@pytest.mark.parametrize("group", [SO(1), SO(2), SO(3), SO(4), SE(2)], ids=repr)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_a_reflection_among_rotations_has_no_log(group, backend):
    mirror = np.eye(group.n)
    mirror[0, 0] = -1
    with pytest.raises(ValueError, match=re.escape(f"g has 1 element(s) outside the identity component of {group}")):
        group.log(backend.array(np.stack([mirror, np.eye(group.n)])))


@pytest.mark.parametrize("batch", [(), (2, 0, 3), pytest.param((2, 3), marks=pytest.mark.slow)], ids=str)
def test_every_batch_shape_is_kept(group, batch, backend64):
    backend = backend64
    n, dim = group.n, group.dim
    v = backend.array(0.3 * np.ones((*batch, dim)))
    g = group.exp(v)
    assert g.shape == (*batch, n, n)
    assert group.hat(v).shape == (*batch, n, n)
    assert group.vee(group.hat(v)).shape == (*batch, dim)
    assert group.log(g).shape == (*batch, dim)
    assert group.inverse(g).shape == group.compose(g, g).shape == (*batch, n, n)
    assert group.contains(g).shape == batch
    x = backend.array(np.ones((*batch, n - group.affine)))
    assert group.act(g, x).shape == x.shape
    for result in (g, group.log(g), group.act(g, x), group.compose(g, g)):
        backend.numpy(result)


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_nothing_is_changed_in_place(group):
    v = _tangents(group, 0)
    g = group.exp(v)
    x = np.ones((len(v), group.n - group.affine))
    for array in (v, g, x):
        array.setflags(write=False)
    group.hat(v), group.vee(g), group.log(g), group.inverse(g), group.compose(g, g), group.act(g, x), group.contains(g)
