r"""The pressure as that of hard spins in a Gaussian field plus that of the soft hidden units.

With $\sigma^2$ the variance of the field's noise, $\alpha r$ or $\xi'(q)$,

$$ A_\mathrm{hard} = \beta[g - m g'] - \tfrac{\beta^2}{2}\sigma^2(1-q) + E\ln 2\cosh h, \qquad
   A_\mathrm{soft} = -\tfrac\alpha2\Big[\ln(1-\chi) - \frac{\beta q}{1-\chi}\Big] \;(P = 2), \quad
   \tfrac{\beta^2}2[\xi(1)-\xi(q)] \;(P > 2). $$

For P = 2 the first is a Sherrington-Kirkpatrick pressure of effective noise $\alpha r$, the second that of a
spherical glass.
For P = 4, 6, ... K = $\alpha N^{P-1}$ hidden units couple through $\epsilon = \beta N^{1-P/2}$ to $q^{P/2}$; their
determinant,

$$ -\frac{\alpha N^{P-2}}2\Big[\ln(1-\epsilon(1-s)) - \frac{\epsilon s}{1-\epsilon(1-s)}\Big], \quad s = q^{P/2}, $$

is $\frac12\alpha\beta N^{P/2-1}$ (the diagonal, a constant), the $P > 2$ form above, and a rest of order
$N^{1-P/2}$: no soft
glass of its own is left.
"""

import dataclasses
from typing import Any, Literal

import numpy as np

from ._arguments import check_branch, check_model
from ._averages import thermal
from ._disordered import pure_power
from ._model_base import MeanFieldModel
from ._noise import variance
from ._rs import rs

_SMALL = 1e-2  # epsilon below which the determinant is summed as a series
_TERMS = 12


def glassiness(
    *,
    model: MeanFieldModel,
    alpha: float | np.ndarray,
    T: float | np.ndarray,
    branch: Literal["retrieval", "glass"] = "retrieval",
    size: float = 0.0,
) -> dict[str, Any]:
    r"""Split the replica-symmetric pressure of a state into that of the hard spins and that of the soft hidden units.

    Args:
        model: The model.
        alpha: Load in the model's unit; a number or an array.
        T: Temperature, above 0 (the pressure diverges there); a number or an array that broadcasts with alpha.
        branch: "retrieval" or "glass".
        size: Number N of spins at which the hidden units' determinant is taken, 0 for infinitely many. For P > 2 the
            constant of its diagonal is left out. P has to be even and the noise a single power.

    Returns:
        `A`, the pressure of the state as `rs` gives it, `hard` and `soft`, which sum up to it in the limit of large
        N, and
        `excess`: by how much the soft part of N spins exceeds its limit (0 if `size` is 0, and for P = 2). `m`, `q`,
        `converged` and `branch` are those of the state; where it does not exist the three are 0. The model's
        parameters.

    Raises:
        TypeError: The model is none of this package's.
        ValueError: T is 0, alpha or T is out of range, the branch is unknown, or N is given for noise of several or
            odd powers.

    Source:
        Barra, Genovese, Guerra, Tantari, J. Stat. Mech. P07009 (2012), for P = 2; arXiv:2111.12997 for P > 2.

    Examples:
        >>> from hopfield_rsb import Hopfield
        >>> part = glassiness(model=Hopfield(), alpha=0.1, T=0.2)
        >>> part["converged"], abs(part["hard"] + part["soft"] - part["A"]) < 1e-12
        (True, True)
    """
    check_model(model)
    check_branch(branch, ("retrieval", "glass"))
    state = rs(model=model, alpha=alpha, T=T, branch=branch)
    if np.any(np.asarray(T) == 0):
        raise ValueError("T must be above 0, where the pressure is finite, got 0")
    p, _ = pure_power(model)
    if not 0 <= size < np.inf or (size and not model.log_determinant and (p == 0 or p % 2)):
        raise ValueError(
            f"size must be 0, or a positive number for noise of a single even power, got {size!r} for {model!r}"
        )
    loads, beta, m, q = np.broadcast_arrays(alpha, 1 / np.asarray(T, float), state["m"], state["q"])
    loads, m, q, beta = (part.astype(float) for part in (loads, m, q, beta))
    exists = np.asarray(state["converged"])
    soft, excess = np.zeros(q.shape), np.zeros(q.shape)
    hard = _hard(model, loads, beta, m, q)
    chi = beta * (1 - q)
    if model.log_determinant:
        safe = np.where(chi < 1, chi, 0.0)
        soft = -loads / 2 * (np.log1p(-safe) - beta * q / (1 - safe)) - beta * loads * model.offset
    else:
        soft = beta**2 / 2 * (model.xi(1.0, loads) - model.xi(q, loads))
        if size:
            excess = _excess(2 * model.xi(1.0, loads), beta, q, p, size)
    parts = {"hard": hard, "soft": soft, "excess": excess}
    parts = {name: np.where(exists, value, 0.0) for name, value in parts.items()}
    parts = {name: value if value.shape else value.item() for name, value in parts.items()}
    kept = {name: state[name] for name in ("A", "m", "q", "converged", "branch")}
    return kept | parts | dataclasses.asdict(model)  # pyright: ignore[reportArgumentType]


def _hard(model, loads, beta, m, q):
    T, chi = 1 / beta, beta * (1 - q)
    noise = loads * variance(model, chi.ravel(), T.ravel()).reshape(q.shape)
    field = model.g(m, 1)
    average = thermal(*(part.ravel() for part in (field, np.sqrt(noise), T)))
    # E h tanh h = beta field m + beta^2 noise (1 - q), by Stein's lemma
    log_cosh = average.entropy.reshape(q.shape) + beta * field * m + beta * noise * chi
    return beta * (model.g(m) - m * field) - beta * noise * chi / 2 + log_cosh


def _excess(load, beta, q, p, size):
    r"""Return the determinant's orders three and higher in epsilon."""
    s, epsilon = q ** (p / 2), beta * size ** (1 - p / 2)
    if np.any(epsilon * (1 - s) >= 1):
        raise ValueError(f"size must be so large that beta (1 - q^(P/2)) N^(1 - P/2) < 1, got {size!r}")
    room = 1 - s
    whole = np.log1p(-epsilon * room) - epsilon * s / (1 - epsilon * room) + epsilon + epsilon**2 * (1 - s * s) / 2
    series = sum(-(epsilon**k) * (room**k / k + s * room ** (k - 1)) for k in range(3, _TERMS))
    return -load * size ** (p - 2) / 2 * np.where(epsilon < _SMALL, series, whole)
