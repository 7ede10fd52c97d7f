"""Spin glasses of p-body couplings, pure and mixed."""

import math
from dataclasses import dataclass

import numpy as np

from ._model_base import MeanFieldModel

LARGEST = 50


@dataclass(frozen=True)
class PSpin(MeanFieldModel):
    r"""Pure Ising p-spin glass without a field: $g = 0$ and $\xi(q) = \alpha q^p/2$.

    The Hamiltonian is Gaussian with variance $N/2$ at $\alpha = 1$, the convention of Gardner (1985) with J = 1; a
    load scales temperatures by $\sqrt\alpha$, as in the glass phase of a dense network.

    Attributes:
        p: Number of spins in a coupling, 2 to 50.

    Raises:
        TypeError: p is not an integer.
        ValueError: p is out of range.

    Source:
        E. Gardner, Nucl. Phys. B 257, 747 (1985).

    Examples:
        >>> PSpin(p=3).noise
        (0.0, 0.0, 0.0, 0.5)
    """

    p: int = 3

    def __post_init__(self):
        if isinstance(self.p, bool) or not isinstance(self.p, int | np.integer):
            raise TypeError(f"p must be an integer, got {self.p!r}")
        object.__setattr__(self, "p", int(self.p))
        if not 2 <= self.p <= LARGEST:
            raise ValueError(f"p must lie between 2 and {LARGEST}, got {self.p}")

    @property
    def signal(self) -> tuple[float, ...]:
        """No signal."""
        return (0.0,)

    @property
    def noise(self) -> tuple[float, ...]:
        r"""Coefficients of $\xi/\alpha = q^p/2$."""
        return (0.0,) * self.p + (0.5,)


@dataclass(frozen=True)
class MixedPSpin(MeanFieldModel):
    r"""Mixed Ising p-spin glass without a field: $g = 0$ and $\xi(q) = \alpha\sum_k c_k q^k$.

    Attributes:
        coefficients: $c_0, c_1, c_2, \dots$, none negative, $c_0 = 0$; $c_1$ is a random field.

    Raises:
        TypeError: The coefficients are not real numbers.
        ValueError: One of them is negative, infinite or NaN, $c_0$ is not 0, or all are 0.

    Source:
        A. Auffinger, W.-K. Chen, Commun. Math. Phys. 335, 1429 (2015), for the convexity that the solvers rest on.

    Examples:
        >>> MixedPSpin((0.0, 0.0, 0.25, 0.0, 0.25)).xi(1.0)
        0.5
    """

    coefficients: tuple[float, ...] = (0.0, 0.0, 0.5)

    def __post_init__(self):
        try:
            found = tuple(float(c) for c in self.coefficients)
        except (TypeError, ValueError):
            raise TypeError(f"coefficients must be a sequence of real numbers, got {self.coefficients!r}") from None
        if len(found) > LARGEST + 1:
            raise ValueError(f"coefficients must number at most {LARGEST + 1}, got {len(found)}")
        if any(not 0 <= c < math.inf for c in found) or not any(found) or found[0]:
            raise ValueError(
                "coefficients must be non-negative with the first 0 and one of the others positive, "
                f"got {self.coefficients!r}"
            )
        object.__setattr__(self, "coefficients", found)

    @property
    def signal(self) -> tuple[float, ...]:
        """No signal."""
        return (0.0,)

    @property
    def noise(self) -> tuple[float, ...]:
        r"""Coefficients of $\xi/\alpha$."""
        return self.coefficients
