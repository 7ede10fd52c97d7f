"""The entry `framesym/average`: a model averaged over the principal-axes frames of a group."""

from collections.abc import Mapping
from typing import Any, Literal

from framesym._euclidean import euclidean
from framesym._pca import PCA
from framesym._symmetrize import Symmetrized, symmetrize


def average(
    model: Any,
    group: Any,
    inputs: str | Mapping[str, str] | None = None,
    outputs: str | Mapping[str, str] | None = None,
    mode: Literal["average", "sample", "loop"] = "average",
    degenerate: Literal["raise", "warn"] = "raise",
) -> Symmetrized:
    r"""Make a model exactly equivariant to O(d), SO(d), E(d) or SE(d) by frame averaging.

    The same as [`symmetrize`][framesym.symmetrize] with the frame [`PCA`][framesym.PCA]. Source: Puny et al.,
    arXiv:2110.03336.

    Args:
        model: The network: a module or function on arrays with the batch axes first.
        group: O(d), SO(d), E(d) or SE(d), in any dimension d.
        inputs: Feature word of each argument, such as `{"x": "point"}`, or of a single positional one; by default
            those that the model declares in its attribute `inputs`.
        outputs: Feature word of the result, or of each of its named parts; by default those that the model declares
            in its attribute `outputs`.
        mode: One call on all canonical copies (`"average"`), one call a copy (`"loop"`), or one random copy while
            training and all of them in evaluation mode (`"sample"`).
        degenerate: What to do where principal axes are not a frame: raise a `ValueError`, or warn and go on.

    Raises:
        ValueError: If the group has no principal-axes frame, or the words are missing.

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
    return symmetrize(model, PCA(group, degenerate), inputs, outputs, mode)


def supports(group: Any) -> bool:
    """Tell whether a group is O(d), SO(d), E(d) or SE(d), from the members of the group protocol alone."""
    return euclidean(group) is not None


average.supports = supports  # pyright: ignore[reportFunctionMemberAccess]
