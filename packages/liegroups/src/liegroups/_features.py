"""Named, typed features: what goes into a function and what comes out of it."""

from collections.abc import Callable, Mapping
from typing import Any

import array_api_compat as compat
import numpy as np

from ._arrays import is_array, namespace, require_x64
from ._protocol import Group
from ._rep import Rep

ONLY = ""  # the name of an input or output that has none


def parse_reps(words: Any, group: Group, argument: str) -> dict[str, Rep]:
    """Return feature words as representations by name."""
    named = dict(words) if isinstance(words, Mapping) else {ONLY: words}
    if not named:
        raise ValueError(f"{argument} is an empty dict; name at least one array")
    try:
        return {name: word if isinstance(word, Rep) else Rep(word, group) for name, word in named.items()}
    except (TypeError, ValueError) as error:
        raise type(error)(f"{argument}: {error}") from None


def parse_inputs(x: Any, reps: dict[str, Rep]) -> dict[str, Any]:
    """Return the inputs by name, checked against their representations."""
    named = dict(x) if isinstance(x, Mapping) else {ONLY: x}
    if named.keys() != reps.keys():
        raise ValueError(f"x has {_names(named)}, but rep_in describes {_names(reps)}")
    for name, value in named.items():
        label = f"x[{name!r}]" if name else "x"
        if reps[name].word == "invariant" and not is_floating(value):
            continue
        if not is_array(value):
            try:
                value = np.asarray(value, dtype=np.float64)
            except (TypeError, ValueError):
                raise TypeError(f"{label} must be a numpy, torch or jax array, not {type(value).__name__}") from None
            named[name] = value
        if compat.is_torch_array(value):
            named[name] = value = value.detach()
        xp = namespace(value)
        require_x64(value, label)
        if reps[name].word == "invariant":
            continue
        if not xp.isdtype(value.dtype, "real floating"):
            raise ValueError(f"{label} has dtype {value.dtype}; a {reps[name].word} is real and floating")
        check_shape(value, reps[name], label, "rep_in")
        if 0 in value.shape:
            raise ValueError(f"{label} is empty, shape {tuple(value.shape)}; an error needs at least one sample")
        if not bool(xp.all(xp.isfinite(value))):
            raise ValueError(f"{label} has values that are not finite")
    if not any(is_floating(value) for value in named.values()):
        raise ValueError("x has no floating array")
    libraries = {namespace(value).__name__ for value in named.values() if is_floating(value)}
    if len(libraries) > 1:
        raise ValueError(f"x mixes array libraries: {', '.join(sorted(libraries))}")
    return named


def parse_outputs(out: Any, reps: dict[str, Rep]) -> dict[str, np.ndarray]:
    """Return what f returned as finite numpy float64 arrays by name, checked against the representations."""
    named = dict(out) if isinstance(out, Mapping) else {ONLY: out}
    if named.keys() != reps.keys():
        raise ValueError(f"f returned {_names(named)}, but rep_out describes {_names(reps)}")
    tables = {}
    for name, value in named.items():
        label = f"f(x)[{name!r}]" if name else "f(x)"
        if not is_array(value):
            raise TypeError(f"{label} must be an array, not {type(value).__name__}")
        if namespace(value).isdtype(value.dtype, "complex floating"):
            raise TypeError(f"{label} has dtype {value.dtype}; f must return real arrays, such as the two parts")
        table = to_numpy(value)
        check_shape(table, reps[name], label, "rep_out")
        if not np.isfinite(table).all():
            raise ValueError(f"{label} has values that are not finite; f must be finite on the whole orbit of x")
        tables[name] = table
    return tables


def check_shape(value: Any, rep: Rep, label: str, argument: str) -> None:
    """Raise unless the last axis of ``value`` fits ``rep``."""
    if rep.size is not None and (len(value.shape) == 0 or value.shape[-1] != rep.size):
        raise ValueError(
            f"{label} has shape {tuple(value.shape)}, but {argument} {rep.word!r} of {rep.group.name} "
            f"needs a last axis of {rep.size}"
        )


def to_numpy(value: Any) -> np.ndarray:
    """Return a numpy float64 copy of an array of any library, device and real dtype."""
    if compat.is_torch_array(value):
        return value.detach().cpu().double().numpy()
    return np.array(value, dtype=np.float64)


def is_floating(value: Any) -> bool:
    """Whether a value is an array of a real floating dtype."""
    try:
        return is_array(value) and namespace(value).isdtype(value.dtype, "real floating")
    except TypeError:  # a dtype of its own, such as that of jax's random keys
        return False


def library(inputs: dict[str, Any]) -> str:
    """Return "numpy", "torch" or "jax" by the floating inputs."""
    value = next(value for value in inputs.values() if is_floating(value))
    return "torch" if compat.is_torch_array(value) else "jax" if compat.is_jax_array(value) else "numpy"


def largest_eps(inputs: dict[str, Any]) -> float:
    """Return the relative spacing of the least precise floating dtype among the inputs."""
    return max(_eps(value) for value in inputs.values() if is_floating(value))


def lowest_dtype(inputs: dict[str, Any]) -> str:
    """Return the name of the least precise floating dtype among the inputs."""
    value = max((value for value in inputs.values() if is_floating(value)), key=_eps)
    return str(value.dtype).removeprefix("torch.")


def transform(reps: dict[str, Rep], g: np.ndarray, values: dict[str, Any]) -> dict[str, Any]:
    """Act by one group element on named features."""
    return {name: reps[name].rho(g, value) for name, value in values.items()}


def call(f: Callable, inputs: dict[str, Any]) -> Any:
    """Call f with one array, or with named ones; copies, so that an f that works in place does no harm."""
    fresh = {name: _copied(value) for name, value in inputs.items()}
    return f(fresh[ONLY]) if ONLY in fresh else f(**fresh)


def _eps(value: Any) -> float:
    return float(namespace(value).finfo(value.dtype).eps)


def _copied(value: Any) -> Any:
    if compat.is_torch_array(value):
        return value.clone()
    return value.copy() if compat.is_numpy_array(value) else value


def _names(named: Mapping) -> str:
    return "one array" if list(named) == [ONLY] else "the names " + ", ".join(sorted(map(repr, named)))
