"""The dense Hebbian network as a pair of functions: signal g and noise covariance xi."""

import functools
import math
import warnings
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from ._model_base import MeanFieldModel, Number, polynomial

Kernel = Literal["gaussian", "distinct", "power"]
LoadUnit = Literal["paper", "K"]

KERNELS = ("gaussian", "distinct", "power")
LOAD_UNITS = ("paper", "K")
LARGEST_P = 50  # the load units differ by P!/2: beyond, loads in one of them would leave the range of float64


@dataclass(frozen=True)
class DenseHopfield(MeanFieldModel):
    r"""Dense Hebbian network of $P$-body couplings, with what its noise and its load mean.

    $N$ Ising spins store $K = \alpha_K N^{P-1}$ random patterns through
    $-H(s) = \frac N2 \sum_\mu f(m_\mu)$, $m_\mu = \frac1N \sum_i \xi_i^\mu s_i$. With one condensed pattern this is
    $-H = N g(m) + \sqrt N\, G(s)$, where $g(m) = m^P/2$ and, for $P > 2$, $G$ is Gaussian with covariance
    $\xi(q)$ in the overlap $q$ of two states. For $P = 2$ the noise has cumulants of every order: the theory is
    that of Amit, Gutfreund and Sompolinsky, with its log-determinant, and $\xi$ is only the second cumulant.
    Temperatures and energies are in the unit in which the condensed pattern has energy $-N/2$.

    The three kernels share $g$; per unit of $\alpha_K$ their noise is

    | kernel | $f$ | $\xi(q) / \alpha_K$ |
    |---|---|---|
    | `gaussian` | $m^P$, patterns replaced by Gaussian tensors outside the condensed one | $q^P/2$ |
    | `distinct` | normalised sum over $P$ distinct sites | $\frac{P!}{4} q^P$ |
    | `power` | $m^P$ | $\frac14 \sum_k \left(\frac{P!}{((P-k)/2)!\,2^{(P-k)/2}}\right)^2 \frac{q^k}{k!}$ |

    where $k \ge 1$ has the parity of $P$. The load unit `"K"` is $\alpha_K = K/N^{P-1}$ itself; `"paper"` is the
    unit in which the leading term is $\alpha q^P/2$: $\alpha = \frac{P!}{2} \alpha_K$ for the literal kernels
    `distinct` and `power`, $\alpha = \alpha_K$ for `gaussian` (and for all three at $P = 2$).

    Attributes:
        P: Number of spins in a coupling, 2 to 50. Odd values break the symmetry between a pattern and its
            negative; with the kernel `power` they also create a random field, and a warning says so.
        kernel: Meaning of the couplings: "gaussian", "distinct" or "power".
        load_unit: Unit of every load alpha that goes in or comes out: "paper" or "K".

    Raises:
        TypeError: P is not an integer.
        ValueError: P is out of range, or the kernel or the load unit is unknown.

    Source:
        Albanese, Alemanno, Alessandrelli, Barra, arXiv:2111.12997; Amit, Gutfreund, Sompolinsky,
        Ann. Phys. 173, 30 (1987) for P = 2; the covariances are derived in the theory page.

    Examples:
        >>> model = DenseHopfield(P=4, kernel="power", load_unit="K")
        >>> model.noise
        (0.0, 0.0, 18.0, 0.0, 6.0)
        >>> model.convert(0.02, to="paper")
        0.24
    """

    P: int = 4
    kernel: Kernel = "gaussian"
    load_unit: LoadUnit = "paper"

    def __post_init__(self):
        if isinstance(self.P, bool) or not isinstance(self.P, int | np.integer):
            raise TypeError(f"P must be an integer, got {self.P!r}")
        object.__setattr__(self, "P", int(self.P))
        if not 2 <= self.P <= LARGEST_P:
            raise ValueError(f"P must lie between 2 and {LARGEST_P}, got {self.P}")
        if self.kernel not in KERNELS:
            raise ValueError(f"kernel must be one of {', '.join(map(repr, KERNELS))}, got {self.kernel!r}")
        if self.load_unit not in LOAD_UNITS:
            raise ValueError(f"load_unit must be one of {', '.join(map(repr, LOAD_UNITS))}, got {self.load_unit!r}")
        if self.kernel == "power" and self.P % 2:
            warnings.warn(
                f"P = {self.P} is odd: the power kernel then has a random field xi'(0) > 0, and no state has q = 0",
                stacklevel=3,
            )

    @property
    def signal(self) -> tuple[float, ...]:
        r"""Coefficients of $g(m) = m^P/2$."""
        return _signal(self.P, 0)

    @property
    def log_determinant(self) -> bool:
        """Whether P = 2, where the noise has cumulants of every order."""
        return self.P == 2

    @property
    def offset(self) -> float:
        """Energy per spin and unit load of the diagonal K/N, which distinct sites lack at P = 2."""
        return 0.5 if self.P == 2 and self.kernel == "distinct" else 0.0

    @property
    def noise(self) -> tuple[float, ...]:
        r"""Coefficients $c_k$ of $\xi(q) = \alpha \sum_k c_k q^k$, k = 0 to P, for alpha in the model's load unit."""
        return _noise(self.P, self.kernel, self.load_unit, 0)

    def g(self, m: Number, order: int = 0) -> Number:
        r"""Return $g(m) = m^P/2$ or one of its derivatives.

        Args:
            m: Mattis overlap, a number or an array of any shape.
            order: Which derivative, 0 for the function itself.

        Examples:
            >>> DenseHopfield(P=4).g(0.5, order=1)
            0.25
        """
        return polynomial(_signal(self.P, order), m)

    def xi(self, q: Number, alpha: Number | float = 1.0, order: int = 0) -> Number:
        r"""Return the noise covariance $\xi(q)$ or one of its derivatives with respect to q.

        Args:
            q: Overlap of two states, a number or an array of any shape.
            alpha: Load in the model's unit, of a shape that broadcasts with q.
            order: Which derivative, 0 for the function itself.

        Examples:
            >>> DenseHopfield(P=4, kernel="distinct", load_unit="K").xi(1.0, alpha=0.1)
            0.6000000000000001
        """
        return alpha * polynomial(_noise(self.P, self.kernel, self.load_unit, order), q)

    def convert(self, alpha: Number, to: LoadUnit) -> Number:
        r"""Return a load, given in the model's unit, in another one.

        Args:
            alpha: Load in the model's unit, a number or an array of any shape.
            to: "paper" or "K".

        Raises:
            ValueError: Unknown unit.

        Examples:
            >>> DenseHopfield(P=4, kernel="distinct").convert(0.395720238390763, to="K")
            0.03297668653256358
        """
        if to not in LOAD_UNITS:
            raise ValueError(f"to must be one of {', '.join(map(repr, LOAD_UNITS))}, got {to!r}")
        factor = _paper_units_per_k(self.P, self.kernel)
        if to == self.load_unit:
            return alpha
        return alpha * factor if to == "paper" else alpha / factor


