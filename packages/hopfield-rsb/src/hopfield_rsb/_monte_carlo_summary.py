"""What the records of a simulation say, with errors."""

from typing import Any

import numpy as np

from ._monte_carlo_errors import autocorrelation_time, block_mean, jackknife, series_mean
from ._monte_carlo_run import BLOCKS, Draw
from ._tempering import exchange_rates


def summary(done: list[Draw], temperatures: np.ndarray, at: int, N: int, even: bool) -> dict[str, Any]:
    """Return the results at the temperature number `at` and along the ladder, averaged over the draws."""
    replicas = done[0].series.shape[1]
    values = np.arange(-N, N + 1, 2) / N
    means = np.empty((4, len(done), len(temperatures), 2))  # of u, m, q and the specific heat, with their errors
    probabilities, errors = np.empty((2, len(done), N + 1))
    drift, tau = 0.0, 0.5
    for d, draw in enumerate(done):
        sweeps = int(draw.sweeps)
        for rung, temperature in enumerate(temperatures):
            series, pairs = draw.series[:, :, rung], draw.pairs[:, :, rung]
            # pairs that share a replica are not independent: no more count than can be formed without sharing
            read = ((series[..., :2], replicas), (series[..., 2:], replicas), (pairs, replicas / 2))
            for column, (both, independent) in enumerate(read):
                mean = series_mean(both[..., 0], independent)
                means[column, d, rung] = mean.value, mean.error
                if rung == at:
                    drift = max(drift, abs(mean.drift))
                    tau = max(tau, autocorrelation_time(mean, float(both[..., 1].mean()), sweeps * independent))
            means[3, d, rung] = _specific_heat(series, temperature, N)
        probabilities[d], errors[d] = _distribution(draw.histogram[:, at], values, means[2, d, at, 1], even)
    total = sum(int(draw.sweeps) for draw in done)
    found: dict[str, Any] = {}
    for name, data in zip(("u", "m", "q", "specific_heat"), means, strict=True):
        mean, error = _over_draws(data[..., 0], data[..., 1])
        found[name], found[f"{name}_error"] = float(mean[at]), float(error[at])
        found[f"ladder_{name}"], found[f"ladder_{name}_error"] = mean, error
        found[f"draw_{name}"], found[f"draw_{name}_error"] = data[:, at].T
    probability, error = _over_draws(probabilities, errors)
    return found | {
        "overlap": values, "overlap_probability": probability, "overlap_error": error,
        "acceptance": float(sum(draw.flips[at] for draw in done) / (total * N * replicas)),
        "tau": float(tau), "drift": float(drift), "sweeps_done": total, "draws_done": len(done),
        "temperature": temperatures,
        "exchange_rate": exchange_rates(sum(draw.exchanged for draw in done), sum(draw.tried for draw in done)),
        "draw": np.arange(len(done)), "draw_pattern_u": np.array([float(draw.pattern_energy) for draw in done]),
    }  # fmt: skip


def _distribution(histogram: np.ndarray, values: np.ndarray, error_of_q: float, even: bool):
    """Return P(q) and its errors from counts (blocks, N+1), by the correlation between blocks that q itself shows."""
    blocks = histogram / histogram.sum(1, keepdims=True)
    if even:
        blocks = (blocks + blocks[:, ::-1]) / 2
    mean, error = block_mean(blocks)
    naive = float(block_mean(blocks @ (np.abs(values) if even else values))[1])
    stretch = error_of_q / naive if 0 < naive < np.inf else 1.0
    return mean, error * max(stretch, 1.0)


def _specific_heat(series: np.ndarray, temperature: float, N: int) -> tuple[float, float]:
    if temperature == 0:
        return 0.0, 0.0
    energy, square = series[..., 0], series[..., 1]
    centre = energy.mean()  # taken off before squaring: the digits that cancel are those of the mean
    both = np.stack([energy - centre, square - 2 * centre * energy + centre**2], -1).mean(1)
    blocks = np.array([part.mean(0) for part in np.array_split(both, min(BLOCKS, len(both)))])
    return jackknife(lambda mean: N / temperature**2 * float(mean[1] - mean[0] ** 2), blocks)


def _over_draws(values: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (values[0], errors[0]) if len(values) == 1 else block_mean(values)
