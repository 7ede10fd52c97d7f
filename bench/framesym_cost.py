# /// script
# dependencies = ["frame-averaging-pytorch"]
# ///
"""Cost of symmetrizing a network over the network itself, beside lucidrains' frame-averaging-pytorch, one thread.

Two backbones, forward passes in float32: PointNet for segmentation in the widths of arXiv:2110.03336 (4 clouds of 512
points), and a perceptron of width 64 on every point (256 clouds of 32), where frames cost the most beside it. The
peer gives vectors for vectors, and has no check of its arguments. Then the frames alone, beside a bare batched
eigendecomposition of the covariances. Times are the processor's, the best of several rounds, every round runs all in
turn; a ratio is over the backbone.
"""

import os
import sys

# Freed memory is kept, or all would mostly wait for fresh pages.
SETTINGS = {"OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
if any(os.environ.get(name) != value for name, value in SETTINGS.items()):
    os.environ.update(SETTINGS)
    os.execv(sys.executable, [sys.executable, *sys.argv])

import time
from itertools import pairwise

import torch
from _setting import print_setting
from frame_averaging_pytorch import FrameAverage
from torch import nn

from framesym import PCA, Tuple, symmetrize
from liegroups import E

ROUNDS = {"PointNet, 4 x 512": 7, "MLP-64, 256 x 32": 60}


class PointNet(nn.Module):
    """Shared layers to 2048 features, their maximum, and a head on everything: no batch norm, no transforms."""

    def __init__(self):
        super().__init__()
        widths, head = [3, 64, 128, 128, 512, 2048], [4928, 256, 256, 128, 3]
        self.shared = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.head = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(head))

    def forward(self, x):
        features = []
        for layer in self.shared:
            x = layer(x)
            x = x if layer is self.shared[-1] else x.relu()
            features.append(x)
        x = torch.cat([x.amax(-2, keepdim=True).expand_as(x), *features], -1)
        for layer in self.head:
            x = layer(x)
            x = x if layer is self.head[-1] else x.relu()
        return x


def race(sides, rounds):
    """Return the best time of every side, in milliseconds."""
    best = dict.fromkeys(sides, float("inf"))
    for name in list(sides) * (rounds + 1):
        start = time.process_time()
        sides[name]()
        best[name] = min(best[name], time.process_time() - start)
    return {name: 1e3 * spent for name, spent in best.items()}


def wrapped(net, x):
    """Return the backbone and its wrappers as functions without arguments."""
    group = E(3)
    ours = {
        "one frame (Tuple)": symmetrize(net, Tuple(group), "point", "vector"),
        "one frame (PCA, sample)": symmetrize(net, PCA(group), "point", "vector", "sample"),
        "8 frames, loop": symmetrize(net, PCA(group), "point", "vector", "loop"),
        "8 frames, one call": symmetrize(net, PCA(group), "point", "vector"),
    }
    peers = {"lucidrains, stochastic": FrameAverage(net, stochastic=True), "lucidrains, 8 frames": FrameAverage(net)}
    sides = {"backbone": net, **ours, **peers}
    return {name: lambda f=f: f(x) for name, f in sides.items()}


def covariance_axes(x):
    """The least that principal axes cost."""
    centred = x - x.mean(-2, keepdim=True)
    return torch.linalg.eigh(centred.mT @ centred)


def main():
    print_setting("torch", "frame-averaging-pytorch")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    perceptron = nn.Sequential(nn.Linear(3, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 3))
    backbones = {
        "PointNet, 4 x 512": (PointNet(), torch.randn(4, 512, 3)),
        "MLP-64, 256 x 32": (perceptron, torch.randn(256, 32, 3)),
    }
    with torch.no_grad():
        for name, (net, x) in backbones.items():
            times = race(wrapped(net, x), ROUNDS[name])
            print(f"\n{name}: backbone {times['backbone']:.2f} ms")
            for side, spent in times.items():
                print(f"  {side:26s} {spent / times['backbone']:6.2f} x")
        print("\nframes alone, ms a batch")
        for count, n in ((256, 32), (64, 1000)):
            x = torch.randn(count, n, 3)
            frames = {"Tuple": Tuple(E(3)), "PCA": PCA(E(3)), "bare eigh": covariance_axes}
            times = race({side: lambda f=f, x=x: f(x) for side, f in frames.items()}, 40)
            listed = "  ".join(f"{side} {spent:.3f}" for side, spent in times.items())
            print(f"  {count} clouds of {n:4d} points: {listed}")


if __name__ == "__main__":
    main()
