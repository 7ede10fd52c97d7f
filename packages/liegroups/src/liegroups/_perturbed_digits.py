"""MNIST moved by random affine maps and homographies, after the published recipes of affNIST and homNIST."""

import numpy as np

from ._checks import check_count
from ._data_folder import read, stored
from ._mnist import mnist
from ._warp import warp

SIDE, MARGIN = 40, 6
SEED = 20231017
_SOURCE = {"affnist_like": "affnist_like_10k.npz", "homnist_like": "homnist_like_5k.npz"}
# Scales of the coordinates of sl(3) in the public generator of homNIST (MacDonald et al., arXiv:2111.08251).
_HOMOGRAPHY_SCALES = 0.5 * np.array([0.15, 0.35, 0.17, 0.35, 0.15, 0.17, 0.15, 0.15])


def affnist_like(count: int = 10000, seed: int = SEED) -> dict[str, np.ndarray]:
    r"""Return the MNIST test digits, each moved by one random affine map, 40 x 40 pixels.

    The published ranges of affNIST: rotation by $U(-20, 20)$ degrees, shear $U(-0.2, 0.2)$, both scales
    $U(0.8, 1.2)$ independently, and a translation uniform among those that keep all ink in the frame; maps that leave
    no such translation are drawn again. Bilinear, rounded. Not the original files, which hold 32 versions of a digit.

    Args:
        count: The first so many of the 10000 digits.
        seed: Seed of the maps. With the default, ``liegroups/affnist_like_10k.npz`` in the folder named by
            ``SYMMETRON_DATA`` is read where it is and long enough; the recipe gives the same images.

    Returns:
        ``image`` (count, 40, 40) uint8, ``label`` (count,) uint8, and ``matrix`` (count, 2, 3) float32: the map of
        padded MNIST to the image, in (column, row) pixels from the centre.

    Raises:
        ValueError: If ``count`` is not between 0 and 10000, or ``seed`` is no integer >= 0.

    Examples:
        >>> liegroups.affnist_like(100)["image"].shape                           # doctest: +SKIP
        (100, 40, 40)
    """
    check_count(count, "count", 0, 10000)
    check_count(seed, "seed", 0)
    found = _stored("affnist_like", count) if seed == SEED else None
    if found is not None:
        return found
    digits = mnist("test")
    images, label = digits["image"][:count], digits["label"][:count]
    maps = affine_maps(images, np.random.default_rng(seed))
    return {"image": moved_digits(images, maps), "label": label, "matrix": maps.astype(np.float32)}


def homnist_like(count: int = 5000, seed: int = SEED) -> dict[str, np.ndarray]:
    r"""Return the MNIST test digits, each moved by one random homography, 40 x 40 pixels.

    The recipe of the public generator of homNIST: $\exp(\sum_i v_i E_i)$ with $v$ normal in scaled coordinates of
    sl(3), followed by one accepted Metropolis step for right Haar measure. Bilinear, rounded.

    Args:
        count: The first so many of the 10000 digits.
        seed: Seed of the maps. With the default, ``liegroups/homnist_like_5k.npz`` in the folder named by
            ``SYMMETRON_DATA`` is read where it is and long enough. That file continues another stream of random
            numbers, so the recipe gives other maps, of the same law.

    Returns:
        ``image`` (count, 40, 40) uint8, ``label`` (count,) uint8, and ``matrix`` (count, 3, 3) float32, which acts on
        (row, column, 1) with both in $[-1, 1]$ from first to last pixel centre, from padded MNIST to the image.

    Raises:
        ValueError: If ``count`` is not between 0 and 10000, or ``seed`` is no integer >= 0.

    Examples:
        >>> liegroups.homnist_like(100)["image"].shape                           # doctest: +SKIP
        (100, 40, 40)
    """
    check_count(count, "count", 0, 10000)
    check_count(seed, "seed", 0)
    found = _stored("homnist_like", count) if seed == SEED else None
    if found is not None:
        return found
    digits = mnist("test")
    images, label = digits["image"][:count], digits["label"][:count]
    maps = homography_maps(len(images), np.random.default_rng(seed))
    moved = moved_digits(images, in_pixels(maps))
    return {"image": moved, "label": label, "matrix": maps.astype(np.float32)}


