"""What a group must offer to be used by this package and by those that build on it."""

from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Group(Protocol):
    r"""The structural protocol of a matrix group; a class from elsewhere needs only these members.

    All matrices are numpy float64. Affine groups are given by homogeneous matrices, so $n = d + 1$ for
    motions of $\mathbb{R}^d$.

    Attributes:
        name: The mathematical name, such as ``"SO(3)"``.
        n: Size of the defining matrices.
        dim: Dimension of the Lie algebra, 0 for a finite group.
        compact: Whether the group is compact.
        affine: Whether it acts on points by homogeneous matrices.

    Examples:
        >>> import liegroups
        >>> isinstance(liegroups.SO(3), liegroups.Group), isinstance("SO(3)", liegroups.Group)
        (True, False)
    """

    @property
    def name(self) -> str:
        """The mathematical name."""
        ...

    @property
    def n(self) -> int:
        """Size of the defining matrices."""
        ...

    @property
    def dim(self) -> int:
        """Dimension of the Lie algebra."""
        ...

    @property
    def compact(self) -> bool:
        """Whether the group is compact."""
        ...

    @property
    def affine(self) -> bool:
        """Whether the matrices are homogeneous."""
        ...

    def generators(self) -> np.ndarray:
        """Basis of the Lie algebra, (dim, n, n)."""
        ...

    def discrete_generators(self) -> np.ndarray:
        """Generators of the component group or of a finite group, (m, n, n)."""
        ...

    def sample(self, count: int, seed: int, scale: float | None = None) -> np.ndarray:
        """Random elements, (count, n, n); Haar if compact, else ``scale`` is required."""
        ...

    def elements(self) -> np.ndarray | None:
        """All elements, (order, n, n), or None."""
        ...
