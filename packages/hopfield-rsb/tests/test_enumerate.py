"""The list of all states, against sums written out state by state and against closed forms."""

import itertools
import math

import numpy as np
import pytest

from hopfield_rsb import DenseHopfield, energy, enumerate_exact, enumeration, random_patterns
from hopfield_rsb._enumerate import blocks
from hopfield_rsb._kernels import levels


def all_states(N):
    """Return the states in the order of the documentation: bit i of the index is set where spin i is 1."""
    return np.array(list(itertools.product([-1, 1], repeat=N)))[:, ::-1]


@pytest.mark.parametrize("kernel, P", [("distinct", 4), ("power", 4), ("distinct", 3), ("power", 2)])
def test_thermodynamics_is_the_sum_over_states(kernel, P):
    model = DenseHopfield(P=P, kernel=kernel)
    N, K, T = 8, 5, 0.4
    patterns = random_patterns(N=N, K=K, seed=11)
    states = all_states(N)
    e = energy(model=model, patterns=patterns, states=states)
    found = enumerate_exact(model=model, N=N, K=K, T=T, seed=11, energies=True)
    np.testing.assert_allclose(found["energies"], e, rtol=1e-14, atol=1e-15)
    weights = np.exp(-N * e / T)
    Z = weights.sum()
    p = weights / Z
    fold = np.abs if P % 2 == 0 else np.asarray
    u = p @ e
    expected = {
        "lnZ": math.log(Z), "A": math.log(Z) / N, "f": -T * math.log(Z) / N, "u": u, "s": -p @ np.log(p) / N,
        "specific_heat": N * (p @ e**2 - u**2) / T**2, "m": p @ fold(states @ patterns[0] / N),
        "q": p @ fold(states @ states.T / N) @ p, "ground_energy": e.min(),
    }  # fmt: skip
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-11), name
    overlaps = (N + states @ states.T) // 2
    pairs = np.bincount(overlaps.ravel(), np.outer(p, p).ravel(), N + 1)
    np.testing.assert_allclose(found["overlap_probability"], pairs, atol=1e-14)
    assert found["ground_states"] == (e < e.min() + 1e-12).sum()


def test_one_pattern_of_two_bodies_is_the_curie_weiss_model():
    N, T = 16, 0.7
    M = np.arange(-N, N + 1, 2)
    weights = np.array([math.comb(N, a) for a in range(N + 1)]) * np.exp(M**2 / (2 * N * T))
    found = enumerate_exact(model=DenseHopfield(P=2, kernel="power"), N=N, K=1, T=T, seed=3)
    assert found["lnZ"] == pytest.approx(math.log(weights.sum()), rel=1e-13)
    assert found["u"] == pytest.approx(-(weights @ M**2) / weights.sum() / (2 * N**2), rel=1e-12)
    assert found["m"] == pytest.approx(weights @ np.abs(M) / weights.sum() / N, rel=1e-12)


@pytest.mark.parametrize("kernel, P, N", [("distinct", 4, 15), ("power", 3, 15)])
@pytest.mark.filterwarnings("ignore:P = 3 is odd")
def test_walk_and_blocks_list_the_same_integers(kernel, P, N):
    pytest.importorskip("numba", reason="the walk is compiled by the extra mc")
    from hopfield_rsb._enumerate_gray import walk

    patterns, table = random_patterns(N=N, K=9, seed=2), levels(DenseHopfield(P=P, kernel=kernel), N, 9).levels
    free = N - 1 if P % 2 == 0 else N
    walked, blocked = np.zeros((2, 2**free), np.int64)
    walk(patterns, table, free, walked)
    blocks(patterns, table, free, blocked)
    np.testing.assert_array_equal(walked, blocked)


def test_zero_temperature_is_the_limit_and_counts_ground_states():
    arguments = {"model": DenseHopfield(P=4, kernel="distinct"), "N": 10, "K": 12, "seed": 1}
    zero, cold = enumerate_exact(T=0, **arguments), enumerate_exact(T=1e-4, **arguments)
    assert zero["A"] == zero["lnZ"] == math.inf
    assert zero["s"] == pytest.approx(math.log(zero["ground_states"]) / 10, rel=1e-14)
    assert zero["u"] == zero["f"] == zero["ground_energy"] and zero["specific_heat"] == 0
    for name in ("u", "s", "m", "q", "f"):
        assert zero[name] == pytest.approx(cold[name], abs=2e-4 if name == "f" else 1e-12)


