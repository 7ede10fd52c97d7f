"""The application of the paper: train on upright digits, test on affinely distorted ones."""

import copy
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import affine_grid, cross_entropy, grid_sample

from ._checks import check_count, check_flag, check_not_negative, check_positive, is_number
from ._mnist import mnist
from ._perturbed_digits import SIDE, affine_maps, affnist_like, moved_digits, padded

_TRAINED = 50000  # the rest of the 60000 is for validation
_SAVE_EVERY = 30.0  # seconds
_REPORT_EVERY = 2.0
_EVALUATIONS = 10


def affnist(
    *,
    model: Any,
    budget: float,
    augment: bool = False,
    steps: int | None = None,
    train: int = _TRAINED,
    validation: int = 2000,
    test: int = 10000,
    test_samples: int | None = None,
    batch: int = 128,
    rate: float = 3e-3,
    weight_decay: float = 1e-2,
    smoothing: float = 0.05,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
    checkpoint: Path | None = None,
) -> dict[str, Any]:
    r"""Train a classifier on undistorted MNIST and test it on affinely distorted digits.

    The protocol of Mironenco and Forré (arXiv:2310.11366): the first 50000 digits, padded to 40 x 40 pixels and scaled
    to [-1, 1], without augmentation; tested on ``affnist-like``. The validation digits are from the last 10000, moved
    by maps of their own. AdamW; the rate rises for a 20th of the run and falls to zero as a cosine of the time spent.

    Args:
        model: A network from images (B, 1, 40, 40) to ten logits; trained as a copy.
        budget: Minutes of processor time for training, per thread: minutes on a clock where nothing else runs.
        augment: Move every training digit by a map of the test set's law: a control that is told the distortion.
        steps: Stop after so many steps, whatever the time: repeatable bit by bit, which a budget of time is not.
        train: Number of training digits, at most 50000.
        validation: Number of validation digits, at most 10000.
        test: Number of test digits, at most 10000.
        test_samples: Group elements for testing, if the model has ``use_samples``; as many as in training by default.
        batch: Digits a step.
        rate: Largest learning rate.
        weight_decay: Decoupled weight decay.
        smoothing: Label smoothing.
        seed: Seed of the order of the digits and of augmentation; the model has its own.
        progress: Called with (done, total, text) every few seconds.
        checkpoint: Folder for the state of the run, written about twice a minute; an interrupted run goes on from it.

    Returns:
        ``accuracy_affine``, ``accuracy_upright`` (shares of the test digits), ``error`` (standard error of the former),
        ``parameters``, ``steps_done``, ``epochs``, and the learning curve over ``step``: ``loss`` and
        ``accuracy_validation``, the share of moved validation digits, at ten times of the run.

    Raises:
        ValueError: If a number is out of its range, or the model cannot be tested with ``test_samples`` elements.

    Examples:
        >>> net = liegroups.LieResNet(liegroups.SL(2))                           # doctest: +SKIP
        >>> liegroups.affnist(model=net, budget=30.0)["accuracy_affine"]         # doctest: +SKIP
    """
    _check(
        augment=augment, budget=budget, steps=steps, train=train, validation=validation, test=test, batch=batch,
        rate=rate, weight_decay=weight_decay, smoothing=smoothing, seed=seed, checkpoint=checkpoint,
    )  # fmt: skip
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, not {model!r}")
    _check_samples(model, test_samples)
    digits = mnist("train")
    x, y = _images(padded(digits["image"][:train])), _labels(digits["label"][:train])
    first = max(len(digits["label"]) - 10000, train)
    held = slice(first, first + validation)
    maps = affine_maps(digits["image"][held], np.random.default_rng((seed, 1)))
    held_out = _images(moved_digits(digits["image"][held], maps)), _labels(digits["label"][held])

    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        run = _Run(copy.deepcopy(model), rate, weight_decay, None if checkpoint is None else checkpoint / "run.pt")
        network = run.network
        per_epoch = -(-train // batch)
        total = budget * 60
        saved = reported = time.monotonic()
        clock, spent = _clock(), run.spent
        network.train()
        while (share := run.step / steps if steps is not None else run.spent / total) < 1:
            epoch, part = divmod(run.step, per_epoch)
            order = np.random.default_rng((seed, 2, epoch)).permutation(train)
            chosen = order[part * batch : (part + 1) * batch]
            images = x[chosen]
            if augment:
                images = _moved(images, digits["image"][chosen], np.random.default_rng((seed, 3, run.step)))
            for group in run.optimiser.param_groups:
                group["lr"] = rate * min(share / 0.05, 0.5 + 0.5 * math.cos(math.pi * share)) + 1e-6
            loss = cross_entropy(network(images), y[chosen], label_smoothing=smoothing)
            run.optimiser.zero_grad()
            loss.backward()
            run.optimiser.step()
            run.step += 1
            run.losses.append(loss.item())
            run.spent = spent + _clock() - clock
            share = run.step / steps if steps is not None else run.spent / total
            if share >= (len(run.curve) + 1) / _EVALUATIONS:
                _calibrate(network, x)
                score = _accuracy(network, *held_out)
                run.curve.append((run.step, float(np.mean(run.losses)), score))
                run.losses = []
                network.train()
                clock, spent = _clock(), run.spent  # evaluation is not training
            now = time.monotonic()
            if progress is not None and (now - reported > _REPORT_EVERY or share >= 1):
                reported = now
                done = (run.step, steps) if steps is not None else (min(int(run.spent), int(total)), int(total))
                accuracy = f", validation {100 * run.curve[-1][2]:.2f} %" if run.curve else ""
                progress(*done, f"epoch {run.step / per_epoch:.2f}, loss {loss.item():.3f}{accuracy}")
            if now - saved > _SAVE_EVERY:
                run.save()
                saved = time.monotonic()
                clock, spent = _clock(), run.spent
        run.save()
        if test_samples is not None:
            use_samples: Any = network.use_samples
            use_samples(test_samples)
        _calibrate(network, x)
        moved, upright = affnist_like(test), mnist("test")
        affine = _accuracy(network, _images(moved["image"]), _labels(moved["label"]))
        straight = _accuracy(network, _images(padded(upright["image"][:test])), _labels(upright["label"][:test]))
    step, losses, scores = np.array(run.curve).reshape(-1, 3).T
    return {
        "accuracy_affine": affine,
        "accuracy_upright": straight,
        "error": math.sqrt(affine * (1 - affine) / max(test, 1)),
        "parameters": sum(p.numel() for p in network.parameters()),
        "steps_done": run.step,
        "epochs": run.step / per_epoch,
        "step": step.astype(np.int64),
        "loss": losses,
        "accuracy_validation": scores,
    }


class _Run:
    """The state of a training run, which goes into a file and comes out of it."""

    def __init__(self, network: torch.nn.Module, rate: float, weight_decay: float, path: Path | None):
        self.network, self.path = network, path
        self.optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=weight_decay)
        self.step, self.spent = 0, 0.0
        self.losses: list[float] = []
        self.curve: list[tuple[int, float, float]] = []
        if path is not None and path.exists():
            state = torch.load(path, weights_only=True)
            network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.spent = state["step"], state["spent"]
            self.losses, self.curve = state["losses"], [tuple(row) for row in state["curve"]]

    def save(self) -> None:
        """Write the state beside the old one, then in its place: an interrupt leaves one of them."""
        if self.path is None:
            return
        part = self.path.with_suffix(".part")
        names = ("step", "spent", "losses", "curve")
        state = {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save(state | {name: getattr(self, name) for name in names}, part)
        os.replace(part, self.path)


def _clock() -> float:
    """Return processor seconds of this process per thread."""
    return time.process_time() / torch.get_num_threads()


def _images(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images).float()[:, None] / 127.5 - 1


def _labels(labels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(labels).long()


def _moved(images: torch.Tensor, digits: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
    """Move padded images (B, 1, 40, 40) by maps of the law of the test set."""
    maps = affine_maps(digits, rng)
    back = np.linalg.inv(maps[:, :, :2])
    # affine_grid wants the map from target to source, in units of half the frame.
    theta = np.concatenate([back, -(back @ maps[:, :, 2:]) * 2 / SIDE], -1)
    grid = affine_grid(torch.from_numpy(theta).to(images), list(images.shape), align_corners=False)
    return grid_sample(images + 1, grid, align_corners=False) - 1  # zero outside is paper


def _calibrate(network: torch.nn.Module, images: torch.Tensor) -> None:
    """Fit statistics to the samples that the network is evaluated with, if it knows how."""
    calibrate = getattr(network, "calibrate", None)
    if callable(calibrate):
        calibrate(images[:1000])


@torch.no_grad()
def _accuracy(network: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    network.eval()
    hits = sum(
        (network(x).argmax(1) == y).sum().item() for x, y in zip(images.split(500), labels.split(500), strict=True)
    )
    return hits / max(len(labels), 1)


def _check_samples(model: Any, test_samples: Any) -> None:
    """Raise before the training, not after it, where the model takes no such number of elements."""
    if test_samples is None:
        return
    check_count(test_samples, "test_samples", 1)
    if not callable(getattr(model, "use_samples", None)):
        raise ValueError(f"test_samples needs a model with the method use_samples, which {type(model).__name__} lacks")
    try:
        copy.deepcopy(model).use_samples(test_samples)
    except ValueError as error:
        raise ValueError(f"test_samples = {test_samples} does not suit the model: {error}") from error


def _check(
    *,
    augment: Any,
    budget: Any,
    steps: Any,
    train: Any,
    validation: Any,
    test: Any,
    batch: Any,
    rate: Any,
    weight_decay: Any,
    smoothing: Any,
    seed: Any,
    checkpoint: Any,
) -> None:
    if not (is_number(budget) and budget > 0):
        raise ValueError(f"budget must be a positive number of minutes, not {budget!r}")
    if steps is not None:
        check_count(steps, "steps", 0)
    check_count(batch, "batch", 1)
    check_flag(augment, "augment")
    check_count(seed, "seed", 0)
    check_positive(rate, "rate")
    check_not_negative(weight_decay, "weight_decay")
    if not (is_number(smoothing) and 0 <= smoothing <= 1):
        raise ValueError(f"smoothing must be a number between 0 and 1, not {smoothing!r}")
    if checkpoint is not None and not isinstance(checkpoint, Path):
        raise TypeError(f"checkpoint must be a pathlib.Path or None, not {checkpoint!r}")
    for name, value, least, most in (
        ("train", train, 1, _TRAINED), ("validation", validation, 0, 10000), ("test", test, 0, 10000),
    ):  # fmt: skip
        check_count(value, name, least, most)
