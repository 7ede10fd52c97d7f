"""Derivatives of log and project of the groups that are not rotations, and their maps where values cannot be seen."""

import numpy as np
import pytest
from scipy.linalg import expm, expm_frechet, polar

from liegroups import (
    GL,
    SE,
    SL,
    SO,
    SU,
    Aff,
    Cyclic,
    DirectProduct,
    GLPlus,
    Lorentz,
    MatrixGroup,
    O,
    Octahedral,
    Sim,
    Sp,
    U,
)

torch = pytest.importorskip("torch", reason="torch is an optional extra")
forward_mode = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
GROUPS = [SL(2), SL(3), GLPlus(2), Aff(2), Sim(2), Sim(3), Lorentz(1, 2), Sp(4), U(1), U(2), SU(2), SU(3)]
GROUPS += [
    DirectProduct(SL(2), SO(3)),
    SO(3).embed(4, (0, 1, 3)),
    MatrixGroup(SU(2).generators(), name="generic SU(2)"),
]


def _points(group):
    """The identity, next to it, and a generic element."""
    v = np.random.default_rng(2).standard_normal(group.dim)
    v /= np.linalg.norm(v)
    return np.array([0 * v, 1e-6 * v, v])


def _frechet(group, v):
    return np.stack([expm_frechet(group.hat(v), X, compute_expm=False) for X in group.generators()], axis=-1)


def _jacobian(f, x, mode):
    return (torch.func.jacfwd if mode == "forward" else torch.func.jacrev)(f)(torch.from_numpy(np.array(x))).numpy()


@forward_mode
@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_derivative_of_log_inverts_that_of_exp(group, mode):
    """Along the group d log (d exp) = 1, with d exp from scipy.linalg.expm_frechet."""
    for v in _points(group):
        found = _jacobian(group.log, group.exp(v), mode)
        product = np.einsum("aij,ijb->ab", found, _frechet(group, v))
        np.testing.assert_allclose(product, np.eye(group.dim), atol=2e-13)


@forward_mode
@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("group", [U(2), U(3), SU(2), SU(3)], ids=repr)
def test_derivative_of_log_near_minus_one_and_on_a_shifted_branch(group, mode):
    """An eigenvalue 1e-3 from -1; for SU(3) angles that sum to 2 pi too."""
    n = group.n // 2
    angles = np.array([np.pi - 1e-3, -1.0, 0.5][:n])
    points = [angles - angles.mean() * (isinstance(group, SU))]
    if group == SU(3):
        points.append(np.array([2.5, 2.0, -4.5]))  # the principal ones are 2.5, 2.0, 1.78...: the largest is shifted
    for angles in points:
        Z = np.diag(np.exp(1j * angles))
        V = np.linalg.qr(np.random.default_rng(1).standard_normal((n, n)) + 1j)[0]
        Z = V @ Z @ V.conj().T
        g = np.block([[Z.real, -Z.imag], [Z.imag, Z.real]])
        v = group.log(g)
        product = np.einsum("aij,ijb->ab", _jacobian(group.log, g, mode), _frechet(group, v))
        np.testing.assert_allclose(product, np.eye(group.dim), atol=2e-12)


@forward_mode
@pytest.mark.parametrize("group", [U(2), SU(3), Lorentz(1, 2)], ids=repr)
def test_second_derivative_of_log_after_exp_vanishes(group):
    hessian = torch.func.jacfwd(torch.func.jacrev(lambda w: group.log(group.exp(w))))
    for v in _points(group):
        np.testing.assert_allclose(hessian(torch.from_numpy(v)).numpy(), 0, atol=1e-11)


# ---- projections ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
def test_projection_on_the_orthogonal_group_solves_procrustes(n):
    """scipy.linalg.orthogonal_procrustes."""
    from scipy.linalg import orthogonal_procrustes

    A = np.random.default_rng(0).standard_normal((20, n, n))
    wanted = [orthogonal_procrustes(np.eye(n), a)[0] for a in A]
    np.testing.assert_allclose(O(n).project(A), wanted, atol=1e-13)


