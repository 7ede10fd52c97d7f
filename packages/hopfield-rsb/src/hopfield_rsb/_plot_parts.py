"""The two parts of a pressure as a picture."""

from typing import TYPE_CHECKING

import numpy as np

from ._figure import new_figure, with_unit

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

_STYLES = {
    "A": ("pressure $A$", {"color": "black", "lw": 2.0}),
    "hard": ("hard spins", {"color": "#20425f", "ls": "--"}),
    "soft": ("soft hidden units", {"color": "#b5482a", "ls": "-."}),
    "excess": ("what finitely many spins add", {"color": "#7a7a7a", "ls": ":"}),
}


def plot_parts(dataset: "xarray.Dataset") -> "Figure":
    r"""Draw the pressure of `glassiness` and its hard and soft parts along a sweep of one parameter.

    Where the state does not exist the lines end.

    Args:
        dataset: Result of a sweep of `hopfield-rsb/glassiness` over one parameter, most usefully `T` or `alpha`.

    Returns:
        A matplotlib figure.

    Raises:
        ImportError: matplotlib is missing (extra `plot`).
        ValueError: The data set is another one, or was not swept over one parameter.

    Examples:
        >>> import symmetron as sym                                                   # doctest: +SKIP
        >>> swept = {"alpha": [0.01, 0.05, 0.1], "T": 0.3}                            # doctest: +SKIP
        >>> model = {"entry": "hopfield-rsb/hopfield"}                                # doctest: +SKIP
        >>> sym.plot(sym.sweep("hopfield-rsb/glassiness", swept, model=model))        # doctest: +SKIP
    """
    missing = [name for name in ("A", "hard", "soft", "excess", "converged") if name not in dataset]
    if missing:
        raise ValueError(f"the data set holds no parts of a pressure: it has no {', '.join(missing)}")
    swept = [str(dim) for dim in dataset["hard"].dims]
    if len(swept) != 1:
        raise ValueError(f"one parameter has to vary, got {', '.join(swept) or 'none'}")
    across = dataset[swept[0]]
    exists = dataset["converged"].values.astype(bool)
    figure = new_figure(figsize=(5.6, 4.0))
    panel = figure.subplots()
    for name, (label, style) in _STYLES.items():
        values = np.where(exists, dataset[name].values, np.nan)
        if name != "excess" or np.nanmax(np.abs(values), initial=0.0) > 0:
            panel.plot(across.values, values, label=label, **style)
    panel.set(xlabel=with_unit(swept[0], across), ylabel="pressure per spin")
    panel.legend(fontsize="small")
    return figure
