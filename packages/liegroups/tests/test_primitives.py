"""Values of matrix functions and factors against mpmath and numpy.linalg in float64, their domains, and bad input."""

import numpy as np
import pytest
from scipy.stats import ortho_group

import liegroups
from liegroups import SO, expm, polar, polar_log, rotation_log, symmetric_function
from liegroups._logm import has_log, logm

RNG = np.random.default_rng(0)


@pytest.fixture(params=["numpy", "torch", pytest.param("jax", marks=pytest.mark.slow)])
def library(request):
    """jax compiles every operation anew for every shape: here it runs among the slow tests."""
    return request.param


def _exact(function, X):
    """A matrix function in 40 digits, by mpmath."""
    mpmath = pytest.importorskip("mpmath", reason="the reference is computed with mpmath")
    with mpmath.workdps(40):
        return np.array([np.array(getattr(mpmath, function)(mpmath.matrix(x.tolist())).tolist(), float) for x in X])


def _of_symmetric(f, S):
    values, vectors = np.linalg.eigh(S)
    return (vectors * f(values)[..., None, :]) @ vectors.swapaxes(-1, -2)


def _of_skew(f, Omega):
    values, vectors = np.linalg.eigh(-1j * Omega)
    return ((vectors * f(1j * values)[..., None, :]) @ vectors.conj().swapaxes(-1, -2)).real


def _svd_polar(A):
    U, s, Vt = np.linalg.svd(A)
    return (U * s[..., None, :]) @ U.swapaxes(-1, -2), U @ Vt


def _conditioned(n, condition, count, seed=1):
    """Matrices of positive determinant with singular values from 1 down to 1/condition, and their polar factors."""
    U, V = (ortho_group.rvs(n, size=count, random_state=seed + k) for k in range(2))
    U[:, :, 0] *= np.sign(np.linalg.det(U) * np.linalg.det(V))[:, None]
    s = np.geomspace(1.0, 1.0 / condition, n)
    return (U * s) @ V, (U * s) @ U.swapaxes(1, 2), U @ V


def _assert_close(found, wanted, eps, scale=1.0):
    size = np.abs(wanted).max(axis=(-2, -1), keepdims=True)
    excess = np.abs(found - wanted) / np.maximum(scale * eps * size, 1e-300)
    assert (excess <= 1).all(), f"{excess.max()} times the tolerance"


# ---- exponential ---------------------------------------------------------------------------------------

PLANE = [
    np.zeros((2, 2)), np.eye(2), [[0, 1], [0, 0]], [[1, 1e6], [0, 1]], [[0, -3], [3, 0]], [[0, 1], [-1e-9, 0]],
    [[1, 2], [3, 4]], [[-700, 1], [2, 3]], [[-100, 0], [0, 0]], [[60, 0], [0, -60]], [[-1, -30], [30, 2]],
]  # fmt: skip


def test_plane_exponential_has_all_digits_in_every_branch(backend):
    X = np.array(PLANE, dtype=backend.dtype)
    # Entries of size 1e6 or 700 limit the exponential of the rounded sum of two of them to 1e6 or 700 eps.
    _assert_close(backend.numpy(expm(backend.array(X))), _exact("expm", X.astype(float)), backend.eps, 3000)
    X = np.concatenate([X[[0, 1, 2, 4, 5, 6]], RNG.standard_normal((20, 2, 2)).astype(backend.dtype)])
    _assert_close(backend.numpy(expm(backend.array(X))), _exact("expm", X.astype(float)), backend.eps, 20)


