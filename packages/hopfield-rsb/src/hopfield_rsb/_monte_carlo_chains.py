"""The chains of one draw of the patterns: replicas of a ladder of temperatures, their state, their next sweeps."""

import json
from typing import Any, NamedTuple

import numpy as np

from ._compiled import compiled_module
from ._kernels import Levels

_RANDOM = 2**20  # proposals whose random numbers are drawn at once


class Found(NamedTuple):
    """What some sweeps found: sums over them."""

    moments: np.ndarray  # (replicas, rungs, 4): energy a spin, its square, overlap with the first pattern, its square
    pairs: np.ndarray  # (pairs, rungs, 2): overlap of two replicas, its square
    histogram: np.ndarray  # (rungs, N+1): pairs of replicas by the number of sites where they agree
    flips: np.ndarray  # (rungs,)
    exchanged: np.ndarray  # (rungs,): with the next temperature
    tried: np.ndarray  # (rungs,)


class Chains:
    """Replicas at every temperature of a ladder, in one network."""

    def __init__(
        self, table: Levels, patterns: np.ndarray, temperatures: np.ndarray, replicas: int, start: str,
        heat_bath: bool, symmetric: bool, rng: np.random.Generator,
    ):  # fmt: skip
        K, N = patterns.shape
        rungs = len(temperatures)
        count = replicas * rungs
        self.loops = compiled_module("_monte_carlo_sweeps", "monte_carlo")
        self.table, self.rng, self.heat_bath, self.symmetric = table, rng, heat_bath, symmetric
        self.N, self.swept = N, 0
        self.masks = np.ascontiguousarray(-(patterns.T > 0).astype(np.int8))  # (N, K), a row a site
        with np.errstate(divide="ignore"):
            self.slopes = N * table.unit / 4 / temperatures
        if start == "pattern":
            self.spins = np.repeat(patterns[:1], count, 0)
        else:
            self.spins = (2 * rng.integers(0, 2, (count, N)) - 1).astype(np.int8)
        self.chain = np.arange(count).reshape(replicas, rungs)
        self.rung = np.tile(np.arange(rungs), replicas)
        self.agreeing = np.empty((count, K), np.int16)
        self.current = np.empty((count, K), table.odd.dtype)
        self.sums = np.empty((count, 3), np.int64)
        self._set_up()

    def _set_up(self) -> None:
        table = self.table
        self.loops.set_up(
            self.masks, table.levels, table.even, table.odd, self.spins, self.agreeing, self.current, self.sums
        )

    def sweep(self, sweeps: int) -> Found:
        """Make so many sweeps, each of N proposals at random sites."""
        replicas, rungs = self.chain.shape
        count, N = self.spins.shape
        moments = np.zeros((replicas, rungs, 4))
        pairs = np.zeros((replicas * (replicas - 1) // 2, rungs, 2))
        histogram = np.zeros((rungs, N + 1), np.int64)
        flips, exchanged = np.zeros((2, rungs), np.int64)
        parity = (self.swept + np.arange(sweeps)) & 1  # even and odd pairs take turns
        tried = replicas * np.array([np.sum(parity == (low & 1)) for low in range(rungs)])
        tried[-1] = 0
        most = max(_RANDOM // (count * N), 1)
        for start in range(0, sweeps, most):
            now = min(most, sweeps - start)
            sites = self.rng.integers(0, N, (now, count, N), dtype=np.int32)
            uniforms = self.rng.random((now, count, N))
            places = self.rng.random((now, replicas, rungs))
            self.loops.run(
                self.masks, self.table.even, self.table.odd, self.spins, self.agreeing, self.current, self.sums,
                self.slopes, self.rung, self.chain, sites, uniforms, places, self.heat_bath, self.swept & 1,
                self.symmetric, moments, pairs, histogram, flips, exchanged,
            )  # fmt: skip
            self.swept += now
        unit = -self.table.unit / 2
        moments[..., :2] *= unit, unit**2
        return Found(moments, pairs, histogram, flips, exchanged, tried)

    def state(self) -> dict[str, Any]:
        """Return what the next sweeps depend on; overlaps and sums follow from the spins exactly."""
        rng = json.dumps(self.rng.bit_generator.state)
        return {"spins": self.spins, "chain": self.chain, "rung": self.rung, "swept": self.swept, "rng": rng}

    def restore(self, state: Any) -> None:
        """Go on from a state."""
        self.spins, self.chain, self.rung = (np.array(state[name]) for name in ("spins", "chain", "rung"))
        self.swept = int(state["swept"])
        self.rng.bit_generator.state = json.loads(str(state["rng"]))
        self._set_up()
