"""Averaging a network over a frame of permutations."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, Literal

import torch
from torch import Tensor, nn

from framesym._permutation_frame import PermutationFrameSet

Words = str | Mapping[str, str]
GraphMode = Literal["average", "sample", "loop", "coset"]

# How many axes of nodes an array with this word has after the batch axes.
_NODE_AXES = {"node": 1, "edge": 2, "adjacency": 2, "scalar": 0, "invariant": 0}


class SymmetrizedGraph(nn.Module):
    r"""A network on graphs or sets made equivariant to permutations of the nodes; made by `symmetrize`.

    Feature words: `node` (*batch, n, c), `edge` (*batch, n, n, c), `adjacency` (*batch, n, n), and `scalar` or
    `invariant` (*batch, ...), which permutations leave alone. An invariant argument called `mask`, (*batch, n) and
    boolean, says which nodes exist: the network gets it in canonical order, those that exist first.

    Attributes:
        net: The wrapped network.
        frame: The frame: [`Sort`][framesym.Sort], [`Laplacian`][framesym.Laplacian] or
            [`Canonical`][framesym.Canonical].
        inputs: Feature word of each argument, in the order of positional arguments.
        outputs: Feature word of the result, or of each of its named parts.
        mode: `"average"`: one call on all elements of the frame, packed in one batch axis; refused where an item has
            more than 40320. `"loop"`: one call an element of the largest frame, each with the same random numbers.
            `"sample"`: one random element of each item while training (invariant in distribution), the average in
            evaluation mode. `"coset"`: one call and a mean over orbits, exact, for frames of automorphisms.
    """

    def __init__(self, net: Callable[..., Any], frame: Any, inputs: Words, outputs: Words, mode: GraphMode) -> None:
        super().__init__()
        if mode not in ("average", "sample", "loop", "coset"):
            raise ValueError(f"mode must be 'average', 'sample', 'loop' or 'coset', got {mode!r}")
        self.net, self.frame, self.mode = net, frame, mode
        self.inputs = inputs if isinstance(inputs, str) else dict(inputs)
        self.outputs = outputs if isinstance(outputs, str) else dict(outputs)
        self._arguments = _checked("inputs", {"x": inputs} if isinstance(inputs, str) else dict(inputs))
        self._results = _checked("outputs", {"result": outputs} if isinstance(outputs, str) else dict(outputs))
        carriers = [name for name, word in self._arguments.items() if word == frame.carrier]
        if not carriers:
            raise ValueError(f"inputs must hold a {frame.carrier!r}, which carries the frame; got {self.inputs!r}")
        self._carrier = carriers[0]

    def extra_repr(self) -> str:
        return f"frame={self.frame}, inputs={self.inputs!r}, outputs={self.outputs!r}, mode={self.mode!r}"

    def frames(self, *args: Any, **kwargs: Any) -> PermutationFrameSet:
        """Return the frames of these arguments; `forward` takes them as `frames`, so that they are found once."""
        return self._frames(self._bind(args, kwargs))

    def forward(self, *args: Any, frames: PermutationFrameSet | None = None, **kwargs: Any) -> Any:
        """Call the network on the canonical copies of its arguments, and bring the mean of the results back.

        Args:
            args: The arguments of the network, in the order of `inputs`.
            frames: The frames of these very arguments, where they are known; found anew by default.
            kwargs: The arguments by name.
        """
        given = self._bind(args, kwargs)
        frames = self._frames(given) if frames is None else frames
        call = _Call(self, given, frames, len(args))
        coset = frames.coset or self.mode == "coset"
        if self.mode == "coset" and not frames.fixes:
            raise ValueError(f"mode 'coset' needs a frame of automorphisms, such as Canonical(), not {self.frame}")
        if coset:
            mean = {name: self._over_orbits(name, y, frames) for name, y in call.once(frames.first).items()}
        elif self.mode == "sample" and self.training:
            mean = call.once(frames.sample())
        elif self.mode == "loop":
            mean = call.loop()
        else:
            mean = call.packed()
        return mean["result"] if isinstance(self.outputs, str) else mean

    def _frames(self, given: dict[str, Any]) -> PermutationFrameSet:
        parts: dict[str, list[Tensor]] = {"node": [], "edge": []}
        for name, word in self._arguments.items():
            value = given.get(name)
            if value is None or name == self._carrier:
                continue
            if word in ("edge", "adjacency"):
                parts["edge"].append(value if word == "edge" else value.unsqueeze(-1))
            elif word == "node":
                parts["node"].append(value)
        extra = {
            kind: torch.cat([value.detach().double() for value in values], -1)
            for kind, values in parts.items()
            if values
        }
        return self.frame(given[self._carrier], mask=self._mask(given), **extra)

    def _mask(self, given: dict[str, Any]) -> Tensor | None:
        return given.get("mask") if self._arguments.get("mask") == "invariant" else None

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        names = list(self._arguments)
        if len(args) > len(names):
            raise TypeError(f"at most {len(names)} arguments ({', '.join(names)}), got {len(args)}")
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name not in self._arguments:
                raise TypeError(f"argument {name!r} has no feature word; inputs are {self.inputs!r}")
            if name in given:
                raise TypeError(f"argument {name!r} was given twice")
            given[name] = value
        if given.get(self._carrier) is None:
            raise TypeError(f"argument {self._carrier!r}, which carries the frame, is missing")
        return given

    def _over_orbits(self, name: str, y: Tensor, frames: PermutationFrameSet) -> Tensor:
        """Average a result over the orbits of nodes or pairs: the mean over the automorphisms."""
        axes, batch = _NODE_AXES[self._results[name]], frames.first.shape[:-1]
        if axes == 0:
            return y
        label = frames.orbits if axes == 1 else frames.pair_orbits().flatten(-2)
        flat = y.flatten(len(batch), len(batch) + axes - 1)
        index = label.reshape(*label.shape, *[1] * (flat.ndim - label.ndim)).expand(flat.shape)
        total = torch.zeros_like(flat).scatter_add(len(batch), index, flat)
        count = torch.zeros_like(label).scatter_add(-1, label, torch.ones_like(label)).gather(-1, label)
        count = count.reshape(*count.shape, *[1] * (flat.ndim - count.ndim))
        return (total.gather(len(batch), index) / count).reshape(y.shape)


class _Call:
    """The calls of a network on the copies of one batch of arguments."""

    def __init__(self, owner: SymmetrizedGraph, given: dict[str, Any], frames: PermutationFrameSet, positional: int):
        self.owner, self.frames, self.positional = owner, frames, positional
        self.batch = frames.first.shape[:-1]
        self.given: dict[str, Any] = {}
        self.axes: dict[str, int] = {}
        for name, value in given.items():
            word = owner._arguments[name]
            self.axes[name] = 1 if name == "mask" and word == "invariant" else _NODE_AXES[word]
            self.given[name] = self._blank(name, value) if isinstance(value, Tensor) else value

    def once(self, order: Tensor) -> dict[str, Tensor]:
        """Call with one element an item, (*batch, n)."""
        return self._back(self._call(self.given, order), order)

    def packed(self) -> dict[str, Tensor]:
        """Call once with all elements of all items in one axis, and average."""
        item, order = self.frames.pairs()
        flat = {
            name: self._flat(value)[item] if self._batched(name, value) else value for name, value in self.given.items()
        }
        results = self._back(self._call(flat, order), order, self._flat(self.frames.nodes)[item])
        counts = torch.bincount(item, minlength=self.batch.numel())
        mean = {}
        for name, y in results.items():
            total = y.new_zeros(len(counts), *y.shape[1:]).index_add(0, item, y)
            total = total / counts.to(y.dtype).reshape(-1, *[1] * (y.ndim - 1))
            mean[name] = total.reshape(*self.batch, *y.shape[1:])
        return mean

    def _flat(self, value: Tensor) -> Tensor:
        """Return an array with its batch axes joined."""
        return value.reshape(self.batch.numel(), *value.shape[len(self.batch) :])

    def loop(self) -> dict[str, Tensor]:
        """Average with one call an element, each drawing the same random numbers (the same dropout masks)."""
        order, weights, total = self.frames.order, self.frames.weights, {}
        devices = [order.device] if order.is_cuda else []
        count = order.shape[-2]
        for k in range(count):
            with torch.random.fork_rng(devices) if k < count - 1 else nullcontext():
                results = self.once(order[..., k, :])
            for name, y in results.items():
                part = y * weights[..., k].to(y.dtype).reshape(*self.batch, *[1] * (y.ndim - len(self.batch)))
                total[name] = total[name] + part if name in total else part
        return total

    def _call(self, values: dict[str, Any], order: Tensor) -> dict[str, Tensor]:
        """Call the network on arguments in canonical order; return its results by name."""
        copies = {
            name: _permuted(value, order, self.axes[name]) if isinstance(value, Tensor) else value
            for name, value in values.items()
        }
        positional = [copies.pop(name) for name in list(copies)[: self.positional]]
        result = self.owner.net(*positional, **copies)
        if isinstance(self.owner.outputs, str):
            result = {"result": result}
        if not isinstance(result, Mapping) or set(result) != set(self.owner._results):
            found = sorted(result) if isinstance(result, Mapping) else type(result).__name__
            wanted = sorted(self.owner._results)
            raise TypeError(f"the network must return a mapping with the keys {wanted}, got {found}")
        for name, y in result.items():
            self._check(name, self.owner._results[name], y, order)
        return dict(result)

    def _back(self, results: dict[str, Tensor], order: Tensor, nodes: Tensor | None = None) -> dict[str, Tensor]:
        """Bring results back from canonical order; what belongs to absent nodes is zero."""
        inverse = order.argsort(-1)
        nodes = self.frames.nodes if nodes is None else nodes
        back = {}
        for name, y in results.items():
            axes = _NODE_AXES[self.owner._results[name]]
            back[name] = _zeroed(_permuted(y, inverse, axes), nodes, axes)
        return back

    def _batched(self, name: str, value: Any) -> bool:
        """Tell whether an argument has the batch axes: all do but invariants that are no tensors of that shape."""
        if not isinstance(value, Tensor):
            return False
        return self.axes[name] > 0 or tuple(value.shape[: len(self.batch)]) == tuple(self.batch)

    def _blank(self, name: str, value: Tensor) -> Tensor:
        """Check the shape, and set what belongs to absent nodes to zero: it must not reach the network."""
        axes = self.axes[name]
        self._check(name, self.owner._arguments[name], value, self.frames.first, axes)
        return _zeroed(value, self.frames.nodes, axes)

    def _check(self, name: str, word: str, value: Any, order: Tensor, axes: int | None = None) -> None:
        axes = _NODE_AXES[word] if axes is None else axes
        shape = (*order.shape[:-1], *[order.shape[-1]] * axes)
        if word == "invariant" and axes == 0:
            return
        if not isinstance(value, Tensor) or tuple(value.shape[: len(shape)]) != shape:
            found = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(f"{name} ({word}) must be a tensor with the axes {shape} first, got {found}")


def _checked(argument: str, words: dict[str, str]) -> dict[str, str]:
    for name, word in words.items():
        if word not in _NODE_AXES:
            raise ValueError(f"{argument}: {name!r} must be one of {', '.join(_NODE_AXES)} for graphs, got {word!r}")
    return words


def _permuted(x: Tensor, order: Tensor, axes: int) -> Tensor:
    """Take the nodes of x (*batch, n, ...) or (*batch, n, n, ...) in the given order (*batch, n)."""
    lead = order.ndim - 1
    for axis in range(lead, lead + axes):
        shape = [*order.shape[:-1], *[1] * (x.ndim - lead)]
        shape[axis] = order.shape[-1]
        x = x.gather(axis, order.reshape(shape).expand(x.shape))
    return x


def _zeroed(x: Tensor, nodes: Tensor, axes: int) -> Tensor:
    """Set what belongs to absent nodes to zero."""
    if axes == 0:
        return x
    keep = nodes if axes == 1 else nodes.unsqueeze(-1) & nodes.unsqueeze(-2)
    keep = keep.reshape(*keep.shape, *[1] * (x.ndim - keep.ndim))
    return torch.where(keep, x, torch.zeros((), dtype=x.dtype, device=x.device))
