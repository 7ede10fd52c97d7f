"""The data set of charged particles, from a file or from its recipe."""

from typing import Literal

import numpy as np

from framesym._data_folder import read, stored
from framesym._nbody_simulation import draw_starts, simulate_nbody

Split = Literal["train", "validation", "test"]
# Of the 14000 trajectories of the benchmark: where a split starts, and how many of it are used.
_SPLITS = {"train": (0, 3000), "validation": (10000, 2000), "test": (12000, 2000)}
_CODES = {"train": 0, "validation": 1, "test": 2}
_BODIES, _FRAMES = 5, (30, 40)


def nbody(
    split: Split = "train",
    *,
    count: int | None = None,
    seed: int = 43,
    source: Literal["auto", "file", "recipe"] = "auto",
) -> dict[str, np.ndarray]:
    """Return charged particles at two times: predict where they are from where they were.

    Five particles of unit mass and charges +1 or -1 in space; given at time 3.1, wanted at 4.1. The first 3000 of 10000
    trajectories for training, 2000 for validation and 2000 for testing, as in Satorras, Hoogeboom and Welling
    (arXiv:2102.09844) and Puny et al. (arXiv:2110.03336), whose random stream the recipe repeats. On the test split the
    mean squared error of predicting `x` is 0.27151, that of `x + v` 0.10913, and of the best `x + a v` 0.08418.

    Args:
        split: Which part.
        count: Return only the first so many trajectories; all of the split by default.
        seed: Seed of the recipe; another one than 43 makes another data set of the same law.
        source: `"file"` reads `framesym/nbody_charged5_small.npz` in the folder named by SYMMETRON_DATA, `"recipe"`
            computes the trajectories anew (some 20 s for all three splits), `"auto"` takes the file where it is and
            `seed` is 43.

    Returns:
        `x`, `v` (N, 5, 3) float32 at time 3.1, `charges` (N, 5) float32, and `target` (N, 5, 3) float32, the positions
        at time 4.1. Units: mass 1, coupling 1.

    Raises:
        ValueError: If an argument is out of its range, or the file is not what it should be.
        FileNotFoundError: If `source` is `"file"` and there is none.

    Examples:
        >>> motion = nbody("test", count=2, source="recipe")
        >>> motion["target"].shape, motion["charges"].astype(int).tolist()
        ((2, 5, 3), [[1, 1, -1, -1, 1], [1, 1, -1, 1, -1]])
    """
    if split not in _SPLITS:
        raise ValueError(f"split must be 'train', 'validation' or 'test', got {split!r}")
    if source not in ("auto", "file", "recipe"):
        raise ValueError(f"source must be 'auto', 'file' or 'recipe', got {source!r}")
    first, most = _SPLITS[split]
    wanted = most if count is None else count
    if not 0 <= wanted <= most:
        raise ValueError(f"count must be between 0 and {most}, got {count}")
    path = stored("nbody_charged5_small.npz") if source != "recipe" and seed == 43 else None
    if path is not None:
        return _from_file(path, split, wanted, first)
    if source == "file":
        raise FileNotFoundError(
            "source='file' needs seed 43 and framesym/nbody_charged5_small.npz in the folder named by SYMMETRON_DATA; "
            "source='recipe' computes the same trajectories"
        )
    charges, x, v = (array[first:] for array in draw_starts(first + wanted, _BODIES, seed))
    places, speeds = simulate_nbody(charges, x, v, _FRAMES)
    arrays = {"x": places[0], "v": speeds[0], "charges": charges, "target": places[1]}
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def _from_file(path, split: Split, count: int, first: int) -> dict[str, np.ndarray]:
    file = read(path, "loc0", "vel0", "charges", "loc1", "split")
    here = np.flatnonzero(file["split"] == _CODES[split])[:count]
    if len(here) < count:
        raise ValueError(f"{path} has {len(here)} trajectories of the split {split!r}, and {count} are wanted")
    names = {"x": "loc0", "v": "vel0", "charges": "charges", "target": "loc1"}
    return {name: file[stored_as][here].astype(np.float32) for name, stored_as in names.items()}
