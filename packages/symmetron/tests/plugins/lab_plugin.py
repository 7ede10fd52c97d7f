"""Small entries with known answers, and solvers that misbehave in one way each."""

import math
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pluggy
from lab_parts import Spin
from numpy.typing import ArrayLike


@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    def solver(name, **options):
        registrar.solver(name, f"lab_plugin:{name.replace('-', '_')}", summary=f"The solver {name}.", **options)

    def model(name, target, **options):
        registrar.model(name, f"lab_plugin:{target}", summary=f"The model {name}.", **options)

    model("spin", "Spin", family="physics")
    model("wire", "Wire", family="physics")
    model("layered", "Layered", backends=("numpy",))
    model("averaged", "Averaged", backends=("numpy",))
    model("chain", "Chain", backends=("numpy",))
    model("counts", "counts")
    solver("types")
    solver("energy", units={"T": "J"})
    solver("slow", outputs={"line": ("q",)})
    solver("killer")
    solver("noise", stochastic=True)
    solver("noise-batch", stochastic=True, batch=("x", "seed"), block=4)
    solver("everything", outputs={"line": ("q",), "law": "sympy"}, units={"line": "nm", "flow": "s"})
    solver("inverse")
    solver("inverse-batch", batch=("x",), block=8)
    solver("company", batch=("x", "y"), block=8)
    solver("walk")
    solver("talk")
    solver("product")
    solver("strange", outputs={"S": ("q",)})


class Wire(NamedTuple):
    """A wire of two numbers."""

    length: "float"
    turns: "int" = 3


class Layered:
    """Hold another object.

    Args:
        inner: What it holds.
        name: A label.
    """

    def __init__(self, inner: Any, name: str = "outer"):
        self.inner, self.name = inner, name


class Averaged:
    """Hold a model and a group that are not annotated."""

    def __init__(self, model, group: Any):
        self.model, self.group = model, group


class Chain:
    """Hold spins, and where they were written down."""

    def __init__(self, spins: Sequence[Spin] = (), extra: Spin | None = None, log: Path | None = None):
        self.spins, self.extra, self.log = spins, extra, log


def types(
    *,
    count: int,
    rate: float = 1,
    phase: complex = 0,
    rule: Literal["newton", "secant", 3] = "newton",
    deep: bool = False,
    table: ArrayLike = (1.0, 2.0),
    weights: Sequence[float] = (1.0,),
    limit: float = None,  # noqa: RUF013 - a default outside its annotation, as users write it
    anything=None,
):
    """Take one parameter of each type.

    Args:
        count: How many.
        rate: Per second.
    """
    return {"count": count, "rate": rate, "size": np.size(table), "total": sum(weights)}


def counts(table: dict[str, int]):
    return table


def energy(*, model: Spin, T: float):
    return {"e": model.P * T}


def slow(*, x: float, pause: float = 0.01):
    time.sleep(pause)
    line = np.sin(x * np.arange(1 + round(3 * x) % 4))
    return {"y": math.sin(x) / 3, "z": np.exp(1j * x), "line": line, "name": f"cell {x}", "high": x > 1}


def killer(*, x: int, victim: int = -1, once: str = ""):
    if x == victim and not (once and Path(once).exists()):
        if once:
            Path(once).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"y": 2 * x, "worker": os.getpid()}


def noise(*, x: float, scale: Any = 1.0, seed: int):
    return {"y": x + scale * np.random.default_rng(seed).standard_normal(3)}


def noise_batch(*, x, seed):
    draws = [np.random.default_rng(int(s)).standard_normal() for s in np.atleast_1d(seed)]
    return {"y": np.atleast_1d(x) + draws if np.ndim(x) else x + draws[0]}


def everything(*, n: int):
    return {
        "converged": n != 2,
        "phase": "glass" if n < 2 else "paramagnet",
        "flow": np.array([1j**n, n - 0.5j]),
        "line": np.arange(n, dtype=float) / 7,
        "count": n,
        "law": "x**2 + 1",
    }


def inverse(*, x: float):
    return {"y": 1 / x}


def inverse_batch(*, x):
    if np.any(np.asarray(x) == 0):
        raise ZeroDivisionError("x must not be 0")
    return {"y": 1 / np.asarray(x)}


def company(*, x, y=0.0, label: str = ""):
    return {"cells": np.full(np.shape(x), np.size(x))}


def walk(
    *,
    x: int,
    steps: int = 6,
    log: str = "",
    fall: bool = False,
    pause: float = 0.0,
    progress: Callable | None = None,
    checkpoint: Path | None = None,
):
    """Add up the steps, one at a time, going on from where an earlier run was interrupted."""
    saved = None if checkpoint is None else checkpoint / "step"
    start = int(saved.read_text()) if saved is not None and saved.exists() else 0
    for step in range(start, steps):
        time.sleep(pause)
        with open(log, "a") as file:
            file.write(f"{x} {step}\n")
        if saved is not None:
            saved.with_suffix(".new").write_text(str(step + 1))
            saved.with_suffix(".new").replace(saved)
        if progress is not None:
            progress(step + 1, steps, "walking")
        if fall and step == 2:
            raise RuntimeError("it fell")
    return {"sum": x * steps}


def talk(*, x: float, progress: Callable | None = None):
    for step in range(5):
        if progress is not None:
            progress(step, 5, "talking")
        time.sleep(0.12)
    return {"y": x}


def product(*, x: float):
    """A matrix product, whose last bits depend on the number of threads."""
    matrix = np.random.default_rng(int(1000 * x)).standard_normal((60, 60))
    return {"y": np.linalg.eigvalsh(matrix @ matrix.T).sum(), "x_twice": 2 * x}


def strange(*, what: str, x: float = 0.0):
    if what == "list":
        return [1]
    if what == "object":
        return {"y": object()}
    if what == "failed":
        return {"failed": True}
    if what == "lengths":
        return {"S": np.zeros(3), "q": np.zeros(4)}
    if what == "rank":
        return {"S": np.zeros((2, 2))}
    if what == "exit":
        raise SystemExit(3)
    if what == "unpicklable":
        raise TwoArguments("a", "b")
    return {"x": x, "q": np.arange(2) + (x > 0), "S": np.zeros(2)}


class TwoArguments(Exception):
    def __init__(self, first, second):
        super().__init__(first)
