"""The replica-symmetric solver."""

import dataclasses
from typing import Literal

import numpy as np

from ._arguments import broadcast, check_branch, check_model
from ._averages import TINY
from ._model_base import MeanFieldModel
from ._newton import descend
from ._state import paramagnet, retrieval_or_glass

Branch = Literal["retrieval", "glass", "paramagnet"]
BRANCHES = ("retrieval", "glass", "paramagnet")
TOLERANCE = 1e-12  # residual that counts as a solution


def rs(
    *, model: MeanFieldModel, alpha: float | np.ndarray, T: float | np.ndarray, branch: Branch = "retrieval"
) -> dict:
    r"""Solve the replica-symmetric equations of one branch, at any load and temperature, T = 0 included.

    The local field is $h = \beta(g'(m) + \sqrt{\alpha r}\,z)$ with a standard Gaussian z, and

    $$m = E \tanh h, \qquad q = E \tanh^2 h, \qquad
      \alpha r = \xi'(q) \;\; (P > 2), \qquad r = q/(1-\beta(1-q))^2 \;\; (P = 2).$$

    T = 0 is solved as it stands, in $\chi = \beta(1-q)$. Values do not depend on which cells are solved together.

    Args:
        model: The model, with the meaning of its noise and of its load.
        alpha: Load in the model's unit, 0 to 1e50; a number or an array.
        T: Temperature in the unit in which a condensed pattern has energy -N/2, 0 to 1e50; a number or an array.
            Values below 1e-100 are T = 0.
        branch: "retrieval" (m > 0 by the signal), "glass" (q > 0 without retrieval; m = 0 unless there is an external
            field) or "paramagnet" (m = q = 0).

    Returns:
        A dict of numbers, or of arrays of the shape to which alpha and T broadcast:

        - `m`, `q`, `r`: Mattis overlap, overlap of two replicas, noise variance of the local field per unit load;
        - `A`, `f`, `u`, `s`: pressure $\beta$-weighted free energy $A = -\beta f$ (infinite at T = 0), free energy,
            energy and entropy per spin;
        - `replicon`: stable against replica-symmetry breaking if positive ($-\infty$ at T = 0);
        - `residual`: largest residual of the equations for m and, relative to $1 + \chi$, for $\chi$;
        - `converged`: whether the branch exists and was solved to a residual of 1e-12;
        - `branch`: the branch, or "none" where it does not exist;
        - the model's own fields, such as `P`, `kernel`, `load_unit`: its conventions, one value for all cells.

        Where `branch` is "none" the other values belong to the last point of the search, where no equation is
        solved; they are never NaN. A paramagnet that does not exist (T = 0, or T <= 1 at P = 2) has `f` = $-\infty$.

    Raises:
        TypeError: The model is none of this package, or alpha or T is not real.
        ValueError: alpha or T is out of range or NaN, their shapes do not broadcast, or the branch is unknown.

    Source:
        arXiv:2111.12997 for P > 2; Amit, Gutfreund, Sompolinsky, Ann. Phys. 173, 30 (1987) for P = 2.

    Examples:
        >>> from hopfield_rsb import DenseHopfield, rs
        >>> state = rs(model=DenseHopfield(P=4), alpha=0.3, T=0.1)
        >>> round(state["m"], 12), round(state["u"], 12), state["branch"]
        (0.986962102375, -0.502579392973, 'retrieval')
        >>> rs(model=DenseHopfield(P=4), alpha=0.5, T=[0.0, 0.1])["branch"]
        array(['none', 'none'], dtype='<U10')
    """
    check_model(model)
    check_branch(branch, BRANCHES)
    loads, temperatures = broadcast(alpha, T)
    shape = loads.shape
    state, _ = symmetric(model, loads.ravel(), temperatures.ravel(), branch)
    state["branch"] = np.where(state["converged"], branch, "none").astype("<U10")
    values = {name: value.reshape(shape) if shape else value.item() for name, value in state.items()}
    return values | dataclasses.asdict(model)


def symmetric(model: MeanFieldModel, alpha, T, branch: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    r"""Return the observables of a branch and $\chi = \beta(1-q)$, everything of shape (n,)."""
    if branch == "paramagnet":
        state, found = paramagnet(model, alpha, T)
        found, chi = found & (model.field == 0), 1 / np.maximum(T, TINY)
    else:
        # An external field magnetises the glass; without one its m is zero.
        m, chi, found = descend(model, alpha, T, retrieval=branch == "retrieval" or model.field > 0)
        found &= model.retrieves if branch == "retrieval" else True
        state = retrieval_or_glass(model, alpha, T, m, chi)
    state["converged"] = found & (state["residual"] <= TOLERANCE)
    return state, chi
