"""Simulation throughput on one core: P = 4 against vectorised numpy, P = 2 against dwave-samplers, interleaved.

P = 4, kernel distinct, alpha = T = 0.3, all chains on the first pattern. The peer is the same Metropolis step on numpy
arrays: the levels before and after the flip are looked up for all patterns at once. A proposal costs one term a
pattern, so the figure is pattern-terms a second; ours includes random numbers and measurements, and neither includes
what is done once for a network. P = 2: `SimulatedAnnealingSampler` at a constant temperature, from the pattern, one
read. It keeps local fields: a proposal costs it nothing, an accepted flip N terms, where ours costs K terms and a few
more. So the ratio depends on the temperature, and both ends are shown. Times are of the processor, as differences
between a long and a short run.
"""

# /// script
# dependencies = ["dwave-samplers>=1.5"]
# ///

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
import time

import numpy as np
from _setting import print_setting

from hopfield_rsb import DenseHopfield, Hopfield, energy, kernel_table, monte_carlo, random_patterns

ROUNDS = 5


def seconds(call, short, long):
    """Return processor seconds a unit between two lengths of a run."""
    times = []
    for length in (short, long):
        start = time.process_time()
        call(length)
        times.append(time.process_time() - start)
    return (times[1] - times[0]) / (long - short)


def numpy_sweeps(patterns, table, T, sweeps):
    """Metropolis sweeps of one chain on numpy arrays; returns the spins."""
    N = patterns.shape[1]
    rng = np.random.default_rng(1)
    s = patterns[0].astype(np.int64)
    agreeing = (patterns @ s + N) // 2
    for _ in range(sweeps):
        for site, uniform in zip(rng.integers(0, N, N), rng.random(N), strict=True):
            after = agreeing - s[site] * patterns[:, site]
            if uniform < np.exp(min(N / 2 * (table[after] - table[agreeing]).sum() / T, 0)):
                agreeing, s[site] = after, -s[site]
    return s


def dense():
    model, T = DenseHopfield(P=4, kernel="distinct"), 0.3
    for N, ours_sweeps, peer_sweeps in ((64, 2000, 12), (128, 150, 3)):
        K = round(0.3 * N**3 / 12)
        patterns = random_patterns(N=N, K=K, seed=1)
        table, wide = kernel_table(model=model, N=N), patterns.astype(np.int64)

        def run(sweeps, patterns=patterns, N=N):
            monte_carlo(model=model, N=N, T=T, patterns=patterns, replicas=2, sweeps=sweeps, burn_in=0)

        run(1)  # compiles
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(seconds(run, ours_sweeps // 10, ours_sweeps) / (2 * N))
            theirs.append(
                seconds(lambda n, wide=wide, table=table: numpy_sweeps(wide, table, T, n), 1, peer_sweeps) / N
            )
        print(
            f"P = 4, N = {N}, K = {K}: {1 / min(ours):.3g} proposals/s = {K / min(ours) / 1e9:.2f} G pattern-terms/s; "
            f"numpy {K / min(theirs) / 1e9:.3f} G; ratio {min(theirs) / min(ours):.0f}"
        )


def pairs():
    from dimod import BinaryQuadraticModel
    from dwave.samplers import SimulatedAnnealingSampler

    N, K = 1000, 100
    model = Hopfield()
    patterns = random_patterns(N=N, K=K, seed=1)
    wide = patterns.astype(float)
    couplings = -(wide.T @ wide) / N  # -H = (1/2N) sum_ij: a pair occurs twice
    bqm = BinaryQuadraticModel({}, {(i, j): couplings[i, j] for i in range(N) for j in range(i)}, 0.0, "SPIN")
    sampler = SimulatedAnnealingSampler()
    start = dict(enumerate(patterns[0].tolist()))
    for T in (0.3, 0.7):
        last = []

        def peer(sweeps, T=T, last=last):
            result = sampler.sample(
                bqm, num_reads=1, num_sweeps=sweeps, beta_schedule_type="custom", beta_schedule=[1 / T] * sweeps,
                num_sweeps_per_beta=1, initial_states=start, seed=3,
            )  # fmt: skip
            last.append(np.array([result.first.sample[i] for i in range(N)]))

        def run(sweeps, T=T):
            return monte_carlo(model=model, N=N, T=T, patterns=patterns, replicas=2, sweeps=sweeps, burn_in=0)

        run(1)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(seconds(run, 20, 400) / (2 * N))
            theirs.append(seconds(peer, 20, 2000) / N)
        found = run(400)
        ends = [float(energy(model=model, patterns=patterns, states=state)) for state in last[1::2]]
        print(
            f"P = 2, N = {N}, K = {K}, T = {T}, {100 * found['acceptance']:.1f} % taken: {1 / min(ours):.3g} "
            f"proposals/s, dwave-samplers {1 / min(theirs):.3g}; ratio {min(theirs) / min(ours):.2f}; energy a spin "
            f"{found['u']:.3f} against {np.mean(ends):.3f}"
        )


def main():
    """Print proposals a second of both sides."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print_setting("hopfield-rsb", "numpy", "numba", "dwave-samplers")
    dense()
    pairs()


if __name__ == "__main__":
    main()
