"""The search behind minimal frames: axes by Gram-Schmidt from points that invariants choose."""

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from framesym._complement import complement, complete
from framesym._points import ROUND_OFFS

# Directions and phases of the waves that tell two views of a set apart: any generic numbers will do, and sets that
# agree by chance only make the frame larger. The golden ratio's multiples are far from every simple relation.
_GOLDEN = 0.6180339887498949
_WAVES = 3
# Round-offs of the input that an invariant may be off by.
NOISE = 16
# Round-offs below which two points coincide.
_COINCIDE = 2 * ROUND_OFFS


@dataclass
class Cloud:
    """Point sets relative to their centroids, as the search reads them.

    Attributes:
        points: As columns, (B, d, n), zero where absent; with their derivatives.
        squares: Squares of their norms: (B, n).
        radius: Largest norm: (B,).
        present: Which points exist, (B, n); None if all do.
        share: Weight of each point, summing to one, (B, n); None if all weigh the same.
        labels: Numbers that tell points apart, (B, n, c) of at most one, or None.
        noise: Relative round-off of the points: (B,).
        tie: Relative difference below which invariants tie: (B,).
        flat: Distance below which a point is on the line, plane, ... of the axes found so far: (B,).
    """

    points: Tensor
    squares: Tensor
    radius: Tensor
    present: Tensor | None
    share: Tensor | None
    labels: Tensor | None
    noise: Tensor
    tie: Tensor
    flat: Tensor

    def take(self, item: Tensor) -> "Cloud":
        """Return some of the items."""
        arrays = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return replace(self, **{name: a[item] for name, a in arrays.items() if a is not None})

    @property
    def unit(self) -> Tensor:
        """Points of radius one, as rows (B, n, d), without derivatives."""
        radius = torch.where(self.radius > 0, self.radius, 1.0)
        return self.points.detach().mT / radius[:, None, None]

    @property
    def heavy(self) -> Tensor:
        """Weight of each point, summing to one: (B, n)."""
        return torch.full_like(self.squares, 1 / self.squares.shape[-1]) if self.share is None else self.share


@dataclass
class Found:
    """Axes (R, d, d), as columns, of the items (R,) in ascending order, and what is told about each item.

    No `item` if there is one an item, and no `rank` if it is full.
    """

    item: Tensor | None
    axes: Tensor
    rank: Tensor | None
    gap: Tensor
    free: Tensor | None
    crowded: Tensor | None


@dataclass
class _Rows:
    """Candidates: their items, axes found so far, and the points' residuals with their squares."""

    item: Tensor
    axes: list[Tensor]
    residual: Tensor
    squares: Tensor

    def take(self, row: Tensor) -> "_Rows":
        return _Rows(self.item[row], [e[row] for e in self.axes], self.residual[row], self.squares[row])


@dataclass
class Guess:
    """Axes from the first choices, right where nothing ties.

    Attributes:
        axes: One matrix an item, as columns: (B, d, d).
        gap: Smallest relative difference between a chosen and a rejected point: (B,).
        tops, seconds: Squares of the distances of the chosen point and of the next one at each level: (levels, B).
        last: Squares of the distances from the last plane: (B, n).
    """

    axes: Tensor
    gap: Tensor
    tops: Tensor
    seconds: Tensor
    last: Tensor


def guess(columns: Tensor, squares: Tensor, reflections: bool) -> Guess:
    """Choose the farthest point at every level, given points as columns (d, B, n) and the squares of their norms."""
    d, count, _ = columns.shape
    axes = [columns.new_ones(1, count)] if d == 1 else []
    residual = columns.detach()
    height = residual[0]
    tops, seconds = [], []
    for level in range(d if reflections else d - 1):
        top, point = squares.max(-1, keepdim=True)
        tops.append(top)
        seconds.append(squares.scatter(-1, point, 0.0).amax(-1, keepdim=True))
        if level == d - 1:
            axes.append(axes.pop() * height.gather(-1, point).squeeze(-1).sign())
            break
        axes.append(_orthonormal(columns.gather(-1, point.expand(d, -1, -1)).squeeze(-1), axes, 0))
        last = axes[-1].detach()
        if level < d - 2:
            residual = torch.addcmul(residual, _along(residual, last, 0), last.unsqueeze(-1), value=-1)
            squares = residual.square().sum(0)
        else:
            axes.append(complement([e.mT for e in axes], count, columns).mT)
            height = _along(residual, axes[-1].detach(), 0)
            squares = height.square()
    matrix = torch.stack(axes).permute(2, 1, 0)
    if not tops:  # SO(1) has nothing to choose
        none = squares.new_zeros(0, count)
        return Guess(matrix, squares.new_full((count,), torch.inf), none, none, squares)
    top, second = torch.cat(tops, -1).mT, torch.cat(seconds, -1).mT
    return Guess(matrix, ((top - second) / top).amin(0), top, second, squares)


