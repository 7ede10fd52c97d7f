"""Frames from principal axes."""

import itertools
import math
import warnings
from typing import Any, Literal

import torch
from torch import Tensor

from framesym._eigenvectors import eigenvectors
from framesym._euclidean import euclidean
from framesym._frameset import FrameSet

# Relative gap below which two eigenvalues count as equal: some round-offs of the input's type.
_TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-6, torch.float16: 1e-2, torch.bfloat16: 1e-1}
# A length below this many round-offs of the largest coordinate counts as zero.
_ROUND_OFFS = 8


class DegenerateFrameWarning(UserWarning):
    """Principal axes were used for an input on which they are not a frame, so the average is not equivariant."""


class PCA:
    r"""Frame of the principal axes of a point set, for O(d), SO(d), E(d) and SE(d).

    With centroid $t$ (zero for O and SO) and eigenvectors $V$ of the weighted covariance
    $C = \sum_i w_i (x_i - t)(x_i - t)^T$ the frame is the set of all $(V \operatorname{diag}(s), t)$ with signs
    $s_a = \pm 1$: $2^d$ elements for O(d) and E(d), and the $2^{d-1}$ of determinant one for SO(d) and SE(d). It does
    not depend on the order of the points. Source: Puny et al., arXiv:2110.03336, section 3.1.

    **Where it is no frame.** If two eigenvalues coincide, their axes are whatever the eigensolver returns, and an
    average over the signs is not invariant. Two neighbouring eigenvalues count as equal if they differ by less than
    `tolerance` times the largest one. Then

    * if no point reaches along either axis (a null space of dimension two or more: points on a line in space, or one
      point), the canonical points are zero there and every choice of axes gives the same ones: the set stands, and
      `FrameSet.null` holds the projector on that space, on which an equivariant vector has to vanish;
    * otherwise the item is degenerate, and `degenerate` decides: `"raise"` (default) raises a `ValueError` that names
      the items, `"warn"` gives a [`DegenerateFrameWarning`][framesym.DegenerateFrameWarning] that names them and goes
      on, with no claim of equivariance for these items.

    Above the tolerance the axes carry the relative error round-off / gap, with the gap reported in `FrameSet.gap`.

    Args:
        group: O(d), SO(d), E(d) or SE(d), any d, as an object with the members of `liegroups.Group`.
        degenerate: What to do about items on which principal axes are not a frame.
        tolerance: Relative gap of the eigenvalues below which they count as equal; by default 1e-12 for float64,
            1e-6 for float32, 1e-2 for float16 and 1e-1 for bfloat16.

    Raises:
        ValueError: If `group` is another group, or an argument is out of range.

    Examples:
        >>> import torch
        >>> from liegroups import SE
        >>> from framesym import PCA
        >>> frames = PCA(SE(3))(torch.randn(7, 20, 3, generator=torch.Generator().manual_seed(0)))
        >>> frames.elements.shape, frames.rank.tolist()
        (torch.Size([7, 4, 4, 4]), [3, 3, 3, 3, 3, 3, 3])
    """

    def __init__(
        self, group: Any, degenerate: Literal["raise", "warn"] = "raise", tolerance: float | None = None
    ) -> None:
        motions = euclidean(group)
        if motions is None:
            name = getattr(group, "name", repr(group))
            raise ValueError(f"group must be O(d), SO(d), E(d) or SE(d) for principal axes, got {name}")
        if degenerate not in ("raise", "warn"):
            raise ValueError(f"degenerate must be 'raise' or 'warn', got {degenerate!r}")
        if tolerance is not None and not 0 < tolerance < 1:
            raise ValueError(f"tolerance must be between 0 and 1, got {tolerance}")
        self.group = group
        self.d = motions.d
        self.reflections = motions.reflections
        self.translations = motions.translations
        self.degenerate = degenerate
        self.tolerance = tolerance

    def __repr__(self) -> str:
        return f"PCA({getattr(self.group, 'name', self.group)})"

    def __call__(
        self,
        x: Tensor,
        weights: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        dtype: torch.dtype | None = None,
    ) -> FrameSet:
        """Compute the frame of each point set, in float64, with derivatives with respect to `x` and `weights`.

        Args:
            x: Points of shape (*batch, n, d), n >= 1.
            weights: Non-negative weights of shape (*batch, n), not all zero in an item.
            mask: True for the points that exist, of shape (*batch, n), at least one in an item; what stands at the
                others is never read.
            dtype: Type of the result; that of `x` if left out.

        Raises:
            TypeError: If `x` is not a real floating-point tensor, `weights` not a tensor, or `mask` not a boolean one.
            ValueError: If a shape does not fit, a value is not finite, an item has no points, or an item is
                degenerate and `degenerate="raise"`.
        """
        present = self._check(x, weights, mask)
        points, share = self._weigh(x, weights, present)
        centroid = (share.unsqueeze(-1) * points).sum(-2) if self.translations else torch.zeros_like(points[..., 0, :])
        centred = torch.where(present.unsqueeze(-1), points - centroid.unsqueeze(-2), 0.0)

        radius = _largest(centred.detach())
        unit = centred / torch.where(radius > 0, radius, 1.0)[..., None, None]
        tolerance = self.tolerance or _TOLERANCE[x.dtype]
        variances, basis = eigenvectors(unit.mT @ (share.unsqueeze(-1) * unit), tolerance)
        if not self.reflections:
            turn = torch.linalg.det(basis.detach()).sign()[..., None, None]
            basis = torch.cat([basis[..., :1] * turn, basis[..., 1:]], -1)

        offset = _largest(points.detach()) / radius
        variances = _measurable(variances.detach(), offset, x.dtype)
        zero = _unreached(unit.detach() @ basis.detach(), variances, offset, x.dtype, tolerance)
        gap, degenerate = _compare(variances, zero, tolerance)
        null = (zero & (zero.sum(-1, keepdim=True) > 1)).to(basis.dtype)
        self.report(degenerate, f"eigenvalues of the covariance coincide (relative gap below {tolerance:g})")
        total = variances.sum(-1, keepdim=True)
        return FrameSet(
            group=self.group,
            basis=basis,
            centroid=centroid,
            signs=self._signs(basis),
            variances=variances / torch.where(total > 0, total, 1.0),
            gap=gap,
            rank=self.d - zero.sum(-1),
            degenerate=degenerate,
            null=(basis.detach() * null.unsqueeze(-2)) @ basis.detach().mT,
        ).to(dtype or x.dtype)

    def _check(self, x: Tensor, weights: Tensor | None, mask: Tensor | None) -> Tensor:
        """Check the arguments; return the mask, all true if there is none."""
        if not isinstance(x, Tensor) or x.dtype not in _TOLERANCE:
            raise TypeError(f"x must be a real floating-point tensor, got {getattr(x, 'dtype', type(x).__name__)}")
        if x.ndim < 2 or x.shape[-1] != self.d or x.shape[-2] == 0:
            raise ValueError(f"x must have shape (*batch, n, {self.d}) with n >= 1, got {tuple(x.shape)}")
        for name, array in (("weights", weights), ("mask", mask)):
            if array is not None and not isinstance(array, Tensor):
                raise TypeError(f"{name} must be a tensor, got {type(array).__name__}")
            if array is not None and array.shape != x.shape[:-1]:
                raise ValueError(f"{name} must have shape {tuple(x.shape[:-1])}, got {tuple(array.shape)}")
        if mask is not None and mask.dtype != torch.bool:
            raise TypeError(f"mask must be boolean, got {mask.dtype}")
        present = torch.ones_like(x[..., 0], dtype=torch.bool) if mask is None else mask
        _require(~(present.unsqueeze(-1) & ~x.isfinite()).any(-1).any(-1), "x must be finite")
        if weights is not None:
            valid = (weights >= 0) & weights.isfinite()
            _require(~(present & ~valid).any(-1), "weights must be finite and not negative")
            present_weights = torch.where(present, weights, 0)
            _require((present_weights > 0).any(-1), "weights must be positive for at least one point")
        else:
            _require(present.any(-1), "mask must be true for at least one point")
        return present

    def _weigh(self, x: Tensor, weights: Tensor | None, present: Tensor) -> tuple[Tensor, Tensor]:
        """Return the points and their shares of the total weight, in float64, zero where masked."""
        points = torch.where(present.unsqueeze(-1), x, 0).double()
        heavy = present.double() if weights is None else torch.where(present, weights, 0).double()
        heavy = heavy / heavy.detach().amax(-1, keepdim=True)
        return points, heavy / heavy.sum(-1, keepdim=True)

    def _signs(self, like: Tensor) -> Tensor:
        signs = torch.tensor(list(itertools.product((1.0, -1.0), repeat=self.d)), dtype=like.dtype, device=like.device)
        return signs if self.reflections else signs[signs.prod(-1) > 0]

    def report(self, which: Tensor, reason: str) -> None:
        """Raise or warn, as `degenerate` says, if the frame is no frame for the batch items that are set."""
        if not which.any():
            return
        text = f"{self!r} has no frame for {_items(which)}: {reason}"
        if self.degenerate == "raise":
            raise ValueError(f"{text}; degenerate='warn' goes on without equivariance for these items")
        warnings.warn(f"{text}; the result is not equivariant there", DegenerateFrameWarning, stacklevel=3)


