"""Frames from principal axes."""

import itertools
import warnings
from typing import Any, Literal

import torch
from torch import Tensor

from framesym._eigenvectors import eigenvectors
from framesym._euclidean import euclidean
from framesym._frameset import FrameSet, Usual
from framesym._merge import merged
from framesym._points import as_columns, check, check_types, items, weigh, within
from framesym._principal import covariance, largest, reached, settled, smallest_gap
from framesym._ragged import padded
from framesym._tuple import Tuple

# Relative gap below which two eigenvalues count as equal: some round-offs of the input's type,
_TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-6, torch.float16: 1e-2, torch.bfloat16: 1e-1}
# or where another frame is at hand, enough of them for axes that are precise.
_CAREFUL = {torch.float64: 1e-4, torch.float32: 1e-2, torch.float16: 5e-2, torch.bfloat16: 2e-1}


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
      the items; `"tuple"` gives these items the frame [`Tuple`][framesym.Tuple], which is exact; `"warn"` gives a
      [`DegenerateFrameWarning`][framesym.DegenerateFrameWarning] that names them and goes on, with no claim of
      equivariance for these items.

    Above the tolerance the axes carry the relative error round-off / gap, with the gap reported in `FrameSet.gap`.

    Args:
        group: O(d), SO(d), E(d) or SE(d), any d, as an object with the members of `liegroups.Group`.
        degenerate: What to do about items on which principal axes are not a frame.
        tolerance: Relative gap of the eigenvalues below which they count as equal; by default 1e-12 for float64,
            1e-6 for float32, 1e-2 for float16 and 1e-1 for bfloat16. With `degenerate="tuple"` 1e-4, 1e-2, 5e-2 and
            2e-1, so that the error round-off / gap of the principal axes stays near round-off.

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
        self, group: Any, degenerate: Literal["raise", "tuple", "warn"] = "raise", tolerance: float | None = None
    ) -> None:
        motions = euclidean(group)
        if motions is None:
            name = getattr(group, "name", repr(group))
            raise ValueError(f"group must be O(d), SO(d), E(d) or SE(d) for principal axes, got {name}")
        if degenerate not in ("raise", "tuple", "warn"):
            raise ValueError(f"degenerate must be 'raise', 'tuple' or 'warn', got {degenerate!r}")
        if tolerance is not None and not 0 < tolerance < 1:
            raise ValueError(f"tolerance must be between 0 and 1, got {tolerance}")
        self.group = group
        self.d = motions.d
        self.reflections = motions.reflections
        self.translations = motions.translations
        self.degenerate = degenerate
        self.tolerance = tolerance
        signs = torch.tensor(list(itertools.product((1.0, -1.0), repeat=self.d)), dtype=torch.float64)
        self.signs = signs if self.reflections else signs[signs.prod(-1) > 0]
        self._usual = Usual(self.d, len(self.signs))

    def __repr__(self) -> str:
        return f"PCA({getattr(self.group, 'name', self.group)})"

    def __call__(
        self,
        x: Tensor,
        weights: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        batch: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> FrameSet:
        """Compute the frame of each point set, in float64, with derivatives with respect to `x` and `weights`.

        Args:
            x: Points of shape (*batch, n, d), n >= 1.
            weights: Non-negative weights of shape (*batch, n), not all zero in an item.
            mask: True for the points that exist, of shape (*batch, n), at least one in an item; what stands at the
                others is never read.
            batch: Item of each point, (N,), for a ragged batch: then `x` has shape (N, d), `weights` and `mask` (N,).
            dtype: Type of the result; that of `x` if left out.

        Raises:
            TypeError: If `x` is not a real floating-point tensor, `weights` not a tensor, or `mask` not a boolean one.
            ValueError: If a shape does not fit, a value is not finite, an item has no points, or an item is
                degenerate and `degenerate="raise"`.
        """
        if batch is not None:
            x, weights, mask = padded(x, weights, mask, batch)
        points, centred, centroid, share = self._centre(x, weights, mask)
        tolerance = self.tolerance or _TOLERANCE[x.dtype]
        careful = self.tolerance or (_CAREFUL if self.degenerate == "tuple" else _TOLERANCE)[x.dtype]
        unit, matrix = centred, covariance(centred, share)
        # Whatever is not finite shows in the trace.
        if not within(matrix.detach().diagonal(dim1=-2, dim2=-1).sum(-1)):
            check(x, weights, mask, self.d)
            radius = largest(centred.detach())
            scale = torch.where(radius > 0, radius, 1.0).unsqueeze(-1)
            points, unit = points / scale, centred / scale
            matrix = covariance(unit, share)
        variances, basis = eigenvectors(matrix, tolerance)
        if not self.reflections:
            turn = torch.linalg.det(basis.detach()).sign()[..., None, None]
            basis = torch.cat([basis[..., :1] * turn, basis[..., 1:]], -1)
        variances = variances.detach()
        gap = smallest_gap(variances)
        round_off = torch.finfo(x.dtype).eps
        degenerate, zero = gap < careful, None
        if (
            weights is not None
            or unit is not centred
            or not settled(variances, degenerate, centroid.detach(), x.shape[-2], round_off, tolerance)
        ):
            variances, zero = reached(points.detach(), unit.detach(), variances, basis.detach(), round_off, tolerance)
            # Two null axes do no harm here, but whether they are null is a matter of round-off, and point tuples, the
            # other answer, would be another function: where there are tuples they are taken on either side.
            gap = smallest_gap(variances, None if self.degenerate == "tuple" else zero)
            degenerate = gap < careful
            if self.degenerate != "tuple":
                self.report(degenerate, f"eigenvalues of the covariance coincide (relative gap below {tolerance:g})")
        frames = self._assemble(variances, basis, centred, centroid, gap, degenerate, zero)
        if self.degenerate == "tuple" and zero is not None and degenerate.any():
            given = [None if a is None else a[degenerate] for a in (weights, mask)]
            frames = merged(frames, degenerate, Tuple(self.group)(x[degenerate], *given, dtype=torch.float64))
        return frames.to(dtype or x.dtype)

    def _assemble(
        self,
        variances: Tensor,
        basis: Tensor,
        centred: Tensor,
        centroid: Tensor,
        gap: Tensor,
        degenerate: Tensor,
        zero: Tensor | None,
    ) -> FrameSet:
        """Return the frame, given which axes no point reaches along; None if all are reached."""
        signs = self.signs.to(basis.device)
        # In memory the batch goes last, so that products with signs and points run over it.
        basis = basis.movedim((-2, -1), (0, 1)).contiguous().movedim((0, 1), (-2, -1))
        told = self._usual(gap.shape, basis.device) | {"degenerate": degenerate}
        if zero is not None:
            told["rank"] = self.d - zero.sum(-1)
            free = zero & (told["rank"] < self.d - 1).unsqueeze(-1)
            if free.any():
                told["free"] = free
                told["projector"] = (basis.detach() * (~free).to(basis.dtype).unsqueeze(-2)) @ basis.detach().mT
        variances = variances.clamp_min(0.0)
        total = variances.sum(-1, keepdim=True).clamp_min(torch.finfo(variances.dtype).tiny)
        return FrameSet(
            group=self.group,
            linear=basis.unsqueeze(-3) * signs.unsqueeze(-2),
            centroid=centroid.movedim(0, -1),
            gap=gap,
            diagnostics={"variances": variances / total},
            basis=basis,
            signs=signs,
            centred=centred,
            **told,
        )

    def _centre(
        self, x: Tensor, weights: Tensor | None, mask: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Return points and centred points as columns (d, *batch, n), the centroid, and shares if they differ."""
        if weights is None and mask is None:
            check_types(x, weights, mask, self.d)
            points, share, here = as_columns(x), None, None
            centroid = points.sum(-1) / x.shape[-2]
        else:
            here = check(x, weights, mask, self.d)
            rows, share = weigh(x, weights, here)
            points = as_columns(rows)
            centroid = (share * points).sum(-1)
        if not self.translations:
            return points, points, torch.zeros_like(centroid), share
        centred = points - centroid.unsqueeze(-1)
        return points, centred if here is None else torch.where(here, centred, 0.0), centroid, share

    def report(self, which: Tensor, reason: str) -> None:
        """Raise or warn, as `degenerate` says, if the frame is no frame for the batch items that are set."""
        if not which.any():
            return
        text = f"{self!r} has no frame for {items(which)}: {reason}"
        if self.degenerate == "raise":
            raise ValueError(f"{text}; degenerate='tuple' gives these items a frame of point tuples")
        if self.degenerate == "tuple":
            raise ValueError(text)
        warnings.warn(f"{text}; the result is not equivariant there", DegenerateFrameWarning, stacklevel=3)
