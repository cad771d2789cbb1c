"""Ledgers as an older program left them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from ledger.store import migration

RECORD = ("events", "nodes", "checkpoints")


def first_revision(template: Path, folder: Path) -> Path:
    """A ledger at revision 0001, which knew no projections, with the record and keys of the one in ``template``."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(template / "keys", folder / "keys", dirs_exist_ok=True)
    path = folder / "ledger.db"
    migration.make(path, "0001")
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("ATTACH DATABASE ? AS newer", (str(template / "ledger.db"),))
        old.execute("BEGIN")
        for table in RECORD:
            old.execute(f"INSERT INTO main.{table} SELECT * FROM newer.{table} ORDER BY 1, 2")
        old.execute("COMMIT")
    return path


def record(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that cannot be computed again."""
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in RECORD}
