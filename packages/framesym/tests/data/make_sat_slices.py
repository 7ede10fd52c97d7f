"""Write small sets in the text format of EXP and CEXP, made of our own graphs: `python make_sat_slices.py`.

A pair of EXP is one cycle of 2m nodes, or two of m, of nodes of alternating kind, beside the same random tree: not
isomorphic, and equal for the 1-WL test. In CEXP every second pair has different trees instead, which that test sees.
"""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "framesym" / "graphs"
PAIRS = 12


def cycles(lengths):
    edges, start = [], 0
    for length in lengths:
        edges += [(start + k, start + (k + 1) % length) for k in range(length)]
        start += length
    return edges, [k % 2 for k in range(start)]


def tree(parents, start):
    return [(start + k + 1, start + parent) for k, parent in enumerate(parents)], [1] * (len(parents) + 1)


def lines(edges, kinds, label, rng):
    n = len(kinds)
    names = rng.permutation(n)
    adjacency = np.zeros((n, n), bool)
    for u, v in edges:
        adjacency[names[u], names[v]] = adjacency[names[v], names[u]] = True
    kind = np.empty(n, int)
    kind[names] = kinds
    yield f"{n} {label}"
    for u in range(n):
        neighbours = np.flatnonzero(adjacency[u])
        yield " ".join(map(str, [kind[u], len(neighbours), *neighbours]))


def main():
    for name in ("EXP", "CEXP"):
        rng = np.random.default_rng(0)
        text = [str(2 * PAIRS)]
        for pair in range(PAIRS):
            m = int(rng.choice([4, 6, 8]))
            parents = [int(rng.integers(k + 1)) for k in range(int(rng.integers(5, 12)))]
            other = [0] * (len(parents) - 1) + [1] if name == "CEXP" and pair % 2 else parents
            for label, lengths, family in ((1, [2 * m], parents), (0, [m, m], other)):
                ring, kinds = cycles([2 * m] if other is not parents else lengths)
                branches, more = tree(family, len(kinds))
                text += lines(ring + branches, kinds + more, label, rng)
        (FOLDER / f"{name}_GRAPHSAT.txt").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
