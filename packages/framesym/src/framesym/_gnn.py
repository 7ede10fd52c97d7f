"""A plain message-passing network on point sets in motion."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from framesym._input_type import require_type
from framesym._seeded import Real, check_counts, real_type, seeded


class MessageLayer(nn.Module):
    r"""One round of messages between all pairs of nodes, with a residual.

    $m_i = \sum_{j \ne i} \phi_e(h_i, h_j, e_{ij})$ and $h_i \leftarrow h_i + \phi_h(h_i, m_i)$, with perceptrons
    $\phi_e$ (two layers, SiLU after both) and $\phi_h$ (two layers, SiLU between).

    Args:
        width: Features a node.
        edge: Features an edge.
    """

    def __init__(self, width: int, edge: int) -> None:
        super().__init__()
        self.pair = nn.Linear(2 * width + edge, width)
        self.message = nn.Linear(width, width)
        self.update = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, h: Tensor, edge: Tensor) -> Tensor:
        """Map node features (*batch, n, width) with edge features (*batch, n, n, edge) to new node features."""
        n, width = h.shape[-2:]
        # The first linear map of a pair, as maps of its parts: two products a node rather than one a pair.
        own, other, between = self.pair.weight.split([width, width, edge.shape[-1]], 1)
        pairs = linear(h, own, self.pair.bias).unsqueeze(-2) + linear(h, other).unsqueeze(-3) + linear(edge, between)
        apart = 1 - torch.eye(n, dtype=h.dtype, device=h.device)
        messages = silu(self.message(silu(pairs))) * apart.unsqueeze(-1)
        return h + self.update(torch.cat([h, messages.sum(-2)], -1))


def edge_features(x: Tensor, charges: Tensor) -> Tensor:
    """Return charge product and squared distance of each pair: (*batch, n, n, 2)."""
    product = charges.unsqueeze(-1) * charges.unsqueeze(-2)
    return torch.stack([product.to(x.dtype), (x.unsqueeze(-2) - x.unsqueeze(-3)).square().sum(-1)], -1)


def check_motion(net: nn.Module, x: Tensor, v: Tensor, charges: Tensor, dim: int | None) -> None:
    """Require positions and velocities (*batch, n, dim) of the network's type, and charges (*batch, n)."""
    if x.ndim < 2 or (dim is not None and x.shape[-1] != dim):
        raise ValueError(f"x must have shape (*batch, n, {dim or 'd'}), got {tuple(x.shape)}")
    require_type(net, x=x)
    if v.dtype != x.dtype:
        raise TypeError(f"v must have the type of x, {x.dtype}, got {v.dtype}")
    if v.shape != x.shape:
        raise ValueError(f"v must have the shape of x, {tuple(x.shape)}, got {tuple(v.shape)}")
    if charges.shape != x.shape[:-1]:
        raise ValueError(f"charges must have shape {tuple(x.shape[:-1])}, got {tuple(charges.shape)}")


class GNN(nn.Module):
    """Predict where points will be, by message passing on coordinates and velocities as plain numbers.

    The backbone of the n-body experiment: it knows permutations and translations, and nothing of rotations; with
    [`average`][framesym.average] it is equivariant to these too. Layout of Puny et al., arXiv:2110.03336, appendix:
    92103 parameters as it stands.

    Args:
        dim: Dimension of space.
        width: Features a node.
        layers: Rounds of messages.
        seed: Seed of the initial parameters; the global random state is neither read nor changed.
        dtype: Type of the parameters.

    Raises:
        ValueError: If a count is not positive.

    Examples:
        >>> import torch
        >>> from framesym import GNN
        >>> net = GNN(dim=3)
        >>> net(x=torch.rand(8, 5, 3), v=torch.rand(8, 5, 3), charges=torch.ones(8, 5)).shape
        torch.Size([8, 5, 3])
        >>> sum(p.numel() for p in net.parameters())
        92103
    """

    inputs: ClassVar[dict[str, str]] = {"x": "point", "v": "vector", "charges": "invariant"}
    outputs: ClassVar[str] = "point"

    def __init__(self, dim: int = 3, width: int = 60, layers: int = 4, seed: int = 0, dtype: Real = "float32") -> None:
        super().__init__()
        check_counts(dim=dim, width=width, layers=layers)
        self.dim = dim
        with seeded(seed):
            self.enter = nn.Linear(2 * dim, width)
            self.layers = nn.ModuleList(MessageLayer(width, edge=2) for _ in range(layers))
            self.leave = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, dim))
        self.to(real_type(dtype))

    def forward(self, x: Tensor, v: Tensor, charges: Tensor) -> Tensor:
        """Predict the later positions.

        Args:
            x: Positions, (*batch, n, dim).
            v: Velocities, (*batch, n, dim).
            charges: (*batch, n).

        Returns:
            Positions, (*batch, n, dim).
        """
        check_motion(self, x, v, charges, self.dim)
        centre = x.mean(-2, keepdim=True)
        centred = x - centre
        edge = edge_features(centred, charges)
        h = self.enter(torch.cat([centred, v], -1))
        for layer in self.layers:
            h = layer(h, edge)
        return self.leave(h) + centre
