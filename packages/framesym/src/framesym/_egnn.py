"""The equivariant control: E(n)-equivariant graph networks."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from framesym._gnn import check_motion, edge_features
from framesym._seeded import Real, check_counts, real_type, seeded


def _perceptron(fan_in: int, width: int, fan_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(fan_in, width), nn.SiLU(), nn.Linear(width, fan_out))


class _Layer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.message = nn.Sequential(_perceptron(2 * width + 2, width, width), nn.SiLU())
        self.push = _perceptron(width, width, 1)
        self.speed = _perceptron(width, width, 1)
        self.update = _perceptron(2 * width, width, width)
        # Steps start small: a random step of order one a layer would scatter the points.
        nn.init.xavier_uniform_(self.push[2].weight, gain=0.001)  # pyright: ignore[reportArgumentType]

    def forward(self, h: Tensor, x: Tensor, v: Tensor, charges: Tensor) -> tuple[Tensor, Tensor]:
        n = x.shape[-2]
        apart = (1 - torch.eye(n, dtype=x.dtype, device=x.device)).unsqueeze(-1)
        shape = (*h.shape[:-2], n, n, h.shape[-1])
        pairs = [h.unsqueeze(-2).expand(shape), h.unsqueeze(-3).expand(shape), edge_features(x, charges)]
        messages = self.message(torch.cat(pairs, -1)) * apart
        differences = x.unsqueeze(-2) - x.unsqueeze(-3)
        moved = x + self.speed(h) * v + (differences * self.push(messages)).sum(-2) / max(n - 1, 1)
        return h + self.update(torch.cat([h, messages.sum(-2)], -1)), moved


class EGNN(nn.Module):
    """Predict where points will be with the E(n)-equivariant graph network of Satorras et al., arXiv:2102.09844.

    Node features are invariant and start from the speed; positions move along the differences to the other points and
    along the velocity. Equivariant by construction, without a frame: a control for the n-body experiment.

    Args:
        width: Features a node.
        layers: Rounds of messages.
        seed: Seed of the initial parameters; the global random state is neither read nor changed.
        dtype: Type of the parameters.

    Raises:
        ValueError: If a count is not positive.

    Examples:
        >>> import torch
        >>> from framesym import EGNN
        >>> EGNN()(x=torch.rand(8, 5, 3), v=torch.rand(8, 5, 3), charges=torch.ones(8, 5)).shape
        torch.Size([8, 5, 3])
    """

    inputs: ClassVar[dict[str, str]] = {"x": "point", "v": "vector", "charges": "invariant"}
    outputs: ClassVar[str] = "point"

    def __init__(self, width: int = 64, layers: int = 4, seed: int = 0, dtype: Real = "float32") -> None:
        super().__init__()
        check_counts(width=width, layers=layers)
        with seeded(seed):
            self.enter = nn.Linear(1, width)
            self.layers = nn.ModuleList(_Layer(width) for _ in range(layers))
        self.to(real_type(dtype))

    def forward(self, x: Tensor, v: Tensor, charges: Tensor) -> Tensor:
        """Predict the later positions.

        Args:
            x: Positions, (*batch, n, d).
            v: Velocities, (*batch, n, d).
            charges: (*batch, n).

        Returns:
            Positions, (*batch, n, d).
        """
        check_motion(self, x, v, charges, None)
        centre = x.mean(-2, keepdim=True)
        place = x - centre
        h = self.enter(torch.linalg.vector_norm(v, dim=-1, keepdim=True))
        for layer in self.layers:
            h, place = layer(h, place, v, charges)
        return place + centre
