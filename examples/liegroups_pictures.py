"""Draw the pictures of the guide of liegroups: `python examples/liegroups_pictures.py [folder [errors.npz]]`.

The folder is docs/assets by default. `bench/liegroups_equivariance.py --output errors.npz` measures the errors.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import liegroups


def polar_chart_of_sl2() -> Figure:
    """Angle and squeeze of SL(2): the density of Haar measure, and the elements that have no logarithm."""
    chart = liegroups.SL(2).chart("polar")
    angle, squeeze = np.meshgrid(np.linspace(-np.pi, np.pi, 401), np.linspace(0, 2.5, 301))
    coords = np.stack([np.sqrt(2) * squeeze, np.zeros_like(squeeze), np.sqrt(2) * angle], axis=-1)
    trace = np.trace(chart.forward(coords), axis1=-2, axis2=-1)
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    panel = figure.subplots()
    image = panel.pcolormesh(
        angle, squeeze, chart.log_density(coords), cmap="Blues", shading="nearest", rasterized=True
    )
    figure.colorbar(image, ax=panel, label="log density of Haar measure")
    panel.contourf(angle, squeeze, trace, levels=[-np.inf, -2], colors="none", hatches=["///"])
    panel.contour(angle, squeeze, trace, levels=[-2], colors="C3", linewidths=2)
    for A, name in (([[-2.0, 0.0], [0.0, -0.5]], "diag(-2, -1/2)"), ([[-1.0, 1.0], [0.0, -1.0]], "[[-1, 1], [0, -1]]")):
        found = chart.inverse(np.array(A)) / np.sqrt(2)
        place = (abs(found[2]), np.hypot(found[0], found[1]))
        panel.plot(*place, "o", color="C3", clip_on=False, zorder=3)
        panel.annotate(
            name, place, xytext=(-9, 9), textcoords="offset points", ha="right", color="C3", backgroundcolor="w"
        )
    panel.set_xticks(np.pi * np.array([-1, -0.5, 0, 0.5, 1]), ["-π", "-π/2", "0", "π/2", "π"])
    panel.set_xlabel("angle of the rotation R")
    panel.set_ylabel("squeeze: log of the larger\nsingular value")
    panel.set_title("SL(2) = P R; no exponential reaches the hatched elements")
    return figure


def samples_on_spd2() -> Figure:
    """Points P² of SPD(2) in its cone: independent and by a scrambled Sobol' sequence, sized by weight."""
    group = liegroups.SL(2)
    figure = Figure(figsize=(7.2, 3.8), layout="constrained")
    disc = np.linspace(0, 2 * np.pi, 200)
    for column, (scheme, title) in enumerate((("mc", "independent"), ("sobol", "scrambled Sobol'"))):
        samples = liegroups.sample_set(group, 128, 0, scale=0.7, scheme=scheme)
        S = samples.elements @ samples.elements.transpose(0, 2, 1)
        height = 1 + np.trace(S, axis1=1, axis2=2) / 2  # Poincaré's disc: project from (0, 0, -1)
        x, y = (S[:, 0, 0] - S[:, 1, 1]) / 2 / height, S[:, 0, 1] / height
        panel = figure.add_subplot(1, 2, column + 1, aspect="equal")
        panel.plot(np.cos(disc), np.sin(disc), color="0.6")
        panel.scatter(x, y, s=6 * np.sqrt(np.exp(samples.log_weights)), linewidths=0)
        panel.set_title(title)
        panel.set_axis_off()
    figure.suptitle("128 points of SPD(2) of determinant 1 in Poincaré's disc\n(area of a dot: root of its weight)")
    return figure


def error_of_sampled_convolution(path: Path) -> Figure:
    """Equivariance error of two SL(2) layers over the number of samples."""
    with np.load(path) as found:
        counts, cases, errors = found["counts"], found["cases"], found["errors"]
    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    panel = figure.subplots()
    for name, row in zip(cases, errors, strict=True):
        estimator, scheme = str(name).split(", ")
        color, style = ("C0", "C1")[estimator == "ratio"], ("-", "--")[scheme == "independent"]
        panel.loglog(counts, row, style, marker="o", markersize=4, color=color, label=name)
    panel.set_xticks(counts, [str(count) for count in counts])
    panel.set_yticks([0.05, 0.1, 0.2, 0.5, 1.0], ["0.05", "0.1", "0.2", "0.5", "1"])
    panel.minorticks_off()
    panel.set_xlabel("samples of SL(2)")
    panel.set_ylabel("relative equivariance error")
    panel.legend(fontsize="small")
    return figure


def main(folder: Path, errors: Path | None = None) -> None:
    """Draw them; the last one from measured data, where a file is given."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"polar-chart-of-sl2": polar_chart_of_sl2(), "samples-on-spd2": samples_on_spd2()}
    if errors is not None:
        figures["error-of-sampled-convolution"] = error_of_sampled_convolution(errors)
    for name, figure in figures.items():
        path = folder / f"liegroups-{name}.png"
        figure.savefig(path, dpi=100)
        print(path)


if __name__ == "__main__":
    paths = [Path(argument) for argument in sys.argv[1:]]
    main(*paths or [Path(__file__).parents[1] / "docs/assets"])
