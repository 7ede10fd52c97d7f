"""Continuous frames: tuples of points, weighted by the volume they span."""

import math
from typing import Any

import torch
from torch import Tensor

from framesym._euclidean import euclidean
from framesym._frameset import FrameSet
from framesym._qr import as_tensors, frameset
from framesym._qr_points import items, prepared
from framesym._weighted_kernel import chosen, tuple_frame, weighted_arrays, weighted_tuples


class Weighted:
    r"""Weighted frame of pairs of points, which makes averages **continuous**, for O(d), SO(d), E(d) and SE(d).

    For d = 3 every ordered pair (i, j) of centred points gives a frame: the first axis along $x_i$, the third along
    $x_i \times x_j$, with the weight $w_{ij} \propto |x_i \times x_j|^p$, and with both signs of the third axis, each
    with half the weight, for O and E. Where a pair becomes collinear, and its frame undetermined, its weight vanishes,
    so the average depends continuously on the points wherever some pair is independent. Principal axes jump where
    eigenvalues coincide, and no finite set of frames with equal weights can avoid that. In d dimensions tuples of
    d - 1 points take the place of pairs (single points in the plane), with the volume that they span. The frame does
    not depend on the order of the points. Source: Dym, Lawrence and Siegel, arXiv:2402.16077.

    It has n (n - 1) elements for d = 3, and n! / (n - d + 1)! in general (twice that with reflections): one call of
    the network for each. Two ways to fewer calls:

    * `max_pairs=k` keeps the k unordered pairs of largest weight, with $(w - w_{(k+1)})_+$ for a weight, so that pairs
      come in and go out continuously. Where the k + 1 largest weights coincide, as they do for very symmetric point
      sets, all pairs of that weight are used, and continuity is lost there.
    * `sample=True` draws k pairs with probability w: unbiased, and so equivariant and continuous in expectation. With
      a `seed` every call draws with the same random numbers, and the average is exactly equivariant for ordered points.

    Points that span r < d - 1 dimensions, such as collinear ones in space, have no independent tuple: then the first r
    points of a tuple count, with the volume that they span, and equivariant vectors keep the part in the span only
    (`FrameSet.projector`). Weights of the points multiply those of their tuples.

    Args:
        group: O(d), SO(d), E(d) or SE(d), as an object with the members of `liegroups.Group`.
        power: The power p >= 1 of the volume: averages of smooth functions have p - 1 continuous derivatives where
            pairs become collinear.
        max_pairs: Number of unordered pairs (of tuples of d - 1 points in general) to use; all if left out.
        sample: Draw the pairs at random.
        seed: Seed of the draws; the global generator of torch if left out.

    Raises:
        ValueError: If `group` is another group, or an argument is out of range.

    Examples:
        >>> import torch
        >>> from liegroups import E
        >>> from framesym import Weighted
        >>> x = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
        >>> Weighted(E(3))(x).linear.shape, Weighted(E(3), max_pairs=4)(x).linear.shape
        (torch.Size([60, 3, 3]), torch.Size([16, 3, 3]))
    """

    def __init__(
        self,
        group: Any,
        power: float = 1,
        max_pairs: int | None = None,
        *,
        sample: bool = False,
        seed: int | None = None,
    ) -> None:
        motions = euclidean(group)
        if motions is None:
            name = getattr(group, "name", repr(group))
            raise ValueError(f"group must be O(d), SO(d), E(d) or SE(d) for weighted frames, got {name}")
        if not 1 <= power < math.inf:
            raise ValueError(f"power must be a finite number >= 1, got {power}")
        if max_pairs is not None and (isinstance(max_pairs, bool) or not isinstance(max_pairs, int) or max_pairs < 1):
            raise ValueError(f"max_pairs must be an integer >= 1, got {max_pairs!r}")
        if sample and max_pairs is None:
            raise ValueError("max_pairs must say how many pairs to draw with sample=True, got None")
        self.group = group
        self.motions = motions
        self.d = motions.d
        self.power = float(power)
        self.max_pairs = max_pairs
        self.sample = sample
        self.seed = seed

    def __repr__(self) -> str:
        return f"Weighted({getattr(self.group, 'name', self.group)})"

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

        `FrameSet.gap` is how far the points are from spanning fewer than d - 1 dimensions, where continuity ends:
        the length of pivot d - 1 over that of the first.

        Args:
            x: Points of shape (*batch, n, d), n >= 1.
            weights: Non-negative weights of shape (*batch, n), not all zero in an item.
            mask: True for the points that exist, of shape (*batch, n), at least one in an item.
            batch: Item of each point, (N,), for a ragged batch: then `x` has shape (N, d), `weights` and `mask` (N,).
            dtype: Type of the result; that of `x` if left out.

        Raises:
            TypeError: If `x` is not a real floating-point tensor, `weights` not a tensor, or `mask` not a boolean one.
            ValueError: If a shape does not fit, a value is not finite, an item has no points, or there are more than
                a million tuples.
        """
        x, weights, mask = as_tensors(x, weights, mask, batch)
        points = prepared(x, weights, mask, self.d, self.motions.translations)
        if self.sample and self.max_pairs is not None:
            arrays = self._draw(points, self.max_pairs)
        else:
            arrays = weighted_arrays(points, self.motions, self.power, self.max_pairs)
        return frameset(self.group, arrays).to(dtype or x.dtype)

    def _draw(self, points: Any, count: int) -> Any:
        rows, weights, rank = weighted_tuples(points, self.motions, self.power)
        generator = None if self.seed is None else torch.Generator().manual_seed(self.seed)
        shape = (count,) if generator is not None else (*rank.shape, count)
        numbers = torch.rand(shape, generator=generator, dtype=weights.dtype).to(weights.device)
        bounds = weights.detach().cumsum(-1)
        numbers = numbers.expand(*rank.shape, count) * bounds[..., -1:]
        drawn = torch.searchsorted(bounds, numbers.contiguous(), right=True).clamp_max(weights.shape[-1] - 1)
        picked = weights.gather(-1, drawn)
        # One in value; its derivative is that of the logarithm, which makes derivatives of the average unbiased too.
        picked = picked / picked.detach() / count
        return tuple_frame(points, self.motions, chosen(rows, drawn), picked, rank, rank < 0)

    def report(self, which: Tensor, reason: str) -> None:
        """Raise if there is no frame for the batch items that are set."""
        if which.any():
            raise ValueError(f"{self!r} has no frame for {items(which)}: {reason}")
