"""Permutation and regular representations against multiplication tables made by search."""

import numpy as np
import pytest

from liegroups import Cyclic, Dihedral, Rep, Symmetric, equivariance_error

GROUPS = [Cyclic(1), Cyclic(2), Cyclic(5), Dihedral(1), Dihedral(4), Symmetric(1), Symmetric(3), Symmetric(4)]


def _place(elements, g):
    (found,) = [k for k, e in enumerate(elements) if np.allclose(e, g, atol=1e-9)]
    return found


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_regular_representation_is_the_multiplication_table(group):
    rep, elements = Rep("regular", group), group.elements()
    assert rep.size == len(elements)
    for g in elements:
        matrix = np.zeros((rep.size, rep.size))
        for h, other in enumerate(elements):
            matrix[_place(elements, g @ other), h] = 1.0  # rho(g) e_h = e_gh
        np.testing.assert_array_equal(rep.matrix(g), matrix)
    characters = np.trace(rep.matrix(elements), axis1=1, axis2=2)
    np.testing.assert_array_equal(characters, [rep.size] + [0] * (rep.size - 1))


def test_functions_move_with_the_inverse_in_every_library(backend):
    group = Dihedral(3)
    rep, elements = Rep("regular", group), group.elements()
    f = np.random.default_rng(0).standard_normal((2, rep.size)).astype(backend.dtype)
    moved = backend.numpy(rep.rho(backend.array(elements)[:, None], backend.array(f)))
    for i, g in enumerate(elements):
        for k, h in enumerate(elements):
            np.testing.assert_array_equal(moved[i, :, k], f[:, _place(elements, g.T @ h)])


def test_perm_is_the_action_on_coordinates():
    group = Symmetric(4)
    g, x = group.elements(), np.arange(4.0)
    moved = Rep("perm", group).rho(g, x)
    for matrix, y in zip(g, moved, strict=True):
        for i, j in enumerate(matrix.argmax(axis=0)):  # P e_i = e_j
            assert y[j] == x[i]


def test_matrices_outside_the_group_are_refused():
    rep = Rep("regular", Cyclic(4))
    stranger = np.array([[0.8, -0.6], [0.6, 0.8]])
    with pytest.raises(ValueError, match="g has 1 matrices that are none of the 4 elements"):
        rep.rho(np.array([np.eye(2), stranger]), np.ones(4))
    with pytest.raises(ValueError, match="none of the 4 elements"):
        rep.rho(np.full((2, 2), np.nan), np.ones(4))
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    hidden = torch.func.vmap(rep.rho, in_dims=(0, None))(torch.tensor([[[1.0, 0], [0, 1]]] * 2), torch.ones(4))
    assert torch.isfinite(hidden).all()
    hidden = torch.func.vmap(rep.rho, in_dims=(0, None))(torch.from_numpy(stranger)[None], torch.ones(4).double())
    assert torch.isnan(hidden).all()


def test_elements_that_form_no_group_are_refused():
    class Broken(type(Cyclic(3))):
        def elements(self):
            return super().elements()[:2]

    with pytest.raises(ValueError, match="not closed under products"):
        Rep("regular", Broken(3))


def test_circular_convolution_is_equivariant():
    kernel = np.random.default_rng(0).standard_normal(5)

    def convolve(f):
        return np.stack([sum(kernel[j] * f[..., (i - j) % 5] for j in range(5)) for i in range(5)], axis=-1)

    x = np.random.default_rng(1).standard_normal((4, 5))
    report = equivariance_error(convolve, Cyclic(5), x, "regular", "regular")
    assert report.verdict == "equivariant" and report.method == "sum"
    assert equivariance_error(lambda f: f[..., :1], Cyclic(5), x, "regular", "T0").verdict == "not equivariant"
