"""Charged particles: the physics, the random stream, the file."""

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from framesym import nbody, simulate_nbody

SLICE = Path(__file__).parent / "data"


@pytest.fixture
def file(monkeypatch):
    monkeypatch.setenv("SYMMETRON_DATA", str(SLICE))


def test_motion_solves_the_equations():
    """Against an adaptive Runge-Kutta solution of the same equations; Euler with a step of 1e-3 is first order."""
    random = np.random.default_rng(0)
    x, v, q = random.normal(size=(4, 3)) * 2, random.normal(size=(4, 3)) / 2, np.array([1.0, 1, 1, -0.5])

    def motion(_, state):
        place = state[:12].reshape(4, 3)
        d = place[:, None] - place
        r = np.linalg.norm(d, axis=-1) + np.eye(4)
        force = ((np.outer(q, q) * (1 - np.eye(4)) / r**3)[..., None] * d).sum(1)
        return np.concatenate([state[12:], force.ravel()])

    exact = solve_ivp(motion, (0, 1), np.concatenate([x, v]).ravel(), rtol=1e-10, atol=1e-12).y[:, -1]
    place, speed = simulate_nbody(q, x, v, frames=[9])
    np.testing.assert_allclose(place[0].ravel(), exact[:12], atol=3e-3)
    np.testing.assert_allclose(speed[0].ravel(), exact[12:], atol=3e-3)


def test_momentum_is_conserved_and_batches_do_not_mix():
    random = np.random.default_rng(1)
    x, v = random.normal(size=(2, 3, 6, 5, 3))[:2] * 3
    q = random.choice([-1.0, 1.0], size=(3, 6, 5))
    place, speed = simulate_nbody(q, x, v, frames=[2, 0])
    assert place.shape == speed.shape == (2, 3, 6, 5, 3)
    np.testing.assert_allclose(speed.sum(-2), np.broadcast_to(v.sum(-2), (2, 3, 6, 3)), atol=1e-9)
    alone = simulate_nbody(q[1, 4], x[1, 4], v[1, 4], frames=[2])[0][0]
    np.testing.assert_allclose(place[0, 1, 4], alone, atol=1e-12)
    assert simulate_nbody(q[:0], x[:0], v[:0], frames=[1])[0].shape == (1, 0, 6, 5, 3)


def test_each_component_of_a_force_is_cut():
    """Particles 0.01 apart along a diagonal: their first kick, of 0.001 times 100 in each component, moves them apart.

    At distance r along (1, 1, 0) each component of the force is 1 / (sqrt(2) r^2), above 100 until r = 0.084. From there
    they fly freely on but for what energy is left: 1/r of it, which the speed of both gains.
    """
    x = np.array([[0.0, 0, 0], [0.01, 0.01, 0]]) / np.sqrt(2)
    speed = simulate_nbody([1, 1], x, 0 * x, frames=[40])[1][0]
    cut = 1 / np.sqrt(100 * np.sqrt(2))
    work = 2 * 100 * np.sqrt(2) * (cut - 0.01) / 2  # force 100 sqrt(2) on each over half the change of distance
    energy = work + 1 / cut
    assert (speed**2).sum() / 2 == pytest.approx(energy, rel=0.05)
    assert energy < 0.3 / 0.01  # without the cut it were 1 / 0.01


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_recipe_is_the_stream_of_the_published_set(split, file):
    """The slice comes from an independent generator, whose charges equal those of the published set."""
    read, made = nbody(split, count=40, source="file"), nbody(split, count=40, source="recipe")
    assert read.keys() == made.keys() == {"x", "v", "charges", "target"}
    np.testing.assert_array_equal(read["charges"], made["charges"])
    for name in ("x", "v", "target"):
        assert read[name].shape == made[name].shape == (40, 5, 3)
        assert read[name].dtype == made[name].dtype == np.float32
        np.testing.assert_allclose(made[name], read[name], atol=1e-5)


@pytest.mark.slow
def test_baselines_of_the_test_split():
    """Mean squared errors of x, x + v and the best x + a v, measured on the file of the independent generator."""
    motion = {name: array.astype(float) for name, array in nbody("test", source="recipe").items()}
    x, v, target = motion["x"], motion["v"], motion["target"]
    best = (v * (target - x)).sum() / (v * v).sum()
    errors = [((x + a * v - target) ** 2).mean() for a in (0, 1, best)]
    # A few trajectories with close encounters amplify the last digit of the processor's arithmetic.
    np.testing.assert_allclose(errors, [0.27151, 0.10913, 0.08418], rtol=2e-3)


def test_another_seed_is_another_set_and_the_file_is_not_read_for_it(file):
    assert not np.array_equal(nbody("train", count=3, seed=1)["x"], nbody("train", count=3)["x"])
    np.testing.assert_array_equal(nbody("train", count=3)["x"], nbody("train", count=3, source="file")["x"])


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("split must be 'train', 'validation' or 'test', got 'dev'", lambda: nbody("dev")),
        ("source must be 'auto', 'file' or 'recipe', got 'web'", lambda: nbody(source="web")),
        ("count must be between 0 and 3000, got 3001", lambda: nbody(count=3001)),
        ("has 40 trajectories of the split 'test', and 41 are wanted", lambda: nbody("test", count=41)),
        ("frames must be at least 0", lambda: simulate_nbody([1.0], [[0, 0, 0]], [[0, 0, 0]], [-1])),
        (r"got \(2,\), \(1, 3\) and \(1, 3\)", lambda: simulate_nbody([1.0, 1], [[0, 0, 0]], [[0, 0, 0]], [1])),
        ("must be finite", lambda: simulate_nbody([np.nan], [[0, 0, 0]], [[0, 0, 0]], [1])),
    ],
)
def test_bad_arguments_are_named(words, call, file):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_missing_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("SYMMETRON_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"nbody_charged5_small\.npz in the folder named by SYMMETRON_DATA"):
        nbody(source="file")
    (tmp_path / "framesym").mkdir()
    np.savez(tmp_path / "framesym" / "nbody_charged5_small.npz", loc0=np.zeros(1))
    with pytest.raises(ValueError, match="has no array 'vel0'"):
        nbody(source="file")
