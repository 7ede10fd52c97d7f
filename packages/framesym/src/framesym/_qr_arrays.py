"""What the frames that numpy, torch and jax share need of an array library."""

from typing import Any, Literal, NamedTuple

import array_api_compat as compat
import numpy as np

_CUT = 0.617  # no ratio that a symmetric input is likely to hit exactly


class FrameArrays(NamedTuple):
    r"""A frame as plain arrays of the library that the input came from; a pytree for jax.

    Attributes:
        linear: (*batch, F, d, d), $x = g z + t$ for the canonical $z$.
        inverse: Its inverse, (*batch, F, d, d).
        centroid: The translation $t$, (*batch, d); zero where the group has none.
        weights: (*batch, F), summing to one; zero where `mask` is False.
        mask: Which elements count, (*batch, F).
        projector: (*batch, d, d), onto the vectors that the stabiliser of the input fixes, where the elements do not
            run through it.
        gap: How far the input is from one of lower rank or without a frame, relative, (*batch,).
        rank: Dimension that the (centred) points span, (*batch,).
        degenerate: True where the elements are no frame, (*batch,).
        free: Canonical axes that the stabiliser does not leave as they are, where it is infinite, (*batch, d).
    """

    linear: Any
    inverse: Any
    centroid: Any
    weights: Any
    mask: Any
    projector: Any
    gap: Any
    rank: Any
    degenerate: Any
    free: Any

    def canonical(self, x: Any, word: Literal["point", "vector"] = "point") -> Any:
        """Return the canonical copies (*batch, F, ..., d) of points or vectors (*batch, ..., d)."""
        lead = len(self.centroid.shape) - 1
        if word == "point":
            x = x - _between(self.centroid, lead, x.ndim)
        inverse = _between(self.inverse, lead + 1, x.ndim + 2)
        x = namespace(x).astype(x, inverse.dtype)
        x = namespace(x).expand_dims(x, axis=lead)
        return namespace(x).matmul(inverse, x[..., None])[..., 0]

    def average(self, y: Any, word: Literal["scalar", "vector", "point"] = "scalar") -> Any:
        """Return the weighted mean (*batch, ...) of results (*batch, F, ...) for the canonical copies.

        Vectors and points (*batch, F, ..., d) are brought back first, and lose what the stabiliser does not fix.
        """
        lead = len(self.centroid.shape) - 1
        xp = namespace(y)
        if word != "scalar":
            y = xp.matmul(_between(self.linear, lead + 1, y.ndim + 1), y[..., None])[..., 0]
        mask, weights = (_between(a, lead + 1, y.ndim) for a in (self.mask, self.weights))
        y = xp.sum(weights * xp.where(mask, y, xp.zeros_like(y)), axis=lead)
        if word != "scalar":
            y = xp.matmul(_between(self.projector, lead, y.ndim + 1), y[..., None])[..., 0]
        return y + _between(self.centroid, lead, y.ndim) if word == "point" else y


def _between(array: Any, lead: int, ndim: int) -> Any:
    """Insert axes of length one after the first `lead` axes, so that there are `ndim`."""
    own = array.shape[lead:]
    return namespace(array).reshape(array, (*array.shape[:lead], *[1] * (ndim - lead - len(own)), *own))


def is_array(x: Any) -> bool:
    """Whether x is an array of a known library."""
    return compat.is_array_api_obj(x)


def namespace(x: Any) -> Any:
    """Return the array-API namespace of an array."""
    return compat.array_namespace(x)


def matching(table: Any, x: Any, dtype: Any = None) -> Any:
    """Return a numpy table in the library and device of `x`, and in its dtype unless one is given."""
    xp = namespace(x)
    dtype = x.dtype if dtype is None else dtype
    if compat.is_jax_array(x):  # a traced array has no device of its own
        return xp.asarray(np.asarray(table), dtype=dtype)
    if compat.is_torch_array(x):  # from_numpy would share the table's memory
        return xp.asarray(np.array(table), dtype=dtype, device=x.device, copy=True)
    return xp.asarray(np.asarray(table), dtype=dtype)


def wide(x: Any) -> bool:
    """Whether 64-bit types exist for the library of `x`: everywhere but in jax outside of x64 mode."""
    if not compat.is_jax_array(x):
        return True
    import jax

    return bool(jax.config.read("jax_enable_x64"))


def integer(x: Any) -> Any:
    """Return the integer type of the library of `x` to count and to index with."""
    return namespace(x).int64 if wide(x) else namespace(x).int32


def counted(marks: Any) -> Any:
    """Return how many marks of the last axis are set."""
    xp = namespace(marks)
    return xp.sum(xp.astype(marks, integer(marks)), axis=-1)


def constant(x: Any) -> Any:
    """Return `x` as a constant of differentiation."""
    if compat.is_torch_array(x):
        return x.detach()
    if compat.is_jax_array(x):
        import jax

        return jax.lax.stop_gradient(x)
    return x


def known(condition: Any) -> bool | None:
    """Whether any entry is true; None where the values cannot be seen (under jit or vmap)."""
    try:
        return bool(namespace(condition).any(condition))
    except (TypeError, RuntimeError):  # how jax tracers and torch.func.vmap refuse to be read
        return None


def hermitian(x: Any) -> Any:
    """Return the conjugate transpose of matrices."""
    xp = namespace(x)
    return xp.conj(xp.matrix_transpose(x)) if xp.isdtype(x.dtype, "complex floating") else xp.matrix_transpose(x)


def squares(x: Any) -> Any:
    """Return |x|^2 entry by entry, real."""
    xp = namespace(x)
    return xp.real(x) ** 2 + xp.imag(x) ** 2 if xp.isdtype(x.dtype, "complex floating") else x * x


def first_large(scores: Any) -> Any:
    """Mark the first entry of the last axis that is not much below the largest: (*batch, n) of zeros and one 1.

    The rule depends on ratios of the scores only, and round-off changes nothing where several are equal.
    """
    xp = namespace(scores)
    count = scores.shape[-1]
    place = matching(np.arange(count), scores)
    large = scores >= _CUT * xp.max(scores, axis=-1, keepdims=True)
    first = xp.argmax(xp.where(large, count - place, xp.zeros_like(place)), axis=-1)
    return xp.astype(matching(np.arange(count), scores, first.dtype) == first[..., None], scores.dtype)


def pick(marks: Any, rows: Any) -> Any:
    """Return the marked row of (*batch, n, d)."""
    xp = namespace(rows)
    return xp.sum(xp.astype(marks, rows.dtype)[..., None] * rows, axis=-2)


def to_complex(x: Any) -> Any:
    """Return vectors (..., 2m) of real and imaginary parts as complex ones (..., m)."""
    m = x.shape[-1] // 2
    return x[..., :m] + 1j * x[..., m:]


def to_real(matrix: Any) -> Any:
    """Return complex matrices (..., m, m) as real ones (..., 2m, 2m)."""
    xp = namespace(matrix)
    A, B = xp.real(matrix), xp.imag(matrix)
    return xp.concat([xp.concat([A, -B], axis=-1), xp.concat([B, A], axis=-1)], axis=-2)
