"""Averaging a network over the frame of its input."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from framesym._copies import Copies, DenseLayout, RaggedLayout
from framesym._flips import Flips, fold, unfold
from framesym._frameset import FrameSet
from framesym._local import Local
from framesym._ragged import Ragged
from framesym._stabiliser import Stabiliser
from framesym._symmetrize_graph import SymmetrizedGraph
from framesym._typed import Typed

Mode = Literal["average", "sample", "loop"]
Words = str | Mapping[str, str]
# An argument lies in the axes that the points determine if what sticks out is below this many of its round-offs.
_ROUND_OFFS = 1000


class Symmetrized(nn.Module):
    r"""A network made equivariant by averaging over a frame; made by [`symmetrize`][framesym.symmetrize].

    Attributes:
        net: The wrapped network.
        frame: The frame.
        inputs: Feature word of each argument, in the order of positional arguments.
        outputs: Feature word of the result, or of each of its named parts.
        mode: `"average"`, `"sample"` or `"loop"`; may be changed at any time.
    """

    def __init__(
        self,
        net: Callable[..., Any],
        frame: Any,
        inputs: Words,
        outputs: Words,
        mode: Mode,
    ) -> None:
        super().__init__()
        if mode not in ("average", "sample", "loop"):
            raise ValueError(f"mode must be 'average', 'sample' or 'loop', got {mode!r}")
        self.net, self.frame, self.mode = net, frame, mode
        self.inputs = inputs if isinstance(inputs, str) else dict(inputs)
        self.outputs = outputs if isinstance(outputs, str) else dict(outputs)
        self.arguments = _named("x", self.inputs, frame.group)
        self.results = _named("result", self.outputs, frame.group)
        self.carrier = self._find_carrier()

    def extra_repr(self) -> str:
        return f"frame={self.frame}, inputs={self.inputs!r}, outputs={self.outputs!r}, mode={self.mode!r}"

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the network on the canonical copies of its arguments, and bring the mean of the results back."""
        given = self._bind(args, kwargs)
        if isinstance(self.frame, Local):
            given = self.frame.gathered(given, self.arguments, self.carrier)
        special = {name: self._invariant(given, name) for name in ("weights", "mask", "labels", "batch", "edge_index")}
        frames = self._frames(given[self.carrier], special)
        call = _Call(self, given, special, frames, len(args))
        if self.mode == "sample" and self.training:
            mean = call.once(_drawn(frames))
        elif frames.linear.shape[-3] == 1:
            mean = call.once(None)
        elif frames.signs is not None and special["batch"] is None:
            mean = call.signs(loop=self.mode == "loop")
        elif self.mode == "loop":
            mean = call.loop()
        else:
            mean = call.packed()
        return mean["result"] if isinstance(self.outputs, str) else mean

    def _frames(self, x: Tensor, special: Mapping[str, Tensor | None]) -> FrameSet:
        options = {name: special[name] for name in ("labels", "batch") if special[name] is not None}
        frame = self.frame.frame if isinstance(self.frame, Local) else self.frame
        return frame(x, special["weights"], special["mask"], dtype=torch.float64, **options)

    def _find_carrier(self) -> str:
        """Return the argument that carries the frame: the first point, or without translations the first vector."""
        words = ("point",) if self.frame.group.affine else ("point", "vector")
        for word in words:
            for argument in self.arguments.values():
                if argument.word == word:
                    return argument.name
        raise ValueError(f"inputs must hold a {' or '.join(words)}, which carries the frame; got {self.inputs!r}")

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        names = list(self.arguments)
        if len(args) > len(names):
            raise TypeError(f"at most {len(names)} arguments ({', '.join(names)}), got {len(args)}")
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name not in self.arguments:
                raise TypeError(f"argument {name!r} has no feature word; inputs are {self.inputs!r}")
            if name in given:
                raise TypeError(f"argument {name!r} was given twice")
            given[name] = value
        if given.get(self.carrier) is None:
            raise TypeError(f"argument {self.carrier!r}, which carries the frame, is missing")
        return given

    def _invariant(self, given: dict[str, Any], name: str) -> Tensor | None:
        named = name in self.arguments and self.arguments[name].word == "invariant"
        return given.get(name) if named else None

    def name(self, result: Any) -> dict[str, Tensor]:
        """Return the results of the network by name."""
        if isinstance(self.outputs, str):
            return {"result": result}
        if not isinstance(result, Mapping) or set(result) != set(self.outputs):
            found = sorted(result) if isinstance(result, Mapping) else type(result).__name__
            raise TypeError(f"the network must return a mapping with the keys {sorted(self.outputs)}, got {found}")
        return dict(result)


