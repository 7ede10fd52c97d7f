"""The umbrella makes networks equivariant by frames, and exactly so where principal axes are none."""

import itertools

import pytest
import torch

import liegroups
import symmetron as sym

F64 = torch.float64


class Perceptron(torch.nn.Module):
    """A network of eight points without symmetry."""

    inputs = "point"
    outputs = "vector"

    def __init__(self):
        super().__init__()
        random = torch.Generator().manual_seed(0)
        self.first = torch.nn.Parameter(torch.randn(24, 32, generator=random, dtype=F64) / 5)
        self.last = torch.nn.Parameter(torch.randn(32, 3, generator=random, dtype=F64) / 5)

    def forward(self, x):
        return torch.tanh(x.flatten(-2) @ self.first) @ self.last


@pytest.mark.parametrize("group", [liegroups.E(3), liegroups.SO(3)], ids=str)
def test_automatic_symmetrizer_is_exact_on_a_cube(group):
    cube = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=3)), dtype=F64)
    net = sym.symmetrize(Perceptron(), group)
    assert type(net).__module__.startswith("framesym")
    for x in (cube, cube + torch.linspace(0, 1, 24, dtype=F64).sin().reshape(8, 3)):
        report = sym.equivariance_error(net, group, x[None], "point", "vector", samples=8, scale=1.0, local=False)
        assert report.max < 1e-12


def test_automatic_symmetrizer_of_a_group_without_principal_axes():
    """Lorentz transformations: frames of ordered momenta."""
    group = liegroups.Lorentz(1, 3)
    random = torch.Generator().manual_seed(1)
    p = torch.randn(2, 8, 3, generator=random, dtype=F64)
    x = torch.cat([p.norm(dim=-1, keepdim=True), p], -1)
    weight = torch.randn(32, 3, generator=random, dtype=F64)
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(32, 3, bias=False).double(), torch.nn.Tanh())
    module[1].weight.data = weight.T / 10
    net = sym.symmetrize(module, group, inputs="vector", outputs="scalar")
    g = torch.tensor(group.sample(2, seed=0, scale=0.5))[:, None]
    torch.testing.assert_close(net(liegroups.Rep("vector", group).rho(g, x)), net(x), atol=1e-9, rtol=0)
