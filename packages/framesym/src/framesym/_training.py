"""Training for a budget of processor time, with checkpoints that an interrupted run goes on from."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Progress = Callable[[int, int, str], None] | None
_SAVE_EVERY = 30.0  # seconds
_REPORT_EVERY = 2.0


@dataclass
class Plan:
    """How long and how fast to train.

    Attributes:
        budget: Minutes of processor time, per thread.
        steps: Stop after so many steps instead, whatever the time.
        rate: Largest learning rate; it rises for a 20th of the run and falls to zero as a cosine.
        weight_decay: Decoupled weight decay.
        seed: Seed of everything random in the training.
        evaluations: How often to measure the validation loss; the best parameters are the result.
    """

    budget: float
    steps: int | None
    rate: float
    weight_decay: float
    seed: int
    evaluations: int = 10

    def __post_init__(self) -> None:
        if not 0 < float(self.budget) < math.inf:
            raise ValueError(f"budget must be a positive number of minutes, got {self.budget!r}")
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"steps must be at least 1 or None, got {self.steps!r}")
        if not 0 < float(self.rate) < math.inf:
            raise ValueError(f"rate must be positive, got {self.rate!r}")


@dataclass
class Training:
    """The state of a training run, which goes into a file and comes out of it."""

    network: nn.Module
    optimiser: torch.optim.Optimizer
    step: int = 0
    spent: float = 0.0
    losses: list[float] = field(default_factory=list)
    curve: list[tuple[int, float, float]] = field(default_factory=list)  # step, training loss, validation loss
    best: dict[str, Any] | None = None

    def state(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("step", "spent", "losses", "curve", "best")}
        return plain | {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state.pop("network"))
        self.optimiser.load_state_dict(state.pop("optimiser"))
        for name, value in state.items():
            setattr(self, name, [tuple(row) for row in value] if name == "curve" else value)

    def save(self, path: Path) -> None:
        """Write the state beside the old one, then in its place: an interrupt leaves one of them."""
        part = path.with_suffix(".part")
        torch.save(self.state(), part)
        os.replace(part, path)


def train(
    network: nn.Module,
    loss: Callable[[int], Tensor],
    validate: Callable[[], float],
    plan: Plan,
    progress: Progress = None,
    checkpoint: Path | None = None,
) -> Training:
    """Train a network in place, and leave it in evaluation mode with the parameters of the best validation loss.

    Args:
        network: The network.
        loss: Gives the loss of a step, from its number; torch's random numbers are seeded for every step.
        validate: Gives the loss by which parameters are chosen, in evaluation mode.
        plan: How long and how fast.
        progress: Called with (done, total, text) every few seconds.
        checkpoint: Folder for the state of the run.
    """
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=plan.weight_decay)
    run = Training(network, optimiser)
    path = None if checkpoint is None else checkpoint / "run.pt"
    if path is not None and path.exists():
        run.load(path)
    total = plan.budget * 60
    saved = reported = time.monotonic()
    clock, spent = _clock(), run.spent
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        network.train()
        while (share := run.step / plan.steps if plan.steps is not None else run.spent / total) < 1:
            torch.default_generator.manual_seed(hash((plan.seed, run.step)))
            for group in optimiser.param_groups:
                group["lr"] = plan.rate * min((share + 1e-3) / 0.05, 0.5 + 0.5 * math.cos(math.pi * share)) + 1e-8
            value = loss(run.step)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            run.step += 1
            run.losses.append(value.item())
            run.spent = spent + _clock() - clock
            share = run.step / plan.steps if plan.steps is not None else run.spent / total
            if share >= (len(run.curve) + 1) / plan.evaluations:
                _evaluate(run, validate)
                clock, spent = _clock(), run.spent  # evaluation is not training
            now = time.monotonic()
            if progress is not None and (now - reported > _REPORT_EVERY or share >= 1):
                reported = now
                done = (
                    (run.step, plan.steps) if plan.steps is not None else (min(int(run.spent), int(total)), int(total))
                )
                scores = f", validation {run.curve[-1][2]:.5f}" if run.curve else ""
                progress(*done, f"step {run.step}, loss {value.item():.5f}{scores}")
            if path is not None and now - saved > _SAVE_EVERY:
                run.save(path)
                saved = time.monotonic()
                clock, spent = _clock(), run.spent
    if path is not None:
        run.save(path)
    if run.best is not None:
        network.load_state_dict(run.best)
    network.eval()
    return run


def _evaluate(run: Training, validate: Callable[[], float]) -> None:
    run.network.eval()
    with torch.no_grad():
        score = validate()
    if run.best is None or not score >= min(row[2] for row in run.curve):
        run.best = {name: value.clone() for name, value in run.network.state_dict().items()}
    run.curve.append((run.step, float(np.mean(run.losses)), score))
    run.losses = []
    run.network.train()


def _clock() -> float:
    """Return processor seconds of this process per thread."""
    return time.process_time() / torch.get_num_threads()


def batch_of(step: int, count: int, size: int, seed: int) -> np.ndarray:
    """Return the items of a step: every item once an epoch, in an order that seed and epoch determine."""
    epoch, part = divmod(step, -(-count // size))
    return np.random.default_rng((seed, 2, epoch)).permutation(count)[part * size : (part + 1) * size]
