"""A perceptron on the adjacency matrix, invariant to relabelling by a frame."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from framesym._canonical import Canonical
from framesym._laplacian import Laplacian
from framesym._permutation_frame import PermutationFrameSet
from framesym._symmetrize_graph import SymmetrizedGraph

FrameName = Literal["canonical", "laplacian", "none"]
_ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "silu": nn.SiLU}


class FrameNetwork(nn.Module):
    """A network on graphs whose nodes a frame has put in order, or left as they came (`frame="none"`)."""

    inputs: ClassVar[dict[str, str]] = {"adjacency": "adjacency", "node": "node", "mask": "invariant"}
    outputs: ClassVar[str] = "scalar"

    def __init__(self, net: nn.Module, frame: FrameName, mode: Literal["average", "sample"]) -> None:
        super().__init__()
        frames: dict[str, Any] = {"canonical": Canonical, "laplacian": Laplacian, "none": None}
        if frame not in frames:
            raise ValueError(f"frame must be 'canonical', 'laplacian' or 'none', got {frame!r}")
        if mode not in ("average", "sample"):
            raise ValueError(f"mode must be 'average' or 'sample', got {mode!r}")
        self.net = net if frame == "none" else SymmetrizedGraph(net, frames[frame](), self.inputs, "scalar", mode)

    @property
    def mode(self) -> str:
        """`"average"` or `"sample"`; may be changed at any time. A network without a frame has nothing to sample."""
        return self.net.mode if isinstance(self.net, SymmetrizedGraph) else "average"

    @mode.setter
    def mode(self, mode: Literal["average", "sample"]) -> None:
        if mode not in ("average", "sample"):
            raise ValueError(f"mode must be 'average' or 'sample', got {mode!r}")
        if isinstance(self.net, SymmetrizedGraph):
            self.net.mode = mode

    def frames(
        self, adjacency: Tensor, node: Tensor | None = None, mask: Tensor | None = None
    ) -> PermutationFrameSet | None:
        """Return the frames of these graphs, for repeated calls; None if the network has no frame."""
        if isinstance(self.net, SymmetrizedGraph):
            return self.net.frames(adjacency=adjacency, node=node, mask=mask)
        return None

    def forward(
        self,
        adjacency: Tensor,
        node: Tensor | None = None,
        mask: Tensor | None = None,
        frames: PermutationFrameSet | None = None,
    ) -> Tensor:
        """Return the outputs of each graph.

        Args:
            adjacency: (Weighted) adjacency matrices, (*batch, n, n), with n at most `nodes`.
            node: Features of the nodes, (*batch, n, features).
            mask: Which nodes exist, (*batch, n).
            frames: The frames of these graphs where they are known, from the method `frames`.

        Returns:
            (*batch, out).
        """
        if isinstance(self.net, SymmetrizedGraph):
            return self.net(adjacency=adjacency, node=node, mask=mask, frames=frames)
        return self.net(adjacency, node, mask)


class FAMLP(FrameNetwork):
    r"""FA-MLP: a perceptron on the entries of the adjacency matrix and the node features, made invariant by a frame.

    The network sees every entry at its place, so it is universal on graphs of at most `nodes` nodes once the frame
    makes it invariant. The defaults are those of the published experiment on graph8c; for EXP it has
    `hidden=(2048, 4096, 2048)`. Source: Puny et al., arXiv:2110.03336, section 4.2.

    Args:
        nodes: Largest number of nodes.
        features: Number of features of a node.
        out: Number of outputs.
        hidden: Units of the hidden layers.
        activation: `"tanh"`, `"relu"` or `"silu"`.
        frame: `"canonical"` (exact; one call), `"laplacian"`, or `"none"`: the plain network, not invariant.
        mode: `"average"`, or `"sample"`: one random element of the frame in training.
        seed: Seed of the parameters; the global random state is neither read nor changed.

    Raises:
        ValueError: If an argument is not as described.

    Examples:
        >>> import torch
        >>> from framesym import FAMLP
        >>> triangle, path = torch.ones(3, 3) - torch.eye(3), torch.tensor([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]])
        >>> net = FAMLP(nodes=3)
        >>> y = net(torch.stack([triangle, path, path[[1, 0, 2]][:, [1, 0, 2]]]))
        >>> y.shape, torch.allclose(y[1], y[2]), torch.allclose(y[0], y[1])
        (torch.Size([3, 10]), True, False)
    """

    def __init__(
        self,
        nodes: int = 8,
        features: int = 0,
        out: int = 10,
        hidden: Sequence[int] = (128, 64),
        activation: Literal["tanh", "relu", "silu"] = "tanh",
        frame: FrameName = "canonical",
        mode: Literal["average", "sample"] = "average",
        seed: int = 0,
    ) -> None:
        check_counts(nodes=nodes, out=out, **{f"hidden[{k}]": width for k, width in enumerate(hidden)})
        check_counts(least=0, features=features)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = _Perceptron(nodes, features, out, tuple(hidden), activation_of(activation))
        super().__init__(net, frame, mode)


class _Perceptron(nn.Module):
    """A perceptron on node features and adjacency entries, padded to a fixed number of nodes."""

    def __init__(self, nodes: int, features: int, out: int, hidden: tuple[int, ...], activation: type[nn.Module]):
        super().__init__()
        self.nodes, self.features = nodes, features
        sizes = [nodes * (nodes + features), *hidden]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(sizes):
            layers += [nn.Linear(fan_in, fan_out), activation()]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(sizes[-1], out)

    def forward(self, adjacency: Tensor, node: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        more = check_graph(adjacency, node, self.nodes, self.features)
        real = self.head.weight.dtype
        parts = [nn.functional.pad(adjacency.to(real), (0, more, 0, more)).flatten(-2)]
        if node is not None and self.features:
            parts.insert(0, nn.functional.pad(node.to(real), (0, 0, 0, more)).flatten(-2))
        return self.head(self.layers(torch.cat(parts, -1)))


def check_graph(adjacency: Tensor, node: Tensor | None, nodes: int, features: int) -> int:
    """Return how many places for nodes are left over, after checking the shapes."""
    if adjacency.ndim < 2 or adjacency.shape[-1] != adjacency.shape[-2]:
        raise ValueError(f"adjacency must have shape (*batch, n, n), got {tuple(adjacency.shape)}")
    n = adjacency.shape[-1]
    if node is not None and node.shape[:-1] != adjacency.shape[:-1]:
        raise ValueError(f"node must have shape {(*adjacency.shape[:-1], features)}, got {tuple(node.shape)}")
    if n > nodes:
        raise ValueError(f"adjacency has {n} nodes, and the network was made for nodes = {nodes} at most")
    found = 0 if node is None else node.shape[-1]
    if found != features:
        raise ValueError(f"node must have features = {features} channels, got {found}")
    return nodes - n


def check_counts(least: int = 1, **counts: int) -> None:
    """Require integers that are large enough."""
    for name, count in counts.items():
        if count < least:
            raise ValueError(f"{name} must be at least {least}, got {count!r}")


def activation_of(name: str) -> type[nn.Module]:
    """Return the module of an activation."""
    if name not in _ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(_ACTIVATIONS)}, got {name!r}")
    return _ACTIVATIONS[name]
