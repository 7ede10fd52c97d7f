"""One frame put in the place of another for some items of a batch."""

from dataclasses import replace

import torch
from torch import Tensor

from framesym._frameset import FrameSet


def merged(frames: FrameSet, which: Tensor, others: FrameSet) -> FrameSet:
    """Return `frames` with the items where `which` (*batch) is set replaced by those of `others` (K, ...), in order.

    The gap stays that of `frames`, and `diagnostics["replaced"]` is `which`.
    """
    index = which.reshape(-1).nonzero().squeeze(-1)
    size = max(frames.linear.shape[-3], others.linear.shape[-3])
    d = frames.linear.shape[-1]
    lead = frames.batch

    def put(mine: Tensor, other: Tensor, width: tuple[int, ...], padding: Tensor) -> Tensor:
        """Lay the rows of both over padding of shape (*width, ...)."""
        mine = mine.reshape(-1, *mine.shape[len(lead) :])
        if width:
            mine, other = _padded(mine, width[0], padding), _padded(other, width[0], padding)
        return mine.index_copy(0, index, other).reshape((*lead, *mine.shape[1:]))

    eye = torch.eye(d, dtype=frames.linear.dtype, device=index.device)
    zero, no = eye.new_zeros(()), which.new_zeros(())
    free = None
    if frames.free is not None or others.free is not None:
        none = which.new_zeros(())
        mine = none.expand(*lead, d) if frames.free is None else frames.free
        other = none.expand(len(index), d) if others.free is None else others.free
        free = put(mine, other, (), none)
    return replace(
        frames,
        linear=put(frames.linear, others.linear, (size,), eye),
        inverse=put(frames.inverse, others.inverse, (size,), eye),
        weights=put(frames.weights, others.weights, (size,), zero),
        mask=put(frames.mask, others.mask, (size,), no),
        projector=put(frames.projector, others.projector, (), eye),
        rank=put(frames.rank, others.rank, (), zero),
        degenerate=put(frames.degenerate, others.degenerate, (), no),
        free=free,
        basis=None,
        signs=None,
        diagnostics={**frames.diagnostics, "replaced": which},
    )


def _padded(array: Tensor, width: int, padding: Tensor) -> Tensor:
    missing = width - array.shape[1]
    return torch.cat([array, padding.expand(len(array), missing, *array.shape[2:])], 1) if missing else array
