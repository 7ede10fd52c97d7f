import pytest
import torch

import liegroups


@pytest.fixture(params=["SO", "O", "SE", "E"])
def family(request):
    """A family of groups, called with the dimension of space."""
    return getattr(liegroups, request.param)


@pytest.fixture
def cloud():
    """Seeded random clouds, stretched so that their covariances are far from degenerate."""

    def draw(*shape, seed=0, dtype=torch.float64):
        random = torch.Generator().manual_seed(seed)
        stretch = torch.linspace(1, 2, shape[-1], dtype=torch.float64)
        return (torch.randn(shape, generator=random, dtype=torch.float64) * stretch + 0.3).to(dtype)

    return draw


@pytest.fixture
def perceptron():
    """A fixed random function of flattened clouds (..., n, d) -> (..., out): it has no symmetry of its own."""

    def build(points, d, out, dtype=torch.float64):
        random = torch.Generator().manual_seed(5)
        normal = lambda *shape: torch.randn(shape, generator=random, dtype=torch.float64).to(dtype)
        first, shift, second = normal(points * d, 32) / (points * d) ** 0.5, normal(32), normal(32, out) / 32**0.5
        return lambda x: torch.tanh(x.flatten(-2) @ first + shift) @ second

    return build
