r"""Weighted samples of a group: Haar measure where it is finite, importance weights where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ._base import MatrixGroup
from ._chart import linear_part
from ._checks import check_choice, check_count, float_table, is_number
from ._draws import check_scale, check_scheme, generator
from ._protocol import Group

Scheme = Literal["sobol", "mc"]


@dataclass(frozen=True, eq=False)
class SampleSet:
    r"""Elements of a group, with inverses and importance weights; compared by identity.

    $\frac1N \sum_i w_i f(h_i)$ estimates $\int f\,d\mu$, with the Haar measure $\mu$ that is Lebesgue measure in
    orthonormal coordinates of the symmetric part at the identity, and has mass 1 on the compact subgroup. The three
    arrays are separate and read-only: none is a view of another.

    Attributes:
        elements: The elements $h_i$, (N, n, n), numpy float64.
        inverses: Their inverses, (N, n, n). Those that are drawn are $R^\mathsf{T} e^{-Y}$, as accurate as the elements
            however far they stretch.
        log_weights: $\log w_i$, (N,), where $w$ is the density of Haar measure relative to the sampling one.
        group: The group of matrices.

    Raises:
        ValueError: If the shapes do not fit, a value is not finite, or the inverses are none.

    Examples:
        >>> import numpy as np, liegroups
        >>> quarter = liegroups.Cyclic(4).elements()
        >>> s = liegroups.SampleSet(quarter, quarter.transpose(0, 2, 1), np.zeros(4), liegroups.SO(2))
        >>> len(s), np.shares_memory(s.elements, s.inverses)
        (4, False)
    """

    elements: np.ndarray
    inverses: np.ndarray
    log_weights: np.ndarray
    group: Any

    def __post_init__(self) -> None:
        if not isinstance(self.group, Group):
            raise TypeError(f"group of a SampleSet must have the members of liegroups.Group, not {self.group!r}")
        for name in ("elements", "inverses", "log_weights"):
            table = float_table(getattr(self, name), f"{name} of a SampleSet")
            if not np.isfinite(table).all():
                raise ValueError(f"{name} of a SampleSet has values that are not finite")
            table.setflags(write=False)
            object.__setattr__(self, name, table)
        shape, n = self.elements.shape, self.group.n
        if len(shape) != 3 or shape[1:] != (n, n):
            raise ValueError(f"elements of a SampleSet must have shape (N, {n}, {n}) for {self.group!r}, not {shape}")
        if self.inverses.shape != shape:
            raise ValueError(
                f"inverses of a SampleSet must have the shape {shape} of elements, not {self.inverses.shape}"
            )
        if self.log_weights.shape != shape[:1]:
            raise ValueError(f"log_weights of a SampleSet must have shape {shape[:1]}, not {self.log_weights.shape}")
        defect = np.abs(self.elements @ self.inverses - np.eye(n)).max(initial=0.0)
        size = np.abs(self.elements).max(initial=1.0) * np.abs(self.inverses).max(initial=1.0)
        if defect > 1e-10 * size:
            raise ValueError(
                f"inverses of a SampleSet are not those of elements: their products differ from 1 by {defect:.1e}"
            )

    def tables(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return elements, inverses and logarithmic weights."""
        return self.elements, self.inverses, self.log_weights

    def __len__(self) -> int:
        return len(self.elements)

    def __repr__(self) -> str:
        return f"SampleSet({len(self)} of {self.group!r})"


def sample_set(
    group: MatrixGroup,
    count: int,
    seed: Any,
    *,
    scale: float | None = None,
    scheme: Scheme = "sobol",
    side: Literal["left", "right"] = "left",
) -> SampleSet:
    r"""Draw weighted elements of a compact group, a group closed under transposition, or an affine extension of one.

    In $g = (x, e^Y R)$ the coordinates of Y (orthonormal) and of x are independent normal variables of standard
    deviation ``scale``, R follows Haar measure on the maximal compact subgroup, and the weights make up for the
    difference to Haar measure $\mu$, normalised to be Lebesgue measure in x and Y at the identity times the probability
    measure in R. They have finite variance where the integrand falls faster than the normal law.

    Args:
        group: The group.
        count: Number of elements; a power of 2 is best for ``"sobol"``.
        seed: Anything that ``numpy.random.default_rng`` takes.
        scale: Standard deviation; required unless the group is compact, without effect if it is.
        scheme: ``"mc"`` for independent elements, ``"sobol"`` for a scrambled Sobol' sequence in the coordinates (in
            those of the rotation for SO(n); another compact subgroup is sampled independently).
        side: Haar measure that is invariant from this side.

    Returns:
        Elements as numpy float64, with the group that was given.

    Raises:
        ValueError: An argument is out of range, or the group has no polar chart.
        TypeError: ``group`` is no group of this package.

    Examples:
        >>> import numpy as np, liegroups
        >>> samples = liegroups.sample_set(liegroups.SL(2), 1024, seed=0, scale=0.7)
        >>> values = np.exp(2 - np.sum(samples.elements**2, axis=(1, 2)))
        >>> mean = np.mean(np.exp(samples.log_weights) * values)          # the integral is pi / 2
        >>> bool(abs(mean - np.pi / 2) < 0.01)
        True
    """
    width = check_options(group, count, scale, scheme, side)
    rng = generator(seed)
    linear = linear_part(group)
    shifts = group.n - 1 if group.affine else 0
    if linear.dim == 0:
        rotations, y, x = linear.sample(count, rng), np.zeros((count, 0)), normal_points(count, shifts, scheme, rng)
        elements, log_weights = rotations, np.zeros(count)
        inverses = np.asarray(linear.inverse(elements))
    else:
        chart: Any = linear.chart("polar")
        compact, split = chart.compact.group, len(chart.symmetric)
        needed = _needed(compact) if scheme == "sobol" else 0
        normal = normal_points(count, split + shifts + needed, scheme, rng)
        y, x, rest = np.split(normal, [split, split + shifts], axis=1)
        rotations = _rotations(compact, rest) if needed else compact.sample(count, rng)
        y = y * width
        elements = chart.exp_symmetric(y) @ rotations
        inverses = rotations.swapaxes(1, 2) @ chart.exp_symmetric(-y)
        log_weights = np.asarray(chart.log_density_symmetric(y)) - log_normal(y, width)
    if group.affine:
        x = x * width
        elements, inverses = _motions(elements, x), _motions(inverses, -np.einsum("nij,nj->ni", inverses, x))
        log_weights = log_weights - log_normal(x, width)
        if side == "left":
            log_weights = log_weights - np.linalg.slogdet(elements)[1]
    return SampleSet(elements, inverses, log_weights, group)


