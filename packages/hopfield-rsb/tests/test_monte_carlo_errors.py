"""Errors of correlated series against processes whose variance is known."""

import numpy as np
import pytest

from hopfield_rsb._monte_carlo_errors import autocorrelation_time, block_mean, jackknife, series_mean


def autoregressive(rho, length, chains, seed):
    """Return chains of unit variance with correlation rho^t, stationary from the start."""
    noise = np.random.default_rng(seed).standard_normal((length, chains)) * np.sqrt(1 - rho**2)
    x = noise.copy()
    x[0] /= np.sqrt(1 - rho**2)
    for t in range(1, length):
        x[t] += rho * x[t - 1]
    return x


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_error_of_an_autoregressive_process(rho):
    length, chains = 4000, 4
    expected = np.sqrt((1 + rho) / (1 - rho) / (length * chains))  # up to corrections of order tau / length
    means = [series_mean(autoregressive(rho, length, chains, seed)) for seed in range(60)]
    errors = np.array([mean.error for mean in means])
    assert errors.mean() == pytest.approx(expected, rel=0.05)
    pulls = np.array([mean.value / mean.error for mean in means])
    assert pulls.std() == pytest.approx(1, abs=4 / np.sqrt(2 * 60))
    drifts = np.array([mean.drift for mean in means])
    assert drifts.std() == pytest.approx(1, abs=4 / np.sqrt(2 * 60))
    times = [autocorrelation_time(mean, 1.0 + mean.value**2, length * chains) for mean in means]
    assert np.mean(times) == pytest.approx((1 + rho) / (1 - rho) / 2, rel=0.1)


def test_chains_that_never_meet_count_once_each():
    places = np.array([0.0, 1.0, 2.0, 3.0])
    series = places + 0.01 * autoregressive(0.0, 500, 4, 0)
    assert series_mean(series).error == pytest.approx(places.std() / np.sqrt(4), rel=0.02)
    assert autocorrelation_time(series_mean(series), float((series**2).mean()), 2000) > 200


def test_a_drift_is_seen():
    series = autoregressive(0.3, 400, 4, 1) + np.linspace(0, 1, 400)[:, None]
    assert series_mean(series).drift > 4


def test_degenerate_series():
    assert series_mean(np.full((50, 3), 0.1)).error == pytest.approx(0, abs=1e-16)
    assert series_mean(np.full((50, 3), 2.0)) == (2.0, 0.0, 0.0)
    alone = series_mean(np.array([[1.5]]))
    assert alone.value == 1.5 and alone.error == np.inf and alone.drift == 0
    assert autocorrelation_time(alone, 2.25, 1) == 0.5
    assert np.isfinite(series_mean(np.array([[1.0], [2.0]])).error)
    assert np.isinf(block_mean(np.ones((1, 3)))[1]).all()


def test_jackknife_removes_the_bias_of_a_square():
    # E[mean^2] = mu^2 + sigma^2/n; the jackknife of a square is unbiased exactly: mean^2 - var/n
    x = np.random.default_rng(3).standard_normal((40, 1)) + 2
    value, error = jackknife(lambda mean: float(mean[0] ** 2), x)
    assert value == pytest.approx(float(x.mean() ** 2 - x.var(ddof=1) / 40), rel=1e-12)
    assert error == pytest.approx(2 * float(x.mean() * x.std(ddof=1)) / np.sqrt(40), rel=0.05)  # the delta method
    mean, simple = block_mean(x)
    assert jackknife(lambda mean: float(mean[0]), x) == pytest.approx((float(mean[0]), float(simple[0])), rel=1e-12)
