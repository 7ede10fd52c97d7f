"""Arrays of any library: which one came in, and constants in its kind."""

from typing import Any

import array_api_compat as compat
import numpy as np


def is_array(x: Any) -> bool:
    """Whether x is an array of a known library."""
    return compat.is_array_api_obj(x)


def as_array(x: Any, argument: str) -> Any:
    """Return ``x`` as a real floating array; lists and Python numbers become numpy float64."""
    if not is_array(x):
        try:
            x = np.asarray(x, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{argument} must be a numpy, torch or jax array, not {type(x).__name__}") from error
    xp = compat.array_namespace(x)
    if not xp.isdtype(x.dtype, "real floating"):
        raise ValueError(f"{argument} has dtype {x.dtype}; a real floating dtype (float32 or float64) is needed")
    require_x64(x, argument)
    return x


def require_x64(x: Any, argument: str) -> None:
    """Refuse a jax float64 array outside of x64 mode, where jax would compute in float32 without a word."""
    if compat.is_jax_array(x) and x.dtype == np.float64:
        import jax

        if not jax.config.read("jax_enable_x64"):
            raise ValueError(
                f"{argument} is a jax float64 array, but jax computes in float32 here; "
                "wrap the call in `with jax.enable_x64(True):` or pass float32"
            )


def check_tail(x: Any, tail: tuple[int, ...], argument: str, owner: str) -> None:
    """Raise unless the last axes of ``x`` have the sizes ``tail``."""
    if tuple(x.shape[-len(tail) :]) != tail or len(x.shape) < len(tail):
        wanted = ", ".join(map(str, tail))
        raise ValueError(f"{argument} of {owner} must have shape (..., {wanted}), not {tuple(x.shape)}")


def namespace(x: Any) -> Any:
    """Return the array-API namespace of ``x``."""
    return compat.array_namespace(x)


def matching(table: Any, x: Any) -> Any:
    """Return ``table`` in the library, dtype and device of ``x``."""
    xp = namespace(x)
    foreign = isinstance(table, np.ndarray) and not compat.is_numpy_array(
        x
    )  # torch.compile cannot ask it for a namespace
    if not foreign and is_array(table) and namespace(table) is xp:
        table = xp.astype(table, x.dtype, copy=False) if table.dtype != x.dtype else table
        here, there = compat.device(table), compat.device(x)
        return table if here == there or compat.is_jax_array(x) else compat.to_device(table, there)
    if compat.is_jax_array(x):  # a traced array has no device of its own
        return xp.asarray(table, dtype=x.dtype)
    return xp.asarray(np.array(table), dtype=x.dtype, device=compat.device(x))  # torch would share the table's memory


def stop_gradient(x: Any) -> Any:
    """Return ``x`` as a constant of differentiation."""
    if compat.is_torch_array(x):
        return x.detach()
    if compat.is_jax_array(x):
        import jax

        return jax.lax.stop_gradient(x)
    return x


def is_constant(x: Any) -> bool:
    """Whether no derivative with respect to x can be under way."""
    if compat.is_jax_array(x):
        from jax.core import Tracer

        return not isinstance(x, Tracer)
    return compat.is_numpy_array(x)


def known_true(condition: Any) -> bool:
    """Whether any entry is true; False where the values cannot be seen (under vmap, jit or compile)."""
    xp = namespace(condition)
    if compat.is_torch_array(condition):
        import torch

        if torch.compiler.is_compiling():
            return False
    try:
        return bool(xp.any(condition))
    except (TypeError, RuntimeError):  # how jax tracers and torch.func.vmap refuse to be read
        return False


def transpose(x: Any) -> Any:
    """Swap the last two axes."""
    return namespace(x).matrix_transpose(x)


def blocks(rows: list[list[Any]]) -> Any:
    """Assemble a matrix from blocks that have the same batch shape."""
    xp = namespace(rows[0][0])
    return xp.concat([xp.concat(row, axis=-1) for row in rows], axis=-2)
