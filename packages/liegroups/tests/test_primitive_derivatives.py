"""First and second derivatives of matrix functions and factors where eigenvalues or singular values are equal.

`torch.autograd.gradcheck` and `gradgradcheck` compare with finite differences, in reverse and in forward mode; jax is
compared with central differences of numpy, extrapolated.
"""

import numpy as np
import pytest

from liegroups import SO, GLPlus, expm, polar, polar_log, rotation_log, symmetric_function
from liegroups._log_sinhc import derivative_difference
from liegroups._logm import logm

forward_mode = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
KINDS = ("exp", "log", "sqrt", "inverse_sqrt")
MAPS = {"expm": expm, "polar": polar, "polar_log": polar_log, "logm": logm}
MAPS |= {kind: (lambda S, kind=kind: symmetric_function(S, kind)) for kind in KINDS}


def _rotation(n):
    v = np.zeros(SO(n).dim)
    v[-1], v[0] = 0.7, 0.3 * (n > 2)
    return SO(n).exp(v)


def _points(name, n):
    """The identity, a matrix with a repeated eigenvalue, a rotation, and a generic matrix."""
    generic = np.random.default_rng(n).uniform(-0.5, 0.5, (n, n)) + 1.5 * np.eye(n)
    repeated = np.diag([1.0] * (n - 1) + [2.0])
    if name in KINDS:
        R = _rotation(n)
        return [np.eye(n), repeated, R @ repeated @ R.T, generic @ generic.T]
    if name == "expm":
        return [np.zeros((n, n)), repeated, SO(n).hat(SO(n).log(_rotation(n))), generic]
    return [np.eye(n), repeated, _rotation(n), generic]


# The longer cases are among the slow tests; the default suite has directions of the Hessian for every size.
CASES = [
    pytest.param(name, n, marks=[] if (name, n) in (("expm", 2), ("polar_log", 2), ("log", 2)) else pytest.mark.slow)
    for name in MAPS
    for n in (2, 3, 4)
]


@forward_mode
@pytest.mark.parametrize(("name", "n"), CASES)
def test_first_and_second_derivatives_equal_finite_differences(name, n):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    for point in _points(name, n):
        A = torch.from_numpy(point).requires_grad_()
        assert torch.autograd.gradcheck(MAPS[name], (A,), check_forward_ad=True)
        assert torch.autograd.gradgradcheck(MAPS[name], (A,))


@forward_mode
@pytest.mark.parametrize("n", [2, 3, 4])
def test_hessians_equal_finite_differences_of_gradients(n):
    """A cheaper check of the larger sizes: one direction, forward over reverse."""
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    weights = torch.from_numpy(np.random.default_rng(9).standard_normal((2, n, n)))
    for name in ("polar", "polar_log", "log", "sqrt"):
        f = MAPS[name]

        def loss(A, f=f):
            out = f(A)
            return sum(
                (w * part).sum() for w, part in zip(weights, out if isinstance(out, tuple) else (out,), strict=False)
            )

        for point in _points(name, n):
            A, step = torch.from_numpy(point), torch.from_numpy(np.random.default_rng(8).standard_normal((n, n)))
            step = step + step.mT if name in KINDS else step
            gradient = torch.func.grad(loss)
            found = torch.func.jvp(gradient, (A,), (step,))[1]
            wanted = (gradient(A + 1e-5 * step) - gradient(A - 1e-5 * step)) / 2e-5
            torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-7)


def test_gradient_of_the_sum_of_a_logarithm_at_the_identity_is_all_ones():
    """G8: where a plain eigendecomposition gives NaN."""
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    for n in (2, 3, 4):
        S = torch.eye(n, dtype=torch.float64, requires_grad=True)
        (found,) = torch.autograd.grad(symmetric_function(S, "log").sum(), S)
        torch.testing.assert_close(found, torch.ones_like(S), rtol=0, atol=1e-14)


