"""Initial parameters of a network from a seed of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

Real = Literal["float32", "float64"]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw torch's random numbers from this seed inside the block, and leave the global state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def check_counts(**counts: int) -> None:
    """Require each named number to be at least one."""
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")


def real_type(dtype: str) -> torch.dtype:
    """Return the torch type of a name."""
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64', got {dtype!r}")
    return getattr(torch, dtype)
