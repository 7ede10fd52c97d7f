"""What makes a representation one, over every kind of them, on every group, library and precision."""

import copy
import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import expm

from liegroups import SE, SO, Cyclic, Dihedral, E, O, Rep, Symmetric, equivariance_error

_spec = importlib.util.spec_from_file_location("structural_groups", Path(__file__).with_name("structural_groups.py"))
structural_groups = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(structural_groups)
Linear = structural_groups.Linear

KINDS = [
    (SO(2), "5xT0 + 5xT1 + 2xT(1,1)"),
    (SO(3), "4x0e + 2x1o + 3o + 11e"),
    (O(3), "0e + 0o + 1e + 1o + 2x2e + 2o + 3e + 3o"),
    (SE(3), "2xV + 1x2e + V * 1o"),
    (E(3), "0o + 2x(2e * pseudovector) + T3"),
    (O(4), "pseudoscalar + tensor:3 + ~T(1,1)"),
    (Linear(2), "V + ~V + pseudoscalar + ~pseudoscalar + pseudovector + T(2,1)"),
    (Linear(3), "~pseudovector * (scalar + V) + 2x(V + T(0,2))"),
    (Linear(2, affine=True), "T(1,1) + ~V * ~V + 2xV"),
    (Symmetric(4), "regular + perm * V + T(0,2)"),
    (Dihedral(4), "2xregular * pseudovector + 3xscalar"),
    (Cyclic(5), "regular * regular"),
]
IN_BRIEF = [  # for compilers, which take seconds a shape
    (O(3), "0o + 1e + 2x(3o * V)"),
    (Symmetric(3), "regular * perm"),
    (Linear(2), "T(1,1) + ~pseudovector"),
    KINDS[2],
]
CONTINUOUS = [kind for kind in KINDS if kind[0].dim]
CASES = [  # un-jitted jax compiles every operation for every shape
    pytest.param(kind, library, marks=[pytest.mark.slow] if library == "jax" else [])
    for kind in KINDS
    for library in ("numpy", "torch", "jax")
]


def ids(kind):
    return f"{kind[0]}: {kind[1]}" if isinstance(kind, tuple) else None


def _features(rep, *batch):
    return np.random.default_rng(0).standard_normal((*batch, rep.size))


def _tangents(group, count):
    """Random elements of the algebra, (count, n, n)."""
    v = np.random.default_rng(1).standard_normal((count, group.dim)) * 0.3
    return np.einsum("ca,aij->cij", v, group.generators())


@pytest.mark.parametrize(("kind", "library"), CASES, ids=ids)
def test_homomorphism_and_identity(kind, backend):
    group, word = kind
    rep = Rep(word, group)
    x = _features(rep, 4)
    g, h = (group.sample(4, seed, scale=1.0) for seed in (1, 2))
    once = backend.numpy(rep.rho(backend.array(g @ h), backend.array(x)))
    twice = backend.numpy(rep.rho(backend.array(g), rep.rho(backend.array(h), backend.array(x))))
    size = 1 + np.abs(once).max()
    np.testing.assert_allclose(twice, once, atol=300 * backend.eps * size)
    one = backend.numpy(rep.rho(np.eye(group.n), backend.array(x)))
    np.testing.assert_allclose(one, np.float64(x.astype(backend.dtype)), atol=20 * backend.eps)


@pytest.mark.parametrize("kind", KINDS, ids=ids)
def test_matrix_is_that_of_rho_and_batch_axes_broadcast(kind):
    group, word = kind
    rep = Rep(word, group)
    g = group.sample(3, seed=0, scale=1.0)
    matrices = rep.matrix(g)
    assert matrices.shape == (3, rep.size, rep.size)
    for g_batch, x_batch in [((), (5,)), ((3,), ()), ((3,), (3,)), ((3, 1), (5,)), ((3, 1, 1), (2, 5)), ((1,), (5,))]:
        chosen = g.reshape(*g_batch, *g.shape[1:]) if 3 in g_batch else g[0].reshape(*g_batch, *g.shape[1:])
        table = rep.matrix(chosen)
        x = _features(rep, *x_batch)
        wanted = (table @ x[..., None])[..., 0]
        np.testing.assert_allclose(rep.rho(chosen, x), wanted, atol=1e-12 * (1 + np.abs(wanted).max()))


