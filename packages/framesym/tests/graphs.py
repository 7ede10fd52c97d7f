"""Graphs and relabellings for the tests."""

import torch

SQUARE = torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])


def cycle(n):
    step = torch.eye(n, dtype=torch.int64).roll(1, 0)
    return ((step + step.T) > 0).long()


def path(n):
    return torch.diag(torch.ones(n - 1, dtype=torch.int64), 1) + torch.diag(torch.ones(n - 1, dtype=torch.int64), -1)


def random_graphs(count, n, seed=0, density=0.4, dtype=torch.float64):
    random = torch.Generator().manual_seed(seed)
    upper = (torch.rand(count, n, n, generator=random) < density).to(dtype).triu(1)
    return upper + upper.mT


def random_orders(count, n, seed=0):
    return torch.rand(count, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).argsort(-1)


def relabelled(x, order, axes):
    """Take the nodes of each item of x in the order given: (batch, n, ...) or (batch, n, n, ...)."""
    items = torch.arange(len(order))
    if axes == 0:
        return x
    return x[items[:, None], order] if axes == 1 else x[items[:, None, None], order[:, :, None], order[:, None, :]]
