"""Replica-symmetric states a second: a 100 x 100 grid of (alpha, T) against scipy's fsolve, interleaved on one core.

The peer is what papers do, made fast: `scipy.optimize.fsolve` from m = q = 0.99 with a vectorised Gauss-Hermite rule of
101 nodes, on every tenth load and temperature of the same grid. Neither side compiles anything. An answer is right if a
retrieval state is found exactly where the load is below the spinodal of that temperature.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
import time
import warnings

import numpy as np
from _setting import print_setting
from scipy.optimize import fsolve

from hopfield_rsb import DenseHopfield, capacity, rs

P, ROUNDS = 4, 7
LOADS, TEMPERATURES = np.linspace(0.02, 0.6, 100), np.linspace(0.02, 0.7, 100)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(101)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def excess(unknown, alpha, T):
    m, q = unknown
    t = np.tanh((P / 2 * m ** (P - 1) + np.sqrt(alpha * P / 2 * abs(q) ** (P - 1)) * NODES) / T)
    return [WEIGHTS @ t - m, WEIGHTS @ (t * t) - q]


def peer(alpha, T):
    unknown, info, _, _ = fsolve(excess, [0.99, 0.99], (alpha, T), xtol=1e-12, full_output=True)
    return unknown[0], np.abs(info["fvec"]).max() < 1e-10 and unknown[0] > 1e-3


def main():
    """Print states a second of both, their ratio, and how often each is right."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print_setting("hopfield-rsb", "numpy", "scipy")
    warnings.simplefilter("ignore", RuntimeWarning)  # fsolve complains beyond the spinodal
    model = DenseHopfield(P=P)
    alpha, T = (grid.ravel() for grid in np.meshgrid(LOADS, TEMPERATURES))
    few = np.flatnonzero(np.isin(alpha, LOADS[5::10]) & np.isin(T, TEMPERATURES[5::10]))
    ours, theirs = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        state = rs(model=model, alpha=alpha, T=T)
        ours.append((time.perf_counter() - start) / len(alpha))
        start = time.perf_counter()
        answers = [peer(alpha[cell], T[cell]) for cell in few]
        theirs.append((time.perf_counter() - start) / len(few))
    ends = [capacity(model=model, T=float(temperature))["alpha"] for temperature in TEMPERATURES]
    exists = alpha < np.repeat(ends, len(LOADS))
    right = (state["converged"] == exists).sum()
    found = np.array([answer[1] for answer in answers])
    error = np.abs(np.array([answer[0] for answer in answers]) - state["m"][few])[found & exists[few]]
    warm = T[few][found & exists[few]] > 0.4  # a Gauss-Hermite rule of 101 nodes is good there, and poor below
    print(f"P = {P}, {len(LOADS)} x {len(TEMPERATURES)} states, 1 core, best of {ROUNDS}")
    print(f"hopfield_rsb.rs {1 / min(ours):.0f} states/s, right in {right} of {len(alpha)} cells")
    print(f"fsolve {1 / min(theirs):.0f} states/s, right in {(found == exists[few]).sum()} of {len(few)} cells")
    print(f"ratio {min(theirs) / min(ours):.1f}")
    print(f"difference of m: {error[warm].max():.0e} above T = 0.4, {error.max():.0e} below (the peer's error)")


if __name__ == "__main__":
    main()
