"""What can be done with a group that only its generators tell."""

from math import factorial
from typing import Any

import numpy as np

from ._algebra import cartan_parts, orthonormal_span
from ._arrays import matching, namespace, nan_where, transpose
from ._base import Cartan, MatrixGroup
from ._expm import exponential
from ._finite import nearest_element
from ._logm import logarithm, logm
from ._membership import everywhere
from ._nearest import nearest_orthogonal
from ._reductive import invertible
from ._rotation import skew_log

MANY_COMPONENTS = 4096
_FACTORS = 24
_FINEST = 0.01


def log(group: MatrixGroup, g: Any) -> tuple[Any, Any]:
    """Return the coordinates of the principal logarithm, and where its exponential is g again."""
    return _inner_log(group, g, 1e-9 if namespace(g).finfo(g.dtype).bits == 64 else 1e-4)


def contains(group: MatrixGroup, g: Any, atol: float) -> Any:
    """Tell which matrices are a component times an exponential, or two of them."""
    xp = namespace(g)
    if group.dim == 0:
        return xp.max(xp.abs(g - nearest_element(_known_components(group), g)), axis=(-2, -1)) <= atol
    pieces = _in_each_component(group, g)
    found = _inner_log(group, pieces, atol)[1]
    parts = None if group._orthogonal else _polar_algebra(group)
    if parts is not None:
        P, R = _polar(pieces)
        compact, symmetric = parts
        found = found | (_inner_log(compact, R, atol)[1] & _inner_log(symmetric, P, atol)[1])
    return xp.any(found, axis=0) & invertible(g)


def project(group: MatrixGroup, A: Any) -> tuple[Any, Any]:
    """Project the logarithm on the algebra, in the component that ends nearest to A."""
    xp = namespace(A)
    components = _known_components(group)
    if group.dim == 0:
        return nearest_element(components, A), everywhere(A)
    pieces = _in_each_component(group, A)
    parts = None if group._orthogonal else _polar_algebra(group)
    if group._orthogonal:
        X = skew_log(nearest_orthogonal(pieces, proper=True))
        v = group.vee(X)
        # A principal logarithm far outside of the algebra says nothing about the group.
        ends = nan_where(xp.max(xp.abs(X - group.hat(v)), axis=(-2, -1)) > 0.5, group._exp(v))
    elif parts is not None:
        compact, symmetric = parts
        R = nearest_orthogonal(pieces, proper=True)
        P = xp.matmul(pieces, transpose(R))
        P = (P + transpose(P)) / 2
        Y, bad = logarithm(P)
        ends = xp.matmul(exponential(_onto(symmetric, Y)), exponential(_onto(compact, skew_log(R))))
        ends = nan_where(bad, ends)
    else:
        X, bad = logarithm(pieces)
        ends = nan_where(bad, group._exp(group.vee(X)))
    shape = (len(components), *([1] * (len(A.shape) - 2)), group.n, group.n)
    ends = xp.matmul(matching(components.reshape(shape), A), ends)
    nearest, least = ends[0, ...], xp.asarray(float("inf"), dtype=A.dtype) + 0 * A[..., 0, 0]
    for k in range(len(components)):
        distance = _distance(ends[k, ...], A)  # NaN is never closer
        closer = distance < least
        nearest = xp.where(closer[..., None, None], ends[k, ...], nearest)
        least = xp.where(closer, distance, least)
    return nearest, least < float("inf")


def sample(group: MatrixGroup, count: int, rng: np.random.Generator, scale: Any) -> np.ndarray:
    """Draw a random compact element, times exponentials of Gaussian tangents orthogonal to the compact ones."""
    compact, rest = _compact_directions(group.generators())
    drawn = haar_connected(compact, count, rng)
    if len(rest) and not group.compact:
        tangents = np.tensordot(scale * rng.standard_normal((count, len(rest))), rest, axes=1)
        drawn = exponential(tangents) @ drawn
    components = _known_components(group)
    return components[rng.integers(len(components), size=count)] @ drawn


def cartan(group: MatrixGroup) -> Cartan:
    """Split the algebra into its skew and its symmetric part."""
    if group._orthogonal:
        return Cartan(group, np.zeros((0, group.n, group.n)))
    parts = cartan_parts(group.generators())
    if parts is None:
        raise ValueError(
            f"the algebra of {group} is not closed under transposition, so it has no skew and symmetric part"
        )
    skew, symmetric = parts
    discrete = group.discrete_generators()
    turned = nearest_orthogonal(discrete)
    stretches = discrete @ turned.swapaxes(1, 2)
    logs = logm(stretches)
    outside = logs - np.einsum("kij,aij,alm->klm", logs, symmetric, symmetric)
    if not np.abs(outside).max(initial=0.0) <= 1e-9:  # NaN too
        raise ValueError(
            f"a discrete generator of {group} is not orthogonal up to an exponential of its symmetric part"
        )
    return Cartan(MatrixGroup(skew, turned, f"K of {group}"), symmetric)


