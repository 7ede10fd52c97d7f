"""Frame averaging of one layer, with a frame of its own."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from framesym._symmetrize import Mode, symmetrize


class _Flat(nn.Module):
    """A layer on features (*batch, n, c d) seen as one on vectors (*batch, n c, d)."""

    def __init__(self, layer: nn.Module, channels: int, d: int) -> None:
        super().__init__()
        self.layer, self.channels, self.d = layer, channels, d

    def forward(self, h: Tensor, **others: Tensor) -> Tensor:
        features = self.layer(h.unflatten(-2, (-1, self.channels)).flatten(-2), **others)
        return features.unflatten(-1, (-1, self.d))


class FrameLayer(nn.Module):
    r"""A layer between vector features, made equivariant by the frame of its own input.

    Each of n nodes has c vectors. The frame is that of all n c vectors as points, so that a deep network can choose a
    new frame in every layer, from what it has computed so far. With translations (E(d), SE(d)) the vectors enter
    relative to their mean. Where frame and layer do not depend on the order of the nodes, nor does the result. Source:
    Puny et al., arXiv:2110.03336, section 3 and the appendix on FA-GNN.

    Args:
        layer: A module that maps (*batch, n, c d) to (*batch, n, c' d); further arguments are passed on by name.
        frame: A frame, such as [`PCA`][framesym.PCA].
        channels: The number c of vectors a node.
        invariants: Names of the further arguments, none of which changes under the group.
        mode: As for [`symmetrize`][framesym.symmetrize].

    Raises:
        ValueError: If `channels` is not positive, or a result is not made of vectors.

    Examples:
        >>> import torch
        >>> from liegroups import O
        >>> from framesym import PCA, FrameLayer
        >>> layer = FrameLayer(torch.nn.Linear(12, 18).double(), PCA(O(3)), channels=4)
        >>> h = torch.randn(2, 5, 4, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        >>> R = torch.linalg.qr(h[0, 0, :3]).Q
        >>> torch.allclose(layer(h @ R.T), layer(h) @ R.T, rtol=0, atol=1e-12)
        True
    """

    def __init__(
        self, layer: nn.Module, frame: Any, channels: int, invariants: Sequence[str] = (), mode: Mode = "average"
    ) -> None:
        super().__init__()
        if channels < 1:
            raise ValueError(f"channels must be at least 1, got {channels}")
        self.channels = channels
        words = {"h": "point" if frame.group.affine else "vector"} | dict.fromkeys(invariants, "invariant")
        self.average = symmetrize(_Flat(layer, channels, frame.d), frame, words, "vector", mode)

    @property
    def mode(self) -> str:
        """`"average"`, `"sample"` or `"loop"`; may be changed at any time."""
        return self.average.mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self.average.mode = mode

    def forward(self, h: Tensor, **invariants: Tensor) -> Tensor:
        """Map vectors (*batch, n, c, d) to vectors (*batch, n, c', d)."""
        d = self.average.frame.d
        if h.ndim < 3 or tuple(h.shape[-2:]) != (self.channels, d):
            raise ValueError(f"h must have shape (*batch, n, {self.channels}, {d}), got {tuple(h.shape)}")
        return self.average(h=h.flatten(-3, -2), **invariants)
