"""Making a ledger's database and bringing an older one up to date, by Alembic's migrations and no other way.

A new database is built beside its place and moved there when it is whole; an old one is copied first and the copy
compared, so that neither a crash nor a faulty migration can lose anything.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import InputError, LedgerError
from ledger.store import placing, sqlite
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

    Raises:
        LedgerError: the file cannot be written.
    """
    try:
        _run(path, revision)
    except sqlite3.Error as error:
        raise sqlite.unusable(error, path) from None


def upgrade(path: Path, refold: Callable[[sqlite3.Connection], None]) -> Path | None:
    """Bring an older database up to date, after a verified copy beside it.

    Schema and projections change in one transaction: a crash at any moment leaves the old ledger, usable as it was.

    Args:
        path: the ledger's database, held by the writers' lock.
        refold: fills the projections from the events, within the transaction that it is handed.

    Returns:
        The copy's path, or ``None`` where another process has upgraded the database meanwhile.

    Raises:
        LedgerError: the copy could not be made or differs, or a migration failed; the database is as it was.
    """
    copy = _verified_copy(path)
    if copy is None:
        return None
    try:
        _run(path, "head", refold)
    except sqlite3.Error as error:
        raise LedgerError(
            f"{path} could not be upgraded ({error}); it is unchanged, and {copy} is a copy of it"
        ) from None
    return copy


def publish(new: Path, path: Path) -> None:
    """Move a finished database to its place, where nothing may be yet: it is there to stay, or not there.

    Raises:
        InputError: there is a file already.
        LedgerError: it cannot be put there, or its name may not outlast a power cut.
    """
    try:
        placing.place(new, path)
    except FileExistsError:
        raise InputError(f"{path} exists already; a ledger is never overwritten") from None
    except OSError as error:
        raise LedgerError(f"cannot make {path}: {error.strerror}; check the disk and the folder") from None
    finally:
        with suppress(OSError):
            new.unlink()


def _run(path: Path, target: str, refold: Callable[[sqlite3.Connection], None] | None = None) -> None:
    """Migrate and refold in one transaction; an error of SQLite comes out as such."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    engine = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=NullPool)
    # The driver, in autocommit mode, opens no transaction by itself.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    try:
        with engine.connect() as connection:
            raw = _driver(connection)
            config.attributes["connection"] = connection
            config.attributes["finish"] = (lambda: None) if refold is None else (lambda: refold(raw))
            command.upgrade(config, target)
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise error.orig from None
        raise
    finally:
        engine.dispose()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=sqlite.BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(f"not an SQLite connection: {driver!r}")
    return driver


def _verified_copy(path: Path) -> Path | None:
    """A copy beside the database that holds the same record, on the disk; ``None`` where there is nothing to upgrade."""
    with closing(sqlite3.connect(path, timeout=sqlite.BUSY_SECONDS, isolation_level=None)) as source:
        before = sqlite.revision(source) or "none"
        if before == REVISION:
            return None
        copy = path.with_name(f"{path.name}.schema-{before}-before-{REVISION}")
        draft = copy.with_name(f"{copy.name}.new")
        try:
            draft.unlink(missing_ok=True)
            with closing(sqlite3.connect(draft, isolation_level=None)) as target:
                source.backup(target)
                whole = target.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
                if not whole or _sum(source) != _sum(target):
                    raise LedgerError(f"the copy {draft} differs from {path}; nothing was upgraded, check the disk")
            placing.sync(draft)
            draft.replace(copy)
            placing.sync(copy.parent)
        except sqlite3.Error as error:
            raise sqlite.unusable(error, draft) from None
        except OSError as error:
            raise LedgerError(f"cannot keep the copy {copy}: {error.strerror}; nothing was upgraded") from None
    return copy


def _sum(connection: sqlite3.Connection) -> str:
    """One hash over all that cannot be computed again: events and checkpoints."""
    total = hashlib.sha256()
    for table in ("events", "checkpoints"):
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid"):
            total.update(repr(row).encode())
    return total.hexdigest()