@pytest.mark.parametrize("kind", KINDS, ids=ids)
def test_empty_batches(kind):
    group, word = kind
    rep = Rep(word, group)
    g = group.sample(2, seed=0, scale=1.0)
    assert rep.rho(g[0], _features(rep, 0)).shape == (0, rep.size)
    assert rep.rho(g[:, None], _features(rep, 0)).shape == (2, 0, rep.size)
    assert rep.rho(g[:0], _features(rep)).shape == (0, rep.size)
    assert rep.drho(0 * g[:, None, None], _features(rep, 3, 0)).shape == (2, 3, 0, rep.size)


@pytest.mark.parametrize("kind", KINDS, ids=ids)
def test_dual_pairing_is_invariant(kind):
    group, word = kind
    rep = Rep(word, group)
    other = rep.dual()
    assert other.size == rep.size and ~other == rep
    x, y = _features(rep, 4), _features(rep, 4)[::-1]
    g = group.sample(4, seed=3, scale=1.0)
    moved, paired = rep.rho(g, x), other.rho(g, y)
    scale = np.sum(np.abs(moved * paired), axis=-1).max()
    np.testing.assert_allclose(np.sum(moved * paired, axis=-1), np.sum(x * y, axis=-1), atol=1e-12 * scale)
    if group.dim:
        X = _tangents(group, 4)
        change = np.sum(rep.drho(X, x) * y + x * other.drho(X, y), axis=-1)
        np.testing.assert_allclose(change, 0, atol=1e-11)


@pytest.mark.parametrize("kind", CONTINUOUS, ids=ids)
def test_rho_of_the_exponential_is_the_exponential_of_drho(kind):
    group, word = kind
    rep = Rep(word, group)
    for X in _tangents(group, 3):
        generator = rep.drho(X, np.eye(rep.size)).T
        wanted = expm(generator)
        np.testing.assert_allclose(rep.matrix(expm(X)), wanted, atol=1e-12 * np.abs(wanted).max())


@pytest.mark.parametrize("kind", CONTINUOUS, ids=ids)
def test_drho_keeps_brackets(kind):
    group, word = kind
    rep = Rep(word, group)
    X, Y = _tangents(group, 6).reshape(2, 3, group.n, group.n)
    x = _features(rep, 3)
    found = rep.drho(X, rep.drho(Y, x)) - rep.drho(Y, rep.drho(X, x))
    np.testing.assert_allclose(found, rep.drho(X @ Y - Y @ X, x), atol=1e-11)


@pytest.mark.parametrize("kind", CONTINUOUS, ids=ids)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_drho_is_the_derivative_that_torch_finds(kind, dtype):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    group, word = kind
    rep = Rep(word, group)
    eps = np.finfo(dtype).eps
    x = torch.from_numpy(_features(rep, 3).astype(dtype))
    X = torch.from_numpy(_tangents(group, 3).astype(dtype))
    one = torch.eye(group.n, dtype=x.dtype).repeat(len(X), 1, 1)
    found = _jvp(torch, lambda g: rep.rho(g, x), one, X)
    assert found.dtype == x.dtype
    np.testing.assert_allclose(rep.drho(X, x).numpy(), found.numpy(), atol=500 * eps)


def _jvp(torch, f, point, tangent):
    import warnings

    with warnings.catch_warnings():  # torch's own first forward-mode call runs torch.jit.script
        warnings.filterwarnings("ignore", message="`torch.jit.script` is deprecated", category=DeprecationWarning)
        return torch.func.jvp(f, (point,), (tangent,))[1]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind[0].n < 5], ids=ids)
def test_derivatives_through_g_and_x_are_those_of_differences(kind):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    group, word = kind
    rep = Rep(word, group)
    x = torch.from_numpy(_features(rep, 2)).requires_grad_()
    for element in (group.sample(1, seed=5, scale=1.0)[0], np.eye(group.n)):
        g = torch.from_numpy(element).requires_grad_("regular" not in word)  # its dependence on g is locally constant
        assert torch.autograd.gradcheck(lambda g, x: rep.rho(g, x).sum(0), (g, x), fast_mode=True)