def settled(found: Guess, shift: Tensor, round_off: float, tolerance: float, reflections: bool) -> bool:
    """Whether bounds show that nothing ties, in every item: an inequality that also fails where squares overflow.

    With `tie` and `flat` of `Cloud`, the square of `tie * radius` is at most `bound`, that of `flat` a quarter of it.
    """
    if not len(found.tops):
        return False
    slack = 2 * NOISE**2 * round_off**2
    bound = torch.add((tolerance**2 + slack) * found.tops[0], shift.square().sum(0), alpha=slack)
    clear = (found.tops - found.seconds).square() > bound * found.tops
    if not reflections:
        clear = clear & (found.last.amax(-1) > bound)
    return bool(clear.all())


def search(cloud: Cloud, found: Guess, reflections: bool, limit: int) -> Found:
    """Return all axes of the minimal frame of each set, from the first choices; both orientations if `reflections`."""
    count, d, _ = cloud.points.shape
    device = cloud.points.device
    floor = cloud.flat.square()
    tie = (cloud.tie * cloud.radius / found.tops.sqrt()).clamp_max(0.25)
    hard = ((found.tops <= floor) | (1 - found.seconds / found.tops <= tie)).any(0)
    rank = torch.full((count,), d, device=device)
    if not reflections:
        rank = torch.where(found.last.amax(-1) <= floor, d - 1, rank)
    if not hard.any():
        return Found(None, found.axes, rank, found.gap, None, None)
    # Items where nothing ties are searched again without the others, whose axes may be undefined in the first pass.
    places = (~hard).nonzero().squeeze(-1), hard.nonzero().squeeze(-1)
    easy = cloud.take(places[0])
    axes = guess(easy.points.movedim(1, 0), easy.squares, reflections).axes
    slow = _symmetric(cloud.take(places[1]), reflections, limit)
    if slow.crowded is not None:
        return replace(slow, crowded=hard.masked_scatter(hard, slow.crowded))
    assert slow.item is not None and slow.rank is not None
    item = torch.cat([places[0], places[1][slow.item]])
    order = torch.argsort(item, stable=True)
    free = None
    if slow.free is not None:
        free = torch.zeros_like(slow.free[:1]).expand(count, -1).index_copy(0, places[1], slow.free)
    return Found(
        item[order],
        torch.cat([axes, slow.axes])[order],
        rank.index_copy(0, places[1], slow.rank),
        found.gap.index_copy(0, places[1], slow.gap),
        free,
        None,
    )


def _symmetric(cloud: Cloud, reflections: bool, limit: int) -> Found:
    """Search with all candidates that tie, and for sets that leave axes undetermined."""
    count, d, _ = cloud.points.shape
    device = cloud.points.device
    rows = _Rows(torch.arange(count, device=device), [], cloud.points.detach(), cloud.squares)
    rank = torch.full((count,), d, device=device)
    gap = torch.full((count,), torch.inf, dtype=torch.float64, device=device)
    flat_squares = cloud.flat.square()
    done: list[tuple[Tensor, Tensor]] = []
    stuck = False
    for level in range(d if reflections else d - 1):
        top = _highest(rows.squares.amax(-1), rows, count)
        flat = (top >= 0) & (top <= flat_squares)
        if flat.any():
            rank = torch.where(flat & (rank == d), level, rank)
            ending = flat[rows.item]
            axes = complete([e[ending] for e in rows.axes], int(ending.sum()), d, cloud.points)
            stuck = stuck or level < d - 1
            done.append((rows.item[ending], axes))
            if reflections:
                done.append((rows.item[ending], torch.cat([axes[..., :-1], -axes[..., -1:]], -1)))
            keep = (~ending).nonzero().squeeze(-1)
            rows = rows.take(keep)
        rows, gap = _choose(rows, top, gap, cloud, reflections)
        crowded = torch.bincount(rows.item, minlength=count) > limit
        if crowded.any():
            return Found(rows.item, cloud.points, rank, gap, None, crowded)
    if not reflections and d > 0:
        last = complement(rows.axes, len(rows.item), cloud.points)
        height = _along(rows.residual, last.detach()).abs().amax(-1)
        low = _highest(height, rows, count) <= cloud.flat
        rank = torch.where((rank == d) & low, d - 1, rank)
        rows.axes.append(last)
    done.append((rows.item, torch.stack(rows.axes, -1) if len(rows.item) else cloud.points.new_zeros(0, d, d)))
    item, axes = done[0] if len(done) == 1 else (torch.cat([i for i, _ in done]), torch.cat([a for _, a in done]))
    free = None
    if stuck:
        missing = torch.arange(d, device=device) >= rank.unsqueeze(-1)
        free = missing & (rank < d - 1).unsqueeze(-1)
    if len(item) > count:
        kept = _compare(cloud, item, axes.detach(), free)
        item, axes = item[kept], axes[kept]
    if len(done) > 1:
        order = torch.argsort(item, stable=True)
        item, axes = item[order], axes[order]
    return Found(item, axes, rank, gap, free, None)


