"""Accuracy of exponential and logarithm at both ends of the angle, and their derivatives."""

import numpy as np
import pytest
from scipy.linalg import expm, expm_frechet
from scipy.stats import ortho_group

import liegroups
from liegroups import SE, SO, E, O

ANGLES = [0.0, 1e-8, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 0.5, 1.0, 2.0, 3.0, 3.14]
NEAR_PI = [np.pi - 1e-2, np.pi - 1e-3, np.pi - 1e-4, np.pi - 1e-6]
forward_mode = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")


def _exact(angles, axes, dtype):
    """Rotations about unit axes by angles, rounded from 40 digits (Rodrigues' formula in mpmath)."""
    mpmath = pytest.importorskip("mpmath", reason="the reference is computed with mpmath")
    tables = []
    with mpmath.workdps(40):
        for angle in angles:
            for axis in axes:
                axis = mpmath.matrix([mpmath.mpf(float(a)) for a in axis])
                axis /= mpmath.norm(axis)
                K = mpmath.matrix([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
                angle = mpmath.mpf(float(angle))
                R = mpmath.eye(3) + mpmath.sin(angle) * K + (1 - mpmath.cos(angle)) * K * K
                tables.append(np.array(R.tolist(), dtype=dtype))
    return np.array(tables)


AXES = np.random.default_rng(0).standard_normal((12, 3))
AXES = np.concatenate([AXES, np.eye(3), -np.eye(3), [[1, 1, 0], [-1, 0, 1]]])
UNIT = AXES / np.linalg.norm(AXES, axis=-1, keepdims=True)


def test_so3_log_is_accurate_from_1e_8_to_pi(backend):
    """G9: against the angle and axis from which the matrix was made; the rounded matrix itself limits the end."""
    angles = np.array(ANGLES[1:] + NEAR_PI)
    R = backend.array(_exact(angles, AXES, backend.dtype))
    wanted = (angles[:, None, None] * UNIT).reshape(-1, 3)
    found = backend.numpy(SO(3).log(R))
    np.testing.assert_allclose(found, wanted, atol=8 * backend.eps, rtol=0)


def test_so3_log_keeps_relative_accuracy_at_small_angles(backend):
    angles = np.array([1e-8, 1e-6, 1e-4])
    found = backend.numpy(SO(3).log(backend.array(_exact(angles, AXES, backend.dtype))))
    wanted = (angles[:, None, None] * UNIT).reshape(-1, 3)
    assert (np.abs(found - wanted).max(axis=-1) <= 4 * backend.eps * np.repeat(angles, len(AXES))).all()


def test_so3_exp_agrees_with_rodrigues_to_rounding(backend):
    angles = np.array(ANGLES + NEAR_PI + [10.0])
    v = backend.array((angles[:, None, None] * UNIT).reshape(-1, 3))
    wanted = np.array([expm(SO(3).hat(w)) for w in backend.numpy(v)])
    np.testing.assert_allclose(backend.numpy(SO(3).exp(v)), wanted, atol=max(20 * backend.eps, 4e-15))


def test_plane_angles_are_exact_with_no_jump_at_the_identity(backend):
    angles = np.array([-3.0, -0.01, -1e-8, 0.0, 1e-8, 0.01, 3.0, np.pi - 1e-6])
    c, s = np.cos(angles), np.sin(angles)
    R = backend.array(np.stack([c, -s, s, c], axis=-1).reshape(-1, 2, 2))
    np.testing.assert_allclose(backend.numpy(SO(2).log(R))[:, 0], angles, rtol=2 * backend.eps, atol=1e-30)


def _planes(angles, n, count, dtype):
    """Rotations by known angles in random orthogonal planes, and their skew logarithms."""
    R, W = np.eye(n), np.zeros((n, n))
    for k, angle in enumerate(angles):
        i, j = 2 * k, 2 * k + 1
        R[[i, j, i, j], [i, j, j, i]] = np.cos(angle), np.cos(angle), -np.sin(angle), np.sin(angle)
        W[j, i], W[i, j] = angle, -angle
    Q = ortho_group.rvs(n, size=count, random_state=np.random.default_rng(7)).reshape(-1, n, n)
    return (Q @ R @ Q.swapaxes(1, 2)).astype(dtype), Q @ W @ Q.swapaxes(1, 2)


def _in_libraries(*cases):
    """Each case in each library; jax, which compiles for every n, by default for n = 2."""
    slow = [pytest.mark.slow]
    return [
        pytest.param(n, angles, library, marks=slow if library == "jax" and n > 2 else [])
        for n, angles in cases
        for library in ("numpy", "torch", "jax")
    ]


@pytest.mark.parametrize(
    ("n", "angles", "library"),
    _in_libraries(
        (4, (1.0, 1.0)),  # isoclinic: the rotation has no preferred planes
        (4, (1.0, -1.0)),
        (4, (1e-8, 2.0)),
        (4, (2.0, 3.1)),
        (4, (1.0, np.pi - 1e-4)),
        (5, (np.pi - 1e-4, 0.3)),
        (6, (0.7, np.pi - 0.7, 0.7)),  # equal sines, different cosines
        (7, (np.pi / 2, np.pi / 2, np.pi / 2)),
    ),
)
def test_son_log_finds_known_angles_and_planes(n, angles, backend):
    R, W = _planes(angles, n, 10, backend.dtype)
    found = SO(n).hat(SO(n).log(backend.array(R)))
    np.testing.assert_allclose(backend.numpy(found), W, atol=60 * backend.eps)


@pytest.mark.parametrize(
    ("n", "angles", "library"),
    _in_libraries(
        (2, (np.pi,)),
        (3, (np.pi,)),
        (4, (1.0, np.pi)),
        (4, (np.pi, np.pi)),
        (6, (np.pi, 0.0, 1.0)),
        (6, (np.pi, np.pi, np.pi)),
        (5, (np.pi - 1e-13, np.pi - 1e-6)),
    ),
)
def test_at_half_turns_log_gives_one_of_the_right_branches(n, angles, backend):
    R, W = _planes(angles, n, 10, backend.dtype)
    v = SO(n).log(backend.array(R))
    np.testing.assert_allclose(backend.numpy(SO(n).exp(v)), R, atol=60 * backend.eps)
    spectrum = np.sort(np.linalg.eigvals(SO(n).hat(backend.numpy(v))).imag)
    np.testing.assert_allclose(spectrum, np.sort(np.linalg.eigvals(W).imag), atol=60 * backend.eps)


@pytest.mark.parametrize(
    ("n", "angles", "library"),
    _in_libraries((4, (np.pi, 1.0)), (4, (np.pi, np.pi)), (6, (np.pi, np.pi, -0.7)), (7, (np.pi, np.pi, np.pi))),
)
def test_next_to_half_turns_exp_inverts_log(n, angles, backend):
    """At every distance from a half turn, each matrix being orthogonal to rounding: to 20 roundings of the dtype."""
    turns, _ = _planes(angles, n, 100, np.float64)
    random = np.random.default_rng(11)
    X = random.standard_normal((*turns.shape[:1], n, n))
    X = X - X.swapaxes(1, 2)
    R = np.concatenate([turns @ expm(10.0**-k * X) for k in range(1, 17)]).astype(backend.dtype)
    W = backend.numpy(liegroups.rotation_log(backend.array(R)))
    np.testing.assert_allclose(expm(W.astype(np.float64)), R, rtol=0, atol=20 * backend.eps)
    assert (np.abs(np.linalg.eigvals(W).imag) <= np.pi + 100 * backend.eps).all()


def test_small_steps_in_a_plane_compose_to_a_half_turn():
    """64 turns of pi / 64 in one plane of R^4, where the rounding of the product decides the singular values."""
    Q = ortho_group.rvs(4, size=400, random_state=np.random.default_rng(12))
    plane = np.zeros((4, 4))
    plane[1, 0], plane[0, 1] = np.pi / 64, -np.pi / 64
    R = np.linalg.matrix_power(Q @ expm(plane) @ Q.swapaxes(1, 2), 64)
    product = np.eye(4)
    for _ in range(64):
        product = product @ (Q @ expm(plane) @ Q.swapaxes(1, 2))
    for turn in (R, product):  # to what the products lack of being orthogonal
        defect = np.abs(turn.swapaxes(1, 2) @ turn - np.eye(4)).max()
        assert defect < 1e-12
        np.testing.assert_allclose(expm(liegroups.rotation_log(turn)), turn, rtol=0, atol=defect)


def test_half_turn_of_space_has_its_first_component_positive(backend):
    for axis in ([1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0.8, 0], [0.6, -0.8, 0], [0, 0.6, -0.8]):
        R = backend.array(2 * np.outer(axis, axis) - np.eye(3))
        np.testing.assert_allclose(backend.numpy(SO(3).log(R)), np.pi * np.array(axis), atol=20 * backend.eps)


@pytest.mark.parametrize(
    "group", [SE(2), SE(3), *(pytest.param(group, marks=pytest.mark.slow) for group in (SE(1), SE(4), E(2)))], ids=repr
)
def test_rigid_motions_agree_with_the_matrix_exponential(group, backend):
    angles = np.repeat([0.0, 1e-8, 1e-3, 0.9, 1.1, 3.1], 3)[:, None]
    v = np.random.default_rng(1).standard_normal((len(angles), group.dim))
    d = group.n - 1
    if d > 1:
        v[:, :-d] *= angles / np.linalg.norm(v[:, :-d], axis=-1, keepdims=True)
    g = group.exp(backend.array(v))
    wanted = np.array([expm(group.hat(w)) for w in v])
    np.testing.assert_allclose(backend.numpy(g), wanted, atol=30 * backend.eps)
    np.testing.assert_allclose(backend.numpy(group.log(g)), v, atol=200 * backend.eps)


def test_random_walk_agrees_with_scipy_rotations():
    """Another library: scipy.spatial.transform, over the whole group."""
    from scipy.spatial.transform import Rotation

    R = SO(3).sample(2000, seed=1)
    np.testing.assert_allclose(SO(3).log(R), Rotation.from_matrix(R).as_rotvec(), atol=1e-13)


# ---- derivatives ----------------------------------------------------------------------------------------

SMOOTH = [SO(2), SO(3), SO(4), O(3), SE(2), SE(3), SE(4)]

# By default jax runs one group, in reverse mode: that transposes the forward rules, so these run too.
IN_JAX = [SE(3)]
DIFFERENTIABLE = [
    pytest.param(group, library, mode, marks=[pytest.mark.slow] if library == "jax" and slow else [])
    for group in SMOOTH
    for library in ("torch", "jax")
    for mode, slow in (("forward", True), ("reverse", group not in IN_JAX))
]


def _tangents(group):
    """The identity, next to it, a generic element, and one whose angle is 1e-3 short of pi."""
    v = np.random.default_rng(2).standard_normal(group.dim)
    v /= np.linalg.norm(v)
    first = np.eye(group.dim)[0]
    return np.array([0 * v, 1e-6 * v, v, (np.pi - 1e-3) * first + 1e-5 * v])


def _frechet(group, v):
    return np.stack([expm_frechet(group.hat(v), X, compute_expm=False) for X in group.generators()], axis=-1)


def _jacobians(f, points, library, mode):
    if library == "torch":
        torch = pytest.importorskip("torch", reason="torch is an optional extra")
        jacobian = (torch.func.jacfwd if mode == "forward" else torch.func.jacrev)(f)
        return [jacobian(torch.from_numpy(point)).numpy() for point in points]
    jax = pytest.importorskip("jax", reason="jax is an optional extra")
    with jax.enable_x64(True):
        jacobian = jax.jit((jax.jacfwd if mode == "forward" else jax.jacrev)(f))
        return [np.asarray(jacobian(jax.numpy.asarray(point))) for point in points]


@forward_mode
@pytest.mark.parametrize(("group", "library", "mode"), DIFFERENTIABLE)
def test_derivative_of_exp_is_the_frechet_derivative(group, library, mode):
    """scipy.linalg.expm_frechet is the independent source; at the identity it is hat itself."""
    points = _tangents(group)
    np.testing.assert_array_equal(_frechet(group, points[0]), np.moveaxis(group.generators(), 0, -1))
    for v, found in zip(points, _jacobians(group.exp, points, library, mode), strict=True):
        np.testing.assert_allclose(found, _frechet(group, v), atol=1e-13)


@forward_mode
@pytest.mark.parametrize(("group", "library", "mode"), DIFFERENTIABLE)
def test_derivative_of_log_inverts_that_of_exp(group, library, mode):
    """Along the group d log (d exp) = 1, with d exp from scipy.linalg.expm_frechet."""
    points = _tangents(group)
    for i, found in enumerate(_jacobians(group.log, group.exp(points), library, mode)):
        product = np.einsum("aij,ijb->ab", found, _frechet(group, points[i]))
        np.testing.assert_allclose(product, np.eye(group.dim), atol=1e-11 if i == 3 else 1e-13)


@forward_mode
@pytest.mark.parametrize("group", [SO(2), SO(3), SO(4), SE(3)], ids=repr)
def test_second_derivative_of_log_after_exp_vanishes(group):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    hessian = torch.func.jacfwd(torch.func.jacrev(lambda w: group.log(group.exp(w))))
    for v in _tangents(group)[:3]:
        np.testing.assert_allclose(hessian(torch.from_numpy(v)).numpy(), 0, atol=1e-12)


@pytest.mark.parametrize("n", [3, 4])
def test_derivative_at_isoclinic_rotations(n):
    """Repeated angles, where the derivative of an eigendecomposition is NaN; against finite differences of numpy."""
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    group = SO(n)
    R = _planes((1.0, 1.0)[: n // 2], n, 1, np.float64)[0][0]
    step = 1e-5
    for X in group.generators():
        ends = [group.log(expm(h * X) @ R) for h in (step, -step)]
        wanted = (ends[0] - ends[1]) / (2 * step)
        t = torch.zeros((), dtype=torch.float64, requires_grad=True)
        path = torch.matrix_exp(t * torch.from_numpy(X)) @ torch.from_numpy(R)
        found = [torch.autograd.grad(c, t, retain_graph=True)[0].item() for c in group.log(path)]
        np.testing.assert_allclose(found, wanted, atol=1e-9)


@pytest.mark.parametrize("group", [SO(2), SO(3), SO(4), SE(3)], ids=repr)
def test_torch_vmap_equals_the_batch(group):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    v = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (5, group.dim)))
    torch.testing.assert_close(torch.func.vmap(group.exp)(v), group.exp(v))
    torch.testing.assert_close(torch.func.vmap(group.log)(group.exp(v)), v)


@forward_mode
@pytest.mark.parametrize("group", [SO(2), SO(4), SE(3), SE(4)], ids=repr)
def test_batched_forward_derivative_of_log_after_exp_is_one(group):
    """The identity map. torch's own forward derivative of a linear solve is wrong under vmap."""
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    v = torch.from_numpy(np.random.default_rng(0).uniform(-0.5, 0.5, (4, group.dim)))
    found = torch.func.vmap(torch.func.jacfwd(lambda w: group.log(group.exp(w))))(v)
    np.testing.assert_allclose(found.numpy(), np.broadcast_to(np.eye(group.dim), found.shape), atol=1e-12)


@pytest.mark.parametrize(
    "group", [SE(3), *(pytest.param(group, marks=pytest.mark.slow) for group in (SO(2), SO(3), SO(4)))], ids=repr
)
def test_jax_vmap_and_jit_equal_the_batch(group):
    jax = pytest.importorskip("jax", reason="jax is an optional extra")
    with jax.enable_x64(True):
        v = jax.numpy.asarray(np.random.default_rng(0).uniform(-1, 1, (5, group.dim)))
        g = jax.jit(jax.vmap(group.exp))(v)
        np.testing.assert_allclose(g, group.exp(v), atol=1e-14)
        np.testing.assert_allclose(jax.jit(jax.vmap(group.log))(g), v, atol=1e-14)


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_where_values_cannot_be_seen_an_outsider_gives_nan(library):
    g = np.stack([np.eye(3), -np.eye(3)])
    if library == "torch":
        torch = pytest.importorskip("torch", reason="torch is an optional extra")
        v = torch.func.vmap(liegroups.O(3).log)(torch.from_numpy(g)).numpy()
    else:
        jax = pytest.importorskip("jax", reason="jax is an optional extra")
        v = np.asarray(jax.jit(liegroups.O(3).log)(jax.numpy.asarray(g, dtype="float32")))
    np.testing.assert_array_equal(v, [[0, 0, 0], [np.nan] * 3])
