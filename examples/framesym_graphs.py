"""Which pairs of graphs does an untrained network tell apart, and is it invariant to the order of the nodes?

    python examples/framesym_graphs.py --classify 10 --checkpoints runs/graphs

One table: for each network and set of graphs the number of undistinguished pairs, with the largest distance of the
outputs of a graph from those of a relabelling of it beside it. A distance near the threshold 1e-3 or above it makes the
count meaningless: such a network tells a graph from itself. With --classify MINUTES also the accuracies of EXP-classify
after so much processor time a network. Needs the sets in SYMMETRON_DATA (graph8c and SR25 are fetched otherwise) and
the extras `graphs` and `data`. A run that is interrupted goes on from its checkpoint.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress

import framesym as fs

# nodes, node features, hidden units of the perceptron; those of the paper for graph8c and EXP
SETS = {
    "graph8c": (8, 0, (128, 64)),
    "exp": (73, 2, (2048, 4096, 2048)),
    "cexp": (81, 2, (2048, 4096, 2048)),
    "sr25": (25, 0, (128, 64)),
    "brec": (198, 0, (512, 256)),
}
NETWORKS = {
    "FA-MLP": lambda nodes, features, hidden: fs.FAMLP(nodes, features, hidden=hidden),
    "FA-GIN+ID": lambda nodes, features, hidden: fs.FAGINID(nodes, features),
    "FA-MLP, 1 sampled": lambda nodes, features, hidden: fs.FAMLP(
        nodes, features, hidden=hidden, frame="laplacian", mode="sample"
    ),
    "FA-GIN+ID, 1 sampled": lambda nodes, features, hidden: fs.FAGINID(
        nodes, features, frame="laplacian", mode="sample"
    ),
    "MLP, no frame": lambda nodes, features, hidden: fs.FAMLP(nodes, features, hidden=hidden, frame="none"),
    "GIN, no frame, no ID": lambda nodes, features, hidden: fs.FAGINID(
        nodes, features, identifiers=False, frame="none"
    ),
}
CLASSIFIERS = {
    "FA-MLP": lambda frame, mode: fs.FAMLP(73, 2, 1, (2048, 4096, 2048), "relu", frame, mode),
    "FA-GIN+ID": lambda frame, mode: fs.FAGINID(73, 2, 1, activation="relu", frame=frame, mode=mode),
}


def told_by_scores(data: str) -> str:
    """Count the pairs of EXP, CEXP or BREC whose sorted Laplacian scores agree."""
    arrays = {"exp": fs.exp_graphs, "cexp": fs.cexp_graphs, "brec": fs.brec}[data]()
    frame, tables = fs.Laplacian(), []
    for adjacency, size in zip(arrays["adjacency"], arrays["size"], strict=True):
        graph = torch.from_numpy(adjacency[:size, :size])
        scores = frame.scores(graph)
        tables.append(scores[frame(graph).first].numpy())
    pairs = zip(tables[::2], tables[1::2], strict=True)
    alike = sum(a.shape == b.shape and bool(np.abs(a - b).max() < 1e-5) for a, b in pairs)
    return f"{alike} of {len(tables) // 2}"


def folder(root: Path | None, name: str) -> Path | None:
    """Make the folder for the checkpoint of a run."""
    if root is None:
        return None
    part = root / name.replace(" ", "-").replace(",", "")
    part.mkdir(parents=True, exist_ok=True)
    return part


def main() -> None:
    """Run all networks on all sets, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--networks", nargs="*", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--initialisations", type=int, default=100)
    parser.add_argument("--budget", type=float, default=10.0, help="processor minutes a network and set")
    parser.add_argument("--classify", type=float, default=0.0, help="minutes of training for each classifier of EXP")
    parser.add_argument("--checkpoints", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows, classified = [], []
    with Progress() as bars:

        def shown(title: str):
            bar = bars.add_task(title, total=1)
            return lambda done, total, text: bars.update(
                bar, completed=done, total=total, description=f"{title}: {text}"
            )

        for name in options.networks:
            cells = []
            for data in options.sets:
                start = time.process_time()
                found = fs.separate_graphs(
                    model=NETWORKS[name](*SETS[data]),
                    data=data,
                    budget=options.budget,
                    initialisations=options.initialisations,
                    progress=shown(f"{name}, {data}"),
                    checkpoint=folder(options.checkpoints, f"{name} {data}"),
                )
                cells.append((found, time.process_time() - start))
            rows.append((name, cells))
        for name, build in CLASSIFIERS.items() if options.classify else ():
            for frame, mode in (("canonical", "average"), ("laplacian", "sample")):
                title = f"{name}, {frame}, {mode}"
                found = fs.classify_graphs(
                    model=build(frame, mode),
                    budget=options.classify,
                    progress=shown(title),
                    checkpoint=folder(options.checkpoints, f"classify {title}"),
                )
                classified.append((title, found))
    print("undistinguished pairs (largest distance of a graph from its relabelling), initialisations, seconds")
    print(f"{'':24}" + "".join(f"{data:>34}" for data in options.sets))
    for name, cells in rows:
        texts = []
        for found, seconds in cells:
            count = f"{found['undistinguished']} of {found['pairs']} ({found['invariance_error']:.0e})"
            cut = "" if found["complete"] else ", cut"
            texts.append(f"{count}, {found['initialisations_done']}, {seconds:.0f} s{cut}")
        print(f"{name:24}" + "".join(f"{text:>34}" for text in texts))
    scored = [told_by_scores(data) if data in ("exp", "cexp", "brec") else "-" for data in options.sets]
    print(f"{'Laplacian scores alone':24}" + "".join(f"{text:>34}" for text in scored))
    for title, found in classified:
        print(
            f"EXP-classify, {title:30} accuracy {100 * found['accuracy']:.1f} %, relabelled "
            f"{100 * found['accuracy_relabelled']:.1f} %, invariance {found['invariance_error']:.0e}, "
            f"{found['epochs_done']} epochs"
        )


if __name__ == "__main__":
    main()