class _Call:
    """One forward pass: the arguments, their frames, and the ways to run over the elements."""

    def __init__(
        self,
        owner: Symmetrized,
        given: dict[str, Any],
        special: Mapping[str, Tensor | None],
        frames: FrameSet,
        positional: int,
    ) -> None:
        self.owner, self.given, self.frames, self.positional = owner, given, frames, positional
        self.mask = special["mask"]
        batch = special["batch"]
        if batch is None:
            self.layout: DenseLayout | RaggedLayout = DenseLayout(frames)
        else:
            self.layout = RaggedLayout(frames, Ragged(batch, len(frames.gap)), special["edge_index"])
        self.stabiliser = None if frames.free is None or not frames.free.any() else Stabiliser(frames)
        if self.mask is not None:
            given[owner.carrier] = _blank(given[owner.carrier], self.mask)
        if self.stabiliser is not None:
            self._require_fixed()

    def once(self, element: Tensor | None, weights: Tensor | None = None) -> dict[str, Tensor]:
        """Call the network on one copy of each item."""
        return self._run(self.layout.single(element, weights))

    def packed(self) -> dict[str, Tensor]:
        """Call the network once, on a copy for every element that exists."""
        return self._run(self.layout.packed())

    def loop(self) -> dict[str, Tensor]:
        """Average with one call an element; items with fewer go along, so that all calls draw alike."""
        places = range(self.frames.linear.shape[-3])
        elements = [torch.where(self.frames.mask[..., place], place, 0) for place in places]
        return self._alike([partial(self.once, elements[place], self.frames.weights[..., place]) for place in places])

    def signs(self, loop: bool) -> dict[str, Tensor]:
        """Average over copies that differ by signs: rotated once, and back once; one call, or one an element."""
        frames, owner = self.frames, self.owner
        assert frames.basis is not None and frames.signs is not None
        first = self.layout.single(None)
        first.linear, first.inverse = frames.basis, frames.basis.mT
        canonical = {name: self._enter(first, name, value) for name, value in self.given.items()}
        signs, batch = frames.signs, frames.batch
        if loop:
            flips = Flips(owner.arguments, signs, len(batch)), Flips(owner.results, signs, len(batch))

            def one(element: int) -> dict[str, Tensor]:
                results = self._ask({name: flips[0](name, value, element) for name, value in canonical.items()})
                for name, y in results.items():
                    owner.results[name].check(y, batch)
                return {name: flips[1](name, y, element) for name, y in results.items()}

            total = self._alike([partial(one, element) for element in range(len(signs))])
        else:
            results = self._ask({n: fold(owner.arguments[n], v, signs, len(batch)) for n, v in canonical.items()})
            total = {name: unfold(owner.results[name], y, signs, batch) for name, y in results.items()}
        return {name: self._leave(first, name, y / len(signs)) for name, y in total.items()}

    def _alike(self, calls: Sequence[Callable[[], dict[str, Tensor]]]) -> dict[str, Tensor]:
        """Return the sum of the results of calls that all draw the same random numbers (the same dropout masks)."""
        device = self.frames.gap.device
        cuda = device.type == "cuda"
        state, cuda_state = torch.get_rng_state(), torch.cuda.get_rng_state(device) if cuda else None
        total: dict[str, Tensor] = {}
        for index, call in enumerate(calls):
            if index:
                torch.set_rng_state(state)
                if cuda_state is not None:
                    torch.cuda.set_rng_state(cuda_state, device)
            results = call()
            total = {name: total[name] + y if total else y for name, y in results.items()}
        return total

    def _run(self, copies: Copies) -> dict[str, Tensor]:
        canonical = {name: self._enter(copies, name, value) for name, value in self.given.items()}
        results = self._ask(canonical)
        for name, y in results.items():
            self.owner.results[name].check(y, copies.lead(self.owner.results[name]))
        return {
            name: copies.collect(self.owner.results[name], self._leave(copies, name, y)) for name, y in results.items()
        }

    def _ask(self, canonical: dict[str, Any]) -> dict[str, Any]:
        positional = [canonical.pop(name) for name in list(canonical)[: self.positional]]
        return self.owner.name(self.owner.net(*positional, **canonical))

    def _enter(self, copies: Copies, name: str, value: Any) -> Any:
        """Return the canonical copies of an argument."""
        typed = self.owner.arguments[name]
        if value is None:
            return None
        if typed.fixed:
            return copies.take(typed, value)
        typed.check(value, copies.shape[typed.kind])
        y = copies.take(typed, value)
        centred = self.frames.centred if name == self.owner.carrier and copies.own else None
        y = typed.enter(y, copies.rows(typed, copies.inverse), copies.rows(typed, copies.centroid), centred)
        if self.stabiliser is not None:
            y = self.stabiliser.project(typed, y, copies.items(typed))
        if name == self.owner.carrier and self.mask is not None:
            y = _blank(y, copies.take(self.owner.arguments["mask"], self.mask))
        return y

    def _leave(self, copies: Copies, name: str, y: Tensor) -> Tensor:
        """Return a result in given coordinates."""
        typed = self.owner.results[name]
        if typed.fixed:
            return y
        x = y if self.stabiliser is None else self.stabiliser.project(typed, y, copies.items(typed))
        return typed.leave(x, copies.rows(typed, copies.linear), copies.rows(typed, copies.centroid)).to(y.dtype)

    def _require_fixed(self) -> None:
        """Report items whose stabiliser moves an argument: there the points alone are no frame."""
        assert self.stabiliser is not None
        copies, needy, moved = self.layout.single(None), [], torch.zeros_like(self.frames.degenerate)
        for name, value in self.given.items():
            typed = self.owner.arguments[name]
            if typed.fixed or value is None or name == self.owner.carrier:
                continue
            typed.check(value, copies.shape[typed.kind])
            y = typed.enter(value, copies.rows(typed, copies.inverse), copies.rows(typed, copies.centroid)).detach()
            excess = (y - self.stabiliser.project(typed, y, copies.items(typed))).abs()
            allowed = _ROUND_OFFS * torch.finfo(value.dtype).eps * y.abs()
            own = len(copies.shape[typed.kind])
            bad = excess.flatten(own).amax(-1) > allowed.flatten(own).amax(-1)
            if bad.any():
                needy.append(name)
                items = copies.items(typed)
                moved = moved | (bad if items is None else moved.index_put((items[bad],), moved.new_ones(())))
        if needy:
            reason = (
                f"the points leave two or more axes undetermined, and {', '.join(needy)} does not lie in the others"
            )
            self.owner.frame.report(moved, reason)