@pytest.mark.parametrize("norm", [1e-3, 0.03, 0.5, 3.0, 20.0])
def test_exponential_of_larger_matrices_has_all_digits(norm, backend):
    """scipy 1.17 loses three of them at norm 3, torch 2.13 five at 0.03 in a batch of one."""
    X = RNG.standard_normal((3, 4, 4))
    X = (norm * X / np.abs(X).sum(axis=-2).max(axis=-1)[:, None, None]).astype(backend.dtype)
    wanted = _exact("expm", X.astype(float))
    _assert_close(backend.numpy(expm(backend.array(X))), wanted, backend.eps, 20 * max(norm, 1))
    _assert_close(backend.numpy(expm(backend.array(X[0]))), wanted[0], backend.eps, 20 * max(norm, 1))


# ---- polar decomposition -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
def test_polar_factors_agree_with_the_singular_value_decomposition(n, backend):
    A = RNG.standard_normal((30, n, n)).astype(backend.dtype)  # of both signs of the determinant
    P, R = (backend.numpy(factor) for factor in polar(backend.array(A)))
    wanted = _svd_polar(A.astype(float))
    condition = np.linalg.cond(A.astype(float))[:, None, None]
    assert (np.abs(R - wanted[1]) <= 16 * backend.eps * condition).all()
    _assert_close(P, wanted[0], backend.eps, 16)
    np.testing.assert_array_equal(P, P.swapaxes(-1, -2))
    np.testing.assert_allclose(R @ R.swapaxes(-1, -2), np.broadcast_to(np.eye(n), R.shape), atol=8 * backend.eps)


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("condition", [1.0, 1e3, 1e6, 1e12])
def test_orthogonal_factor_is_orthogonal_at_any_condition_number(n, condition, backend):
    if backend.library == "jax" and backend.dtype == "float32" and condition > 1e3:
        pytest.skip("jax has no float64 to compute in here")
    A, P, R = _conditioned(n, condition, 10)
    if backend.dtype == "float32":  # what rounding the matrix changes is not the algorithm's
        A = A.astype("float32")
        P, R = _svd_polar(A.astype(float))
    found = [backend.numpy(factor) for factor in polar(backend.array(A))]
    np.testing.assert_allclose(
        found[1] @ found[1].swapaxes(1, 2), np.broadcast_to(np.eye(n), R.shape), atol=10 * backend.eps
    )
    np.testing.assert_allclose(found[0], P, atol=20 * backend.eps)
    if condition <= 1e6 or n == 2:
        working = 2e-16 if (backend.library, backend.dtype) != ("jax", "float32") else backend.eps
        np.testing.assert_allclose(found[1], R, atol=10 * (backend.eps + condition * working))


def test_sizes_of_matrices_do_not_matter(backend):
    A = RNG.standard_normal((5, 3, 3)).astype(backend.dtype)
    for scale in (2.0**-80, 2.0**-45, 2.0**80):
        for n in (2, 3):
            small = A[:, :n, :n]
            P, R = (backend.numpy(x) for x in polar(backend.array(small * np.asarray(scale, backend.dtype))))
            wanted = [backend.numpy(x) for x in polar(backend.array(small))]
            np.testing.assert_allclose(R, wanted[1], atol=4 * backend.eps)
            np.testing.assert_allclose(P / scale, wanted[0], atol=20 * backend.eps)


# ---- symmetric functions -------------------------------------------------------------------------------

FUNCTIONS = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "inverse_sqrt": lambda x: x**-0.5}


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_symmetric_functions_agree_with_eigenvalues(n, kind, backend):
    X = RNG.standard_normal((20, n, n))
    S = np.concatenate(
        [X @ X.swapaxes(1, 2) + 0.1 * np.eye(n), np.eye(n)[None], np.diag([1.0] * (n - 1) + [2.0])[None]]
    )
    S = S.astype(backend.dtype)
    found = backend.numpy(symmetric_function(backend.array(S), kind))
    condition = 10 * np.linalg.norm(S.astype(float), axis=(-2, -1)).max() if kind == "exp" else 1e3
    _assert_close(found, _of_symmetric(FUNCTIONS[kind], S.astype(float)), backend.eps, condition)
    np.testing.assert_array_equal(found, found.swapaxes(-1, -2))


