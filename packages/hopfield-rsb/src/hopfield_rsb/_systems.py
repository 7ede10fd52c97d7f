r"""States as zeros of a few smooth functions of free coordinates: what capacities and lines are solved from.

A point is $z = (\alpha, T, y)$ with y the order parameters in coordinates that cannot leave their range: logarithms of
$1-m$, of the gaps between overlaps, of $\chi$ and of $\mu$. Derivatives are central differences of fourth order: the
functions are exact to round-off, so that a step of $10^{-3}$ leaves about $10^{-12}$.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._breaking import Order
from ._breaking import equations as broken_equations
from ._model_base import MeanFieldModel
from ._newton import equations as symmetric_equations
from ._state import retrieval_or_glass

_STEP = 1e-3
_STENCIL = ((1, 8 / 12), (-1, -8 / 12), (2, -1 / 12), (-2, 1 / 12))
_STEEPEST, _FLATTEST = 3e3, 1e-10
_LONGEST = 0.5  # of a Newton step, in logarithms
_SETTLED = 1e-6  # the same of the last one, at a fold


@dataclass
class System:
    """One ansatz of one model. The functions are the residuals, then W = -f, the entropy and the replicon."""

    model: MeanFieldModel
    steps: int  # of replica symmetry breaking
    condensed: bool = True  # whether m is an unknown; it is zero otherwise
    calls: int = field(default=0, init=False)

    @property
    def size(self) -> int:
        """Number of order parameters."""
        return 2 * self.steps + 1 + self.condensed

    def order(self, z: np.ndarray) -> Order:
        """Return the order parameters of a point."""
        k = self.steps
        y = list(z[2:])
        m = -np.expm1(y.pop(0)) if self.condensed else 0.0
        chi = float(np.exp(y[k]))
        q = 1 - z[1] * chi - np.cumsum(np.exp(y[:k][::-1]))[::-1]
        return Order(float(m), tuple(map(float, q)), chi, tuple(map(float, np.exp(y[k + 1 :]))))

    def point(self, alpha: float, T: float, order: Order) -> np.ndarray:
        """Return the point of given order parameters; the inverse of :meth:`order`."""
        gaps = np.diff([*order.q, 1 - T * order.chi])
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.log([*([1 - order.m] if self.condensed else []), *gaps, order.chi, *order.mu])
        return np.array([alpha, T, *y])

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return residuals, W, entropy and replicon at a point."""
        self.calls += 1
        alpha, T = float(z[0]), float(z[1])
        if not (alpha > 0 and T >= 0 and np.abs(z[2:]).max() < 600):
            return np.full(self.size + 3, np.inf)
        order = self.order(z)
        if self.steps == 0:
            return self._symmetric(alpha, T, order)
        # far from any state the quadrature would need nodes without end
        if order.q[0] < 0 or max(order.mu) > _STEEPEST or max(order.mu) * T > 2 or np.exp(z[2:]).min() < _FLATTEST:
            return np.full(self.size + 3, np.inf)
        found = broken_equations(self.model, alpha, T, order)
        residual = found.residual if self.condensed else found.residual[1:]
        return np.array([*residual, found.W, found.entropy, found.replicon])

    def _symmetric(self, alpha, T, order):
        cell = [np.array([value]) for value in (alpha, T, order.m, order.chi)]
        e = symmetric_equations(self.model, *cell)
        state = retrieval_or_glass(self.model, *cell)
        residual = [*([e.m[0]] if self.condensed else []), e.chi[0]]
        return np.array([*residual, -state["f"][0], state["s"][0], state["replicon"][0]])

    def slopes(self, z: np.ndarray, columns) -> np.ndarray:
        """Return the derivatives of all functions with respect to some coordinates, one column each."""
        found = []
        for column in columns:
            # alpha and T are not logarithms: their steps are relative, and no temperature becomes negative
            step = _STEP * (abs(z[column]) if column < 2 else 1.0)
            total = 0.0
            for shift, weight in _STENCIL:
                moved = z.copy()
                moved[column] += shift * step
                with np.errstate(invalid="ignore"):  # beyond the domain, and of the replicon at T = 0, it is infinite
                    total = total + weight * self(moved) / step
            found.append(total)
        return np.stack(found, axis=1)

    def bend(self, z: np.ndarray, right: np.ndarray, columns) -> np.ndarray:
        """Return derivatives, by coordinates, of the residual's derivative along `right`: for a Newton step."""
        along = np.zeros_like(z)
        along[2:] = right * _STEP * 3
        found = []
        for column in columns:
            step = 3 * _STEP * (abs(z[column]) if column < 2 else 1.0)
            across = np.zeros_like(z)
            across[column] = step
            with np.errstate(invalid="ignore"):
                corners = self(z + along + across) - self(z + along - across) - self(z - along + across)
                corners += self(z - along - across)
            found.append(corners[: self.size] / (4 * 3 * _STEP * step))
        return np.stack(found, axis=1)