@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a:UserWarning")
@pytest.mark.parametrize(
    "kind", [IN_BRIEF[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in IN_BRIEF[1:])], ids=ids
)
def test_under_torch_vmap_and_compile(kind):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    group, word = kind
    rep = Rep(word, group)
    g, x = torch.from_numpy(group.sample(3, seed=0, scale=1.0)), torch.from_numpy(_features(rep, 3))
    wanted = rep.rho(g, x)
    torch.testing.assert_close(torch.func.vmap(rep.rho)(g, x), wanted)
    torch.testing.assert_close(torch.func.vmap(rep.rho, in_dims=(0, None))(g, x[0]), rep.rho(g, x[0]))
    torch._dynamo.reset()
    torch.testing.assert_close(torch.compile(rep.rho, fullgraph=True, backend="eager")(g, x), wanted)


@pytest.mark.parametrize("kind", IN_BRIEF[:2], ids=ids)
def test_under_jax_jit_vmap_and_grad(kind):
    jax = pytest.importorskip("jax", reason="jax is an optional extra")
    group, word = kind
    rep = Rep(word, group)
    g, x = group.sample(3, seed=0, scale=1.0), _features(rep, 3)
    with jax.enable_x64(True):
        found = jax.jit(jax.vmap(rep.rho))(jax.numpy.asarray(g), jax.numpy.asarray(x))
        np.testing.assert_allclose(np.asarray(found), rep.rho(g, x), atol=1e-13)
        back = jax.jit(jax.grad(lambda x: jax.numpy.sum(rep.rho(g[0], x) ** 2) / 2))(jax.numpy.asarray(x[0]))
        np.testing.assert_allclose(np.asarray(back), x[0], atol=1e-12)  # orthogonal representations


def test_equivariance_error_takes_irreps_and_tensor_words():
    def cross(x):  # 1o x 1o -> 1e
        return np.cross(x[..., :3], x[..., 3:])

    x = np.random.default_rng(0).standard_normal((5, 6))
    report = equivariance_error(cross, O(3), x, "2x1o", "1e")
    assert report.verdict == "equivariant" and report.lie_total < 1e-16
    assert equivariance_error(cross, O(3), x, "2x1o", "1o").rms > 1

    def outer(v, w):
        return (v[..., :, None] * w[..., None, :]).reshape(*v.shape[:-1], 9)

    given = {"v": x[:, :3], "w": x[:, 3:]}
    words = {"v": "V", "w": "~V"}
    report = equivariance_error(outer, Linear(3), given, words, "T(1,1)", scale=0.5, samples=20)
    assert report.verdict == "equivariant" and report.lie_total < 1e-16
    trace = equivariance_error(
        lambda t: t[..., ::4].sum(-1, keepdims=True), Linear(3), outer(**given), "T(1,1)", "T0", scale=0.5
    )
    assert trace.verdict == "equivariant"
    assert equivariance_error(outer, Linear(3), given, words, "T2", scale=0.5, samples=20).verdict == "not equivariant"


@pytest.mark.cuda
@pytest.mark.parametrize("kind", KINDS, ids=ids)
def test_on_a_gpu_as_on_a_cpu(kind):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    group, word = kind
    rep = Rep(word, group)
    g, x = torch.from_numpy(group.sample(3, seed=0, scale=1.0)), torch.from_numpy(_features(rep, 3))
    for act, given in ((rep.rho, g), (rep.drho, 0.1 * g if group.dim else 0 * g)):
        found = act(given.cuda(), x.cuda())
        assert found.device.type == "cuda"
        torch.testing.assert_close(found.cpu(), act(given, x), atol=1e-11, rtol=1e-11)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not isinstance(kind[0], Linear)], ids=ids)
def test_copies_are_equal(kind):
    group, word = kind
    rep = Rep(word, group)
    twin = pickle.loads(pickle.dumps(copy.deepcopy(rep)))
    assert twin == rep and hash(twin) == hash(rep) and repr(twin) == repr(rep)
    g, x = group.sample(1, seed=0, scale=1.0)[0], _features(rep)
    np.testing.assert_array_equal(twin.rho(g, x), rep.rho(g, x))
