"""The symmetries of the regular solids."""

from typing import Any

import numpy as np

from ._algebra import frozen
from ._closure import closure
from ._finite import Finite

_GOLDEN = (1 + np.sqrt(5)) / 2
_CYCLE = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])  # a third of a turn about (1, 1, 1)
_HALF_TURN = np.diag([-1.0, -1.0, 1.0])
_QUARTER_TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
_SWAP = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
# A fifth of a turn about (0, 1, phi).
_FIFTH = np.array([[_GOLDEN - 1, -_GOLDEN, 1.0], [_GOLDEN, 1.0, _GOLDEN - 1], [-1.0, _GOLDEN - 1, _GOLDEN]]) / 2
_ENTRIES = np.array([0.0, 0.5, 1.0, _GOLDEN / 2, (_GOLDEN - 1) / 2])


class _Polyhedral(Finite):
    def _solid(self, name: str, order: int, rotations: list[np.ndarray], mirror: np.ndarray, full: Any) -> None:
        if not isinstance(full, bool):
            raise ValueError(f"full of {type(self).__name__} must be True or False, not {full!r}")
        self.full = full
        generators = np.array([*rotations, mirror] if full else rotations)
        self._finite(name, order * (1 + full), generators)
        found = np.asarray(closure(generators))
        places = np.abs(np.abs(found)[..., None] - _ENTRIES).argmin(axis=-1)
        self._all = frozen(np.sign(np.round(found, 6)) * _ENTRIES[places])  # free of the rounding of products

    def _elements(self) -> np.ndarray:
        return self._all.copy()

    def _sample(self, count: int, rng: np.random.Generator, scale: float | None) -> np.ndarray:
        return self._all[rng.integers(self.order, size=count)]


class Tetrahedral(_Polyhedral):
    r"""The 12 rotations of the tetrahedron with corners (1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1).

    Args:
        full: Whether to add the reflections, such as $x \leftrightarrow y$: the 24 elements of $T_d$.

    Raises:
        ValueError: If ``full`` is not a boolean.

    Examples:
        >>> import liegroups
        >>> liegroups.Tetrahedral(), liegroups.Tetrahedral().order, liegroups.Tetrahedral(full=True).order
        (T, 12, 24)
    """

    def __init__(self, full: bool = False):
        self._solid("T_d" if full else "T", 12, [_CYCLE, _HALF_TURN], _SWAP, full)


class Octahedral(_Polyhedral):
    r"""The 24 rotations of the cube with faces across the axes, and of the octahedron with corners on them.

    Args:
        full: Whether to add the inversion $-I$: the 48 elements of $O_h$, the signed permutation matrices.

    Raises:
        ValueError: If ``full`` is not a boolean.

    Examples:
        >>> import liegroups
        >>> liegroups.Octahedral(), liegroups.Octahedral().elements().shape, liegroups.Octahedral(full=True).order
        (O, (24, 3, 3), 48)
    """

    def __init__(self, full: bool = False):
        self._solid("O_h" if full else "O", 24, [_CYCLE, _QUARTER_TURN], -np.eye(3), full)


class Icosahedral(_Polyhedral):
    r"""The 60 rotations of the icosahedron with the cyclic permutations of $(0, \pm1, \pm\varphi)$ as corners.

    Args:
        full: Whether to add the inversion $-I$: the 120 elements of $I_h$.

    Raises:
        ValueError: If ``full`` is not a boolean.

    Examples:
        >>> import liegroups
        >>> liegroups.Icosahedral(), liegroups.Icosahedral().order, liegroups.Icosahedral(full=True).order
        (I, 60, 120)
    """

    def __init__(self, full: bool = False):
        self._solid("I_h" if full else "I", 60, [_CYCLE, _FIFTH], -np.eye(3), full)
