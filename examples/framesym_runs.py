"""Runs of a solver that are kept in a folder: one is done once, and goes on where it was interrupted."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress


def arguments(text: str, seconds: float, seeds: list[int], names: list[str]) -> argparse.Namespace:
    """Read the command line that the examples share."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--seconds", type=float, default=seconds, help="processor seconds of training for each network")
    parser.add_argument("--seeds", type=int, nargs="*", default=seeds)
    parser.add_argument("--models", nargs="*", choices=names, default=names)
    parser.add_argument("--checkpoints", type=Path, help="folder of results and of unfinished runs")
    return parser.parse_args()


def kept(bars: Progress, title: str, folder: Path | None, solve: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Call `solve(progress, checkpoint)` with a bar, or read what an earlier call gave."""
    bar = bars.add_task(title, total=100)

    def show(done: int, total: int, text: str) -> None:
        bars.update(bar, completed=100 * done / max(total, 1), description=f"{title}: {text}")

    part = None if folder is None else folder / "".join(c if c.isalnum() else "-" for c in title)
    if part is not None:
        part.mkdir(parents=True, exist_ok=True)
        if (part / "result.json").exists():
            show(1, 1, "done before")
            return json.loads((part / "result.json").read_text())
    found = solve(progress=show, checkpoint=part)
    found = {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in found.items()}
    if part is not None:
        (part / "result.json").write_text(json.dumps(found))
    return found