def test_projection_on_rotations_solves_wahba_for_either_determinant():
    """scipy.spatial.transform.Rotation.align_vectors, the rotation nearest to the columns of A."""
    from scipy.spatial.transform import Rotation

    A = np.random.default_rng(0).standard_normal((20, 3, 3))
    assert (np.linalg.det(A) < 0).any() and (np.linalg.det(A) > 0).any()
    wanted = [Rotation.align_vectors(a.T, np.eye(3))[0].as_matrix() for a in A]
    np.testing.assert_allclose(SO(3).project(A), wanted, atol=1e-7)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_projection_on_the_unitary_group_is_the_polar_factor(n):
    """scipy.linalg.polar of complex matrices."""
    random = np.random.default_rng(0)
    Z = random.standard_normal((10, n, n)) + 1j * random.standard_normal((10, n, n))
    real = np.array([np.block([[z.real, -z.imag], [z.imag, z.real]]) for z in Z])
    found = U(n).project(real)
    np.testing.assert_allclose(found[:, :n, :n] + 1j * found[:, n:, :n], [polar(z)[0] for z in Z], atol=1e-13)


@pytest.mark.parametrize("group", [Cyclic(5), Cyclic(1), Lorentz(1, 1).cartan().compact], ids=repr)
def test_projection_on_a_finite_group_is_its_nearest_element(group):
    A = np.random.default_rng(0).standard_normal((50, 2, 2))
    every = group.elements()
    nearest = every[np.linalg.norm(A[:, None] - every[None], axis=(2, 3)).argmin(axis=1)]
    np.testing.assert_allclose(group.project(A), nearest, atol=1e-14)


@forward_mode
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_derivative_of_the_projection_on_rotations_at_one_is_the_skew_part(mode):
    """Where all singular values are equal, and those of singular vectors do not exist."""
    for n in (2, 3, 4):
        found = _jacobian(SO(n).project, np.eye(n), mode)
        X = np.random.default_rng(0).standard_normal((n, n))
        np.testing.assert_allclose(np.einsum("ijkl,kl->ij", found, X), (X - X.T) / 2, atol=1e-14)


@forward_mode
@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("group", [SO(3), O(3), SL(2), Lorentz(1, 2), Sp(4), U(2), SU(2), Sim(2), SE(2)], ids=repr)
def test_derivative_of_project_agrees_with_differences(group, mode):
    """Central differences of numpy, also where the nearest rotation of a reflection is taken."""
    random = np.random.default_rng(4)
    g = group.sample(1, 0, scale=0.3)[0]
    starts = [g + 0.05 * random.standard_normal(g.shape)]
    if group == SO(3):
        starts.append(np.diag([2.0, 1.0, -0.3]) @ g)
    for A in starts:
        X = random.standard_normal(A.shape)
        step = 1e-5
        wanted = (group.project(A + step * X) - group.project(A - step * X)) / (2 * step)
        found = np.einsum("ijkl,kl->ij", _jacobian(group.project, A, mode), X)
        np.testing.assert_allclose(found, wanted, atol=1e-8)


@pytest.mark.parametrize(
    ("group", "far"),
    [
        (SL(2), np.diag([1.0, -1.0])),
        (GLPlus(2), np.diag([1.0, -1.0])),
        (GL(2), np.zeros((2, 2))),
        (Sim(2), np.diag([1.0, -1.0, 1.0])),
        (Lorentz(1, 2), -np.eye(3)),
        (Lorentz(1, 1), np.array([[0.0, 1.0], [1.0, 0.0]])),
        (Sp(2), np.zeros((2, 2))),
    ],
    ids=str,
)
def test_what_is_too_far_is_not_projected(group, far):
    with pytest.raises(ValueError, match=r"A has 1 matrix\(es\) that are not finite or"):
        group.project(np.stack([np.eye(group.n), far]))


# ---- where values cannot be seen ------------------------------------------------------------------------


@pytest.mark.parametrize("group", [*GROUPS, GL(2), O(3), Cyclic(4)], ids=repr)
def test_torch_vmap_equals_the_batch(group):
    v = torch.from_numpy(0.5 * np.random.default_rng(0).uniform(-1, 1, (5, group.dim)))
    g = group.exp(v)
    torch.testing.assert_close(torch.func.vmap(group.exp)(v), g)
    for f in (group.log, group.inverse, group.project, group.Ad, group.contains):
        torch.testing.assert_close(torch.func.vmap(f)(g), f(g))
    torch.testing.assert_close(torch.func.vmap(group.ad)(v), group.ad(v))


