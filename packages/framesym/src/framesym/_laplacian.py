"""Frames of permutations that sort the nodes of a graph by its Laplacian eigenspaces."""

from typing import ClassVar

import torch
from torch import Tensor

from framesym._permutation_frame import PermutationFrameSet
from framesym._sort import blank, existing, features, sorted_frames

MERGE = 1e-6
"""Scores, which lie in [0, 1], count as equal if a chain of steps shorter than this joins them."""


class Laplacian:
    r"""The frame of all permutations that sort nodes by their parts in the eigenspaces of the Laplacian.

    With $L = D - A$, eigenspaces $E_1, E_2, \dots$ of ascending eigenvalue and their projectors $P_j$, node $i$ has
    the row of scores $s_{ij} = \lVert P_j e_i \rVert = \sqrt{(P_j)_{ii}}$. The frame sorts these rows
    lexicographically, then by node features if there are any; nodes with equal rows are tied, and
    $|F(A)| = \prod_c n_c!$.

    Everything is computed in float64. Eigenvalues belong to one eigenspace if they differ by less than
    `gap` $\max(1, \max_j |\lambda_j|)$; scores are not rounded but joined into classes by chains of steps below
    $10^{-6}$, so that no value sits on the edge of a rounding cell. The frames of non-isomorphic graphs
    may agree, and a frame is as a rule far larger than the automorphism group:
    [`Canonical`][framesym.Canonical] has neither fault. Source: Puny et al., arXiv:2110.03336, section 3.

    Args:
        gap: Relative distance of eigenvalues that belong to different eigenspaces.

    Raises:
        ValueError: If `gap` is not a positive number below 1.

    Examples:
        >>> import torch
        >>> from framesym import Laplacian
        >>> path = torch.tensor([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]])
        >>> frames = Laplacian()(path)
        >>> frames.orbits  # the ends are alike, and so are the nodes between
        tensor([0, 1, 1, 0])
        >>> frames.mask.sum()
        tensor(4)
    """

    permutes: ClassVar[bool] = True
    carrier: ClassVar[str] = "adjacency"

    def __init__(self, gap: float = 1e-8) -> None:
        if not 0 < gap < 1:
            raise ValueError(f"gap must be a positive number below 1, got {gap!r}")
        self.gap = float(gap)

    def __repr__(self) -> str:
        return f"Laplacian(gap={self.gap:g})"

    def __call__(
        self, adjacency: Tensor, node: Tensor | None = None, edge: Tensor | None = None, mask: Tensor | None = None
    ) -> PermutationFrameSet:
        """Return the frame of each graph.

        Args:
            adjacency: Symmetric (weighted) adjacency matrices, (*batch, n, n), of any real dtype.
            node: Features of the nodes, (*batch, n, c), compared exactly after the scores.
            edge: Not used: it may be given where frames are called alike.
            mask: Which nodes exist, (*batch, n); all of them by default.

        Returns:
            The frames, with the diagnostics `spaces` (number of eigenspaces) and `gap` (smallest distance of their
            eigenvalues over max(1, largest magnitude of one), infinite if there is one eigenspace).

        Raises:
            ValueError: If a shape does not fit, a value is not a number, or a matrix is not symmetric.
        """
        scores, nodes, diagnostics = self._scores(adjacency, mask)
        keys = merged(torch.where(nodes.unsqueeze(-1), scores, -1.0)).double()
        if node is not None:
            keys = torch.cat([keys, features(node, nodes, "node")], -1)
        return sorted_frames(keys, nodes, diagnostics)

    def scores(self, adjacency: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""Return $s_{ij}$, node $i$, eigenspace $j$, with columns of zeros up to n: (*batch, n, n), float64."""
        return self._scores(adjacency, mask)[0]

    def _scores(self, adjacency: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        weights, nodes = matrices(adjacency, mask)
        if not torch.equal(weights, weights.mT):
            raise ValueError("adjacency must be symmetric for Laplacian frames; Canonical takes directed graphs")
        # An absent node adds a zero eigenvalue with an eigenvector of its own: the other scores stay as they are.
        laplacian = torch.diag_embed(weights.sum(-1)) - weights
        values, vectors = torch.linalg.eigh(laplacian)
        if not values.shape[-1]:
            zero = values.new_zeros(values.shape[:-1])
            return vectors.abs(), nodes, {"spaces": zero.long(), "gap": zero + torch.inf}
        steps = values.diff(dim=-1) / values.abs().amax(-1, keepdim=True).clamp(min=1)
        split = steps > self.gap
        space = torch.nn.functional.pad(split.long().cumsum(-1), (1, 0))
        parts = torch.zeros_like(vectors).scatter_add(-1, space.unsqueeze(-2).expand(vectors.shape), vectors**2)
        least = torch.where(split, steps, torch.inf)
        gap = least.amin(-1) if steps.shape[-1] else values.new_full(values.shape[:-1], torch.inf)
        return parts.sqrt(), nodes, {"spaces": space[..., -1] + 1, "gap": gap}


def matrices(adjacency: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return adjacency matrices in float64 with zeros for absent nodes, and which nodes exist, after checks."""
    if not isinstance(adjacency, Tensor) or adjacency.ndim < 2 or adjacency.shape[-1] != adjacency.shape[-2]:
        found = tuple(adjacency.shape) if isinstance(adjacency, Tensor) else type(adjacency).__name__
        raise ValueError(f"adjacency must be a tensor of shape (*batch, n, n), got {found}")
    nodes = existing(adjacency[..., 0] if adjacency.shape[-1] else adjacency.sum(-1), mask)
    both = nodes.unsqueeze(-1) & nodes.unsqueeze(-2)
    return blank(adjacency.unsqueeze(-1), both, "adjacency").squeeze(-1).double(), nodes


def merged(scores: Tensor) -> Tensor:
    """Return in each column (*batch, n, k) the rank of the class of each value, joined by steps below `MERGE`."""
    values, place = scores.sort(-2)
    step = torch.zeros_like(place)
    step[..., 1:, :] = (values.diff(dim=-2) > MERGE).long()
    return torch.empty_like(place).scatter_(-2, place, step.cumsum(-2))
