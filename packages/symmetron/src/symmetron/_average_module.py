"""The mean over a group as a torch module; imported only when the averaged model is one."""

from typing import Any

import torch

from symmetron._symmetrize import GroupAverage


class AverageModule(torch.nn.Module):
    """A :class:`GroupAverage` with the parameters, modes and state of the module that it averages."""

    def __init__(self, average: GroupAverage):
        super().__init__()
        self.model = average.model
        self.average = average
        self.inputs, self.outputs = average.inputs, average.outputs
        self.error, self.method = average.error, average.method

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return the mean over the group."""
        return self.average(*args, **kwargs)