def _highest(values: Tensor, rows: _Rows, count: int) -> Tensor:
    """Return the largest value of each item, minus infinity where it has no rows."""
    return values.new_full((count,), -torch.inf).scatter_reduce(0, rows.item, values, "amax")


def _choose(rows: _Rows, top: Tensor, gap: Tensor, cloud: Cloud, reflections: bool) -> tuple[_Rows, Tensor]:
    """Extend every row by the points farthest from its axes: the best of the item, as invariants tell.

    Args:
        rows: The candidates.
        top: Largest square of a residual of each item.
        gap: Smallest relative gap so far, of each item.
        cloud: The points.
        reflections: Whether the last axis is chosen too.
    """
    tie = (cloud.tie * cloud.radius / top.sqrt()).clamp_max(0.25)
    bound = top * (1 - tie)
    tied = rows.squares >= bound[rows.item].unsqueeze(-1)
    if cloud.present is not None:
        tied = tied & cloud.present[rows.item]
    second = _highest(rows.squares.masked_fill(tied, 0.0).amax(-1), rows, len(gap))
    gap = torch.fmin(gap, 1 - second / top)
    row, point = tied.nonzero(as_tuple=True)
    item = rows.item[row]
    score = _invariant(cloud, rows, row, point)
    best = score.new_full((len(gap),), -torch.inf).scatter_reduce(0, item, score, "amax")
    kept = score >= (best - tie)[item]
    row, point = row[kept], point[kept]
    same = ((_COINCIDE * cloud.noise).clamp_max(0.25) * cloud.radius)[rows.item[row]]
    kept = _distinct(row, rows.residual[row, :, point], same)
    row, point = row[kept], point[kept]
    extended, item = rows.take(row), rows.item[row]
    vector = cloud.points[item, :, point]
    d = vector.shape[-1]
    if len(rows.axes) == d - 1:
        extended.axes.append(_facing(complement(extended.axes, len(item), cloud.points), vector))
        return extended, gap
    axes = [*extended.axes, _orthonormal(vector, extended.axes)]
    residual = extended.residual
    if len(axes) < d - 1:
        residual = _without(residual, axes[-1].detach())
        squares = residual.square().sum(1)
    elif reflections:
        squares = _along(residual, complement(axes, len(item), cloud.points).detach()).square()
    else:
        squares = residual[:, 0]  # never read: the last axis is given by the others
    return _Rows(item, axes, residual, squares), gap


def _facing(axis: Tensor, vector: Tensor) -> Tensor:
    """Return the last axis (R, d) on the side of a point.

    The axis itself comes from the others: that is exact where the point is too near their plane to have many digits.
    """
    return axis * (axis.detach() * vector.detach()).sum(-1, keepdim=True).sign()


def _orthonormal(vector: Tensor, axes: list[Tensor], dim: int = -1) -> Tensor:
    """Return the unit vector of a vector's part orthogonal to the axes, by Gram and Schmidt twice."""
    for _ in range(2 if axes else 1):
        for e in axes:
            vector = vector - (vector * e).sum(dim, keepdim=True) * e
    return vector / vector.square().sum(dim, keepdim=True).sqrt()


