"""Ragged batches: the rows of all items one after the other, and an index that tells the item of each row."""

import torch
from torch import Tensor


class Ragged:
    """Rows that belong to items, seen as a padded batch.

    Args:
        index: Item of each row, integers >= 0 of shape (N,), in any order; items 0 to its maximum exist.
        count: Number of items; one more than the largest index if left out.

    Raises:
        TypeError: If `index` is not a tensor of integers.
        ValueError: If it does not have one axis, or an entry is out of range.
    """

    def __init__(self, index: Tensor, count: int | None = None) -> None:
        if (
            not isinstance(index, Tensor)
            or index.is_floating_point()
            or index.is_complex()
            or index.dtype == torch.bool
        ):
            raise TypeError(f"batch must be a tensor of integers, got {getattr(index, 'dtype', type(index).__name__)}")
        if index.ndim != 1:
            raise ValueError(f"batch must have shape (N,), got {tuple(index.shape)}")
        lowest, highest = (int(index.min()), int(index.max())) if len(index) else (0, -1)
        if lowest < 0 or (count is not None and highest >= count):
            raise ValueError(f"batch must have entries from 0 to {'B' if count is None else count} - 1, got {lowest}")
        self.index = index.long()
        self.count = highest + 1 if count is None else count
        sizes = torch.bincount(self.index, minlength=self.count)
        order = torch.argsort(self.index, stable=True)
        first = sizes.cumsum(0) - sizes
        place = torch.empty_like(order)
        place[order] = torch.arange(len(order), device=order.device) - first[self.index[order]]
        self.place = place  # of each row within its item
        width = int(sizes.max()) if self.count else 0
        self.mask = torch.arange(width, device=order.device) < sizes.unsqueeze(-1)
        self.rows = torch.zeros_like(self.mask, dtype=torch.long).masked_scatter(self.mask, order)

    def pad(self, x: Tensor, name: str = "x") -> Tensor:
        """Return rows (N, ...) as (B, width, ...); what stands at absent places is the first row."""
        if x.shape[:1] != self.index.shape:
            raise ValueError(f"{name} must have {len(self.index)} rows, as batch has, got shape {tuple(x.shape)}")
        if not len(x):
            return x.new_zeros((*self.mask.shape, *x.shape[1:]))
        return x[self.rows]


def padded(
    x: Tensor, weights: Tensor | None, mask: Tensor | None, batch: Tensor
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Return points (N, d) with their weights and mask as a padded batch (B, width, d) that a frame can read.

    Raises:
        ValueError: If a shape does not fit `batch`, or an item between 0 and its maximum has no rows.
    """
    if not isinstance(x, Tensor) or x.ndim != 2:
        shape = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"x must have shape (N, d) when batch is given, got {shape}")
    ragged = Ragged(batch)
    present = ragged.mask if mask is None else ragged.mask & ragged.pad(mask, "mask")
    return ragged.pad(x), None if weights is None else ragged.pad(weights, "weights"), present
