"""A plain convolutional network, the control that equivariant ones are held against."""

from typing import Literal

import torch
from torch import nn

from ._checks import check_count
from ._lie_resnet import _check_image, _counts, _dtype, _seeded


class PlainCNN(nn.Sequential):
    """Classify images by three convolutions with batch norms and a maximum over the plane.

    Args:
        channels: Channels of the image.
        classes: Number of logits.
        width: Channels after the first convolution; twice and four times as many after the others.
        seed: Seed of the parameters.
        dtype: Type of the parameters.

    Raises:
        ValueError: If an argument is not one of those allowed.

    Examples:
        >>> import torch, liegroups
        >>> liegroups.PlainCNN()(torch.rand(2, 1, 40, 40)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        channels: int = 1,
        classes: int = 10,
        width: int = 16,
        seed: int = 0,
        dtype: Literal["float32", "float64"] = "float32",
    ):
        _counts(channels=channels, classes=classes, width=width)
        check_count(seed, "seed", 0)
        with _seeded(seed):
            super().__init__(
                nn.Conv2d(channels, width, 5), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(width, 2 * width, 5), nn.BatchNorm2d(2 * width), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(2 * width, 4 * width, 3), nn.BatchNorm2d(4 * width), nn.ReLU(),
                nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4 * width, classes),
            )  # fmt: skip
        self.channels = channels
        self.to(_dtype(dtype))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return logits (B, classes) of images (B, channels, H, W)."""
        _check_image(image, self.channels)
        return super().forward(image)
