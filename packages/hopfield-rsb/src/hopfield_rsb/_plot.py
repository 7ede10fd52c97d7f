"""The phase diagram as a picture."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ._capacity import capacity
from ._figure import new_figure, with_unit
from ._model import DenseHopfield

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

_FINE = 61  # temperatures on the spinodal
_MODEL = ("P", "kernel", "load_unit")
_LABELS = {"m": "Mattis overlap $m$", "q": "overlap $q$"}


def plot_phase_diagram(dataset: "xarray.Dataset") -> "Figure":
    r"""Draw the states of a sweep of `rs` or `rsb` over load and temperature.

    The colour is the Mattis overlap (on the glass branch the overlap q, that within a cluster where symmetry is
    broken); where the branch does not exist the map is left blank. Lines: the edge of the branch, the zero of the
    replicon (below it replica symmetry, or one more level of it, is broken), and the Nishimori line $T = \alpha$ where
    it holds (kernels gaussian and distinct in paper units, $P > 2$).

    Args:
        dataset: Result of a sweep over `alpha` and `T`, in any order, at least 2 x 2; further dimensions are shown at
            their first value.

    Returns:
        A matplotlib figure.

    Raises:
        ImportError: matplotlib is missing (extra `plot`).
        ValueError: The data set has no dimensions alpha and T, or fewer than two values of one.

    Examples:
        Through the umbrella, which knows it as the picture of `hopfield-rsb/rs`:

        >>> import symmetron as sym                                                   # doctest: +SKIP
        >>> grid = {"alpha": np.linspace(0.01, 0.6, 40), "T": np.linspace(0, 1, 40)}  # doctest: +SKIP
        >>> model = {"entry": "hopfield-rsb/dense-hopfield", "P": 4}                  # doctest: +SKIP
        >>> sym.plot(sym.sweep("hopfield-rsb/rs", grid, model=model))                 # doctest: +SKIP
    """
    missing = {"alpha", "T"} - set(map(str, dataset.dims))
    if missing:
        raise ValueError(f"a phase diagram needs the dimensions alpha and T, missing: {', '.join(sorted(missing))}")
    if min(dataset.sizes["alpha"], dataset.sizes["T"]) < 2:
        raise ValueError(f"a phase diagram needs two values of alpha and of T, got {dict(dataset.sizes)}")
    extra = {str(dim): 0 for dim in dataset.dims if dim not in ("alpha", "T")}
    grid = dataset.isel(extra).transpose("T", "alpha")
    alpha, T = grid["alpha"].values, grid["T"].values
    exists = grid["converged"].values
    levels = sorted(name for name in ("q1", "q2", "q3") if name in dataset)  # of a broken state, the last the largest
    shown = (levels or ["q"])[-1] if dataset.attrs.get("branch") == "glass" else "m"
    figure = new_figure(figsize=(6.4, 4.8))
    panel = figure.subplots()
    overlap = np.where(exists, grid[shown].values, np.nan)
    least = np.floor(10 * np.nanmin(overlap, initial=1)) / 10  # the overlap jumps: its lower values do not occur
    colours = panel.pcolormesh(alpha, T, overlap, vmin=min(least, 0.9), vmax=1, cmap="viridis", rasterized=True)
    figure.colorbar(colours, ax=panel, label=_LABELS.get(shown, "overlap within a cluster"))
    _edge(panel, dataset, alpha, T, exists, bool(levels))
    _zero_of_replicon(panel, alpha, T, np.where(exists, grid["replicon"].values, np.nan), bool(levels))
    if _has_nishimori_line(dataset.attrs):
        both = min(alpha[-1], T[-1])
        panel.plot([0, both], [0, both], color="tab:red", lw=1, ls=":", label=r"Nishimori line $T = \alpha$")
    panel.set(
        xlabel=with_unit(r"load $\alpha$", grid["alpha"]),
        ylabel=with_unit("temperature $T$", grid["T"]),
        xlim=_limits(alpha),
        ylim=_limits(T),
    )
    panel.set_title(_title(dataset, extra))
    if panel.get_legend_handles_labels()[0]:
        panel.legend(loc="upper right", fontsize="small")
    return figure


def _edge(
    panel: Any, dataset: "xarray.Dataset", alpha: np.ndarray, T: np.ndarray, exists: np.ndarray, broken: bool
) -> None:
    """Draw the spinodal of symmetric states if the attributes tell the model, else the edge as the grid shows it."""
    if exists.all() or not exists.any():
        return
    style = {"color": "black", "lw": 1.6, "label": "end of the branch"}
    known = not broken and dataset.attrs.get("branch") == "retrieval"
    if known and all(f"model.{name}" in dataset.attrs for name in _MODEL):
        model = DenseHopfield(**{name: dataset.attrs[f"model.{name}"] for name in _MODEL})
        temperatures = np.linspace(T.min(), T.max(), _FINE)
        ends = [capacity(model=model, T=value) for value in temperatures]
        panel.plot([end["alpha"] if end["converged"] else np.nan for end in ends], temperatures, **style)
    else:
        panel.contour(alpha, T, exists.astype(float), levels=[0.5], colors="black", linewidths=1.6)
        panel.plot([], [], **style)


def _zero_of_replicon(panel: Any, alpha: np.ndarray, T: np.ndarray, replicon: np.ndarray, broken: bool) -> None:
    warm = T > 0  # at T = 0 it is minus infinity: a line drawn from there would be the grid's, not the theory's
    finite = np.clip(replicon[warm], -1, 1)
    if min(finite.shape) > 1 and np.nanmin(finite, initial=1) < 0 < np.nanmax(finite, initial=-1):
        panel.contour(alpha, T[warm], finite, levels=[0.0], colors="black", linewidths=1.2, linestyles="--")
        label = "more steps of breaking below" if broken else "replica symmetry breaks below"
        panel.plot([], [], color="black", lw=1.2, ls="--", label=label)


def _has_nishimori_line(attributes: Any) -> bool:
    kernel, unit, P = (attributes.get(f"model.{name}") for name in ("kernel", "load_unit", "P"))
    in_paper_units = kernel == "gaussian" or unit == "paper"
    return kernel in ("gaussian", "distinct") and in_paper_units and P is not None and P > 2


def _limits(values: np.ndarray) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _title(dataset: "xarray.Dataset", extra: dict[str, int]) -> str:
    names = {
        "model.P": "P",
        "model.kernel": "kernel",
        "model.load_unit": "load unit",
        "branch": "branch",
        "steps": "steps",
    }
    said = {label: dataset.attrs[name] for name, label in names.items() if name in dataset.attrs}
    said |= {names.get(dim, dim): dataset[dim].values[index] for dim, index in extra.items()}
    return ", ".join(f"{label} {value}" for label, value in said.items())