@pytest.mark.parametrize("n", [2, 3])
def test_trap_8_gradients_at_equal_singular_values(n):
    """At a rotation the SVD route gives a finite and wrong gradient; ours is that of the differential.

    P = R at a rotation perturbed by E: dP is the symmetric part of E R^T, dR = (skew part of E R^T) R.
    """
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    R0 = _rotation(n)
    E = np.random.default_rng(0).standard_normal((n, n))
    W = E @ R0.T
    wanted = (W + W.T) / 2, (W - W.T) / 2 @ R0
    for point in (np.eye(n), R0):
        W = E @ point.T
        wanted = (W + W.T) / 2, (W - W.T) / 2 @ point
        for part in (0, 1):
            t = torch.zeros((), dtype=torch.float64, requires_grad=True)
            factor = polar(torch.from_numpy(point) + t * torch.from_numpy(E))[part]
            found = [torch.autograd.grad(x, t, retain_graph=True)[0].item() for x in factor.flatten()]
            np.testing.assert_allclose(found, wanted[part].ravel(), atol=1e-14)


@forward_mode
@pytest.mark.parametrize("n", [2, 3, 4])
def test_torch_vmap_equals_the_batch_and_nan_marks_the_outsiders(n):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    A = torch.from_numpy(np.stack(_points("polar", n)))
    for name in ("expm", "polar", "polar_log", "logm"):
        f = MAPS[name]
        torch.testing.assert_close(torch.func.vmap(f)(A), f(A), rtol=1e-12, atol=1e-12)
    for part in torch.func.vmap(torch.func.jacfwd(polar))(A):
        assert torch.isfinite(part).all()
    outsider = A.clone()
    outsider[0, 0, 0], outsider[0, 0, 1:] = -1.0, 0.0
    for f in (polar_log, logm, rotation_log, MAPS["log"]):
        found = torch.func.vmap(f)(outsider)
        for part in found if isinstance(found, tuple) else (found,):
            assert torch.isnan(part[0]).all()
            assert f is MAPS["log"] or torch.isfinite(part[3]).all()


@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a `functools.lru_cache`")  # inside array_api_compat
@pytest.mark.parametrize("n", [2, pytest.param(3, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)])
def test_torch_compile_in_one_graph(n):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    A = torch.from_numpy(np.stack(_points("polar", n)))
    for name in ("expm", "polar", "polar_log", "logm", "sqrt"):
        f = MAPS[name]
        X = A @ A.mT if name in KINDS else A
        compiled = torch.compile(f, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(X), f(X), rtol=1e-12, atol=1e-12)


def _numerical_jacobian(f, A):
    """Central differences of numpy at steps h and h/2, extrapolated."""

    def difference(h):
        columns = []
        for k in range(A.size):
            step = np.zeros(A.size)
            step[k] = h
            columns.append((f(A + step.reshape(A.shape)) - f(A - step.reshape(A.shape))) / (2 * h))
        return np.stack(columns, axis=-1).reshape(*columns[0].shape, *A.shape)

    return (4 * difference(5e-4) - difference(1e-3)) / 3


IN_JAX = [
    pytest.param(name, n, marks=[] if (name, n) == ("polar_log", 2) else pytest.mark.slow)
    for name in MAPS
    for n in (2, 3, 4)
]


@pytest.mark.parametrize(("name", "n"), IN_JAX)
def test_jax_jit_and_both_jacobians_at_degenerate_points(name, n):
    jax = pytest.importorskip("jax", reason="jax is an optional extra")
    f = MAPS[name]

    def stacked(A):
        out = f(A)
        return jax.numpy.stack(out) if isinstance(out, tuple) else out

    def in_numpy(A):
        out = f(A)
        return np.stack(out) if isinstance(out, tuple) else out

    with jax.enable_x64(True):
        forward, reverse = jax.jit(jax.jacfwd(stacked)), jax.jit(jax.jacrev(stacked))
        for point in _points(name, n):
            A = jax.numpy.asarray(point)
            np.testing.assert_allclose(jax.jit(stacked)(A), in_numpy(point), rtol=1e-11, atol=1e-12)
            wanted = _numerical_jacobian(in_numpy, point)
            np.testing.assert_allclose(forward(A), wanted, rtol=1e-7, atol=1e-8)
            np.testing.assert_allclose(reverse(A), wanted, rtol=1e-7, atol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 3])