def _blank(x: Tensor, mask: Tensor) -> Tensor:
    """Set masked points to zero: what stands there, even NaN, must not reach the network or a derivative."""
    return torch.where(mask.unsqueeze(-1), x, 0)


def _drawn(frames: FrameSet) -> Tensor:
    """Return a random element of each item, drawn with its weight."""
    if frames.signs is not None:  # all items have all elements, of equal weight
        return torch.randint(len(frames.signs), frames.batch, device=frames.gap.device)
    reach = frames.weights.detach().cumsum(-1)
    fraction = torch.rand(frames.batch, dtype=reach.dtype, device=reach.device)
    element = (reach <= fraction.unsqueeze(-1)).sum(-1)
    # Where round-off leaves the sum of the weights below one, the rest goes to the heaviest element.
    return torch.where(element < reach.shape[-1], element, frames.weights.argmax(-1))


def _named(single: str, words: Words, group: Any) -> dict[str, Typed]:
    named = {single: words} if isinstance(words, str) else words
    return {name: Typed(name, word, group) for name, word in named.items()}


def symmetrize(
    net: Callable[..., Any],
    frame: Any,
    inputs: Words | None = None,
    outputs: Words | None = None,
    mode: Mode = "average",
) -> Symmetrized:
    r"""Wrap a network so that it is exactly equivariant, by averaging over the frame of its input.

    For typed arguments $X$ with action $\rho_1$, results with action $\rho_2$ and a frame $F$ the wrapped network is

    $$ \langle\Phi\rangle(X) = \frac{1}{|F(X)|} \sum_{g \in F(X)} \rho_2(g)\, \Phi(\rho_1(g)^{-1} X). $$

    It is equivariant for any network, returns an equivariant network unchanged, keeps an equivariance to
    permutations, and has exact derivatives through the frame. Source: Puny et al., arXiv:2110.03336, section 2.

    Args:
        net: A module or function. Arrays have the batch axes first and the representation axis last; it is called
            with positional or keyword arguments as the wrapped network is.
        frame: A frame, such as [`PCA`][framesym.PCA].
        inputs: Feature word of each argument, `{"x": "point", "v": "vector", ...}`, or of a single positional one:
            `point`, `vector`, `pseudovector`, `scalar`, `pseudoscalar`, `tensor:k` or `invariant` (weights, masks,
            indices). The first
            `point` carries the frame (without translations and points: the first `vector`), and has shape
            (*batch, n, d). Invariants called `weights` and `mask`, of shape (*batch, n), are used by the frame too;
            masked points reach the network as zeros. By default the attribute `net.inputs`.
        outputs: Feature word of the result, or of each entry of the mapping that the network returns. By default the
            attribute `net.outputs`.
        mode: `"average"` calls the network once, with all canonical copies in the first batch axis. `"loop"` calls
            it once a copy: less memory, and every copy draws the same random numbers, so that dropout does not break
            the equivariance of a training step. `"sample"` calls it on one random copy of each item in training mode
            (equivariant in expectation), and averages in evaluation mode.

    Raises:
        ValueError: If a word, the mode, or the missing words of the network leave it undefined.

    Examples:
        >>> import torch
        >>> from liegroups import E
        >>> from framesym import PCA, symmetrize
        >>> net = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3)).double()
        >>> forces = symmetrize(net, PCA(E(3)), inputs={"x": "point"}, outputs="vector")
        >>> random = torch.Generator().manual_seed(0)
        >>> x = torch.randn(2, 5, 3, generator=random, dtype=torch.float64)
        >>> R = torch.linalg.qr(torch.randn(3, 3, generator=random, dtype=torch.float64)).Q
        >>> torch.allclose(forces(x @ R.T + 1), forces(x) @ R.T, rtol=0, atol=1e-12)
        True
    """
    inputs = getattr(net, "inputs", None) if inputs is None else inputs
    outputs = getattr(net, "outputs", None) if outputs is None else outputs
    for name, words in (("inputs", inputs), ("outputs", outputs)):
        if not words or not isinstance(words, Mapping | str):
            kind = type(net).__name__
            raise ValueError(f"{name} must be feature words, as {{'x': 'point'}}; got {words!r}, {kind} declares none")
    if getattr(frame, "permutes", False):
        return SymmetrizedGraph(net, frame, inputs, outputs, mode)  # pyright: ignore[reportArgumentType]
    return Symmetrized(net, frame, inputs, outputs, mode)  # pyright: ignore[reportArgumentType]
