"""A network on weighted point sets: Fourier features of the coordinates, a pool, a perceptron."""

import math
from typing import ClassVar, Literal

import torch
from torch import nn

from framesym._input_type import require_type


class PointNetwork(nn.Module):
    r"""Classify weighted point sets from Fourier features of their coordinates.

    With trainable frequencies $k_m$ the set $\{(x_i, w_i)\}$ enters as

    $$ a_m + i b_m = \frac{\sum_i w_i e^{i k_m \cdot x_i}}{\sum_i w_i}, $$

    the characteristic function of the weighted points, and a perceptron maps $(a, b)$ to logits. The order of the
    points does not matter; their position and orientation do, which is what a frame takes away
    ([`average`][framesym.average]). Random Fourier features of coordinates: Tancik et al., arXiv:2006.10739.

    Args:
        dim: Dimension of the space that holds the points.
        classes: Number of logits.
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        frequencies: Number of frequencies.
        bandwidth: Standard deviation of the initial frequencies, in radians per unit of length: about
            $\pi$ over the size of the smallest detail.
        seed: Seed of the initial parameters; the global random state is neither read nor changed.
        dtype: Type of the parameters, and of the logits.

    Raises:
        ValueError: If a count is not positive.

    Examples:
        >>> import torch
        >>> from framesym import PointNetwork
        >>> net = PointNetwork(dim=2, classes=10)
        >>> net(x=torch.rand(5, 64, 2), weights=torch.rand(5, 64)).shape
        torch.Size([5, 10])
    """

    inputs: ClassVar[dict[str, str]] = {"x": "point", "weights": "invariant"}
    outputs: ClassVar[str] = "scalar"

    def __init__(
        self,
        dim: int,
        classes: int = 10,
        width: int = 128,
        depth: int = 2,
        frequencies: int = 128,
        bandwidth: float = 4.0,
        seed: int = 0,
        dtype: Literal["float32", "float64"] = "float32",
    ) -> None:
        super().__init__()
        counts = {"dim": dim, "classes": classes, "width": width, "depth": depth, "frequencies": frequencies}
        for name, count in counts.items():
            if count < 1:
                raise ValueError(f"{name} must be at least 1, got {count}")
        if dtype not in ("float32", "float64"):
            raise ValueError(f"dtype must be 'float32' or 'float64', got {dtype!r}")
        real = getattr(torch, dtype)
        random = torch.Generator().manual_seed(seed)

        def normal(*shape: int, deviation: float) -> nn.Parameter:
            return nn.Parameter((torch.randn(shape, generator=random, dtype=torch.float64) * deviation).to(real))

        self.dim = dim
        self.frequencies = normal(frequencies, dim, deviation=bandwidth)
        layers: list[nn.Module] = []
        sizes = [2 * frequencies] + [width] * depth
        for fan_in, fan_out in zip(sizes, [*sizes[1:], classes], strict=True):
            layer = nn.Linear(fan_in, fan_out, dtype=real, device="meta").to_empty(device="cpu")
            layer.weight = normal(fan_out, fan_in, deviation=math.sqrt(2 / fan_in))
            layer.bias = nn.Parameter(torch.zeros(fan_out, dtype=real))
            layers += [layer, nn.SiLU()]
        self.head = nn.Sequential(*layers[:-1])

    def forward(self, x: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
        """Return the logits of each point set.

        Args:
            x: Points, of shape (..., points, dim).
            weights: Their weights, of shape (..., points), not all zero; equal if left out.

        Returns:
            Logits of shape (..., classes).
        """
        if x.ndim < 2 or x.shape[-1] != self.dim:
            raise ValueError(f"x must have shape (..., points, {self.dim}), got {tuple(x.shape)}")
        require_type(self, x=x)
        heavy = torch.ones_like(x[..., 0]) if weights is None else weights
        total = heavy.sum(-1, keepdim=True)
        if not (total > 0).all():
            raise ValueError("weights must have a positive sum in every set")
        share = (heavy / total).unsqueeze(-2)
        angles = x @ self.frequencies.mT
        features = share @ torch.cat([angles.cos(), angles.sin()], -1)
        # The mean of cos and sin over many points is small: bring the features to order one.
        return self.head(features.squeeze(-2) * 4)
