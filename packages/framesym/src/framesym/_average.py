"""The entry `framesym/average`: a model averaged over a frame that fits the group."""

from collections.abc import Mapping
from typing import Any, Literal

from framesym._euclidean import euclidean
from framesym._pca import PCA
from framesym._qr import QR
from framesym._qr_groups import linear_kind
from framesym._symmetrize import Symmetrized, symmetrize
from framesym._tuple import Tuple
from framesym._weighted import Weighted

_FRAMES = {"auto": None, "pca": PCA, "tuple": Tuple, "qr": QR, "weighted": Weighted}


def average(
    model: Any,
    group: Any,
    inputs: str | Mapping[str, str] | None = None,
    outputs: str | Mapping[str, str] | None = None,
    mode: Literal["average", "sample", "loop"] = "average",
    frame: Literal["auto", "pca", "tuple", "qr", "weighted"] = "auto",
    degenerate: Literal["raise", "tuple", "warn"] = "tuple",
) -> Symmetrized:
    r"""Make a model exactly equivariant by frame averaging, with a frame that fits the group.

    The same as [`symmetrize`][framesym.symmetrize] with a frame that is chosen by name. Source: Puny et al.,
    arXiv:2110.03336.

    Args:
        model: The network: a module or function on arrays with the batch axes first.
        group: O(d), SO(d), E(d) or SE(d), in any dimension d; for `"qr"` also a Lorentz, unitary, linear, special
            linear or affine group.
        inputs: Feature word of each argument, such as `{"x": "point"}`, or of a single positional one; by default
            those that the model declares in its attribute `inputs`.
        outputs: Feature word of the result, or of each of its named parts; by default those that the model declares
            in its attribute `outputs`.
        mode: One call on all canonical copies (`"average"`), one call a copy (`"loop"`), or one random copy while
            training and all of them in evaluation mode (`"sample"`).
        frame: `"pca"`: principal axes ([`PCA`][framesym.PCA]). `"tuple"`: minimal frames
            ([`Tuple`][framesym.Tuple]), one call on generic input. `"weighted"`: continuous frames
            ([`Weighted`][framesym.Weighted]). `"qr"`: frames of ordered points ([`QR`][framesym.QR]). `"auto"`:
            principal axes for O, SO, E and SE, and `"qr"` for other groups.
        degenerate: What to do where principal axes are not a frame: take a minimal frame there (exact), raise a
            `ValueError`, or warn and go on.

    Raises:
        ValueError: If the group has no such frame, or the words are missing.

    Examples:
        >>> import torch
        >>> from liegroups import SE
        >>> from framesym import PointNetwork, average
        >>> net = average(PointNetwork(dim=2, classes=10), SE(2))
        >>> random = torch.Generator().manual_seed(0)
        >>> x, weights = torch.randn(5, 64, 2, generator=random), torch.rand(5, 64, generator=random)
        >>> quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
        >>> torch.allclose(net(x=x @ quarter.T + 1, weights=weights), net(x=x, weights=weights), atol=1e-4)
        True
    """
    if frame not in _FRAMES:
        raise ValueError(f"frame must be one of {', '.join(map(repr, _FRAMES))}, got {frame!r}")
    if frame == "auto":
        frame = "qr" if euclidean(group) is None else "pca"
    made = PCA(group, degenerate) if frame == "pca" else _FRAMES[frame](group)
    return symmetrize(model, made, inputs, outputs, mode)


def supports(group: Any) -> bool:
    """Tell whether a group has a frame, from the members of the group protocol alone."""
    return euclidean(group) is not None or linear_kind(group) is not None


average.supports = supports  # pyright: ignore[reportFunctionMemberAccess]
