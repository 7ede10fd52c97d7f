"""Eigenvectors of symmetric matrices for jax, with a derivative that stays finite at repeated eigenvalues."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def eigenvectors(matrix: Any, tolerance: float) -> tuple[Any, Any]:
    """Return ascending eigenvalues and eigenvectors; the derivative is that of `framesym._eigenvectors`."""
    values, vectors = jnp.linalg.eigh(matrix)
    return values, vectors


@eigenvectors.defjvp
def _derivative(tolerance: float, primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    values, vectors = eigenvectors(primals[0], tolerance)
    inner = jnp.matmul(jnp.matrix_transpose(vectors), jnp.matmul(tangents[0], vectors))
    gaps = values[..., None, :] - values[..., :, None]
    equal = jnp.abs(gaps) <= tolerance * jnp.max(jnp.abs(values), axis=-1)[..., None, None]
    # The inner `where` keeps 1/0 out of second derivatives.
    inverse = jnp.where(equal, 0.0, 1.0 / jnp.where(equal, 1.0, gaps))
    return (values, vectors), (jnp.diagonal(inner, axis1=-2, axis2=-1), jnp.matmul(vectors, inverse * inner))
