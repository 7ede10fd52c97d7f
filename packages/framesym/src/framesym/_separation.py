"""The application of the paper to graphs: which pairs does an untrained network tell apart, and is it invariant?"""

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

from framesym._graph_sets import brec, cexp_graphs, csl, exp_graphs, graph8c, sr25

SetName = Literal["graph8c", "sr25", "exp", "cexp", "brec", "csl"]
_SETS: dict[str, Callable[[], dict[str, np.ndarray]]] = {
    "graph8c": graph8c,
    "sr25": sr25,
    "exp": exp_graphs,
    "cexp": cexp_graphs,
    "brec": brec,
    "csl": csl,
}
_IN_PAIRS = ("exp", "cexp", "brec")  # graphs 2k and 2k + 1
_ROWS = 500  # of the table of distances at a time


def separate_graphs(
    *,
    model: Any,
    data: SetName | Mapping[str, Any] = "graph8c",
    budget: float = 30.0,
    initialisations: int = 100,
    threshold: float = 1e-3,
    batch: int = 500,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
    checkpoint: Path | None = None,
) -> dict[str, Any]:
    r"""Count the pairs of graphs that an untrained network does not tell apart, and measure that it is invariant.

    Two graphs are distinguished if the $L_1$ distance of their outputs exceeds the threshold for one of the random
    initialisations. A network that depends on the order of the nodes distinguishes everything, a graph from itself
    too; so every graph is also relabelled at random, and the largest distance of a graph from its own relabelling is
    the other half of the result. Source: Puny et al., arXiv:2110.03336, section 4.2 (without that check).

    Args:
        model: A network (adjacency, node=None, mask=None) -> (graphs, out) whose parts have `reset_parameters`, such
            as [`FAMLP`][framesym.FAMLP]; used as a copy. Its method `frames`, if there is one, is called once a graph.
            If its attribute `mode` is `"sample"`, it is kept in training mode.
        data: Name of a data set, or a mapping with its arrays. Pairs are all pairs in `graph8c` and `sr25` and in
            mappings, graphs 2k and 2k + 1 in `exp`, `cexp` and `brec`, and pairs of unlike kind in `csl`. An array
            `feature` reaches the network as one-hot node features.
        budget: Largest processor time in minutes per thread; the initialisation under way is finished.
        initialisations: Largest number of random initialisations; none follows once all pairs are distinguished.
        threshold: Distance above which two graphs are distinguished.
        batch: Graphs a call.
        seed: Seed of the initialisations and relabellings.
        progress: Called with (done, total, text) after each initialisation.
        checkpoint: Folder for the state of the run; an interrupted run goes on from it.

    Returns:
        `pairs`, `undistinguished` (numbers of pairs), `invariance_error` (largest $L_1$ distance of a graph from its
        relabelling, over all initialisations that were done), `initialisations_done`, and `complete`: whether the
        counts are final, not cut off by the budget.

    Raises:
        ValueError: If an argument is out of its range, the network cannot be drawn again, or a result of it is not
            finite.

    Examples:
        >>> import framesym
        >>> rings = framesym.csl(copies=1)
        >>> found = framesym.separate_graphs(model=framesym.FAGINID(nodes=41), data=rings)
        >>> found["pairs"], found["undistinguished"], found["invariance_error"] < 1e-5
        (45, 0, True)
    """
    _check(budget, initialisations, threshold, batch)
    graphs = Graphs.load(data)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        network = copy.deepcopy(model)
        network.train(getattr(network, "mode", "") == "sample")
        run = _Run(None if checkpoint is None else checkpoint / "run.npz")
        clock, spent = processor_minutes(), run.spent
        relabelled = graphs.relabelled(seed)
        given, again = graphs.batches(network, batch), relabelled.batches(network, batch)
        while run.done < initialisations and run.spent < budget and not (run.left is not None and not run.left.size):
            redraw(network, seed, run.done)
            outputs = outputs_of(network, given)
            distance = (outputs - outputs_of(network, again)).abs().sum(1)
            if not torch.isfinite(distance).all():  # NaN would count as no error: it exceeds nothing
                raise ValueError(f"model gives NaN or infinity in initialisation {run.done}: nothing can be compared")
            run.error = max(run.error, float(distance.max()) if len(distance) else 0.0)
            run.left = _close_pairs(outputs, threshold, graphs, run.left)
            run.done += 1
            run.spent = spent + processor_minutes() - clock
            run.save()
            if progress is not None:
                text = f"{run.left.shape[1]} pairs left, invariance {run.error:.1e}"
                progress(run.done, initialisations, text)
    left = graphs.pairs if run.left is None else run.left.shape[1]
    return {
        "pairs": graphs.pairs,
        "undistinguished": left,
        "invariance_error": run.error,
        "initialisations_done": run.done,
        "complete": run.done == initialisations or left == 0,
    }


