"""Phase diagrams of dense networks with P = 2, 4, 6 and 8, and their capacities beside the conjectured limit.

Run it as `python examples/hopfield_rsb_gallery.py [folder]`; the pictures of the documentation are made by it.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from rich.progress import Progress

from hopfield_rsb import DenseHopfield, PSpin, capacity, phase_diagram, plot_lines, transition_temperatures

SIZES = (2, 4, 6, 8)
CAPACITIES = (3, 4, 5, 6, 7, 8, 10, 12)
DPI = 80


def gallery() -> Figure:
    """Draw the four diagrams in one figure, with one legend."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    known = {}
    with Progress() as bars:
        for panel, P in zip(panels, SIZES, strict=True):
            bar = bars.add_task(f"P = {P}", total=1)
            diagram = phase_diagram(
                DenseHopfield(P=P),
                progress=lambda done, total, text, bar=bar: bars.update(bar, completed=done, total=total),
            )
            plot_lines(diagram, panel=panel, legend=False)
            panel.set_title(f"P = {P}")
            known |= dict(zip(*panel.get_legend_handles_labels()[::-1], strict=True))
    figure.legend(known.values(), known.keys(), loc="outside lower center", ncols=4, fontsize="small", frameon=False)
    return figure


def conjecture() -> Figure:
    """Draw how far each ansatz falls short of the square of the dynamic temperature."""
    limits = np.array([transition_temperatures(PSpin(P)).dynamic ** 2 for P in CAPACITIES])
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    panel = figure.subplots()
    for ansatz, marker in (("RS", "o"), ("1RSB", "s"), ("2RSB", "^")):
        found = [capacity(model=DenseHopfield(P=P), ansatz=ansatz) for P in CAPACITIES]
        gap = 1 - np.array([end["alpha"] for end in found]) / limits
        solved = np.array([end["converged"] for end in found])
        panel.semilogy(np.array(CAPACITIES)[solved], gap[solved], marker=marker, label=ansatz)
    panel.set(xlabel="$P$", ylabel=r"$1 - \alpha_c(T = 0) / T_d^2$", xticks=CAPACITIES)
    panel.legend(title="steps of breaking", frameon=False)
    return figure


def main(folder: str = ".") -> None:
    """Draw both figures."""
    for name, draw in (("gallery", gallery), ("conjecture", conjecture)):
        path = Path(folder) / f"hopfield-rsb-{name}.png"
        draw().savefig(path, dpi=DPI)
        print(f"wrote {path} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main(*sys.argv[1:])