def _largest(points: Tensor) -> Tensor:
    return points.abs().amax((-2, -1))


def _measurable(variances: Tensor, offset: Tensor, dtype: torch.dtype) -> Tensor:
    """Set the variances to zero where the largest one is round-off: there the weighted points coincide."""
    round_off = _ROUND_OFFS * torch.finfo(dtype).eps * offset.unsqueeze(-1)
    return torch.where(variances[..., -1:].sqrt() > round_off, variances.clamp_min(0.0), 0.0)


def _unreached(turned: Tensor, variances: Tensor, offset: Tensor, dtype: torch.dtype, tolerance: float) -> Tensor:
    """Tell the axes along which every point is zero to round-off, given points of radius one.

    Two round-offs add up: that of the input, relative to its largest coordinate, and that of the eigenvectors, which
    grows as the smallest variance that is surely not zero becomes small.
    """
    surely = torch.where(variances > tolerance * variances[..., -1:], variances, math.inf).amin(-1, keepdim=True)
    amplified = (variances[..., -1:] / surely).sqrt()
    eps = torch.finfo(dtype).eps * offset.unsqueeze(-1) + torch.finfo(torch.float64).eps * amplified
    return turned.abs().amax(-2) <= _ROUND_OFFS * eps.nan_to_num(nan=math.inf)


def _compare(variances: Tensor, zero: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
    """Return the smallest relative gap outside the null space, and whether it is below the tolerance."""
    largest = torch.where(variances[..., -1:] > 0, variances[..., -1:], 1.0)
    gaps = variances.diff(dim=-1) / largest
    gaps = torch.where(zero[..., 1:] & zero[..., :-1], math.inf, gaps)
    gap = torch.cat([gaps, torch.full_like(largest, math.inf)], -1).amin(-1)
    return gap, gap < tolerance


def _require(valid: Tensor, rule: str) -> None:
    if not valid.all():
        raise ValueError(f"{rule}: violated by {_items(~valid)}")


def _items(which: Tensor) -> str:
    """Name batch items in words: the first eight that are set."""
    if which.ndim == 0:
        return "the input"
    found = [index[0] if len(index) == 1 else tuple(index) for index in which.nonzero().tolist()]
    more = f" and {len(found) - 8} more" if len(found) > 8 else ""
    return f"batch items {found[:8]}{more}" if len(found) > 1 else f"batch item {found[0]}"
