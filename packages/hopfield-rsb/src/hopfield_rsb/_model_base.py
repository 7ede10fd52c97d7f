"""What every solver asks of a model: a signal g, a noise covariance xi, and how the noise enters."""

from typing import TypeVar

import numpy as np

Number = TypeVar("Number", float, np.ndarray)


class MeanFieldModel:
    r"""A mean-field spin model $-H(s) = N g(m) + \sqrt N\,G(s)$ with $E[G(s)G(s')] = \xi(q)$.

    Concrete models are frozen dataclasses that give :attr:`signal` and :attr:`noise`; solvers ask these members and
    never for the type. Overlaps may be numbers, numpy arrays or traced JAX values.
    """

    @property
    def signal(self) -> tuple[float, ...]:
        r"""Coefficients $c_k$ of $g(m) = \sum_k c_k m^k$, k = 0, 1, ..."""
        raise NotImplementedError

    @property
    def noise(self) -> tuple[float, ...]:
        r"""Coefficients $c_k$ of $\xi(q) = \alpha \sum_k c_k q^k$, k = 0, 1, ..., in the model's unit of alpha."""
        raise NotImplementedError

    @property
    def log_determinant(self) -> bool:
        """Whether the noise is that of a Gaussian hidden layer, as for Hopfield's pairwise couplings."""
        return False

    @property
    def offset(self) -> float:
        """Constant of the energy per spin and unit load that the formulas with :attr:`log_determinant` lack."""
        return 0.0

    @property
    def field(self) -> float:
        """External field g'(0)."""
        return self.signal[1] if len(self.signal) > 1 else 0.0

    @property
    def retrieves(self) -> bool:
        """Whether the signal has a term beyond an external field, so that an ordered state can exist on its own."""
        return any(self.signal[2:])

    @property
    def random_field(self) -> bool:
        r"""Whether $\xi'(0) > 0$, so that no state has q = 0."""
        return len(self.noise) > 1 and self.noise[1] > 0

    @property
    def continuous(self) -> bool:
        """Whether replicas of different clusters may overlap without a field: a quadratic term of the noise."""
        return self.log_determinant or any(self.noise[1:3]) or self.field != 0

    def g(self, m: Number, order: int = 0) -> Number:
        """Return the signal or one of its derivatives.

        Args:
            m: Mattis overlap or magnetisation, a number or an array of any shape.
            order: Which derivative, 0 for the function itself.

        Examples:
            >>> from hopfield_rsb import SK
            >>> SK(h=0.5).g(0.2), SK(h=0.5).g(0.2, order=1)
            (0.1, 0.5)
        """
        return polynomial(derivative(self.signal, order), m)

    def xi(self, q: Number, alpha: Number | float = 1.0, order: int = 0) -> Number:
        r"""Return the noise covariance $\xi(q)$ or one of its derivatives with respect to q.

        Args:
            q: Overlap of two states, a number or an array of any shape.
            alpha: Load in the model's unit, of a shape that broadcasts with q.
            order: Which derivative, 0 for the function itself.

        Examples:
            >>> from hopfield_rsb import PSpin
            >>> PSpin(p=3).xi(0.5), PSpin(p=3).xi(0.5, order=2)
            (0.0625, 1.5)
        """
        return alpha * polynomial(derivative(self.noise, order), q)


def derivative(coefficients: tuple[float, ...], order: int) -> tuple[float, ...]:
    """Return the coefficients of a polynomial's derivative."""
    for _ in range(order):
        coefficients = tuple(k * c for k, c in enumerate(coefficients))[1:] or (0.0,)
    return coefficients


def polynomial(coefficients: tuple[float, ...], x):
    """Horner's rule; numpy's own would turn numbers into arrays."""
    value = 0.0 * x + coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value
