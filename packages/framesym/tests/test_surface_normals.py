"""Surface points and their normals."""

from pathlib import Path

import numpy as np
import pytest

from framesym import surface_normals

SLICE = Path(__file__).parent / "data"


@pytest.fixture(autouse=True)
def file(monkeypatch):
    monkeypatch.setenv("SYMMETRON_DATA", str(SLICE))


def test_splits_keep_whole_meshes_apart():
    names = [surface_normals(split)["name"].tolist() for split in ("train", "validation", "test")]
    assert [len(part) for part in names] == [7, 2, 3]
    assert len({name for part in names for name in part}) == 12


def test_normals_are_unit_and_normal():
    """Along the axis of least spread of the nearest points, an estimate that knows nothing of the mesh."""
    surface = surface_normals("train", meshes=["teapot"])
    assert surface["points"].shape == surface["normals"].shape == (1, 128, 3)
    x, normals = surface["points"][0].astype(float), surface["normals"][0].astype(float)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-6)
    near = np.linalg.norm(x[:, None] - x, axis=-1).argsort(-1)[:, :8]
    patches = x[near] - x[near].mean(1, keepdims=True)
    estimated = np.linalg.eigh(patches.swapaxes(1, 2) @ patches)[1][..., 0]
    assert ((estimated * normals).sum(-1) ** 2).mean() > 0.7  # a random direction has 1/3


@pytest.mark.parametrize("name", ["alligator", "woody"])
def test_flat_meshes_are_flat(name):
    surface = surface_normals(meshes=[name])
    x = surface["points"][0].astype(float)
    assert np.linalg.matrix_rank(x - x.mean(0), tol=1e-5) == 2
    assert (np.abs(surface["normals"][0]).max(-1) > 1 - 1e-6).all()


def test_bad_arguments_are_named(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="split must be 'train', 'validation' or 'test', got 'dev'"):
        surface_normals("dev")
    with pytest.raises(ValueError, match="has no mesh 'dragon'; it holds stanford-bunny, cow"):
        surface_normals(meshes=["dragon"])
    monkeypatch.setenv("SYMMETRON_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"surface_points.npz in the folder named by SYMMETRON_DATA"):
        surface_normals()
