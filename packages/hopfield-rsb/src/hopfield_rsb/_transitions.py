r"""Where the glass of a pure p-spin model forms, and where its states split again.

Without a field the outer overlap vanishes and one width $\lambda = \beta^2\xi'(q)$ carries everything: with the
measure of
weight $\cosh^\theta(\sqrt\lambda\,z)$,

$$ q = \langle\tanh^2\rangle, \qquad T^2 = p\,q^{p-1}/(2\lambda). $$

At $\theta = 1$ the measure is a shifted Gaussian, $q = F(\lambda) = E\tanh(\lambda + \sqrt\lambda\,z)$, and the
temperature at
which states appear is the largest along this curve, a maximum over one variable.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq, root
from scipy.special import log_ndtr

from ._pspin import PSpin

_ORDER = 40.0  # the trapezoid rule leaves out e^-40
_REACH = 9.0  # standard deviations: beyond are 1e-18
_brentq: Any = brentq  # its stubs do not know that the root alone is returned
_TINY = 4 * np.finfo(float).eps
_WIDE = 144.0  # above, only cold states with small theta are met
_U, _STEP = np.linspace(-3.7, 3.8, 121, retstep=True)
_X = np.exp(_U - np.exp(-_U))
_WEIGHT = _STEP * _X * (1 + np.exp(-_U))


@dataclass(frozen=True)
class TransitionTemperatures:
    r"""Transitions of the p-spin model with covariance $\xi(q) = q^p/2$, in units in which the energy has variance N/2.

    Attributes:
        p: Spins in a coupling.
        static: Temperature $T_s$ below which one-step broken symmetry is the equilibrium.
        q_static: Overlap inside a state there.
        dynamic: Temperature $T_d \ge T_s$ below which exponentially many metastable states exist.
        q_dynamic: Overlap inside a state there.
        gardner: Temperature $T_G$ below which the states of the one-step solution are themselves unstable.
        q_gardner: Overlap inside a state there.
        theta_gardner: Breaking point there.
        residual: Largest residual of the equations solved.
        converged: Whether it is below 1e-11.
    """

    p: int
    static: float
    q_static: float
    dynamic: float
    q_dynamic: float
    gardner: float
    q_gardner: float
    theta_gardner: float
    residual: float
    converged: bool


def transition_temperatures(model: PSpin) -> TransitionTemperatures:
    r"""Return the static, dynamic and Gardner temperature of a pure p-spin model without a field.

    A dense network at load $\alpha$ (paper units, kernels `gaussian` and `distinct`) has the glass of the $P$-spin
    model at temperature $T/\sqrt\alpha$: its lines are these temperatures times $\sqrt\alpha$.

    Args:
        model: `PSpin(p)`. At p = 2 the three temperatures coincide at 1, where the overlap grows from zero.

    Raises:
        TypeError: The model is no PSpin.

    Source:
        Gardner, Nucl. Phys. B 257, 747 (1985); Kirkpatrick and Thirumalai, Phys. Rev. B 36, 5388 (1987) for the dynamic
        temperature.

    Examples:
        >>> from hopfield_rsb import PSpin
        >>> found = transition_temperatures(PSpin(3))
        >>> round(found.static, 10), round(found.dynamic, 10), round(found.gardner, 10)
        (0.6513852269, 0.6815980406, 0.2402600364)
    """
    from ._pspin import PSpin

    if not isinstance(model, PSpin):
        raise TypeError(f"model must be a PSpin, got {type(model).__name__}")
    p = model.p
    if p == 2:
        return TransitionTemperatures(2, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, True)
    dynamic = dynamic_width(p)
    static = _static_width(p, dynamic)
    gardner, theta = _gardner_point(p, static)
    q = [moments(width, at).tanh2 for width, at in ((static, 1.0), (dynamic, 1.0), (gardner, theta))]
    residual = float(
        np.abs([*_gardner_equations(p, gardner, theta), _slope(p, dynamic), balance(p, static, 1.0)]).max()
    )
    temperatures = [
        temperature(p, width, overlap) for width, overlap in zip((static, dynamic, gardner), q, strict=True)
    ]
    pairs = [value for pair in zip(temperatures, q, strict=True) for value in pair]
    return TransitionTemperatures(p, *pairs, theta, residual, residual <= 1e-11)


def temperature(p: int, width: float, q: float) -> float:
    r"""Return the temperature at which the overlap q has the width $\beta^2\xi'(q)$."""
    return float(np.sqrt(p * q ** (p - 1) / (2 * width)))


def dynamic_width(p: int) -> float:
    r"""Return the width at which $T(\lambda)$ is largest: there a minimum and a maximum of the pressure in q merge."""
    return float(_brentq(lambda width: _slope(p, width), 0.5, 20 * np.log(p + 1), xtol=1e-15, rtol=_TINY))