def _without(residual: Tensor, axis: Tensor) -> Tensor:
    """Remove the component along an axis (R, d) from vectors (R, d, n)."""
    return residual - _along(residual, axis).unsqueeze(1) * axis.unsqueeze(-1)


def _along(vectors: Tensor, axis: Tensor, dim: int = 1) -> Tensor:
    """Return the components (R, n) of vectors along an axis, the coordinates of both in axis `dim`."""
    return (vectors * axis.unsqueeze(-1)).sum(dim)


def _invariant(cloud: Cloud, rows: _Rows, row: Tensor, point: Tensor) -> Tensor:
    """Return a number that symmetric points share and others, in general, do not."""
    points = cloud.unit
    item = rows.item[row]
    pairs = (points.unsqueeze(-1) * points.unsqueeze(-2)).flatten(-2)
    heavy = cloud.heavy if cloud.labels is None else cloud.heavy * (1 + cloud.labels @ _spread(cloud.labels))
    heavy = pairs * heavy.unsqueeze(-1)
    third, fourth = heavy.mT @ points, heavy.mT @ pairs
    mine, pair = points[item, point], pairs[item, point]
    score = torch.einsum("ra,rab,rb->r", pair, third[item], mine) + torch.einsum(
        "ra,rab,rb->r", pair, fourth[item], pair
    )
    if cloud.labels is not None:
        score = score + cloud.labels[item, point] @ _spread(cloud.labels)
    for level, e in enumerate(rows.axes):
        score = score + (1 + _GOLDEN * level) * (mine * e.detach()[row]).sum(-1)
    return score


def _spread(labels: Tensor) -> Tensor:
    """Return generic coefficients for the columns of the labels."""
    columns = torch.arange(1, labels.shape[-1] + 1, dtype=labels.dtype, device=labels.device)
    return 0.5 + (columns * _GOLDEN).frac()


def _distinct(row: Tensor, vectors: Tensor, same: Tensor) -> Tensor:
    """Return the places of the first of all rows' vectors that coincide; `row` is ascending."""
    _, place, sizes = torch.unique_consecutive(row, return_inverse=True, return_counts=True)
    width = int(sizes.max()) if len(sizes) else 0
    if width < 2:
        return torch.arange(len(row), device=row.device)
    slot = torch.arange(len(row), device=row.device) - (sizes.cumsum(0) - sizes)[place]
    table = vectors.new_full((len(sizes), width, vectors.shape[-1]), torch.inf).index_put((place, slot), vectors)
    close = (table.unsqueeze(2) - table.unsqueeze(1)).abs().amax(-1)[place, slot] <= same.unsqueeze(-1)
    earlier = torch.arange(width, device=row.device) < slot.unsqueeze(-1)
    return (~(close & earlier).any(-1)).nonzero().squeeze(-1)


def _compare(cloud: Cloud, item: Tensor, axes: Tensor, free: Tensor | None) -> Tensor:
    """Return the rows whose axes see the greatest view of their set, all of them if several see the same one."""
    kept = torch.arange(len(item), device=item.device)
    count, d, _ = cloud.points.shape
    present = torch.ones_like(cloud.squares) if cloud.present is None else cloud.present.to(axes.dtype)
    heavy, points = cloud.heavy + present / present.sum(-1, keepdim=True), cloud.unit
    directions = torch.arange(1, _WAVES * d + 1, dtype=axes.dtype, device=axes.device).reshape(_WAVES, d)
    directions = 1 + 3 * (directions * _GOLDEN).frac()
    for wave in range(_WAVES):
        if len(kept) == count:
            break
        owner, view = item[kept], axes[kept] @ directions[wave].unsqueeze(-1)
        if free is not None:
            view = (axes[kept] * (~free[owner]).to(axes.dtype).unsqueeze(-2)) @ directions[wave].unsqueeze(-1)
        phase = (points[owner] @ view).squeeze(-1) + wave + 0.3
        if cloud.labels is not None:
            phase = phase + (cloud.labels @ _spread(cloud.labels))[owner]
        score = (torch.sin(phase) * heavy[owner]).sum(-1)
        best = score.new_full((count,), -torch.inf).scatter_reduce(0, owner, score, "amax")
        kept = kept[score >= (best - cloud.tie)[owner]]
    return kept
