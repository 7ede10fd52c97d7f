"""Predict the motion of charged particles with and without frames, in equal time, and print one table.

    python examples/framesym_nbody.py --seconds 75 --seeds 0 1 2 --checkpoints runs/nbody

Every run is the solver `framesym/nbody`; a run that is interrupted goes on from its checkpoint when the same line is
given again. Times are processor seconds on one thread. The trajectories are computed if SYMMETRON_DATA has no file.
"""

import functools

import numpy as np
import torch
from framesym_runs import arguments, kept
from rich.progress import Progress

from framesym import EGNN, FAGNN, GNN, average, train_nbody
from liegroups import E

MODELS = {
    "wrapper, one frame": (lambda seed: average(GNN(seed=seed), E(3), mode="sample"), False),
    "FA-GNN": (lambda seed: FAGNN(E(3), seed=seed), False),
    "FA-GNN, one frame": (lambda seed: FAGNN(E(3), mode="sample", seed=seed), False),
    "EGNN": (lambda seed: EGNN(seed=seed), False),
    "plain, augmented": (lambda seed: GNN(seed=seed), True),
    "plain": (lambda seed: GNN(seed=seed), False),
}


def main() -> None:
    """Train all, and print the table."""
    options = arguments(__doc__.partition("\n")[0], 75, [0, 1, 2], list(MODELS))
    torch.set_num_threads(1)
    table = {}
    with Progress() as bars:
        for seed in options.seeds:
            for name in options.models:
                build, augment = MODELS[name]
                solve = functools.partial(
                    train_nbody, model=build(seed), budget=options.seconds / 60, augment=augment, seed=seed
                )
                title = f"{name}, {options.seconds:g} s, seed {seed}"
                table.setdefault(name, []).append(kept(bars, title, options.checkpoints, solve))
    head = ("network", "parameters", "epochs", "test MSE", "error, float32", "error, float64")
    print("".join(f"{word:>20}" for word in head))
    for name, runs in table.items():
        mse = [run["mse_test"] for run in runs]
        epochs = np.mean([run["epochs"] for run in runs])
        errors = [f"{max(run[f'equivariance_{kind}'] for run in runs):.1e}" for kind in ("float32", "float64")]
        cells = (name, runs[0]["parameters"], f"{epochs:.0f}", f"{np.mean(mse):.4f} ± {np.std(mse):.4f}", *errors)
        print("".join(f"{cell:>20}" for cell in cells))
    first = next(iter(table.values()))[0]
    print(f"to predict x: {first['mse_still']:.4f}; to predict x + v: {first['mse_straight']:.4f}")


if __name__ == "__main__":
    main()
