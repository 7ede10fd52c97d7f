"""The compiled loops: detailed balance of the real code on all 16 states, and trajectories written out in numpy."""

import itertools
import math

import numpy as np
import pytest

from hopfield_rsb import DenseHopfield, energy, random_patterns
from hopfield_rsb._kernels import levels

pytest.importorskip("numba", reason="the loops are compiled by the extra mc")

from hopfield_rsb._monte_carlo_chains import Chains

NETWORKS = [("distinct", 2, 3), ("distinct", 3, 2), ("power", 4, 3), ("power", 3, 2), ("power", 2, 1)]


def chains_of(model, patterns, temperatures, heat_bath=False, replicas=2, start="pattern", seed=0):
    table = levels(model, patterns.shape[1], len(patterns))
    even = model.P % 2 == 0
    rng = np.random.default_rng(seed)
    return Chains(table, patterns, np.array(temperatures), replicas, start, heat_bath, even, rng)


def place(chains, states):
    """Put the chains into these states."""
    state = chains.state()
    chains.restore(state | {"spins": np.array(states, np.int8)})


def probability(happens):
    """Return the measure of the uniform numbers in [0, 1) for which something monotonic happens, to the last bit."""
    if not happens(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return high
        low, high = (middle, high) if happens(middle) else (low, middle)


@pytest.mark.parametrize("heat_bath", [False, True])
@pytest.mark.parametrize("kernel, P, K", NETWORKS)
@pytest.mark.filterwarnings("ignore:P = 3 is odd")
def test_detailed_balance_on_sixteen_states(kernel, P, K, heat_bath):
    N, T = 4, 0.6
    model = DenseHopfield(P=P, kernel=kernel)
    patterns = random_patterns(N=N, K=K, seed=P + K)
    states = list(itertools.product([-1, 1], repeat=N))
    weight = np.exp(-N * energy(model=model, patterns=patterns, states=np.array(states)) / T)
    weight /= weight.sum()
    chains = chains_of(model, patterns, [T], heat_bath)
    table, loops = chains.table, chains.loops

    def flips(state, site, uniform):
        place(chains, [state, state])
        own = chains.spins[0], chains.agreeing[0], chains.current[0], chains.sums[0]
        return loops.propose(chains.masks, table.even, table.odd, *own, chains.slopes[0], site, uniform, heat_bath)

    matrix = np.zeros((16, 16))
    for a, state in enumerate(states):
        for site in range(N):
            b = states.index(tuple(-s if i == site else s for i, s in enumerate(state)))
            matrix[a, b] = probability(lambda u, state=state, site=site: flips(state, site, u)) / N
        matrix[a, a] = 1 - matrix[a].sum()
    flow = weight[:, None] * matrix
    np.testing.assert_allclose(flow, flow.T, rtol=1e-14, atol=1e-17)
    np.testing.assert_allclose(weight @ matrix, weight, rtol=1e-14)
    assert (matrix >= 0).all() and np.linalg.matrix_rank(matrix - np.eye(16), tol=1e-10) == 15  # one stationary law


def test_exchanges_keep_the_product_of_two_laws():
    N, K, temperatures = 4, 3, (0.4, 0.9)
    model = DenseHopfield(P=4, kernel="power")
    patterns = random_patterns(N=N, K=K, seed=6)
    states = list(itertools.product([-1, 1], repeat=N))
    e = energy(model=model, patterns=patterns, states=np.array(states))
    cold, hot = (np.exp(-N * e / T) for T in temperatures)
    chains = chains_of(model, patterns, temperatures)

    def swaps(a, b, uniform):
        place(chains, [states[a], states[b]] * 2)
        chain, rung, count = np.array([[0, 1]]), np.array([0, 1]), np.zeros(2, np.int64)
        chains.loops.exchange(chains.sums, chains.slopes, rung, chain, 0, np.full((1, 2), uniform), count)
        assert count[0] == (chain.tolist() == [[1, 0]]) == (rung.tolist() == [1, 0])
        return bool(count[0])

    for a, b in itertools.combinations(range(0, 16, 3), 2):
        there = cold[a] * hot[b] * probability(lambda u, a=a, b=b: swaps(a, b, u))
        back = cold[b] * hot[a] * probability(lambda u, a=a, b=b: swaps(b, a, u))
        assert there == pytest.approx(back, rel=1e-14)


@pytest.mark.parametrize("heat_bath", [False, True])
@pytest.mark.parametrize("kernel, P, N", [("distinct", 4, 7), ("power", 3, 6), ("power", 6, 9)])
@pytest.mark.filterwarnings("ignore:P = 3 is odd")
def test_trajectories_are_those_of_plain_numpy(kernel, P, N, heat_bath):
    model, temperatures, sweeps, replicas = DenseHopfield(P=P, kernel=kernel), [0.3, 0.5, 0.9], 40, 2
    patterns = random_patterns(N=N, K=6, seed=N)
    chains = chains_of(model, patterns, temperatures, heat_bath, replicas, "random", seed=8)
    found = chains.sweep(sweeps)

    rng = np.random.default_rng(8)
    count = replicas * len(temperatures)
    spins = 2 * rng.integers(0, 2, (count, N)) - 1
    sites = rng.integers(0, N, (sweeps, count, N), dtype=np.int32)
    uniforms, places = rng.random((sweeps, count, N)), rng.random((sweeps, replicas, len(temperatures)))
    at = np.arange(count).reshape(replicas, -1)
    total = N * energy(model=model, patterns=patterns, states=spins)
    flips = 0
    moments, histogram = np.zeros((replicas, 3, 2)), np.zeros((3, N + 1))
    for t in range(sweeps):
        for c in range(count):
            T = temperatures[int(np.argwhere(at == c)[0, 1])]
            for site, uniform in zip(sites[t, c], uniforms[t, c], strict=True):
                turned = spins[c].copy()
                turned[site] *= -1
                other = N * float(energy(model=model, patterns=patterns, states=turned))
                change = (other - total[c]) / T
                if uniform < (1 / (1 + math.exp(change)) if heat_bath else math.exp(min(-change, 0))):
                    spins[c], total[c], flips = turned, other, flips + 1
        for r in range(replicas):
            for low in range(t % 2, 2, 2):
                a, b = at[r, low], at[r, low + 1]
                gain = (1 / temperatures[low] - 1 / temperatures[low + 1]) * (total[a] - total[b])
                if places[t, r, low] < math.exp(min(gain, 0)):
                    at[r, low], at[r, low + 1] = b, a
        first = spins[at] @ patterns[0] / N
        moments += np.stack([total[at] / N, np.abs(first) if P % 2 == 0 else first], -1)
        for rung in range(3):
            histogram[rung, (N + spins[at[0, rung]] @ spins[at[1, rung]]) // 2] += 1
    np.testing.assert_array_equal(chains.spins, spins)
    np.testing.assert_array_equal(chains.chain, at)
    np.testing.assert_allclose(found.moments[..., [0, 2]], moments, rtol=1e-12)
    np.testing.assert_array_equal(found.histogram, histogram)
    assert found.flips.sum() == flips > 0 and found.exchanged[:2].sum() > 0
    signed = (np.abs if P % 2 == 0 else np.asarray)(np.arange(-N, N + 1, 2) / N)
    np.testing.assert_allclose(found.pairs[0], np.stack([histogram @ signed, histogram @ signed**2], -1), rtol=1e-12)


@pytest.mark.parametrize("K", [1, 4, 700])
def test_sums_never_drift(K):
    model, N = DenseHopfield(P=4, kernel="distinct"), 24
    patterns = random_patterns(N=N, K=K, seed=1)
    chains = chains_of(model, patterns, [0.8], start="random")
    chains.sweep(300)
    kept = [array.copy() for array in (chains.agreeing, chains.current, chains.sums)]
    place(chains, chains.spins)
    for before, after in zip(kept, (chains.agreeing, chains.current, chains.sums), strict=True):
        np.testing.assert_array_equal(before, after)


def test_wide_levels_give_the_same_trajectory():
    # P = 10 needs 64 bits for the change of a level; the narrow storage of the other tests must not be what is right.
    model, N = DenseHopfield(P=10, kernel="distinct"), 60
    patterns = random_patterns(N=N, K=3, seed=1)
    chains = chains_of(model, patterns, [0.05], start="pattern")
    assert chains.table.odd.dtype == np.int64
    chains.sweep(20)
    e = energy(model=model, patterns=patterns, states=chains.spins)
    np.testing.assert_allclose(-0.5 * chains.table.unit * chains.sums[:, 0], e, rtol=1e-14)


def test_zero_temperature_goes_downhill_and_ends_in_a_minimum():
    model, N = DenseHopfield(P=4, kernel="power"), 20
    patterns = random_patterns(N=N, K=60, seed=3)
    chains = chains_of(model, patterns, [0.0], start="random")
    before = energy(model=model, patterns=patterns, states=chains.spins)
    for _ in range(20):
        chains.sweep(1)
        after = energy(model=model, patterns=patterns, states=chains.spins)
        assert (after <= before + 1e-14).all()
        before = after
    turned = chains.spins[0] * (1 - 2 * np.eye(N, dtype=int))
    assert (energy(model=model, patterns=patterns, states=turned) >= before[0] - 1e-14).all()
