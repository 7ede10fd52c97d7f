"""EXP-classify: train a network to tell the graphs of satisfiable formulas from those of the others."""

import copy
import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from framesym._graph_sets import cexp_graphs, exp_graphs
from framesym._separation import Graphs, outputs_of, processor_minutes

_SAVE_EVERY = 30.0  # seconds


def classify_graphs(
    *,
    model: Any,
    budget: float,
    data: Literal["exp", "cexp"] | Mapping[str, Any] = "exp",
    epochs: int = 200,
    batch: int = 100,
    rate: float = 1e-3,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
    checkpoint: Path | None = None,
) -> dict[str, Any]:
    r"""Train a classifier of the graphs of EXP, and test it on relabelled ones too.

    The protocol of the paper: of every twelve parts of the set, in its order, two are for validation, two for tests,
    eight for training; Adam on the sum of the binary cross entropies; the accuracy of the test is that of the epoch
    with the best validation loss. Source: Puny et al., arXiv:2110.03336, section 4.2.

    Args:
        model: A network (adjacency, node=None, mask=None) -> (graphs, 1), logits; trained as a copy. Its method
            `frames`, if there is one, is called once a graph. If its attribute `mode` is `"sample"`, it is kept in
            training mode in tests too, as in the published experiment.
        budget: Largest processor time in minutes per thread; the epoch under way is finished.
        data: Name of the data set, or its arrays.
        epochs: Largest number of epochs.
        batch: Graphs a step.
        rate: Learning rate.
        seed: Seed of the order of the graphs, the relabellings and random elements of frames.
        progress: Called with (done, total, text) after each epoch.
        checkpoint: Folder for the state of the run; an interrupted run goes on from it.

    Returns:
        `accuracy`, `accuracy_relabelled` (shares of the test graphs, as given and with their nodes in random order),
        `invariance_error` (largest difference of a logit), `epochs_done`, `complete` (whether the budget was enough),
        and over `epoch`: `loss`, `loss_validation` (means a graph).

    Raises:
        ValueError: If an argument is out of its range.

    Examples:
        >>> net = framesym.FAGINID(nodes=73, features=2, out=1, activation="relu")   # doctest: +SKIP
        >>> framesym.classify_graphs(model=net, budget=10.0)["accuracy"]             # doctest: +SKIP
    """
    if not 0 < budget < math.inf:
        raise ValueError(f"budget must be a positive number of minutes, got {budget!r}")
    for name, value in (("epochs", epochs), ("batch", batch)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value!r}")
    if not 0 < rate < math.inf:
        raise ValueError(f"rate must be a positive number, got {rate!r}")
    sets = {"exp": exp_graphs, "cexp": cexp_graphs}
    if isinstance(data, str) and data not in sets:
        raise ValueError(f"data must be one of {', '.join(sets)} or arrays, got {data!r}")
    arrays = sets[data]() if isinstance(data, str) else data
    parts = _parts(len(arrays["adjacency"]))
    labels = torch.from_numpy(np.asarray(arrays["label"])).double()
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        network = copy.deepcopy(model)
        sets = {name: Graphs(_taken(arrays, part), False, None) for name, part in parts.items()}
        moved = sets["test"].relabelled(seed)
        held = {name: sets[name].batches(network, batch) for name in ("validation", "test")}
        again = moved.batches(network, batch)
        train, y = _Whole(sets["train"], network), labels[parts["train"]]
        sampled = getattr(network, "mode", "") == "sample"
        run = _Run(network, rate, None if checkpoint is None else checkpoint / "run.pt")
        clock, spent, saved = processor_minutes(), run.spent, time.monotonic()
        while len(run.curve) < epochs and run.spent < budget:
            order = torch.from_numpy(np.random.default_rng((seed, len(run.curve))).permutation(len(y)))
            network.train()
            total = 0.0
            for chosen in order.split(batch):
                logits = network(**train.take(chosen)).squeeze(-1)
                loss = binary_cross_entropy_with_logits(logits, y[chosen].to(logits.dtype), reduction="sum")
                run.optimiser.zero_grad()
                loss.backward()
                run.optimiser.step()
                total += loss.item()
            network.train(sampled)
            validation = _logits(network, held["validation"])
            target = labels[parts["validation"]].to(validation.dtype)
            held_loss = float(binary_cross_entropy_with_logits(validation, target))
            run.curve.append((total / len(y), held_loss))
            if held_loss <= min(row[1] for row in run.curve):
                test, moved_test = _logits(network, held["test"]), _logits(network, again)
                truth = labels[parts["test"]] > 0.5
                scores = [float(((values > 0) == truth).double().mean()) for values in (test, moved_test)]
                run.best = (*scores, float((test - moved_test).abs().max()))
            run.spent = spent + processor_minutes() - clock
            if time.monotonic() - saved > _SAVE_EVERY:
                run.save()
                saved = time.monotonic()
            if progress is not None:
                text = f"loss {run.curve[-1][0]:.3f}, validation {held_loss:.3f}, test {100 * run.best[0]:.1f} %"
                progress(len(run.curve), epochs, text)
        run.save()
    loss, validation_loss = np.array(run.curve).reshape(-1, 2).T
    return {
        "accuracy": run.best[0],
        "accuracy_relabelled": run.best[1],
        "invariance_error": run.best[2],
        "epochs_done": len(run.curve),
        "complete": len(run.curve) == epochs,
        "epoch": np.arange(1, len(run.curve) + 1),
        "loss": loss,
        "loss_validation": validation_loss,
    }


