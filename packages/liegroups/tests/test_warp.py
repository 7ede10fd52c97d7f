"""Moved images: against scipy and closed forms, and the recipes of the two perturbed sets against their files."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import affine_transform

from liegroups import affnist_like, homnist_like, mnist, warp
from liegroups._perturbed_digits import SEED, affine_maps, homography_maps, in_pixels, moved_digits, padded

SLICE = Path(__file__).parent / "data"


@pytest.fixture
def digits(monkeypatch):
    monkeypatch.setenv("SYMMETRON_DATA", str(SLICE))
    return mnist("test")["image"]


def test_an_affine_warp_is_that_of_scipy(digits):
    """scipy takes the map from target to source in (row, column), here from the corner of a frame with a wide margin."""
    rng = np.random.default_rng(0)
    images = np.pad(digits[:5].astype(float), ((0, 0), (20, 20), (20, 20)))
    maps = np.concatenate([np.eye(2) + 0.2 * rng.standard_normal((5, 2, 2)), 2 * rng.standard_normal((5, 2, 1))], -1)
    centre = np.full(2, (images.shape[-1] - 1) / 2)
    for image, A, moved in zip(images, maps, warp(images, maps), strict=True):
        back = np.linalg.inv(A[:, :2])[::-1, ::-1]
        offset = centre - back @ (centre + A[::-1, 2])
        np.testing.assert_allclose(moved, affine_transform(image, back, offset, order=1), atol=1e-9)


def test_a_homography_of_a_bilinear_function_is_exact():
    """Bilinear interpolation reproduces f(x, y) = 2 + x/4 - y/3 + xy/20, so (L_A f)(p) = f(A^-1 p) inside the source."""
    side = 41
    c = np.arange(side) - 20.0
    x, y = np.meshgrid(c, c)
    f = lambda x, y: 2 + x / 4 - y / 3 + x * y / 20
    A = np.array([[1.1, 0.2, 1.0], [-0.1, 0.9, -2.0], [0.004, -0.003, 1.0]])
    found = warp(f(x, y), A)
    q = np.einsum("ij,jab->iab", np.linalg.inv(A), np.stack([x, y, np.ones_like(x)]))
    u, v = q[0] / q[2], q[1] / q[2]
    inside = (np.abs(u) <= 20) & (np.abs(v) <= 20)
    assert 0.3 < inside.mean() < 1
    np.testing.assert_allclose(found[inside], f(u, v)[inside], atol=1e-10)
    assert (found[(np.abs(u) > 21) | (np.abs(v) > 21)] == 0).all()


def test_shifts_and_quarter_turns_move_pixels_exactly():
    image = np.random.default_rng(0).uniform(size=(6, 6))
    shifted = warp(image, [[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]])  # two to the right, one up
    np.testing.assert_allclose(shifted[:5, 2:], image[1:, :4], atol=1e-14)
    assert (shifted[5] == 0).all() and (shifted[:, :2] == 0).all()
    np.testing.assert_allclose(warp(image, [[0.0, -1.0], [1.0, 0.0]]), np.rot90(image, -1), atol=1e-14)


def test_batch_axes_broadcast_and_may_be_empty():
    images, maps = np.random.default_rng(0).uniform(size=(3, 1, 5, 5)), np.stack([np.eye(2), 2 * np.eye(2)])
    out = warp(images, maps, size=7)
    assert out.shape == (3, 2, 7, 7)
    np.testing.assert_allclose(out[1, 1], warp(images[1, 0], maps[1], size=7))
    assert warp(np.zeros((0, 5, 5)), np.eye(2)).shape == (0, 5, 5)


def test_bad_warps_are_named():
    with pytest.raises(ValueError, match="images must be square"):
        warp(np.zeros((4, 5)), np.eye(2))
    with pytest.raises(ValueError, match="matrices must have shape"):
        warp(np.zeros((4, 4)), np.eye(4))
    with pytest.raises(ValueError, match="singular"):
        warp(np.zeros((4, 4)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="not finite"):
        warp(np.zeros((4, 4)), np.full((2, 2), np.nan))
    for size in (-1, 0, 2.5, "a", True):
        with pytest.raises(ValueError, match="size must be an integer >= 1, not"):
            warp(np.zeros((4, 4)), np.eye(2), size)


# ---- the recipes --------------------------------------------------------------------------------------------------


def test_the_affine_recipe_gives_the_images_of_the_file(digits):
    """The file was made by another program, digit by digit."""
    stored = affnist_like(20)
    maps = affine_maps(digits[:20], np.random.default_rng(SEED))
    np.testing.assert_allclose(maps, stored["matrix"], atol=1e-5)
    np.testing.assert_array_equal(moved_digits(digits[:20], maps), stored["image"])
    made = affnist_like(21)  # more than the file holds: made by the recipe
    np.testing.assert_array_equal(made["image"][:20], stored["image"])


def test_the_homography_of_the_file_gives_its_image(digits):
    """The file's maps are rounded to float32, which moves a grey value by one at most."""
    stored = homnist_like(20)
    moved = moved_digits(digits[:20], in_pixels(stored["matrix"].astype(float)))
    assert np.abs(moved.astype(int) - stored["image"]).max() <= 1


