"""Frames of sets of momenta: the rest frame of the total momentum, then a frame of the momenta in space."""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor

import liegroups
from framesym._frameset import FrameSet
from framesym._lorentz_boost import boost, from_time_and_space, lightlike_line, rest_frame, time_and_space
from framesym._qr import as_tensors
from framesym._qr_groups import Component, linear_kind
from framesym._qr_kernel import qr_arrays
from framesym._qr_points import Points, items, prepared
from framesym._tuple import Tuple


class RestFrame:
    r"""Frame of a set of four-momenta that does not depend on their order, for Lorentz groups in any dimension.

    The symmetric boost along the total momentum $P$ leads to its rest frame; there a frame of the spatial momenta for
    O(d - 1) or SO(d - 1) gives the axes, and the sign of the energy the direction of time, where the group has its
    reversal. Nothing is divided by the length of a single momentum, so massless ones do no harm, and every choice is
    exact for boosted copies to round-off. `Tuple` (the default) gives one element for generic sets; `Weighted` a
    continuous frame; `PCA` that of principal axes.

    $P$ has to be timelike, as it is for any momenta of positive energy but parallel massless ones. With
    `lightlike="line"` those are admitted, as told for [`QR`][framesym.QR], with a total energy of one.

    Args:
        group: A Lorentz group SO+(1, d-1), or a union of components of O(1, d-1), in either convention of sign and
            order of the axes, as an object with the members of `liegroups.Group`.
        frame: Frame of the momenta in space, a function of the group O(d - 1) or SO(d - 1).
        lightlike: What to do about parallel massless momenta.

    Raises:
        ValueError: If `group` is another group, or `lightlike` another word.

    Examples:
        >>> import torch
        >>> from liegroups import Lorentz
        >>> from framesym import RestFrame
        >>> random = torch.Generator().manual_seed(0)
        >>> p = torch.randn(6, 3, generator=random, dtype=torch.float64)
        >>> momenta = torch.cat([p.norm(dim=-1, keepdim=True), p], -1)       # massless
        >>> group = Lorentz(1, 3)
        >>> canonical = lambda x: (x @ RestFrame(group)(x).inverse[0].mT).sort(0).values
        >>> boost = torch.tensor(group.sample(1, seed=0, scale=1.0)[0])
        >>> torch.allclose(canonical(momenta.flip(0) @ boost.T), canonical(momenta), atol=1e-12)
        True
    """

    def __init__(
        self, group: Any, frame: Callable[[Any], Any] = Tuple, lightlike: Literal["raise", "line"] = "raise"
    ) -> None:
        kind = linear_kind(group)
        if kind is None or kind.time is None or kind.translations:
            name = getattr(group, "name", repr(group))
            raise ValueError(f"group must be a Lorentz group without translations for a rest frame, got {name}")
        if lightlike not in ("raise", "line"):
            raise ValueError(f"lightlike must be 'raise' or 'line', got {lightlike!r}")
        self.group = group
        self.lines = lightlike == "line" or kind.d == 2
        self.kind = kind
        self.d = kind.d
        self._time_bit = int(kind.signs[kind.clock] < 0)
        mirror = self._component(space=True, time=False) in kind.components
        self.frame = frame((liegroups.O if mirror else liegroups.SO)(kind.d - 1))

    def __repr__(self) -> str:
        return f"RestFrame({getattr(self.group, 'name', self.group)}, {self.frame!r})"

    def _component(self, space: bool, time: bool) -> Component:
        return (space, time) if self._time_bit else (time, space)

    def __call__(
        self,
        x: Tensor,
        weights: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        batch: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> FrameSet:
        """Compute the frame of each set of momenta, in float64, with derivatives with respect to `x` and `weights`.

        Args:
            x: Momenta of shape (*batch, n, d), n >= 1.
            weights: Non-negative weights of shape (*batch, n), not all zero in an item.
            mask: True for the momenta that exist, of shape (*batch, n), at least one in an item.
            batch: Item of each row, (N,), for a ragged batch: then `x` has shape (N, d), `weights` and `mask` (N,).
            dtype: Type of the result; that of `x` if left out.

        Raises:
            TypeError: If `x` is not a real floating-point tensor, `weights` not a tensor, or `mask` not a boolean one.
            ValueError: If a shape does not fit, a value is not finite, an item has no points, or its total momentum is
                spacelike, zero or on the light cone.
        """
        x, weights, mask = as_tensors(x, weights, mask, batch)
        points = prepared(x, weights, mask, self.d, translations=False)
        rest = rest_frame(points, self.kind)
        line = lightlike_line(points, self.kind).found & ~rest.timelike & self.lines
        reason = "the total momentum is not timelike"
        if not self.lines:
            reason = f"{reason}; lightlike='line' admits parallel massless momenta"
        self.report(~rest.timelike & ~line, reason)
        inner = self._inner(rest, points, weights, mask)
        outer = boost(rest.velocity, self.kind).unsqueeze(-3)
        frames = self._assemble(outer @ inner[0], inner[1], points, rest, line)
        return frames.to(dtype or x.dtype)

    def _inner(self, rest: Any, points: Points, weights: Tensor | None, mask: Tensor | None) -> tuple[Tensor, FrameSet]:
        """Return the axes (*batch, F, d, d) in the rest frame, and the frame of space."""
        energies, space = time_and_space(rest.points, self.kind)
        space = torch.where(points.present.unsqueeze(-1), space, 0.0)
        kinds = self.kind.components
        reversals = [mirror for mirror in (False, True) if self._component(mirror, True) in kinds]
        past = rest.future < 0 if reversals else torch.zeros_like(rest.timelike)
        sign = torch.where(past, -1.0, 1.0).to(space.dtype)
        # Momenta of different energy are different: the minimal frame has only the symmetries that respect it.
        options = {"labels": (energies * sign.unsqueeze(-1)).detach()} if isinstance(self.frame, Tuple) else {}
        frames = self.frame(space, weights, points.present if mask is not None else None, **options)
        turn = torch.ones_like(frames.linear[..., 0, :])
        if reversals == [True]:  # time is reversed together with space only
            last = torch.cat([turn[..., :-1], -turn[..., -1:]], -1)
            turn = torch.where(past[..., None, None], last, turn)
        axes = frames.linear * turn.unsqueeze(-2)
        time = sign[..., None, None, None].expand(*axes.shape[:-2], 1, 1)
        none = torch.zeros_like(axes[..., :1])
        return from_time_and_space(time, none.mT, none, axes, self.kind), frames

    def _assemble(self, linear: Tensor, inner: FrameSet, points: Points, rest: Any, line: Tensor) -> FrameSet:
        """Return the frame, with that of the total momentum where all momenta lie on one lightlike line."""
        signs = linear.new_tensor(self.kind.signs)
        inverse = signs[:, None] * linear.mT * signs
        still = torch.zeros_like(line).unsqueeze(-1)
        free = inner.free if inner.free is not None else torch.zeros_like(inner.linear[..., 0, 0, :], dtype=torch.bool)
        parts = [free[..., : self.kind.clock], still, free[..., self.kind.clock :]]
        free = torch.cat(parts, -1)
        first = inner.mask.to(torch.uint8).argmax(-1)[..., None, None, None].expand(*line.shape, 1, self.d, self.d)
        pair = (torch.gather(a.detach(), -3, first).squeeze(-3) for a in (linear, inverse))
        left, right = pair
        projector = (left * (~free).to(left.dtype).unsqueeze(-2)) @ right
        total = (points.share.unsqueeze(-1) * points.unit * points.radius[..., None, None]).sum(-2, keepdim=True)
        mask, weights = inner.mask, inner.weights.to(linear.dtype)
        rank = inner.rank + 1
        if line.any():
            alone = qr_arrays(prepared(total, None, None, self.d, translations=False), self.kind, lines=True)
            place = torch.arange(mask.shape[-1], device=mask.device) == 0
            here = line[..., None, None, None] & place[:, None, None]
            linear = torch.where(here, alone.linear[..., :1, :, :], linear)
            inverse = torch.where(here, alone.inverse[..., :1, :, :], inverse)
            mask = torch.where(line.unsqueeze(-1), place, mask)
            weights = torch.where(line.unsqueeze(-1), place.to(weights.dtype), weights)
            projector = torch.where(line[..., None, None], alone.projector, projector)
            free = torch.where(line.unsqueeze(-1), alone.free, free)
            rank = torch.where(line, 1, rank)
        gap = torch.where(line, torch.inf, inner.gap)
        return FrameSet(
            group=self.group,
            linear=linear,
            inverse=inverse,
            centroid=points.centroid,
            weights=weights,
            mask=mask,
            projector=projector,
            gap=gap,
            rank=rank,
            degenerate=inner.degenerate & ~line,
            diagnostics={"mass": rest.mass.detach() * points.radius},
            free=free if free.any() else None,
        )

    def report(self, which: Tensor, reason: str) -> None:
        """Raise if there is no frame for the batch items that are set."""
        if which.any():
            raise ValueError(f"{self!r} has no frame for {items(which)}: {reason}")
