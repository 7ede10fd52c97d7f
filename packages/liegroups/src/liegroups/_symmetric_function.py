r"""Exponential, logarithm and roots of symmetric matrices, with right derivatives at repeated eigenvalues."""

from collections.abc import Callable
from typing import Any, Literal

from . import _series
from ._arrays import (
    at_least_float32,
    entries,
    from_entries,
    in_float64,
    is_constant,
    known_true,
    namespace,
    nan_where,
    nowhere,
    require_finite,
    square_matrices,
    stop_gradient,
    transpose,
)
from ._checks import check_choice
from ._expm import exponential

_KINDS = ("exp", "log", "sqrt", "inverse_sqrt")


def symmetric_function(S: Any, kind: Literal["exp", "log", "sqrt", "inverse_sqrt"]) -> Any:
    r"""Return $e^S$, $\log S$, $S^{1/2}$ or $S^{-1/2}$ of symmetric matrices.

    Closed for $n \le 2$. For $n \ge 3$ the exponential is `expm`, and the others come from one eigendecomposition
    $S = V \operatorname{diag}(\lambda) V^\mathsf{T}$ that is constant for differentiation. Derivatives come from the
    expansion of Daleckii and Krein about it,

    $$f(S + E) = V\Bigl[f(\lambda_i)\delta_{ij} + f[\lambda_i, \lambda_j] \tilde E_{ij}
    + \sum_k f[\lambda_i, \lambda_k, \lambda_j] \tilde E_{ik} \tilde E_{kj}\Bigr] V^\mathsf{T} + \dots, \qquad
    \tilde E = V^\mathsf{T} E V,$$

    with divided differences $f[\cdot]$ that do not cancel. So first and second derivatives, forward and reverse, are
    right at every S, repeated eigenvalues included (for the exponential and for $n \le 2$, those of every order).

    Args:
        S: Symmetric matrices (..., n, n), numpy, torch or jax; the symmetric part is used. float32 and float64 are
            kept, half precisions are computed in float32 and returned in their own dtype.
        kind: Which function.

    Returns:
        Symmetric array (..., n, n).

    Raises:
        ValueError: If ``kind`` is none of the four, or S is not square, not of a real floating dtype, not finite, or
            not positive definite where the function needs it. Where values cannot be seen (inside ``jax.jit``,
            ``torch.func.vmap`` or ``torch.compile``) that gives NaN.

    References:
        Daleckii and Krein (1965); Bhatia, Matrix Analysis (1997), section V.3.

    Examples:
        >>> import numpy as np, liegroups
        >>> liegroups.symmetric_function(np.array([[5.0, 4.0], [4.0, 5.0]]), "sqrt")
        array([[2., 1.],
               [1., 2.]])
    """
    check_choice(kind, _KINDS, "kind")
    S = square_matrices(S, "S")
    require_finite(S, "S")
    xp = namespace(S)
    value, bad = evaluate(at_least_float32(S), kind)
    if known_true(bad):
        raise ValueError(
            f"S has {int(bad.sum())} matrices that are not positive definite; {kind!r} needs positive ones"
        )
    return xp.astype(nan_where(bad, value), S.dtype, copy=False)


def evaluate(S: Any, kind: str) -> tuple[Any, Any]:
    """Return the function of S and a mask (...) of matrices for which there is none, finite values there."""
    xp = namespace(S)
    n = S.shape[-1]
    S = (S + transpose(S)) / 2
    if kind == "exp" or n == 0:
        value = exponential(S)
        return (value + transpose(value)) / 2, nowhere(S)
    if n == 1:
        bad = ~(S > 0)
        f = {"log": xp.log, "sqrt": xp.sqrt, "inverse_sqrt": lambda x: 1 / xp.sqrt(x)}[kind]
        return f(xp.where(bad, xp.ones_like(S), S)), bad[..., 0, 0]
    return _evaluate2(S, kind) if n == 2 else _evaluate(S, kind)


