"""Frames as functions of numpy, torch and jax arrays."""

from typing import Any

import torch

from framesym._euclidean import euclidean
from framesym._jax_pca import pca_arrays
from framesym._pca import _TOLERANCE, PCA
from framesym._qr import QR, touching
from framesym._qr_arrays import FrameArrays, known
from framesym._qr_kernel import qr_arrays
from framesym._qr_points import items, prepared
from framesym._weighted import Weighted
from framesym._weighted_kernel import weighted_arrays


def frame_arrays(frame: PCA | QR | Weighted, x: Any, weights: Any = None, mask: Any = None) -> FrameArrays:
    """Compute a frame of points given as a numpy, torch or jax array.

    The same mathematics as the frame called on tensors. In jax it may be compiled, vectorised and differentiated, and
    the result is a pytree; inside `with jax.enable_x64(True)` it is computed in float64, elsewhere in the float32 that
    jax has. [`Tuple`][framesym.Tuple] and [`RestFrame`][framesym.RestFrame] have numbers of elements that depend on
    the data, and are for torch alone; `Weighted` is the frame for sets, and `QR` that for ordered points.

    Under `jax.jit` values cannot be seen, so nothing is raised about them: items without a frame are marked in
    `degenerate`, and `Weighted(max_pairs=k)`, whose number of elements is then fixed, marks those with more than k
    pairs of the largest weight.

    Args:
        frame: A frame [`PCA`][framesym.PCA], [`QR`][framesym.QR] or [`Weighted`][framesym.Weighted] (not one that
            samples).
        x: Points of shape (*batch, n, d), n >= 1, float32 or float64.
        weights: Non-negative weights of shape (*batch, n), not all zero in an item.
        mask: True for the points that exist, of shape (*batch, n), at least one in an item.

    Returns:
        The elements, weights and what is told about the items, as arrays of the library of `x`, with methods that
        bring points to canonical coordinates and average results.

    Raises:
        TypeError: If `frame` is another frame, `x` not a real floating-point array, or `mask` not boolean.
        ValueError: If a shape does not fit, or a value that can be seen is not finite, an item has no points or no
            frame.

    Examples:
        >>> import numpy as np
        >>> from liegroups import SO
        >>> from framesym import QR, frame_arrays
        >>> x = np.random.default_rng(0).standard_normal((7, 20, 3))
        >>> def energy(x):                        # an invariant function out of one without symmetry
        ...     frame = frame_arrays(QR(SO(3)), x)
        ...     z = frame.canonical(x)            # (7, 1, 20, 3)
        ...     return frame.average(np.sin(z).sum((-2, -1)))
        >>> R = SO(3).sample(1, seed=0)[0]
        >>> bool(abs(energy(x @ R.T) - energy(x)).max() < 1e-12)       # jax arrays and jax.numpy.sin do as well
        True
    """
    if isinstance(frame, PCA):
        motions = euclidean(frame.group)
        points = prepared(x, weights, mask, frame.d, frame.translations)
        tolerance = frame.tolerance or _TOLERANCE[getattr(torch, str(x.dtype).rpartition(".")[2])]
        arrays = pca_arrays(points, motions, tolerance)  # pyright: ignore[reportArgumentType]
        if known(arrays.degenerate):
            frame.report(torch.tensor(arrays.degenerate.tolist()), "eigenvalues of the covariance coincide")
        return arrays
    if isinstance(frame, QR):
        arrays = qr_arrays(prepared(x, weights, mask, frame.d, frame.kind.translations), frame.kind, frame.lines)
        if known(arrays.degenerate):
            raise ValueError(f"{frame!r} has no frame for {items(arrays.degenerate)}: {touching(frame.lines)}")
        return arrays
    if isinstance(frame, Weighted) and not frame.sample:
        points = prepared(x, weights, mask, frame.d, frame.motions.translations)
        return weighted_arrays(points, frame.motions, frame.power, frame.max_pairs)
    raise TypeError(f"frame must be PCA, QR or Weighted without sampling for arrays, got {frame!r}")
