r"""Real irreps of SO(3) in the e3nn basis: matrices from a rotation matrix, and generators.

The basis of $V_l$ are the real spherical harmonics with polar axis y, ordered $m = -l, \dots, l$ and without the
Condon-Shortley sign: $P_l^{|m|}(y)$ times the imaginary ($m < 0$) or real part of $(z + ix)^{|m|}$, normalised; for
$l = 1$ they are x, y, z. Multiplication by a coordinate embeds $V_l$ in $V_1 \otimes V_{l-1}$ isometrically, by
$C_l$, hence

$$D^l(R) = C_l^\mathsf{T}\,\bigl(R \otimes D^{l-1}(R)\bigr)\,C_l .$$

This is a polynomial in the entries of R: no Euler angles, no division, right derivatives everywhere. An isometry
amplifies no error, so that of $D^l$ grows like l. The same recursion is the one of Ivanic and Ruedenberg
(J. Phys. Chem. 100 (1996) 6342) up to the choice of coordinates.
"""

from functools import cache
from typing import Any

import numpy as np

from ._arrays import matching, namespace, transpose


def next_wigner(R: Any, previous: Any, isometry: np.ndarray) -> Any:
    r"""Return $D^l(R)$ (..., 2l+1, 2l+1) from R (..., 3, 3), $D^{l-1}(R)$ and `embedding` (l).

    On a matrix that is no rotation it is the same polynomial, for which $D^l(-R) = (-1)^l D^l(R)$.
    """
    xp = namespace(R)
    low = previous.shape[-1]
    size, batch = low + 2, previous.shape[:-2]
    table = matching(isometry, R)  # (3, low, size)
    right = xp.reshape(xp.permute_dims(table, (1, 0, 2)), (low, 3 * size))
    half = xp.reshape(xp.matmul(previous, right), (*batch, low, 3, size))
    half = xp.matmul(R[..., None, :, :], half)  # (..., low, 3, size), the 3 now on the left of R
    left = xp.reshape(xp.permute_dims(table, (2, 1, 0)), (size, low * 3))
    return xp.matmul(left, xp.reshape(half, (*batch, low * 3, size)))


def generator(X: Any, basis: np.ndarray) -> Any:
    r"""Return the derivative of $D^l$ at the identity along the skew part of X (..., 3, 3), from `generators` (l)."""
    xp = namespace(X)
    a = transpose(X) - X
    v = xp.stack([a[..., 1, 2], a[..., 2, 0], a[..., 0, 1]], axis=-1) / 2
    size = basis.shape[-1]
    flat = xp.matmul(v, xp.reshape(matching(basis, X), (3, size * size)))
    return xp.reshape(flat, (*X.shape[:-2], size, size))


@cache
def generators(l: int) -> np.ndarray:  # noqa: E741
    """Return the images of L_x, L_y, L_z in V_l, (3, 2l+1, 2l+1), numpy float64, exactly skew."""
    if l == 0:
        return _frozen(np.zeros((3, 1, 1)))
    x, y, z = np.eye(3)
    space = np.array(
        [np.outer(z, y) - np.outer(y, z), np.outer(x, z) - np.outer(z, x), np.outer(y, x) - np.outer(x, y)]
    )
    if l == 1:
        return _frozen(space)
    table, low = embedding(l), generators(l - 1)
    found = np.einsum("aim,kij,ajn->kmn", table, low, table) + np.einsum("iam,kij,jan->kmn", table, space, table)
    found = (found - found.transpose(0, 2, 1)) / 2
    return _frozen(np.where(np.abs(found) < 1e-13, 0.0, found))  # entries are 0 or above 1/2


@cache
def embedding(l: int) -> np.ndarray:  # noqa: E741
    r"""Return $C_l$ (3, 2l-1, 2l+1): the isometry of $V_l$ into $V_1 \otimes V_{l-1}$, for $l \ge 1$, numpy float64.

    Its entries are the parts of $x_i Y^{l-1}_j$ along $Y^l_m$, from the three-term relations of the associated
    Legendre functions for $\sin\vartheta\, e^{\pm i\varphi} P_{l-1}^m$ and $\cos\vartheta P_{l-1}^m$.
    """
    table = np.zeros((3, 2 * l - 1, 2 * l + 1))
    X, Y, Z = range(3)

    def put(axis: int, j: int, m: int, value: float) -> None:
        table[axis, j + l - 1, m + l] = value

    def up(m: int) -> float:
        return np.sqrt((l + m) * (l + m + 1) / 4)

    def down(m: int) -> float:
        return np.sqrt((l - m) * (l - m + 1) / 4)

    for m in range(1 - l, l):
        put(Y, m, m, np.sqrt(l * l - m * m))
    put(X, 0, -1, np.sqrt(2) * up(0))
    put(Z, 0, 1, np.sqrt(2) * up(0))
    for m in range(1, l):  # the cosine is m, the sine is -m
        put(Z, m, m + 1, up(m))
        put(Z, -m, -m - 1, up(m))
        put(X, m, -m - 1, up(m))
        put(X, -m, m + 1, -up(m))
        if m == 1:
            put(Z, 1, 0, -np.sqrt(2) * down(1))
            put(X, -1, 0, -np.sqrt(2) * down(1))
        else:
            put(Z, m, m - 1, -down(m))
            put(Z, -m, -m + 1, -down(m))
            put(X, m, -m + 1, down(m))
            put(X, -m, m - 1, -down(m))
    return _frozen(table / np.sqrt(l * (2 * l - 1)))


def _frozen(table: np.ndarray) -> np.ndarray:
    table.setflags(write=False)
    return table
