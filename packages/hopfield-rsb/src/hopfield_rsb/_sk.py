"""The Sherrington-Kirkpatrick model in a field."""

import math
from dataclasses import dataclass

from ._model_base import MeanFieldModel


@dataclass(frozen=True)
class SK(MeanFieldModel):
    r"""Sherrington-Kirkpatrick model in a uniform field: $g(m) = h m$ and $\xi(q) = \alpha q^2/2$.

    The couplings have variance 1/N at $\alpha = 1$, so that the glass starts at T = 1 without a field.

    Attributes:
        h: Uniform field, not negative (the sign of the spins can be chosen so).

    Raises:
        TypeError: h is not a real number.
        ValueError: h is negative, infinite or NaN.

    Source:
        D. Sherrington, S. Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975).

    Examples:
        >>> SK(h=0.3).field
        0.3
    """

    h: float = 0.0

    def __post_init__(self):
        try:
            h = float(self.h)
        except (TypeError, ValueError):
            raise TypeError(f"h must be a real number, got {self.h!r}") from None
        if not 0 <= h < math.inf:
            raise ValueError(f"h must be finite and not negative, got {self.h!r}")
        object.__setattr__(self, "h", h)

    @property
    def signal(self) -> tuple[float, ...]:
        r"""Coefficients of $g(m) = h m$."""
        return (0.0, self.h)

    @property
    def noise(self) -> tuple[float, ...]:
        r"""Coefficients of $\xi/\alpha = q^2/2$."""
        return (0.0, 0.0, 0.5)
