"""Message passing with a frame a layer."""

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from framesym._frame_layer import FrameLayer
from framesym._gnn import MessageLayer, check_motion, edge_features
from framesym._pca import PCA
from framesym._seeded import Real, check_counts, real_type, seeded
from framesym._symmetrize import Mode, symmetrize


class _First(nn.Module):
    """Positions and velocities to features, and the first round of messages."""

    def __init__(self, d: int, width: int) -> None:
        super().__init__()
        self.d = d
        self.enter = nn.Linear(2 * d, width)
        self.layer = MessageLayer(width, edge=2)

    def forward(self, x: Tensor, v: Tensor, edge: Tensor) -> Tensor:
        return self.layer(self.enter(torch.cat([x, v], -1)), edge).unflatten(-1, (-1, self.d))


class _Last(nn.Module):
    """The last round of messages, and features to one vector a node."""

    def __init__(self, d: int, width: int) -> None:
        super().__init__()
        self.layer = MessageLayer(width, edge=2)
        self.leave = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, d))

    def forward(self, h: Tensor, edge: Tensor) -> Tensor:
        return self.leave(self.layer(h, edge))


class FAGNN(nn.Module):
    r"""Predict where points will be, equivariantly: message passing with a new frame in every layer.

    FA-GNN of Puny et al., arXiv:2110.03336: hidden features are vectors; after each layer they are brought back from
    the frame, averaged over it, taken relative to their mean, and give the next layer's frame. Edges carry the product
    of the charges and the squared distance of the input. 92103 parameters as it stands.

    Args:
        group: E(d) or SE(d).
        vectors: Vectors a node in the hidden layers, so d times as many features.
        layers: Rounds of messages, at least two.
        mode: `"average"` uses all elements of each frame, `"sample"` a random one a layer while training: cheap, but
            the network that is then evaluated, with averages in every layer, is not the one that was trained.
        degenerate: What to do about items whose principal axes are no frame, as in [`PCA`][framesym.PCA].
        seed: Seed of the initial parameters; the global random state is neither read nor changed.
        dtype: Type of the parameters.

    Raises:
        ValueError: If the group has no frame of principal axes, or a count is out of range.

    Examples:
        >>> import torch
        >>> from liegroups import E
        >>> from framesym import FAGNN
        >>> net = FAGNN(E(3), dtype="float64")
        >>> random = torch.Generator().manual_seed(0)
        >>> x, v = torch.randn(2, 2, 5, 3, generator=random, dtype=torch.float64)
        >>> R = torch.linalg.qr(x[0, :3]).Q
        >>> charges = torch.ones(2, 5, dtype=torch.float64)
        >>> turned = net(x=x @ R.T + 1, v=v @ R.T, charges=charges)
        >>> torch.allclose(turned, net(x=x, v=v, charges=charges) @ R.T + 1, rtol=0, atol=1e-10)
        True
    """

    inputs: ClassVar[dict[str, str]] = {"x": "point", "v": "vector", "charges": "invariant"}
    outputs: ClassVar[str] = "point"

    def __init__(
        self,
        group: Any,
        vectors: int = 20,
        layers: int = 4,
        mode: Mode = "average",
        degenerate: Literal["raise", "tuple", "warn"] = "tuple",
        seed: int = 0,
        dtype: Real = "float32",
    ) -> None:
        super().__init__()
        check_counts(vectors=vectors)
        if layers < 2:
            raise ValueError(f"layers must be at least 2, got {layers}")
        frame = PCA(group, degenerate)
        if not group.affine:
            raise ValueError(f"group must be E(d) or SE(d), which move positions, got {group.name}")
        self.group, width = group, vectors * frame.d
        with seeded(seed):
            words = {"x": "point", "v": "vector", "edge": "invariant"}
            self.first = symmetrize(_First(frame.d, width), frame, words, "vector", mode)
            inner = [MessageLayer(width, edge=2) for _ in range(layers - 2)]
            self.layers = nn.ModuleList(
                FrameLayer(layer, frame, vectors, ("edge",), mode) for layer in [*inner, _Last(frame.d, width)]
            )
        self.to(real_type(dtype))

    @property
    def mode(self) -> str:
        """`"average"`, `"sample"` or `"loop"`, of every layer; may be changed at any time."""
        return self.first.mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        for layer in (self.first, *self.layers):
            layer.mode = mode  # pyright: ignore[reportAttributeAccessIssue]

    def forward(self, x: Tensor, v: Tensor, charges: Tensor) -> Tensor:
        """Predict the later positions.

        Args:
            x: Positions, (*batch, n, d).
            v: Velocities, (*batch, n, d).
            charges: (*batch, n).

        Returns:
            Positions, (*batch, n, d).
        """
        check_motion(self, x, v, charges, self.first.frame.d)
        centre = x.mean(-2, keepdim=True)
        centred = x - centre
        edge = edge_features(centred, charges)
        h = self.first(x=centred, v=v, edge=edge)
        for layer in self.layers:
            h = layer(h, edge=edge)
        return h.squeeze(-2) + centre
