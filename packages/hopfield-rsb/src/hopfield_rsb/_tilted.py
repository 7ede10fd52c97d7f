r"""Gaussian averages with a weight $[2\cosh(y/T)]^{\mu T}$, the levels of a Parisi recursion, at any T >= 0 (JAX).

The innermost level has the kink of |y| rounded over a width T. If its noise is wider than T, the average of the T = 0
weight $e^{\mu|y|}$ is taken in closed form (normal distribution functions) and the remainder, which decays like
$e^{-(2 - \mu T)|y|/T}$, by a double-exponential rule in |y|/T; T = 0 is then an ordinary point. If the noise is
narrower, the trapezoid rule in the noise has an error of $e^{-\pi^2/\mathrm{step}}$.

The levels outside average functions that are even or odd in the field, entire but for singularities at a distance d of
the imaginary axis' origin. They are integrated over |y| by a double-exponential rule that crowds at zero, with an error
of about $e^{-\pi^2/[\mathrm{step}\,(1 + \ln(\sigma/d))]}$.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr

from ._tilted_rules import FAR, FINE

_ROOT = float(np.sqrt(2 * np.pi))
X, X_WEIGHT, Z, Z_WEIGHT, HALF, HALF_WEIGHT, WHOLE, WHOLE_WEIGHT = FINE


class Level(NamedTuple):
    """Tilted averages of one level at mean fields a: those of the tanh are odd in a, the others even."""

    log: Any  # ln E [weight]
    tanh: Any  # <tanh h>
    sech2: Any  # <sech^2 h> / T
    sech4: Any  # <sech^4 h> / T
    magnitude: Any  # <T ln 2cosh h>


def innermost(a, b, mu, T) -> Level:
    r"""Return the averages over $y = a + bz$ with weight $[2\cosh(y/T)]^{\mu T}$; mu = 0 is the plain average.

    Args:
        a: Mean fields, shape (n,).
        b: Width of the noise, not negative, and positive if T = 0.
        mu: Tilt, with mu T between 0 and 1.
        T: Temperature, not negative.
    """
    return jax.lax.cond(b >= T, _cold, _hot, a, b, mu, T)


def _cold(a, b, mu, T) -> Level:
    b = jnp.where(b >= T, b, 1.0)  # where the other rule is taken nothing may divide by zero, also under vmap
    y, tilt, theta = a / b, mu * b, mu * T
    plus, minus = mu * a + log_ndtr(y + tilt), -mu * a + log_ndtr(tilt - y)
    log = tilt * tilt / 2 + jnp.logaddexp(plus, minus)
    share = jax.nn.sigmoid(plus - minus)
    peak = 2 * b / _ROOT * jnp.exp(-y * y / 2 - log)
    magnitude = share * (a + tilt * b) + (1 - share) * (tilt * b - a) + peak

    e = np.exp(-2 * X)
    soft = np.log1p(e)
    tanh, sech2 = (1 - e) / (1 + e), 4 * e / (1 + e) ** 2
    rise = jnp.expm1(theta * soft)
    # exp(-(x - y)^2/2) = exp(-x^2/2) exp(-y^2/2) exp(xy): one matrix of exponentials serves both signs. Where the last
    # factor is capped the integrand's own factor e^{-2|y|/T} is below 1e-20.
    x = T / b * X
    base = jnp.exp(theta * X - x * x / 2) * jnp.exp(-log - y * y / 2)[:, None]
    cross = jnp.exp(jnp.minimum(x * y[:, None], 600.0))
    right, left = base * cross, base / cross
    weight = X_WEIGHT / (b * _ROOT)
    even, odd = right + left, right - left
    columns = jnp.stack(
        [
            weight * rise,
            weight * (1 + rise) * sech2,
            weight * (1 + rise) * sech2 * sech2,
            weight * ((1 + rise) * soft + rise * X),
        ],
        axis=1,
    )
    sums = even @ columns
    odd_sum = odd @ (weight * ((1 + rise) * tanh - 1))
    mass = 1 + T * sums[:, 0]
    return Level(
        log + jnp.log(mass),
        (2 * share - 1 + T * odd_sum) / mass,
        sums[:, 1] / mass,
        sums[:, 2] / mass,
        (magnitude + T * T * sums[:, 3]) / mass,
    )


def _hot(a, b, mu, T) -> Level:
    T = jnp.where(b >= T, 1.0, T)
    h = (a[:, None] + b * Z) / T
    e = jnp.exp(-2 * jnp.abs(h))
    log2cosh = jnp.abs(h) + jnp.log1p(e)
    sech2 = 4 * e / (1 + e) ** 2
    exponent = mu * T * log2cosh
    top = jax.lax.stop_gradient(jnp.max(exponent, axis=1))
    weight = Z_WEIGHT * jnp.exp(exponent - top[:, None])
    mass = weight.sum(1)
    return Level(
        top + jnp.log(mass),
        (weight * jnp.tanh(h)).sum(1) / mass,
        (weight * sech2).sum(1) / (mass * T),
        (weight * sech2 * sech2).sum(1) / (mass * T),
        T * (weight * log2cosh).sum(1) / mass,
    )


def half_line(center, width):
    """Return nodes and weights for a folded normal distribution of this center and width: shape (..., n)."""
    center, width = jax.lax.stop_gradient((jnp.asarray(center), jnp.asarray(width)))  # no integral depends on its nodes
    far = (center > FAR * width)[..., None]
    nodes = jnp.where(far, center[..., None] + width * WHOLE, width * HALF)
    return nodes, jnp.where(far, width * WHOLE_WEIGHT, width * HALF_WEIGHT)


def fold(field, width, nodes, weights):
    """Return the weights of the plain average over field + width z, for even and for odd functions at the nodes."""
    scale = weights / (width * _ROOT)
    right = jnp.exp(-(((nodes - field) / width) ** 2) / 2)
    left = jnp.exp(-(((nodes + field) / width) ** 2) / 2)
    return scale * (right + left), scale * (right - left)


def fold_tilted(a, b, mu, log_weight, nodes, weights):
    r"""Return ln E[weight] at fields a (n,) and the tilted weights for even and odd functions at the nodes (n, k).

    The logarithm of the weight at the nodes, shape (n, k), grows like mu |y|; what grows is taken out in closed form.
    """
    log = (mu * b) ** 2 / 2 + jnp.logaddexp(mu * a + log_ndtr(a / b + mu * b), -mu * a + log_ndtr(mu * b - a / b))
    exponent = log_weight - log[:, None]
    scale = weights / (b * _ROOT)
    right = scale * jnp.exp(exponent - ((nodes - a[:, None]) / b) ** 2 / 2)
    left = scale * jnp.exp(exponent - ((nodes + a[:, None]) / b) ** 2 / 2)
    mass = (right + left).sum(1)
    return log + jnp.log(mass), (right + left) / mass[:, None], (right - left) / mass[:, None]
