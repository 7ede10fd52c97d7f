r"""The Lie derivative $L_X f(x) = Df(x)\,d\rho(X)x - d\rho(X)f(x)$ of a function of named features."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ._features import call, largest_eps, library, parse_outputs
from ._protocol import Group
from ._rep import Rep

RATIO = 2.0
LEVELS = 14


class LieDerivative(NamedTuple):
    """Squared norms a generator, the error of their sum, how they were found and, if so, why not by jvp."""

    squares: np.ndarray
    error: float
    method: str
    reason: str


def lie_derivative(
    f: Callable,
    group: Group,
    inputs: dict[str, Any],
    rep_in: dict[str, Rep],
    rep_out: dict[str, Rep],
    value: dict[str, np.ndarray],
) -> LieDerivative:
    """Return the Lie derivatives of f at the inputs, whose value f(x) is known.

    Forward-mode automatic differentiation for torch and jax; Ridders' extrapolated central differences for
    numpy, and where f cannot be differentiated automatically.
    """
    moving = [name for name in inputs if not rep_in[name].trivial]
    differentiate, reason = _JVP.get(library(inputs)), ""
    method = "jvp" if differentiate else "differences"
    squares, errors = np.zeros(group.dim), np.zeros(group.dim)
    for a, X in enumerate(group.generators()):
        tangents = {name: rep_in[name].drho(X, inputs[name]) for name in moving}
        push = error = None
        if not moving:
            push = {name: np.zeros_like(table) for name, table in value.items()}
        elif differentiate is not None:
            try:
                push = parse_outputs(differentiate(f, inputs, tangents), rep_out)
            except Exception as problem:  # f worked at x, so what failed is its automatic derivative
                differentiate, method = None, "differences"
                reason = f"no automatic derivative of f ({type(problem).__name__}), so differences were taken"
        if push is None:
            push, error = _ridders(f, inputs, tangents, rep_out, value)
        squares[a] = sum(np.sum((push[name] - rep_out[name].drho(X, value[name])) ** 2) for name in value)
        if error is not None:
            errors[a] = 2 * np.sqrt(squares[a]) * error + error**2
    return LieDerivative(squares, float(errors.sum()), method, reason)


def _torch_jvp(f: Callable, inputs: dict[str, Any], tangents: dict[str, Any]) -> Any:
    import torch

    names = tuple(tangents)

    def along(*values: Any) -> Any:
        return call(f, {**inputs, **dict(zip(names, values, strict=True))})

    primals = tuple(inputs[name].detach() for name in names)
    with warnings.catch_warnings():  # torch's own first forward-mode call runs torch.jit.script
        warnings.filterwarnings("ignore", message="`torch.jit.script` is deprecated", category=DeprecationWarning)
        return torch.func.jvp(along, primals, tuple(tangents.values()))[1]


def _jax_jvp(f: Callable, inputs: dict[str, Any], tangents: dict[str, Any]) -> Any:
    import jax

    def along(moved: dict[str, Any]) -> Any:
        return call(f, {**inputs, **moved})

    return jax.jvp(along, ({name: inputs[name] for name in tangents},), (tangents,))[1]


_JVP = {"torch": _torch_jvp, "jax": _jax_jvp}


def _ridders(
    f: Callable,
    inputs: dict[str, Any],
    tangents: dict[str, Any],
    rep_out: dict[str, Rep],
    value: dict[str, np.ndarray],
) -> tuple[dict[str, np.ndarray], float]:
    """Return the directional derivative and the estimated norm of its error.

    Ridders, Adv. Eng. Software 4 (1982) 75: central differences at steps h, h/2, ... are extrapolated to
    h = 0, and the entry of the tableau that agrees best with its neighbours is taken. Coarse steps may agree by
    accident on an f that varies faster, so what the finest step contradicts beyond its round-off counts as error.
    """

    def difference(h: float) -> np.ndarray:
        ends = []
        for step in (h, -h):
            moved = {name: inputs[name] + step * tangent for name, tangent in tangents.items()}
            out = parse_outputs(call(f, {**inputs, **moved}), rep_out)
            ends.append(np.concatenate([out[name].ravel() for name in value]))
        return (ends[0] - ends[1]) / (2 * h)

    best, best_error, previous, problem = None, np.inf, [], None
    for level in range(LEVELS):
        try:
            row = [difference(0.5 / RATIO**level)]
        except ValueError as error:  # a step so large that it leaves the domain of f
            previous, problem = [], error
            continue
        for k, older in enumerate(previous, start=1):
            gain = RATIO ** (2 * k)
            row.append((gain * row[k - 1] - older) / (gain - 1))
            error = max(np.linalg.norm(row[k] - row[k - 1]), np.linalg.norm(row[k] - older))
            if error < best_error:
                best, best_error = row[k], float(error)
        previous = row
    if best is None:
        raise ValueError(f"f has no finite differences at x: {problem}")
    rounding = float(np.finfo(np.float64).eps * np.linalg.norm(best))
    if len(previous) > 1:
        size = max(np.linalg.norm(best), *(np.linalg.norm(table) for table in value.values()))
        noise = 8 * largest_eps(inputs) * size / (0.5 / RATIO ** (LEVELS - 1))
        contradiction = float(np.linalg.norm(best - previous[1]))
        best_error = max(best_error, contradiction) if contradiction > noise else best_error
    parts = np.split(best, np.cumsum([table.size for table in value.values()])[:-1])
    push = {name: part.reshape(table.shape) for (name, table), part in zip(value.items(), parts, strict=True)}
    return push, best_error + rounding
