"""The application of the paper to surfaces: predict normals, of upright shapes and of turned ones."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from framesym._seeded import check_counts
from framesym._surface_normals import surface_normals
from framesym._training import Plan, train
from liegroups import SO, equivariance_error

_STRETCH = 1.25  # largest factor by which training shapes are stretched along each of their axes


def train_normals(
    *,
    model: Any,
    budget: float,
    turn: bool = False,
    steps: int | None = None,
    points: int = 512,
    batch: int = 7,
    draws: int = 8,
    rate: float = 2e-3,
    weight_decay: float = 1e-4,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
    checkpoint: Path | None = None,
) -> dict[str, Any]:
    r"""Train a network to predict the normals of upright shapes, and test it on other shapes, upright and turned.

    The experiment of Puny et al. (arXiv:2110.03336, section 4.1) on [`surface_normals`][framesym.surface_normals]. The
    loss is $1 - (n \cdot m)^2$, which does not ask on which side a surface is; 2/3 is that of a random guess. Training
    shapes are sampled anew in every step, and stretched along their axes by random factors, normals with them. The
    parameters tested are those of the best of ten validations, on shapes of their own.

    Args:
        model: A network called with points (batch, n, 3), which returns a unit vector each; trained as a copy.
        budget: Minutes of processor time for training, per thread.
        turn: Turn every training and validation shape at random.
        steps: Stop after so many steps, whatever the time: repeatable bit by bit, which a budget of time is not.
        points: Points of a shape, at most 4096.
        batch: Shapes a step.
        draws: Samples of each shape for validation and testing.
        rate: Largest learning rate.
        weight_decay: Decoupled weight decay.
        seed: Seed of samples, stretches, turns and sampled frames; the model has its own.
        progress: Called with (done, total, text) every few seconds.
        checkpoint: Folder for the state of the run, written about twice a minute; an interrupted run goes on from it.

    Returns:
        `loss_upright` and `loss_turned` over the test shapes, `lost` (the second less the first), the same of each
        `mesh`: `mesh_upright`, `mesh_turned`; `turned_by` (mean angle of the turns in degrees, and how far points moved
        on average, `moved`, from which to see that they were turned), `loss_validation`, `equivariance_float32`
        (largest relative error under SO(3)), `parameters`, `steps_done`, and over `step` the curve `loss`,
        `validation`.

    Raises:
        ValueError: If a number is out of its range.

    Examples:
        >>> from liegroups import SE
        >>> from framesym import FAPointNet, train_normals
        >>> train_normals(model=FAPointNet(SE(3)), budget=3.0)["lost"]           # doctest: +SKIP
    """
    check_counts(points=points, batch=batch, draws=draws)
    plan = Plan(budget, steps, rate, weight_decay, seed)
    network = copy.deepcopy(model).float()
    shapes = _Shapes("train", points)
    held_out = _Shapes("validation", points).fixed(draws, (seed, 4))
    if turn:
        held_out = turned(*held_out, (seed, 5))[:2]

    def loss(step: int) -> Tensor:
        x, normals = shapes.stretched(batch, (seed, 6, step))
        if turn:
            x, normals = turned(x, normals, (seed, 7, step))[:2]
        return _loss(network(x), normals).mean()

    run = train(network, loss, lambda: float(_score(network, *held_out).mean()), plan, progress, checkpoint)
    test = _Shapes("test", points)
    x, normals = test.fixed(draws, (seed, 8))
    x_turned, normals_turned, turns = turned(x, normals, (seed, 9))
    upright = _score(network, x, normals).reshape(draws, -1).mean(0)
    moved = _score(network, x_turned, normals_turned).reshape(draws, -1).mean(0)
    step, losses, scores = np.array(run.curve).reshape(-1, 3).T
    report = equivariance_error(network, SO(3), x[: len(test.names)], "point", "vector", samples=16, local=False)
    return {
        "loss_upright": float(upright.mean()),
        "loss_turned": float(moved.mean()),
        "lost": float(moved.mean() - upright.mean()),
        "mesh": test.names,
        "mesh_upright": upright.numpy(),
        "mesh_turned": moved.numpy(),
        "turned_by": _angle(turns),
        "moved": float((x_turned - x).norm(dim=-1).mean()),
        "loss_validation": float(scores.min()),
        "equivariance_float32": report.max,
        "parameters": sum(p.numel() for p in network.parameters()),
        "steps_done": run.step,
        "step": step.astype(np.int64),
        "loss": losses,
        "validation": scores,
    }


class _Shapes:
    """The meshes of a split, from which points are drawn."""

    def __init__(self, split: Any, points: int) -> None:
        surfaces = surface_normals(split)
        self.names = surfaces["name"]
        self.points, self.x, self.normals = points, surfaces["points"], surfaces["normals"]
        if points > self.x.shape[1]:
            raise ValueError(f"points must be at most {self.x.shape[1]}, got {points}")

    def fixed(self, draws: int, seed: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Return `draws` samples of every mesh, mesh after mesh in each."""
        meshes = np.tile(np.arange(len(self.names)), draws)
        return tuple(torch.from_numpy(array) for array in self._draw(meshes, np.random.default_rng(seed)))  # pyright: ignore[reportReturnType]

    def stretched(self, count: int, seed: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Return samples of random meshes, each stretched along its axes."""
        random = np.random.default_rng(seed)
        meshes = np.concatenate([random.permutation(len(self.names)) for _ in range(-(-count // len(self.names)))])
        x, normals = self._draw(meshes[:count], random)
        factors = np.exp(random.uniform(-np.log(_STRETCH), np.log(_STRETCH), (count, 1, 3)))
        x, normals = torch.from_numpy(x * factors).float(), torch.from_numpy(normals / factors).float()
        return x, nn.functional.normalize(normals, dim=-1)

    def _draw(self, meshes: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        chosen = np.stack([random.permutation(self.x.shape[1])[: self.points] for _ in meshes])
        return self.x[meshes[:, None], chosen], self.normals[meshes[:, None], chosen]


def turned(x: Tensor, normals: Tensor, seed: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Turn each shape (B, n, 3) and its normals by a random rotation of its own; return the rotations too."""
    turns = torch.from_numpy(SO(3).sample(len(x), seed))  # pyright: ignore[reportArgumentType]
    return (x.double() @ turns.mT).to(x), (normals.double() @ turns.mT).to(normals), turns


def _angle(turns: Tensor) -> float:
    """Return the mean angle of rotations (B, 3, 3) in degrees."""
    trace = turns.diagonal(dim1=-2, dim2=-1).sum(-1)
    return float(torch.rad2deg(torch.arccos(((trace - 1) / 2).clamp(-1, 1))).mean())


def _loss(found: Tensor, normals: Tensor) -> Tensor:
    """Return one less the squared cosine, averaged over the points of each shape."""
    return 1 - (found * normals).sum(-1).square().mean(-1)


@torch.no_grad()
def _score(network: nn.Module, x: Tensor, normals: Tensor) -> Tensor:
    network.eval()
    parts = zip(x.split(4), normals.split(4), strict=True)
    return torch.cat([_loss(network(points), wanted) for points, wanted in parts])
