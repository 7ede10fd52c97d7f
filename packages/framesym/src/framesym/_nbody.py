"""The n-body application of the paper: predict the motion of charged particles."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from framesym._nbody_data import Split, nbody
from framesym._seeded import check_counts
from framesym._training import Plan, batch_of, train
from liegroups import E, equivariance_error

_WORDS = {"x": "point", "v": "vector", "charges": "invariant"}


def train_nbody(
    *,
    model: Any,
    budget: float,
    augment: bool = False,
    steps: int | None = None,
    train_count: int = 3000,
    validation_count: int = 2000,
    test_count: int = 2000,
    batch: int = 100,
    rate: float = 2e-3,
    weight_decay: float = 1e-12,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
    checkpoint: Path | None = None,
) -> dict[str, Any]:
    """Train a network to predict where five charged particles will be, and test it.

    The n-body experiment of Puny et al. (arXiv:2110.03336) on [`nbody`][framesym.nbody], within a budget of processor
    time in place of their 10000 epochs. The parameters tested are those of the best of ten validations.

    Args:
        model: A network called with `x`, `v` and `charges`, which returns positions; trained as a copy.
        budget: Minutes of processor time for training, per thread.
        augment: Turn and reflect every training item at random: a control without a frame.
        steps: Stop after so many steps, whatever the time: repeatable bit by bit, which a budget of time is not.
        train_count: Number of training trajectories, at most 3000.
        validation_count: Number of validation trajectories, at most 2000.
        test_count: Number of test trajectories, at most 2000.
        batch: Trajectories a step.
        rate: Largest learning rate.
        weight_decay: Decoupled weight decay.
        seed: Seed of the order of the trajectories, of augmentation and of sampled frames; the model has its own.
        progress: Called with (done, total, text) every few seconds.
        checkpoint: Folder for the state of the run, written about twice a minute; an interrupted run goes on from it.

    Returns:
        `mse_test` and `mse_validation` over all coordinates, `mse_still` and `mse_straight` of the predictions x and
        x + v on the same test items, `equivariance_float32` and `equivariance_float64` (largest relative error under
        E(3) on 64 test items), `parameters`, `steps_done`, `epochs`, and over `step` the curve `loss`, `validation`.

    Raises:
        ValueError: If a number is out of its range.

    Examples:
        >>> from liegroups import E
        >>> from framesym import GNN, average, train_nbody
        >>> net = average(GNN(), E(3), mode="sample")
        >>> train_nbody(model=net, budget=25 / 60)["mse_test"]                  # doctest: +SKIP
    """
    plan = Plan(budget, steps, rate, weight_decay, seed)
    check_counts(train_count=train_count, validation_count=validation_count, test_count=test_count, batch=batch)
    network = copy.deepcopy(model).float()
    items = _tensors("train", train_count)
    held_out = _tensors("validation", validation_count)

    def loss(step: int) -> Tensor:
        chosen = batch_of(step, train_count, batch, seed)
        x, v, charges, target = (items[name][chosen] for name in ("x", "v", "charges", "target"))
        if augment:
            turn = torch.tensor(E(3).linear.sample(len(chosen), (seed, 3, step))).to(x).mT
            x, v, target = x @ turn, v @ turn, target @ turn
        return (network(x=x, v=v, charges=charges) - target).square().mean()

    run = train(network, loss, lambda: _mse(network, held_out), plan, progress, checkpoint)
    test = _tensors("test", test_count)
    single, double = _equivariance(network, test, torch.float32), _equivariance(network, test, torch.float64)
    step, losses, scores = np.array(run.curve).reshape(-1, 3).T
    return {
        "mse_test": _mse(network, test),
        "mse_validation": float(scores.min()),
        "mse_still": float((test["x"] - test["target"]).double().square().mean()),
        "mse_straight": float((test["x"] + test["v"] - test["target"]).double().square().mean()),
        "equivariance_float32": single,
        "equivariance_float64": double,
        "parameters": sum(p.numel() for p in network.parameters()),
        "steps_done": run.step,
        "epochs": run.step / -(-train_count // batch),
        "step": step.astype(np.int64),
        "loss": losses,
        "validation": scores,
    }


def _tensors(split: Split, count: int) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in nbody(split, count=count).items()}


@torch.no_grad()
def _mse(network: nn.Module, items: dict[str, Tensor]) -> float:
    network.eval()
    total = 0.0
    for first in range(0, len(items["x"]), 500):
        part = {name: array[first : first + 500] for name, array in items.items()}
        total += (
            (network(x=part["x"], v=part["v"], charges=part["charges"]) - part["target"]).double().square().sum().item()
        )
    return total / items["target"].numel()


def _equivariance(network: nn.Module, test: dict[str, Tensor], dtype: torch.dtype) -> float:
    """Return the largest relative error over 32 motions of 64 test items, measured in `dtype`."""
    x = {name: test[name][:64].to(dtype) for name in _WORDS}
    measured = copy.deepcopy(network).to(dtype)
    found = equivariance_error(measured, E(3), x, _WORDS, "point", samples=32, scale=1.0, local=False)
    return found.max