@pytest.mark.parametrize(
    ("group", "bad"),
    [
        (SL(2), -SL(2).exp(np.array([0.0, 1.0, 0.0]))),
        (SL(3), np.diag([-2.0, -0.5, 1.0])),
        (Lorentz(1, 2), np.diag([1.0, -1.0, -1.0])),
        (Aff(2), np.diag([1.0, -1.0, 1.0])),
        (SU(2), np.diag([1.0, -1.0, 1.0, -1.0])),
        (DirectProduct(SO(3), SL(2)), np.diag([1.0, -1.0, -1.0, -2.0, -0.5])),
        (MatrixGroup([[[0.0, 1.0], [0.0, 0.0]]]), np.diag([2.0, 2.0])),
    ],
    ids=str,
)
def test_where_values_cannot_be_seen_an_element_without_log_gives_nan(group, bad):
    g = torch.from_numpy(np.stack([np.eye(group.n), bad]))
    with pytest.raises(ValueError, match=r"g has 1 element\(s\)"):
        group.log(g)
    v = torch.func.vmap(group.log)(g).numpy()
    assert np.isnan(v[1]).all()
    np.testing.assert_allclose(v[0], 0, atol=1e-14)


@pytest.mark.parametrize(
    "group",
    [SL(2), *(pytest.param(group, marks=pytest.mark.slow) for group in (SL(3), U(2), SU(3), Aff(2), Lorentz(1, 2)))],
    ids=repr,
)
def test_jax_jit_and_vmap_equal_the_batch(group):
    jax = pytest.importorskip("jax", reason="jax is an optional extra")
    with jax.enable_x64(True):
        v = jax.numpy.asarray(0.5 * np.random.default_rng(0).uniform(-1, 1, (5, group.dim)))
        g = jax.jit(jax.vmap(group.exp))(v)
        np.testing.assert_allclose(g, expm(group.hat(np.asarray(v))), atol=1e-13)
        np.testing.assert_allclose(jax.jit(jax.vmap(group.log))(g), v, atol=1e-13)
        assert np.asarray(jax.jit(group.contains)(g)).all()


@pytest.mark.slow
@pytest.mark.parametrize("group", [SL(2), SL(3), U(2), SU(3), Aff(2), Lorentz(1, 2)], ids=repr)
def test_jax_projection_and_derivative_under_jit(group):
    jax = pytest.importorskip("jax", reason="jax is an optional extra")
    with jax.enable_x64(True):
        v = jax.numpy.asarray(0.5 * np.random.default_rng(0).uniform(-1, 1, (5, group.dim)))
        g = group.exp(v)
        np.testing.assert_allclose(jax.jit(group.project)(g), g, atol=1e-13)
        jacobian = jax.jit(jax.jacfwd(lambda w: group.log(group.exp(w))))(v[0])
        np.testing.assert_allclose(jacobian, np.eye(group.dim), atol=1e-12)


COMPILED = [
    SL(3),
    GLPlus(2),
    SU(2),
    Aff(2),
    Sim(2),
    Lorentz(1, 2),
    Octahedral(),
    DirectProduct(SO(3), SL(2)),
    GROUPS[-1],
]


@pytest.mark.parametrize(
    "group", [SL(2), *(pytest.param(group, marks=pytest.mark.slow) for group in COMPILED)], ids=repr
)
@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a `functools.lru_cache`")  # in array_api_compat
def test_torch_compile_takes_every_map_whole(group):
    v = torch.from_numpy(0.4 * np.random.default_rng(0).standard_normal((4, group.dim)))
    g = group.exp(v)
    maps = [(group.exp, v), (group.ad, v), (group.Ad, g), (group.log, g), (group.inverse, g), (group.project, g)]
    for f, x in [*maps, (group.contains, g)]:
        torch._dynamo.reset()
        torch.testing.assert_close(torch.compile(f, fullgraph=True, backend="eager")(x), f(x))
