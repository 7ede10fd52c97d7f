"""The lines of a phase diagram as a picture."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ._figure import new_figure
from ._phase_diagram import PhaseDiagram

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

# What each line is called in the legend, and how it looks; in the order of the legend.
_STYLES: dict[tuple[str, str, str], tuple[str, dict[str, Any]]] = {
    ("spinodal", "RS", "retrieval"): ("retrieval ends, RS", {"color": "#20425f", "lw": 1.2, "ls": "--"}),
    ("spinodal", "1RSB", "retrieval"): ("retrieval ends, 1RSB", {"color": "#20425f", "lw": 2.0}),
    ("first-order", "RS", "retrieval"): (
        "retrieval is equilibrium to the left, RS",
        {"color": "#b5482a", "lw": 1.2, "ls": "--"},
    ),
    ("first-order", "1RSB", "retrieval"): ("the same, 1RSB", {"color": "#b5482a", "lw": 2.0}),
    ("at", "RS", "retrieval"): ("replica symmetry breaks below", {"color": "#4c8c4a", "lw": 1.4, "ls": "-."}),
    ("zero-entropy", "RS", "retrieval"): ("zero entropy of retrieval, RS", {"color": "#4c8c4a", "lw": 1.0, "ls": ":"}),
    ("dynamic", "1RSB", "glass"): ("metastable glass, $T_d$", {"color": "#7a7a7a", "lw": 1.0, "ls": "--"}),
    ("static", "1RSB", "glass"): ("glass, $T_s$", {"color": "black", "lw": 1.4}),
    ("gardner", "1RSB", "glass"): ("its states split, $T_G$", {"color": "#7a7a7a", "lw": 1.2, "ls": "-."}),
    ("zero-entropy", "RS", "paramagnet"): (
        "zero entropy of the paramagnet",
        {"color": "#7a7a7a", "lw": 0.9, "ls": ":"},
    ),
    ("glass", "RS", "paramagnet"): ("glass", {"color": "black", "lw": 1.4}),
    ("nishimori", "RS", "retrieval"): ("Nishimori line", {"color": "#c28f00", "lw": 1.0, "ls": ":"}),
}


def plot_lines(diagram: "PhaseDiagram | xarray.Dataset", *, panel: Any = None, legend: bool = True) -> "Figure":
    r"""Draw the lines of a phase diagram over load and temperature.

    Args:
        diagram: Result of `phase_diagram`, or of the solver `hopfield-rsb/phase-diagram`.
        panel: Axes to draw on; a new figure if None.
        legend: Whether to name the lines beside the panel.

    Returns:
        The matplotlib figure.

    Raises:
        ImportError: matplotlib is missing (extra `plot`).
        ValueError: The data set has no lines in it.

    Examples:
        >>> from hopfield_rsb import PSpin, phase_diagram
        >>> plot_lines(phase_diagram(PSpin(3), largest=1.0)).axes[0].get_xlabel()  # doctest: +SKIP
        'load $\\alpha$'
    """
    if panel is None:
        panel = new_figure(figsize=(8.0, 4.6)).subplots()
    lines = _lines(diagram)
    for key, (label, style) in _STYLES.items():
        if key in lines:
            panel.plot(*lines[key], label=label, **style)
    retrieval = [alpha for (_, _, branch), (alpha, _) in lines.items() if branch == "retrieval"]
    right = 1.15 * max(map(np.max, retrieval)) if retrieval else max(np.max(alpha) for alpha, _ in lines.values())
    inside = [T[alpha <= right] for alpha, T in lines.values()]
    panel.set(xlim=(0, right), ylim=(0, 1.05 * max(T.max() for T in inside if len(T))))
    panel.set(xlabel=r"load $\alpha$", ylabel="temperature $T$")
    if legend:
        panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small", frameon=False)
    return panel.figure


def _lines(diagram) -> dict[tuple[str, str, str], tuple[np.ndarray, np.ndarray]]:
    if isinstance(diagram, PhaseDiagram):
        return {(x.name, x.ansatz, x.branch): (x.alpha, x.T) for x in diagram.lines if len(x)}
    missing = [name for name in ("line", "ansatz", "state", "alpha", "T") if name not in diagram]
    if missing:
        raise ValueError(f"the data set is no phase diagram: it has no {', '.join(missing)}")
    columns = [diagram[name].values for name in ("line", "ansatz", "state")]
    keys = list(dict.fromkeys(zip(*(column.tolist() for column in columns), strict=True)))
    alpha, T = diagram["alpha"].values, diagram["T"].values
    found = {}
    for key in keys:
        rows = np.all([column == word for column, word in zip(columns, key, strict=True)], axis=0)
        found[key] = alpha[rows], T[rows]
    return found