# ---- global logarithm ----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_exponentials_of_the_polar_logarithm_give_the_matrix_back(n, backend):
    """G1: exp(Y) exp(Omega) = A, by numpy's eigenvectors, condition numbers up to 1e3."""
    A = _conditioned(n, 1e3, 20)[0] * np.geomspace(0.1, 10, 20)[:, None, None]
    A = A.astype(backend.dtype)
    Y, Omega = (backend.numpy(x) for x in polar_log(backend.array(A)))
    back = _of_symmetric(np.exp, Y) @ _of_skew(np.exp, Omega)
    _assert_close(back, A, 1.0, 1e-12 if backend.dtype == "float64" else 2e-4)
    np.testing.assert_array_equal(Y, Y.swapaxes(-1, -2))
    np.testing.assert_array_equal(Omega, -Omega.swapaxes(-1, -2))


def test_matrices_without_a_logarithm_have_a_polar_one(backend):
    """G2: diag(-2, -1/2) = exp(diag(ln 2, -ln 2)) R(pi); the shear times -1 has the golden ratio in Y."""
    Y, Omega = (backend.numpy(x) for x in polar_log(backend.array([[[-2.0, 0], [0, -0.5]], [[-1, 1], [0, -1]]])))
    atol = 1e-12 if backend.dtype == "float64" else 1e-6
    np.testing.assert_allclose(Y[0], np.diag([np.log(2), -np.log(2)]), atol=atol)
    np.testing.assert_allclose(Omega[0], [[0, -np.pi], [np.pi, 0]], atol=atol)
    golden = 0.48121182505960344
    np.testing.assert_allclose(np.linalg.eigvalsh(Y[1]), [-golden, golden], atol=atol)


def test_plane_polar_logarithm_keeps_relative_accuracy_near_the_identity(backend):
    """log(I + E) = E - E^2/2 + ..., split into its symmetric and skew parts; E is exact in the dtype."""
    bits = 20 if backend.dtype == "float32" else 45
    E = np.array([[3.0, -5], [7, 11]]) * 2.0**-bits
    Y, Omega = (backend.numpy(x) for x in polar_log(backend.array(np.eye(2) + E)))
    wanted = _exact("logm", [np.eye(2) + E])[0]  # to first order the two logarithms are one
    np.testing.assert_allclose(Y, (wanted + wanted.T) / 2, rtol=40 * 2.0**-bits)
    np.testing.assert_allclose(Omega, (wanted - wanted.T) / 2, rtol=40 * 2.0**-bits)
    A = np.diag([1 + 2.0**-bits, 1 - 2.0**-bits])
    Y = backend.numpy(polar_log(backend.array(A))[0])
    np.testing.assert_allclose(np.diag(Y), np.log1p([2.0**-bits, -(2.0**-bits)]), rtol=4 * backend.eps)


def test_plane_polar_logarithm_is_never_nan_at_any_condition_number(backend):
    limit = 14 if backend.dtype == "float64" else 6
    working = backend.eps if (backend.library, backend.dtype) == ("jax", "float32") else 2e-16
    for exponent in range(0, limit + 1, 2):
        A = _conditioned(2, 10.0**exponent, 100)[0]
        A = A.astype(backend.dtype)
        Y = backend.numpy(polar_log(backend.array(A))[0])
        wanted = np.log(np.linalg.svd(A.astype(float), compute_uv=False))
        np.testing.assert_allclose(
            np.linalg.eigvalsh(Y)[:, ::-1], wanted, atol=30 * (backend.eps + working * 10.0**exponent)
        )


