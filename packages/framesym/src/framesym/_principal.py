"""Variances of points along their principal axes: how far apart, and along which axes no point reaches."""

import math

import torch
from torch import Tensor

from framesym._points import ROUND_OFFS
from framesym._typed import turned_columns

# Relative error that no eigenvalue has.
_SURE = 1e-13


def covariance(columns: Tensor, share: Tensor | None) -> Tensor:
    """Return the second moments (*batch, d, d) of columns (d, *batch, n) with shares (*batch, n), all equal if None."""
    x = columns.movedim(0, -2)
    if share is None:
        return (x @ x.mT) / x.shape[-1]
    return (share.unsqueeze(-2) * x) @ x.mT


def largest(columns: Tensor) -> Tensor:
    """Return the largest coordinate of columns (d, *batch, n): (*batch,)."""
    return columns.abs().amax((0, -1))


def smallest_gap(variances: Tensor, zero: Tensor | None = None) -> Tensor:
    """Return the smallest gap of ascending variances (*batch, d) over the largest, not within the null space."""
    top = variances[..., -1]
    if variances.shape[-1] == 1:
        return torch.full_like(top, math.inf)
    gaps = variances[..., 1:] - variances[..., :-1]
    if zero is not None:
        gaps = torch.where(zero[..., 1:] & zero[..., :-1], math.inf, gaps)
    return gaps.amin(-1) / top.clamp_min(torch.finfo(top.dtype).tiny)


def settled(
    variances: Tensor, degenerate: Tensor, centroid: Tensor, count: int, round_off: float, tolerance: float
) -> bool:
    """Whether bounds show that no item is degenerate, and that each has points far along every axis.

    For points of equal weight, with what is told by `reached`: a mean square is at most the largest one, which is at
    most `count` means; a sum's square is at most twice the squares.
    """
    d = variances.shape[-1]
    slack = 1024 * count * d * round_off**2
    floor = max(tolerance, 10 * _SURE)
    floor = max(floor, _SURE + 512 * count * d * torch.finfo(torch.float64).eps ** 2 / floor) + slack
    bound = torch.add(floor * variances[..., -1], centroid.square().sum(0), alpha=slack * d)
    return not bool((degenerate | (variances[..., 0] <= bound)).any())


def reached(
    points: Tensor, centred: Tensor, variances: Tensor, basis: Tensor, round_off: float, tolerance: float
) -> tuple[Tensor, Tensor]:
    """Return the variances at radius one, zero where they are round-off, and along which axes all points are zero.

    Both (*batch, d), for points as columns (d, *batch, n). Two round-offs add up: that of the input, relative to its
    largest coordinate, and that of the eigenvectors, which grows as the smallest variance that is surely not zero
    becomes small.
    """
    radius = largest(centred)
    safe = torch.where(radius > 0, radius, 1.0).unsqueeze(-1)
    offset = (largest(points) / radius).unsqueeze(-1)
    variances = variances / safe.square()
    # Where the largest variance is round-off the weighted points coincide.
    measured = variances[..., -1:].sqrt() > ROUND_OFFS * round_off * offset
    variances = torch.where(measured, variances.clamp_min(0.0), 0.0)
    surely = torch.where(variances > tolerance * variances[..., -1:], variances, math.inf).amin(-1, keepdim=True)
    amplified = (variances[..., -1:] / surely).sqrt()
    eps = round_off * offset + torch.finfo(torch.float64).eps * amplified
    limit = ROUND_OFFS * eps.nan_to_num(nan=math.inf)
    # A mean square is at most the largest square, so that a variance well above round-off spares the look.
    if (variances > 4 * limit.square() + _SURE * variances[..., -1:]).all():
        return variances, torch.zeros_like(variances, dtype=torch.bool)
    heights = turned_columns(basis.mT, centred / safe).abs().amax(-1)
    return variances, heights.movedim(0, -1) <= limit
