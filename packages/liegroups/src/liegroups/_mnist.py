"""MNIST: from a file, or from its public origin by hash."""

import gzip
import importlib
from pathlib import Path
from typing import Literal

import numpy as np

from ._checks import check_choice
from ._data_folder import read, stored

ORIGIN = "https://ossci-datasets.s3.amazonaws.com/mnist/"
FILES = {
    ("train", "image"): ("train-images-idx3-ubyte.gz", "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    ("train", "label"): ("train-labels-idx1-ubyte.gz", "md5:d53e105ee54ea40749a09fcbcd1e9432"),
    ("test", "image"): ("t10k-images-idx3-ubyte.gz", "md5:9fb629c4189551a2d022fa330f9573f3"),
    ("test", "label"): ("t10k-labels-idx1-ubyte.gz", "md5:ec29112dd5afa0611ce80d1b7f02629c"),
}


def mnist(split: Literal["train", "test"] = "train") -> dict[str, np.ndarray]:
    """Return the handwritten digits of MNIST (LeCun, Cortes and Burges).

    Read from ``liegroups/mnist_full.npz`` in the folder named by the environment variable ``SYMMETRON_DATA`` (arrays
    ``x_train``, ``y_train``, ``x_test``, ``y_test``) where that file is; otherwise the four original files are fetched
    once, checked by hash (``pip install liegroups[data]``), and kept in the cache folder of the user.

    Args:
        split: ``"train"`` (60000 digits) or ``"test"`` (10000), in the original order.

    Returns:
        ``image`` (N, 28, 28) uint8, 0 for paper and 255 for ink, and ``label`` (N,) uint8.

    Raises:
        ValueError: If ``split`` is neither, or a file is not what it should be.
        ImportError: If the files have to be fetched and pooch is not installed.

    Examples:
        >>> digits = liegroups.mnist("test")                                     # doctest: +SKIP
        >>> digits["image"].shape, digits["label"][:5].tolist()                  # doctest: +SKIP
        ((10000, 28, 28), [7, 2, 1, 0, 4])
    """
    check_choice(split, ("train", "test"), "split")
    path = stored("mnist_full.npz")
    if path is not None:
        image, label = read(path, f"x_{split}", f"y_{split}").values()
        return {"image": image, "label": label}
    return {name: read_idx(_fetch(*FILES[split, name])) for name in ("image", "label")}


def read_idx(path: Path) -> np.ndarray:
    """Return the array of a gzipped IDX file of bytes.

    Raises:
        ValueError: If the file has another format.
    """
    data = gzip.decompress(Path(path).read_bytes())
    if len(data) < 4 or data[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is no IDX file of unsigned bytes")
    axes = data[3]
    shape = np.frombuffer(data, ">u4", axes, 4).astype(np.int64)
    if len(data) != 4 + 4 * axes + shape.prod():
        raise ValueError(f"{path} has {len(data)} bytes, not those of an array of shape {tuple(shape.tolist())}")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape).copy()


def _fetch(name: str, known_hash: str) -> Path:
    try:
        pooch = importlib.import_module("pooch")
    except ImportError:
        raise ImportError(
            "MNIST is neither in $SYMMETRON_DATA/liegroups/mnist_full.npz nor can it be fetched without pooch; "
            "set SYMMETRON_DATA or run `pip install liegroups[data]`"
        ) from None
    return Path(pooch.retrieve(ORIGIN + name, known_hash, fname=name, path=pooch.os_cache("liegroups")))