def padded(images: np.ndarray) -> np.ndarray:
    """Return digits (N, 28, 28) in the middle of the frame of 40 x 40 pixels, with their dtype."""
    return np.pad(images, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))


def moved_digits(images: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Return digits (N, 28, 28) padded and moved, (N, 40, 40) uint8, a thousand at a time."""
    out = np.empty((len(images), SIDE, SIDE), np.uint8)
    for start in range(0, len(images), 1000):
        part = slice(start, start + 1000)
        out[part] = np.clip(np.rint(warp(padded(images[part]), maps[part])), 0, 255)
    return out


def affine_maps(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the affine map of each digit (N, 28, 28), (N, 2, 3)."""
    centre = (SIDE - 1) / 2
    maps = np.empty((len(images), 2, 3))
    for image, out in zip(padded(images), maps, strict=True):
        rows, columns = np.nonzero(image)
        ink = np.stack([columns, rows]) - centre if len(rows) else np.zeros((2, 1))
        while True:
            angle, shear = np.deg2rad(rng.uniform(-20, 20)), rng.uniform(-0.2, 0.2)
            scales = rng.uniform(0.8, 1.2), rng.uniform(0.8, 1.2)
            c, s = np.cos(angle), np.sin(angle)
            linear = np.array([[c, -s], [s, c]]) @ np.array([[1, shear], [0, 1]]) @ np.diag(scales)
            moved = linear @ ink
            low, high = -centre - moved.min(1), centre - moved.max(1)
            if (low <= high).all():
                break
        out[:, :2], out[:, 2] = linear, rng.uniform(low, high)
    return maps


def homography_maps(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw homographies (count, 3, 3) in (row, column, 1) coordinates of [-1, 1]^2."""
    from scipy.linalg import expm

    basis = _sl3()
    maps = np.empty((count, 3, 3))
    for out in maps:
        v = _HOMOGRAPHY_SCALES * rng.standard_normal(8)
        while True:
            step = v + _HOMOGRAPHY_SCALES * rng.standard_normal(8)
            ratio = _right_density(step, basis) / _right_density(v, basis)
            v = step
            if ratio >= rng.uniform():
                break
        out[:] = expm(np.tensordot(v, basis, 1))
    return maps


def in_pixels(maps: np.ndarray) -> np.ndarray:
    """Return homographies of (row, column, 1) in [-1, 1]^2 as those of (column, row, 1) in pixels from the centre."""
    swap = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    unit = np.diag([2 / (SIDE - 1), 2 / (SIDE - 1), 1.0]) @ swap
    return np.linalg.inv(unit) @ maps @ unit


def _sl3() -> np.ndarray:
    """Return the basis E_00, E_01, E_02, E_10, E_11, E_12, E_20, E_21 of sl(3), the diagonal ones made traceless."""
    basis = np.zeros((8, 3, 3))
    for element, (i, j) in zip(basis, np.ndindex(3, 3), strict=False):
        element[i, j] = 1.0
        if i == j:
            element -= np.eye(3) / 3
    return basis


def _right_density(v: np.ndarray, basis: np.ndarray) -> float:
    r"""Return $|\det \varphi(\mathrm{ad}_v)|$, $\varphi(z) = (e^z - 1)/z$: right Haar measure at $e^v$."""
    from scipy.linalg import expm

    X = np.tensordot(v, basis, 1)
    brackets = (X @ basis - basis @ X).reshape(8, 9)
    ad = np.linalg.lstsq(basis.reshape(8, 9).T, brackets.T, rcond=None)[0]
    block = np.zeros((16, 16))
    block[:8, :8], block[:8, 8:] = ad, np.eye(8)
    return abs(np.linalg.det(expm(block)[:8, 8:]))


def _stored(name: str, count: int) -> dict[str, np.ndarray] | None:
    """Return the first images of the stored set, or None where it is not here or too short."""
    path = stored(_SOURCE[name])
    table = None if path is None else read(path, "x", "y", "matrix")
    if table is None or len(table["x"]) < count:
        return None
    return {"image": table["x"][:count], "label": table["y"][:count], "matrix": table["matrix"][:count]}
