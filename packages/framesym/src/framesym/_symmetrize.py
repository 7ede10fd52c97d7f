"""Averaging a network over the frame of its input."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, Literal

import torch
from torch import Tensor, nn

from framesym._frameset import FrameSet
from framesym._typed import Typed

Mode = Literal["average", "sample", "loop"]
Words = str | Mapping[str, str]


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
        self._arguments = _named("x", self.inputs, frame.group)
        self._results = _named("result", self.outputs, frame.group)
        self._carrier = self._find_carrier()

    def extra_repr(self) -> str:
        return f"frame={self.frame}, inputs={self.inputs!r}, outputs={self.outputs!r}, mode={self.mode!r}"

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the network on the canonical copies of its arguments, and bring the mean of the results back."""
        given = self._bind(args, kwargs)
        x, mask = given[self._carrier], self._invariant(given, "mask")
        frames = self.frame(x, self._invariant(given, "weights"), mask, dtype=torch.float64)
        if mask is not None:
            given[self._carrier] = self._blank(x, mask)
        self._check_null(frames, given)
        canonical = {name: self._arguments[name].enter(value, frames) for name, value in given.items()}
        if mask is not None:
            canonical[self._carrier] = self._blank(canonical[self._carrier], mask)

        def call(signs: Tensor, fold: bool = False) -> dict[str, Tensor]:
            """Call the network on the copies with these signs, and undo the signs on the results."""
            copies = {
                name: _fold(self._arguments[name], value, signs) if fold else self._arguments[name].flip(value, signs)
                for name, value in canonical.items()
            }
            positional = [copies.pop(name) for name in list(copies)[: len(args)]]
            results = self._name(self.net(*positional, **copies))
            results = {name: _unfold(self._results[name], y, signs, fold) for name, y in results.items()}
            return {name: self._results[name].flip(y, signs) for name, y in results.items()}

        if self.mode == "loop":
            mean = self._loop(call, frames)
        elif self.mode == "sample" and self.training:
            chosen = torch.randint(len(frames.signs), frames.gap.shape, device=x.device)
            mean = call(frames.signs[chosen])
        else:
            batch = frames.gap.shape
            signs = frames.signs.reshape(-1, *[1] * len(batch), frames.signs.shape[-1])
            mean = {name: y.mean(0) for name, y in call(signs.expand(-1, *batch, -1), fold=True).items()}
        results = {name: self._results[name].leave(y, frames) for name, y in mean.items()}
        return results["result"] if isinstance(self.outputs, str) else results

    def _loop(self, call: Callable[[Tensor], dict[str, Tensor]], frames: FrameSet) -> dict[str, Tensor]:
        """Average with one call an element, each drawing the same random numbers (the same dropout masks)."""
        count, total = len(frames.signs), {}
        devices = [frames.signs.device] if frames.signs.is_cuda else []
        for index, signs in enumerate(frames.signs):
            replay = torch.random.fork_rng(devices) if index < count - 1 else nullcontext()
            with replay:
                results = call(signs.expand(*frames.gap.shape, -1))
            total = {name: total[name] + y if total else y for name, y in results.items()}
        return {name: y / count for name, y in total.items()}

    def _find_carrier(self) -> str:
        """Return the argument that carries the frame: the first point, or without translations the first vector."""
        words = ("point",) if self.frame.group.affine else ("point", "vector")
        for word in words:
            for argument in self._arguments.values():
                if argument.word == word:
                    return argument.name
        raise ValueError(f"inputs must hold a {' or '.join(words)}, which carries the frame; got {self.inputs!r}")

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

    def _invariant(self, given: dict[str, Any], name: str) -> Tensor | None:
        named = name in self._arguments and self._arguments[name].word == "invariant"
        return given.get(name) if named else None

    @staticmethod
    def _blank(x: Tensor, mask: Tensor) -> Tensor:
        """Set masked points to zero: what stands there, even NaN, must not reach the network or a derivative."""
        return torch.where(mask.unsqueeze(-1), x, 0)

    def _name(self, result: Any) -> dict[str, Tensor]:
        """Return the results of the network by name."""
        if isinstance(self.outputs, str):
            return {"result": result}
        if not isinstance(result, Mapping) or set(result) != set(self.outputs):
            found = sorted(result) if isinstance(result, Mapping) else type(result).__name__
            raise TypeError(f"the network must return a mapping with the keys {sorted(self.outputs)}, got {found}")
        return dict(result)

    def _check_null(self, frames: FrameSet, given: dict[str, Any]) -> None:
        """Report items with a null space where an argument or a result needs more than the points to be exact."""
        others = [t for name, t in self._arguments.items() if name != self._carrier and given.get(name) is not None]
        needy = [t.name for t in others if not t.fixed and t.word != "pseudoscalar"]
        needy += [t.name for t in self._results.values() if not t.fixed and t.word.startswith("tensor:")]
        if needy:
            reason = f"the points leave two or more axes undetermined, which {', '.join(needy)} would need"
            self.frame.report(frames.null.abs().amax((-2, -1)) > 0, reason)


def _named(single: str, words: Words, group: Any) -> dict[str, Typed]:
    named = {single: words} if isinstance(words, str) else words
    return {name: Typed(name, word, group) for name, word in named.items()}


def _fold(argument: Typed, value: Any, signs: Tensor) -> Any:
    """Return the copies of an argument (*batch, ...) for signs (F, *batch, d), side by side in the first batch axis."""
    if not isinstance(value, Tensor):
        return value
    lead = signs.shape[:-1]
    argument.check_batch(value, lead[1:])
    copies = argument.flip(value.unsqueeze(0), signs).expand(lead[0], *value.shape)
    return copies.flatten(0, 1) if len(lead) > 1 else copies


def _unfold(result: Typed, y: Any, signs: Tensor, folded: bool) -> Tensor:
    """Check a result of the network, and take the copies out of its first batch axis again if they are there."""
    lead = signs.shape[:-1]
    if not folded or len(lead) < 2:
        result.check(y, lead)
        return y
    result.check(y, (lead[0] * lead[1], *lead[2:]))
    return y.unflatten(0, lead[:2])


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
    return Symmetrized(net, frame, inputs, outputs, mode)  # pyright: ignore[reportArgumentType]