def _paper_units_per_k(P: int, kernel: str) -> int:
    return 1 if kernel == "gaussian" else math.factorial(P) // 2


@functools.cache
def _signal(P: int, order: int) -> tuple[float, ...]:
    return _derivative({P: Fraction(1, 2)}, order)


@functools.cache
def _noise(P: int, kernel: str, load_unit: str, order: int) -> tuple[float, ...]:
    per_k = {
        "gaussian": lambda: {P: Fraction(1, 2)},
        "distinct": lambda: {P: Fraction(math.factorial(P), 4)},
        "power": lambda: {k: Fraction(_hermite(P, k) ** 2, 4 * math.factorial(k)) for k in range(P, 0, -2)},
    }[kernel]()
    unit = _paper_units_per_k(P, kernel) if load_unit == "paper" else 1
    return _derivative({k: c / unit for k, c in per_k.items()}, order)


def _hermite(P: int, k: int) -> int:
    """Return E[He_k(x) x^P] of a standard Gaussian x."""
    return math.factorial(P) // (math.factorial((P - k) // 2) * 2 ** ((P - k) // 2))


def _derivative(terms: dict[int, Fraction], order: int) -> tuple[float, ...]:
    degree = max(terms) - order
    found = [0.0] * (max(degree, 0) + 1)
    for power, coefficient in terms.items():
        if power >= order:
            found[power - order] = float(coefficient * math.perm(power, order))
    return tuple(found)
