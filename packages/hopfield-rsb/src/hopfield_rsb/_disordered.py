r"""The phase without a condensed pattern, rival of the retrieval state at a transition of first order.

For pure noise $\xi = \alpha c q^P$, $P > 2$, it is the paramagnet or, below $T_s\sqrt{2c\alpha}$, the one-step glass
of the
P-spin model, a function of $T/\sqrt{2c\alpha}$ alone. With a quadratic term the glass is replica symmetric here.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq, root
from scipy.special import log_ndtr

from ._model_base import MeanFieldModel
from ._newton import descend
from ._pspin import PSpin
from ._state import paramagnet, retrieval_or_glass
from ._transitions import balance, moments, temperature, transition_temperatures

_brentq: Any = brentq  # its stubs do not know that the root alone is returned


class Phase(NamedTuple):
    """W = -f and its derivatives with respect to alpha and T."""

    W: float
    alpha: float
    T: float


def pure_power(model: MeanFieldModel) -> tuple[int, float]:
    r"""Return p and $\xi(1)/\alpha$ of noise with a single power above two, and p = 0 for any other noise."""
    powers = [k for k, c in enumerate(model.noise) if c]
    if model.log_determinant or len(powers) != 1 or powers[0] < 3:
        return 0, 0.0
    return powers[0], model.noise[powers[0]]


class Disordered:
    """Equilibrium among the states with m = 0, at any load and temperature."""

    def __init__(self, model: MeanFieldModel):
        self.model = model
        self.p, self.strength = pure_power(model)
        self.glass = Glass(self.p) if self.p else None

    def __call__(self, alpha: float, T: float) -> Phase:
        """Return the phase of largest pressure."""
        scale = np.sqrt(2 * self.strength * alpha)
        if self.glass is not None and scale > 0 and self.glass.static * scale > T:
            W, entropy = self.glass(T / scale)
            return Phase(scale * W, (scale * W - T * entropy) / (2 * alpha), entropy)
        step = 1e-4 * alpha
        f, entropy = self._symmetric(alpha + step * np.array([0.0, 1.0, -1.0]), np.full(3, T))
        return Phase(-float(f[0]), float((f[2] - f[1]) / (2 * step)), float(entropy[0]))

    def _symmetric(self, alpha, T):
        """Return free energy and entropy of a continuous glass where there is one, or the paramagnet's."""
        state = paramagnet(self.model, alpha, T)[0]
        if self.glass is None:
            m, chi, found = descend(self.model, alpha, T, retrieval=False)
            if found.all():
                state = retrieval_or_glass(self.model, alpha, T, m, chi)
        return state["f"], state["s"]


class Glass:
    """One-step glass of the p-spin model below its static temperature."""

    def __init__(self, p: int):
        self.p = p
        self.static = transition_temperatures(PSpin(p)).static
        self._table = self._tabulate()

    def __call__(self, T: float) -> tuple[float, float]:
        """Return W = -f and the entropy at a temperature from 0 to the static one."""
        if T == 0:
            return self._ground(), 0.0
        width, theta = self.point(T)
        found = moments(width, theta)
        q, p, beta = found.tanh2, self.p, 1 / T
        curve = (1 - p * q ** (p - 1) + (p - 1) * q**p) / 4
        W = beta * curve + T * np.log(2) - theta * beta / 4 * (p - 1) * q**p + T * found.log_norm / theta
        energy = -beta / 2 * (1 - (1 - theta) * q**p)
        return float(W), float((W + energy) * beta)

    def point(self, T: float) -> tuple[float, float]:
        r"""Return the width $\beta^2\xi'(q)$ and theta of the glass at a temperature."""
        temperatures, widths, thetas = self._table
        if temperatures[-1] > T:
            # colder, theta / T and the overlap change by exponentially little
            guess = [np.log(widths[-1] * (temperatures[-1] / T) ** 2), np.log(thetas[-1] * T / temperatures[-1])]
        else:
            guess = [np.interp(T, temperatures[::-1], np.log(column[::-1])) for column in (widths, thetas)]

        def equations(x):
            width, theta = np.exp(x)
            return balance(self.p, width, theta), np.log(temperature(self.p, width, moments(width, theta).tanh2) / T)

        found = root(equations, guess, method="hybr", options={"xtol": 1e-14})
        width, theta = np.exp(found.x)
        return float(width), float(theta)

    def _tabulate(self):
        """Return columns of temperature, width and theta, from the static temperature down."""
        point = transition_temperatures(PSpin(self.p))
        width, rows, theta = self.p * point.q_static ** (self.p - 1) / (2 * point.static**2), [], 1.0
        while theta > 0.02:
            rows.append((temperature(self.p, width, moments(width, theta).tanh2), width, theta))
            theta *= 0.93
            width = self._width(theta, width)
        return np.array(rows).T

    def _width(self, theta, before):
        low, high = 0.99 * before, before
        while balance(self.p, high, theta) * balance(self.p, low, theta) > 0:
            high *= 1.2
        return float(_brentq(lambda value: balance(self.p, value, theta), low, high, xtol=1e-12))

    def _ground(self):
        p = self.p

        def slope(mu):
            b = np.sqrt(p / 2)
            gauss = np.exp(-((mu * b) ** 2) / 2 - log_ndtr(mu * b)) / np.sqrt(2 * np.pi)
            return mu**2 * p / 4 + mu * b * gauss - np.log(2) - log_ndtr(mu * b) - mu**2 * (p - 1) / 4

        mu = _brentq(slope, 0.1, 10.0, xtol=1e-15)
        return float(mu * p / 4 + (np.log(2) + log_ndtr(mu * np.sqrt(p / 2))) / mu - mu * (p - 1) / 4)
