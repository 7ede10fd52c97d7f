"""The store keeps whole blocks or nothing, and explains in one sentence why it cannot."""

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import threading

import numpy as np
import pytest

import symmetron as sym
from symmetron import Store, _store
from symmetron._compute import Block
from symmetron.errors import SweepError

GRID = {"x": [0.5, 1.0, 1.5, 2.0]}


@pytest.fixture(autouse=True)
def _lab(lab):
    return lab


@pytest.fixture(scope="module")
def pool():
    with sym.Pool(workers=1) as pool:
        yield pool


def sentence(action, *arguments, **options):
    """Return the one sentence with which the action fails."""
    with pytest.raises(SweepError) as caught:
        action(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def block():
    columns = {
        "flag": np.array([True, False]),
        "text": np.array(["a", "größer"]),
        "z": np.array([[1 + 2j, np.inf], [np.nan, -0.0]]),
        "n": np.array([1, -(2**53)]),
        "empty": np.zeros((2, 0)),
    }
    return Block(columns, {"q": np.arange(2.0)}, ("", "it failed"), {"seconds": 1.5, "host": "here"})


def test_a_block_is_the_same_after_a_round_trip():
    first, again = block(), Block.decode(*block().encode())
    assert list(again.columns) == list(first.columns)
    for name, array in first.columns.items():
        assert (again.columns[name].dtype, again.columns[name].shape) == (array.dtype, array.shape)
        assert again.columns[name].tobytes() == array.tobytes()
    assert (again.messages, again.provenance) == (first.messages, first.provenance)


def test_a_kept_block_is_found_by_its_key(tmp_path):
    with Store(tmp_path / "deep" / "runs.sqlite") as store:
        assert store.get("key") is None
        store.put("key", "a/b", "{}", *block().encode())
        store.put("key", "a/b", "{}", *Block({}, {}, (), {}).encode())  # the first of two stays
        assert len(store) == 1
    with Store(tmp_path / "deep" / "runs.sqlite") as store:
        assert store.get("key").messages == ("", "it failed")
        store.discard(["key", "other"])
        assert len(store) == 0


def test_a_sweep_is_read_from_its_store(pool, tmp_path):
    first = sym.sweep("lab-plugin/slow", GRID, store=tmp_path / "store", executor=pool)
    with Store(tmp_path / "store") as store:
        assert len(store) == 4
    broken = Broken()
    again = sym.sweep("lab-plugin/slow", GRID, store=tmp_path / "store", executor=broken)
    assert first.identical(again.assign_attrs(first.attrs))
    part = sym.sweep("lab-plugin/slow", {"x": [2, 1]}, store=tmp_path / "store", executor=broken)
    np.testing.assert_array_equal(part["y"], first["y"].sel(x=[2, 1]))


class Broken:
    """An executor that must not be asked."""

    def submit(self, *_):
        raise AssertionError("something was computed again")


def test_fresh_computes_again(pool, tmp_path):
    grid, options = {"x": [1, 2]}, {"executor": pool, "store": tmp_path / "store"}
    sym.sweep("lab-plugin/walk", grid, log=str(tmp_path / "log"), **options)
    sym.sweep("lab-plugin/walk", grid, log=str(tmp_path / "log"), **options)
    assert len((tmp_path / "log").read_text().splitlines()) == 12
    sym.sweep("lab-plugin/walk", grid, log=str(tmp_path / "log"), fresh=True, **options)
    assert len((tmp_path / "log").read_text().splitlines()) == 24


def test_a_failed_cell_is_tried_again(pool, tmp_path):
    flag = tmp_path / "flag"
    options = {"executor": pool, "store": tmp_path / "store"}
    assert sym.sweep("lab-plugin/inverse", {"x": [0, 1]}, **options)["failed"].values.tolist() == [True, False]
    with Store(tmp_path / "store") as store:
        assert len(store) == 1
    assert not flag.exists()


def test_what_may_change_a_bit_is_in_the_key(pool, tmp_path):
    def rows(**options):
        sym.sweep("lab-plugin/noise", {"x": [1]}, store=tmp_path / "store", executor=pool, **options)
        with Store(tmp_path / "store") as store:
            return len(store)

    assert [rows(), rows(), rows(threads=2), rows(seed=1), rows(scale=2.0), rows(scale=1.0)] == [1, 1, 2, 3, 4, 4]


@pytest.mark.parametrize(("version", "rows"), [("1.0.7", 1), ("1.1.0", 2)])
def test_a_patch_release_keeps_results_and_a_minor_one_does_not(tmp_path, version, rows):
    source = """
import pluggy
@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    registrar.solver("s", "lent_version:s", summary="A solver.")
def s(*, x: float):
    return {"y": x}
"""
    for installed in ("1.0.0", version):
        with sym.testing.lend_plugin("lent-version", source, version=installed):
            sym.sweep("lent-version/s", {"x": [1]}, store=tmp_path / "store")
    with Store(tmp_path / "store") as store:
        assert len(store) == rows


def test_a_read_only_store_can_be_read_and_says_that_it_cannot_be_written(pool, tmp_path):
    path = tmp_path / "store"
    first = sym.sweep("lab-plugin/slow", GRID, store=path, executor=pool)
    uri = f"file:{path}?mode=ro"
    again = sym.sweep("lab-plugin/slow", GRID, store=uri, executor=Broken())
    np.testing.assert_array_equal(again["y"], first["y"])
    more = {"x": [*GRID["x"], 3.0]}
    assert "is read-only: name another file" in sentence(
        sym.sweep, "lab-plugin/slow", more, store=uri, executor=Broken()
    )
    assert "read-only" in sentence(sym.sweep, "lab-plugin/slow", GRID, store=uri, fresh=True, executor=Broken())
    with Store(path) as store:
        assert len(store) == 4


def test_a_read_only_store_that_is_missing_is_one_sentence(tmp_path):
    assert "cannot be used" in sentence(sym.sweep, "lab-plugin/slow", GRID, store=f"file:{tmp_path}/none?mode=ro")


def test_a_full_store_keeps_whole_rows_and_goes_on_when_there_is_room(pool, tmp_path):
    grid = {"x": np.arange(200.0)}
    with Store(tmp_path / "store") as store:
        (pages,) = store.connection.execute("pragma page_count").fetchone()
        store.connection.execute(f"pragma max_page_count={pages + 4}")
        options = {"store": store, "executor": pool}
        assert "is full: free some space" in sentence(sym.sweep, "lab-plugin/inverse", grid, **options)
    with Store(tmp_path / "store") as store:
        kept = len(store)
        assert 0 < kept < 200
        assert store.connection.execute("pragma integrity_check").fetchone() == ("ok",)
        keys = [key for (key,) in store.connection.execute("select key from block")]
        assert all(store.get(key).columns["y"].shape == (1,) for key in keys)
    result = sym.sweep("lab-plugin/inverse", grid, store=tmp_path / "store", executor=pool)
    assert result["failed"].values.tolist() == [True] + [False] * 199


@pytest.mark.parametrize("content", [b"not a database at all " * 50, b"x"])
def test_a_file_that_is_no_store_is_left_alone(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    assert "is not a store" in sentence(sym.sweep, "lab-plugin/slow", GRID, store=path)
    assert path.read_bytes() == content


def test_another_database_is_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("create table mine (x)")
    other.close()
    before = (tmp_path / "other.sqlite").read_bytes()
    assert "is not a store of this version" in sentence(Store, tmp_path / "other.sqlite")
    assert (tmp_path / "other.sqlite").read_bytes() == before


def test_a_folder_is_no_store(tmp_path):
    assert "cannot be used" in sentence(Store, tmp_path)
    (tmp_path / "file").touch()
    assert "cannot be used" in sentence(Store, tmp_path / "file" / "store")


def test_a_damaged_store_is_one_sentence(pool, tmp_path):
    path = tmp_path / "store"
    sym.sweep("lab-plugin/inverse", {"x": np.arange(1.0, 60.0)}, store=path, executor=pool)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    assert str(path) in sentence(sym.sweep, "lab-plugin/inverse", {"x": [1.0]}, store=path, executor=pool)


def test_a_locked_store_is_one_sentence(tmp_path, pool):
    with Store(tmp_path / "store") as store, Store(tmp_path / "store") as other:
        store.connection.execute("pragma busy_timeout=50")
        other.connection.execute("begin immediate")
        assert "locked" in sentence(sym.sweep, "lab-plugin/slow", GRID, store=store, executor=pool)


def test_two_processes_may_make_one_store_at_once(tmp_path):
    """The two race through the making of the tables; a reader that comes in between must not refuse the file."""
    code = f"import sys, symmetron\nwith symmetron.Store({str(tmp_path / 'store')!r}) as store: print(len(store))"
    for _ in range(3):
        processes = [
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        ends = [process.communicate(timeout=60) for process in processes]
        assert [out for out, _ in ends] == ["0\n"] * 4, ends
        for path in tmp_path.glob("store*"):
            path.unlink() if path.is_file() else shutil.rmtree(path)


@pytest.fixture
def half_made(tmp_path):
    """A connection of another program that has just begun to make the store."""
    with contextlib.closing(
        sqlite3.connect(tmp_path / "store", isolation_level=None, check_same_thread=False)
    ) as connection:
        connection.execute("begin immediate")
        yield connection


def test_a_store_that_another_program_makes_is_waited_for(tmp_path, half_made):
    timer = threading.Timer(0.2, half_made.rollback)
    timer.start()
    with Store(tmp_path / "store") as store:
        assert len(store) == 0
    timer.join()


def test_a_store_that_another_program_never_finishes_is_one_sentence(tmp_path, half_made, monkeypatch):
    monkeypatch.setattr(_store, "_PATIENCE", 0.1)
    assert "locked" in sentence(Store, tmp_path / "store")


def test_a_store_in_memory(pool):
    with Store(":memory:") as store:
        sym.sweep("lab-plugin/walk", {"x": [1]}, steps=0, store=store, executor=pool)
        assert len(store) == 1
