"""Train on upright MNIST, test on affinely distorted digits: an equivariant network and its controls, in equal time.

    python examples/affnist.py --minutes 30 --seeds 0 1 2 --checkpoints runs/affnist

Every run is the solver `liegroups/affnist`; a run that is interrupted goes on from its checkpoint when the same line is
given again. Needs MNIST (the extra `data`, or SYMMETRON_DATA). Times are processor minutes a thread.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress

import liegroups as lg

MODELS = {
    "SL(2), separable": (lambda seed: lg.LieResNet(lg.SL(2), seed=seed, **LIE), False),
    "GL+(2), separable": (lambda seed: lg.LieResNet(lg.GLPlus(2), scale=0.25, seed=seed, **LIE), False),
    "plain CNN": (lambda seed: lg.PlainCNN(seed=seed), False),
    "plain CNN, augmented": (lambda seed: lg.PlainCNN(seed=seed), True),
}
LIE = {"resample": "forward", "arc": 0.8}


def run(name: str, seed: int, minutes: float, folder: Path | None, show) -> dict:
    """Train and test one network, or read the result of an earlier run."""
    build, augment = MODELS[name]
    part = None if folder is None else folder / f"{name.replace(' ', '-')}-{minutes:g}min-{seed}"
    if part is not None:
        part.mkdir(parents=True, exist_ok=True)
        if (part / "result.json").exists():
            return json.loads((part / "result.json").read_text())
    found = lg.affnist(
        model=build(seed), budget=minutes, augment=augment, batch=64, seed=seed, progress=show, checkpoint=part
    )
    found = {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in found.items()}
    if part is not None:
        (part / "result.json").write_text(json.dumps(found))
    return found


def main() -> None:
    """Train all, and print the table and the learning curves."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="training time of each network")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--models", nargs="*", choices=MODELS, default=list(MODELS))
    parser.add_argument("--checkpoints", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = []
    with Progress() as bars:
        for name in options.models:
            results = []
            for seed in options.seeds:
                bar = bars.add_task(f"{name}, seed {seed}", total=100)

                def show(done: int, total: int, text: str, bar=bar, title=f"{name}, seed {seed}") -> None:
                    bars.update(bar, completed=100 * done / max(total, 1), description=f"{title}: {text}")

                results.append(run(name, seed, options.minutes, options.checkpoints, show))
            rows.append((name, results))
    print(f"{'network':24}{'parameters':>12}{'minutes':>9}{'epochs':>8}{'upright %':>18}{'affine %':>18}")
    for name, results in rows:
        cells = [
            " ± ".join(f"{100 * f(values):.2f}" for f in (np.mean, np.std))
            for values in ([r[key] for r in results] for key in ("accuracy_upright", "accuracy_affine"))
        ]
        parameters, epochs = results[0]["parameters"], np.mean([r["epochs"] for r in results])
        print(f"{name:24}{parameters:12}{options.minutes:9.1f}{epochs:8.1f}{cells[0]:>18}{cells[1]:>18}")
    print("accuracy on moved validation digits, over the run")
    for name, results in rows:
        least = min(len(r["step"]) for r in results)
        curve = np.mean([r["accuracy_validation"][:least] for r in results], 0)
        print(f"{name:24}" + " ".join(f"{100 * value:5.1f}" for value in curve))


if __name__ == "__main__":
    main()
