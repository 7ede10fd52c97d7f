"""The record of solved states, with derivatives by the implicit function theorem."""

import functools
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ._ansatz import RSB
from ._model_base import MeanFieldModel


@dataclass(frozen=True)
class State:
    r"""States of one branch on a grid of loads and temperatures; every array has the grid's shape in front.

    Attributes:
        model: The model.
        alpha: Loads in the model's unit.
        T: Temperatures.
        ansatz: "RS", "1RSB" or "2RSB": the broken state that was found, which may have fewer steps than asked for.
        branch: "retrieval", "glass", "para", or "none" where the branch does not exist or was not found.
        m: Mattis overlap or magnetisation.
        q: Overlaps $q_1 \le \dots \le q_{k+1}$, shape (..., k+1), where k is the number of steps asked for; equal to
            each other beyond the steps that were found.
        x: Breaking points $x_1 \le \dots \le x_k$ (theta), shape (..., k), or slopes $\mu = \lim\beta x$ at T = 0;
            1 (at T = 0: infinity) beyond the steps that were found.
        chi: $\beta(1 - q_{k+1})$.
        A: Pressure $-\beta f$, infinite at T = 0.
        f: Free energy per spin.
        u: Energy per spin.
        s: Entropy per spin.
        replicon: Eigenvalue of fluctuations within the innermost clusters; negative is unstable, $-\infty$ at T = 0.
        residual: Largest residual of the stationarity equations.
        converged: Whether the branch exists and was solved.
        message: Empty, or a sentence where the state is not of the ansatz asked for.

    Where `branch` is "none" the numbers belong to the last point of the search and solve nothing; they are never NaN.
    """

    model: MeanFieldModel
    alpha: np.ndarray
    T: np.ndarray
    ansatz: np.ndarray
    branch: np.ndarray
    m: np.ndarray
    q: np.ndarray
    x: np.ndarray
    chi: np.ndarray
    A: np.ndarray
    f: np.ndarray
    u: np.ndarray
    s: np.ndarray
    replicon: np.ndarray
    residual: np.ndarray
    converged: np.ndarray
    message: np.ndarray
    points: dict[int, np.ndarray] = field(repr=False, default_factory=dict)

    def derivative(self, parameter: Literal["T", "alpha"]) -> dict[str, np.ndarray]:
        r"""Return the derivatives of order parameters with respect to temperature or load.

        The stationarity equations $F(y; \alpha, T) = 0$ give $dy = -F_y^{-1} F_p\,dp$, exact at every T, also one-sided
        at T = 0 as far as the limit exists.

        Args:
            parameter: "T" or "alpha".

        Returns:
            Arrays `m`, `q`, `x`, `chi` in the shapes of the state's, and `f` (which is $-s$ for "T"). Zero where the
            branch is "none".

        Raises:
            ValueError: Another parameter.

        Examples:
            >>> from hopfield_rsb import DenseHopfield, solve
            >>> state = solve(DenseHopfield(P=4), alpha=0.3, T=0.1)
            >>> print(f"{state.derivative('alpha')['m']:.6f}")
            -0.195952
        """
        if parameter not in ("T", "alpha"):
            raise ValueError(f"parameter must be 'T' or 'alpha', got {parameter!r}")
        shape, width = self.m.shape, self.x.shape[-1]
        found = {
            "m": np.zeros(self.m.size), "q": np.zeros((self.m.size, width + 1)), "x": np.zeros((self.m.size, width)),
            "chi": np.zeros(self.m.size), "f": np.zeros(self.m.size),
        }  # fmt: skip
        alpha, T = self.alpha.ravel(), self.T.ravel()
        for k, points in self.points.items():
            flat = points.reshape(-1, points.shape[-1])
            name = str(RSB(k)) if k else "RS"
            cells = np.flatnonzero((self.ansatz.ravel() == name) & self.converged.ravel() & np.isfinite(flat).all(1))
            if not len(cells):
                continue
            slopes, pull = _slopes(self.model, k, flat[cells], alpha[cells], T[cells], parameter)
            along = 1.0 if parameter == "T" else 0.0
            chi, hot = slopes[:, 1 + k], T[cells, None] > 0
            found["m"][cells], found["chi"][cells], found["f"][cells] = slopes[:, 0], chi, pull
            last = -T[cells] * chi - along * flat[cells, 1 + k]
            found["q"][cells] = last[:, None]
            found["q"][cells, :k] = slopes[:, 1 : 1 + k]
            mu, mu_slope = flat[cells, 2 + k :], slopes[:, 2 + k :]
            found["x"][cells, :k] = np.where(hot, T[cells, None] * mu_slope + along * mu, mu_slope)
        tail = {"q": (width + 1,), "x": (width,)}
        return {name: value.reshape(shape + tail.get(name, ())) for name, value in found.items()}


def unknowns(model: MeanFieldModel, k: int, *, ordered: bool, outer: bool) -> tuple[int, ...]:
    """Return which components of a point are unknown: m in an ordered state, q_1 unless it vanishes."""
    return tuple(i for i in range(2 + 2 * k) if (i > 0 or ordered) and (k == 0 or i != 1 or outer))


def _slopes(model, k, points, alpha, T, parameter):
    import jax

    found, pull = np.zeros_like(points), np.zeros(len(points))
    ordered, outer = points[:, 0] != 0, (points[:, 1] != 0) if k else np.ones(len(points), bool)
    with jax.enable_x64(True):
        for kind in {(bool(a), bool(b)) for a, b in zip(ordered, outer, strict=True)}:
            cells = np.flatnonzero((ordered == kind[0]) & (outer == kind[1]))
            free = unknowns(model, k, ordered=kind[0], outer=kind[1])
            slopes, forces = _compiled(model, k, kind[1], free, parameter)(points[cells], alpha[cells], T[cells])
            found[np.ix_(cells, free)] = np.asarray(slopes)
            pull[cells] = -np.asarray(forces)
    return found, pull


@functools.lru_cache(maxsize=64)
def _compiled(model, k, outer, free, parameter):
    import jax
    import jax.numpy as jnp

    from ._functional import Functional

    functional, index = Functional(model, RSB(k) if k else "RS", outer=outer), np.array(free)

    def cell(arguments):
        point, alpha, T = arguments

        def forces(unknown):
            given = (unknown[-1], T) if parameter == "alpha" else (alpha, unknown[-1])
            full = point.at[index].set(unknown[:-1])
            return jnp.append(functional.equations(full, *given)[index], functional.value(full, *given))

        # One differentiation of everything: compilation, not the run, is what takes time.
        slopes = jax.jacfwd(forces)(jnp.append(point[index], alpha if parameter == "alpha" else T))
        return -jnp.linalg.solve(slopes[:-1, :-1], slopes[:-1, -1]), slopes[-1, -1]

    return jax.jit(lambda points, alpha, T: jax.lax.map(cell, (points, alpha, T)))
