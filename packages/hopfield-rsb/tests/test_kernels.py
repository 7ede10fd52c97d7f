"""Kernels of literal patterns, their crosstalk, and the energies of states, against sums over subsets and over patterns."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from hopfield_rsb import (
    SK,
    DenseHopfield,
    Hopfield,
    crosstalk_covariance,
    elementary_symmetric,
    energy,
    kernel_table,
    pattern_count,
    random_patterns,
)
from hopfield_rsb._kernels import levels
from hopfield_rsb._patterns import load_of


def by_generating_function(N, P, positive):
    """Return the coefficient of t^P in (1+t)^positive (1-t)^(N-positive)."""
    return sum((-1) ** j * math.comb(N - positive, j) * math.comb(positive, P - j) for j in range(P + 1))


@pytest.mark.parametrize("N, P", [(1, 0), (5, 1), (7, 2), (8, 3), (9, 4), (10, 6), (4, 4), (3, 5)])
def test_elementary_symmetric_is_the_sum_over_subsets(N, P):
    for positive, value in enumerate(elementary_symmetric(N, P)):
        x = [1] * positive + [-1] * (N - positive)
        assert value == sum(math.prod(subset) for subset in itertools.combinations(x, P))


@pytest.mark.parametrize("N, P", [(128, 4), (200, 6), (61, 10)])
def test_elementary_symmetric_is_the_generating_function(N, P):
    assert elementary_symmetric(N, P) == [by_generating_function(N, P, a) for a in range(N + 1)]


def test_elementary_symmetric_of_degree_four_in_closed_form():
    N = 40
    for value, M in zip(elementary_symmetric(N, 4), range(-N, N + 1, 2), strict=True):
        assert 24 * value == M**4 - (6 * N - 8) * M**2 + 3 * N**2 - 6 * N


@pytest.mark.parametrize("kernel", ["distinct", "power"])
@pytest.mark.parametrize("P, N", [(2, 5), (3, 8), (4, 12), (6, 31)])
@pytest.mark.filterwarnings("ignore:P = 3 is odd")
def test_flips_change_the_levels_by_the_tables(kernel, P, N):
    model = DenseHopfield(P=P, kernel=kernel)
    table = levels(model, N, 1000)
    np.testing.assert_allclose(table.unit * table.levels, kernel_table(model=model, N=N), rtol=1e-15, atol=1e-300)
    for a in range(N + 1):
        if a:  # an agreeing site turns
            assert table.even[a] + table.odd[a] == 2 * (table.levels[a - 1] - table.levels[a])
        if a < N:
            assert table.even[a] - table.odd[a] == 2 * (table.levels[a + 1] - table.levels[a])


def test_levels_that_would_overflow_are_rounded_with_a_known_error():
    model = DenseHopfield(P=12, kernel="power")
    N, K = 200, 10**6
    table = levels(model, N, K)
    exact = [Fraction(M, N) ** 12 for M in range(-N, N + 1, 2)]
    worst = max(abs(Fraction(table.unit) * int(level) - f) for level, f in zip(table.levels, exact, strict=True))
    assert 0 < worst * K < Fraction(K**2, 2**59)
    assert 8 * K * int(np.abs(table.levels).max()) < 2**63


@pytest.mark.parametrize("kernel", ["distinct", "power"])
def test_energy_is_that_of_the_couplings(kernel):
    # The sum over P-tuples of sites of products of Hebbian couplings, written out.
    rng = np.random.default_rng(5)
    N, K, P = 7, 3, 4
    patterns, states = 2 * rng.integers(0, 2, (K, N)) - 1, 2 * rng.integers(0, 2, (6, N)) - 1
    tuples = itertools.permutations(range(N), P) if kernel == "distinct" else itertools.product(range(N), repeat=P)
    sites = np.array(list(tuples))
    couplings = np.prod(patterns[:, sites], -1).sum(0)
    expected = -(N / 2) / N**P * (np.prod(states[:, sites], -1) @ couplings) / N
    found = energy(model=DenseHopfield(P=P, kernel=kernel), patterns=patterns, states=states.reshape(2, 3, N))
    np.testing.assert_allclose(found, expected.reshape(2, 3), rtol=1e-13)


def covariance_by_enumeration(kernel, P, N, flipped):
    """Sum over all patterns, by the numbers of signs that agree on the common and on the differing sites."""
    f = kernel_table(model=DenseHopfield(P=P, kernel=kernel), N=N)
    common = N - flipped
    cov = mean_a = mean_b = 0.0
    for i in range(common + 1):
        for j in range(flipped + 1):
            weight = math.comb(common, i) * math.comb(flipped, j) / 2**N
            a, b = f[i + j], f[i + flipped - j]
            cov, mean_a, mean_b = cov + weight * a * b, mean_a + weight * a, mean_b + weight * b
    return (cov - mean_a * mean_b) * N**P / 4


@pytest.mark.parametrize("kernel", ["distinct", "power"])
@pytest.mark.parametrize("P, N", [(2, 10), (3, 11), (4, 10), (4, 40), (6, 30)])
@pytest.mark.filterwarnings("ignore:P = 3 is odd")
def test_crosstalk_is_the_sum_over_patterns(kernel, P, N):
    model = DenseHopfield(P=P, kernel=kernel, load_unit="K")
    found = crosstalk_covariance(model=model, N=N)
    expected = [covariance_by_enumeration(kernel, P, N, flipped) for flipped in range(N, -1, -1)]
    np.testing.assert_allclose(found["covariance"], expected, rtol=1e-9, atol=1e-9 * abs(expected[-1]))


@pytest.mark.parametrize("kernel, at_400", [("distinct", 2.400), ("power", 13.80)])
def test_crosstalk_tends_to_the_noise_of_the_theory(kernel, at_400):
    # P = 4 at q = 0.8 and alpha_K = 1: 6 q^4 and 18 q^2 + 6 q^4, with corrections of order 1/N
    model = DenseHopfield(P=4, kernel=kernel, load_unit="K")
    limit = 6 * 0.8**4 + (18 * 0.8**2 if kernel == "power" else 0)
    gaps = []
    for N in (10, 50, 100, 200, 400):
        found = crosstalk_covariance(model=model, N=N)
        place = round(0.9 * N)
        assert found["q"][place] == pytest.approx(0.8) and found["limit"][place] == pytest.approx(limit)
        gaps.append(N * (found["covariance"][place] - limit))
    assert found["covariance"][place] == pytest.approx(at_400, abs=0.005)
    assert abs(gaps[-1] - gaps[-2]) < abs(gaps[-2] - gaps[-3]) < abs(gaps[-3] - gaps[-4])
    assert abs(gaps[-1] - gaps[-2]) < 0.02 * abs(gaps[-1])  # so the gap is c/N


def test_crosstalk_scales_with_the_load_in_its_unit():
    per_k = crosstalk_covariance(model=DenseHopfield(P=4, kernel="distinct", load_unit="K"), N=20, alpha=0.1)
    paper = crosstalk_covariance(model=DenseHopfield(P=4, kernel="distinct"), N=20, alpha=1.2)
    np.testing.assert_allclose(per_k["covariance"], paper["covariance"], rtol=1e-14)


@pytest.mark.parametrize("kernel, P, expected", [("distinct", 4, 6554), ("power", 4, 6554), ("power", 2, 19)])
def test_loads_are_counted_in_patterns(kernel, P, expected):
    model = DenseHopfield(P=P, kernel=kernel)
    count = pattern_count(model=model, N=64, alpha=0.3)  # paper unit: K = 2 alpha N^3 / 4! at P = 4, alpha N at P = 2
    assert count == expected
    assert load_of(model, 64, count) == pytest.approx(0.3, rel=0.02)
    assert pattern_count(model=model, N=64, alpha=load_of(model, 64, count)) == count


def test_integers_of_numpy_do_not_overflow():
    # 128^10 is beyond 64 bits
    model = DenseHopfield(P=10, kernel="distinct")
    np.testing.assert_array_equal(kernel_table(model=model, N=np.int64(128)), kernel_table(model=model, N=128))
    few = crosstalk_covariance(model=model, N=np.int32(30))
    np.testing.assert_array_equal(few["covariance"], crosstalk_covariance(model=model, N=30)["covariance"])


def test_patterns_are_fair_independent_and_repeat():
    patterns = random_patterns(N=200, K=500, seed=4)
    assert patterns.dtype == np.int8 and set(np.unique(patterns)) == {-1, 1}
    assert abs(patterns.mean()) < 4 / np.sqrt(patterns.size)
    correlations = (patterns.astype(float) @ patterns.T)[np.triu_indices(500, 1)] / np.sqrt(200)
    assert correlations.var() == pytest.approx(1, abs=4 * np.sqrt(2 / len(correlations)))
    assert (random_patterns(N=200, K=500, seed=4) == patterns).all()
    assert (random_patterns(N=200, K=500, seed=4, draw=1) != patterns).any()
    assert random_patterns(N=5, K=0).shape == (0, 5)


@pytest.mark.parametrize(
    "call, error, word",
    [
        (lambda: elementary_symmetric(4.0, 2), TypeError, "N must be an integer"),
        (lambda: elementary_symmetric(4, -1), ValueError, "P must be at least 0"),
        (lambda: kernel_table(model=DenseHopfield(P=4), N=10), ValueError, "model has the kernel 'gaussian'"),
        (lambda: kernel_table(model="power", N=10), TypeError, "model must be a network of patterns"),
        (lambda: kernel_table(model=DenseHopfield(P=4, kernel="distinct"), N=3), ValueError, "N must be at least 4"),
        (lambda: random_patterns(N=10**4, K=10**9), ValueError, "more than 8 GiB"),
        (lambda: random_patterns(N=4, K=-1), ValueError, "K must be at least 0"),
        (lambda: pattern_count(model=DenseHopfield(P=4, kernel="power"), N=10, alpha=-0.1), ValueError, "alpha must"),
        (lambda: pattern_count(model=DenseHopfield(P=4, kernel="power"), N=10, alpha=math.nan), ValueError, "alpha must"),
        (lambda: pattern_count(model=DenseHopfield(P=4, kernel="power"), N=10, alpha="1"), TypeError, "alpha must"),
        (lambda: energy(model=DenseHopfield(P=2, kernel="power"), patterns=[[1, 0]], states=[1, 1]), ValueError, "patterns must be made"),
        (lambda: energy(model=DenseHopfield(P=2, kernel="power"), patterns=[[1, 1]], states=[1, 1, 1]), ValueError, "states must have the 2 sites"),
        (lambda: energy(model=DenseHopfield(P=2, kernel="power"), patterns=[1, 1], states=[1, 1]), ValueError, "patterns must have 2 dimensions"),
    ],
)  # fmt: skip
def test_wrong_input_is_refused(call, error, word):
    with pytest.raises(error, match=word):
        call()


@pytest.mark.parametrize("diagonal, kernel", [(True, "power"), (False, "distinct")])
def test_the_pairwise_network_is_that_of_two_bodies(diagonal, kernel):
    model, same = Hopfield(diagonal=diagonal), DenseHopfield(P=2, kernel=kernel)
    np.testing.assert_array_equal(kernel_table(model=model, N=9), kernel_table(model=same, N=9))
    assert pattern_count(model=model, N=50, alpha=0.14) == pattern_count(model=same, N=50, alpha=0.14) == 7
    with pytest.raises(TypeError, match="network of patterns such as DenseHopfield, got SK"):
        kernel_table(model=SK(), N=9)


def test_energy_of_no_states_and_of_no_patterns():
    model = DenseHopfield(P=2, kernel="power")
    assert energy(model=model, patterns=[[1, 1, -1]], states=np.ones((0, 3))).shape == (0,)
    assert energy(model=model, patterns=np.ones((0, 3)), states=np.ones((2, 3))).tolist() == [0.0, 0.0]