def solve(system: System, z: np.ndarray, columns, tolerance: float = 1e-12, rounds: int = 40) -> tuple[Any, float]:
    """Solve the equations by Newton's iteration in as many coordinates as there are equations.

    Returns:
        The point and its residual, infinite if the iteration left the domain or stalled.
    """
    z, columns = z.copy(), list(columns)
    value, best = system(z), np.inf
    for _ in range(rounds):
        residual = value[: system.size]
        error = float(np.abs(residual).max())
        if not np.isfinite(error):
            return z, np.inf
        if error <= tolerance and error >= best / 4:
            return z, error
        best = min(best, error)
        jacobian = system.slopes(z, columns)[: system.size]
        if not np.isfinite(jacobian).all():
            return z, np.inf
        step = -np.linalg.lstsq(jacobian, residual, rcond=None)[0]
        step *= _LONGEST / max(np.abs(step).max(), _LONGEST)
        for _ in range(6):  # a shorter step where the whole one leaves the domain or makes things worse
            moved = z.copy()
            moved[columns] += step
            new = system(moved)
            if np.isfinite(new[: system.size]).all() and np.abs(new[: system.size]).max() < max(2 * error, 1e-11):
                break
            step /= 2
        z, value = moved, new
    error = float(np.abs(value[: system.size]).max())
    return z, error if np.isfinite(error) else np.inf


def balanced(slopes: np.ndarray) -> np.ndarray:
    """Return the factors, shape (n, 1), that give all rows of a Jacobian the size of the smallest.

    The equations of a breaking point and of an overlap close to the next one vary by orders of magnitude less than
    the others. Without the factors several singular values are small, and the last of them bends within a short way.
    """
    size = np.linalg.norm(slopes, axis=1, keepdims=True)
    return size.min() / np.where(size > 0, size, 1.0)


def solve_fold(system: System, z: np.ndarray, tolerance: float = 1e-12, rounds: int = 25) -> tuple[Any, float]:
    """Solve for the order parameters and the load at which the Jacobian becomes singular, at fixed temperature.

    Returns:
        The point, and the larger of the residual of the equations and the smallest singular value.
    """
    n = system.size
    free = [0, *range(2, n + 2)]
    best = np.inf
    for _ in range(rounds):
        value = system(z)
        slopes = system.slopes(z, free)[:n]
        if not (np.isfinite(value[:n]).all() and np.isfinite(slopes).all()):
            return z, np.inf
        error = max(float(np.abs(value[:n]).max()), float(np.linalg.svd(slopes[:, 1:])[1][-1]))
        if error <= 30 * tolerance and error >= best / 2:
            return z, error
        best = min(best, error)
        factors = balanced(slopes[:, 1:])
        left, singular, right = np.linalg.svd(factors * slopes[:, 1:])
        row = (left[:, -1] * factors[:, 0]) @ system.bend(z, right[-1], free)
        matrix = np.vstack([factors * slopes, row])
        step = -np.linalg.solve(matrix, np.append(factors[:, 0] * value[:n], singular[-1]))
        # where levels almost merge the equations are small some way around their solution, too
        settled = error <= tolerance and np.abs(step).max() < _SETTLED
        step *= _LONGEST / max(np.abs(step).max(), _LONGEST)
        z = z.copy()
        z[free] += step
        if settled:
            return z, error
    return z, error