def check_options(group: Any, count: Any, scale: Any, scheme: Any, side: Any) -> float:
    """Return the width of the normal coordinates, or raise naming the argument of ``sample_set``."""
    if not isinstance(group, MatrixGroup):
        raise TypeError(f"group must be a group of liegroups, such as liegroups.SO(3), not {group!r}")
    check_count(count, "count", 0)
    check_scheme(scheme)
    check_choice(side, ("left", "right"), "side")
    return sample_width(scale, group)


def sample_width(scale: Any, group: MatrixGroup) -> float:
    """Return the width of the normal coordinates: the scale, or 1 for a compact group, which has none."""
    if not group.compact:
        return check_scale(scale, group)
    if scale is not None and not (is_number(scale) and scale > 0):
        raise ValueError(f"scale must be None or a positive number for {group.name}, which is compact, not {scale!r}")
    return 1.0


def _motions(linear: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return the homogeneous matrices (count, n + 1, n + 1) of linear maps and translations."""
    motions = np.pad(linear, ((0, 0), (0, 1), (0, 1)))
    motions[:, :-1, -1], motions[:, -1, -1] = shift, 1.0
    return motions


def log_normal(x: np.ndarray, scale: float) -> np.ndarray:
    return -0.5 * np.sum((x / scale) ** 2, axis=-1) - x.shape[-1] * np.log(scale * np.sqrt(2 * np.pi))


def normal_points(count: int, dimension: int, scheme: Scheme, rng: np.random.Generator) -> np.ndarray:
    """Return standard normal variables (count, dimension), independent or from a scrambled Sobol' sequence."""
    if scheme == "mc" or dimension == 0 or count == 0:
        return rng.standard_normal((count, dimension))
    from scipy.special import ndtri
    from scipy.stats import qmc

    # A power of two is drawn and cut: the same points, without scipy's advice to use powers of two.
    sequence = qmc.Sobol(dimension, seed=rng)  # pyright: ignore (so called before scipy 1.15, and still)
    uniform = sequence.random_base2((count - 1).bit_length())[:count]
    return ndtri(np.clip(uniform, 2.0**-33, 1 - 2.0**-33))


def _needed(compact: MatrixGroup) -> int:
    """Return how many normal variables make a rotation, 0 where the subgroup is to be sampled independently."""
    from ._orthogonal import SO

    return {1: 0, 2: 1, 3: 4}.get(compact.n, compact.n**2) if compact == SO(compact.n) else 0


def _rotations(compact: MatrixGroup, normal: np.ndarray) -> np.ndarray:
    """Return rotations that follow Haar measure when the variables (count, m) are normal."""
    from scipy.special import ndtr

    from ._orthogonal import haar_rotations

    if compact.n == 2:
        return compact.exp(2 * np.pi * ndtr(normal))
    if compact.n == 3:
        return _of_quaternions(normal / np.linalg.norm(normal, axis=-1, keepdims=True))
    return haar_rotations(normal.reshape(-1, compact.n, compact.n))


def _of_quaternions(q: np.ndarray) -> np.ndarray:
    """Return the rotations (count, 3, 3) of unit quaternions (w, x, y, z)."""
    w, v = q[:, :1], q[:, 1:]
    cross = np.cross(np.eye(3), v[:, None, :])  # v x, by rows
    return (2 * w * w - 1)[..., None] * np.eye(3) + 2 * v[:, :, None] * v[:, None, :] + 2 * w[..., None] * cross