# ---- principal logarithm -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_principal_logarithm_inverts_the_exponential(n, backend):
    X = RNG.standard_normal((10, n, n))
    X = X / np.maximum(1, np.linalg.norm(X, axis=(1, 2), keepdims=True) / 2.5)  # imaginary parts below pi
    X[0] = np.triu(np.full((n, n), 3.0), 1)  # nilpotent
    A = _exact("expm", X)
    np.testing.assert_allclose(backend.numpy(logm(backend.array(A))), X, atol=2000 * backend.eps)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_principal_logarithm_keeps_relative_accuracy_near_the_identity(n, backend):
    E = 2.0**-15 * RNG.integers(-8, 8, (4, n, n)) / 8
    A = np.eye(n) + E
    wanted = E - E @ E / 2 + E @ E @ E / 3 - E @ E @ E @ E / 4
    found = backend.numpy(logm(backend.array(A)))
    _assert_close(found, wanted, backend.eps, 20)


def test_which_matrices_have_a_principal_logarithm():
    plane = [-np.eye(2), [[-1, 1], [0, -1]], np.diag([-1, -2]), [[0, -1], [1, 0]], [[0, 1], [1, 0]], np.zeros((2, 2))]
    np.testing.assert_array_equal(has_log(np.array(plane, float)), [True, False, False, True, False, False])
    space = [np.diag([-1, -1, 1]), np.diag([-1, 2, -3]), np.eye(3), np.zeros((3, 3)), np.diag([2, 1, -1e-9])]
    np.testing.assert_array_equal(has_log(np.array(space, float)), [False, False, True, False, False])
    np.testing.assert_allclose(logm(-2 * np.eye(2)), [[np.log(2), -np.pi], [np.pi, np.log(2)]])
    with pytest.raises(ValueError, match="A has 1 matrices with an eigenvalue on the closed negative real axis"):
        logm(np.diag([1.0, -1.0, 1.0]))


def test_logarithm_of_affine_maps_with_large_translations():
    A = np.array([[1.2, 0.1, 300.0], [-0.3, 0.9, -4000.0], [0, 0, 1]])
    np.testing.assert_allclose(_exact("expm", [logm(A)])[0], A, rtol=1e-13, atol=1e-12)


# ---- traps ---------------------------------------------------------------------------------------------


def test_trap_4_angles_do_not_jump_at_the_identity(backend):
    """G3: R(+-0.01) has the angle +-0.01, not 2 pi - 0.01."""
    for angle in (-0.01, 0.01):
        R = backend.array(_of_skew(np.exp, angle * SO(2).generators()[0]))
        Omega = backend.numpy(polar_log(R)[1])
        np.testing.assert_allclose(Omega[1, 0], angle, rtol=0, atol=1e-15 if backend.dtype == "float64" else 1e-8)
        np.testing.assert_array_equal(backend.numpy(rotation_log(R)), Omega)


