"""Charged particles: their random start and their motion, as in the n-body benchmark of the EGNN paper."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

STEP = 1e-3  # of time
LARGEST_FORCE = 0.1 / STEP
RECORDED = 49  # frames of a trajectory in the published generator, each with two draws of noise of variance zero
_CHUNK = 256  # trajectories whose arrays stay in the cache


def draw_starts(total: int, bodies: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw charges (total, n), positions and velocities (total, n, 3) from the random stream of the benchmark.

    The stream is that of numpy's legacy generator, trajectory after trajectory: the charges, the positions, the
    velocities, and the observation noise, which has variance zero there and only moves the stream on.
    """
    stream = np.random.RandomState(seed)
    coordinates = 3 * bodies
    charges = np.empty((total, bodies))
    normal = np.empty((total, 2, 3, bodies))
    for index in range(total):
        charges[index] = stream.choice([-1.0, 0.0, 1.0], size=bodies, p=[0.5, 0.0, 0.5])
        drawn = stream.standard_normal(2 * coordinates * (1 + RECORDED))
        normal[index] = drawn[: 2 * coordinates].reshape(2, 3, bodies)
    x = normal[:, 0] * (bodies / 5) ** (1 / 3)
    v = 0.5 * normal[:, 1] / np.linalg.norm(normal[:, 1], axis=1, keepdims=True)
    return charges, x.swapaxes(1, 2), v.swapaxes(1, 2)


def simulate_nbody(
    charges: ArrayLike, x: ArrayLike, v: ArrayLike, frames: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    r"""Move charged particles of unit mass, and return where they are at some frames, 0.1 units of time apart.

    The force on particle i is $\sum_j q_i q_j (x_i - x_j) / |x_i - x_j|^3$, each component of the sum cut at 100. The
    integrator is semi-implicit Euler with steps of 0.001 and a full first kick; frame k is at time 0.1 (k + 1), and its
    velocity is the one that has just moved the particles. This is the generator of the n-body benchmark of Satorras,
    Hoogeboom and Welling (arXiv:2102.09844), whose conventions fix the numbers of the data set.

    Args:
        charges: (..., n).
        x: Positions at time 0, (..., n, 3).
        v: Velocities at time 0, (..., n, 3).
        frames: Which frames to return, each >= 0.

    Returns:
        Positions and velocities, (frames, ..., n, 3), float64.

    Raises:
        ValueError: If the shapes disagree, a value is not finite, or a frame is negative.

    Examples:
        >>> import numpy as np
        >>> x = np.array([[-1.0, 0, 0], [1.0, 0, 0]])
        >>> x_later, v_later = simulate_nbody([1, 1], x, 0 * x, frames=[0, 9])
        >>> x_later[:, 1, 0].round(3)  # like charges repel each other
        array([1.001, 1.12 ])
    """
    q, start, speed = (np.asarray(array, dtype=float) for array in (charges, x, v))
    if start.ndim < 2 or start.shape[-1] != 3 or speed.shape != start.shape or q.shape != start.shape[:-1]:
        raise ValueError(
            f"charges, x and v must have shapes (..., n), (..., n, 3) and (..., n, 3), "
            f"got {q.shape}, {start.shape} and {speed.shape}"
        )
    if not all(np.isfinite(array).all() for array in (q, start, speed)):
        raise ValueError("charges, x and v must be finite")
    wanted = [int(frame) for frame in frames]
    if min(wanted, default=0) < 0:
        raise ValueError(f"frames must be at least 0, got {list(frames)}")
    bodies = q.shape[-1]
    flat = (q.reshape(-1, bodies), start.reshape(-1, bodies, 3), speed.reshape(-1, bodies, 3))
    out = np.empty((2, len(wanted), len(flat[0]), bodies, 3))
    for first in range(0, len(flat[0]), _CHUNK):
        part = slice(first, first + _CHUNK)
        out[:, :, part] = _move(flat[0][part], flat[1][part], flat[2][part], wanted)
    return tuple(out.reshape(2, len(wanted), *start.shape))  # pyright: ignore[reportReturnType]


def _move(charges: np.ndarray, x: np.ndarray, v: np.ndarray, frames: list[int]) -> np.ndarray:
    """Return positions and velocities (2, frames, B, n, 3) at the frames."""
    bodies = charges.shape[-1]
    product = (charges[:, :, None] * charges[:, None, :]).transpose(1, 2, 0)
    product[range(bodies), range(bodies)] = 0.0
    own = np.eye(bodies)[:, :, None]
    place, speed = (np.ascontiguousarray(array.transpose(2, 1, 0)) for array in (x, v))  # (3, n, B)

    def kick() -> None:
        d = place[:, :, None] - place[:, None]
        # In this order: in a close encounter one round-off grows until it shows, and the data set was made so.
        square = (d[0] * d[0] + d[2] * d[2]) + d[1] * d[1] + own
        force = np.einsum("ijb,kijb->kib", product / (square * np.sqrt(square)), d)
        np.add(speed, STEP * np.clip(force, -LARGEST_FORCE, LARGEST_FORCE), out=speed)

    found = {}
    every = round(0.1 / STEP)
    kick()
    for index in range(1, every * (max(frames, default=-1) + 1) + 1):
        np.add(place, STEP * speed, out=place)
        frame, rest = divmod(index, every)
        if rest == 0 and frame - 1 in frames:
            found[frame - 1] = np.stack([place, speed]).transpose(0, 3, 2, 1)
        kick()
    shape = (2, 0, *x.shape)
    return np.stack([found[frame] for frame in frames], 1) if frames else np.empty(shape)
