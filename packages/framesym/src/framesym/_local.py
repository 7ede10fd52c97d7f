"""Frames of the patches around each point."""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from framesym._frameset import FrameSet
from framesym._points import check, items
from framesym._typed import Typed

# Round-offs of the largest coordinate below which two distances count as equal.
_ROUND_OFFS = 16


class Local:
    r"""Frame of the nearest neighbours of each point, one for every point, from a frame of point sets.

    With it [`symmetrize`][framesym.symmetrize] gathers, for each point, its patch (the point itself first, then the
    others in the order of their distances), gives the network the canonical patches of shape (*batch, n, k, d), and
    brings one result a point, (*batch, n, ...), back. Arguments with one row a point are gathered likewise; words that
    end in `@item` belong to the whole batch item and are repeated. Source: Puny et al., arXiv:2110.03336, section 4.1.

    Distances are taken between differences of centred coordinates in float64, not from inner products, which lose
    digits. Where other points are as far as the k-th neighbour, to round-off, no choice among them is equivariant:
    `"include"` takes all of them into the patch, which the network can tell from the argument `mask` (it must be among
    its inputs then); `"raise"` raises; `"cut"` takes any of them, and the result is not equivariant there.

    Args:
        frame: Frame of point sets, such as [`Tuple`][framesym.Tuple] or [`PCA`][framesym.PCA]; with translations it is
            relative to the mean of the patch.
        k: Number of points in a patch, the point itself among them; all points if there are fewer.
        ties: What to do with further points at the distance of the k-th.

    Raises:
        ValueError: If an argument is out of range.

    Examples:
        >>> import torch
        >>> from liegroups import SE
        >>> from framesym import Local, Tuple
        >>> x = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(0))
        >>> Local(Tuple(SE(3)), k=8)(x).linear.shape
        torch.Size([2, 50, 1, 3, 3])
    """

    def __init__(self, frame: Any, k: int, ties: Literal["include", "raise", "cut"] = "include") -> None:
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        if ties not in ("include", "raise", "cut"):
            raise ValueError(f"ties must be 'include', 'raise' or 'cut', got {ties!r}")
        self.frame, self.k, self.ties = frame, k, ties
        self.group, self.d = frame.group, frame.d

    def __repr__(self) -> str:
        return f"Local({self.frame!r}, k={self.k})"

    def __call__(
        self,
        x: Tensor,
        weights: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        batch: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> FrameSet:
        """Compute the frame of every patch; the batch axes of the result are (*batch, n).

        Args:
            x: Points of shape (*batch, n, d), n >= 1.
            weights: Non-negative weights of shape (*batch, n), not all zero in a patch.
            mask: True for the points that exist, of shape (*batch, n).
            batch: Not supported: pad a ragged batch, and give its mask.
            dtype: Type of the result; that of `x` if left out.

        Raises:
            ValueError: If a shape does not fit, distances tie and `ties="raise"`, or `batch` is given.
        """
        if batch is not None:
            raise ValueError("Local takes padded batches with a mask, not a batch vector")
        index, present = self.patches(x, mask)
        chosen = None if weights is None else gather(weights, index)
        return self.frame(gather(x, index), chosen, present, dtype=dtype)

    def patches(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the indices of the points of each patch, and which of them exist: both (*batch, n, places).

        A point that `mask` leaves out has a patch of its own place only.
        """
        present = check(x, None, mask, self.d)
        points = torch.where(present.unsqueeze(-1), x.detach(), 0).double()
        count = present.sum(-1, keepdim=True).unsqueeze(-1).clamp_min(1)
        points = points - torch.where(present.unsqueeze(-1), points, 0).sum(-2, keepdim=True) / count
        n = points.shape[-2]
        distance = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
        distance = distance.masked_fill(~(present.unsqueeze(-1) & present.unsqueeze(-2)), torch.inf)
        # The point itself comes first, also before points that coincide with it.
        own = torch.eye(n, dtype=torch.bool, device=x.device)
        ordered, index = distance.masked_fill(own, -1.0).sort(dim=-1, stable=True)
        k = min(self.k, n)
        size = torch.where(present, x.detach().abs().amax(-1).double(), 0).amax(-1)[..., None, None]
        reach = ordered[..., k - 1 : k] + _ROUND_OFFS * torch.finfo(x.dtype).eps * size
        taken = (ordered <= reach) & ordered.isfinite()
        crowded = taken.sum(-1) > k
        if self.ties == "raise" and crowded.any():
            raise ValueError(f"{self!r} has no frame for {items(crowded)}: more points at the distance of the {k}-th")
        width = k if self.ties == "cut" or not crowded.any() else int(taken.sum(-1).max())
        return index[..., :width], taken[..., :width]

    def report(self, which: Tensor, reason: str) -> None:
        """Raise or warn, as the inner frame does, if there is no frame for the patches that are set."""
        self.frame.report(which, reason)

    def gathered(self, given: Mapping[str, Any], arguments: Mapping[str, Typed], carrier: str) -> dict[str, Any]:
        """Return the arguments of a network with one patch a point in the place of each item."""
        x, mask = given[carrier], given.get("mask")
        index, present = self.patches(x, mask)
        lead = index.ndim - 2
        patches: dict[str, Any] = {}
        for name, value in given.items():
            if not isinstance(value, Tensor) or name == "mask":
                continue
            arguments[name].check_batch(value, index.shape[: lead if arguments[name].kind == "item" else lead + 1])
            if arguments[name].kind == "item":
                patches[name] = value.unsqueeze(lead).expand(*index.shape[:-1], *value.shape[lead:])
            else:
                patches[name] = gather(value, index)
        if "mask" in arguments:
            patches["mask"] = present
        elif not present[present[..., 0]].all() or mask is not None:
            raise ValueError(f"{self!r} gives patches of different sizes, so that the network needs an input 'mask'")
        return {name: patches.get(name, given.get(name)) for name in arguments if name in given or name in patches}


def gather(array: Tensor, index: Tensor) -> Tensor:
    """Return rows of an array (*batch, n, ...) at indices (*batch, n, k), as (*batch, n, k, ...)."""
    lead = index.ndim - 2
    tail = array.shape[lead + 1 :]
    flat = index.flatten(lead).reshape(*index.shape[:lead], -1, *[1] * len(tail))
    return array.gather(lead, flat.expand(*flat.shape[: lead + 1], *tail)).unflatten(lead, index.shape[lead:])