# ---- n = 2 ---------------------------------------------------------------------------------------------


def _evaluate2(S: Any, kind: str) -> tuple[Any, Any]:
    xp = namespace(S)
    wide = in_float64(S)
    (a, b), (_, c) = entries(wide)
    determinant = a * c - b * b
    bad = ~((a > 0) & (c > 0) & (determinant > 0))
    a, b, c, determinant = (xp.where(bad, fill, x) for fill, x in ((1.0, a), (0.0, b), (1.0, c), (1.0, determinant)))
    if kind == "log":
        m, q = (a + c) / 2, (a - c) / 2
        t = half_log_determinant(a, c, b * b, determinant, exact=wide.dtype != S.dtype)
        k = artanh_ratio(q * q + b * b, m, determinant)
        value = from_entries([[t + k * q, k * b], [k * b, t - k * q]])
    else:
        root = xp.sqrt(determinant)
        trace = xp.sqrt(a + c + 2 * root)  # of the square root
        x, y, z = (a + root) / trace, b / trace, (c + root) / trace
        if kind == "inverse_sqrt":
            x, y, z = z / root, -y / root, x / root
        value = from_entries([[x, y], [y, z]])
    return xp.astype(value, S.dtype, copy=False), bad


def half_log_determinant(a: Any, d: Any, bc: Any, determinant: Any, exact: bool = False) -> Any:
    """Return log(determinant) / 2 of a positive determinant ad - bc, to relative accuracy near the identity.

    ``exact`` tells that the entries have less than half of the digits of their dtype, so that nothing was rounded.
    """
    xp = namespace(a)
    if exact:
        return xp.log(determinant) / 2
    x, y = a - 1, d - 1
    near = (xp.abs(x) < 0.5) & (xp.abs(determinant - 1) < 0.5)
    excess = xp.where(near, x + y + x * y - bc, 0.0)
    return xp.where(near, xp.log1p(excess), xp.log(xp.where(near, 1.0, determinant))) / 2


def artanh_ratio(n2: Any, m: Any, determinant: Any) -> Any:
    """Return artanh(n/m)/n for n^2 and m > n >= 0, with m^2 - n^2 the determinant; even and smooth in n."""
    xp = namespace(m)
    if is_constant(m):  # only derivatives need the series
        n = xp.sqrt(n2) + xp.finfo(m.dtype).smallest_normal
        twice = 2 * n
        return xp.log1p(twice * ((m + n) / determinant)) / twice
    x = n2 / (m * m)
    near = x < 0.01
    series = _series.arctangent(xp.where(near, -x, 0.0)) / m
    n = xp.sqrt(xp.where(near, 1.0, n2))
    ratio = (m + n) / xp.where(near, 1.0, determinant)
    return xp.where(near, series, xp.log1p(2 * n * ratio) / (2 * n))


# ---- n >= 3 --------------------------------------------------------------------------------------------


def _evaluate(S: Any, kind: str) -> tuple[Any, Any]:
    xp = namespace(S)
    fixed = stop_gradient(S)
    values, vectors = xp.linalg.eigh(in_float64(fixed))
    bad = ~(values[..., 0] > 0)
    values = xp.where(bad[..., None], xp.ones_like(values), values)
    f = {"log": xp.log, "sqrt": xp.sqrt, "inverse_sqrt": lambda x: 1 / xp.sqrt(x)}[kind]
    function = xp.matmul(vectors * f(values)[..., None, :], transpose(vectors))
    if not is_constant(S):
        E = xp.matmul(transpose(vectors), xp.matmul(in_float64(S) - in_float64(fixed), vectors))
        expansion = _EXPANSIONS[kind](xp, values, E)
        function = function + xp.matmul(vectors, xp.matmul(expansion, transpose(vectors)))
    function = (function + transpose(function)) / 2
    return xp.astype(function, S.dtype, copy=False), bad