def _slope(p: int, width: float) -> float:
    r"""Return $\partial\ln T^2/\partial\ln\lambda = (p-1)\lambda F'/F - 1$, with $F' = E\,\mathrm{sech}^4$."""
    found = moments(width, 1.0)
    return (p - 1) * width * found.sech4 / found.tanh2 - 1


def _static_width(p: int, dynamic: float) -> float:
    """Return the width, beyond the dynamic one, at which the state of theta = 1 has the paramagnet's pressure."""
    top = dynamic + 4
    while balance(p, top, 1.0) * balance(p, dynamic, 1.0) > 0:
        top *= 1.5
    return float(_brentq(lambda width: balance(p, width, 1.0), dynamic, top, xtol=1e-15, rtol=_TINY))


def _gardner_point(p: int, static: float) -> tuple[float, float]:
    """Follow the one-step solution from theta = 1 down until the replicon vanishes, then solve for both."""

    def on_branch(theta: float, guess: float) -> float:
        low, high = guess, guess
        while balance(p, high, theta) * balance(p, low, theta) > 0:
            high *= 1.3
        return float(_brentq(lambda width: balance(p, width, theta), low, high, xtol=1e-13))

    theta, width = 1.0, static
    while True:
        lower = theta * 0.85
        wider = on_branch(lower, width)
        if _gardner_equations(p, wider, lower)[1] < 0:
            break
        theta, width = lower, wider
    mean = np.sqrt([width * wider, theta * lower])
    found = root(lambda x: _gardner_equations(p, *np.exp(x)), np.log(mean), method="hybr", options={"xtol": 1e-14})
    width, theta = np.exp(found.x)
    return float(width), float(theta)


def _gardner_equations(p: int, width: float, theta: float) -> tuple[float, float]:
    found = moments(width, theta)
    return balance(p, width, theta), 1 - (p - 1) * width * found.sech4 / found.tanh2


def balance(p: int, width: float, theta: float) -> float:
    r"""Return $\theta^2\,\partial A/\partial\theta$ at $q_1 = 0$, of order one however cold."""
    found = moments(width, theta)
    return theta * found.log_cosh - found.log_norm - theta**2 * width * found.tanh2 * (p - 1) / (2 * p)


@dataclass(frozen=True)
class Moments:
    log_norm: float  # ln E cosh^theta
    log_cosh: float
    tanh2: float
    sech4: float


def moments(width: float, theta: float) -> Moments:
    """Return averages of weight cosh^theta(sqrt(width) z)."""
    return _wide(width, theta) if width > _WIDE else _narrow(width, theta)


def _narrow(width: float, theta: float) -> Moments:
    r"""Sum by the trapezoid rule over $z > 0$; poles at $\pi/(2\sqrt{\mathrm{width}})$ from the axis set the step."""
    root_width = np.sqrt(width)
    step = min(2 * np.pi * (np.pi / 2 / root_width) / _ORDER, 0.2)
    z = step * np.arange(int(np.ceil((_REACH + theta * root_width) / step)) + 1)
    h = root_width * z
    e = np.exp(-2 * h)
    log_cosh = h + np.log1p(e) - np.log(2)
    exponent = theta * log_cosh - z * z / 2
    weight = np.exp(exponent - exponent.max())
    weight[0] /= 2  # the other half of the line is its mirror image
    total = weight.sum()
    sech2 = 4 * e / (1 + e) ** 2
    norm = float(np.log(2 * step / np.sqrt(2 * np.pi) * total) + exponent.max())

    def mean(values):
        return float((weight * values).sum() / total)

    return Moments(norm, mean(log_cosh), mean(np.tanh(h) ** 2), mean(sech2 * sech2))


def _wide(width: float, theta: float) -> Moments:
    """Integrate the weight e^(theta |h|) in closed form, and what it lacks by a double-exponential rule over |h|."""
    root_width = np.sqrt(width)
    shift = theta * root_width
    e = np.exp(-2 * _X)
    gauss = _WEIGHT * np.exp(theta * _X - (_X / root_width) ** 2 / 2) / (np.sqrt(2 * np.pi) * root_width)
    log_main = shift**2 / 2 + float(log_ndtr(shift))
    scale = np.exp(-log_main)
    excess = np.expm1(theta * np.log1p(e))
    total = 1 + scale * float((gauss * excess).sum())
    mean_h = shift * root_width + root_width * np.exp(-(shift**2) / 2 - float(log_ndtr(shift))) / np.sqrt(2 * np.pi)
    log_cosh = mean_h + scale * float((gauss * (excess * _X + (1 + excess) * np.log1p(e))).sum())
    sech2 = 4 * e / (1 + e) ** 2
    lost, sech4 = (scale / total * float((gauss * (1 + excess) * part).sum()) for part in (sech2, sech2**2))
    log_norm = log_main + np.log(2 * total) - theta * np.log(2)
    return Moments(log_norm, log_cosh / total - np.log(2), 1 - lost, sech4)
