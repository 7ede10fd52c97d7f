"""What singles out a line of the phase diagram among the states: one condition more than the equations of state."""

import numpy as np

from ._continuation import Conditions
from ._disordered import Disordered
from ._systems import System, balanced

_W, _ENTROPY, _REPLICON = range(3)  # behind the residuals


def fold(system: System) -> Conditions:
    """The Jacobian of the equations is singular: its smallest singular value, signed so as to be smooth, vanishes."""
    n = system.size
    order = range(2, n + 2)
    frame: list = []  # the singular vectors of the last Jacobian, which fix the sign of the condition
    last: dict = {}  # the Jacobian of the point last asked for: value and jacobian come in turns

    def slopes_at(z):
        key = z.tobytes()
        if key not in last:
            last.clear()
            last[key] = system.slopes(z, order)[:n]
        return last[key]

    def value(z):
        residual, slopes = system(z)[:n], slopes_at(z)
        if not np.isfinite(slopes).all():
            return np.full(n + 1, np.inf)
        factors = balanced(slopes)
        left, singular, right = np.linalg.svd(factors * slopes)
        u, v, small = left[:, -1], right[-1], singular[-1]
        if frame:
            small = small * np.sign(u @ frame[0]) * np.sign(v @ frame[1])
            u, v = (part * np.sign(part @ old) for part, old in zip((u, v), frame, strict=False))
        frame[:] = [u, v, u * factors[:, 0]]
        return np.append(residual, small)

    def jacobian(z):
        if not frame:
            value(z)
        slopes = np.hstack([system.slopes(z, (0, 1))[:n], slopes_at(z)])
        return np.vstack([slopes, frame[2] @ system.bend(z, frame[1], range(n + 2))])

    return Conditions(value, jacobian)


def vanishing(system: System, which: str) -> Conditions:
    """The replicon or the entropy of the state is zero."""
    n = system.size
    row = n + {"replicon": _REPLICON, "entropy": _ENTROPY}[which]

    def value(z):
        found = system(z)
        return np.append(found[:n], found[row])

    def jacobian(z):
        return system.slopes(z, range(n + 2))[[*range(n), row]]

    return Conditions(value, jacobian)


def equal_pressure(system: System, rival: Disordered) -> Conditions:
    """The state has the free energy of the phase without a condensed pattern."""
    n = system.size

    def value(z):
        found = system(z)
        if not np.isfinite(found[:n]).all():
            return np.full(n + 1, np.inf)
        return np.append(found[:n], found[n] - rival(z[0], z[1]).W)

    def jacobian(z):
        # at T = 0 only the load and the order parameters are free, and there is no colder temperature to step to
        columns = [0, *range(1 if z[1] > 0 else 2, n + 2)]
        slopes = np.zeros((n + 1, n + 2))
        slopes[:, columns] = system.slopes(z, columns)[: n + 1]
        other = rival(z[0], z[1])
        slopes[n, :2] -= other.alpha, other.T if z[1] > 0 else 0.0
        return slopes

    return Conditions(value, jacobian)


def together(system: System, first: Conditions, second: Conditions) -> Conditions:
    """Two conditions at once, at the one point where their lines meet."""
    n = system.size

    def value(z):
        return np.append(first.value(z), second.value(z)[n:])

    def jacobian(z):
        return np.vstack([first.jacobian(z), second.jacobian(z)[n:]])

    return Conditions(value, jacobian)
