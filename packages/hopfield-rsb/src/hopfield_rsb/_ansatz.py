"""How replicas may be grouped."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RSB:
    """Replica-symmetry breaking of k steps; the replica-symmetric ansatz is written "RS".

    Attributes:
        k: Number of steps, 1 or 2.

    Raises:
        TypeError: k is not an integer.
        ValueError: k is neither 1 nor 2.

    Source:
        G. Parisi, J. Phys. A 13, 1101 (1980).

    Examples:
        >>> str(RSB(1))
        '1RSB'
    """

    k: int = 1

    def __post_init__(self):
        if isinstance(self.k, bool) or not isinstance(self.k, int | np.integer):
            raise TypeError(f"k must be an integer, got {self.k!r}")
        object.__setattr__(self, "k", int(self.k))
        if self.k not in (1, 2):
            raise ValueError(f"k must be 1 or 2, got {self.k}")

    def __str__(self) -> str:
        return f"{self.k}RSB"
