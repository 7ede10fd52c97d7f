"""The entry for states with broken replica symmetry."""

import dataclasses
from typing import Any, Literal

import numpy as np

from ._ansatz import RSB
from ._model_base import MeanFieldModel
from ._solve import solve

Branch = Literal["retrieval", "glass", "para"]


def rsb(
    *,
    model: MeanFieldModel,
    alpha: float | np.ndarray = 1.0,
    T: float | np.ndarray = 0.0,
    steps: int = 1,
    branch: Branch = "retrieval",
) -> dict[str, Any]:
    r"""Solve a branch with one or two steps of replica-symmetry breaking; :func:`solve` as a dict of plain arrays.

    Args:
        model: The model.
        alpha: Load in the model's unit, 0 to 1e50; a number or an array.
        T: Temperature, 0 to 1e50; a number or an array.
        steps: Number of breaking steps, 1 or 2.
        branch: "retrieval", "glass" or "para".

    Returns:
        Numbers, or arrays of the shape to which alpha and T broadcast: `m`; the overlaps `q1`, `q2`, `q3` and the
        breaking points `x1`, `x2`, which are slopes $\mu = \lim \beta x$ at T = 0 (with one step `q3` repeats `q2`
        and `x2` repeats `x1`); `q`, the overlap within a cluster; `chi`, `A`, `f`, `u`, `s`, `replicon`,
        `residual`, `converged`, `branch`, `ansatz` (the broken state that was found), as in :class:`State`,
        and `reason`, its message; and the model's own fields.

    Raises:
        TypeError: As :func:`solve`, or steps is not an integer.
        ValueError: As :func:`solve`, or steps is neither 1 nor 2.

    Source:
        arXiv:2111.12997.

    Examples:
        >>> from hopfield_rsb import PSpin, rsb
        >>> print(f"{rsb(model=PSpin(p=3), branch='glass')['f']:.12f}")
        -0.813534963984
    """
    state = solve(model, alpha, T, RSB(steps), branch)
    values = {name: getattr(state, name) for name in ("m", "chi", "A", "f", "u", "s", "replicon", "residual")}
    values |= {f"q{i + 1}": state.q[..., min(i, steps)] for i in range(3)}
    values |= {f"x{i + 1}": state.x[..., min(i, steps - 1)] for i in range(2)}
    values["q"] = state.q[..., steps]
    values |= {name: getattr(state, name) for name in ("converged", "branch", "ansatz")}
    values["reason"] = state.message  # sweeps keep the name `message` for cells that failed
    plain = {name: value if value.ndim else value.item() for name, value in values.items()}
    return plain | dataclasses.asdict(model)
