"""The part of the lab plugin that has annotations as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Spin:
    """A spin model.

    Attributes:
        P: Order of the interaction.
        kernel: Which nonlinearity.
    """

    P: int = 4
    kernel: Literal["gaussian", "power"] = "gaussian"

    def __post_init__(self):
        if self.P < 1:
            raise ValueError(f"P must be positive, got {self.P}")
