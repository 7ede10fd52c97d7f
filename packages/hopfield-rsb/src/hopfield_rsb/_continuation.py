"""Follow a curve given by one equation less than there are coordinates, by its arc length."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_ROUNDS = 8
_SHORTEST = 1e-6
_NOT_MET = np.inf


class Curve(NamedTuple):
    """Points on a curve, the residual of each, and why it ends where it does."""

    points: np.ndarray
    residuals: np.ndarray
    end: str


class Conditions(NamedTuple):
    """Equations of a curve: their values and their Jacobian, which only steers the iteration."""

    value: Callable[[np.ndarray], np.ndarray]
    jacobian: Callable[[np.ndarray], np.ndarray]


def polish(conditions: Conditions, z: np.ndarray, free=None, tolerance: float = 1e-12) -> tuple[np.ndarray, float]:
    """Solve for the coordinates that are free, by least change of them if they are more than the equations.

    Returns:
        The point and its residual, infinite if the iteration left the domain.
    """
    free = list(range(len(z)) if free is None else free)
    error, z = _NOT_MET, z.copy()
    for _ in range(3 * _ROUNDS):
        value = conditions.value(z)
        last, error = error, float(np.abs(value).max())
        if not np.isfinite(error):
            return z, np.inf
        if error <= tolerance or (error < 1e-10 and error > last / 4):
            break
        jacobian = conditions.jacobian(z)[:, free]
        if not np.isfinite(jacobian).all():
            return z, np.inf
        step = -np.linalg.lstsq(jacobian, value, rcond=None)[0]
        z[free] += step * 0.3 / max(np.abs(step).max(), 0.3)
    return z, error


def follow(
    conditions: Conditions,
    start: np.ndarray,
    scales: np.ndarray,
    heading: np.ndarray,
    stop: Callable[[np.ndarray], str],
    *,
    step: float = 0.05,
    longest: float = 0.12,
    most: int = 200,
) -> Curve:
    """Follow a curve from a point on it by Euler's predictor and Newton's corrector.

    Args:
        conditions: The n - 1 equations of the curve.
        start: A point that solves them, shape (n,).
        scales: Natural size of each coordinate, shape (n,), by which the arc length is measured.
        heading: The first tangent has a positive product with it, shape (n,).
        stop: Says why the curve ends at a point, or returns an empty string.
        step: First step of arc length.
        longest: Longest one.
        most: Number of points at which to give up.
    """
    z, points, residuals = start.copy(), [start.copy()], [float(np.abs(conditions.value(start)).max())]
    tangent, reason = heading / scales, "the number of points is exhausted"
    while len(points) < most:
        jacobian = conditions.jacobian(z) * scales
        if not np.isfinite(jacobian).all():
            reason = "the domain ends"
            break
        kernel = np.linalg.svd(jacobian)[2][-1]
        tangent = kernel * (1.0 if kernel @ tangent >= 0 else -1.0)
        while step > _SHORTEST:
            ahead, error, rounds = _correct(conditions, z + step * tangent * scales, scales, tangent)
            if error <= 1e-10 and np.linalg.norm((ahead - z) / scales) < 2 * step:
                break
            step /= 3
        else:
            reason = "no further point was found"
            break
        z = ahead
        points.append(z)
        residuals.append(error)
        said = stop(z)
        if said:
            reason = said
            break
        step = min(step * (1.6 if rounds <= 4 else 0.8), longest)
    return Curve(np.array(points), np.array(residuals), reason)


def _correct(conditions, z, scales, tangent):
    """Newton's iteration within the plane through z at right angles to the tangent."""
    error = _NOT_MET
    for rounds in range(_ROUNDS):
        value = conditions.value(z)
        last, error = error, float(np.abs(value).max())
        if not np.isfinite(error) or error > 1e3:
            return z, np.inf, rounds
        if error <= 1e-13 or (error < 1e-11 and error > last / 8):
            return z, error, rounds
        jacobian = conditions.jacobian(z)
        if not np.isfinite(jacobian).all():
            return z, np.inf, rounds
        matrix = np.vstack([jacobian * scales, tangent])
        z = z - scales * np.linalg.lstsq(matrix, np.append(value, 0.0), rcond=None)[0]
    return z, error, _ROUNDS
