"""PointNet for a vector at each point, as it is and frame-averaged."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from framesym._dense import Transform, chain
from framesym._input_type import require_type
from framesym._pca import PCA
from framesym._seeded import Real, check_counts, real_type, seeded
from framesym._symmetrize import Mode, symmetrize

WIDTHS = (64, 128, 128, 512, 2048)
HEAD = (256, 256, 128)
TRANSFORM = (64, 128, 1024, 512, 256)


class PointFeatures(nn.Module):
    """The trunk of PointNet: features of each point, their maximum over all, and a vector a point from both.

    Args:
        size: Numbers that a point comes with.
        widths: Features of each layer before the pool.
        head: Features of each layer after it.
        out: Numbers that a point leaves with.
        transform: Layers of the learned transforms of the input and of the third layer; none if None.
    """

    def __init__(
        self, size: int, widths: Sequence[int], head: Sequence[int], out: int, transform: Sequence[int] | None = None
    ) -> None:
        super().__init__()
        self.turn = None if transform is None else Transform(size, transform)
        self.inner = None if transform is None else Transform(widths[2], transform)
        self.layers = nn.ModuleList(chain([size, *widths[:-1]]))
        self.last = chain(widths[-2:], activation=None)
        joined = sum(widths) + widths[-1]
        self.head = nn.Sequential(chain([joined, *head]), nn.Linear(head[-1], out))

    def forward(self, h: Tensor) -> Tensor:
        """Map (*batch, n, size) to (*batch, n, out)."""
        if self.turn is not None:
            h = h @ self.turn(h)
        found = []
        for index, layer in enumerate(self.layers):
            h = layer(h)
            found.append(h)
            if index == 2 and self.inner is not None:
                h = h @ self.inner(h)
        found.append(self.last(h))
        whole = found[-1].amax(-2, keepdim=True).expand_as(found[-1])
        return self.head(torch.cat([whole, *found], -1))


def check_cloud(net: nn.Module, x: Tensor, dim: int) -> None:
    """Require points (*batch, n, dim) of the network's type."""
    if x.ndim < 3 or x.shape[-1] != dim:
        raise ValueError(f"x must have shape (*batch, n, {dim}) with a batch axis, got {tuple(x.shape)}")
    require_type(net, x=x)


def check_widths(widths: Sequence[int], head: Sequence[int]) -> None:
    if len(widths) < 4 or min(widths) < 1:
        raise ValueError(f"widths must be at least four positive numbers, got {list(widths)}")
    if len(head) < 1 or min(head) < 1:
        raise ValueError(f"head must be at least one positive number, got {list(head)}")


class PointNet(nn.Module):
    """Predict a unit vector at each point of a set, such as the normal of a surface, from coordinates as they are.

    PointNet for segmentation (Qi et al., arXiv:1612.00593) with the layers of Puny et al., arXiv:2110.03336: five
    layers a point with two learned transforms, a maximum over the points, and three layers on everything together. It
    does not depend on the order of the points, and is not equivariant to rotations.

    Args:
        dim: Dimension of space.
        widths: Features of the layers before the pool, at least four.
        head: Features of the layers after it.
        transforms: Whether to learn a transform of the input and one of the third layer.
        transform: Features of the layers of these: three before their pool, two after.
        seed: Seed of the initial parameters; the global random state is neither read nor changed.
        dtype: Type of the parameters.

    Raises:
        ValueError: If a number of features is not positive.

    Examples:
        >>> import torch
        >>> from framesym import PointNet
        >>> net = PointNet(widths=[8, 16, 16, 32, 64], head=[32, 16], transform=[8, 16, 32, 16, 16])
        >>> net(torch.rand(4, 100, 3)).shape
        torch.Size([4, 100, 3])
    """

    inputs: ClassVar[dict[str, str]] = {"x": "point"}
    outputs: ClassVar[str] = "vector"

    def __init__(
        self,
        dim: int = 3,
        widths: list[int] | tuple[int, ...] = WIDTHS,
        head: list[int] | tuple[int, ...] = HEAD,
        transforms: bool = True,
        transform: list[int] | tuple[int, ...] = TRANSFORM,
        seed: int = 0,
        dtype: Real = "float32",
    ) -> None:
        super().__init__()
        check_counts(dim=dim)
        check_widths(widths, head)
        if len(transform) != 5 or min(transform) < 1:
            raise ValueError(f"transform must be five positive numbers, got {list(transform)}")
        self.dim = dim
        with seeded(seed):
            self.net = PointFeatures(dim, widths, head, dim, transform if transforms else None)
        self.to(real_type(dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Map points (*batch, n, dim) to unit vectors (*batch, n, dim)."""
        check_cloud(self, x, self.dim)
        return nn.functional.normalize(self.net(x), dim=-1)


class FAPointNet(nn.Module):
    """Predict a unit vector at each point of a set, equivariantly: PointNet averaged over one frame of the whole set.

    FA-PointNet of Puny et al., arXiv:2110.03336: [`PointNet`][framesym.PointNet] without its learned transforms on the
    copies of the set in its principal axes; the mean of the vectors that come back is brought to length one.

    Args:
        group: O(d), SO(d), E(d) or SE(d).
        widths: Features of the layers before the pool, at least four.
        head: Features of the layers after it.
        mode: `"average"` uses all elements of the frame, `"sample"` a random one while training.
        degenerate: What to do about items whose principal axes are no frame, as in [`PCA`][framesym.PCA].
        seed: Seed of the initial parameters; the global random state is neither read nor changed.
        dtype: Type of the parameters.

    Raises:
        ValueError: If the group has no frame of principal axes, or a number of features is not positive.

    Examples:
        >>> import torch
        >>> from liegroups import SE
        >>> from framesym import FAPointNet
        >>> net = FAPointNet(SE(3), widths=[8, 16, 16, 32, 64], head=[32, 16], dtype="float64").eval()
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
        widths: list[int] | tuple[int, ...] = WIDTHS,
        head: list[int] | tuple[int, ...] = HEAD,
        mode: Mode = "average",
        degenerate: Literal["raise", "tuple", "warn"] = "tuple",
        seed: int = 0,
        dtype: Real = "float32",
    ) -> None:
        super().__init__()
        check_widths(widths, head)
        frame = PCA(group, degenerate)
        self.group = group
        with seeded(seed):
            net = PointFeatures(frame.d, widths, head, frame.d)
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
