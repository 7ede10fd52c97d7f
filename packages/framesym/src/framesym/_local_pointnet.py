"""PointNet on vectors of local patches, with frames of the patches and of the whole."""

from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from framesym._frame_layer import FrameLayer
from framesym._neighbours import patches
from framesym._pca import PCA
from framesym._pointnet import HEAD, PointFeatures, check_cloud, check_widths
from framesym._seeded import Real, check_counts, real_type, seeded
from framesym._symmetrize import Mode, symmetrize

_WIDTHS = (128, 256, 256, 512, 2048)


class _Patch(nn.Module):
    """A perceptron on the coordinates of a patch (*batch, k, d), with vectors (*batch, c, d) as its result."""

    def __init__(self, k: int, d: int, hidden: int, vectors: int) -> None:
        super().__init__()
        self.d, out = d, vectors * d
        self.net = nn.Sequential(
            nn.Linear(k * d, hidden), nn.ReLU(), nn.Linear(hidden, out), nn.ReLU(), nn.Linear(out, out)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x.flatten(-2)).unflatten(-1, (-1, self.d))


class FALocalPointNet(nn.Module):
    r"""Predict a unit vector at each point of a set, equivariantly, from frames of its patches and then of the whole.

    FA-Local-PointNet of Puny et al., arXiv:2110.03336: a perceptron on the k nearest points of each point, averaged
    over the frame of this patch, gives each point some vectors; PointNet works on these, averaged over the frame of all
    of them. Where distances to neighbours are equal, no order of them is used.

    Args:
        group: O(d), SO(d), E(d) or SE(d), in whose linear part the frames are; translations change nothing.
        k: Points of a patch, the one in the middle among them.
        hidden: Features of the first layer on a patch.
        vectors: Vectors that a point gets from its patch.
        widths: Features of the layers before the pool, at least four.
        head: Features of the layers after it.
        mode: `"average"` uses all elements of each frame, `"sample"` a random one while training.
        degenerate: What to do about patches and sets whose principal axes are no frame, as in [`PCA`][framesym.PCA].
        seed: Seed of the initial parameters; the global random state is neither read nor changed.
        dtype: Type of the parameters.

    Raises:
        ValueError: If the group has no frame of principal axes, or a count is not positive.

    Examples:
        >>> import torch
        >>> from liegroups import SE
        >>> from framesym import FALocalPointNet
        >>> net = FALocalPointNet(SE(3), k=8, vectors=6, widths=[8, 16, 16, 32], head=[16], dtype="float64").eval()
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
        k: int = 20,
        hidden: int = 63,
        vectors: int = 42,
        widths: list[int] | tuple[int, ...] = _WIDTHS,
        head: list[int] | tuple[int, ...] = HEAD,
        mode: Mode = "average",
        degenerate: Literal["raise", "tuple", "warn"] = "tuple",
        seed: int = 0,
        dtype: Real = "float32",
    ) -> None:
        super().__init__()
        check_counts(k=k, hidden=hidden, vectors=vectors)
        check_widths(widths, head)
        frame = PCA(group, degenerate)
        self.group, self.k = group, k
        with seeded(seed):
            patch, d = _Patch(k, frame.d, hidden, vectors), frame.d
            self.local = symmetrize(patch, frame, {"x": "point"}, "vector", mode)
            self.whole = FrameLayer(PointFeatures(vectors * d, widths, head, d), frame, vectors, mode=mode)
        self.to(real_type(dtype))

    @property
    def mode(self) -> str:
        """`"average"`, `"sample"` or `"loop"`, of both frames; may be changed at any time."""
        return self.local.mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self.local.mode = self.whole.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        """Map points (*batch, n, d) to unit vectors (*batch, n, d)."""
        check_cloud(self, x, self.local.frame.d)
        found = self.local(x=patches(x, self.k))
        return nn.functional.normalize(self.whole(found).squeeze(-2), dim=-1)
