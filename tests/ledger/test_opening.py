"""A new ledger is whole or not there, and leaves nothing behind."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import ledger
from ledger.errors import LedgerError
from ledger.store import migration, sqlite
from tests.ledger.story import Story


def test_what_stays_in_the_log_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the database's file is put in its place: the first event must be in it, and not in a log beside it."""

    def failing(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr("ledger.opening.sqlite.fold_in", failing)
        with pytest.raises(LedgerError, match="disk I/O error"):
            Story.begin(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["keys"]
    Story.begin(tmp_path).ledger.close()
    assert ledger.verify(tmp_path / "ledger.db").size == 1


def test_made_but_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: Path) -> sqlite3.Connection:
        raise LedgerError("no")

    with monkeypatch.context() as patched:
        patched.setattr("ledger.opening.writable", failing)
        with pytest.raises(LedgerError, match=r"ledger\.db was made, and cannot be opened now: no"):
            Story.begin(tmp_path)
    assert ledger.verify(tmp_path / "ledger.db").findings == []


def test_folding_in_waits_for_no_reader_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    migration.make(path)
    with (
        closing(sqlite3.connect(path, isolation_level=None, timeout=0.05)) as one,
        closing(sqlite3.connect(path, isolation_level=None)) as reader,
    ):
        one.execute("PRAGMA journal_mode = WAL")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM events").fetchall()
        one.execute("INSERT INTO checkpoints VALUES (1, 'note')")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            sqlite.fold_in(one)
        reader.execute("ROLLBACK")
        sqlite.fold_in(one)
        assert path.with_name("ledger.db-wal").stat().st_size == 0
