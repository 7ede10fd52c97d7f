"""Eigenvectors of symmetric matrices with a derivative that stays finite at repeated eigenvalues."""

from typing import Any

import torch
from torch import Tensor


class _Eigh(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(matrix: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
        values, vectors = torch.linalg.eigh(matrix)
        return values, vectors

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        ctx.tolerance = inputs[1]
        ctx.save_for_backward(*output)
        ctx.save_for_forward(*output)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        values, vectors = ctx.saved_tensors
        inner = _inverse_gaps(values, ctx.tolerance) * (vectors.mT @ grads[1]) + torch.diag_embed(grads[0])
        full = vectors @ inner @ vectors.mT
        return (full + full.mT) / 2, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> tuple[Tensor, Tensor]:
        values, vectors = ctx.saved_tensors
        inner = vectors.mT @ tangents[0] @ vectors
        return inner.diagonal(dim1=-2, dim2=-1), vectors @ (_inverse_gaps(values, ctx.tolerance) * inner)


def _inverse_gaps(values: Tensor, tolerance: float) -> Tensor:
    """Return 1 / (values_j - values_i), and 0 within a block of values that count as equal."""
    gaps = values.unsqueeze(-2) - values.unsqueeze(-1)
    equal = gaps.abs() <= tolerance * values.abs().amax(-1)[..., None, None]
    # The inner `where` keeps 1/0 out of the graph: its zero cotangent would become NaN in a second derivative.
    return torch.where(equal, 0.0, 1.0 / torch.where(equal, 1.0, gaps))


def eigenvectors(matrix: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
    """Return ascending eigenvalues and the eigenvectors of symmetric matrices of shape (..., d, d).

    Eigenvalues closer than `tolerance` times the largest count as equal: their eigenvectors do not turn into one
    another when the matrix changes, where the textbook derivative would divide by zero. Everything else has its exact
    derivative, of every order.
    """
    return _Eigh.apply(matrix, tolerance)  # pyright: ignore[reportReturnType]
