"""Minimal frames of point sets: as many elements as the set has symmetries, one for a generic set."""

from typing import Any

import torch
from torch import Tensor

from framesym._euclidean import Euclidean, euclidean
from framesym._frameset import FrameSet, Usual
from framesym._points import ROUND_OFFS, as_columns, check, check_finite, check_types, items, require, weigh, within
from framesym._ragged import padded
from framesym._tuple_search import NOISE, Cloud, Found, guess, search, settled

# Relative difference below which two invariants of points count as equal.
_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5, torch.float16: 2e-2, torch.bfloat16: 1e-1}


class Tuple:
    r"""Minimal frame of a point set for O(d), SO(d), E(d) and SE(d), exact on every input.

    Orthonormal axes come from a tuple of the points themselves, by Gram-Schmidt: the point farthest from the
    centroid, then the point farthest from the line through it, and so on. Points that tie are told apart by
    invariants (third and fourth moments of the inner products, labels, the coordinates found so far); what is still
    tied is compared by the whole set, seen from each candidate's axes. All candidates that see the same set are kept:
    the frame has exactly as many elements as there are group elements that map the set to itself, so one for a
    generic set, 48 for a cube under O(3) and 24 under SO(3). It does not depend on the order of the points. The
    construction of minimal frames is that of Lin et al., arXiv:2406.07598, section 4, on an induced set of tuples.

    Every choice is made by invariants and up to `tolerance`, so the frame is equivariant on symmetric, planar,
    collinear and repeated points too. Points that leave two or more axes undetermined have the stabiliser O(m) or
    SO(m) on these axes; `FrameSet.free` names them and `FrameSet.projector` projects on the others.
    `FrameSet.gap` is the smallest relative difference between a chosen and a rejected point: nearer to a symmetric set
    than that, another tuple is chosen and an averaged function jumps, as with every finite frame.

    Args:
        group: O(d), SO(d), E(d) or SE(d), any d, as an object with the members of `liegroups.Group`.
        tolerance: Relative difference below which two lengths or invariants count as equal; by default 1e-9 for
            float64, 1e-5 for float32, 2e-2 for float16 and 1e-1 for bfloat16, and at least 16 round-offs of the largest
            coordinate. Points within a tenth of it (relative to the radius) of a line or plane count as on it.
        limit: Largest number of candidates an item may have; a regular simplex or cross-polytope in many dimensions
            has factorially many symmetries.

    Raises:
        ValueError: If `group` is another group, or an argument is out of range.

    Examples:
        >>> import itertools, torch
        >>> from liegroups import E
        >>> from framesym import Tuple
        >>> cube = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=3)))
        >>> cloud = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
        >>> frames = Tuple(E(3))(torch.stack([cube, cloud]))
        >>> frames.size.tolist(), frames.elements.shape
        ([48, 1], torch.Size([2, 48, 4, 4]))
    """

    def __init__(self, group: Any, tolerance: float | None = None, limit: int = 20_000) -> None:
        motions = euclidean(group)
        if motions is None:
            name = getattr(group, "name", repr(group))
            raise ValueError(f"group must be O(d), SO(d), E(d) or SE(d) for a frame of point tuples, got {name}")
        if tolerance is not None and not 0 < tolerance < 0.25:
            raise ValueError(f"tolerance must be between 0 and 0.25, got {tolerance}")
        if limit < 1:
            raise ValueError(f"limit must be at least 1, got {limit}")
        self.group = group
        self.d = motions.d
        self.motions: Euclidean = motions
        self.tolerance = tolerance
        self.limit = limit
        self._usual = Usual(self.d)

    def __repr__(self) -> str:
        return f"Tuple({getattr(self.group, 'name', self.group)})"

    def __call__(
        self,
        x: Tensor,
        weights: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        labels: Tensor | None = None,
        batch: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> FrameSet:
        """Compute the frame of each point set, in float64, with derivatives with respect to `x` and `weights`.

        Args:
            x: Points of shape (*batch, n, d), n >= 1.
            weights: Non-negative weights of shape (*batch, n), not all zero in an item: they weigh the centroid, and
                points of different weight are different.
            mask: True for the points that exist, of shape (*batch, n), at least one in an item; what stands at the
                others is never read.
            labels: Labels of shape (*batch, n) or (*batch, n, c), numbers that the group leaves alone, such as types
                and charges: a symmetry has to respect them, so there are fewer elements. Not differentiated.
            batch: Item of each point, (N,), for a ragged batch: then `x` has shape (N, d), the others (N, ...).
            dtype: Type of the result; that of `x` if left out.

        Raises:
            TypeError: If `x` is not a real floating-point tensor, `weights` not a tensor, or `mask` not a boolean one.
            ValueError: If a shape does not fit, a value is not finite, an item has no points, or more than `limit`
                candidates.
        """
        if batch is not None:
            if labels is not None:
                labels = padded(labels.reshape(len(labels), -1), None, None, batch)[0]
            x, weights, mask = padded(x, weights, mask, batch)
        plain = weights is None and mask is None
        # The values of plain points are looked at through their lengths below.
        present = check_types(x, weights, mask, self.d) if plain else check(x, weights, mask, self.d)
        lead, n = x.shape[:-2], x.shape[-2]
        columns, centroid, share = self._centre(x, weights, present, mask is not None)
        squares = columns.detach().square().sum(0)
        first = guess(columns, squares, self.motions.reflections)
        tolerance = self.tolerance or _TOLERANCE[x.dtype]
        eps = torch.finfo(x.dtype).eps
        if labels is None and settled(first, centroid.detach(), eps, tolerance, self.motions.reflections):
            found = Found(None, first.axes, None, first.gap, None, None)
        else:
            extra = [] if labels is None else [_labels(labels, mask, x.shape[:-1])]
            if share is not None and weights is not None:
                extra.append((share / share.amax(-1, keepdim=True)).detach().unsqueeze(-1))
            centred, shift = columns, centroid.detach()
            if not within(squares.amax(-1)):
                if plain:
                    check_finite(x.detach())
                scale = centred.detach().abs().amax((0, -1))
                scale = torch.where(scale > 0, scale, 1.0)
                centred, shift = centred / scale.unsqueeze(-1), shift / scale
                squares = centred.detach().square().sum(0)
                first = guess(centred, squares, self.motions.reflections)
            farthest = squares.amax(-1)
            radius = farthest.sqrt()
            noise = eps * (1 + (shift.square().sum(0) / farthest).sqrt()).nan_to_num(nan=torch.inf)
            cloud = Cloud(
                points=centred.movedim(0, 1),
                squares=squares,
                radius=radius,
                present=None if mask is None else mask.reshape(-1, n),
                share=None if share is None else share.detach(),
                labels=torch.cat(extra, -1) if extra else None,
                noise=noise,
                tie=(NOISE * noise).clamp(tolerance, 0.25),
                flat=radius * (ROUND_OFFS * noise).clamp_min(tolerance / 10),
            )
            found = search(cloud, first, self.motions.reflections, self.limit)
            if found.crowded is not None:
                which = items(found.crowded.reshape(lead))
                raise ValueError(f"{self!r} has more than limit = {self.limit} candidates for {which}")
        return self._assemble(found, columns, centroid, lead).to(dtype or x.dtype)

    def _assemble(self, found: Found, columns: Tensor, centroid: Tensor, lead: torch.Size) -> FrameSet:
        """Return the frame as what was found tells, with the batch axes in place."""
        told: dict[str, Any] = self._usual((centroid.shape[-1],), columns.device)
        if found.item is None:
            axes = found.axes.unsqueeze(1)
        else:
            axes, told["mask"], told["weights"] = _packed(found.item, found.axes, len(centroid.mT))
        if found.rank is not None:
            told["rank"] = found.rank
        if found.free is not None:
            first = axes.detach()[:, 0]
            told["projector"] = (first * (~found.free).double().unsqueeze(-2)) @ first.mT
            told["free"] = found.free
        told |= {"linear": axes, "centroid": centroid.mT, "gap": found.gap}
        if len(lead) != 1:
            told = {name: a.reshape((*lead, *a.shape[1:])) for name, a in told.items()}
        return FrameSet(group=self.group, centred=columns.reshape(self.d, *lead, columns.shape[-1]), **told)

    def _centre(
        self, x: Tensor, weights: Tensor | None, present: Tensor | None, masked: bool
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return points as columns (d, B, n), relative to the centroid (d, B), and their shares (B, n), in float64.

        No shares if all points weigh the same.
        """
        n = x.shape[-2]
        here = present.reshape(-1, n) if masked and present is not None else None
        rows = x.reshape(-1, n, self.d)
        points = as_columns(rows if here is None else torch.where(here.unsqueeze(-1), rows, 0))
        if present is None:
            share = None
            centroid = points.sum(-1) / n
        else:
            share = weigh(x, weights, present)[1].reshape(-1, n)
            centroid = (points * share).sum(-1)
        if not self.motions.translations:
            return points, torch.zeros_like(centroid), share
        centred = points - centroid.unsqueeze(-1)
        return centred if here is None else torch.where(here, centred, 0.0), centroid, share

    def report(self, which: Tensor, reason: str) -> None:
        """Raise if the frame is no frame for the batch items that are set."""
        if which.any():
            raise ValueError(f"{self!r} has no frame for {items(which)}: {reason}")


def _packed(item: Tensor, axes: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the axes (R, d, d) as (B, F, d, d), which exist, and their weights; `item` is ascending."""
    sizes = torch.bincount(item, minlength=count)
    place = torch.arange(len(item), device=item.device) - (sizes.cumsum(0) - sizes)[item]
    width = int(sizes.max()) if count else 1
    rest = torch.eye(axes.shape[-1], dtype=axes.dtype, device=axes.device).expand(count, width, -1, -1)
    mask = torch.arange(width, device=item.device) < sizes.unsqueeze(-1)
    return rest.index_put((item, place), axes), mask, mask.to(axes.dtype) / sizes.unsqueeze(-1)


def _labels(labels: Tensor, mask: Tensor | None, shape: torch.Size) -> Tensor:
    """Check the labels; return them as (B, n, c), scaled to at most one, zero where masked."""
    if not isinstance(labels, Tensor) or labels.is_complex():
        raise TypeError(
            f"labels must be a tensor of real numbers, got {getattr(labels, 'dtype', type(labels).__name__)}"
        )
    if labels.shape[: len(shape)] != shape or labels.ndim > len(shape) + 1:
        raise ValueError(f"labels must have shape {tuple(shape)} or {(*shape, 'c')}, got {tuple(labels.shape)}")
    channels = labels.shape[-1] if labels.ndim > len(shape) else 1
    rows = labels.detach().double().reshape(-1, shape[-1], channels)
    if mask is not None:
        rows = torch.where(mask.reshape(-1, shape[-1], 1), rows, 0.0)
    require(rows.isfinite().all(-1).all(-1), "labels must be finite")
    largest = rows.abs().amax(-2, keepdim=True)
    return rows / torch.where(largest > 0, largest, 1.0)
