"""The covariance of the crosstalk at finite N, by exact combinatorics."""

import math
from fractions import Fraction
from typing import Any

import numpy as np

from ._kernels import check_literal, conventions, elementary_symmetric, patterns_of_load, whole


def crosstalk_covariance(*, model: Any, N: int, alpha: float = 1.0) -> dict[str, np.ndarray]:
    r"""Return the covariance per spin of the energies of two states under random patterns, at finite N.

    A kernel is a sum of elementary symmetric polynomials of the N signs $\xi_i s_i$, $f = \sum_k a_k e_k$, which random
    patterns make orthogonal: $E[e_k e_l] = \delta_{kl}\, e_k(s \cdot s')$. So K patterns give
    $\frac{K N}{4} \sum_{k \ge 1} a_k^2\, e_k(q)$ per spin, in integers. As N grows it tends to $\xi(q)$.

    Args:
        model: A network of literal patterns: kernel "distinct" or "power".
        N: Number of spins.
        alpha: Load in the model's unit, not rounded to a whole number of patterns.

    Returns:
        `q`: the overlaps -1, -1 + 2/N, ..., 1; `covariance` at N and `limit`, the model's $\xi(q)$, both (N+1,).

    Raises:
        TypeError: The model is no Hebbian network, or N is no integer.
        ValueError: The kernel is "gaussian", or N is out of range.

    Source:
        The limits are those of the theory page; Krotov, Hopfield, arXiv:1606.01164 for the variance of `power`.

    Examples:
        >>> from hopfield_rsb import DenseHopfield
        >>> found = crosstalk_covariance(model=DenseHopfield(P=4, kernel="distinct", load_unit="K"), N=400)
        >>> print(f"{found['q'][360]:.1f} {found['covariance'][360]:.4f} {found['limit'][360]:.4f}")
        0.8 2.4003 2.4576
    """
    check_literal(model)
    P = model.P
    N = whole("N", N, max(P, 2))
    total = [Fraction(0)] * (N + 1)
    for k, coefficient in _expansion(model, N).items():
        if k:
            total = [sum_ + coefficient**2 * e for sum_, e in zip(total, elementary_symmetric(N, k), strict=True)]
    values = np.array([float(value * N ** (P - 1)) for value in total])
    share = patterns_of_load(model, N, float(alpha)) / N ** (P - 1)
    q = np.arange(-N, N + 1, 2) / N
    return {"q": q, "covariance": share * N / 4 * values, "limit": model.xi(q, alpha)}


def _expansion(model: Any, N: int) -> dict[int, Fraction]:
    """Return the coefficients a_k of the kernel in elementary symmetric polynomials."""
    P = model.P
    if conventions(model)["kernel"] == "distinct":
        return {P: Fraction(math.factorial(P), N**P)}
    power = {0: 1}
    for _ in range(P):  # M e_k = (k+1) e_{k+1} + (N-k+1) e_{k-1}
        raised: dict[int, int] = {}
        for k, value in power.items():
            raised[k + 1] = raised.get(k + 1, 0) + (k + 1) * value
            if k:
                raised[k - 1] = raised.get(k - 1, 0) + (N - k + 1) * value
        power = raised
    return {k: Fraction(value, N**P) for k, value in power.items() if k <= N}
