r"""Sample sets of SO(2), SL(2) and GL+(2) with equidistant angles, as networks on images use them."""

from typing import Any

import numpy as np

from ._base import MatrixGroup
from ._checks import check_count, is_number
from ._draws import check_scheme, generator
from ._orthogonal import SO
from ._polar_chart import PolarChart
from ._samples import SampleSet, Scheme, log_normal, normal_points, sample_width


def plane_sample_set(
    group: Any,
    count: int,
    seed: Any,
    scale: float | None = None,
    scheme: Scheme = "sobol",
    *,
    closed_under: int = 1,
    arc: float = np.pi,
    offset: float | None = None,
) -> SampleSet:
    r"""Draw a randomised sample set $h_i = \exp(Y_i)\, R_i$ of SO(2), SL(2) or GL+(2).

    The coordinates of each $Y_i$ in the orthonormal basis are normal of width ``scale``, and the weights are for this
    law. The angles of $R_i$ are stratified: equidistant, with one offset for all of them, which makes each angle
    uniform on the circle, or on a share of its own of a shorter arc. The shares together are the arc, so every weighted
    sum is unbiased, whatever ``count``, unless ``offset`` is given.

    Args:
        group: ``SO(2)``, ``SL(2)`` or ``GLPlus(2)``; of an affine group, its linear part is sampled.
        count: Number of elements, at least 1 and a multiple of ``closed_under``.
        seed: Anything that ``numpy.random.default_rng`` takes.
        scale: Standard deviation of each orthonormal coordinate of the symmetric part; required unless the group is
            compact, without effect if it is. The weights of a narrow set vary strongly.
        scheme: ``"sobol"`` for a scrambled Sobol' sequence (less variance), ``"mc"`` for independent numbers.
        closed_under: The set is mapped to itself by multiplication from the left with rotations by $2\pi$ over this
            number: 4 makes networks on pixel grids commute with quarter turns exactly.
        arc: Angles are taken between minus and plus this, in radians. Less than $\pi$ spends all samples near the
            identity: the sums are then over that part of the group.
        offset: The first angle in radians; by default drawn so that every angle of the arc is equally likely.

    Returns:
        The set, with the group that was given, or its linear part.

    Raises:
        ValueError: If an argument is not one of those allowed; the message says which are.

    Examples:
        >>> import numpy as np, liegroups
        >>> s = liegroups.plane_sample_set(liegroups.SO(2), 4, seed=0, offset=0.0)
        >>> s.elements[1].round(12)
        array([[ 0., -1.],
               [ 1.,  0.]])
        >>> s.log_weights
        array([0., 0., 0., 0.])
    """
    chart = plane_chart(group)
    split = len(chart.symmetric)
    turns = check_count(closed_under, "closed_under", 1)
    if check_count(count, "count", 1) % turns:
        raise ValueError(f"count must be a multiple of closed_under = {turns}, not {count}")
    check_scheme(scheme)
    width = sample_width(scale, chart.group)
    if not (is_number(arc) and 0 < arc <= np.pi):
        raise ValueError(f"arc must be a number of radians in (0, pi], not {arc!r}")
    if turns > 1 and arc != np.pi:
        raise ValueError(f"closed_under = {turns} needs the whole circle, arc = pi, not {arc!r}")
    if offset is not None and not is_number(offset):
        raise ValueError(f"offset must be a finite number of radians or None, not {offset!r}")
    rng = generator(seed)
    base = count // turns
    step = 2 * float(arc) / count
    start = rng.uniform(-arc, arc if arc == np.pi else step - arc) if offset is None else float(offset)
    angles = start + step * np.arange(base)
    y = width * normal_points(base, split, scheme, rng)
    log_weights = (
        chart.log_density_symmetric(y) - log_normal(y, width) + np.log(arc / np.pi)
    )  # the arc's share of mass 1
    h = chart.exp_symmetric(y) @ _rotations(angles)
    inverse = _rotations(-angles) @ chart.exp_symmetric(-y)
    turn = _rotations(2 * np.pi * np.arange(turns) / turns)[:, None]
    return SampleSet(
        (turn @ h).reshape(count, 2, 2),
        (inverse @ turn.swapaxes(-1, -2)).reshape(count, 2, 2),
        np.tile(log_weights, turns),
        chart.group,
    )


def plane_chart(group: Any) -> PolarChart:
    """Return the polar chart of SO(2), SL(2) or GL+(2), or of the linear part of an affine group over one of them.

    Raises:
        ValueError: The group is none of these.
    """
    linear = getattr(group, "linear", group)
    if not _is_planar(linear):
        raise ValueError(f"group must be SO(2), SL(2) or GL+(2), or R^2 with one of them, not {group!r}")
    return linear.chart("polar")


def _is_planar(group: Any) -> bool:
    """Tell SO(2), SL(2) and GL+(2), in any basis, from all else.

    They hold the rotations alone and 0, 2 or 3 symmetric directions; one direction is that of the similarities.
    """
    if not isinstance(group, MatrixGroup) or group.n != 2 or group.dim == 0:
        return False
    try:
        cartan = group.cartan()
    except ValueError:  # not closed under transposition
        return False
    return cartan.compact == SO(2) and len(cartan.symmetric) != 1


def _rotations(angles: np.ndarray) -> np.ndarray:
    return SO(2).exp(angles[:, None])
