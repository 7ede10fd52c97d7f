"""Handwritten digits as weighted point sets: what happens to a classifier when the digits are turned?

The 1797 scans of scikit-learn's digits (8 x 8 pixels, real handwriting) become weighted points: the centres of the
pixels, weighted by their intensities. Nothing is interpolated, so a rotation of the points is exact.
"""

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Digits:
    """Points (count, 64, 2) in [-1, 1]^2, weights (count, 64) that sum to one, labels (count,)."""

    x: torch.Tensor
    weights: torch.Tensor
    labels: torch.Tensor


def load(dtype: torch.dtype = torch.float32, seed: int = 0) -> tuple[Digits, Digits]:
    """Return training (1347) and test (450) digits, split at random, with every class in the same proportion."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    rows, columns = np.divmod(np.arange(64), 8)
    centres = np.stack([columns - 3.5, 3.5 - rows], axis=-1) / 4
    parts = train_test_split(np.arange(len(labels)), test_size=450, stratify=labels, random_state=seed)
    return tuple(
        Digits(
            x=torch.tensor(centres, dtype=dtype).expand(len(part), 64, 2).contiguous(),
            weights=torch.tensor(images[part] / images[part].sum(1, keepdims=True), dtype=dtype),
            labels=torch.tensor(labels[part]),
        )
        for part in parts
    )


def rotate(digits: Digits, seed: int = 0) -> Digits:
    """Turn each digit about the origin by its own angle, uniform on the circle."""
    random = torch.Generator().manual_seed(seed)
    return turn(digits, 360 * torch.rand(len(digits.labels), generator=random, dtype=torch.float64))


def turn(digits: Digits, degrees: float | torch.Tensor) -> Digits:
    """Turn the digits about the origin by one angle, or each by its own."""
    angle = torch.deg2rad(torch.as_tensor(degrees, dtype=torch.float64))
    c, s = angle.cos(), angle.sin()
    matrix = torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2).to(digits.x.dtype)
    return Digits(digits.x @ matrix.mT, digits.weights, digits.labels)


def train(network: torch.nn.Module, digits: Digits, epochs: int = 40, seed: int = 0, progress=None) -> list[float]:
    """Train in place (AdamW, one cycle of the learning rate) and return the mean loss of each epoch.

    `progress(done, total, text)` is called after each epoch. The same seed gives the same network.
    """
    random = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=0.1)
    count, size = len(digits.labels), 64
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=epochs * -(-count // size))
    losses = []
    network.train()
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(count, generator=random).split(size):
            logits = network(x=digits.x[batch], weights=digits.weights[batch])
            loss = torch.nn.functional.cross_entropy(logits, digits.labels[batch], label_smoothing=0.1)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(batch)
        losses.append(total / count)
        if progress is not None:
            progress(epoch + 1, epochs, f"loss {losses[-1]:.4f}")
    network.eval()
    return losses


@torch.no_grad()
def accuracy(network: torch.nn.Module, digits: Digits) -> float:
    """Share of digits whose largest logit is that of their label."""
    network.eval()
    return (network(x=digits.x, weights=digits.weights).argmax(-1) == digits.labels).double().mean().item()


@torch.no_grad()
def logit_change(network: torch.nn.Module, digits: Digits, turned: Digits) -> float:
    """Largest change of a logit when the digits are turned."""
    network.eval()
    before, after = (network(x=part.x, weights=part.weights) for part in (digits, turned))
    return (before - after).abs().max().item()