def test_jax_hessian_of_the_polar_logarithm(n):
    jax = pytest.importorskip("jax", reason="jax is an optional extra")
    weights = np.random.default_rng(9).standard_normal((2, n, n))

    def loss(A):
        Y, Omega = polar_log(A)
        return (weights[0] * Y).sum() + (weights[1] * Omega).sum()

    with jax.enable_x64(True):
        gradient, hessian = jax.jit(jax.grad(loss)), jax.jit(jax.hessian(loss))
        for point in _points("polar_log", n):
            wanted = _numerical_jacobian(lambda A: np.asarray(gradient(A)), point)
            np.testing.assert_allclose(hessian(jax.numpy.asarray(point)), wanted, rtol=1e-6, atol=1e-7)


def test_jax_marks_outsiders_with_nan_under_jit():
    jax = pytest.importorskip("jax", reason="jax is an optional extra")
    A = jax.numpy.asarray(np.stack([np.eye(2), np.diag([1.0, -1.0])]), dtype="float32")
    for part in jax.jit(polar_log)(A):
        assert np.isfinite(part[0]).all() and np.isnan(part[1]).all()


def _log_density_of_eigenvalues(Y):
    """The density of Y in A = exp(Y) R on GL+(n) in closed form, of which no derivative is special."""
    y = np.linalg.eigvalsh(Y)
    gaps = (y[:, None] - y)[np.triu_indices(len(y), 1)]
    return np.sum(np.log(np.sinh(gaps + (gaps == 0)) / (gaps + (gaps == 0))) * (gaps != 0))


@forward_mode
@pytest.mark.parametrize("values", [(0.0, 0.0, 0.0), (1.0, 1.0, -2.0), (0.4, -0.1, 0.2)], ids=str)
def test_hessian_of_the_log_density_at_equal_singular_values(values):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    chart = GLPlus(3).chart("polar")
    point = chart.inverse(np.diag(np.exp(values)))
    found = torch.func.hessian(chart.log_density)(torch.from_numpy(point)).numpy()[:6, :6]
    steps, weights = 0.01 * np.arange(-2, 3), np.array([1, -8, 0, 8, -1]) / 0.12  # exact to fourth order
    table = [
        [
            sum(
                u * w * _log_density_of_eigenvalues(np.diag(values) + s * X + t * Z)
                for u, s in zip(weights, steps, strict=True)
                for w, t in zip(weights, steps, strict=True)
            )
            for X in chart.symmetric
        ]
        for Z in chart.symmetric
    ]
    np.testing.assert_allclose(found, table, atol=1e-8)


@pytest.mark.parametrize("x", [0.0, 0.5, -0.5, 0.99, -5.0, -9.8, 40.0])
def test_divided_differences_of_the_derivative_of_the_log_density(x):
    """Against 50 digits of mpmath, close together and far apart, up to the pole at -pi^2."""
    mpmath = pytest.importorskip("mpmath", reason="mpmath is needed for reference values")

    def derivative(z):
        root = mpmath.sqrt(z)
        return ((root * mpmath.coth(root) - 1) / (2 * z)).real

    with mpmath.workdps(50):
        for gap in (1e-12, 1e-6, 1e-3, 0.05, 0.3, 3.0):
            a, b = mpmath.mpf(x), mpmath.mpf(x + gap)
            at_a = derivative(a) if a else mpmath.mpf(1) / 6
            wanted = float((at_a - derivative(b)) / (a - b))
            found = derivative_difference(np.array(x), np.array(x + gap))
            np.testing.assert_allclose(found, wanted, rtol=1e-12)
