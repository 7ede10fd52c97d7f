"""Frames of numpy and jax arrays: those of tensors, compiled, vectorised and differentiated."""

import numpy as np
import pytest
import torch

import liegroups
from framesym import PCA, QR, RestFrame, Tuple, Weighted, frame_arrays

jax = pytest.importorskip("jax", reason="jax is in the extra `jax`")
jnp = jax.numpy

FRAMES = {
    repr(frame): frame
    for frame in (
        PCA(liegroups.SE(3)),
        PCA(liegroups.O(2)),
        QR(liegroups.E(3)),
        QR(liegroups.SO(3)),
        QR(liegroups.Lorentz(1, 3)),
        QR(liegroups.SU(2)),
        QR(liegroups.GL(3)),
        Weighted(liegroups.O(3)),
        Weighted(liegroups.SE(2), power=2),
    )
}
NAMES = ("linear", "inverse", "centroid", "weights", "mask", "projector", "gap", "rank", "degenerate")
COMPILED = ("PCA(SE(3))", "QR(GL(3))", "QR(SO+(1,3))", "Weighted(O(3))")


def inputs(frame, seed=0):
    random = np.random.default_rng(seed)
    x = random.standard_normal((2, 5, frame.d)) + 0.3
    mask = np.ones((2, 5), dtype=bool)
    mask[0, 4] = False
    return x, random.random((2, 5)) + 0.1, mask


def energy(frame, xp):
    """The average of a function without symmetry, in any library."""

    def of(x):
        arrays = frame_arrays(frame, x)
        z = arrays.canonical(x)
        wave = xp.sin(z * (1 + xp.asarray(np.arange(5 * frame.d).reshape(5, frame.d) / 7, dtype=z.dtype)) + 0.5)
        return arrays.average(wave.sum((-2, -1)))

    return of


@pytest.mark.parametrize(
    ("name", "slow"), [*((n, False) for n in FRAMES), *(pytest.param(n, True, marks=pytest.mark.slow) for n in FRAMES)]
)
def test_numpy_and_jax_agree_with_torch(name, slow):
    frame = FRAMES[name]
    x, weights, mask = inputs(frame)
    expected = frame(*map(torch.tensor, (x, weights, mask)))
    with jax.enable_x64(True):
        found = {"numpy": frame_arrays(frame, x, weights, mask)}
        if slow:
            found["jax"] = jax.jit(lambda *a: frame_arrays(frame, *a))(x, weights, mask)
        for library, arrays in found.items():
            assert type(arrays.linear).__module__.startswith(library[:3])
            if isinstance(frame, PCA):  # the signs of eigenvectors are the solver's: compare as sets
                distance = np.abs(np.asarray(arrays.linear)[:, :, None] - expected.linear.numpy()[:, None])
                assert distance.max((-2, -1)).min(-1).max() < 1e-13
                continue
            for field in NAMES:
                one, other = np.asarray(getattr(arrays, field)), getattr(expected, field).numpy()
                assert one.shape == other.shape
                if one.dtype == bool:
                    assert (one == other).all()
                else:
                    np.testing.assert_allclose(one, other, atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in COMPILED] + ["QR(SO(3))"])
def test_compiled_averages_and_gradients_are_those_of_torch(name):
    frame = FRAMES[name]
    x = inputs(frame)[0]
    tensor = torch.tensor(x, requires_grad=True)
    expected = energy(frame, torch)(tensor)
    gradient = torch.autograd.grad(expected.sum(), tensor)[0]
    with jax.enable_x64(True):
        total = lambda x: (lambda y: (y.sum(), y))(energy(frame, jnp)(x))
        (_, found), grads = jax.jit(jax.value_and_grad(total, has_aux=True))(x)
        np.testing.assert_allclose(found, expected.detach(), atol=1e-13, rtol=0)
        np.testing.assert_allclose(grads, gradient, atol=1e-11 * float(gradient.abs().max()), rtol=0)


@pytest.mark.slow
def test_vectorised_over_a_batch():
    frame = FRAMES["QR(SO(3))"]
    x = inputs(frame)[0]
    with jax.enable_x64(True):
        many = jax.jit(jax.vmap(lambda x: frame_arrays(frame, x)))(x)
        np.testing.assert_allclose(many.linear, frame_arrays(frame, x).linear, atol=1e-14, rtol=0)


