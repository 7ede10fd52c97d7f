"""The durable store of a sweep: one SQLite file, one row a finished block, written by the parent alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from symmetron._compute import Block
from symmetron.errors import SweepError

_SCHEMA = 1


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
        try:
            is_uri = self.path.startswith("file:")
            if not is_uri:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(self.path, timeout=60, uri=is_uri, isolation_level=None)
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise self._explained(error) from None

    def _prepare(self) -> None:
        self.connection.execute("pragma synchronous=normal")  # safe against a killed process, and fast, in WAL mode
        (version,) = self.connection.execute("pragma user_version").fetchone()
        if version == _SCHEMA:
            return
        (tables,) = self.connection.execute("select count(*) from sqlite_master").fetchone()
        if version != 0 or tables:
            raise SweepError(f"{self.path} is not a store of this version of symmetron; name another file")
        self.connection.execute("pragma journal_mode=wal")
        self.connection.execute("begin immediate")  # another process may be making the same store
        self.connection.execute(
            "create table if not exists block (key text primary key, entry text not null, parameters text not null,"
            " data blob not null, provenance text not null)"
        )
        self.connection.execute(f"pragma user_version={_SCHEMA}")
        self.connection.execute("commit")

    @property
    def folder(self) -> Path | None:
        """Where the checkpoints of unfinished cells are kept, beside the file."""
        name = self.path.removeprefix("file:").partition("?")[0]
        return None if name in (":memory:", "") else Path(f"{name}.checkpoints").absolute()

    def require_writable(self) -> None:
        """Fail now, rather than after the first block is computed.

        Raises:
            SweepError: The store cannot be written.
        """
        try:
            self.connection.execute("begin immediate")
            self.connection.execute("rollback")
        except sqlite3.Error as error:
            raise self._explained(error) from None

    def get(self, key: str) -> Block | None:
        """Return the block with this key, if it is finished."""
        try:
            row = self.connection.execute("select data, provenance from block where key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise self._explained(error) from None
        return None if row is None else Block.decode(*row)

    def put(self, key: str, entry: str, parameters: str, data: bytes, provenance: str) -> None:
        """Keep a finished block; the first of two with the same key stays.

        Raises:
            SweepError: The store is full or cannot be written; nothing of the block is kept.
        """
        row = (key, entry, parameters, data, provenance)
        try:
            self.connection.execute("insert or ignore into block values (?, ?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise self._explained(error) from None

    def discard(self, keys: Iterable[str]) -> None:
        """Drop blocks, so that they are computed again."""
        try:
            self.connection.execute("begin immediate")
            self.connection.executemany("delete from block where key = ?", [(key,) for key in keys])
            self.connection.execute("commit")
        except sqlite3.Error as error:
            raise self._explained(error) from None

    def __len__(self) -> int:
        return self.connection.execute("select count(*) from block").fetchone()[0]

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _explained(self, error: Exception) -> SweepError:
        text = str(error)
        if "readonly" in text or "read-only" in text.lower():
            return SweepError(f"the store {self.path} is read-only: name another file, or make this one writable")
        if "full" in text:
            return SweepError(f"the store {self.path} is full: free some space and run the sweep again to go on")
        if "not a database" in text:
            return SweepError(f"{self.path} is not a store (it is not an SQLite file): name another file")
        return SweepError(f"the store {self.path} cannot be used: {text}")
