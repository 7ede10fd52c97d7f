"""The tour: one section a package, from real input to figures; results, pictures and a page go to demo-output/.

Run it with `nox -s demo`, or `python examples/tour.py [folder]`. A new package adds a function to SECTIONS.
"""

import functools
import json
import platform
import sys
import time
import tomllib
from importlib.metadata import version
from pathlib import Path

import affine
import digits
import motion
import numpy as np
import torch
import xarray
from matplotlib.figure import Figure
from page import Page
from rich.progress import Progress

import symmetron as sym

TABLES = Path(__file__).with_name("tour.toml")
EPOCHS = 40
STEPS = {"upright-cnn": 600, "upright-lie": 700}
MOTION_STEPS = 300
LOADS, TEMPERATURES = (0.05, 0.2, 0.35, 0.5), (0.2, 0.45, 0.8)  # of the simulated networks
ANGLES = np.linspace(0, 360, 25)  # degrees


def installed(page: Page) -> None:
    """List what the installed packages offer."""
    page.section("What is installed")
    rows = [("entry", "kind", "what it is")]
    page.table([*rows, *((entry.name, entry.kind, entry.summary) for entry in sym.entries())])
    for broken in sym.broken():
        page.text(f"broken: {broken}")


def turned_digits(page: Page) -> None:
    """Train a network on upright digits, as it is and frame-averaged, and test both on turned ones."""
    page.section("Handwritten digits, turned")
    torch.set_num_threads(1)  # on layers this small a second thread gains little, and loses much on a busy machine
    train, test = digits.load()
    page.text(
        f"{len(train.labels)} scans to train on and {len(test.labels)} to test (scikit-learn's handwritten digits), "
        "each a set of 64 points weighted by intensity. Both networks see upright digits only."
    )
    turned = digits.rotate(test)
    networks = {name: sym.build(f"{TABLES}#{name}") for name in ("plain", "averaged")}
    scores = xarray.Dataset(coords={"network": list(networks), "angle": ("angle", ANGLES, {"units": "degree"})})
    for name in ("upright", "turned", "logit_change", "seconds"):
        scores[name] = ("network", np.zeros(len(networks)), {"units": "s" if name == "seconds" else "1"})
    scores["accuracy"] = (("network", "angle"), np.zeros((len(networks), len(ANGLES))), {"units": "1"})
    for name, network in networks.items():
        started = time.perf_counter()
        with Progress() as bars:
            bar = bars.add_task(f"training {name}", total=EPOCHS)
            digits.train(network, train, EPOCHS, progress=functools.partial(_advance, bars, bar))
        one = {"network": name}
        scores["seconds"].loc[one] = time.perf_counter() - started
        scores["upright"].loc[one], scores["turned"].loc[one] = (digits.accuracy(network, x) for x in (test, turned))
        scores["logit_change"].loc[one] = digits.logit_change(network, test, turned)
        scores["accuracy"].loc[one] = [digits.accuracy(network, digits.turn(test, angle)) for angle in ANGLES]
    head = ("network", "upright", "turned", "largest change of a logit", "training")
    page.table([head, *(_row(name, scores.sel(network=name)) for name in networks)])

    page.text("The certificate: how far each network is from invariance under rigid motions, on 32 test digits.")
    group = sym.build(f"{TABLES}#averaged.group")
    x = {"x": test.x[:32], "weights": test.weights[:32]}
    words = {"x": "point", "weights": "invariant"}
    for name, network in networks.items():
        page.listing(f"{name}: {sym.equivariance_error(network, group, x, words, 'scalar', samples=64, scale=1.0)}")
    scores.attrs = _provenance("plain", "averaged") | {"epochs": EPOCHS, "seed": 0, "threads": 1}
    sym.save(scores, page.folder / "digits.nc")
    page.figure(_digits_figure(test, scores), "digits", "Six test digits, turned; accuracy against the angle.")


def _row(name: str, score: xarray.Dataset) -> tuple[str, ...]:
    shares = [f"{100 * float(score[part]):.1f} %" for part in ("upright", "turned")]
    return (name, *shares, f"{float(score['logit_change']):.1e}", f"{float(score['seconds']):.0f} s")


def _provenance(*names: str) -> dict[str, str]:
    """Return what the numbers come from: the tables of the networks, versions, host."""
    tables = tomllib.loads(TABLES.read_text())
    packages = ("symmetron", "framesym", "liegroups", "torch", "scikit-learn")
    return {
        "spec": json.dumps({name: tables[name] for name in names}),
        "versions": json.dumps({package: version(package) for package in packages}),
        "python": platform.python_version(),
        "host": platform.node(),
    }