def haar_connected(basis: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    r"""Draw from the connected compact group of an orthonormal skew basis, nearly by Haar measure.

    A Gaussian tangent so broad that every angle is spread over the circle is, in each irreducible representation,
    nearly a mean over a maximal torus and its conjugates: it multiplies the distance from Haar measure by (weights
    zero) / (dimension), 1/3 for SO(3), and less for most. The product of 24 of them leaves $3^{-24}$.
    """
    n = basis.shape[-1]
    g = np.broadcast_to(np.eye(n), (count, n, n)).copy()
    if not len(basis) or not count:
        return g
    width = 3.0 / _lowest_frequency(basis)
    for _ in range(_FACTORS):
        g = g @ _skew_exp(np.tensordot(width * rng.standard_normal((count, len(basis))), basis, axes=1))
    return (3 * g - g @ g.swapaxes(1, 2) @ g) / 2  # rounding away from orthogonality is removed


def _lowest_frequency(basis: np.ndarray) -> float:
    """Return the smallest frequency, or difference of two, with which a basis element turns; at least 0.01."""
    frequencies = np.linalg.eigvalsh(1j * basis)
    differences = np.abs(frequencies[:, :, None] - frequencies[:, None, :])
    both = np.concatenate([np.abs(frequencies).ravel(), differences.ravel()])
    return max(_FINEST, float(both[both > 1e-9].min()))


def _skew_exp(X: np.ndarray) -> np.ndarray:
    """Return exponentials of a batch (count, n, n) by one number of squarings for all."""
    squarings = max(0, int(np.ceil(np.log2(4 * np.linalg.norm(X, axis=(1, 2)).max() + 1e-300))))
    X = X / 2.0**squarings
    X2 = X @ X
    powers = [np.eye(X.shape[-1]), X, X2, X2 @ X]
    X4 = X2 @ X2
    total = X4 / factorial(12)
    for block in (8, 4, 0):  # the series to order 12
        for k, power in enumerate(powers):
            total = total + power / factorial(block + k)
        total = total @ X4 if block else total
    for _ in range(squarings):
        total = total @ total
    return total


def _compact_directions(basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return orthonormal bases of the skew matrices in the span and of their complement in it."""
    span = orthonormal_span(basis)
    dim, n, _ = span.shape
    if not dim:
        return span, span
    left, values, _ = np.linalg.svd((span + span.swapaxes(1, 2)).reshape(dim, n * n), full_matrices=True)
    values = np.concatenate([values, np.zeros(dim - len(values))])
    mixed = np.tensordot(left.T, span, axes=1)
    skew = mixed[values < 1e-9]
    return (skew - skew.swapaxes(1, 2)) / 2, mixed[values >= 1e-9]


def _known_components(group: MatrixGroup) -> np.ndarray:
    components = group._components
    if components is None:
        raise ValueError(f"the discrete generators of {group} have more than 1e5 products, too many for this")
    if group.dim and len(components) > MANY_COMPONENTS:
        raise ValueError(f"the discrete generators of {group} have more than {MANY_COMPONENTS} products")
    return components


def _in_each_component(group: MatrixGroup, g: Any) -> Any:
    """Return c^-1 g for every product c of discrete generators, (components, ..., n, n)."""
    back = np.linalg.inv(_known_components(group))
    shape = (len(back), *([1] * (len(g.shape) - 2)), group.n, group.n)
    return namespace(g).matmul(matching(back.reshape(shape), g), g)


def _inner_log(group: MatrixGroup, g: Any, atol: float) -> tuple[Any, Any]:
    """Return the coordinates of the principal logarithm and where they are right."""
    xp = namespace(g)
    if group._orthogonal:
        exists = xp.linalg.det(g) > 0
        X = skew_log(g)
    else:
        X, bad = logarithm(g)
        exists = ~bad
    v = group.vee(X)
    size = xp.maximum(xp.max(xp.abs(g), axis=(-2, -1)), xp.ones_like(g[..., 0, 0]))
    return v, exists & (_distance(group._exp(v), g) <= atol * size)


def _polar_algebra(group: MatrixGroup) -> tuple[MatrixGroup, MatrixGroup] | None:
    """Return the connected compact part and the symmetric one (a group only in name), or None."""
    parts = cartan_parts(group.generators())
    if parts is None:
        return None
    found = []
    for table in parts:
        part = MatrixGroup.__new__(MatrixGroup)
        part._setup(table, table[:0], group.name)
        found.append(part)
    return found[0], found[1]


def _polar(A: Any) -> tuple[Any, Any]:
    xp = namespace(A)
    u, sizes, vh = xp.linalg.svd(A, full_matrices=False)
    return xp.matmul(u * sizes[..., None, :], transpose(u)), xp.matmul(u, vh)


def _onto(group: MatrixGroup, X: Any) -> Any:
    return group.hat(group.vee(X))


def _distance(a: Any, b: Any) -> Any:
    xp = namespace(a)
    return xp.max(xp.abs(a - b), axis=(-2, -1))
