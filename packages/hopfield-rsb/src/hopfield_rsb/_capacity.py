"""The largest load at which a retrieval state exists: the spinodal of the replica-symmetric equations."""

import dataclasses
import math
from typing import Any

import numpy as np
from scipy.optimize import brentq, root
from scipy.special import erf

from ._arguments import check_model, nonnegative
from ._model import DenseHopfield
from ._newton import descend, equations
from ._rs import TOLERANCE

_GRID = 65  # loads tried at once while the spinodal is bracketed
_NARROW = 1e-10  # relative width of the bracket from which the fold is solved
_ROUNDS = 12  # each narrows the bracket 64-fold; a load that is still not separated from zero is zero
_ROUNDOFF = np.float64(1e-15)
_NO_MEMORY = {"alpha": 0.0, "m": 0.0, "q": 0.0, "chi": 0.0, "residual": 0.0, "converged": False}


def capacity(*, model: DenseHopfield, T: float = 0.0) -> dict[str, Any]:
    r"""Return the replica-symmetric capacity, the load where the retrieval state ends, at a temperature.

    At $T = 0$ it is the maximum over $y$ of $g'(\mathrm{erf}\,y)^2 / (2 y^2 \xi'(1))$ with $\xi'$ per unit load, for
    $P = 2$ that of $\frac12(\mathrm{erf}(y)/y - \frac2{\sqrt\pi}e^{-y^2})^2$. At $T > 0$ the equations are solved
    together with the vanishing of their Jacobian.

    Args:
        model: The network, which fixes the kernel and the unit of the load.
        T: Temperature in the unit of `rs`, one number from 0 to 1e50.

    Returns:
        `alpha` in the model's unit, the order parameters `m`, `q` and $\chi = \beta(1-q)$ there, `residual`,
        `converged`, and the model's `P`, `kernel` and `load_unit`. Where no load is stored at this temperature, `alpha`
        is 0 and `converged` False.

    Raises:
        TypeError: model is no DenseHopfield.
        ValueError: T is out of range, NaN or an array.

    Source:
        Amit, Gutfreund, Sompolinsky, Ann. Phys. 173, 30 (1987) for P = 2; for P > 2 the noise of arXiv:2111.12997.

    Examples:
        >>> [round(capacity(model=DenseHopfield(P=P))["alpha"], 12) for P in (2, 4)]
        [0.137905566495, 0.395720238391]
    """
    check_model(model)
    temperature = nonnegative("T", T)
    if temperature.ndim:
        raise ValueError(f"T must be one number, got an array of shape {temperature.shape}")
    end = _at_zero(model)
    if temperature > 0:
        end = _at(model, float(temperature), end["alpha"])
    return end | dataclasses.asdict(model)


def _at_zero(model: DenseHopfield) -> dict[str, Any]:
    def gauss(y: float) -> float:
        return 2 / math.sqrt(math.pi) * math.exp(-y * y)

    def slope(y: float) -> float:
        """Return the derivative of the load with respect to y, up to a positive factor."""
        if model.P == 2:
            return y * gauss(y) * (1 + 2 * y * y) - float(erf(y))
        return (model.P - 1) * y * gauss(y) - float(erf(y))

    y: float = brentq(slope, 0.5, 20.0, xtol=1e-15, rtol=_ROUNDOFF)  # pyright: ignore[reportAssignmentType]
    m = float(erf(y))
    if model.P == 2:
        alpha = (m / y - gauss(y)) ** 2 / 2
        chi = gauss(y) / (m / y)
    else:
        unit = model.xi(1.0, order=1)
        alpha = (model.g(m, 1) / y) ** 2 / (2 * unit)
        chi = gauss(y) / math.sqrt(2 * alpha * unit)
    return {"alpha": alpha, "m": m, "q": 1.0, "chi": chi, "residual": abs(slope(y)), "converged": True}


def _at(model: DenseHopfield, T: float, alpha_zero: float) -> dict[str, Any]:
    """Bracket the end of the branch on ever finer grids of loads, then solve for the fold."""
    low, high = 0.0, 2 * alpha_zero  # the spinodal bulges by less than a quarter over its value at T = 0
    m = chi = 0.0
    for _ in range(_ROUNDS):
        loads = np.linspace(low, high, _GRID)
        ms, chis, found = descend(model, loads, np.full(_GRID, T), retrieval=True)
        if not found[0]:
            return dict(_NO_MEMORY)
        last = int(np.argmin(found)) - 1 if not found.all() else _GRID - 1
        low, high = loads[last], loads[min(last + 1, _GRID - 1)]
        m, chi = ms[last], chis[last]
        if high - low <= _NARROW * high:
            break
    if low == 0:
        return dict(_NO_MEMORY)

    def fold(unknown: np.ndarray) -> np.ndarray:
        m, chi, alpha = unknown
        e = equations(model, *(np.array([value]) for value in (alpha, T, m, chi)))
        determinant = (e.m_m - 1) * (e.chi_chi - 1) - e.m_chi * e.chi_m
        return np.array([e.m[0], e.chi[0], determinant[0]])

    found = root(fold, [m, chi, low], method="hybr", options={"xtol": 1e-14})
    m, chi, alpha = map(float, found.x)
    residual = float(np.abs(fold(found.x)).max())
    inside = low * (1 - 1e-6) <= alpha <= high * (1 + 1e-6)
    return {
        "alpha": alpha, "m": m, "q": 1 - T * chi, "chi": chi, "residual": residual,
        "converged": bool(inside and residual <= 1e3 * TOLERANCE),
    }  # fmt: skip
