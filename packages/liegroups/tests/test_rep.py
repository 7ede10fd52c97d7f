"""Feature words as representations: explicit matrices, the homomorphism, the derivative."""

import numpy as np
import pytest
from scipy.linalg import expm

from liegroups import SE, SO, Dihedral, E, O, Rep, Symmetric

GROUPS = [SO(2), O(3), SE(2), E(3), Dihedral(4), Symmetric(3)]
WORDS = ["scalar", "pseudoscalar", "vector", "pseudovector", "point", "tensor:0", "tensor:1", "tensor:2", "tensor:3"]


def _linear(g, group):
    return g[:-1, :-1] if group.affine else g


def _by_hand(word, group, g, x):
    """The same action from explicit matrices: determinants and Kronecker powers of numpy."""
    R = _linear(g, group)
    det = np.linalg.det(R)
    if word == "point":
        return x @ R.T + (g[:-1, -1] if group.affine else 0)
    if word.startswith("tensor"):
        table = np.eye(1)
        for _ in range(int(word[7:])):
            table = np.kron(table, R)
        return x @ table.T
    if word in ("vector", "pseudovector"):
        return x @ R.T * (det if word == "pseudovector" else 1)
    return x * (det if word == "pseudoscalar" else 1)


# jax compiles for every shape: by default with the group that has all: reflections, translations.
CASES = [
    pytest.param(group, library, marks=[pytest.mark.slow] if library == "jax" and group != E(3) else [])
    for group in GROUPS
    for library in ("numpy", "torch", "jax")
]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(("group", "library"), CASES)
def test_rho_is_the_explicit_matrix(group, word, backend64):
    rep = Rep(word, group)
    x = np.random.default_rng(0).standard_normal((5, rep.size or 4))
    g = group.sample(3, seed=1, scale=1.0)
    wanted = np.array([_by_hand(word, group, one, x) for one in g])
    for i in range(3):
        found = backend64.numpy(rep.rho(g[i], backend64.array(x)))
        np.testing.assert_allclose(found, wanted[i], atol=1e-13)
    batched = rep.rho(backend64.array(g)[:, None], backend64.array(x))  # batch axes of g and x broadcast
    if not rep.trivial:
        np.testing.assert_allclose(backend64.numpy(batched), wanted, atol=1e-13)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("group", [SO(2), O(3), SE(2), E(3)], ids=repr)
def test_drho_is_the_derivative_along_the_exponential(group, word):
    rep = Rep(word, group)
    x = np.random.default_rng(0).standard_normal((5, rep.size or 4))
    step = 1e-4
    for X in group.generators():
        ends = [rep.rho(expm(h * X), x) for h in (step, -step)]
        np.testing.assert_allclose(rep.drho(X, x), (ends[0] - ends[1]) / (2 * step), atol=1e-7)


@pytest.mark.parametrize("word", ["vector", "tensor:2", "point", "pseudovector"])
@pytest.mark.parametrize("group", [O(2), E(2)], ids=repr)
def test_elements_move_to_the_library_and_dtype_of_the_features(group, word, backend):
    rep = Rep(word, group)
    x = backend.array(np.ones((5, rep.size)))
    backend.numpy(rep.rho(group.sample(1, seed=0, scale=1.0)[0], x))
    for X in group.generators():
        backend.numpy(rep.drho(X, x))


def test_sizes_follow_the_space_and_not_the_homogeneous_matrices():
    assert [Rep(word, E(3)).size for word in ("vector", "point", "tensor:0", "tensor:2")] == [3, 3, 1, 9]
    assert [Rep(word, O(3)).size for word in ("scalar", "pseudoscalar", "invariant")] == [None] * 3


def test_invariants_are_left_alone_whatever_they_are():
    rep = Rep("invariant", SO(3))
    mask = np.array([True, False])
    assert rep.rho(np.eye(3), mask) is mask
    assert rep.rho(np.eye(3), "label") == "label"
    assert not rep.drho(SO(3).generators()[0], mask).any()


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("vectro", "vector"),
        ("Scalar", "scalar"),
        ("points", "point"),
        ("tensor", "tensor:k"),
        ("pseudo-vector", "pseudovector"),
    ],
)
def test_an_unknown_word_answers_with_the_nearest(word, near):
    with pytest.raises(ValueError, match=f"unknown feature word '{word}', did you mean '{near}'"):
        Rep(word, SO(3))


@pytest.mark.parametrize("word", ["", "zzz", "tensor:-1", "tensor:01", "tensor:x", "tensor:1.5"])
def test_malformed_words_are_refused(word):
    with pytest.raises(ValueError, match="unknown feature word"):
        Rep(word, SO(3))


def test_a_word_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="a feature word is a string"):
        Rep(3, SO(3))  # type: ignore[arg-type]


def test_shapes_that_do_not_fit_name_the_argument():
    with pytest.raises(ValueError, match=r"x of Rep\('vector', SO\(3\)\) must have shape \(..., 3\), not \(4, 2\)"):
        Rep("vector", SO(3)).rho(np.eye(3), np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"g of Rep\('vector', SO\(3\)\) must have shape \(..., 3, 3\), not \(2, 2\)"):
        Rep("vector", SO(3)).rho(np.eye(2), np.ones((4, 3)))
    with pytest.raises(ValueError, match="x has dtype int64"):
        Rep("vector", SO(3)).rho(np.eye(3), np.ones(3, dtype=np.int64))


def test_equal_words_of_equal_groups_are_equal():
    assert Rep("vector", SO(3)) == Rep("vector", SO(3)) != Rep("vector", O(3))
    assert len({Rep("vector", SO(3)), Rep("vector", SO(3)), Rep("point", SO(3))}) == 2
