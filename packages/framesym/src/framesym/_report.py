"""One report on how equivariant a network is, on which inputs, and why."""

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from framesym._euclidean import euclidean
from framesym._hard_clouds import CloudName, cloud
from framesym._seeded import check_counts
from framesym._symmetrize import Symmetrized
from framesym._tuple import Tuple
from liegroups import Rep, equivariance_error

_STEPS = (1e-4, 1e-5, 1e-6)  # of the central differences, in units of the input


def equivariance_report(
    *,
    model: Any,
    group: Any,
    x: Any = None,
    inputs: str | Mapping[str, str] | None = None,
    outputs: str | Mapping[str, str] | None = None,
    cloud_name: CloudName = "generic",
    items: int = 2,
    points: int = 16,
    samples: int = 32,
    scale: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure how equivariant a network is, in both precisions, with what explains it: frames, symmetries, derivatives.

    The error is that of [`liegroups.equivariance_error`][liegroups.equivariance_error]. The frame is that of the first
    frame-averaged part of the network, taken of all points that exist (an invariant input `mask` says which). All is
    measured in evaluation mode on a copy.

    Args:
        model: A network: a module or a function of torch tensors.
        group: The group to test.
        x: Inputs: a tensor, or a dict by name as the network takes them; drawn from `cloud_name` if left out.
        inputs: Feature words of the inputs; by default those that the model declares.
        outputs: Feature words of the outputs; by default those that the model declares.
        cloud_name: The point set to test on: a generic one, or one on which principal axes are no frame or hardly one.
        items: Number of inputs to draw, each turned at random.
        points: Points of a generic cloud.
        samples: Number of group elements.
        scale: Standard deviation of translations.
        seed: Seed of inputs, group elements and directions.

    Returns:
        `verdict`; `error_rms`, `error_max` in float64 and `error_rms_float32`, `error_max_float32`; of each `item`:
        `frame_size` (0 if the network has no frame), `gap` and `rank` of the frame, `degenerate`, and
        `stabiliser_order`, the number of group elements that map the points to themselves (infinite on a line, 0 if
        unknown, for groups of other than rigid motions); `finite`, whether results and derivatives are; and
        `gradient_error`, the relative difference of the derivative along a random direction from central differences,
        large where the function jumps.

    Raises:
        ValueError: If the words are missing, or an input cannot be drawn for them.

    Examples:
        >>> import torch
        >>> from liegroups import E
        >>> from framesym import FAGNN, equivariance_report
        >>> found = equivariance_report(model=FAGNN(E(3)), group=E(3), points=5)
        >>> found["verdict"], found["frame_size"].tolist(), found["stabiliser_order"].tolist()
        ('equivariant', [8, 8], [1.0, 1.0])
        >>> found["error_max"] < 1e-10 and found["finite"] and found["gradient_error"] < 1e-6
        True
    """
    check_counts(items=items, points=points, samples=samples)
    inputs = _words(model, inputs, "inputs")
    outputs = _words(model, outputs, "outputs")
    if x is None:
        x = _draw(inputs, group, cloud_name, items, points, seed)
    double, single = _cast(x, torch.float64), _cast(x, torch.float32)
    wide, narrow = _evaluated(model, torch.float64), _evaluated(model, torch.float32)
    spread = None if group.compact else scale
    found, found32 = (
        equivariance_error(f, group, at, inputs, outputs, samples=samples, scale=spread, seed=seed, local=False)
        for f, at in ((wide, double), (narrow, single))
    )
    finite, gradient = _derivative(wide, double, seed)
    carrier = _carrier(double, inputs)
    return {
        "verdict": found.verdict,
        "error_rms": found.rms,
        "error_max": found.max,
        "error_rms_float32": found32.rms,
        "error_max_float32": found32.max,
        **_frames(model, group, carrier, _ragged(double, inputs, carrier)),
        "finite": finite,
        "gradient_error": gradient,
    }


def _words(model: Any, given: Any, name: str) -> Any:
    words = getattr(model, name, None) if given is None else given
    if not words:
        raise ValueError(f"{name} must be feature words, as {{'x': 'point'}}; {type(model).__name__} declares none")
    return words


def _draw(inputs: Any, group: Any, name: CloudName, items: int, points: int, seed: int) -> Any:
    """Return float64 inputs for feature words, with the cloud for every point and random numbers for the rest."""
    random = torch.Generator().manual_seed(seed)
    normal = lambda *shape: torch.randn(shape, generator=random, dtype=torch.float64)
    d = group.n - bool(group.affine)
    x = cloud(name, points, d)
    n = len(x)
    turns = torch.linalg.qr(normal(items, d, d)).Q
    moved = x @ turns.mT + (0.3 if group.affine else 0.0)

    def one(argument: str, word: str) -> Tensor:
        if word == "point" or (argument == "x" and word == "vector"):
            return moved
        if word == "invariant":
            mask = torch.ones(items, n, dtype=torch.bool)
            return mask if argument == "mask" else 0.5 + torch.rand(items, n, generator=random, dtype=torch.float64)
        return normal(items, n, Rep(word, group).size or 3)

    return one("x", inputs) if isinstance(inputs, str) else {name: one(name, word) for name, word in inputs.items()}


def _cast(x: Any, dtype: torch.dtype) -> Any:
    if isinstance(x, Mapping):
        return {name: _cast(value, dtype) for name, value in x.items()}
    return x.to(dtype) if isinstance(x, Tensor) and x.is_floating_point() else x


def _evaluated(model: Any, dtype: torch.dtype) -> Callable[..., Any]:
    return copy.deepcopy(model).to(dtype).eval() if isinstance(model, nn.Module) else model


def _carrier(x: Any, inputs: Any) -> Tensor:
    """Return the points that carry the frame: the first point, or the first vector."""
    if not isinstance(x, Mapping):
        return x
    for wanted in ("point", "vector"):
        for name, word in inputs.items():
            if word == wanted:
                return x[name]
    raise ValueError(f"inputs must hold a point or a vector, got {inputs!r}")


def _ragged(x: Any, inputs: Any, carrier: Tensor) -> Tensor | None:
    """Return which points exist, where an invariant input called `mask` says so."""
    mask = x.get("mask") if isinstance(x, Mapping) and inputs.get("mask") == "invariant" else None
    return mask if isinstance(mask, Tensor) and mask.shape == carrier.shape[:-1] else None


def _frames(model: Any, group: Any, x: Tensor, mask: Tensor | None) -> dict[str, Any]:
    """Return what the frame of the network and the symmetries of the points are, for each item."""
    batch = math.prod(x.shape[:-2])
    parts = model.modules() if isinstance(model, nn.Module) else [model]
    frame = next((part.frame for part in parts if isinstance(part, Symmetrized)), None)
    zero = torch.zeros(batch, dtype=torch.float64)
    found = {"frame_size": zero.long(), "gap": zero, "rank": zero.long(), "degenerate": zero.bool()}
    if frame is not None:
        frames = frame(x, mask=mask)
        found = {"frame_size": frames.size, "gap": frames.gap, "rank": frames.rank, "degenerate": frames.degenerate}
    order = zero
    if euclidean(group) is not None:
        least = Tuple(group)(x, mask=mask)
        turning = torch.zeros_like(least.degenerate) if least.free is None else least.free.sum(-1) > 1
        order = torch.where(turning, math.inf, least.size.double())
    return {name: array.detach().reshape(-1).numpy() for name, array in (found | {"stabiliser_order": order}).items()}


def _derivative(f: Callable[..., Any], x: Any, seed: int) -> tuple[bool, float]:
    """Return whether results and derivatives are finite, and how far the latter are from central differences."""
    named = x if isinstance(x, Mapping) else {"": x}
    moving = {name: value for name, value in named.items() if value.is_floating_point()}
    random = torch.Generator().manual_seed(seed)
    along = {name: torch.randn(v.shape, generator=random, dtype=torch.float64) for name, v in moving.items()}
    size = math.sqrt(sum(float(v.square().sum()) for v in along.values()))

    def number(at: Mapping[str, Tensor]) -> Tensor:
        result = f(**at) if isinstance(x, Mapping) else f(at[""])
        results = list(result.values()) if isinstance(result, Mapping) else [result]
        # Weighted by fixed random numbers: a plain sum of squares may be invariant in more than the network is.
        weights = torch.Generator().manual_seed(seed)
        return sum((torch.randn(y.shape, generator=weights, dtype=y.dtype) * y).sum() for y in results)  # pyright: ignore[reportReturnType]

    leaves = {name: value.clone().requires_grad_() for name, value in moving.items()}
    value = number({**named, **leaves})
    grads = torch.autograd.grad(value, list(leaves.values()), allow_unused=True, materialize_grads=True)
    finite = bool(value.isfinite()) and all(bool(grad.isfinite().all()) for grad in grads)
    exact = sum(float((grad * along[name]).sum()) for name, grad in zip(leaves, grads, strict=True)) / size
    errors = []
    with torch.no_grad():
        for step in _STEPS:
            ends = (
                number({**named, **{name: v + sign * step / size * along[name] for name, v in moving.items()}})
                for sign in (1, -1)
            )
            errors.append(abs(float(next(ends) - next(ends)) / (2 * step) - exact))
    return finite, min(errors) / max(abs(exact), 1e-300) if finite else math.inf
