"""A simulation over several draws of the patterns that can be interrupted: its accumulators and its checkpoint."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ._monte_carlo_chains import Chains

BINS = 512  # averages over equal numbers of sweeps that are kept as a series
BLOCKS = 32  # coarser, for what is not a mean of the series
_SAVE_EVERY = 30.0  # seconds
_REPORT_EVERY = 0.5

Progress = Callable[[int, int, str], None] | None


class Draw(NamedTuple):
    """The record of one draw."""

    series: np.ndarray  # (bins, replicas, rungs, 4)
    pairs: np.ndarray  # (bins, pairs, rungs, 2)
    histogram: np.ndarray  # (blocks, rungs, N+1)
    flips: np.ndarray  # (rungs,)
    exchanged: np.ndarray  # (rungs,)
    tried: np.ndarray  # (rungs,)
    sweeps: np.ndarray  # (): measured
    pattern_energy: np.ndarray  # (): of the first pattern


class Run:
    """Draws made so far and the one under way."""

    def __init__(self, plan: dict[str, Any], checkpoint: Path | None, progress: Progress, budget: float | None):
        self.plan, self.progress = plan, progress
        self.path = None if checkpoint is None else Path(checkpoint) / "chains.npz"
        self.limit = None if budget is None else 60 * budget
        self.done: list[Draw] = []
        self.spent, self.clock = 0.0, time.process_time()
        self.saved = self.reported = time.monotonic()
        self.under_way: Any = None
        if self.path is not None and self.path.exists():
            self._load()

    def draw(self, index: int, chains: Chains, pattern_energy: float, burn_in: int, sweeps: int) -> bool:
        """Simulate one draw and return whether the budget allows another."""
        every = -(-sweeps // BINS)
        bins = -(-sweeps // every)
        blocks = min(BLOCKS, bins)
        replicas, rungs = chains.chain.shape
        series = np.zeros((bins, replicas, rungs, 4))
        pairs = np.zeros((bins, replicas * (replicas - 1) // 2, rungs, 2))
        histogram = np.zeros((blocks, rungs, chains.N + 1), np.int64)
        flips, exchanged, tried = np.zeros((3, rungs), np.int64)
        kept = {"series": series, "pairs": pairs, "histogram": histogram}
        kept |= {"flips": flips, "exchanged": exchanged, "tried": tried}
        if self.under_way is not None:
            for name, array in kept.items():
                array[...] = self.under_way[name]
            chains.restore(self.under_way)
            self.under_way = None
        goes_on = True
        while chains.swept < burn_in + sweeps and goes_on:
            if chains.swept < burn_in:
                chains.sweep(min(every, burn_in - chains.swept))
                if not self._has_time():  # the end of the draw, but not without a measurement
                    burn_in = chains.swept
            else:
                place = (chains.swept - burn_in) // every
                count = min(every, burn_in + sweeps - chains.swept)
                found = chains.sweep(count)
                series[place] = found.moments / count
                pairs[place] = found.pairs / count
                histogram[place * blocks // bins] += found.histogram
                flips += found.flips
                exchanged += found.exchanged
                tried += found.tried
                goes_on = self._has_time()
            self._tell(index, chains.swept, burn_in + sweeps)
            self._save(_SAVE_EVERY, {**chains.state(), **kept})
        measured = chains.swept - burn_in
        used = -(-measured // every)
        counted = histogram[: (used - 1) * blocks // bins + 1]
        record = (series[:used], pairs[:used], counted, flips, exchanged, tried, measured, pattern_energy)
        self.done.append(Draw(*map(np.asarray, record)))
        self._save(0.0, None)
        return goes_on

    def _has_time(self) -> bool:
        now = time.process_time()
        self.spent, self.clock = self.spent + now - self.clock, now
        return self.limit is None or self.spent < self.limit

    def _tell(self, index: int, swept: int, sweeps: int) -> None:
        draws, now = self.plan["draws"], time.monotonic()
        last = swept == sweeps and index == draws - 1
        if self.progress is not None and (now - self.reported > _REPORT_EVERY or last):
            self.reported = now
            self.progress(index * sweeps + swept, draws * sweeps, f"draw {index + 1} of {draws}")

    def _save(self, after: float, state: dict[str, Any] | None) -> None:
        """Write the run beside the old file, then in its place: an interrupt leaves one of them."""
        if self.path is None or time.monotonic() - self.saved < after:
            return
        self.saved = time.monotonic()
        content: dict[str, Any] = {"plan": json.dumps(self.plan), "spent": self.spent}
        content |= {f"draw.{i}.{name}": x for i, draw in enumerate(self.done) for name, x in draw._asdict().items()}
        content |= {f"now.{name}": value for name, value in (state or {}).items()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, **content)
        os.replace(part, self.path)

    def _load(self) -> None:
        assert self.path is not None
        with np.load(self.path, allow_pickle=False) as file:
            content = {name: file[name] for name in file.files}
        old = json.loads(str(content["plan"]))
        if old != json.loads(json.dumps(self.plan)):
            different = sorted(name for name in old.keys() | self.plan if old.get(name) != self.plan.get(name))
            raise ValueError(
                f"checkpoint {self.path.parent} belongs to a run with other values of {', '.join(different)}"
            )
        self.spent = float(content["spent"])
        while f"draw.{len(self.done)}.series" in content:
            self.done.append(Draw(*(content[f"draw.{len(self.done)}.{name}"] for name in Draw._fields)))
        now = {name.removeprefix("now."): value for name, value in content.items() if name.startswith("now.")}
        self.under_way = now or None
