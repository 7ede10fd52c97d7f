"""Checks and weights of point sets, shared by the frames that read them."""

import math

import torch
from torch import Tensor

# Types of points that a frame reads; frames are computed in float64.
FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
# A length below this many round-offs of the largest coordinate counts as zero.
ROUND_OFFS = 8
# Squares of lengths outside are scaled first, so that they neither overflow nor lose digits.
_RANGE = (1e-270, 1e270)


def check(x: Tensor, weights: Tensor | None, mask: Tensor | None, d: int) -> Tensor:
    """Check the arguments of a frame of points (*batch, n, d); return the mask, all true if there is none."""
    check_types(x, weights, mask, d)
    if mask is not None:
        present, seen = mask, torch.where(mask.unsqueeze(-1), x.detach(), 0)
    else:
        present, seen = torch.ones((), dtype=torch.bool, device=x.device).expand(x.shape[:-1]), x.detach()
    # Whatever is not finite shows in the sum; one that overflows calls for the look at every entry too.
    if not math.isfinite(seen.sum()):
        check_finite(seen)
    if weights is not None:
        valid = (weights >= 0) & weights.isfinite()
        require(~(present & ~valid).any(-1), "weights must be finite and not negative")
        present_weights = torch.where(present, weights, 0)
        require((present_weights > 0).any(-1), "weights must be positive for at least one point")
    elif mask is not None:
        require(present.any(-1), "mask must be true for at least one point")
    return present


def check_finite(x: Tensor) -> None:
    """Require finite points (*batch, n, d)."""
    require(x.isfinite().all(-1).all(-1), "x must be finite")


def check_types(x: Tensor, weights: Tensor | None, mask: Tensor | None, d: int) -> None:
    """Check types and shapes, without a look at the values."""
    if not isinstance(x, Tensor) or x.dtype not in FLOATS:
        raise TypeError(f"x must be a real floating-point tensor, got {getattr(x, 'dtype', type(x).__name__)}")
    if x.ndim < 2 or x.shape[-1] != d or x.shape[-2] == 0:
        raise ValueError(f"x must have shape (*batch, n, {d}) with n >= 1, got {tuple(x.shape)}")
    for name, array in (("weights", weights), ("mask", mask)):
        if array is not None and not isinstance(array, Tensor):
            raise TypeError(f"{name} must be a tensor, got {type(array).__name__}")
        if array is not None and array.shape != x.shape[:-1]:
            raise ValueError(f"{name} must have shape {tuple(x.shape[:-1])}, got {tuple(array.shape)}")
    if mask is not None and mask.dtype != torch.bool:
        raise TypeError(f"mask must be boolean, got {mask.dtype}")


def weigh(x: Tensor, weights: Tensor | None, present: Tensor) -> tuple[Tensor, Tensor]:
    """Return the points and their shares of the total weight, in float64, zero where masked."""
    points = torch.where(present.unsqueeze(-1), x, 0).double()
    heavy = present.double() if weights is None else torch.where(present, weights, 0).double()
    heavy = heavy / heavy.detach().amax(-1, keepdim=True)
    return points, heavy / heavy.sum(-1, keepdim=True)


def as_columns(x: Tensor) -> Tensor:
    """Return points (*batch, n, d) as columns (d, *batch, n) in float64: inner loops run over points and items."""
    return x.movedim(-1, 0).to(torch.float64, memory_format=torch.contiguous_format)


def within(squares: Tensor) -> bool:
    """Whether all squares of lengths can be computed with, which those of points that are not finite cannot."""
    if not squares.numel():
        return True
    lowest, highest = squares.aminmax()
    return _RANGE[0] < float(lowest) and float(highest) < _RANGE[1]


def require(valid: Tensor, rule: str) -> None:
    """Raise a `ValueError` that names the batch items on which a rule is violated."""
    if not valid.all():
        raise ValueError(f"{rule}: violated by {items(~valid)}")


def items(which: Tensor) -> str:
    """Name batch items in words: the first eight that are set."""
    if which.ndim == 0:
        return "the input"
    found = [index[0] if len(index) == 1 else tuple(index) for index in which.nonzero().tolist()]
    more = f" and {len(found) - 8} more" if len(found) > 8 else ""
    return f"batch items {found[:8]}{more}" if len(found) > 1 else f"batch item {found[0]}"
