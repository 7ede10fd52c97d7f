"""Charged particles in motion: a message-passing network as it is and in frames, from trajectories made on the spot."""

import math

import numpy as np
import torch
from matplotlib.figure import Figure

import framesym
from liegroups import O

RATE = 2e-3
TURNS = 40


def load() -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Return 600 trajectories to train on and 300 to test: positions, velocities, charges, and later positions."""
    parts = framesym.nbody("train", count=600), framesym.nbody("test", count=300)
    train, test = ({name: torch.from_numpy(array) for name, array in part.items()} for part in parts)
    return train, test


def predict(network: torch.nn.Module, items: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the predicted positions."""
    return network(**{name: items[name] for name in ("x", "v", "charges")})


def train(network: torch.nn.Module, items: dict[str, torch.Tensor], steps: int, seed: int = 0, progress=None) -> None:
    """Train in place for so many steps of 100 trajectories; `progress(done, total, text)` is called after each."""
    torch.manual_seed(seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    network.train()
    for step in range(steps):
        share = step / steps
        for group in optimiser.param_groups:
            group["lr"] = RATE * min((share + 0.01) / 0.05, 0.5 + 0.5 * math.cos(math.pi * share))
        chosen = torch.randint(len(items["x"]), (100,))
        batch = {name: array[chosen] for name, array in items.items()}
        loss = (predict(network, batch) - batch["target"]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if progress is not None:
            progress(step + 1, steps, f"loss {loss.item():.4f}")
    network.eval()


@torch.no_grad()
def error(network: torch.nn.Module, items: dict[str, torch.Tensor]) -> float:
    """Return the mean squared error over all coordinates."""
    return float((predict(network, items) - items["target"]).square().mean())


@torch.no_grad()
def seen_from_all_sides(network: torch.nn.Module, item: dict[str, torch.Tensor]) -> torch.Tensor:
    """Turn one trajectory (1, n, 3) to many sides, predict, and turn back: (TURNS, n, 3), all alike if equivariant."""
    turns = torch.from_numpy(O(3).sample(TURNS, seed=0)).float()
    turned = {name: item[name] @ turns.mT for name in ("x", "v")}
    return predict(network, turned | {"charges": item["charges"].expand(TURNS, -1)}) @ turns


def figure(networks: dict[str, torch.nn.Module], items: dict[str, torch.Tensor], number: int) -> Figure:
    """Draw one trajectory with the predictions of each network from many sides, on the plane of x and y."""
    item = {name: array[number : number + 1] for name, array in items.items()}
    # Frame 9 is one unit of time on; a trajectory that goes on from time 3.1 starts with a kick that it had already.
    frames = framesym.simulate_nbody(item["charges"][0], item["x"][0], item["v"][0], frames=range(10))[0]
    paths = np.concatenate([item["x"].numpy(), frames])
    drawn = Figure(figsize=(9, 4.5), layout="constrained")
    for axes, (name, network) in zip(drawn.subplots(1, len(networks)), networks.items(), strict=True):
        found = seen_from_all_sides(network, item).numpy()
        for body in range(paths.shape[1]):
            colour = f"C{body}"
            axes.plot(*paths[:, body, :2].T, color=colour, lw=1)
            axes.plot(*paths[0, body, :2], "o", color=colour, ms=4)
            axes.plot(*paths[-1, body, :2], "x", color=colour, ms=9)
            axes.plot(*found[:, body, :2].T, ".", color=colour, ms=4, alpha=0.5)
        spread = np.sqrt(found.var(0).sum(-1).mean())
        axes.set(title=f"{name}: spread {spread:.1e}", xlabel="x", ylabel="y", aspect="equal")
    return drawn