def test_affine_maps_follow_the_published_ranges_and_keep_the_ink(digits):
    maps = affine_maps(np.tile(digits, (10, 1, 1)), np.random.default_rng(1))
    # M = R(a) [[1, s], [0, 1]] diag(x, y): the first column is x R(a) e_1.
    angle, x = np.degrees(np.arctan2(maps[:, 1, 0], maps[:, 0, 0])), np.hypot(maps[:, 0, 0], maps[:, 1, 0])
    y = np.linalg.det(maps[:, :, :2]) / x
    shear = np.sum(maps[:, :, 0] * maps[:, :, 1], axis=1) / (x * y)
    for value, low, high in ((angle, -20, 20), (x, 0.8, 1.2), (y, 0.8, 1.2), (shear, -0.2, 0.2)):
        assert low <= value.min() < low + 0.1 * (high - low) and high - 0.1 * (high - low) < value.max() <= high
    for image, A in zip(padded(digits), maps, strict=False):
        rows, columns = np.nonzero(image)
        moved = A[:, :2] @ (np.stack([columns, rows]) - 19.5) + A[:, 2:]
        assert np.abs(moved).max() <= 19.5 + 1e-9


def test_homographies_have_determinant_one_and_the_size_of_those_of_the_file():
    maps = homography_maps(200, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.det(maps), 1, rtol=1e-12)
    # Standard deviations of the entries over the 5000 maps of the file, to three digits.
    spread = np.array([[0.086, 0.255, 0.121], [0.251, 0.087, 0.122], [0.110, 0.107, 0.050]])
    assert np.abs(maps.std(0) / spread - 1).max() < 0.2


def test_the_right_density_of_sl3_is_that_of_its_jacobian():
    """d exp at v is exp(v) phi(ad v) or phi(-ad v) exp(v) by side; here by differences of matrix exponentials."""
    from scipy.linalg import expm

    from liegroups._perturbed_digits import _right_density, _sl3

    basis = _sl3()
    v = np.random.default_rng(0).uniform(-0.6, 0.6, 8)
    hat = lambda v: np.tensordot(v, basis, 1)
    step = 1e-6
    columns = [(expm(hat(v + step * e)) - expm(hat(v - step * e))) / (2 * step) @ expm(-hat(v)) for e in np.eye(8)]
    coordinates = np.linalg.lstsq(basis.reshape(8, 9).T, np.reshape(columns, (8, 9)).T, rcond=None)[0]
    assert _right_density(v, basis) == pytest.approx(abs(np.linalg.det(coordinates)), rel=1e-7)


def test_the_seed_decides(digits):
    one, same, other = (affnist_like(3, seed)["image"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_bad_counts_are_named():
    for count in (-1, 10001, 2.5, True):
        with pytest.raises(ValueError, match="count must be an integer between 0 and 10000"):
            affnist_like(count)