def _expand_log(xp: Any, values: Any, E: Any) -> Any:
    # By the inverse function: D log[E] = (D exp)^-1[E] and D^2 log[E, E] = -D log[D^2 exp[D log[E], D log[E]]].
    y = xp.log(values)
    first = 1 / _exp_difference(xp, y)
    moved = first * E
    return moved - first * _second_order(xp, _exp_second_difference(xp, y), moved)


def _expand_sqrt(xp: Any, values: Any, E: Any) -> Any:
    x = xp.sqrt(values)
    x, y, z = x[..., :, None, None], x[..., None, :, None], x[..., None, None, :]
    first = (1 / (x + z))[..., :, 0, :]
    return first * E + _second_order(xp, -1 / ((x + y) * (y + z) * (x + z)), E)


def _expand_inverse_sqrt(xp: Any, values: Any, E: Any) -> Any:
    x = xp.sqrt(values)
    x, y, z = x[..., :, None, None], x[..., None, :, None], x[..., None, None, :]
    first = (-1 / (x * z * (x + z)))[..., :, 0, :]
    return first * E + _second_order(xp, (x + y + z) / (x * y * z * (x + y) * (y + z) * (x + z)), E)


_EXPANSIONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "log": _expand_log,
    "sqrt": _expand_sqrt,
    "inverse_sqrt": _expand_inverse_sqrt,
}


def _second_order(xp: Any, weights: Any, E: Any) -> Any:
    """Return the sum over k of weights_ikj E_ik E_kj."""
    return xp.sum(weights * E[..., :, :, None] * E[..., None, :, :], axis=-2)


def _exp_difference(xp: Any, y: Any) -> Any:
    """Return exp[y_i, y_j] = e^((y_i + y_j)/2) sinh(h)/h with h = (y_i - y_j)/2."""
    h = (y[..., :, None] - y[..., None, :]) / 2
    mean = (y[..., :, None] + y[..., None, :]) / 2
    near = xp.abs(h) < 1
    safe = xp.where(near, xp.ones_like(h), xp.abs(h))
    far = (xp.exp(mean + safe) - xp.exp(mean - safe)) / (2 * safe)
    return xp.where(near, xp.exp(mean) * _series.sine_ratio(-xp.where(near, h * h, 0 * h)), far)


def _exp_second_difference(xp: Any, y: Any) -> Any:
    """Return exp[y_i, y_k, y_j]: by its series where the three are close, else by the widest difference."""
    n = y.shape[-1]
    shape = (*y.shape[:-1], n, n, n)
    a, b, c = (
        xp.broadcast_to(part, shape) for part in (y[..., :, None, None], y[..., None, :, None], y[..., None, None, :])
    )
    ordered = xp.sort(xp.stack([a, b, c], axis=-1), axis=-1)
    low, mid, high = ordered[..., 0], ordered[..., 1], ordered[..., 2]
    mean = (a + b + c) / 3
    near = high - low < 1
    a, b, c = (xp.where(near, part - mean, xp.zeros_like(mean)) for part in (a, b, c))
    # Complete symmetric polynomials h_k of deviations that sum to zero: h_k = -e_2 h_(k-2) + e_3 h_(k-3).
    e2, e3 = a * b + b * c + c * a, a * b * c
    h = [xp.ones_like(mean), xp.zeros_like(mean), -e2]
    series, factorial = 0.5 * h[0] - e2 / 24, 24.0
    for k in range(3, 16):
        h.append(e3 * h[k - 3] - e2 * h[k - 2])
        factorial *= k + 2
        series = series + h[k] / factorial
    width = xp.where(near, xp.ones_like(mean), high - low)
    far = (_pair(xp, mid, high) - _pair(xp, low, mid)) / width
    return xp.where(near, xp.exp(mean) * series, far)


def _pair(xp: Any, low: Any, high: Any) -> Any:
    h = high - low
    near = h == 0
    return xp.where(near, xp.exp(low), xp.exp(low) * xp.expm1(h) / xp.where(near, xp.ones_like(h), h))
