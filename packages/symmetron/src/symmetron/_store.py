"""The durable store of a sweep: one SQLite file, one row a finished block, written by the parent alone."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from symmetron._compute import Block
from symmetron.errors import SweepError

_SCHEMA = 1
_AT_ONCE = 500  # keys in one question, below the limit of every build of SQLite
_PATIENCE = 60.0  # seconds to wait for another process that uses the same store


class Store:
    """Finished blocks by key.

    Rows are written whole or not at all, survive the death of the process at any moment, and two processes may use one
    store at the same time.

    Args:
        path: A file, made when it is missing, or an SQLite URI such as ``"file:runs.sqlite?mode=ro"``.

    Raises:
        SweepError: The file cannot be opened, is no store, or is of another version.

    Examples:
        >>> import tempfile, pathlib
        >>> from symmetron import Store
        >>> with tempfile.TemporaryDirectory() as folder, Store(pathlib.Path(folder) / "runs.sqlite") as store:
        ...     len(store)
        0
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = os.fspath(path)
        is_uri = self.path.startswith("file:")
        with self._explaining():
            if not is_uri and self.path != ":memory:":
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
                _require_database(Path(self.path))
            self.connection = sqlite3.connect(self.path, timeout=_PATIENCE, uri=is_uri, isolation_level=None)
        try:
            with self._explaining():
                _patiently(self._prepare)
        except SweepError:
            self.close()
            raise

    def _prepare(self) -> None:
        self.connection.execute("pragma synchronous=normal")  # safe against a killed process, and fast, in WAL mode
        # In this order: another process that makes the tables in between sets the version with them.
        (tables,) = self.connection.execute("select count(*) from sqlite_master").fetchone()
        (version,) = self.connection.execute("pragma user_version").fetchone()
        if version == _SCHEMA:
            return
        if version != 0 or tables:
            raise SweepError(f"{self.path} is not a store of this version of symmetron; name another file")
        self.connection.execute("pragma journal_mode=wal")
        with self._transaction():  # another process may be making the same store
            self.connection.execute(
                "create table if not exists block (key text primary key, entry text not null, parameters text not null,"
                " data blob not null, provenance text not null)"
            )
            self.connection.execute(f"pragma user_version={_SCHEMA}")

    @cached_property
    def folder(self) -> Path | None:
        """Where the checkpoints of unfinished cells are kept, beside the file."""
        name = self.path.removeprefix("file:").partition("?")[0]
        return None if name in (":memory:", "") else Path(f"{name}.checkpoints").absolute()

    def require_writable(self) -> None:
        """Fail now, rather than after the first block is computed.

        Raises:
            SweepError: The store cannot be written.
        """
        with self._transaction():
            self.connection.execute("delete from block where false")  # the beginning alone does not write

    def get(self, key: str) -> Block | None:
        """Return the block with this key, if it is finished."""
        with self._explaining():
            row = self.connection.execute("select data, provenance from block where key = ?", (key,)).fetchone()
        return None if row is None else Block.decode(*row)

    def get_many(self, keys: Sequence[str]) -> dict[str, Block]:
        """Return the finished blocks among those with these keys."""
        found = {}
        with self._explaining():
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                places = ", ".join("?" * len(some))
                rows = self.connection.execute(f"select key, data, provenance from block where key in ({places})", some)
                found |= {key: Block.decode(data, provenance) for key, data, provenance in rows}
        return found

    def put(self, key: str, entry: str, parameters: str, data: bytes, provenance: str) -> None:
        """Keep a finished block; the first of two with the same key stays.

        Raises:
            SweepError: The store is full or cannot be written; nothing of the block is kept.
        """
        self.put_many([(key, entry, parameters, data, provenance)])

    def put_many(self, rows: Sequence[tuple[str, str, str, bytes, str]]) -> None:
        """Keep several finished blocks, all of them or none.

        Raises:
            SweepError: The store is full or cannot be written; nothing of the blocks is kept.
        """
        with self._transaction():
            self.connection.executemany("insert or ignore into block values (?, ?, ?, ?, ?)", rows)

    def discard(self, keys: Iterable[str]) -> None:
        """Drop blocks, so that they are computed again."""
        with self._transaction():
            self.connection.executemany("delete from block where key = ?", [(key,) for key in keys])

    def __len__(self) -> int:
        return self.connection.execute("select count(*) from block").fetchone()[0]

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._explaining():
            self.connection.execute("begin immediate")
            try:
                yield
                self.connection.execute("commit")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                    self.connection.execute("rollback")
                raise

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._explained(error) from None

    def _explained(self, error: Exception) -> SweepError:
        text = str(error)
        if "readonly" in text or "read-only" in text.lower():
            return SweepError(f"the store {self.path} is read-only: name another file, or make this one writable")
        if "full" in text:
            return SweepError(f"the store {self.path} is full: free some space and run the sweep again to go on")
        if "not a database" in text:
            return SweepError(f"{self.path} is not a store (it is not an SQLite file): name another file")
        return SweepError(f"the store {self.path} cannot be used: {text}")


def _patiently(prepare: Callable[[], None]) -> None:
    """Call again while another process makes or closes the same store.

    SQLite's own time limit does not cover the change to WAL mode: who is second is told at once that it is locked.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return prepare()
        except sqlite3.OperationalError as error:
            primary_code = error.sqlite_errorcode & 0xFF
            if primary_code != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _require_database(path: Path) -> None:
    """Raise what SQLite itself says of long files only: it would take a short text for an empty store.

    By its size: to open and close the file here would drop the locks that this process has on it.
    """
    if path.is_file() and 0 < path.stat().st_size < 512:
        raise sqlite3.DatabaseError("file is not a database")
