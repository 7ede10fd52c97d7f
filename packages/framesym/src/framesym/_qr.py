"""Frames of ordered points by generalised QR."""

from typing import Any, Literal

import torch
from torch import Tensor

from framesym._frameset import FrameSet
from framesym._qr_arrays import FrameArrays
from framesym._qr_groups import linear_kind
from framesym._qr_kernel import qr_arrays
from framesym._qr_points import items, prepared
from framesym._ragged import padded


class QR:
    r"""Frame of ordered points, for orthogonal, Lorentz, unitary, linear and affine groups.

    The points are orthonormalised one after the other in the form that the group preserves, starting with a long
    one: $X^\mathsf T = g R$ with $g$ in the group, and $g$ is the frame. It has **one** element on generic input,
    which makes it as cheap as a frame can be, but it depends on the order of the points: for networks that treat
    points as a set, use [`Tuple`][framesym.Tuple], or [`RestFrame`][framesym.RestFrame] for momenta. Pivots are chosen
    by inner products alone, with rules that round-off cannot change where points are equally long.

    * **O(d), SO(d), E(d), SE(d)**: Gram-Schmidt.
    * **Lorentz groups** O(1, d-1) and all unions of components of O(p, q): where the total momentum is timelike, as
      for any physical momenta but parallel massless ones, the symmetric boost to its rest frame comes first and space
      is orthonormalised there, so that massless momenta are never divided by. Elsewhere pairs of points serve as
      pivots where the points alone are too close to the light cone.
    * **U(m), SU(m)** as real 2m x 2m matrices: complex Gram-Schmidt.
    * **GL(d), GL+(d), SL(d)**, real or complex: whitening of the second moments, then Gram-Schmidt.
    * **Affine** versions of all of them: the centroid is taken off first.

    **Points that span less than the space.** The axes that no point reaches are completed in any way the group has,
    and canonical points are zero there. One such axis has both directions in the frame if the group has its
    reflection (two elements); what an infinite stabiliser does not fix, equivariant vectors lose by
    `FrameSet.projector`. Points that span a subspace which touches the light cone, as a single massless momentum does,
    have no frame and raise. With `lightlike="line"` points on one lightlike line are admitted: canonical are momenta
    along the first spatial axis, the longest with energy one. Their little group is not compact, and `symmetrize`
    knows orthogonal complements only: so this is for invariant results, or vectors projected by `FrameSet.projector`.

    Source: Lin, Helwig, Gui and Ji, arXiv:2406.07598, for the QR frame; the treatment of null vectors and of
    stabilisers is ours.

    Args:
        group: One of these groups, as an object with the members of `liegroups.Group`; it is recognised by its
            generators.
        lightlike: What to do about points on one lightlike line of a Lorentz group in three or more dimensions.

    Raises:
        ValueError: If `group` is another group, or `lightlike` another word.

    Examples:
        >>> import torch
        >>> from liegroups import Lorentz
        >>> from framesym import QR
        >>> random = torch.Generator().manual_seed(0)
        >>> p = torch.randn(5, 3, generator=random, dtype=torch.float64)
        >>> momenta = torch.cat([p.norm(dim=-1, keepdim=True), p], -1)       # massless
        >>> group = Lorentz(1, 3)
        >>> canonical = lambda x: x @ QR(group)(x).inverse[0].mT
        >>> boost = torch.tensor(group.sample(1, seed=0, scale=1.0)[0])
        >>> torch.allclose(canonical(momenta @ boost.T), canonical(momenta), atol=1e-12)
        True
    """

    def __init__(self, group: Any, lightlike: Literal["raise", "line"] = "raise") -> None:
        kind = linear_kind(group)
        if kind is None:
            name = getattr(group, "name", repr(group))
            raise ValueError(
                f"group must preserve a diagonal form or be a unitary, linear or special linear group (or one of these "
                f"with translations) for a QR frame, got {name}"
            )
        if lightlike not in ("raise", "line"):
            raise ValueError(f"lightlike must be 'raise' or 'line', got {lightlike!r}")
        self.group = group
        self.lines = lightlike == "line"
        self.kind = kind
        self.d = kind.d

    def __repr__(self) -> str:
        return f"QR({getattr(self.group, 'name', self.group)})"

    def __call__(
        self,
        x: Tensor,
        weights: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        batch: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> FrameSet:
        """Compute the frame of each list of points, in float64, with derivatives with respect to `x` and `weights`.

        `FrameSet.gap` is the length of the shortest pivot over that of the longest.

        Args:
            x: Points of shape (*batch, n, d), n >= 1.
            weights: Non-negative weights of shape (*batch, n), not all zero in an item; for centroid, total momentum
                and second moments.
            mask: True for the points that exist, of shape (*batch, n), at least one in an item.
            batch: Item of each point, (N,), for a ragged batch: then `x` has shape (N, d), `weights` and `mask` (N,).
            dtype: Type of the result; that of `x` if left out.

        Raises:
            TypeError: If `x` is not a real floating-point tensor, `weights` not a tensor, or `mask` not a boolean one.
            ValueError: If a shape does not fit, a value is not finite, an item has no points, or an item spans a
                lightlike subspace without a frame.
        """
        x, weights, mask = as_tensors(x, weights, mask, batch)
        arrays = qr_arrays(prepared(x, weights, mask, self.d, self.kind.translations), self.kind, self.lines)
        self.report(arrays.degenerate, touching(self.lines))
        return frameset(self.group, arrays).to(dtype or x.dtype)

    def report(self, which: Tensor, reason: str) -> None:
        """Raise if there is no frame for the batch items that are set."""
        if which.any():
            raise ValueError(f"{self!r} has no frame for {items(which)}: {reason}")


def touching(lines: bool) -> str:
    """Say why points have no frame next to the light cone, and what to do about it."""
    reason = "the points span a subspace that touches the light cone"
    if lines:
        return f"{reason}, and do not all lie on one lightlike line"
    return f"{reason}; lightlike='line' admits points on one lightlike line, such as a single massless momentum"


def as_tensors(x: Any, weights: Any, mask: Any, batch: Tensor | None) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Require tensors, and bring a ragged batch to a padded one."""
    for name, array in (("x", x), ("weights", weights), ("mask", mask)):
        if array is not None and not isinstance(array, Tensor):
            raise TypeError(f"{name} must be a tensor, got {type(array).__name__}")
    return padded(x, weights, mask, batch) if batch is not None else (x, weights, mask)


def frameset(group: Any, arrays: FrameArrays, **diagnostics: Tensor) -> FrameSet:
    """Return a frame made by the array functions as a FrameSet."""
    return FrameSet(
        group=group,
        linear=arrays.linear,
        inverse=arrays.inverse,
        centroid=arrays.centroid,
        weights=arrays.weights,
        mask=arrays.mask,
        projector=arrays.projector,
        gap=arrays.gap,
        rank=arrays.rank,
        degenerate=arrays.degenerate,
        diagnostics=diagnostics,
        free=arrays.free if arrays.free.any() else None,
    )
