r"""Variance of the local field's noise in terms of $\chi = \beta(1-q)$, the unknown that stays finite at T = 0.

For $P > 2$ the variance is $\xi'(q)$; for $P = 2$ it is $\alpha r$ with $r = q/(1-\chi)^2$, the trace that the hidden
layer's log-determinant leaves behind.
"""

import numpy as np

from ._averages import TINY
from ._model_base import MeanFieldModel

SINGULAR = 1 - 1e-15  # the largest chi at P = 2, where the determinant vanishes


def overlap(chi: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Return q = 1 - T chi."""
    return np.maximum(1 - T * chi, 0.0)


def largest_chi(model: MeanFieldModel, T: np.ndarray) -> np.ndarray:
    """Return the upper end of chi: q >= 0, and a positive determinant at P = 2."""
    end = 1 / np.maximum(T, TINY)
    return np.minimum(end, SINGULAR) if model.log_determinant else end


def variance(model: MeanFieldModel, chi: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Return the variance of the local field's noise per unit load."""
    q = overlap(chi, T)
    return q / (1 - chi) ** 2 if model.log_determinant else model.xi(q, order=1)


def variance_slope(model: MeanFieldModel, chi: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Return the derivative of :func:`variance` with respect to chi."""
    q = overlap(chi, T)
    if model.log_determinant:
        return (2 * q / (1 - chi) - T) / (1 - chi) ** 2
    return -T * model.xi(q, order=2)
