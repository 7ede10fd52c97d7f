r"""Thermodynamics of a replica-symmetric state, written without the cancellations that spoil low temperatures.

With $1 - q = T\chi$ every difference such as $\beta[\xi(1) - \xi(q)]$ becomes $\chi$ times a polynomial in q, and the
entropy is $E[\ln 2\cosh h - h \tanh h]$ minus a polynomial, so that T = 0 is an ordinary point.
"""

import numpy as np

from ._averages import TINY, thermal
from ._model_base import MeanFieldModel
from ._noise import overlap, variance


def retrieval_or_glass(model: MeanFieldModel, alpha, T, m, chi) -> dict[str, np.ndarray]:
    """Return the observables at a solution (m, chi), everything of shape (n,)."""
    q, r = overlap(chi, T), variance(model, chi, T)
    average = thermal(model.g(m, 1), np.sqrt(alpha * r), T)
    if model.log_determinant:
        room = 1 - chi
        energy = -model.g(m) - alpha / 2 * (1 / room + chi * q / room**2)
        entropy = average.entropy - alpha / 2 * (np.log1p(-chi) + chi / room)
        stable, softening = room**2, alpha
    else:
        first, second = _divided_differences(model)
        energy = -model.g(m) - alpha * chi * first(q)
        entropy = average.entropy - alpha * chi**2 * second(q) / 2
        stable, softening = np.ones_like(q), model.xi(q, alpha, order=2)
    loss = softening * average.sech4
    with np.errstate(divide="ignore", invalid="ignore"):
        replicon = stable - np.where(loss > 0, loss / T, 0.0)
    residual = np.maximum(np.abs(average.tanh - m), np.abs(average.sech2 - chi) / (1 + chi))
    return _complete(model, alpha, T, {"m": m, "q": q, "r": r}, energy, entropy, replicon, residual)


def paramagnet(model: MeanFieldModel, alpha, T) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the observables at m = q = 0 and whether that is a solution, everything of shape (n,)."""
    zero = np.zeros_like(T)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        beta = 1 / T
        if model.log_determinant:
            exists = (alpha == 0) | (beta < 1)
            energy = -alpha / 2 / (1 - beta)
            entropy = np.log(2) - alpha / 2 * (np.log1p(-beta) + beta / (1 - beta))
            replicon = (1 - beta) ** 2 - alpha * beta**2
        else:
            exists = ((alpha == 0) | (T > 0)) & ((alpha == 0) | (not model.random_field))
            energy = -beta * model.xi(1.0, alpha)
            entropy = np.log(2) - beta**2 * model.xi(1.0, alpha) / 2
            replicon = 1 - beta**2 * model.xi(zero, alpha, order=2)
    free = alpha == 0
    energy = np.where(free, 0.0, np.where(exists, energy, -np.inf))
    entropy = np.where(free, np.log(2), np.where(exists, entropy, 0.0))
    stable = (1 - 1 / np.maximum(T, TINY)) ** 2 if model.log_determinant else 1.0
    replicon = np.where(free, stable, np.where(exists, replicon, -np.inf))
    order = {"m": zero, "q": zero, "r": zero + model.noise[1]}
    return _complete(model, alpha, T, order, energy, entropy, replicon, zero), exists


def _complete(model, alpha, T, order, energy, entropy, replicon, residual):
    if model.offset:
        energy = energy + alpha * model.offset
    unbounded = np.isneginf(energy) | np.isneginf(entropy)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        free_energy = np.where(unbounded, -np.inf, energy - np.where(T > 0, T * entropy, 0.0))
        pressure = np.where(unbounded, np.inf, entropy - np.where(energy == 0, 0.0, energy / T))
    return {
        **order,
        "A": pressure,
        "f": free_energy,
        "u": energy,
        "s": entropy,
        "replicon": replicon,
        "residual": residual,
    }


def _divided_differences(model: MeanFieldModel):
    r"""Return $[\xi(1)-\xi(q)]/(1-q)$ and $[\xi(1)-\xi(q)-(1-q)\xi'(q)]/(1-q)^2$ per unit load, as polynomials."""
    tails = np.cumsum(model.noise[::-1])[::-1]
    first = np.polynomial.Polynomial(tails[1:])
    second = np.polynomial.Polynomial(np.arange(1, len(tails) - 1) * tails[2:])
    return first, second
