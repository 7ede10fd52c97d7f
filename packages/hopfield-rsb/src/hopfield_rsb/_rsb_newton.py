"""Newton's iteration on the stationarity equations of a broken functional, cell by cell, from several starts (JAX)."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ._functional import Functional

TOLERANCE = 1e-11  # residual that counts as a solution
SEPARATION = 1e-6  # overlaps and breaking points closer than this to each other or to 0 and 1 are not a broken state
WARM_UP = 4  # plain iterations at fixed breaking points, which carry a start to the attracting solution,
HELD = 4  # and Newton steps at fixed breaking points
STEPS = 40
_EXHAUSTED = 2e-15  # relative step below which float64 has nothing left


class Found(NamedTuple):
    """Solutions of a batch of cells."""

    point: np.ndarray  # (n, d)
    residual: np.ndarray  # (n,)
    accepted: np.ndarray  # (n,), a proper broken state of the branch
    start: np.ndarray  # (n,), index of the start that led there


def newton(functional: Functional, free: tuple[int, ...], starts, alpha, T, tries=None) -> Found:
    """Solve a batch of cells; each takes its starts one after the other until one leads to an acceptable state.

    Args:
        functional: What is made stationary.
        free: Which components of a point are unknown; the others keep the start's values.
        starts: Starting points, shape (n, s, d).
        alpha: Loads, shape (n,).
        T: Temperatures, shape (n,).
        tries: How many of the starts each cell may use, shape (n,); all by default.
    """
    tries = np.full(len(T), starts.shape[1]) if tries is None else tries
    with jax.enable_x64(True):
        return Found(*(np.asarray(part) for part in _compiled(functional, free)(starts, alpha, T, tries)))


@functools.lru_cache(maxsize=128)
def _compiled(functional: Functional, free: tuple[int, ...]):
    k = functional.k
    index = np.array(free)
    breaking = np.array([i >= 2 + k for i in free])
    positive = np.array([i >= 1 + k for i in free])  # chi and mu; the others lie between 0 and 1

    def clip(values, step):
        """Shorten a step that would leave the domain or more than halve or double a positive unknown."""
        size = jnp.abs(step) + 1e-300
        room = jnp.where(step > 0, jnp.where(positive, values, 0.75 * (1 - values)), 0.5 * values)
        return jnp.minimum(1.0, jnp.min(room / size))

    def value_and_jacobian(values, point, alpha, T):
        def both(v):
            residual = functional.equations(point.at[index].set(v), alpha, T)[index]
            return residual, residual

        jacobian, residual = jax.jacfwd(both, has_aux=True)(values)
        return residual, jacobian

    def plain(values, point, alpha, T):
        """Return the step of the plain iteration, which leaves the breaking points alone."""
        step = functional.equations(point.at[index].set(values), alpha, T)[index]
        return jnp.where(breaking, 0.0, step), jnp.full(len(free), jnp.inf), jnp.zeros((len(free), len(free)))

    def newton_step(values, point, alpha, T, held):
        residual, jacobian = value_and_jacobian(values, point, alpha, T)
        held = held & breaking
        matrix = jnp.where(held[:, None], jnp.eye(len(free)), jacobian)
        return jnp.linalg.solve(matrix, jnp.where(held, 0.0, -residual)), residual, jacobian

    def descend(point, alpha, T):
        def more(carry):
            return (carry[4] < WARM_UP + HELD + STEPS) & ~carry[5]

        def body(carry):
            values, best, smallest, slopes, count, _ = carry
            step, residual, jacobian = jax.lax.cond(
                count < WARM_UP,
                lambda: plain(values, point, alpha, T),
                lambda: newton_step(values, point, alpha, T, count < WARM_UP + HELD),
            )
            size = jnp.max(jnp.abs(residual))
            lost = jnp.isnan(size) | ~jnp.all(jnp.isfinite(step))
            better = size < smallest
            step = jnp.where(lost, 0.0, step)
            step = step * clip(values, step)
            still = jnp.max(jnp.abs(step) / (jnp.abs(values) + 1e-3)) < _EXHAUSTED
            settled = (smallest < 1e-13) & ~better
            return (
                values + step,
                jnp.where(better, values, best),
                jnp.where(better, size, smallest),
                jnp.where(better, jacobian, slopes),
                count + 1,
                lost | settled | (still & (count >= WARM_UP + HELD)),
            )

        values = point[index]
        start = (values, values, jnp.inf, jnp.zeros((len(free), len(free))), 0, False)
        _, best, smallest, slopes, _, _ = jax.lax.while_loop(more, body, start)
        return point.at[index].set(best), smallest, slopes

    def acceptable(point, residual, jacobian, T):
        m, q, chi, mu = functional.split(point)
        overlaps = jnp.stack([*q, 1 - T * chi])
        x = jnp.stack(mu)
        good = (residual <= TOLERANCE) & jnp.all(jnp.diff(overlaps) > SEPARATION) & (overlaps[0] >= 0)
        good &= jnp.all(x > SEPARATION) & (x[-1] * T < 1 - SEPARATION)
        if k == 2:
            good &= (x[1] - x[0]) > SEPARATION * x[1]
        if 1 in free:
            good &= overlaps[0] > SEPARATION
        if 0 in free:
            # Eliminating all but m leaves R(m) = 0; R falls on the branch of larger m, the metastable one.
            inner = jnp.linalg.solve(jacobian[1:, 1:], jacobian[1:, 0])
            fall = jacobian[0, 0] - jacobian[0, 1:] @ inner
            good &= (m > SEPARATION) & ((fall < 0) | (not functional.model.retrieves))
        return good

    def cell(arguments):
        starts, alpha, T, tries = arguments

        def more(carry):
            count, _, _, good = carry
            return (count < tries) & ~good

        def body(carry):
            count, best, smallest, _ = carry
            point, residual, jacobian = descend(starts[count], alpha, T)
            good = acceptable(point, residual, jacobian, T)
            better = good | (residual < smallest)
            return count + 1, jnp.where(better, point, best), jnp.where(better, residual, smallest), good

        count, point, residual, good = jax.lax.while_loop(more, body, (0, starts[0], jnp.inf, False))
        return point, residual, good, count - 1

    return jax.jit(lambda *cells: jax.lax.map(cell, cells))
