"""Making a ledger's database and bringing an older one up to date, by Alembic's migrations and no other way.

A new database is built beside its place and moved there when it is whole; an old one is copied first and the copy
compared, so that neither a crash nor a faulty migration can lose anything.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import InputError, LedgerError
from ledger.store import sqlite
from ledger.store.schema import REVISION

if TYPE_CHECKING:
    from sqlalchemy import Connection


def scripts() -> Path:
    """Where the migrations lie: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def make(path: Path, revision: str = "head") -> None:
    """Make an empty ledger database at ``path``, which must not exist.

    Args:
        path: the new file.
        revision: the migration to stop at; older ones serve to test upgrades.
    """
    _run(path, revision)


def upgrade(path: Path, refold: Callable[[sqlite3.Connection], None]) -> Path:
    """Bring an older database up to date, after a verified copy beside it.

    Args:
        path: the ledger's database, held by the writers' lock.
        refold: fills the projections from the events, within the transaction that it is handed.

    Returns:
        The copy's path.

    Raises:
        LedgerError: the copy could not be made or differs; the database is as it was.
    """
    copy = _verified_copy(path)
    try:
        _run(path, "head", refold)
    except sqlite3.Error as error:
        raise LedgerError(
            f"{path} could not be upgraded ({error}); it is unchanged, and {copy} is a copy of it"
        ) from None
    return copy


def publish(new: Path, path: Path) -> None:
    """Move a finished database to its place, where nothing may be yet.

    Raises:
        InputError: there is a file already.
    """
    try:
        os.link(new, path)
    except FileExistsError:
        raise InputError(f"{path} exists already; a ledger is never overwritten") from None
    except OSError as error:
        raise LedgerError(f"cannot make {path}: {error.strerror}") from None
    finally:
        new.unlink()
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _run(path: Path, target: str, refold: Callable[[sqlite3.Connection], None] | None = None) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=sqlite.BUSY_SECONDS, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(scripts()))
    try:
        with engine.connect() as connection:
            raw = _driver(connection)
            raw.execute("BEGIN IMMEDIATE")  # the driver opens no transaction for DDL by itself
            try:
                config.attributes["connection"] = connection
                command.upgrade(config, target)
                if refold is not None:
                    refold(raw)
                if raw.in_transaction:
                    raw.execute("COMMIT")
            except BaseException:
                if raw.in_transaction:
                    raw.execute("ROLLBACK")
                raise
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        engine.dispose()


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(f"not an SQLite connection: {driver!r}")
    return driver


def _verified_copy(path: Path) -> Path:
    with sqlite3.connect(path, isolation_level=None) as source:
        before = sqlite.revision(source) or "none"
        copy = path.with_name(f"{path.name}.schema-{before}-before-{REVISION}")
        copy.unlink(missing_ok=True)
        target = sqlite3.connect(copy, isolation_level=None)
        try:
            source.backup(target)
            if target.execute("PRAGMA integrity_check").fetchone()[0] != "ok" or _sum(source) != _sum(target):
                raise LedgerError(f"the copy {copy} differs from {path}; nothing was upgraded, check the disk")
        except sqlite3.Error as error:
            raise sqlite.unusable(error, copy) from None
        finally:
            target.close()
    source.close()
    descriptor = os.open(copy, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return copy


def _sum(connection: sqlite3.Connection) -> str:
    """One hash over all that cannot be computed again: events and checkpoints."""
    total = hashlib.sha256()
    for table in ("events", "checkpoints"):
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid"):
            total.update(repr(row).encode())
    return total.hexdigest()
