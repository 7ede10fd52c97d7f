"""A message-passing network with node identifiers, invariant to relabelling by a frame."""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from framesym._fa_mlp import FrameName, FrameNetwork, activation_of, check_counts, check_graph


class FAGINID(FrameNetwork):
    r"""FA-GIN+ID: a graph isomorphism network whose nodes know their place in the order of a frame.

    Each layer is $h_i \leftarrow \sigma(W((1 + \epsilon) h_i + \sum_j A_{ij} h_j) + b)$ with a trained
    $\epsilon$; then a sum over nodes and a linear map. A node starts with its place as a one-hot vector, its degree
    and its features. With identifiers the network is universal, and the frame makes it invariant. The defaults are
    those of the published experiment. Source: Puny et al., arXiv:2110.03336, section 4.2; Xu et al.,
    arXiv:1810.00826.

    Args:
        nodes: Largest number of nodes.
        features: Number of features of a node.
        out: Number of outputs.
        width: Units of a hidden layer.
        depth: Number of layers.
        activation: `"tanh"`, `"relu"` or `"silu"`.
        identifiers: Whether nodes know their place; without it the network is invariant by itself and no stronger
            than the 1-WL test.
        frame: `"canonical"` (exact; one call), `"laplacian"`, or `"none"`: the plain network.
        mode: `"average"`, or `"sample"`: one random element of the frame in training.
        seed: Seed of the parameters; the global random state is neither read nor changed.

    Raises:
        ValueError: If an argument is not as described.

    Examples:
        >>> import torch
        >>> from framesym import FAGINID
        >>> cycle = torch.zeros(6, 6)
        >>> cycle[torch.arange(6), (torch.arange(6) + 1) % 6] = 1
        >>> triangles = torch.block_diag(*[torch.ones(3, 3) - torch.eye(3)] * 2)
        >>> pair = torch.stack([cycle + cycle.T, triangles])  # equal for the 1-WL test
        >>> for identifiers in (False, True):
        ...     y = FAGINID(nodes=6, identifiers=identifiers)(pair)
        ...     print(torch.allclose(y[0], y[1], atol=1e-6))
        True
        False
    """

    def __init__(
        self,
        nodes: int = 8,
        features: int = 0,
        out: int = 10,
        width: int = 64,
        depth: int = 3,
        activation: Literal["tanh", "relu", "silu"] = "tanh",
        identifiers: bool = True,
        frame: FrameName = "canonical",
        mode: Literal["average", "sample"] = "average",
        seed: int = 0,
    ) -> None:
        check_counts(nodes=nodes, out=out, width=width, depth=depth)
        check_counts(least=0, features=features)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = _GIN(nodes, features, out, width, depth, activation_of(activation), identifiers)
        super().__init__(net, frame, mode)


class _GIN(nn.Module):
    """Message passing on dense adjacency matrices, a sum over the nodes that exist, a linear map."""

    def __init__(
        self,
        nodes: int,
        features: int,
        out: int,
        width: int,
        depth: int,
        activation: type[nn.Module],
        identifiers: bool,
    ):
        super().__init__()
        self.nodes, self.features, self.identifiers = nodes, features, identifiers
        sizes = [nodes * identifiers + 1 + features, *[width] * depth]
        self.layers = nn.ModuleList(_Layer(*pair, activation()) for pair in pairwise(sizes))
        self.head = nn.Linear(width, out)

    def forward(self, adjacency: Tensor, node: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        check_graph(adjacency, node, self.nodes, self.features)
        real = self.head.weight.dtype
        n, edges = adjacency.shape[-1], adjacency.to(real)
        parts = [edges.sum(-1, keepdim=True)]
        if self.identifiers:
            place = torch.eye(n, self.nodes, dtype=real, device=edges.device)
            parts.append(place.expand(*edges.shape[:-2], n, self.nodes))
        if node is not None and self.features:
            parts.append(node.to(real))
        h = torch.cat(parts, -1)
        for layer in self.layers:
            h = layer(h, edges)
        if mask is not None:
            h = torch.where(mask.unsqueeze(-1), h, 0)
        return self.head(h.sum(-2))


class _Layer(nn.Module):
    """One layer of a graph isomorphism network with a trained weight of the node itself."""

    def __init__(self, fan_in: int, fan_out: int, activation: nn.Module):
        super().__init__()
        self.linear, self.activation = nn.Linear(fan_in, fan_out), activation
        self.epsilon = nn.Parameter(torch.zeros(()))

    def reset_parameters(self) -> None:
        """Draw the parameters again; the linear map is drawn by itself."""
        nn.init.zeros_(self.epsilon)

    def forward(self, h: Tensor, edges: Tensor) -> Tensor:
        z = nn.functional.linear(h, self.linear.weight)  # before the sum over neighbours, where it is narrower
        return self.activation((1 + self.epsilon) * z + edges @ z + self.linear.bias)