class Graphs:
    """Graphs as tensors, and which of them are compared."""

    def __init__(self, arrays: Mapping[str, np.ndarray], paired: bool, kinds: np.ndarray | None) -> None:
        self.adjacency = torch.from_numpy(np.asarray(arrays["adjacency"]))
        shape = tuple(self.adjacency.shape)
        if len(shape) != 3 or shape[1] != shape[2]:
            raise ValueError(f"data: adjacency must have shape (graphs, n, n), got {shape}")
        count, n = shape[:2]
        size = torch.from_numpy(np.asarray(arrays.get("size", np.full(count, n))))
        self.mask = torch.arange(n) < size.unsqueeze(-1)
        feature = arrays.get("feature")
        self.node: Tensor | None = None
        if feature is not None:
            code = torch.from_numpy(np.asarray(feature)).long()
            self.node = torch.nn.functional.one_hot(code, max(int(code.max()) + 1, 2)) * self.mask.unsqueeze(-1)
        self.paired, self.kinds = paired, kinds
        same = 0 if kinds is None else sum(math.comb(int(k), 2) for k in np.unique(kinds, return_counts=True)[1])
        self.pairs = count // 2 if paired else math.comb(count, 2) - same

    @classmethod
    def load(cls, data: SetName | Mapping[str, np.ndarray]) -> "Graphs":
        """Return the graphs of a data set by name, or those of arrays."""
        if isinstance(data, str):
            if data not in _SETS:
                raise ValueError(f"data must be one of {', '.join(_SETS)} or arrays, got {data!r}")
            arrays = _SETS[data]()
            return cls(arrays, data in _IN_PAIRS, arrays["label"] if data == "csl" else None)
        if "adjacency" not in data:
            raise ValueError(f"data must hold the array 'adjacency', got {sorted(data)}")
        return cls(data, False, None)

    def relabelled(self, seed: int) -> "Graphs":
        """Return the same graphs with their nodes in random order, absent ones last again."""
        found = copy.copy(self)
        random = torch.Generator().manual_seed(seed)
        noise = torch.rand(self.mask.shape, generator=random, dtype=torch.float64) + (~self.mask).double()
        order = noise.argsort(-1)
        rows = order.unsqueeze(-1).expand(self.adjacency.shape)
        found.adjacency = self.adjacency.gather(1, rows).gather(2, rows.mT)
        if self.node is not None:
            found.node = self.node.gather(1, order.unsqueeze(-1).expand(self.node.shape))
        return found

    def batches(self, network: Any, batch: int) -> list[dict[str, Any]]:
        """Return the arguments of the calls of a network, with their frames if it has any; no empty places."""
        found = []
        find = getattr(network, "frames", None)
        for start in range(0, len(self.adjacency), batch):
            part = slice(start, start + batch)
            mask = self.mask[part]
            n = int(mask.sum(-1).max())
            given: dict[str, Any] = {"adjacency": self.adjacency[part, :n, :n], "mask": mask[:, :n]}
            if self.node is not None:
                given["node"] = self.node[part, :n]
            frames = find(**given) if callable(find) else None
            found.append(given if frames is None else {**given, "frames": frames})
        return found


def outputs_of(network: Any, batches: list[dict[str, Any]]) -> Tensor:
    """Return the outputs of all graphs, (graphs, out)."""
    found = [network(**given) for given in batches]
    return torch.cat(found) if found else torch.zeros(0, 1)


def redraw(network: torch.nn.Module, seed: int, number: int) -> None:
    """Draw all parameters again, as they are initialised."""
    torch.manual_seed(int(np.random.SeedSequence((seed, number)).generate_state(1)[0]))
    parts = [reset for part in network.modules() if callable(reset := getattr(part, "reset_parameters", None))]
    if not parts:
        raise ValueError(
            f"model must have parts with reset_parameters to be drawn again, {type(network).__name__} has none"
        )
    for reset in parts:
        reset()


def processor_minutes() -> float:
    """Return processor minutes of this process per thread."""
    return time.process_time() / torch.get_num_threads() / 60


def _close_pairs(outputs: Tensor, threshold: float, graphs: Graphs, left: np.ndarray | None) -> np.ndarray:
    """Return the pairs (2, M), among those left over if given, that are not farther apart than the threshold."""
    if left is None and not graphs.paired:
        return _all_close(outputs, threshold, graphs.kinds)
    if left is None:
        left = np.arange(2 * graphs.pairs).reshape(-1, 2).T
    one, other = torch.from_numpy(left)
    distance = (outputs[one] - outputs[other]).abs().sum(1)
    return left[:, ~(distance > threshold).numpy()]


def _all_close(outputs: Tensor, threshold: float, kinds: np.ndarray | None) -> np.ndarray:
    """Return the pairs i < j of outputs that are close, and of unlike kind if kinds are given."""
    found = [np.zeros((2, 0), np.int64)]
    for start in range(0, len(outputs), _ROWS):
        rows = outputs[start : start + _ROWS]
        close = ~(torch.cdist(rows, outputs[start:], p=1) > threshold)
        i, j = close.triu(1).nonzero().T.numpy() + start
        found.append(np.stack([i, j]))
    pairs = np.concatenate(found, 1)
    return pairs if kinds is None else pairs[:, kinds[pairs[0]] != kinds[pairs[1]]]


class _Run:
    """The state of a run, which goes into a file and comes out of it."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.done, self.spent, self.error = 0, 0.0, 0.0
        self.left: np.ndarray | None = None
        if path is not None and path.exists():
            with np.load(path) as file:
                self.done, self.spent, self.error = int(file["done"]), float(file["spent"]), float(file["error"])
                self.left = file["left"]

    def save(self) -> None:
        """Write the state beside the old one, then in its place: an interrupt leaves one of them."""
        if self.path is None or self.left is None:
            return
        part = self.path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, done=self.done, spent=self.spent, error=self.error, left=self.left)
        os.replace(part, self.path)


def _check(budget: float, initialisations: int, threshold: float, batch: int) -> None:
    if not 0 < budget < math.inf:
        raise ValueError(f"budget must be a positive number of minutes, got {budget!r}")
    if initialisations < 1:
        raise ValueError(f"initialisations must be at least 1, got {initialisations!r}")
    if not 0 < threshold < math.inf:
        raise ValueError(f"threshold must be a positive number, got {threshold!r}")
    if batch < 1:
        raise ValueError(f"batch must be at least 1, got {batch!r}")
