"""Surface points of well-known meshes with their normals."""

from collections.abc import Sequence
from typing import Any, Literal

from framesym._data_folder import read, stored

_NAME = "surface_points.npz"
# Whole meshes are kept for testing. Each part has curved ones, and training and testing a flat one.
_SPLITS = {
    "train": ("stanford-bunny", "teapot", "suzanne", "fandisk", "rocker-arm", "homer", "alligator"),
    "validation": ("cow", "beetle"),
    "test": ("spot", "cheburashka", "woody"),
}


def surface_normals(
    split: Literal["train", "validation", "test"] = "train", meshes: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return points on the surfaces of well-known meshes, all upright, with the normals there.

    Twelve meshes of alecjacobson/common-3d-test-models, 4096 points of each uniform in area; centred, with mean squared
    radius one. `alligator` and `woody` are flat: exactly of rank two. Read from `framesym/surface_points.npz` in the
    folder named by SYMMETRON_DATA; the terms of the single models vary, so it is not fetched.

    Args:
        split: Seven meshes for training, two for validation, three for testing.
        meshes: Names of meshes, instead of those of the split.

    Returns:
        `name` (M,), `points` (M, N, 3) float32 and `normals` (M, N, 3) float32, unit, signed as the mesh is.

    Raises:
        ValueError: If the split or a mesh is unknown, or the file is not what it should be.
        FileNotFoundError: If there is no such file.

    Examples:
        >>> surfaces = surface_normals("test")                                   # doctest: +SKIP
        >>> surfaces["name"].tolist(), surfaces["points"].shape                  # doctest: +SKIP
        (['spot', 'cheburashka', 'woody'], (3, 4096, 3))
    """
    if split not in _SPLITS:
        raise ValueError(f"split must be 'train', 'validation' or 'test', got {split!r}")
    path = stored(_NAME)
    if path is None:
        raise FileNotFoundError(f"surface_normals needs framesym/{_NAME} in the folder named by SYMMETRON_DATA")
    file = read(path, "names", "points", "normals")
    known = file["names"].tolist()
    wanted = list(_SPLITS[split] if meshes is None else meshes)
    missing = [name for name in wanted if name not in known]
    if missing:
        raise ValueError(f"{path} has no mesh {missing[0]!r}; it holds {', '.join(known)}")
    rows = [known.index(name) for name in wanted]
    return {"name": file["names"][rows], "points": file["points"][rows], "normals": file["normals"][rows]}
