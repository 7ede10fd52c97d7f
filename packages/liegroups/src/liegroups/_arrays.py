"""Arrays of any library: which one came in, and constants in its kind."""

from collections.abc import Callable
from contextlib import nullcontext
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


def full_precision(x: Any, argument: str) -> Any:
    """Return ``x`` as a float32 or float64 array: in half precision nothing is an element to more than three digits."""
    x = as_array(x, argument)
    if namespace(x).finfo(x.dtype).bits < 32:
        raise ValueError(
            f"{argument} has dtype {x.dtype}; elements and coordinates of a group need float32 or float64, "
            "only the features that they act on may have less"
        )
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


def square_matrices(A: Any, argument: str) -> Any:
    """Return ``A`` as a real floating array of square matrices (..., n, n), or raise naming the argument."""
    A = as_array(A, argument)
    if len(A.shape) < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"{argument} must be square matrices of shape (..., n, n), not {tuple(A.shape)}")
    return A


def at_least_float32(x: Any) -> Any:
    """Return ``x`` in a dtype to compute in: half precisions in float32, others as they are."""
    xp = namespace(x)
    return x if xp.finfo(x.dtype).bits >= 32 else xp.astype(x, xp.float32)


def in_float64(x: Any) -> Any:
    """Return ``x`` in float64, or as it is where jax has no float64 (outside of x64 mode)."""
    if compat.is_jax_array(x):
        import jax

        if not jax.config.read("jax_enable_x64"):
            return x
    xp = namespace(x)
    return x if x.dtype == xp.float64 else xp.astype(x, xp.float64)


def require_finite(x: Any, argument: str) -> None:
    """Raise if an entry of ``x`` can be seen to be NaN or infinite."""
    xp = namespace(x)
    with quiet(x):
        total = xp.sum(x)  # one pass; finite if all entries are, unless it overflows
    if any_true(~xp.isfinite(total)) and known_true(~xp.isfinite(x)):
        raise ValueError(f"{argument} has entries that are NaN or infinite; every entry must be finite")


def quiet(x: Any) -> Any:
    """Return a context in which numpy, as the other libraries, does not warn of what becomes infinite or NaN."""
    if compat.is_numpy_array(x):
        return np.errstate(divide="ignore", over="ignore", invalid="ignore")
    return nullcontext()


def nan_where(bad: Any, x: Any) -> Any:
    """Return matrices ``x`` (..., n, n) with NaN where ``bad`` (...)."""
    xp = namespace(x)
    return xp.where(bad[..., None, None], xp.asarray(float("nan"), dtype=x.dtype), x)


def stack_last(parts: list[Any]) -> Any:
    """Return arrays of one shape (...) stacked to (..., len(parts))."""
    if compat.is_jax_array(parts[0]) and not is_constant(parts[0]):
        # XLA would compute every part anew, slowly, inside of a concatenation; a selection it fuses.
        import jax.numpy as jnp

        place = np.arange(len(parts))
        table = jnp.broadcast_to(parts[0][..., None], (*parts[0].shape, len(parts)))
        for k, part in enumerate(parts[1:], start=1):
            table = jnp.where(place == k, part[..., None], table)
        return table
    return namespace(parts[0]).stack(parts, axis=-1)


def from_entries(rows: list[list[Any]]) -> Any:
    """Return matrices (..., m, n) from the lists of their entries (...)."""
    table = stack_last([entry for row in rows for entry in row])
    return namespace(table).reshape(table, (*table.shape[:-1], len(rows), len(rows[0])))


def namespace(x: Any) -> Any:
    """Return the array-API namespace of ``x``."""
    return compat.array_namespace(x)


def matching(table: Any, x: Any) -> Any:
    """Return ``table`` in the library, dtype and device of ``x``."""
    xp = namespace(x)
    if compat.is_torch_array(x) and isinstance(table, np.ndarray):
        return _torch_constant(table, x)
    if is_array(table) and namespace(table) is xp:
        table = xp.astype(table, x.dtype, copy=False) if table.dtype != x.dtype else table
        here, there = compat.device(table), compat.device(x)
        return table if here == there or compat.is_jax_array(x) else compat.to_device(table, there)
    if compat.is_jax_array(x):  # a traced array has no device of its own
        return xp.asarray(table, dtype=x.dtype)
    return xp.asarray(np.array(table), dtype=x.dtype, device=compat.device(x))  # torch would share the table's memory


def _torch_constant(table: np.ndarray, x: Any) -> Any:
    import torch

    if torch.compiler.is_compiling():  # where numpy arrays are traced, and few of their attributes are known
        return torch.as_tensor(table).to(dtype=x.dtype, device=x.device)
    return torch.tensor(table, dtype=x.dtype, device=x.device)  # a copy: from_numpy would share the table's memory


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
    if compat.is_torch_array(x):
        return _is_torch_constant(x)
    return compat.is_numpy_array(x)


def _is_torch_constant(x: Any) -> bool:
    import torch
    from torch.autograd import forward_ad

    if torch.compiler.is_compiling() or (x.requires_grad and torch.is_grad_enabled()):
        return False
    try:  # inside torch.func or forward mode; a torch that hides this is taken to differentiate
        stack = torch._C._functorch.peek_interpreter_stack()  # pyright: ignore[reportAttributeAccessIssue]
        return stack is None and forward_ad._current_level < 0
    except AttributeError:
        return False


def any_true(condition: Any) -> bool | None:
    """Whether any entry is true; None where the values cannot be seen (under vmap, jit or compile)."""
    xp = namespace(condition)
    if compat.is_torch_array(condition):
        import torch

        if torch.compiler.is_compiling():
            return None
    try:
        return bool(xp.any(condition))
    except (TypeError, RuntimeError):  # how jax tracers and torch.func.vmap refuse to be read
        return None


def known_true(condition: Any) -> bool:
    """Whether any entry can be seen to be true."""
    return bool(any_true(condition))


def entries(A: Any) -> list[list[Any]]:
    """Return the entries (...) of matrices (..., m, n), row by row."""
    m, n = A.shape[-2:]
    return [[A[..., i, j] for j in range(n)] for i in range(m)]


def seen(x: Any, argument: str) -> np.ndarray:
    """Return the values of ``x`` as a numpy array, or raise where they cannot be seen (under vmap, jit or compile)."""
    try:
        return np.asarray(stop_gradient(x).cpu() if compat.is_torch_array(x) else stop_gradient(x))
    except (TypeError, RuntimeError) as error:
        raise ValueError(f"{argument} needs values, which cannot be seen under vmap, jit or compile") from error


def repeat(step: Callable, state: Any, count: int) -> Any:
    """Return the state, a list or tuple of arrays, after ``count`` steps; jax compiles one of them only."""
    if compat.is_jax_array(state[0]) and count > 1:
        import jax

        return jax.lax.fori_loop(0, count, lambda _, current: step(current), state)
    for _ in range(count):
        state = step(state)
    return state


def nowhere(A: Any) -> Any:
    """Return a mask (...) that is false for every matrix of A (..., m, n)."""
    return namespace(A).any(A[..., :0, :0] == 0, axis=(-2, -1))


def transpose(x: Any) -> Any:
    """Swap the last two axes."""
    return namespace(x).matrix_transpose(x)


def blocks(rows: list[list[Any]]) -> Any:
    """Assemble a matrix from blocks that have the same batch shape."""
    xp = namespace(rows[0][0])
    return xp.concat([xp.concat(row, axis=-1) for row in rows], axis=-2)
