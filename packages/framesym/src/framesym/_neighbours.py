"""The nearest neighbours of each point, the same for every pose of the set and every order of its points."""

import torch
from torch import Tensor

# Distances that differ by fewer round-offs of the largest coordinate count as equal.
_ROUND_OFFS = 16


@torch.no_grad()
def nearest(x: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """Find the k nearest points of each point, itself among them.

    Distances come from differences, not from products of the coordinates, which far from the origin would leave
    neighbours to round-off. Where several points are as far as the k-th, no rule that knows nothing of their order
    could choose among them: all of them are returned, and share the places that are left.

    Args:
        x: Points, (*batch, n, d).
        k: Number of neighbours, at most n.

    Returns:
        Indices (*batch, n, K) with K >= k in ascending order of distance, their weights (*batch, n, K), which sum to
        k, and the number of the group of equal distances that each belongs to, (*batch, n, K).
    """
    n = x.shape[-2]
    if not 1 <= k <= n:
        raise ValueError(f"k must be between 1 and the number of points, {n}, got {k}")
    centred = x - x.mean(-2, keepdim=True)
    distances = torch.cdist(centred, centred, compute_mode="donot_use_mm_for_euclid_dist")
    equal = _ROUND_OFFS * torch.finfo(x.dtype).eps * x.abs().amax((-2, -1))[..., None, None]
    length, index = distances.topk(min(k + 1, n), largest=False)
    if k < n and (length[..., k:] - length[..., k - 1 : k] <= equal).any():
        length, index = distances.sort(stable=True)
    group = torch.cat([torch.zeros_like(index[..., :1]), (length.diff() > equal).long()], -1).cumsum(-1)
    last = group[..., k - 1 : k]
    inside, tied = group < last, group == last
    share = (k - inside.sum(-1, keepdim=True)) / tied.sum(-1, keepdim=True)
    weights = inside.to(x.dtype) + tied.to(x.dtype) * share.to(x.dtype)
    most = int((weights > 0).sum(-1).max()) if weights.numel() else k
    return index[..., :most], weights[..., :most], group[..., :most]


def gather(x: Tensor, index: Tensor) -> Tensor:
    """Return the rows (*batch, n, K, c) of `x` (*batch, n, c) that `index` (*batch, n, K) names."""
    flat = index.flatten(-2).unsqueeze(-1).expand(*index.shape[:-2], -1, x.shape[-1])
    return x.gather(-2, flat).unflatten(-2, index.shape[-2:])


def patches(x: Tensor, k: int) -> Tensor:
    """Return the k nearest points of each point, relative to it, nearest first: (*batch, n, k, d).

    Points at equal distances have no order; each of their places holds their mean.
    """
    index, _, group = nearest(x, k)
    around = gather(x, index) - x.unsqueeze(-2)
    if index.shape[-1] == k and bool((group.diff() > 0).all()):
        return around
    same = (group[..., :k].unsqueeze(-1) == group.unsqueeze(-2)).to(x.dtype)
    return (same / same.sum(-1, keepdim=True)) @ around
