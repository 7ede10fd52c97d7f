r"""The line T = alpha at finite N, where the first pattern is a sample of the equilibrium.

With Gaussian noise of the covariance that K patterns of the kernel `distinct` have at N, the network at
T = K P!/(2 N^(P-1)) is a planted model at its Bayes temperature: the mean energy per spin is that of the planted state,
u = -f(1)/2 = -N!/(2 (N-P)! N^P) at every N (the gauge identity of Nishimori), and -1/2 in the limit.
"""

import numpy as np
import pytest

from hopfield_rsb import DenseHopfield, kernel_table, monte_carlo

pytest.importorskip("numba", reason="the simulation is compiled by the extra mc")

MODEL = DenseHopfield(P=4, kernel="distinct")


def planted(N, draws, seed):
    """Return u by draws, after some sweeps from the planted pattern: few enough that none of the others is met."""
    return monte_carlo(model=MODEL, N=N, alpha=0.3, T=0.3, draws=draws, replicas=2, sweeps=20, burn_in=10, seed=seed)


@pytest.mark.slow
def test_energy_extrapolates_to_one_half():
    sizes, means, errors = np.array([64, 96, 128]), [], []
    for N in sizes:
        u = planted(N, 40, 2026)["draw_u"]
        means.append(u.mean())
        errors.append(u.std(ddof=1) / np.sqrt(len(u)))
    design = np.stack([np.ones(3), 1 / sizes], -1) / np.array(errors)[:, None]
    covariance = np.linalg.inv(design.T @ design)
    limit = (covariance @ design.T @ (np.array(means) / errors))[0]
    assert np.sqrt(covariance[0, 0]) < 0.02
    assert abs(limit + 0.5) < 3 * np.sqrt(covariance[0, 0])


@pytest.mark.slow
@pytest.mark.parametrize("N", [96, 128])
def test_energy_is_that_of_the_planted_pattern_at_every_size(N):
    # The energy of the pattern itself has the exact mean -f(1)/2: as a control variate it takes away most of the
    # scatter between draws, and what is left tests the simulation to a part in a thousand.
    found = planted(N, 60, 7)
    u, pattern = found["draw_u"], found["draw_pattern_u"]
    exact = -kernel_table(model=MODEL, N=N)[-1] / 2
    covariance = np.cov(u, pattern)
    left = u - covariance[0, 1] / covariance[1, 1] * (pattern - exact)
    error = left.std(ddof=2) / np.sqrt(len(u))
    assert error < 0.0015 and found["m"] < 0.995  # not the start itself
    assert abs(left.mean() - exact) < 3 * error
