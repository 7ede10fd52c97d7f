"""Feature fields on a plane times a group, which carry the group elements they live on."""

from dataclasses import dataclass
from typing import Any

import torch

from ._samples import SampleSet


@dataclass(frozen=True, eq=False)
class GroupField:
    r"""Features $f(x, h_i)$ on a pixel grid at the elements of a sample set.

    The set belongs to the field, so that a layer reads from its input where the features live and cannot be told
    otherwise. A layer that does not resample returns the same ``SampleSet`` object.

    Attributes:
        data: The values, (B, N, C, H, W): batch, group element, channel, row, column; H down, W to the right.
        samples: The N elements.

    Raises:
        TypeError: If ``data`` is no floating torch tensor or ``samples`` no sample set.
        ValueError: If ``data`` has another number of axes, or other than N elements.

    Examples:
        >>> import torch, liegroups
        >>> samples = liegroups.plane_sample_set(liegroups.SO(2), 8, seed=0)
        >>> field = liegroups.GroupField(torch.zeros(2, 8, 3, 10, 10), samples)
        >>> field.map(torch.relu).samples is samples
        True
    """

    data: torch.Tensor
    samples: SampleSet

    def __post_init__(self) -> None:
        if not isinstance(self.data, torch.Tensor) or not self.data.is_floating_point():
            raise TypeError(f"data of a GroupField must be a floating torch tensor, not {_kind(self.data)}")
        if not isinstance(self.samples, SampleSet):
            raise TypeError(f"samples of a GroupField must be a SampleSet, not {type(self.samples).__name__}")
        shape = tuple(self.data.shape)
        if len(shape) != 5 or shape[1] != len(self.samples):
            raise ValueError(f"data of a GroupField must have shape (B, {len(self.samples)}, C, H, W), not {shape}")

    @property
    def channels(self) -> int:
        """Number of channels C."""
        return self.data.shape[2]

    def planes(self) -> torch.Tensor:
        """Return the data as an image of N C channels, (B, N C, H, W), element by element."""
        return self.data.flatten(1, 2)

    def map(self, function: Any) -> "GroupField":
        """Apply a function of (B, N, C, H, W) that keeps N, such as an activation; the samples stay."""
        return GroupField(function(self.data), self.samples)

    @classmethod
    def of_planes(cls, planes: torch.Tensor, samples: SampleSet) -> "GroupField":
        """Return the field of an image of N C channels, the inverse of :meth:`planes`."""
        return cls(planes.unflatten(1, (len(samples), -1)), samples)


def _kind(x: Any) -> str:
    return f"a tensor of {x.dtype}" if isinstance(x, torch.Tensor) else type(x).__name__
