"""Irreps of SO(3) and O(3): the basis of e3nn, harmonic functions, characters, precision everywhere."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import sph_harm_y

from liegroups import SO, O, Rep

FROZEN = json.loads(Path(__file__).with_name("e3nn_irreps.json").read_text())
DEGREES = range(12)


def _irrep(l, group=None, parity=None):  # noqa: E741
    return Rep(f"1x{l}{parity or 'eo'[l % 2]}", group or SO(3))


def _turn(axis, angle):
    return SO(3).exp(np.asarray(axis, dtype=float) / np.linalg.norm(axis) * angle)


# un-jitted jax compiles for every degree
IN_LIBRARIES = [
    pytest.param(degree, library, marks=[pytest.mark.slow] if library == "jax" and degree != 3 else [])
    for degree in DEGREES
    for library in ("numpy", "torch", "jax")
]


@pytest.mark.parametrize(("l", "library"), [case for case in IN_LIBRARIES if str(case.values[0]) in FROZEN])
def test_frozen_matrices_of_e3nn(l, backend64):  # noqa: E741
    R = np.reshape(FROZEN["R"], (3, 3))
    wanted = np.reshape(FROZEN[str(l)], (2 * l + 1, 2 * l + 1))
    found = backend64.numpy(_irrep(l).matrix(backend64.array(R)))
    np.testing.assert_allclose(found, wanted, atol=1e-13)


@pytest.mark.parametrize("l", DEGREES)
def test_against_e3nn(l):  # noqa: E741
    pytest.importorskip("e3nn", reason="e3nn is a peer to compare with, and not installed", exc_type=ImportError)
    import torch
    from e3nn import o3

    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        for group, seed in ((SO(3), 0), (O(3), 1)):
            g = group.sample(20, seed)
            for parity in "eo":
                wanted = o3.Irrep(f"{l}{parity}").D_from_matrix(torch.from_numpy(g)).numpy()
                found = _irrep(l, O(3), parity).matrix(g)
                np.testing.assert_allclose(found, wanted, atol=2e-13)
        text = str(o3.Irreps("4x0e+2x1o+3e"))
        rep = Rep(text, O(3))
        assert str(rep).replace(" ", "") == text.replace(" ", "")
        wanted = o3.Irreps(text).D_from_matrix(torch.from_numpy(g)).numpy()
        np.testing.assert_allclose(rep.matrix(g), wanted, atol=2e-13)
    finally:
        torch.set_default_dtype(default)


def _harmonics(l, x):  # noqa: E741
    """Real harmonics from scipy's complex ones: polar axis y, azimuth from z to x, no Condon-Shortley sign."""
    theta, phi = np.arccos(x[..., 1]), np.arctan2(x[..., 0], x[..., 2])
    columns = []
    for m in range(-l, l + 1):
        value = (-1) ** m * sph_harm_y(l, abs(m), theta, phi)
        columns.append(value.real if m == 0 else np.sqrt(2) * (value.imag if m < 0 else value.real))
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("l", DEGREES)
def test_harmonic_functions_of_turned_points(l):  # noqa: E741
    x = np.random.default_rng(0).standard_normal((20, 3))
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    R = SO(3).sample(20, seed=1)
    turned = (R @ x[..., None])[..., 0]
    found = _irrep(l).rho(R, _harmonics(l, x))
    np.testing.assert_allclose(found, _harmonics(l, turned), atol=2e-13)


def test_the_vector_is_x_y_z():
    R = SO(3).sample(5, seed=0)
    np.testing.assert_array_equal(Rep("1o", SO(3)).matrix(R), R)
    for X, basis in zip(SO(3).generators(), np.eye(3), strict=True):
        np.testing.assert_array_equal(Rep("1o", O(3)).drho(X, basis), X @ basis)


