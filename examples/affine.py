"""Images of handwritten digits, distorted: an equivariant network and a plain one, both trained on upright digits.

The 1797 scans of scikit-learn's digits, enlarged to 24 x 24 pixels. The test digits are moved by random affine maps
about the centre: rotation, shear and both scales from the ranges of affNIST, and from the same with wider rotations.
"""

from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.figure import Figure

import liegroups as lg

SIDE = 24
RATE = 6e-3
SHEAR, SCALES = 0.2, (0.8, 1.2)
DEGREES = (20.0, 60.0)  # the first as in affNIST


@dataclass(frozen=True)
class Images:
    """Images (count, 1, 24, 24) with values from -1 to 1, and labels (count,)."""

    x: torch.Tensor
    labels: torch.Tensor


def load(seed: int = 0) -> tuple[Images, Images, list[Images]]:
    """Return training digits (1347), test digits (450), and the same test digits distorted by each of the two laws."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    scans, labels = load_digits(return_X_y=True)
    scans = scans.reshape(-1, 8, 8) / 16
    parts = train_test_split(np.arange(len(labels)), test_size=450, stratify=labels, random_state=seed)
    enlarge = 2 * np.eye(2)
    maps = [affine_maps(len(parts[1]), degrees, np.random.default_rng(seed)) for degrees in DEGREES]

    def images(part: np.ndarray, matrices: np.ndarray) -> Images:
        x = 2 * lg.warp(scans[part], matrices, SIDE) - 1
        return Images(torch.from_numpy(x).float()[:, None], torch.from_numpy(labels[part]))

    return images(parts[0], enlarge), images(parts[1], enlarge), [images(parts[1], m @ enlarge) for m in maps]


def affine_maps(count: int, degrees: float, rng: np.random.Generator) -> np.ndarray:
    """Draw linear maps (count, 2, 2): a rotation times a shear times two scales."""
    angle = np.deg2rad(rng.uniform(-degrees, degrees, count))
    shear, (first, second) = rng.uniform(-SHEAR, SHEAR, count), rng.uniform(*SCALES, (2, count))
    c, s, zero, one = np.cos(angle), np.sin(angle), np.zeros(count), np.ones(count)
    factors = ((c, -s, s, c), (one, shear, zero, one), (first, zero, zero, second))
    turn, lean, stretch = (np.stack(factor, -1).reshape(count, 2, 2) for factor in factors)
    return turn @ lean @ stretch


def train(network: torch.nn.Module, digits: Images, steps: int, seed: int = 0, progress=None) -> None:
    """Train in place for so many steps of 64 digits (AdamW, the rate rises and falls as a cosine).

    `progress(done, total, text)` is called after each step. The same seed gives the same network.
    """
    random = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    network.train()
    for step in range(steps):
        share = step / steps
        for group in optimiser.param_groups:
            group["lr"] = RATE * min((share + 0.01) / 0.1, 0.5 + 0.5 * np.cos(np.pi * share))
        batch = torch.randint(len(digits.labels), (64,), generator=random)
        loss = torch.nn.functional.cross_entropy(network(digits.x[batch]), digits.labels[batch], label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if progress is not None:
            progress(step + 1, steps, f"loss {loss.item():.3f}")
    if isinstance(network, lg.LieResNet):
        network.calibrate(digits.x[:1000])
    network.eval()


@torch.no_grad()
def accuracy(network: torch.nn.Module, digits: Images) -> float:
    """Share of digits whose largest logit is that of their label."""
    network.eval()
    logits = torch.cat([network(x) for x in digits.x.split(150)])
    return (logits.argmax(-1) == digits.labels).double().mean().item()


def figure(upright: Images, distorted: Images, count: int = 8) -> Figure:
    """Draw some digits above their distorted selves."""
    picture = Figure(figsize=(9, 2.5), layout="constrained")
    for row, (digits, name) in enumerate(((upright, "seen"), (distorted, "tested"))):
        for column in range(count):
            panel = picture.add_subplot(2, count, row * count + column + 1)
            panel.imshow(digits.x[column, 0], cmap="gray_r", vmin=-1, vmax=1)
            panel.set(xticks=[], yticks=[], ylabel=name if column == 0 else "")
    return picture
