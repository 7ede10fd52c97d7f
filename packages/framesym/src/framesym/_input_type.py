"""Inputs of the type that a network computes in."""

import torch
from torch import Tensor, nn


def require_type(net: nn.Module, **arrays: Tensor) -> None:
    """Require named inputs to have the type of the parameters, unless torch casts them by itself (autocast).

    Raises:
        TypeError: If one has another type.
    """
    real = next(net.parameters()).dtype
    for name, array in arrays.items():
        if array.dtype != real and not torch.is_autocast_enabled(array.device.type):
            kind = type(net).__name__
            raise TypeError(
                f"{name} must be {real}, as the parameters of {kind} are, got {array.dtype}; "
                f"cast it, or make the network one of another type with dtype= or .to()"
            )
