r"""The inner loops of the simulation, compiled.

A flip of site i changes the levels of the patterns by $\sum_\mu [\mathrm{even}(a_\mu) + \xi^\mu_i s_i\,
\mathrm{odd}(a_\mu)]/2$. The first sum is the same for all sites and changes with accepted flips only. The second is one
pass over the patterns without a branch: the `odd` of the current overlaps, kept in memory, are masked by the bits of
the site's row and added. All sums are of integers, so their order, and with it the machine, cannot change a trajectory.
"""

import numpy as np

from ._compiled import jit


@jit
def set_up(masks, levels, even, odd, spins, agreeing, current, sums):
    """Fill the overlaps and the sums of every chain from its spins.

    masks (N, K): -1 where the pattern is 1, else 0. Per chain: spins (N,), agreeing (K,) the number of sites that agree
    with each pattern, current (K,) the odd change there, sums (3,) of levels, even and odd.
    """
    N, K = masks.shape
    for c in range(len(spins)):
        agreeing[c] = 0
        for i in range(N):
            for k in range(K):
                agreeing[c, k] += (masks[i, k] != 0) == (spins[c, i] > 0)
        sums[c] = 0
        for k in range(K):
            a = agreeing[c, k]
            current[c, k] = odd[a]
            sums[c, 0] += levels[a]
            sums[c, 1] += even[a]
            sums[c, 2] += odd[a]


@jit
def propose(masks, even, odd, spins, agreeing, current, sums, slope, site, uniform, heat_bath):
    """Flip one site of one chain, or not, and return whether it was flipped.

    slope is half of minus the exponent of the Boltzmann weight per level; infinite at T = 0.
    """
    K = masks.shape[1]
    chosen = np.int64(0)
    for k in range(K):
        chosen += np.int64(current[k]) & np.int64(masks[site, k])
    s = np.int64(spins[site])
    change = sums[1] + s * (2 * chosen - sums[2])
    exponent = slope * change if change != 0 else 0.0
    if heat_bath:
        if uniform >= 1 / (1 + np.exp(-exponent)):
            return 0
    elif exponent < 0 and uniform >= np.exp(exponent):
        return 0
    for k in range(K):
        agreeing[k] += np.int16(s * (1 + 2 * masks[site, k]))
    total_even, total_odd = np.int64(0), np.int64(0)
    for k in range(K):
        a = np.uint16(agreeing[k])  # no test for a negative index
        current[k] = odd[a]
        total_even += even[a]
        total_odd += odd[a]
    sums[0] += change >> 1
    sums[1] = total_even
    sums[2] = total_odd
    spins[site] = -s
    return 1


@jit
def exchange(sums, slopes, rung, chain, first, uniforms, exchanged):
    """Let chains at neighbouring temperatures change places, the pairs (first, first+1), (first+2, first+3), ...

    rung (chains,) is the place of a chain on the ladder; chain (replicas, rungs) the inverse; slopes (rungs,).
    """
    replicas, rungs = chain.shape
    for r in range(replicas):
        for low in range(first, rungs - 1, 2):
            a, b = chain[r, low], chain[r, low + 1]
            exponent = 2 * (slopes[low + 1] - slopes[low]) * (sums[a, 0] - sums[b, 0])
            if exponent >= 0 or uniforms[r, low] < np.exp(exponent):
                chain[r, low], chain[r, low + 1] = b, a
                rung[a], rung[b] = low + 1, low
                exchanged[low] += 1


@jit
def run(
    masks, even, odd, spins, agreeing, current, sums, slopes, rung, chain, sites, uniforms, places, heat_bath, parity,
    symmetric, moments, pairs, histogram, flips, exchanged,
):  # fmt: skip
    """Make one sweep for every row of the random numbers, and add what it finds to the accumulators.

    sites, uniforms (sweeps, chains, N); places (sweeps, replicas, rungs) for the exchanges. Accumulators: moments
    (replicas, rungs, 4) of levels, their squares, overlap with the first pattern and its square; pairs (pairs, rungs,
    2) of the overlap of two replicas and its square, histogram (rungs, N+1) of it; flips and exchanged (rungs,).
    """
    N, K = masks.shape
    replicas, rungs = chain.shape
    for t in range(len(sites)):
        for c in range(len(spins)):
            slope, done = slopes[rung[c]], 0
            for step in range(N):
                done += propose(
                    masks, even, odd, spins[c], agreeing[c], current[c], sums[c], slope, sites[t, c, step],
                    uniforms[t, c, step], heat_bath,
                )  # fmt: skip
            flips[rung[c]] += done
        if rungs > 1:
            exchange(sums, slopes, rung, chain, (parity + t) & 1, places[t], exchanged)
        for r in range(replicas):
            for place in range(rungs):
                c = chain[r, place]
                level = np.float64(sums[c, 0])
                m = (2 * agreeing[c, 0] - N) / N if K else 0.0
                if symmetric:
                    m = abs(m)
                moments[r, place, 0] += level
                moments[r, place, 1] += level * level
                moments[r, place, 2] += m
                moments[r, place, 3] += m * m
                for other in range(r):
                    d, same = chain[other, place], 0
                    for i in range(N):
                        same += spins[c, i] == spins[d, i]
                    histogram[place, same] += 1
                    q = (2 * same - N) / N
                    if symmetric:
                        q = abs(q)
                    pair = r * (r - 1) // 2 + other
                    pairs[pair, place, 0] += q
                    pairs[pair, place, 1] += q * q