class _Whole:
    """All training graphs with their frames, from which steps take some."""

    def __init__(self, graphs: Graphs, network: Any) -> None:
        (self.given,) = graphs.batches(network, max(len(graphs.adjacency), 1))

    def take(self, chosen: Tensor) -> dict[str, Any]:
        """Return the arguments of a call on some graphs."""
        return {name: value[chosen] for name, value in self.given.items()}


class _Run:
    """The state of a training run, which goes into a file and comes out of it."""

    def __init__(self, network: torch.nn.Module, rate: float, path: Path | None) -> None:
        self.network, self.path = network, path
        self.optimiser = torch.optim.Adam(network.parameters(), lr=rate)
        self.spent, self.best = 0.0, (0.0, 0.0, 0.0)
        self.curve: list[tuple[float, float]] = []
        if path is not None and path.exists():
            state = torch.load(path, weights_only=True)
            network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            torch.set_rng_state(state["random"])
            self.spent, self.best = state["spent"], tuple(state["best"])
            self.curve = [tuple(row) for row in state["curve"]]

    def save(self) -> None:
        """Write the state beside the old one, then in its place: an interrupt leaves one of them."""
        if self.path is None:
            return
        part = self.path.with_suffix(".part")
        state = {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}
        state |= {"random": torch.get_rng_state(), "spent": self.spent, "best": self.best, "curve": self.curve}
        torch.save(state, part)
        os.replace(part, self.path)


def _parts(count: int) -> dict[str, np.ndarray]:
    """Return the places of the graphs for validation, test and training: two, two and eight twelfths."""
    if count < 12:
        raise ValueError(f"data must hold at least 12 graphs, got {count}")
    sixth = count // 6
    index = np.arange(count)
    return {"validation": index[:sixth], "test": index[sixth : 2 * sixth], "train": index[2 * sixth :]}


def _taken(arrays: Mapping[str, np.ndarray], part: np.ndarray) -> dict[str, np.ndarray]:
    return {name: arrays[name][part] for name in ("adjacency", "size", "feature") if name in arrays}


@torch.no_grad()
def _logits(network: Any, batches: list[dict[str, Any]]) -> Tensor:
    return outputs_of(network, batches).squeeze(-1)
