"""Replica-symmetric states a second: a 100 x 100 grid against scipy's fsolve, interleaved on one core.

The peer solves the same two equations with `scipy.optimize.fsolve` and a vectorised Gauss-Hermite rule of 101 nodes, on a
sub-grid that is scaled to the whole.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
import time

import numpy as np
from scipy.optimize import fsolve

from hopfield_rsb import DenseHopfield, rs

P, SIZE, EVERY, ROUNDS = 4, 100, 5, 5
NODES, WEIGHTS = np.polynomial.hermite.hermgauss(101)
NODES, WEIGHTS = NODES * np.sqrt(2), WEIGHTS / np.sqrt(np.pi)


def residual(unknown, alpha, beta):
    m, q = unknown
    h = beta * P / 2 * m ** (P - 1) + beta * np.sqrt(alpha * P / 2 * abs(q) ** (P - 1)) * NODES
    t = np.tanh(h)
    return [WEIGHTS @ t - m, WEIGHTS @ (t * t) - q]


def main():
    """Print states a second of both, and their ratio."""
    T, alpha = (grid.ravel() for grid in np.meshgrid(np.linspace(0.02, 0.7, SIZE), np.linspace(0.02, 0.6, SIZE)))
    few = slice(None, None, EVERY * EVERY + 1)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        state = rs(model=DenseHopfield(P=P), alpha=alpha, T=T)
        ours.append((time.perf_counter() - start) / len(T))
        start = time.perf_counter()
        answers = [
            fsolve(residual, [0.99, 0.99], (a, 1 / t), xtol=1e-12, full_output=True)
            for a, t in zip(alpha[few], T[few], strict=True)
        ]
        theirs.append((time.perf_counter() - start) / len(answers))
    warm = state["converged"][few] & (T[few] > 0.4)  # where a Gauss-Hermite rule of 101 nodes is good to six digits
    found = np.array([answer[0][0] for answer in answers])
    agree = np.abs(found - state["m"][few])[warm].max()
    ratio = min(theirs) / min(ours)
    answered = state["converged"] | (state["branch"] == "none")
    print(
        f"P = {P}, {SIZE} x {SIZE} states, 1 core: all answered {answered.all()}, retrieval {state['converged'].mean():.4f}"
    )
    print(f"ours {1 / min(ours):.0f} states/s, fsolve {1 / min(theirs):.0f} states/s, ratio {ratio:.1f}")
    print(f"largest difference of m above T = 0.4: {agree:.1e}")


if __name__ == "__main__":
    main()
