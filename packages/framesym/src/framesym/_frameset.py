"""What a frame gives for a batch of inputs."""

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class FrameSet:
    r"""The elements of the group that a frame assigns to each item of a batch.

    The elements are $g_s = (V \operatorname{diag}(s), t)$: one orthonormal basis $V$ and centroid $t$ an item, and the
    sign vectors $s$ that all items share. So an input is rotated once, and its canonical copies differ by signs.

    Attributes:
        group: The group that the elements belong to.
        basis: Principal axes, as columns, in ascending order of variance: (*batch, d, d).
        centroid: (*batch, d); zero where the group has no translations.
        signs: (F, d), of entries +1 and -1.
        variances: Eigenvalues of the covariance, ascending, divided by their sum: (*batch, d).
        gap: Smallest difference of neighbouring eigenvalues over the largest, those of the null space left out:
            (*batch,); infinite if there is none to compare. Axes are known to about round-off over `gap`.
        rank: Dimension of the space that the centred points span, to round-off: (*batch,).
        degenerate: Whether eigenvalues coincide, so that the elements are not a frame: (*batch,).
        null: Projector on the axes that no point reaches and that the frame leaves undetermined, zero unless at
            least two are missing: (*batch, d, d). There the stabiliser of the input acts as all of O or SO.
    """

    group: Any
    basis: Tensor
    centroid: Tensor
    signs: Tensor
    variances: Tensor
    gap: Tensor
    rank: Tensor
    degenerate: Tensor
    null: Tensor

    @property
    def elements(self) -> Tensor:
        """The group elements as matrices of the group, homogeneous if it is affine: (*batch, F, n, n)."""
        linear = self.basis.unsqueeze(-3) * self.signs.unsqueeze(-2)
        if not self.group.affine:
            return linear
        shift = self.centroid[..., None, :, None].expand(*linear.shape[:-1], 1)
        last = torch.zeros_like(shift[..., :1, :]).expand(*linear.shape[:-2], 1, linear.shape[-1])
        corner = torch.ones_like(last[..., :1])
        return torch.cat([torch.cat([linear, shift], -1), torch.cat([last, corner], -1)], -2)

    @property
    def weights(self) -> Tensor:
        """The weight of each element, summing to one over the elements: (*batch, F)."""
        count = len(self.signs)
        return self.centroid.new_full((*self.gap.shape, count), 1 / count)

    @property
    def mask(self) -> Tensor:
        """Which elements exist: (*batch, F); all of them for a frame of signs."""
        return torch.ones((*self.gap.shape, len(self.signs)), dtype=torch.bool, device=self.gap.device)

    def to(self, dtype: torch.dtype) -> "FrameSet":
        """Return the same frame with its real arrays in `dtype`."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "group"}
        return replace(self, **{name: a.to(dtype) for name, a in arrays.items() if a.is_floating_point()})