def test_trap_6_hat_and_exp_are_consistent():
    """Coordinates are angles in both: expm(hat(v)) = exp(v)."""
    for group in (SO(2), SO(3), SO(4), liegroups.SE(2)):
        v = RNG.uniform(-0.3, 0.3, (5, group.dim))
        np.testing.assert_allclose(expm(group.hat(v)), group.exp(v), atol=1e-14)
    np.testing.assert_allclose(polar_log(SO(2).exp(np.array([0.3])))[1], SO(2).hat(np.array([0.3])), atol=1e-15)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_trap_7_gram_matrix_polar_squares_the_condition_number(n):
    """In float32 at condition number 1e5 the Gram route is wrong or NaN; ours is right to what rounding leaves."""
    A = _conditioned(n, 1e5, 200)[0].astype("float32")
    wanted = np.log(np.linalg.svd(A.astype(float), compute_uv=False))
    values = np.linalg.eigvalsh(A @ A.swapaxes(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        gram = np.log(values)[:, ::-1] / 2
    assert not (np.abs(gram - wanted) < 0.1).all()
    Y, Omega = polar_log(A)
    assert Y.dtype == Omega.dtype == np.float32
    np.testing.assert_allclose(np.linalg.eigvalsh(Y.astype(float))[:, ::-1], wanted, atol=1e-5)


def test_trap_12_minus_one_of_the_plane_is_a_rotation(backend):
    """-I is R(pi): its real logarithm exists, where general logarithms return a complex one."""
    minus = backend.array(-np.eye(2))
    quarter = np.array([[0, -np.pi], [np.pi, 0]])
    Y, Omega = polar_log(minus)
    np.testing.assert_array_equal(backend.numpy(Y), np.zeros((2, 2)))
    for found in (Omega, logm(minus), rotation_log(minus)):
        np.testing.assert_allclose(backend.numpy(found), quarter, atol=4 * backend.eps)


@pytest.mark.parametrize("angles", [(1.0, 1.0), (1.0, -1.0), (3.0, 3.0), (0.7, np.pi - 0.7)])
def test_trap_14_rotation_logarithm_without_a_wrong_branch(angles, backend):
    """Repeated and isoclinic angles and angles near pi, against the angles and planes the rotation was made of."""
    Q = ortho_group.rvs(4, size=10, random_state=3)
    W = np.zeros((4, 4))
    W[1, 0], W[0, 1], W[3, 2], W[2, 3] = angles[0], -angles[0], angles[1], -angles[1]
    W = Q @ W @ Q.swapaxes(1, 2)
    R = _of_skew(np.exp, W)
    np.testing.assert_allclose(backend.numpy(rotation_log(backend.array(R))), W, atol=60 * backend.eps)


def test_trap_15_rotation_logarithm_near_pi(backend):
    """G9: an arc cosine is off by 3e-2 at pi - 1e-3 in float32, and by 1e3 at pi - 1e-4."""
    axes = RNG.standard_normal((20, 3))
    axes /= np.linalg.norm(axes, axis=1)[:, None]
    for short in (1e-2, 1e-3, 1e-4, 1e-6):
        W = (np.pi - short) * SO(3).hat(axes)
        R = backend.array(_of_skew(np.exp, W))
        found = backend.numpy(rotation_log(R))
        flipped = np.abs(found - W).max(axis=(1, 2)) > 1  # beyond the rounding of R both signs of the axis are right
        assert not flipped.any() or short < 4 * backend.eps
        np.testing.assert_allclose(found, W, atol=10 * backend.eps)


# ---- bad input, shapes, precisions ---------------------------------------------------------------------

MAPS = {
    "expm": (expm, "X"),
    "polar": (polar, "A"),
    "log": (lambda S: symmetric_function(S, "log"), "S"),
    "polar_log": (polar_log, "A"),
    "logm": (logm, "A"),
    "rotation_log": (rotation_log, "R"),
}
maps = pytest.mark.parametrize(("f", "argument"), MAPS.values(), ids=MAPS)


@maps
def test_bad_input_is_refused_with_its_name(f, argument):
    with pytest.raises(ValueError, match=rf"{argument} must be square matrices of shape \(..., n, n\), not \(2, 3\)"):
        f(np.ones((2, 3)))
    with pytest.raises(ValueError, match=rf"{argument} must be square matrices"):
        f(np.ones(3))
    with pytest.raises(ValueError, match=rf"{argument} has dtype int64"):
        f(np.eye(2, dtype=int))
    with pytest.raises(TypeError, match=rf"{argument} must be a numpy, torch or jax array"):
        f("identity")
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match=rf"{argument} has entries that are NaN or infinite"):
            f(np.array([np.eye(3), np.diag([1.0, wrong, 1.0])]))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_matrices_outside_the_domain_are_counted(n):
    reflection, singular = np.diag([-1.0] + [1.0] * (n - 1)), np.diag([0.0] + [1.0] * (n - 1))
    A = np.array([np.eye(n), reflection, singular])
    for f, message in (
        (polar, "A has 1 singular matrices"),
        (polar_log, "A has 2 matrices whose determinant is not positive"),
        (lambda S: symmetric_function(S, "sqrt"), "S has 2 matrices that are not positive definite"),
        (logm, "A has 2 matrices with an eigenvalue on the closed negative real axis"),
        (rotation_log, "R has 2 matrices of determinant <= 0"),
    ):
        with pytest.raises(ValueError, match=message):
            f(A)
    with pytest.raises(ValueError, match="kind must be 'exp', 'log', 'sqrt' or 'inverse_sqrt', not 'sin'"):
        symmetric_function(A, "sin")


@pytest.mark.parametrize("n", [2, 3, 4])
def test_condition_numbers_beyond_the_precision_are_refused(n):
    A = np.eye(n)
    A[0, 0] = 1e-17
    Q = ortho_group.rvs(n, random_state=5)
    for rotated in (Q @ A @ Q.T, Q @ A):
        rotated = rotated * np.sign(np.linalg.det(Q @ np.eye(n)))
        with pytest.raises(ValueError, match="A has 1 "):
            polar_log(np.array([[[1.0, 1], [1, 1]]]) if n == 2 else rotated)
        if n > 2:
            with pytest.raises(ValueError, match="A has 1 singular"):
                polar(rotated)


@maps
def test_empty_batches_and_sizes(f, argument, library):
    if library != "numpy":
        pytest.importorskip(library, reason=f"{library} is an optional extra")
    for shape in ((0, 2, 2), (0, 3, 3), (2, 0, 3, 3), (0, 4, 4), (0, 1, 1)):
        empty = np.zeros(shape, np.float32)
        if library == "torch":
            import torch

            empty = torch.from_numpy(empty)
        elif library == "jax":
            import jax.numpy as jnp

            empty = jnp.asarray(empty)
        found = f(empty)
        for part in found if isinstance(found, tuple) else (found,):
            assert tuple(part.shape) == shape
            assert part.dtype == empty.dtype


@maps
def test_half_precisions_are_computed_in_float32(f, argument):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    A = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]])
    A = A if f is rotation_log else A + torch.tensor([[0.0, 0.25], [0.25, 0.5]])
    for dtype in (torch.float16, torch.bfloat16):
        found, wanted = f(A.to(dtype)), f(A)
        for part, exact in zip(*((x if isinstance(x, tuple) else (x,)) for x in (found, wanted)), strict=True):
            assert part.dtype == dtype
            torch.testing.assert_close(part, exact.to(dtype), rtol=0, atol=0)


