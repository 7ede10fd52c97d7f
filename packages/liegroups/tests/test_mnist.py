"""MNIST from a file, and from its origin: by a server of this machine that sends the slice."""

import gzip
import hashlib
import struct
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from liegroups import _mnist, mnist

SLICE = Path(__file__).parent / "data"


def _idx(array):
    return gzip.compress(struct.pack(f">I{array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes(), mtime=0)


def test_digits_are_read_from_the_folder(monkeypatch):
    monkeypatch.setenv("SYMMETRON_DATA", str(SLICE))
    train, test = mnist("train"), mnist("test")
    assert train["image"].shape == (100, 28, 28) and train["image"].dtype == np.uint8
    assert train["label"][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]  # as every page about MNIST shows them
    assert test["label"][:5].tolist() == [7, 2, 1, 0, 4]


def test_digits_are_fetched_by_hash_where_there_is_no_file(monkeypatch, tmp_path):
    pytest.importorskip("pooch", reason="pooch is in the extra `data`")
    monkeypatch.delenv("SYMMETRON_DATA", raising=False)
    with np.load(SLICE / "liegroups" / "mnist_full.npz") as file:
        tables = {name: file[name] for name in ("x_test", "y_test")}
    origin = tmp_path / "origin"
    origin.mkdir()
    files = dict(_mnist.FILES)
    for column, table in (("image", "x_test"), ("label", "y_test")):
        name = _mnist.FILES["test", column][0]
        (origin / name).write_bytes(_idx(tables[table]))
        files["test", column] = (name, "md5:" + hashlib.md5((origin / name).read_bytes()).hexdigest())
    handler_class = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *args: None})
    handler = partial(handler_class, directory=str(origin))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(_mnist, "ORIGIN", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setattr(_mnist, "FILES", files)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        fetched = mnist("test")
        wrong = {**files, ("test", "label"): (files["test", "label"][0], "md5:" + "0" * 32)}
        monkeypatch.setattr(_mnist, "FILES", wrong)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
        with pytest.raises(ValueError, match="hash"):
            mnist("test")
        server.shutdown()
    np.testing.assert_array_equal(fetched["image"], tables["x_test"])
    np.testing.assert_array_equal(fetched["label"], tables["y_test"])


def test_without_file_and_pooch_the_error_says_what_to_do(monkeypatch):
    monkeypatch.delenv("SYMMETRON_DATA", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "pooch", None)
    with pytest.raises(ImportError, match=r"pip install liegroups\[data\]"):
        mnist("test")


def test_files_that_are_not_what_they_should_be_are_refused(monkeypatch, tmp_path):
    (tmp_path / "liegroups").mkdir()
    np.savez(tmp_path / "liegroups" / "mnist_full.npz", x_train=np.zeros(1))
    monkeypatch.setenv("SYMMETRON_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="has no array 'y_train'"):
        mnist("train")
    for data in (b"", b"\x00\x00\x0d\x01" + bytes(8), b"\x00\x00\x08\x01\x00\x00\x00\x05abc"):
        (tmp_path / "x.gz").write_bytes(gzip.compress(data))
        with pytest.raises(ValueError, match=r"x\.gz"):
            _mnist.read_idx(tmp_path / "x.gz")
    with pytest.raises(ValueError, match="split must be 'train' or 'test', not 'valid'"):
        mnist("valid")
