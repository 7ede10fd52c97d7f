"""Hopfield's network of pairwise couplings."""

from dataclasses import dataclass

from ._model_base import MeanFieldModel


@dataclass(frozen=True)
class Hopfield(MeanFieldModel):
    r"""Hopfield's network: $-H = \frac N2\sum_\mu m_\mu^2$ with $K = \alpha N$ patterns.

    The noise of the patterns outside the condensed one has cumulants of every order; they sum up to the
    log-determinant of Amit, Gutfreund and Sompolinsky. It is the same network as ``DenseHopfield(P=2)``.

    Attributes:
        diagonal: Whether the energy holds the constant $-\alpha/2$ of the terms i = j. It changes `A`, `f` and `u`,
            never the states.

    Source:
        D. J. Amit, H. Gutfreund, H. Sompolinsky, Ann. Phys. 173, 30 (1987).

    Examples:
        >>> Hopfield().log_determinant, Hopfield().g(0.5)
        (True, 0.125)
    """

    diagonal: bool = True

    @property
    def P(self) -> int:
        """Number of spins in a coupling."""
        return 2

    @property
    def signal(self) -> tuple[float, ...]:
        """Coefficients of g(m) = m^2/2."""
        return (0.0, 0.0, 0.5)

    @property
    def noise(self) -> tuple[float, ...]:
        """Coefficients of the second cumulant of the noise, q^2/2 per unit load."""
        return (0.0, 0.0, 0.5)

    @property
    def log_determinant(self) -> bool:
        """The noise is that of a Gaussian hidden layer."""
        return True

    @property
    def offset(self) -> float:
        """Energy per spin and unit load that is missing without the diagonal."""
        return 0.0 if self.diagonal else 0.5