@maps
def test_strides_of_torch_tensors_do_not_matter(f, argument):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    R = torch.from_numpy(SO(3).exp(np.array([[0.3, 0.2, 0.1], [0.0, -0.5, 0.4]])))
    R = R @ R.mT + 0 * R if argument == "S" else R
    wide = torch.zeros(2, 6, 6, dtype=R.dtype)
    wide[:, ::2, ::2] = R
    for view, same in (
        (wide[:, ::2, ::2], R),
        (R.mT, R.mT.contiguous()),
        (R[:1].expand(4, 3, 3), R[:1].repeat(4, 1, 1)),
    ):
        kept = view.clone()
        found, wanted = (x if isinstance(x, tuple) else (x,) for x in (f(view), f(same)))
        torch.testing.assert_close(found, wanted)
        assert torch.equal(view, kept)


def test_half_turns_of_space_take_the_documented_branch(backend):
    """The first component that is not zero is positive; in the plane the angle is +pi."""
    for axis in ([1, 0, 0], [0, -1, 0], [0, 0, 1], [-0.6, 0.8, 0], [0, 0.6, -0.8]):
        R = backend.array(2 * np.outer(axis, axis) - np.eye(3))
        found = SO(3).vee(backend.numpy(rotation_log(R)))
        lead = found[np.nonzero(np.abs(found) > 1e-3)[0][0]]
        assert lead > 0
        np.testing.assert_allclose(np.abs(found), np.pi * np.abs(axis), atol=20 * backend.eps)
