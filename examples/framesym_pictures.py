"""Draw the pictures of the guide of framesym: `python examples/framesym_pictures.py [folder]`.

The folder is docs/assets by default.
"""

import itertools
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

import liegroups
from framesym import PCA, Tuple, Weighted, symmetrize

F64 = torch.float64


def network(points: int, out: int = 1):
    """A fixed network of ordered points without any symmetry."""
    random = torch.Generator().manual_seed(5)
    first = torch.randn(points * 3, 64, generator=random, dtype=F64) / (points * 3) ** 0.5
    second = torch.randn(64, out, generator=random, dtype=F64) / 8
    return lambda x: torch.tanh(3 * x.flatten(-2).to(F64) @ first + 0.3) @ second


def set_network(points: int):
    """A fixed network of sets of points, without symmetry in space."""
    phi = network(1)
    return lambda x: phi(x.unsqueeze(-2)).mean(-2)


def discontinuity() -> Figure:
    """One invariant network on a circle of clouds around one whose covariance has a double eigenvalue."""
    random = torch.Generator().manual_seed(1)
    x = torch.randn(10, 3, generator=random, dtype=F64)
    values, vectors = torch.linalg.eigh(x.mT @ x)
    x = x @ (vectors / values.sqrt()) * torch.tensor([1.0, 1.0, 1.6], dtype=F64)
    angle = torch.linspace(0, 2 * math.pi, 241, dtype=F64)
    around = torch.zeros(len(angle), 3, 3, dtype=F64)
    around[:, 0, 0], around[:, 1, 1] = angle.cos(), -angle.cos()
    around[:, 0, 1] = around[:, 1, 0] = angle.sin()
    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for panel, size in zip(panels, (1e-1, 1e-7), strict=True):
        near = x @ (torch.eye(3, dtype=F64) + size * around)
        for frame, style in ((PCA(liegroups.O(3)), "C3-"), (Weighted(liegroups.O(3)), "C0-")):
            y = symmetrize(network(10), frame, "vector", "scalar")(near)
            panel.plot(angle, y.squeeze(-1), style, label=type(frame).__name__)
        exponent = round(math.log10(size))
        panel.set_title(rf"at distance $10^{{{exponent}}}$")
        panel.set_xticks([0, math.pi, 2 * math.pi], ["0", "π", "2π"])
        panel.set_xlabel("direction of the change")
    panels[0].set_ylabel("invariant output")
    panels[1].legend(title="frame")
    figure.suptitle("Around a cloud with two equal principal moments")
    return figure


def hard_inputs() -> dict[str, torch.Tensor]:
    """Point sets on which published frames fail: symmetric, flat and coinciding ones."""
    random = torch.Generator().manual_seed(3)
    normal = lambda n: torch.randn(n, 3, generator=random, dtype=F64)
    cube = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=3)), dtype=F64)
    turn = torch.arange(6, dtype=F64) * math.pi / 3
    hexagon = torch.stack([turn.cos(), turn.sin(), 0 * turn], 1)
    up = torch.tensor([0.0, 0, 1], dtype=F64)
    return {
        "generic": normal(20),
        "gap 1e-6": cube * (1 + torch.tensor([0, 1e-6, 2e-6], dtype=F64)),
        "cube": cube,
        "octahedron": torch.cat([torch.eye(3, dtype=F64), -torch.eye(3, dtype=F64)]),
        "tetrahedron": torch.tensor([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=F64),
        "prism": torch.cat([hexagon + up, hexagon - up]),
        "hexagon": hexagon,
        "planar": normal(10) * torch.tensor([1.0, 1, 0], dtype=F64),
        "collinear": torch.linspace(-1, 2, 5, dtype=F64)[:, None] * torch.tensor([[1.0, 0, 0]], dtype=F64),
        "single": torch.tensor([[1.0, 2, 3]], dtype=F64),
    }


def errors() -> Figure:
    """Loss of invariance of an averaged network of sets over moved and permuted copies of hard inputs."""
    group, clouds = liegroups.E(3), hard_inputs()
    frames = {"PCA": PCA(group, degenerate="warn"), "Tuple": Tuple(group), "Weighted": Weighted(group)}
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    panel = figure.subplots()
    smallest = 2.0**-53
    for shift, (name, frame) in enumerate(frames.items()):
        for dtype, fill in ((F64, True), (torch.float32, False)):
            found = [worst(frame, group, x, dtype) for x in clouds.values()]
            place = np.arange(len(clouds)) + 0.2 * (shift - 1)
            panel.semilogy(
                place, np.maximum(found, smallest), "os^"[shift], color=("C3", "C2", "C0")[shift],
                fillstyle="full" if fill else "none", label=f"{name}, {'float64' if fill else 'float32'}",
            )  # fmt: skip
    panel.set_xticks(range(len(clouds)), list(clouds), rotation=30, ha="right")
    panel.set_ylabel("largest change under\nmotions and permutations")
    panel.set_ylim(smallest / 2, 1e3)
    panel.grid(axis="y", alpha=0.3)
    panel.legend(ncols=3, fontsize="small", loc="upper right")
    return figure


def worst(frame, group, x: torch.Tensor, dtype: torch.dtype) -> float:
    """Return the largest change of the averaged network over moved and permuted copies."""
    g = torch.tensor(group.sample(30, seed=4, scale=1.0))
    copies = liegroups.Rep("point", group).rho(g[:, None], x).to(dtype)
    random = torch.Generator().manual_seed(0)
    copies = torch.stack([y[torch.randperm(len(x), generator=random)] for y in copies])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that principal axes are no frame here is what the picture shows
        y = symmetrize(set_network(len(x)), frame, {"x": "point"}, "scalar")(copies)
    return float((y - y[:1]).abs().max())


PICTURES = {
    "framesym-discontinuity.png": discontinuity,
    "framesym-errors-on-hard-inputs.png": errors,
}


def main() -> None:
    """Draw all pictures."""
    default = Path(__file__).resolve().parents[1] / "docs/assets"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        draw().savefig(folder / name, dpi=110)


if __name__ == "__main__":
    main()