def _advance(bars: Progress, bar, done: int, total: int, text: str) -> None:
    bars.update(bar, completed=done, total=total)


def _digits_figure(test: digits.Digits, scores: xarray.Dataset) -> Figure:
    figure = Figure(figsize=(9, 6), layout="constrained")
    panels = figure.subplot_mosaic([[*"abcdef"], ["scores"] * 6], height_ratios=[1, 2])
    for index, name in enumerate("abcdef"):
        angle = 60.0 * index
        x = digits.turn(test, angle).x[index].numpy()
        panels[name].scatter(*x.T, s=40 * test.weights[index].numpy() / test.weights[index].max().item(), c="#20425f")
        panels[name].set(aspect="equal", xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), xticks=[], yticks=[])
        panels[name].set_title(f"{test.labels[index]}, {angle:.0f}°", fontsize="medium")
    for name in scores.network.values:
        panels["scores"].plot(scores.angle, 100 * scores.accuracy.sel(network=name), marker=".", label=str(name))
    panels["scores"].set(xlabel="angle of rotation [degree]", ylabel="accuracy [%]", ylim=(0, 101))
    panels["scores"].legend(title="network")
    return figure


def distorted_digits(page: Page) -> None:
    """Train an affine-equivariant network and a plain one on upright images, and test both on distorted ones."""
    page.section("Handwritten digits, distorted")
    upright, test, distorted = affine.load()
    page.text(
        f"{len(upright.labels)} images to train on and {len(test.labels)} to test. Both networks see upright digits "
        "only; the test digits are sheared, stretched, and turned by up to 20 degrees, as in affNIST, or by up to 60. "
        "The plain network pools over the plane and withstands small maps; the one on SL(2) is made for large ones."
    )
    turns = [f"turned by {degrees:.0f}°" for degrees in affine.DEGREES]
    rows = [("network", "parameters", "upright", *turns, "training")]
    for name, steps in STEPS.items():
        network = sym.build(f"{TABLES}#{name}")
        started = time.perf_counter()
        with Progress() as bars:
            bar = bars.add_task(f"training {name}", total=steps)
            affine.train(network, upright, steps, progress=functools.partial(_advance, bars, bar))
        seconds = time.perf_counter() - started
        scores = [f"{100 * affine.accuracy(network, part):.1f} %" for part in (test, *distorted)]
        parameters = sum(p.numel() for p in network.parameters())
        rows.append((name, str(parameters), *scores, f"{seconds:.0f} s"))
    page.table(rows)
    page.figure(affine.figure(test, distorted[-1]), "distorted", "Digits as they are seen and as they are tested.")


def particles(page: Page) -> None:
    """Predict the motion of charged particles with a network as it is and in frames of principal axes."""
    page.section("Charged particles in motion")
    known, test = motion.load()
    straight = float((test["x"] + test["v"] - test["target"]).square().mean())
    page.text(
        f"{len(known['x'])} trajectories of five particles to train on and {len(test['x'])} to test: where are they "
        f"one unit of time later? Going straight on has a mean squared error of {straight:.4f}. The averaged network "
        "is the plain one in a frame: one random element a step while training, all eight when tested."
    )
    group = sym.build(f"{TABLES}#motion-averaged.group")
    words = {"x": "point", "v": "vector", "charges": "invariant"}
    x = {name: test[name][:16] for name in words}
    rows = [("network", "mean squared error", "error of equivariance", "training")]
    networks = {}
    for name in ("motion-plain", "motion-averaged"):
        networks[name] = network = sym.build(f"{TABLES}#{name}")
        started = time.perf_counter()
        with Progress() as bars:
            bar = bars.add_task(f"training {name}", total=MOTION_STEPS)
            motion.train(network, known, MOTION_STEPS, progress=functools.partial(_advance, bars, bar))
        seconds = time.perf_counter() - started
        found = sym.equivariance_error(network, group, x, words, "point", samples=16, scale=1.0, local=False)
        rows.append((name, f"{motion.error(network, test):.4f}", f"{found.rms:.1e}", f"{seconds:.0f} s"))
    page.table(rows)
    drawn = motion.figure(networks, test, number=1)
    page.figure(drawn, "motion", "One motion (line, to the cross) and its predictions (dots), from forty sides.")


