"""The levels of all states, each one flip from the one before; compiled."""

import numpy as np

from ._compiled import jit


@jit
def walk(patterns, levels, free, total):
    """Write into total (2^free,) the sums of levels (N+1,) over patterns (K, N) for all signs of the first free sites.

    The other sites are 1; bit i of the index of a state is set where site i is 1.
    """
    K, N = patterns.shape
    columns = np.empty((N, K), np.int16)
    agreeing = np.zeros(K, np.int16)
    for i in range(N):
        for k in range(K):
            columns[i, k] = patterns[k, i]
            agreeing[k] += (patterns[k, i] > 0) == (i >= free)
    state = 0
    for step in range(2**free):
        if step:
            site = 0
            while not (step >> site) & 1:
                site += 1
            state ^= 1 << site
            sign = np.int16(1 if (state >> site) & 1 else -1)
            for k in range(K):
                agreeing[k] += sign * columns[site, k]
        found = np.int64(0)
        for k in range(K):
            found += levels[np.uint16(agreeing[k])]
        total[state] = found
