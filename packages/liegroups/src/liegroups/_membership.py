"""Masks (...) of matrices (..., n, n), and how far from a group an element may be."""

from typing import Any

import numpy as np

from ._arrays import matching, namespace, transpose


def orthogonal(g: Any, atol: float) -> Any:
    """Tell which matrices have orthonormal columns."""
    xp = namespace(g)
    eye = matching(np.eye(g.shape[-1]), g)
    return xp.all(xp.abs(xp.matmul(transpose(g), g) - eye) <= atol, axis=(-2, -1))


def everywhere(g: Any) -> Any:
    """Return a mask (...,) that is true for every matrix of g (..., n, n)."""
    xp = namespace(g)
    return xp.all(g[..., :0, 0] == 0, axis=-1)


def tolerance(x: Any) -> float:
    """Return the default deviation of an entry, 1e-10 in float64 and 1e-5 in float32."""
    return 1e-10 if namespace(x).finfo(x.dtype).bits == 64 else 1e-5


def loose(x: Any) -> float:
    """Return a deviation from a group that is beyond rounding, 1e-6 in float64 and 1e-3 in float32."""
    return 1e-6 if namespace(x).finfo(x.dtype).bits == 64 else 1e-3
