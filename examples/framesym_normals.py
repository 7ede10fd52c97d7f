"""Predict the normals of surfaces with and without frames: train on upright shapes, test on upright and turned ones.

    python examples/framesym_normals.py --seconds 180 --checkpoints runs/normals

Every run is the solver `framesym/normals`; a run that is interrupted goes on from its checkpoint when the same line is
given again. Times are processor seconds on one thread, for which the networks are a quarter as wide as in the paper.
Needs the file of `framesym.surface_normals`, in SYMMETRON_DATA.
"""

import functools

import numpy as np
import torch
from framesym_runs import arguments, kept
from rich.progress import Progress

from framesym import FADGCNN, FALocalPointNet, FAPointNet, PointNet, train_normals
from liegroups import SE

WIDTHS, HEAD = [32, 32, 32, 64, 256], [64, 64, 32]
GRAPH = {"k": 20, "width": 16, "embedding": 128, "head": [64, 64, 32]}
MODELS = {
    "PointNet": lambda seed: PointNet(widths=WIDTHS, head=HEAD, transform=[16, 32, 128, 64, 32], seed=seed),
    "FA-PointNet": lambda seed: FAPointNet(SE(3), widths=WIDTHS, head=HEAD, seed=seed),
    "FA-Local-PointNet": lambda seed: FALocalPointNet(
        SE(3), hidden=32, vectors=10, widths=WIDTHS, head=HEAD, seed=seed
    ),
    "FA-DGCNN": lambda seed: FADGCNN(SE(3), seed=seed, mode="sample", **GRAPH),
}


def main() -> None:
    """Train all, and print the table."""
    options = arguments(__doc__.partition("\n")[0], 180, [0], list(MODELS))
    torch.set_num_threads(1)
    table = {}
    with Progress() as bars:
        for seed in options.seeds:
            for name in options.models:
                solve = functools.partial(
                    train_normals, model=MODELS[name](seed), budget=options.seconds / 60, seed=seed
                )
                title = f"{name}, {options.seconds:g} s, seed {seed}"
                table.setdefault(name, []).append(kept(bars, title, options.checkpoints, solve))
    first = next(iter(table.values()))[0]
    head = ("network", "parameters", "steps", "upright", "turned", "lost", "error, float32", *first["mesh"])
    print("".join(f"{word:>18}" for word in head))
    for name, runs in table.items():
        scores = [f"{np.mean([run[key] for run in runs]):.4f}" for key in ("loss_upright", "loss_turned", "lost")]
        meshes = np.mean([[run["mesh_upright"], run["mesh_turned"]] for run in runs], 0).T
        cells = [f"{upright:.3f} -> {turned:.3f}" for upright, turned in meshes]
        steps, error = np.mean([run["steps_done"] for run in runs]), max(run["equivariance_float32"] for run in runs)
        print(
            "".join(f"{c:>18}" for c in (name, runs[0]["parameters"], f"{steps:.0f}", *scores, f"{error:.1e}", *cells))
        )
    print(f"turned by {first['turned_by']:.0f} degrees on average, which moves the points by {first['moved']:.2f}")


if __name__ == "__main__":
    main()
