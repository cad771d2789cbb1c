"""The online store's file: its tables, how it is opened, how a key is written in it. Standard library alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ledger.errors import InputError, LedgerError

FILE = "features.db"
FORMAT = 1
"""The form of the file, in its ``user_version``."""

BUSY = 30.0
"""Seconds that whoever writes waits for another who does."""

_APPLICATION_ID = 0x41535946
_TABLES = (
    """CREATE TABLE views (
    view TEXT NOT NULL,
    version INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    schema TEXT NOT NULL,
    ttl INTEGER NOT NULL,
    entity TEXT NOT NULL,
    features TEXT NOT NULL,
    dataset TEXT NOT NULL,
    as_of INTEGER NOT NULL,
    PRIMARY KEY (view, version)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE latest (
    view TEXT NOT NULL,
    version INTEGER NOT NULL,
    entity TEXT NOT NULL,
    event_time INTEGER NOT NULL,
    created INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    features TEXT NOT NULL,
    PRIMARY KEY (view, version, entity)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE reads (
    view TEXT NOT NULL,
    version INTEGER NOT NULL,
    consumer TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (view, version, consumer, reason)
) STRICT, WITHOUT ROWID""",
    "CREATE TABLE batches (batch TEXT PRIMARY KEY, reads TEXT NOT NULL) STRICT, WITHOUT ROWID",
)


def connect(path: Path, *, read_only: bool = False, create: bool = False) -> sqlite3.Connection:
    """Open the store's file; its transactions are begun by hand.

    Args:
        path: the file.
        read_only: only to read.
        create: make it where it is not there.

    Raises:
        InputError: it is not there.
        LedgerError: it is no feature store, of a newer version, or cannot be opened.
    """
    if not create and not path.is_file():
        raise InputError(f"there is no online store {path}; `assay feature push` writes one")
    mode = "ro" if read_only else "rwc" if create else "rw"
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY, isolation_level=None
        )
    except sqlite3.Error as error:
        raise LedgerError(f"the online store {path} cannot be opened: {error}") from None
    try:
        if create:
            _make(connection)
        marks = [connection.execute(f"PRAGMA {each}").fetchone()[0] for each in ("application_id", "user_version")]
    except sqlite3.Error as error:
        connection.close()
        raise LedgerError(
            f"the online store {path} cannot be read: {error}; `assay feature push` can write a new one"
        ) from None
    if marks != [_APPLICATION_ID, FORMAT]:
        connection.close()
        known = marks[0] == _APPLICATION_ID
        raise LedgerError(f"{path} is {'of another version of Assay' if known else 'no online feature store'}")
    return connection


def _make(connection: sqlite3.Connection) -> None:
    """Lay out an empty file; two who do it at once are one after the other."""
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise sqlite3.OperationalError("it cannot keep a write-ahead log")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")


def encoded(key: Sequence[Any]) -> str:
    """An entity's key as it is stored."""
    return json.dumps(key, ensure_ascii=False, separators=(",", ":"))
