"""The largest load at which a retrieval state exists: the spinodal of the equations of an ansatz."""

import dataclasses
import math
from typing import Any, Literal

import numpy as np
from scipy.optimize import brentq, root
from scipy.special import erf

from ._ansatz import RSB
from ._arguments import nonnegative
from ._capacity_broken import broken_fold
from ._model import DenseHopfield
from ._model_hopfield import Hopfield
from ._newton import descend, equations
from ._rs import TOLERANCE
from ._state import retrieval_or_glass

_GRID = 65  # loads tried at once while the spinodal is bracketed
_NARROW = 1e-10  # relative width of the bracket from which the fold is solved
_ROUNDS = 12  # each narrows the bracket 64-fold; a load that is still not separated from zero is zero
_ROUNDOFF = np.float64(1e-15)
_POLISHED = 1e-11  # residual of a broken state's fold that counts as solved
ANSATZE = ("RS", "1RSB", "2RSB")
_NO_MEMORY = {"alpha": 0.0, "m": 0.0, "q": 0.0, "chi": 0.0, "residual": 0.0, "converged": False}


def capacity(
    *,
    model: DenseHopfield | Hopfield,
    T: float = 0.0,
    ansatz: "Literal['RS', '1RSB', '2RSB'] | RSB" = "RS",
) -> dict[str, Any]:
    r"""Return the capacity, the load where the retrieval state ends, at a temperature.

    Replica symmetric at $T = 0$ it is the maximum over $y$ of $g'(\mathrm{erf}\,y)^2 / (2 y^2 \xi'(1))$ with $\xi'$ per
    unit load, for $P = 2$ that of $\frac12(\mathrm{erf}(y)/y - \frac2{\sqrt\pi}e^{-y^2})^2$. Otherwise the equations
    are solved together with the vanishing of their Jacobian. T = 0 is no limit: its equations are exact.

    Args:
        model: The network, which fixes the kernel and the unit of the load.
        T: Temperature in the unit of `rs`, one number from 0 to 1e50.
        ansatz: "RS", "1RSB" or "2RSB" (or `RSB(k)`): steps of replica-symmetry breaking.

    Returns:
        `alpha` in the model's unit, the order parameters `m`, `q` (within a cluster) and $\chi = \beta(1-q)$ there,
        `residual`, `converged`, `replicon` within a cluster (minus infinity at T = 0), and the model's parameters.
        `q1`, `q2` are the overlaps between clusters and `mu1`, `mu2` their slopes $\mu = \beta\theta$; levels that are
        not there have overlap `q` and slope 0. `ansatz` is that of the state found, and `reason` a sentence where it is
        another one than asked for. Where no load is stored at this temperature, `alpha` is 0 and `converged` False.

    Raises:
        TypeError: model is no network.
        ValueError: T is out of range, NaN or an array, or the ansatz is unknown.

    Source:
        Amit, Gutfreund, Sompolinsky, Ann. Phys. 173, 30 (1987) for P = 2; for P > 2 the noise of arXiv:2111.12997.
        Broken symmetry at P = 2: Crisanti, Amit, Gutfreund, Europhys. Lett. 2, 337 (1986); Steffan and Kühn,
        Z. Phys. B 95, 249 (1994).

    Examples:
        >>> [round(capacity(model=DenseHopfield(P=P))["alpha"], 12) for P in (2, 4)]
        [0.137905566495, 0.395720238391]
        >>> round(capacity(model=DenseHopfield(P=4), ansatz="1RSB")["alpha"], 10)
        0.4583434668
    """
    if not isinstance(model, DenseHopfield | Hopfield):
        raise TypeError(f"model must be a DenseHopfield or a Hopfield, got {type(model).__name__}")
    if str(ansatz) not in ANSATZE:
        raise ValueError(f"ansatz must be one of {', '.join(map(repr, ANSATZE))} or RSB(k), got {ansatz!r}")
    temperature = nonnegative("T", T)
    if temperature.ndim:
        raise ValueError(f"T must be one number, got an array of shape {temperature.shape}")
    end = cold = _at_zero(model)
    if temperature > 0:
        end = _at(model, float(temperature), cold["alpha"])
    end["replicon"] = _replicon(model, float(temperature), end)
    end |= {"ansatz": "RS", "q1": end["q"], "q2": end["q"], "mu1": 0.0, "mu2": 0.0, "reason": ""}
    if not end["converged"]:
        end["reason"] = "no load is stored at this temperature"
    elif str(ansatz) != "RS":
        end = _broken(model, float(temperature), int(str(ansatz)[0]), end, cold)
    return end | dataclasses.asdict(model)


def _replicon(model, T: float, end: dict[str, Any]) -> float:
    if not end["converged"]:
        return 0.0
    cell = (np.array([value]) for value in (end["alpha"], T, end["m"], end["chi"]))
    return float(retrieval_or_glass(model, *cell)["replicon"][0])


def _broken(model, T: float, steps: int, end: dict[str, Any], cold: dict[str, Any]) -> dict[str, Any]:
    if end["replicon"] >= 0:
        return end | {"reason": "replica symmetry is not broken at this spinodal"}
    z, error, system = broken_fold(model, T, steps, cold)
    if not np.isfinite(error):
        sentence = (
            f"no state of {steps + 1} distinct overlaps was reached within the steps allowed: "
            "these are the values of RS"
        )
        return end | {"converged": False, "reason": sentence}
    order = system.order(z)
    q = 1 - T * order.chi
    inside = (*order.q[1:], q)[0]
    return {
        "alpha": float(z[0]), "m": order.m, "q": q, "chi": order.chi, "residual": error, "converged": error <=
        _POLISHED,
        "replicon": float(system(z)[-1]), "ansatz": f"{steps}RSB", "q1": order.q[0], "q2": inside,
        "mu1": order.mu[0], "mu2": order.mu[1] if steps == 2 else 0.0,
        "reason": "" if error <= _POLISHED else f"the fold was solved to {error:.1e} only",
    }  # fmt: skip


def _at_zero(model: DenseHopfield | Hopfield) -> dict[str, Any]:
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


def _at(model: DenseHopfield | Hopfield, T: float, alpha_zero: float) -> dict[str, Any]:
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