@pytest.mark.parametrize("l", DEGREES)
def test_characters(l, dtype):  # noqa: E741
    angle = np.array([1e-3, 0.3, 1.0, 2.0, 3.0, np.pi])
    R = np.array([_turn([1, -2, 0.5], one) for one in angle]).astype(dtype)
    found = np.trace(_irrep(l).matrix(R), axis1=-2, axis2=-1)
    assert found.dtype == dtype
    wanted = np.sin((l + 0.5) * angle) / np.sin(angle / 2)
    np.testing.assert_allclose(found, wanted, atol=10 * (2 * l + 1) * (l + 1) * np.finfo(dtype).eps)


@pytest.mark.parametrize(("l", "library"), IN_LIBRARIES)
def test_matrices_are_orthogonal_to_rounding(l, backend):  # noqa: E741
    R = backend.array(SO(3).sample(50, seed=2))
    D = backend.numpy(_irrep(l).matrix(R))
    defect = np.abs(D @ D.transpose(0, 2, 1) - np.eye(2 * l + 1)).max()
    assert defect < 10 * (l + 1) * backend.eps


@pytest.mark.parametrize("l", [0, 1, 2, 3, 6])
def test_parity(l):  # noqa: E741
    R = SO(3).sample(4, seed=3)
    for parity, sign in (("e", 1), ("o", -1)):
        rep = _irrep(l, O(3), parity)
        np.testing.assert_allclose(rep.matrix(-R), sign * rep.matrix(R), atol=1e-13)
        np.testing.assert_array_equal(_irrep(l, SO(3), parity).matrix(R), _irrep(l, SO(3)).matrix(R))


@pytest.mark.parametrize("l", DEGREES)
def test_generators_have_the_casimir_of_spin_l(l):  # noqa: E741
    rep = _irrep(l)
    J = np.array([rep.drho(X, np.eye(2 * l + 1)).T for X in SO(3).generators()])
    np.testing.assert_array_equal(J, -J.transpose(0, 2, 1))
    np.testing.assert_allclose(sum(j @ j for j in J), -l * (l + 1) * np.eye(2 * l + 1), atol=1e-12)
    for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        np.testing.assert_allclose(J[a] @ J[b] - J[b] @ J[a], J[c], atol=1e-12)
    # The rotation about the polar axis turns the pair (m, -m) with speed m.
    np.testing.assert_allclose(J[1], np.fliplr(np.diag(np.arange(l, -l - 1, -1.0))), atol=1e-13)


@pytest.mark.parametrize("l", [2, 5, 11])
@pytest.mark.parametrize("R", [np.eye(3), _turn([0, 1, 0], np.pi), _turn([1, 0, 0], np.pi), _turn([0, 1, 0], 0.3)])
def test_derivatives_at_the_poles_of_euler_angles(l, R):  # noqa: E741
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    rep = _irrep(l)
    x = np.random.default_rng(0).standard_normal(rep.size)
    y = np.random.default_rng(1).standard_normal(rep.size)
    g = torch.from_numpy(R).requires_grad_()
    (gradient,) = torch.autograd.grad((rep.rho(g, torch.from_numpy(x)) * torch.from_numpy(y)).sum(), g)
    for X in SO(3).generators():
        wanted = y @ rep.rho(R, rep.drho(X, x))  # along R exp(tX)
        np.testing.assert_allclose(np.sum(gradient.numpy() * (R @ X)), wanted, atol=1e-11)


def test_a_tensor_of_two_vectors_splits_into_three_irreps():
    # Fulton and Harris, Representation Theory, 11.11: V_1 (x) V_1 = V_0 + V_1 + V_2; characters tell them apart.
    R = O(3).sample(50, seed=0)
    tensor, irreps = Rep("1o * 1o", O(3)).matrix(R), Rep("0e + 1e + 2e", O(3)).matrix(R)
    np.testing.assert_allclose(*(np.trace(m, axis1=1, axis2=2) for m in (tensor, irreps)), atol=1e-13)