def test_many_temperatures_at_once_are_the_single_ones():
    arguments = {"model": DenseHopfield(P=4, kernel="power"), "N": 9, "alpha": 0.2, "seed": 5}
    T = np.array([0.0, 0.3, 2.0])
    together = enumerate_exact(T=T, **arguments)
    for i, temperature in enumerate(T):
        alone = enumerate_exact(T=temperature, **arguments)
        for name, value in alone.items():
            many = together[name]
            np.testing.assert_array_equal(many[i] if np.ndim(many) > np.ndim(value) else many, value)
    assert enumerate_exact(T=np.array([]), **arguments)["overlap_probability"].shape == (0, 10)


def test_derivatives_of_the_pressure():
    arguments = {"model": DenseHopfield(P=4, kernel="distinct"), "N": 10, "K": 20, "seed": 9}
    beta, h = 2.0, 1e-4
    low, mid, high = (enumerate_exact(T=1 / b, **arguments) for b in (beta - h, beta, beta + h))
    assert -(high["A"] - low["A"]) / (2 * h) == pytest.approx(mid["u"], rel=1e-7)
    assert -(beta**2) * (high["u"] - low["u"]) / (2 * h) == pytest.approx(mid["specific_heat"], rel=1e-6)
    assert mid["s"] == pytest.approx(mid["A"] + beta * mid["u"], rel=1e-13)


def test_no_patterns_are_free_spins():
    found = enumerate_exact(model=DenseHopfield(P=4, kernel="power"), N=6, K=0, T=0.5)
    assert found["A"] == pytest.approx(math.log(2), rel=1e-15) and found["u"] == 0
    binomial = [math.comb(6, a) / 2**6 for a in range(7)]
    np.testing.assert_allclose(found["overlap_probability"], binomial, rtol=1e-13)


def test_the_entry_is_one_temperature_of_it():
    arguments = {"model": DenseHopfield(P=4, kernel="power"), "N": 7, "K": 4, "seed": 2}
    alone, listed = enumeration(T=0.3, **arguments), enumerate_exact(T=0.3, **arguments)
    assert alone.keys() == listed.keys()
    for name, value in alone.items():
        np.testing.assert_array_equal(value, listed[name])
    with pytest.raises(TypeError, match="T must be one number"):
        enumeration(T=[0.3, 0.4], **arguments)


@pytest.mark.slow
def test_the_largest_size_is_the_curie_weiss_model_too():
    # With K = 1, P = 2 everything is a function of M: the sum over 2^22 states against the one over 23 overlaps.
    N, T = 22, 0.5
    M = np.arange(-N, N + 1, 2)
    weights = np.array([math.comb(N, a) for a in range(N + 1)]) * np.exp(M**2 / (2 * N * T))
    found = enumerate_exact(model=DenseHopfield(P=2, kernel="power"), N=N, K=1, T=T)
    assert found["lnZ"] == pytest.approx(math.log(weights.sum()), rel=1e-13)
    assert found["overlap_probability"].sum() == pytest.approx(1, abs=1e-11)


@pytest.mark.parametrize(
    "wrong, error, word",
    [
        ({"N": 23}, ValueError, "N must be between 4 and 22, got 23"),
        ({"N": 3}, ValueError, "N must be between"),
        ({"N": 10.0}, TypeError, "N must be an integer"),
        ({"T": -1.0}, ValueError, "T must lie"),
        ({"T": math.nan}, ValueError, "T must lie"),
        ({"T": np.ones((2, 2))}, ValueError, "T must be a number or a list"),
        ({"alpha": 0.1}, ValueError, "give one of alpha, K and patterns, got alpha and K"),
        ({"K": None}, ValueError, "got none of them"),
        ({"K": -1}, ValueError, "K must be at least 0"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"K": None, "patterns": np.ones((2, 9))}, ValueError, "patterns must have N = 8 sites"),
        ({"model": DenseHopfield(P=4)}, ValueError, "'gaussian'"),
        ({"model": None}, TypeError, "model must be"),
    ],
)
def test_wrong_input_is_refused(wrong, error, word):
    right = {"model": DenseHopfield(P=4, kernel="power"), "N": 8, "K": 3, "T": 1.0}
    with pytest.raises(error, match=word):
        enumerate_exact(**(right | wrong))
