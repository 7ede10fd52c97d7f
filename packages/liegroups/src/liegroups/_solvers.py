"""What symmetron runs: decompositions and invariant integrals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ._base import MatrixGroup
from ._checks import float_table
from ._integral import haar_integral
from ._samples import Scheme


def decompose(
    *, group: MatrixGroup, matrix: ArrayLike, chart: Literal["polar", "kak", "iwasawa", "exp"] = "polar"
) -> dict[str, Any]:
    """Write a matrix as the product of the factors of a chart.

    Args:
        group: A continuous matrix group.
        matrix: An element, (n, n).
        chart: The chart.

    Returns:
        ``factors`` (factor, n, n), whose product is the matrix, with their names ``factor``; ``coordinates`` (dim,) in
        orthonormal bases; ``log_density`` of left Haar measure there; ``cut_distance`` in radians.

    Raises:
        ValueError: The matrix is not an element, or the group has no such chart.

    Examples:
        >>> import liegroups
        >>> found = liegroups.decompose(group=liegroups.SL(2), matrix=[[-2, 0], [0, -0.5]])
        >>> found["factor"].tolist(), (found["factors"] + 0.0).round(12).tolist()
        (['P', 'R'], [[[2.0, 0.0], [0.0, 0.5]], [[-1.0, 0.0], [0.0, -1.0]]])
    """
    element = float_table(matrix, "matrix")
    if element.shape != (group.n, group.n):
        raise ValueError(f"matrix has shape {element.shape}; {group.name} needs ({group.n}, {group.n})")
    if not group.contains(element, atol=1e-6 * max(1.0, float(np.abs(element).max()) ** 2)):
        raise ValueError(f"matrix is not an element of {group.name}")
    found = group.chart(chart)
    coordinates = found.inverse(element)
    return {
        "factors": np.stack(found.factors(element)),
        "factor": np.array(found.factor_names),
        "coordinates": coordinates,
        "log_density": float(found.log_density(coordinates)),
        "cut_distance": float(found.cut_distance(element)),
    }


def integrate(
    *,
    group: MatrixGroup,
    integrand: Callable[[np.ndarray], Any] | None = None,
    power: float = 0.0,
    beta: float = 1.0,
    count: int = 1024,
    replicates: int = 8,
    scale: float = 1.0,
    scheme: Scheme = "sobol",
    side: Literal["left", "right"] = "left",
    seed: int = 0,
) -> dict[str, Any]:
    r"""Integrate a function over a group with respect to Haar measure.

    By default $|\det A|^s e^{-\beta(\|A\|_F^2 - n)}$ of the linear part A of the elements, times $e^{-\beta|x|^2}$ of
    their translation x. The measure has mass 1 on the maximal compact subgroup (see :func:`liegroups.sample_set`).

    Args:
        group: A compact group, one closed under transposition, or an affine extension of one.
        integrand: From Python, any function of elements (N, n, n) that returns N numbers.
        power: Exponent s of the determinant.
        beta: Width of the Gaussian.
        count: Samples of one randomisation.
        replicates: Number of randomisations.
        scale: Standard deviation of the law that is sampled.
        scheme: ``"sobol"`` or ``"mc"``.
        side: Haar measure that is invariant from this side.
        seed: Seed of all randomisations.

    Returns:
        ``value``, its standard ``error`` and the number of ``samples``.

    Raises:
        ValueError: An argument is out of range.

    Examples:
        >>> import liegroups
        >>> found = liegroups.integrate(group=liegroups.SL(2), beta=1.0, scale=0.8)     # pi / (2 beta)
        >>> round(float(found["value"]), 2)
        1.57
    """

    def gaussian(A: np.ndarray) -> np.ndarray:
        d = group.n - 1 if group.affine else group.n
        size = np.sum(A[:, :d] ** 2, axis=(1, 2)) - d
        return np.exp(power * np.linalg.slogdet(A)[1] - beta * size)

    found = haar_integral(
        integrand or gaussian,
        group,
        count,
        seed,
        scale=None if group.compact else scale,
        scheme=scheme,
        replicates=replicates,
        side=side,
    )
    return {"value": found.value, "error": found.error, "samples": found.samples}
