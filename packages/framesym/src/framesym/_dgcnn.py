"""Dynamic graph convolution for a vector at each point, as it is and frame-averaged."""

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, linear

from framesym._dense import Dense, Transform, chain
from framesym._neighbours import gather, nearest
from framesym._pca import PCA
from framesym._pointnet import check_cloud
from framesym._seeded import Real, check_counts, real_type, seeded
from framesym._symmetrize import Mode, symmetrize


def _leaky(x: Tensor) -> Tensor:
    return leaky_relu(x, 0.2)


class _EdgeConv(nn.Module):
    """Layers on (own features, those of a neighbour minus own), and their mean over the k nearest in feature space."""

    def __init__(self, size: int, widths: list[int], k: int) -> None:
        super().__init__()
        self.k = k
        self.first = Dense(2 * size, widths[0], _leaky)
        self.rest = chain(widths, _leaky)

    def edges(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (*batch, n, K, c) of the edges, and their weights (*batch, n, K)."""
        index, weights, _ = nearest(h, min(self.k, h.shape[-2]))
        # The first linear map, of own features and of the neighbour's apart: one product a node, not one an edge.
        own, other = self.first.linear.weight.split(h.shape[-1], 1)
        centre = linear(h, own - other, self.first.linear.bias)
        edges = self.first.finish(centre.unsqueeze(-2) + gather(linear(h, other), index))
        return self.rest(edges), weights

    def forward(self, h: Tensor) -> Tensor:
        edges, weights = self.edges(h)
        return (edges * weights.unsqueeze(-1)).sum(-2) / min(self.k, h.shape[-2])


class _EdgeTransform(nn.Module):
    """A d x d matrix for each point set, from edges of its points."""

    def __init__(self, d: int, k: int, widths: list[int]) -> None:
        super().__init__()
        self.conv = _EdgeConv(d, widths[:2], k)
        self.point = Dense(widths[1], widths[2], _leaky)
        self.matrix = Transform(widths[1], widths, d)
        del self.matrix.point

    def forward(self, x: Tensor) -> Tensor:
        edges, weights = self.conv.edges(x)
        highest = torch.where(weights.unsqueeze(-1) > 0, edges, -torch.inf).amax(-2)
        return self.matrix.of_pooled(self.point(highest).amax(-2))


class _Network(nn.Module):
    def __init__(self, d: int, k: int, width: int, embedding: int, head: list[int], dropout: float) -> None:
        super().__init__()
        wide = 2 * width
        self.turn = _EdgeTransform(d, k, [width, wide, embedding, embedding // 2, max(embedding // 4, 1)])
        self.convs = nn.ModuleList(
            [
                _EdgeConv(d, [width, width], k),
                _EdgeConv(width, [width, width], k),
                _EdgeConv(width, [width], k),
            ]
        )
        self.embed = Dense(3 * width + d, embedding, _leaky)
        layers = [embedding + 3 * width, *head]
        parts = [nn.Sequential(chain(layers[i : i + 2], _leaky), nn.Dropout(dropout)) for i in range(len(head) - 1)]
        self.head = nn.Sequential(*parts, chain(layers[-2:], _leaky), nn.Linear(head[-1], d))

    def forward(self, x: Tensor) -> Tensor:
        h = x = x @ self.turn(x)
        found = []
        for conv in self.convs:
            h = conv(h)
            found.append(h)
        pooled = self.embed(torch.cat([x, *found], -1)).amax(-2, keepdim=True)
        pooled = pooled.expand(*h.shape[:-1], -1)
        return 2 * torch.sigmoid(self.head(torch.cat([pooled, *found], -1))) - 1


def _build(d: int, k: int, width: int, embedding: int, head: Any, dropout: float) -> _Network:
    check_counts(k=k, width=width, embedding=embedding)
    if len(head) < 1 or min(head) < 1:
        raise ValueError(f"head must be at least one positive number, got {list(head)}")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be at least 0 and below 1, got {dropout}")
    return _Network(d, k, width, embedding, list(head), dropout)


class DGCNN(nn.Module):
    """Predict a unit vector at each point of a set from coordinates as they are, by convolution on dynamic graphs.

    DGCNN (Wang et al., arXiv:1801.07829) with the layers of Puny et al., arXiv:2110.03336: three convolutions on the
    edges to the k nearest points in the features of the layer, averaged over these, a pool over all points, and three
    layers on everything together. Neighbours at equal distances share their places, so that the result does not depend
    on the order of the points.

    Args:
        dim: Dimension of space.
        k: Neighbours of a point, itself among them; all points where there are fewer.
        width: Features of the convolutions.
        embedding: Features of the pool.
        head: Features of the layers after it.
        dropout: Share of features dropped after all but the last of these.
        seed: Seed of the initial parameters; the global random state is neither read nor changed.
        dtype: Type of the parameters.

    Raises:
        ValueError: If a count is not positive, or `dropout` is out of range.

    Examples:
        >>> import torch
        >>> from framesym import DGCNN
        >>> DGCNN(k=8, width=8, embedding=32, head=[16, 16])(torch.rand(4, 50, 3)).shape
        torch.Size([4, 50, 3])
    """

    inputs: ClassVar[dict[str, str]] = {"x": "point"}
    outputs: ClassVar[str] = "vector"

    def __init__(
        self,
        dim: int = 3,
        k: int = 40,
        width: int = 64,
        embedding: int = 1024,
        head: list[int] | tuple[int, ...] = (256, 256, 128),
        dropout: float = 0.5,
        seed: int = 0,
        dtype: Real = "float32",
    ) -> None:
        super().__init__()
        check_counts(dim=dim)
        self.dim = dim
        with seeded(seed):
            self.net = _build(dim, k, width, embedding, head, dropout)
        self.to(real_type(dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Map points (*batch, n, dim) to unit vectors (*batch, n, dim)."""
        check_cloud(self, x, self.dim)
        return nn.functional.normalize(self.net(x), dim=-1)


class FADGCNN(nn.Module):
    """Predict a unit vector at each point of a set, equivariantly: DGCNN averaged over one frame of the whole set.

    FA-DGCNN of Puny et al., arXiv:2110.03336: [`DGCNN`][framesym.DGCNN] on the copies of the set in its principal axes;
    the mean of the vectors that come back is brought to length one.

    Args:
        group: O(d), SO(d), E(d) or SE(d).
        k: Neighbours of a point, itself among them; all points where there are fewer.
        width: Features of the convolutions.
        embedding: Features of the pool.
        head: Features of the layers after it.
        dropout: Share of features dropped after all but the last of these.
        mode: `"average"` uses all elements of the frame, `"sample"` a random one while training.
        degenerate: What to do about items whose principal axes are no frame, as in [`PCA`][framesym.PCA].
        seed: Seed of the initial parameters; the global random state is neither read nor changed.
        dtype: Type of the parameters.

    Raises:
        ValueError: If the group has no frame of principal axes, a count is not positive, or `dropout` is out of range.

    Examples:
        >>> import torch
        >>> from liegroups import SE
        >>> from framesym import FADGCNN
        >>> net = FADGCNN(SE(3), k=8, width=8, embedding=32, head=[16, 16], dtype="float64").eval()
        >>> x = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        >>> R = torch.tensor([[0, -1, 0], [1, 0, 0], [0, 0, 1]], dtype=torch.float64)
        >>> torch.allclose(net(x @ R.T + 1), net(x) @ R.T, rtol=0, atol=1e-10)
        True
    """

    inputs: ClassVar[dict[str, str]] = {"x": "point"}
    outputs: ClassVar[str] = "vector"

    def __init__(
        self,
        group: Any,
        k: int = 40,
        width: int = 64,
        embedding: int = 1024,
        head: list[int] | tuple[int, ...] = (256, 256, 128),
        dropout: float = 0.5,
        mode: Mode = "average",
        degenerate: Literal["raise", "tuple", "warn"] = "tuple",
        seed: int = 0,
        dtype: Real = "float32",
    ) -> None:
        super().__init__()
        frame = PCA(group, degenerate)
        self.group = group
        with seeded(seed):
            net = _build(frame.d, k, width, embedding, head, dropout)
        self.average = symmetrize(net, frame, "point", "vector", mode)
        self.to(real_type(dtype))

    @property
    def mode(self) -> str:
        """`"average"`, `"sample"` or `"loop"`; may be changed at any time."""
        return self.average.mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self.average.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        """Map points (*batch, n, d) to unit vectors (*batch, n, d)."""
        check_cloud(self, x, self.average.frame.d)
        return nn.functional.normalize(self.average(x), dim=-1)
