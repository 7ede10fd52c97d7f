"""Invariant integration over a group, with an error bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from ._checks import check_count
from ._samples import Scheme, check_options, sample_set

if TYPE_CHECKING:
    from ._base import MatrixGroup


class Integral(NamedTuple):
    """An integral and its standard error.

    Attributes:
        value: Estimate, of the shape of one value of the integrand.
        error: Standard error, from independent randomisations; 0 for a finite group.
        samples: Number of evaluations.
    """

    value: Any
    error: Any
    samples: int


def haar_integral(
    f: Callable[[np.ndarray], Any],
    group: MatrixGroup,
    count: int = 1024,
    seed: int = 0,
    *,
    scale: float | None = None,
    scheme: Scheme = "sobol",
    replicates: int = 8,
    side: Literal["left", "right"] = "left",
) -> Integral:
    r"""Integrate a function over a group with respect to Haar measure.

    A finite group is summed (with mass 1). Otherwise the mean of ``replicates`` independently randomised estimates of
    ``count`` weighted samples each; see :func:`liegroups.sample_set` for the measure and its normalisation.

    Args:
        f: Function of elements (N, n, n), numpy float64, that returns an array (N, ...).
        group: The group.
        count: Samples of one randomisation; a power of 2 is best for ``"sobol"``.
        seed: Seed of all randomisations, an integer >= 0.
        scale: Standard deviation of the symmetric coordinates and of translations; required unless the group is
            compact, without effect if it is.
        scheme: ``"sobol"`` or ``"mc"``.
        replicates: Number of randomisations, at least 2.
        side: Haar measure that is invariant from this side.

    Raises:
        ValueError: An argument is out of range, or f returns something of another length or not finite.
        TypeError: ``group`` is no group of this package, or f returns no numbers.

    Examples:
        >>> import numpy as np, liegroups
        >>> found = liegroups.haar_integral(lambda R: np.trace(R, axis1=1, axis2=2) ** 2, liegroups.SO(3))
        >>> bool(abs(found.value - 1) < 4 * found.error < 0.01)           # the defining representation is irreducible
        True
    """
    if not callable(f):
        raise TypeError(f"f must be a function of elements (N, n, n), not {f!r}")
    check_count(replicates, "replicates", 2)
    check_count(count, "count", 1)
    check_options(group, count, scale, scheme, side)
    streams = _streams(seed, replicates)
    elements = group.elements()
    if elements is not None:
        values = _values(f, elements)
        return Integral(values.mean(axis=0), np.zeros(values.shape[1:])[()], len(elements))
    means = []
    for stream in streams:
        samples = sample_set(group, count, stream, scale=scale, scheme=scheme, side=side)
        values = _values(f, samples.elements)
        weights = np.exp(samples.log_weights).reshape(-1, *[1] * (values.ndim - 1))
        means.append((weights * values).mean(axis=0))
    table = np.array(means)
    return Integral(table.mean(axis=0), table.std(axis=0, ddof=1) / np.sqrt(replicates), count * replicates)


def _streams(seed: Any, replicates: int) -> list[np.random.SeedSequence]:
    """Return the seeds of independent randomisations."""
    try:
        return np.random.SeedSequence(seed).spawn(replicates)
    except (TypeError, ValueError) as error:
        raise ValueError(f"seed must be an integer >= 0, not {seed!r}") from error


def _values(f: Callable[[np.ndarray], Any], elements: np.ndarray) -> np.ndarray:
    values = np.asarray(f(elements))
    if values.ndim == 0 or len(values) != len(elements):
        raise ValueError(f"f returned shape {values.shape} for {len(elements)} elements; it needs one value each")
    if values.dtype.kind not in "biufc":
        raise TypeError(f"f must return numbers, not {values.dtype}")
    if not np.isfinite(values).all():
        bad = int(np.argmin(np.isfinite(values).reshape(len(values), -1).all(axis=1)))
        raise ValueError(f"f must be finite, but is not at {elements[bad].tolist()}")
    return values
