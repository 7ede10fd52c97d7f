"""Errors of correlated series: automatic windowing of the autocorrelation, and blocks for what is not a mean."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_WINDOW = 6  # in autocorrelation times (Sokal)


class Mean(NamedTuple):
    """A mean over the bins of several chains, its standard error, and how far its halves are apart."""

    value: float
    error: float
    drift: float  # of the second half against the first, in standard errors


def series_mean(series: np.ndarray, independent: float | None = None) -> Mean:
    r"""Return the mean of series (bins, chains) with an error that knows their correlation.

    The autocovariance is taken about the mean of all chains, so that chains that stay apart count as correlated
    for ever. The sum over it stops at the first window of 6 autocorrelation times. `independent` is the number of
    chains that are, all by default.

    Source:
        Sokal, Monte Carlo Methods in Statistical Mechanics (1997); Wolff, hep-lat/0306017, for the bias.
    """
    value = float(series.mean())
    error = _error(series - value, series.shape[1] if independent is None else independent)
    half = len(series) // 2
    if half == 0 or error == 0 or np.isinf(error):
        return Mean(value, error, 0.0)
    gap = float(series[len(series) - half :].mean() - series[:half].mean())
    return Mean(value, error, gap / (2 * error))  # a half has twice the variance, a difference of two four times


def autocorrelation_time(mean: Mean, second_moment: float, length: float) -> float:
    """Return the integrated autocorrelation time that the error of a mean of so many measurements implies."""
    variance = second_moment - mean.value**2
    # one value, or the rounding of a constant, has no correlation
    if variance <= 1e-13 * max(mean.value**2, 1e-13) or np.isinf(mean.error):
        return 0.5
    return mean.error**2 * length / (2 * variance)


def block_mean(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard error over the first axis; the error of a single block is infinite."""
    count = len(blocks)
    mean = blocks.mean(0)
    if count < 2:
        return mean, np.full_like(mean, np.inf)
    return mean, blocks.std(0, ddof=1) / np.sqrt(count)


def jackknife(function: Callable[[np.ndarray], float], blocks: np.ndarray) -> tuple[float, float]:
    """Return a function of the mean of the blocks, corrected for its bias, and its standard error."""
    count, total = len(blocks), blocks.sum(0)
    whole = function(total / count)
    if count < 2:
        return whole, float("inf")
    without = np.array([function((total - block) / (count - 1)) for block in blocks])
    error = np.sqrt((count - 1) / count * np.sum((without - without.mean()) ** 2))
    return count * whole - (count - 1) * float(without.mean()), float(error)


def _error(deviations: np.ndarray, independent: float) -> float:
    bins, chains = deviations.shape
    variance = float((deviations**2).mean())
    if bins * chains < 2:
        return float("inf")
    if variance == 0:
        return 0.0
    padded = np.fft.rfft(deviations, 2 * bins, axis=0)
    covariance = np.fft.irfft(np.abs(padded) ** 2, axis=0)[:bins].mean(1) / np.arange(bins, 0, -1)
    tau = 0.5 + np.cumsum(covariance[1:]) / variance
    stops = np.flatnonzero(np.arange(1, bins) >= _WINDOW * tau)
    window = int(stops[0]) + 1 if len(stops) else bins - 1
    best = max(float(tau[window - 1]), 0.5) if window else 0.5
    best *= 1 + (2 * window + 1) / (bins * independent)
    # chains that never meet leave no window: as many independent values as there are chains is the least to say
    return float(np.sqrt(variance * min(2 * best / bins, 1.0) / independent))
