"""What a finite network does as a picture: energy and overlaps with their errors, and P(q)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ._figure import new_figure, with_unit

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

_CURVES = 6  # of P(q) in one panel
_LABELS = {"u": "energy per spin $u$", "m": "first pattern, $m$", "q": "replicas, $q$"}


def plot_finite(dataset: "xarray.Dataset") -> "Figure":
    r"""Draw results of `monte_carlo` or `enumerate_exact`: energy and overlaps where something varies, and P(q).

    What varies is the parameter of a sweep, or else the temperature along the ladder of a simulation; without either,
    only P(q) is drawn. Bars are standard errors. Crosses mark simulations that say of themselves that they have not
    converged.

    Args:
        dataset: Result of `hopfield-rsb/monte-carlo` or `hopfield-rsb/enumerate`, of one run or of a sweep over one
            parameter that leaves the number of spins as it is.

    Returns:
        A matplotlib figure.

    Raises:
        ImportError: matplotlib is missing (extra `plot`).
        ValueError: The data set is another one, or more than one parameter, or N, was swept.

    Examples:
        >>> import symmetron as sym                                                         # doctest: +SKIP
        >>> model = {"entry": "hopfield-rsb/dense-hopfield", "kernel": "distinct"}          # doctest: +SKIP
        >>> sym.plot(sym.run("hopfield-rsb/enumerate", model=model, N=12, K=30, T=0.3))     # doctest: +SKIP
    """
    missing = [name for name in ("u", "m", "q", "overlap_probability") if name not in dataset]
    if missing:
        raise ValueError(f"the data set is of no finite network: it has no {', '.join(missing)}")
    swept = [str(dim) for dim in dataset["u"].dims]
    if len(swept) > 1 or "N" in swept:
        raise ValueError(f"at most one parameter other than N may vary, got {', '.join(swept)}")
    ladder = not swept and dataset.sizes.get("temperature", 1) > 1
    figure = new_figure(figsize=(12.6 if swept or ladder else 4.6, 3.8))
    if swept:
        left, middle, right = figure.subplots(1, 3)
        _observables(left, middle, dataset, dataset[swept[0]], "")
    elif ladder:
        left, middle, right = figure.subplots(1, 3)
        _observables(left, middle, dataset, dataset["temperature"], "ladder_")
    else:
        right = figure.subplots()
    _distributions(right, dataset, swept)
    figure.suptitle(_title(dataset, bool(swept)), fontsize="medium")
    return figure


def _observables(left: Any, middle: Any, dataset: Any, across: Any, prefix: str) -> None:
    for name, panel in (("u", left), ("m", middle), ("q", middle)):
        values = dataset[prefix + name]
        errors = dataset[f"{prefix}{name}_error"].values if f"{prefix}{name}_error" in dataset else None
        panel.errorbar(across.values, values.values, errors, marker=".", capsize=2, lw=1, label=_LABELS[name])
        if not prefix and "converged" in dataset:
            stuck = ~dataset["converged"].values.astype(bool)
            panel.plot(across.values[stuck], values.values[stuck], "x", color="tab:red")
        panel.set_xlabel(with_unit(str(across.name), across))
    left.set_ylabel(with_unit(_LABELS["u"], dataset[prefix + "u"]))
    middle.set_ylabel("overlap")
    middle.legend(fontsize="small")


def _distributions(panel: Any, dataset: Any, swept: list[str]) -> None:
    q = dataset["overlap"].values
    if swept:
        count = dataset.sizes[swept[0]]
        chosen = np.unique(np.linspace(0, count - 1, min(count, _CURVES)).round().astype(int))
        cells = [dataset.isel({swept[0]: int(index)}) for index in chosen]
    else:
        cells = [dataset]
    for cell in cells:
        errors = cell["overlap_error"].values if "overlap_error" in cell else None
        label = f"{swept[0]} = {cell[swept[0]].item()}" if swept else None
        panel.errorbar(q, cell["overlap_probability"].values, errors, marker=".", capsize=2, lw=1, label=label)
    panel.set(xlabel="overlap of two replicas $q$", ylabel="$P(q)$", xlim=(-1.05, 1.05))
    panel.set_ylim(bottom=0)
    if swept:
        panel.legend(fontsize="small")


def _title(dataset: Any, swept: bool) -> str:
    names = {"model.P": "P", "model.kernel": "kernel", "N": "N", "K": "K", "T": "T"}
    said = {label: dataset.attrs[name] for name, label in names.items() if dataset.attrs.get(name) is not None}
    said |= {name: dataset[name].item() for name in ("N", "K") if name in dataset and dataset[name].size == 1}
    text = ", ".join(f"{label} {value}" for label, value in said.items())
    stuck = not swept and "converged" in dataset and not dataset["converged"].values.all()
    return text + (" (NOT converged)" if stuck else "")
