"""Checks of what a caller gives, with errors that name the argument."""

import warnings

import numpy as np

from ._averages import TINY
from ._model_base import MeanFieldModel

LARGEST = 1e50


def check_model(model) -> None:
    """Raise TypeError unless the model is one that the theory is derived for."""
    if not isinstance(model, MeanFieldModel):
        raise TypeError(f"model must be DenseHopfield, Hopfield, PSpin, MixedPSpin or SK, got {type(model).__name__}")


def check_branch(branch, allowed: tuple[str, ...]) -> None:
    """Raise ValueError unless the branch is one of those allowed."""
    if branch not in allowed:
        raise ValueError(f"branch must be one of {', '.join(map(repr, allowed))}, got {branch!r}")


def broadcast(alpha, T) -> tuple[np.ndarray, np.ndarray]:
    """Return load and temperature as float64 arrays of one shape, or raise an error that names the wrong one."""
    loads, temperatures = nonnegative("alpha", alpha, 5), nonnegative("T", T, 5)
    try:
        loads, temperatures = np.broadcast_arrays(loads, temperatures)
    except ValueError:
        raise ValueError(f"alpha and T must broadcast, got shapes {loads.shape} and {temperatures.shape}") from None
    return loads, temperatures


def nonnegative(name: str, value, depth: int = 4) -> np.ndarray:
    """Return the argument as a float64 array; what is too small to square becomes zero.

    Raises:
        TypeError: It is not made of real numbers.
        ValueError: Something in it is negative, NaN or too large to take powers of.
    """
    array = np.asarray(value)
    if array.size == 0 and array.dtype.kind == "O":
        array = array.astype(float)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a real number or an array of them, got {value!r}")
    if array.dtype.kind == "f" and array.dtype.itemsize < 8:
        warnings.warn(f"{name} is {array.dtype}: computed and returned in float64", stacklevel=depth)
    array = array.astype(np.float64)
    wrong = ~((array >= 0) & (array <= LARGEST))
    if wrong.any():
        raise ValueError(f"{name} must lie between 0 and {LARGEST:g}, got {array[wrong].flat[0]}")
    return np.where(array < TINY, 0.0, array)
