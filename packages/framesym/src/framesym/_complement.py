"""Orthonormal vectors completed to a basis."""

import torch
from torch import Tensor


def complement(axes: list[Tensor], count: int, like: Tensor) -> Tensor:
    """Return the unit vectors (count, d) that complete d - 1 orthonormal ones (count, d) to determinant one.

    The cofactors of the last column: exact to round-off, whatever the axes were made of.
    """
    d = len(axes) + 1
    if d == 1:
        return like.new_ones(count, 1)
    if d == 2:
        return torch.stack([-axes[0][..., 1], axes[0][..., 0]], -1)
    if d == 3:
        return torch.linalg.cross(axes[0], axes[1])
    matrix = torch.stack(axes, -1)
    minors = [torch.cat([matrix[..., :a, :], matrix[..., a + 1 :, :]], -2) for a in range(d)]
    signs = [(-1) ** (a + d - 1) for a in range(d)]
    return torch.stack([sign * torch.linalg.det(minor) for sign, minor in zip(signs, minors, strict=True)], -1)


def complete(axes: list[Tensor], count: int, d: int, like: Tensor) -> Tensor:
    """Return orthonormal vectors (count, d), any number of them, as the first columns of rotations (count, d, d)."""
    axes = list(axes)
    while len(axes) < d - 1:
        residual = torch.eye(d, dtype=like.dtype, device=like.device).expand(count, d, d)
        for e in axes * 2:
            residual = residual - (residual @ e.detach().unsqueeze(-1)) * e.detach().unsqueeze(-2)
        longest = residual.square().sum(-1).argmax(-1)
        vector = residual[torch.arange(count, device=like.device), longest]
        axes.append(vector / vector.norm(dim=-1, keepdim=True))
    if len(axes) < d:
        axes.append(complement(axes, count, like))
    return torch.stack(axes, -1)
