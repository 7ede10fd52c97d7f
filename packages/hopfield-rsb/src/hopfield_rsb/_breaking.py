r"""Equations of a state whose replica symmetry is broken in one or two steps, with a condensed pattern or without.

Energies take the place of the pressure: $W = -f = TA$, and $\mu_l = \beta\theta_l$ and $\chi = \beta(1-q_{k+1})$
that of
$\theta_l$ and $q_{k+1}$, so that T = 0 is an ordinary point. With $\sigma_l^2$ the variance of the noise up to level l,

$$ W = g - m g' + \frac{\beta}{2}[\xi(1)-\xi(q_{k+1})-(1-q_{k+1})\xi'(q_{k+1})]
   - \sum_l \frac{\mu_l}2[\Lambda(q_{l+1}) - \Lambda(q_l)] + E\,\psi_1, \qquad \Lambda = q\xi' - \xi. $$

A Gaussian hidden layer (P = 2) has instead, with $L_{k+1} = 1-\chi$ and $L_l = L_{l+1} - \mu_l(q_{l+1}-q_l)$,
$\alpha r_1 = \alpha q_1/L_1^2$ and $r_{l+1}-r_l = (q_{l+1}-q_l)/(L_l L_{l+1})$ as variances and the logarithms of L
in W.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ._levels import innermost, nodes, outer
from ._model_base import MeanFieldModel
from ._one_step import second_difference


@dataclass(frozen=True)
class Order:
    """Order parameters: overlaps q_1 to q_k, chi in place of q_{k+1}, and mu_1 to mu_k."""

    m: float
    q: tuple[float, ...]
    chi: float
    mu: tuple[float, ...]


class Broken(NamedTuple):
    """A point of the equations: residuals of m, q_1.., chi, mu_1.., and what belongs to it."""

    residual: np.ndarray
    W: float
    entropy: float
    replicon: float  # inside a cluster; minus infinity at T = 0


class _Noise(NamedTuple):
    variance: np.ndarray  # of levels 1 to k + 1, cumulative
    W: float  # what the noise adds to W
    slope: np.ndarray  # derivative of that with respect to mu_l
    entropy: float
    stable: float
    softening: float


def equations(model: MeanFieldModel, alpha: float, T: float, order: Order) -> Broken:
    """Return the residuals of the equations at an order, each of which is zero at a stationary point of W."""
    q = np.array([*order.q, 1 - T * order.chi])
    mu = np.array(order.mu)
    noise = (_hidden_layer if model.log_determinant else _covariance)(model, alpha, T, q, order.chi, mu)
    if not np.isfinite(noise.W) or np.any(np.diff(noise.variance, prepend=0.0) < 0):
        return Broken(np.full(2 * len(mu) + 2, np.inf), np.nan, np.nan, np.nan)
    widths = np.sqrt(np.diff(noise.variance, prepend=0.0))
    field = float(model.g(order.m, 1))
    found = _average(field, widths, mu, T)
    slope = noise.slope + np.array([float(gain) for gain in found.gain])
    residual = np.array(
        [float(found.tanh) - order.m, *(np.array(found.square) - q[:-1]), float(found.sech2) - order.chi, *mu * slope]
    )
    W = float(model.g(order.m)) - order.m * field + noise.W + float(found.psi) - alpha * model.offset
    softening = noise.softening * float(found.sech4)
    replicon = noise.stable - softening / T if T > 0 else -np.inf
    return Broken(residual, W, noise.entropy + float(found.entropy), replicon)


def _average(field, widths, mu, T):
    """Average over all levels; the z of level l is axis l - 1."""
    k = len(mu)
    # zeros of E e^(mu |a + b z|) in the complex plane: at pi / (2 mu), or beyond 3 b where b is too small to make any
    poles = [max(np.pi / 2 * T, min(np.pi / 2 / mu[level], 3 * widths[level + 1])) for level in range(k)]
    rules = [nodes(widths[0], poles[0])]
    rules += [nodes(widths[level], poles[level], mu[level - 1] * widths[level]) for level in range(1, k)]
    a = np.array(field)
    for (z, _), width in zip(rules, widths, strict=False):
        a = a[..., None] + width * z
    level = innermost(a, widths[k], mu[k - 1], T)
    for index in range(k - 1, -1, -1):
        level = outer(level, rules[index][1], mu[index - 1] if index else 0.0)
    return level


def _covariance(model, alpha, T, q, chi, mu):
    variance = np.array([model.xi(value, alpha, 1) for value in q])
    legendre = q * variance - np.array([model.xi(value, alpha) for value in q])
    second = alpha * float(second_difference(model, float(q[-1])))
    slope = -np.diff(legendre) / 2
    W = T * chi**2 / 2 * second + float(mu @ slope)
    return _Noise(variance, W, slope, -(chi**2) / 2 * second, 1.0, float(model.xi(q[-1], alpha, 2)))


def _hidden_layer(model, alpha, T, q, chi, mu):
    steps = np.diff(q)
    room = 1 - chi - np.append(np.cumsum((mu * steps)[::-1])[::-1], 0.0)  # L_1 .. L_{k+1}
    if room[0] <= 0:
        return _Noise(np.full(len(q), np.nan), np.nan, mu, np.nan, np.nan, np.nan)
    jumps = steps / (room[:-1] * room[1:])
    r = q[0] / room[0] ** 2 + np.append(0.0, np.cumsum(jumps))
    logs = np.log(room[:-1] / room[1:])
    moved = np.diff(r * q)
    W = T * np.log(room[-1]) + (logs / mu).sum() - q[0] / room[0] + chi * r[-1] + mu @ moved
    slope = -logs / mu**2 - steps / (mu * room[:-1]) - steps * r[:-1] + moved
    entropy = np.log(room[-1]) + chi / room[-1]
    half = -alpha / 2
    return _Noise(alpha * r, half * W, half * slope, half * entropy, room[-1] ** 2, alpha)
