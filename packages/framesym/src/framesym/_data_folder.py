"""Where data sets are looked for before they are made."""

import os
from pathlib import Path

import numpy as np


def stored(name: str) -> Path | None:
    """Return the file `framesym/<name>` in the folder named by SYMMETRON_DATA, or None where there is none."""
    folder = os.environ.get("SYMMETRON_DATA")
    path = Path(folder) / "framesym" / name if folder else None
    return path if path is not None and path.is_file() else None


def read(path: Path, *names: str) -> dict[str, np.ndarray]:
    """Return the named arrays of an npz file.

    Raises:
        ValueError: If one is missing.
    """
    with np.load(path) as file:
        missing = [name for name in names if name not in file.files]
        if missing:
            raise ValueError(f"{path} has no array {missing[0]!r}; it holds {', '.join(file.files)}")
        return {name: file[name] for name in names}
