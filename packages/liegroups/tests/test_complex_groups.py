"""Unitary groups and SL(n, C) as real matrices: their bases, and logarithms where the principal one does not do."""

import numpy as np
import pytest
from scipy.linalg import expm

from liegroups import SL, SO, SU, U

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def _complex(g):
    n = g.shape[-1] // 2
    return g[..., :n, :n] + 1j * g[..., n:, :n]


def _real(Z):
    return np.block([[Z.real, -Z.imag], [Z.imag, Z.real]])


def _with_angles(angles, seed=0, count=6):
    """Unitary matrices with known eigenvalue angles and random eigenvectors, and their logarithms, complex."""
    random = np.random.default_rng(seed)
    n = len(angles)
    V = np.linalg.qr(random.standard_normal((count, n, n)) + 1j * random.standard_normal((count, n, n)))[0]
    dagger = V.conj().swapaxes(1, 2)
    return V @ np.diag(np.exp(1j * np.array(angles))) @ dagger, V @ np.diag(1j * np.array(angles)) @ dagger


@pytest.mark.parametrize("group", [U(1), U(2), U(3), U(4), SU(2), SU(3), SU(4), SL(2, "C"), SL(3, "C")], ids=repr)
def test_generators_are_orthogonal_and_commute_with_i(group):
    table = group.generators()
    flat = table.reshape(group.dim, -1)
    gram = flat @ flat.T
    np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-14)
    i = _real(1j * np.eye(group.n // 2))
    np.testing.assert_array_equal(table @ i, i @ table)
    rotations = SO(group.n // 2).dim
    np.testing.assert_allclose(np.sqrt(np.diag(gram))[:rotations], 2)


def test_dimensions_are_those_of_the_classical_groups():
    for n in (1, 2, 3, 4):
        assert U(n).dim == n * n and SU(n).dim == n * n - 1 and SL(n, "C").dim == 2 * (n * n - 1)


def test_su2_generators_are_the_pauli_matrices_times_i():
    """Rotations first: [[0, -1], [1, 0]] = -i sigma_y, then i sigma_x and i sigma_z."""
    np.testing.assert_array_equal(_complex(SU(2).generators()), [-1j * PAULI[1], 1j * PAULI[0], 1j * PAULI[2]])


def test_su3_diagonals_are_those_of_gell_mann():
    found = _complex(SU(3).generators()[-2:])
    np.testing.assert_allclose(found[0], 1j * np.diag([1, -1, 0]), atol=1e-15)
    np.testing.assert_allclose(found[1], 1j * np.diag([1, 1, -2]) / np.sqrt(3), atol=1e-15)


@pytest.mark.parametrize("group", [U(3), SU(3), SL(2, "C")], ids=repr)
def test_composition_is_that_of_complex_matrices(group):
    a, b = group.sample(5, 0, scale=0.5), group.sample(5, 1, scale=0.5)
    np.testing.assert_allclose(_complex(group.compose(a, b)), _complex(a) @ _complex(b), atol=1e-14)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize(
    "angles",
    [(0.3,), (1.0, -2.0), (1.0, 1.0, 1.0), (1e-7, 2.0, 3.1), (np.pi - 1e-6, -1.0), (2.0, -2.0, 2.0, np.pi - 1e-4)],
    ids=str,
)
def test_unitary_log_finds_known_angles(angles, backend):
    Z, X = _with_angles(angles)
    group = U(len(angles))
    found = group.hat(group.log(backend.array(np.array([_real(z) for z in Z]))))
    wanted = np.array([_real(x) for x in X])
    np.testing.assert_allclose(backend.numpy(found), wanted, atol=60 * backend.eps)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("angles", [(np.pi,), (np.pi, np.pi), (np.pi, 1.0, np.pi), (np.pi, 0.0, -1.0)], ids=str)
def test_at_minus_one_the_unitary_angle_is_plus_pi(angles, backend):
    Z, X = _with_angles(angles)
    group = U(len(angles))
    found = group.hat(group.log(backend.array(np.array([_real(z) for z in Z]))))
    np.testing.assert_allclose(backend.numpy(found), np.array([_real(x) for x in X]), atol=100 * backend.eps)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("angles", [(np.pi, 1.3), (np.pi, np.pi, -0.7), (np.pi, np.pi, np.pi)], ids=str)
@pytest.mark.parametrize("special", [False, True], ids=["U", "SU"])
def test_next_to_minus_one_exp_inverts_the_unitary_log(angles, special, backend):
    """At every distance from eigenvalues -1, to 40 roundings: those of the input, the spectrum and its exponential."""
    angles = (*angles, -sum(angles)) if special else angles
    n = len(angles)
    turns, _ = _with_angles(angles, count=100)
    random = np.random.default_rng(5)
    X = random.standard_normal((100, n, n)) + 1j * random.standard_normal((100, n, n))
    X = (X - X.conj().swapaxes(1, 2)) / 2
    X = X - special * np.trace(X, axis1=1, axis2=2)[:, None, None] * np.eye(n) / n
    Z = np.concatenate([turns @ expm(10.0**-k * X) for k in range(1, 17)])
    group = (SU if special else U)(n)
    W = group.hat(group.log(backend.array(np.array([_real(z) for z in Z]))))
    W = _complex(backend.numpy(W).astype(np.float64))
    np.testing.assert_allclose(expm(W), Z, rtol=0, atol=40 * backend.eps)


SHIFTED = [
    ((2.5, 2.0, 2 * np.pi - 4.5), (2.5 - 2 * np.pi, 2.0, 2 * np.pi - 4.5)),  # the sum is 2 pi: one is shifted
    ((-2.5, -2.0, 4.5 - 2 * np.pi), (2 * np.pi - 2.5, -2.0, 4.5 - 2 * np.pi)),
    ((np.pi, np.pi), (np.pi, -np.pi)),
    ((np.pi, 0.5, np.pi - 0.5), (-np.pi, 0.5, np.pi - 0.5)),
]


@pytest.mark.parametrize(("angles", "wanted"), SHIFTED, ids=str)
def test_special_unitary_log_has_no_trace(angles, wanted):
    Z = _with_angles(angles)[0]
    group = SU(len(angles))
    g = np.array([_real(z) for z in Z])
    assert group.contains(g).all()
    v = group.log(g)
    np.testing.assert_allclose(group.exp(v), g, atol=2e-14)
    spectrum = np.sort(np.linalg.eigvals(_complex(group.hat(v))).imag, axis=-1)
    np.testing.assert_allclose(spectrum, np.broadcast_to(np.sort(wanted), spectrum.shape), atol=1e-13)


@pytest.mark.parametrize("group", [SU(2), SU(3), SU(4), SU(5), U(2), U(4)], ids=repr)
def test_every_unitary_matrix_has_a_log_in_the_algebra(group):
    g = group.sample(2000, seed=3)
    np.testing.assert_allclose(group.exp(group.log(g)), g, atol=1e-12)


def test_minus_one_in_su2_and_the_centre_of_su3():
    np.testing.assert_allclose(SU(2).exp(SU(2).log(-np.eye(4))), -np.eye(4), atol=1e-14)
    centre = _real(np.exp(2j * np.pi / 3) * np.eye(3))
    v = SU(3).log(centre)
    np.testing.assert_allclose(SU(3).exp(v), centre, atol=1e-14)
    spectrum = np.sort(np.linalg.eigvals(_complex(SU(3).hat(v))).imag)
    np.testing.assert_allclose(spectrum, np.array([-4, 2, 2]) * np.pi / 3, atol=1e-13)


def test_strangers_have_no_unitary_log():
    with pytest.raises(ValueError, match=r"g has 1 element\(s\) outside of U\(2\)"):
        U(2).log(np.diag([1.0, 1.0, 1.0, -1.0]))
    with pytest.raises(ValueError, match=r"outside of SU\(2\)"):
        SU(2).log(_real(1j * np.eye(2)))


def test_complex_special_linear_logs_of_nonzero_trace_are_refused():
    """diag of angles 2.5, 2.0, 2 pi - 4.5: the principal logarithm has the trace 2 pi i."""
    g = _real(np.diag(np.exp(1j * np.array([2.5, 2.0, 2 * np.pi - 4.5]))))
    assert SL(3, "C").contains(g)
    with pytest.raises(ValueError, match=r"without a principal logarithm in the algebra of SL\(3, C\)"):
        SL(3, "C").log(g)


def test_field_is_checked():
    with pytest.raises(ValueError, match="field of SL\\(n\\) must be 'R' or 'C', not 'H'"):
        SL(2, field="H")
    assert SL(2) != SL(2, field="C") and SL(2, "R") == SL(2)
