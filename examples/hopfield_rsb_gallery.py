"""Phase diagrams of dense networks with P = 2, 4, 6 and 8, and their capacities beside the conjectured limit.

Run it as `python examples/hopfield_rsb_gallery.py [folder]`; the pictures of the documentation are made by it, in
about a minute on one core.
"""

import io
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from rich.progress import Progress

from hopfield_rsb import (
    DenseHopfield,
    PhaseDiagram,
    PSpin,
    capacity,
    phase_diagram,
    plot_lines,
    transition_temperatures,
)

SIZES = (2, 4, 6, 8)
CAPACITIES = (3, 4, 5, 6, 7, 8, 10, 12)
DPI = 80
COLOURS = 192  # lines on white need no more, and the files stay small


def diagrams() -> dict[int, PhaseDiagram]:
    """Trace the lines of all networks."""
    found = {}
    with Progress() as bars:
        for P in SIZES:
            bar = bars.add_task(f"P = {P}", total=1)
            found[P] = phase_diagram(
                DenseHopfield(P=P),
                progress=lambda done, total, text, bar=bar: bars.update(bar, completed=done, total=total),
            )
    return found


def gallery(known: dict[int, PhaseDiagram]) -> Figure:
    """Draw the diagrams in one figure, with one legend."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    labels = {}
    for panel, (P, diagram) in zip(figure.subplots(2, 2).ravel(), known.items(), strict=True):
        plot_lines(diagram, panel=panel, legend=False)
        panel.set_title(f"P = {P}")
        labels |= dict(zip(*panel.get_legend_handles_labels()[::-1], strict=True))
        if P == 2:
            _closer(panel, diagram)
    figure.legend(labels.values(), labels.keys(), loc="outside lower center", ncols=4, fontsize="small", frameon=False)
    return figure


def _closer(panel, diagram: PhaseDiagram) -> None:
    """Show the cold end of the spinodal of P = 2, where breaking changes the load by two parts in a thousand."""
    inset = panel.inset_axes((0.62, 0.36, 0.36, 0.42))
    plot_lines(diagram, panel=inset, legend=False)
    temperatures = np.linspace(0, 0.05, 26)  # closer than the line is traced for the whole diagram
    (symmetric,) = [line for line in inset.lines if line.get_label() == "retrieval ends, RS"]
    symmetric.set_data([capacity(model=diagram.model, T=T)["alpha"] for T in temperatures], temperatures)
    inset.set(xlim=(0.13788, 0.13822), ylim=(0, 0.04), xlabel="", ylabel="")
    inset.set_xticks([0.1379, 0.1382])
    inset.tick_params(labelsize="small")


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
    """Draw all figures."""
    known = diagrams()
    figures = {"gallery": gallery(known), "diagram": plot_lines(known[4]), "conjecture": conjecture()}
    for name, figure in figures.items():
        path = Path(folder) / f"hopfield-rsb-{name}.png"
        whole = io.BytesIO()
        figure.savefig(whole, dpi=DPI)
        Image.open(whole).convert("RGB").quantize(COLOURS).save(path, optimize=True)
        print(f"wrote {path} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main(*sys.argv[1:])