def test_invariance_in_float32_without_x64():
    """jax has no float64 here: computed in float32, and nothing warns of a type that is not there."""
    for frame in (QR(liegroups.SO(2)), PCA(liegroups.SO(2))):
        x = inputs(frame)[0].astype(np.float32)
        R = liegroups.SO(2).sample(1, seed=0)[0].astype(np.float32)
        one, other = map(jax.jit(energy(frame, jnp)), (x, x @ R.T))
        assert one.dtype == jnp.float32
        assert float(jnp.abs(one - other).max()) < 2e-5


@pytest.mark.parametrize("word", ["vector", "point"])
def test_equivariant_averages(word):
    """Of points on a line, whose infinite stabiliser leaves a vector along the line only."""
    group = liegroups.E(3)
    line = np.array([[0.0], [1.0], [3.0]]) * np.array([1.0, 2.0, -1.0])
    g = group.sample(4, seed=0, scale=1.0)
    for frame in (QR(group), Weighted(group), PCA(group)):
        for x in (line, inputs(frame)[0][0]):
            copies = liegroups.Rep("point", group).rho(g[:, None], x)

            def head(x, frame=frame):
                arrays = frame_arrays(frame, x)
                z = arrays.canonical(x)
                return arrays.average(np.sin(z * np.arange(1.0, 4.0) + 0.5).sum(-2), word)

            expected = liegroups.Rep(word, group).rho(g, head(x))
            np.testing.assert_allclose(head(copies), expected, atol=1e-12, rtol=0)


@pytest.mark.slow
def test_pairs_of_largest_weight_under_jit():
    """As sets: the two orders of a pair weigh the same, so their places are the sort's."""
    frame = Weighted(liegroups.SO(3), max_pairs=3)
    x = inputs(frame)[0]
    cubes = lambda arrays: (np.asarray(arrays.weights)[..., None, None] * np.asarray(arrays.linear) ** 3).sum(-3)
    with jax.enable_x64(True):
        compiled = jax.jit(lambda x: frame_arrays(frame, x))
        found = compiled(x)
        assert found.linear.shape == (2, 6, 3, 3)
        np.testing.assert_allclose(cubes(found), cubes(frame_arrays(frame, x)), atol=1e-13, rtol=0)
        octahedron = np.stack([np.concatenate([np.eye(3), -np.eye(3)])[:5]] * 2)
        assert compiled(octahedron).degenerate.all()  # eight equal pairs, and room for three
        assert not found.degenerate.any()


@pytest.mark.slow
def test_degenerate_items_raise_where_they_are_seen_and_are_marked_under_jit():
    cube = np.array([[i, j, k] for i in (-1.0, 1) for j in (-1, 1) for k in (-1, 1)])
    touching = np.array([[[1.0, 1, 0, 0], [0, 0, 1, 0]]])
    for frame, x, reason in (
        (PCA(liegroups.SO(3)), cube[None], "eigenvalues of the covariance coincide"),
        (QR(liegroups.Lorentz(1, 3)), touching, "touches the light cone"),
    ):
        with pytest.raises(ValueError, match=f"has no frame for batch item 0: .*{reason}"):
            frame_arrays(frame, x)
        with jax.enable_x64(True):
            assert jax.jit(lambda x, frame=frame: frame_arrays(frame, x).degenerate)(x).tolist() == [True]


def test_bad_input():
    x = np.ones((4, 3))
    for frame in (Tuple(liegroups.SO(3)), RestFrame(liegroups.Lorentz(1, 3)), liegroups.SO(3)):
        with pytest.raises(TypeError, match="frame must be PCA, QR or Weighted without sampling for arrays"):
            frame_arrays(frame, x)
    with pytest.raises(TypeError, match="frame must be PCA, QR or Weighted without sampling"):
        frame_arrays(Weighted(liegroups.SO(3), max_pairs=2, sample=True), x)
    frame = QR(liegroups.SO(3))
    with pytest.raises(TypeError, match="x must be a numpy, torch or jax array, got list"):
        frame_arrays(frame, x.tolist())
    with pytest.raises(TypeError, match="weights must be an array of the library of x"):
        frame_arrays(frame, jnp.asarray(x, dtype=jnp.float32), np.ones(4))
    with pytest.raises(ValueError, match=r"x must have shape \(\*batch, n, 3\)"):
        frame_arrays(frame, np.ones((4, 2)))
    with pytest.raises(ValueError, match="x must be finite"):
        frame_arrays(frame, x * np.nan)
