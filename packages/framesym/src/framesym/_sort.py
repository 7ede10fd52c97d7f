"""Frames of permutations that sort: rows of coordinates, with ties."""

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from framesym._permutation_frame import PermutationFrameSet


class Sort:
    r"""The frame of all permutations that sort the points of a set lexicographically.

    The first coordinate decides, then the second, and so on; further features of the points follow. Points whose rows
    are equal are tied, and every order of them belongs to the frame: $|F(X)| = \prod_c n_c!$ over the classes of equal
    rows. Values are compared exactly. Source: Puny et al., arXiv:2110.03336, section 3.

    Examples:
        >>> import torch
        >>> from framesym import Sort
        >>> frames = Sort()(torch.tensor([[2.0, 1.0], [0.0, 5.0], [2.0, 1.0]]))
        >>> frames.order
        tensor([[1, 0, 2],
                [1, 2, 0]])
    """

    permutes: ClassVar[bool] = True
    carrier: ClassVar[str] = "node"

    def __repr__(self) -> str:
        return "Sort()"

    def __call__(
        self, x: Tensor, node: Tensor | None = None, edge: Tensor | None = None, mask: Tensor | None = None
    ) -> PermutationFrameSet:
        """Return the frame of each point set.

        Args:
            x: Points, of shape (*batch, n, d), of any real dtype.
            node: Further features of the points, (*batch, n, c), compared after the coordinates.
            edge: Not used: it may be given where frames are called alike.
            mask: Which points exist, (*batch, n); all of them by default.

        Raises:
            ValueError: If a shape does not fit, or a value is not a number.
        """
        if x.ndim < 2:
            raise ValueError(f"x must have shape (*batch, n, d), got {tuple(x.shape)}")
        nodes = existing(x[..., 0] if x.shape[-1] else x.sum(-1), mask)
        columns = [blank(x, nodes, "x"), *([] if node is None else [features(node, nodes, "node")])]
        return sorted_frames(torch.cat([column.double() for column in columns], -1), nodes, {})


def sorted_frames(keys: Tensor, nodes: Tensor, diagnostics: Mapping[str, Tensor]) -> PermutationFrameSet:
    """Return the frame of the permutations that sort rows (*batch, n, k), where absent nodes come last."""
    keys = torch.cat([(~nodes).to(keys.dtype).unsqueeze(-1), keys + 0.0], -1)  # + 0.0: minus zero is zero
    n = keys.shape[-2]
    order = torch.arange(n, device=keys.device).expand(keys.shape[:-1]).contiguous()
    for column in reversed(keys.unbind(-1)):
        order = order.gather(-1, column.gather(-1, order).argsort(stable=True, dim=-1))
    rows = keys.gather(-2, order.unsqueeze(-1).expand(keys.shape))
    tied = (rows[..., 1:, :] == rows[..., :-1, :]).all(-1) & nodes.gather(-1, order)[..., 1:]
    first, last = order[..., :-1], order[..., 1:]
    identity = torch.arange(n, device=keys.device).expand(*order.shape[:-1], max(n - 1, 0), n)
    swap = identity.scatter(-1, first.unsqueeze(-1), last.unsqueeze(-1))
    swap = swap.scatter(-1, last.unsqueeze(-1), first.unsqueeze(-1))
    step = torch.ones_like(order)
    step[..., 1:] = (~tied).long()
    rank = step.cumsum(-1) - 1
    smallest = torch.full_like(order, n).scatter_reduce(-1, rank, order, "amin")
    count = torch.zeros_like(order).scatter_add(-1, rank, torch.ones_like(order))
    return PermutationFrameSet(
        first=order,
        nodes=nodes,
        orbits=torch.empty_like(order).scatter_(-1, order, smallest.gather(-1, rank)),
        generators=torch.where(tied.unsqueeze(-1), swap, identity),
        log10_size=torch.lgamma(count.double() + 1).sum(-1) / math.log(10),
        free=True,
        fixes=False,
        coset=False,
        diagnostics=diagnostics,
    )


def existing(like: Tensor, mask: Tensor | None) -> Tensor:
    """Return which nodes exist, (*batch, n), all of those of `like` by default."""
    if mask is None:
        return torch.ones(like.shape, dtype=torch.bool, device=like.device)
    if mask.dtype != torch.bool or mask.shape != like.shape:
        raise ValueError(f"mask must be boolean of shape {tuple(like.shape)}, got {mask.dtype} {tuple(mask.shape)}")
    return mask


def blank(x: Tensor, exists: Tensor, name: str) -> Tensor:
    """Return features (*batch, ..., c) with zeros where nothing exists, detached, and require numbers elsewhere."""
    if x.is_complex():
        raise ValueError(f"{name} must be real, got {x.dtype}")
    x = torch.where(exists.unsqueeze(-1), x.detach(), torch.zeros((), dtype=x.dtype, device=x.device))
    if not torch.isfinite(x).all():
        raise ValueError(f"{name} must be finite where nodes exist, got NaN or infinity")
    return x


def features(x: Tensor, exists: Tensor, name: str) -> Tensor:
    """Return features in float64 after checking their shape against what exists, (*batch, n) or (*batch, n, n)."""
    if x.shape[:-1] != exists.shape:
        wanted = ", ".join(map(str, exists.shape))
        raise ValueError(f"{name} must have shape ({wanted}, channels), got {tuple(x.shape)}")
    return blank(x, exists, name).double()
