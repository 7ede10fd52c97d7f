"""A user's function made ready to be measured: in evaluation mode, in its own precision and in float64."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import array_api_compat as compat
import numpy as np

from ._arrays import is_array
from ._features import is_floating


def torch_module(f: Any) -> Any:
    """Return the ``torch.nn.Module`` that f is, or is a method of, or None; torch is not imported for it."""
    import sys

    torch = sys.modules.get("torch")
    if torch is None:
        return None
    owner = f if isinstance(f, torch.nn.Module) else getattr(f, "__self__", None)
    return owner if isinstance(owner, torch.nn.Module) else None


@contextmanager
def evaluation_mode(f: Any) -> Iterator[None]:
    """Switch a module to evaluation and give every submodule its own flag back: dropout is no broken symmetry."""
    module = torch_module(f)
    if module is None:
        yield
        return
    flags = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in flags:
            part.training = training


def in_float64(f: Any) -> Callable:
    """Return f for float64 inputs: a module is copied and converted, a function is used as it is."""
    module = torch_module(f)
    if module is None:
        return f
    twin = copy.deepcopy(module).double()
    return twin if module is f else getattr(twin, f.__name__)


def widen(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs with every floating array in float64."""
    return {name: _wide(value) if is_floating(value) else value for name, value in inputs.items()}


def float64_context(library: str) -> Any:
    """Return the context in which the library computes in float64."""
    if library == "jax":
        import jax

        return jax.enable_x64(True)
    return nullcontext()


def precision_loss(out: Any) -> str | None:
    """Return the dtype of an output that is not float64 although the inputs were, or None."""
    values = out.values() if isinstance(out, dict) else [out]
    for value in values:
        if is_array(value) and is_floating(value):
            name = str(value.dtype).removeprefix("torch.")
            if name != "float64":
                return name
    return None


def _wide(value: Any) -> Any:
    if compat.is_torch_array(value):
        return value.detach().double()
    if compat.is_jax_array(value):
        import jax.numpy as jnp

        return jnp.asarray(value, dtype=np.float64)
    return np.asarray(value, dtype=np.float64)