def memory(page: Page) -> None:
    """Sweep the replica-symmetric phase diagram of a dense associative memory."""
    page.section("Phase diagram of a dense associative memory")
    started = time.perf_counter()
    grid = {"alpha": np.linspace(0.01, 0.6, 48), "T": np.linspace(0.0, 1.0, 48)}
    store = page.folder / "memory.sqlite"
    diagram = sym.sweep(f"{TABLES}#memory", grid, store=store, workers=2, fresh=True)
    seconds = time.perf_counter() - started
    found = int(diagram["converged"].sum())
    page.text(
        f"P = 4, {diagram.sizes['alpha']} x {diagram.sizes['T']} states on 2 workers in {seconds:.1f} s: "
        f"{found} retrieval states; the rest lies beyond the spinodal and is marked so."
    )
    capacity = sym.run("hopfield-rsb/capacity", model=tomllib.loads(TABLES.read_text())["memory"]["model"])
    units = {key: capacity.attrs[f"model.{key}"] for key in ("P", "kernel", "load_unit")}
    page.text(f"Capacity at T = 0: alpha = {float(capacity['alpha']):.15g} ({units}).")
    sym.save(diagram, page.folder / "memory.nc")
    page.figure(sym.plot(diagram), "memory", "Mattis overlap of the retrieval state over load and temperature.")
    _phase_lines(page)


def _phase_lines(page: Page) -> None:
    """Trace the lines of the same network, and put simulated networks of literal patterns among them."""
    model = tomllib.loads(TABLES.read_text())["memory"]["model"]
    started = time.process_time()
    lines = sym.run("hopfield-rsb/phase-diagram", model=model)
    traced = time.process_time() - started
    rows = [("load", "temperature", "patterns", "overlap", "energy per spin", "replica-symmetric overlap, energy")]
    points = []
    for T in TEMPERATURES:
        for alpha in LOADS:
            found = sym.run(f"{TABLES}#patterns", alpha=alpha, T=T, seed=0)
            theory = sym.run(f"{TABLES}#memory", alpha=alpha, T=T)
            m, u = (f"{float(found[name]):.3f} ± {float(found[name + '_error']):.3f}" for name in ("m", "u"))
            stored = f"{float(theory['m']):.3f}, {float(theory['u']):.3f}" if theory["converged"] else "none"
            rows.append((f"{alpha:g}", f"{T:g}", str(int(found["K"])), m, u, stored))
            points.append((alpha, T, float(found["m"])))
    figure = sym.plot(lines)
    panel = figure.axes[0]
    drawn = panel.scatter(*np.array(points).T[:2], c=np.array(points)[:, 2], vmin=0, vmax=1, zorder=3, ec="black", s=60)
    figure.colorbar(drawn, ax=panel, location="left", label="overlap with the pattern, simulated, N = 64")
    page.text(
        f"The lines where states end, break or change places, replica symmetric and with one step of breaking, took "
        f"{traced:.0f} s of processor time. Dots are simulations from the pattern, 300 sweeps of 4 draws, 64 spins and "
        "products of distinct spins: so few spins lose a pattern gradually where many would at the line."
    )
    page.table(rows)
    page.figure(figure, "memory-lines", "Lines of the phase diagram, P = 4, and simulated networks on it.")


def memory_lines(page: Page) -> None:
    """Trace the lines of the same memory's phase diagram, replica symmetric and with one step of breaking."""
    page.section("Every line of the phase diagram")
    started = time.perf_counter()
    table = sym.run("hopfield-rsb/phase-diagram", model=tomllib.loads(TABLES.read_text())["memory"]["model"])
    page.text(
        f"{table.sizes['point']} points on {len(set(table['line'].values.tolist()))} kinds of lines in "
        f"{time.perf_counter() - started:.0f} s, each solved from its own condition: largest residual "
        f"{float(table['residual'].max()):.0e}."
    )
    sym.save(table, page.folder / "memory-lines.nc")
    page.figure(sym.plot(table), "memory-lines", "Lines of retrieval and of the glass; solid: one step broken.")


SECTIONS = (installed, turned_digits, distorted_digits, particles, memory, memory_lines)


def main(folder: str = "demo-output") -> None:
    """Run every section and say where the results are."""
    started = time.perf_counter()
    page = Page(Path(folder), "A tour of symmetron")
    for section in SECTIONS:
        section(page)
    page.text(f"The whole tour took {time.perf_counter() - started:.0f} s.")
    path = page.write()
    files = sorted(file.name for file in page.folder.iterdir())
    print(f"\nwrote {path.resolve()}\nbeside it: {', '.join(files)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
