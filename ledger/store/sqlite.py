"""Opening a ledger in SQLite: what a connection must be like to read it, and what is said of a file that cannot serve.

Reading needs the standard library alone.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from ledger.errors import Damaged, InputError, LedgerError
from ledger.store.schema import APPLICATION_ID, REVISION

BUSY_SECONDS = 10.0
"""How long a statement waits for another process's lock."""


def read_only(path: Path, *, of_any_revision: bool = False) -> sqlite3.Connection:
    """Open an existing ledger for reading; other processes may append meanwhile.

    Args:
        path: the ledger's database.
        of_any_revision: also one whose tables are, or say that they are, those of another version.

    Raises:
        InputError: there is no such file.
        LedgerError: the file is no ledger, or of a version that this program cannot read.
    """
    require_file(path)
    connection = _connect_read_only(path)
    try:
        require_ledger(connection, path)
        if not of_any_revision:
            require_revision(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def require_writable_ledger(path: Path) -> None:
    """Look at a file before it is opened for writing, which alone would change one that is no ledger.

    Raises:
        InputError: there is no such file.
        LedgerError: the file is no ledger, of a newer version, or may not be written.
    """
    require_file(path)
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise LedgerError(f"{path} may not be written; check the permissions of the file and of its folder")
    with closing(_connect_read_only(path)) as connection:
        require_ledger(connection, path)
        require_not_newer(connection, path)


def require_file(path: Path) -> None:
    """Raise InputError where no file is."""
    if not path.exists():
        raise InputError(f"there is no ledger at {path}; `assay init` makes one, `assay demo` a worked example")
    if not path.is_file():
        raise InputError(f"{path} is not a file; name the ledger's database, such as .assay/ledger.db")
    if not path.stat().st_size:
        raise LedgerError(f"{path} is empty, and no Assay ledger")


def _connect_read_only(path: Path) -> sqlite3.Connection:
    try:
        try:
            return _connected(path, "mode=ro")
        except sqlite3.OperationalError as error:
            if _primary(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
            # A WAL database in a folder that may not be written: with no log left to fold in, the file alone is all.
            wal = path.with_name(path.name + "-wal")
            if os.access(path, os.R_OK) and wal.exists() and wal.stat().st_size:
                raise LedgerError(
                    f"{path} has a write-ahead log beside it, which cannot be read in a folder that may not be written; "
                    f"copy {path.name} and {wal.name} together to a folder of your own"
                ) from None
            return _connected(path, "mode=ro&immutable=1")
    except sqlite3.Error as error:
        raise unusable(error, path) from None
    except UnicodeDecodeError:  # of the error's own words, which repeat what they found in the file
        raise Damaged(
            f"{path} is damaged (its schema is no text); `assay verify` says where, a backup restores it"
        ) from None


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        _uri(path, mode), uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def attach(connection: sqlite3.Connection, path: Path, name: str) -> None:
    """Open an existing ledger for reading beneath another database, as :func:`read_only` opens it by itself."""
    _connect_read_only(path).close()
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        connection.execute(f"ATTACH DATABASE ? AS {name}", (_uri(path, mode),))
        try:
            connection.execute(f"SELECT 1 FROM {name}.sqlite_master LIMIT 1").fetchone()
        except sqlite3.OperationalError:
            connection.execute(f"DETACH DATABASE {name}")
        else:
            return
    raise LedgerError(f"{path} cannot be opened; check the permissions of the file and of its folder")


def _uri(path: Path, mode: str) -> str:
    name = str(path.resolve())
    for special in "%?#":  # the percent sign first: it escapes the others
        name = name.replace(special, f"%{ord(special):02X}")
    return f"file:{name}?{mode}"


def require_ledger(connection: sqlite3.Connection, path: Path) -> None:
    """Raise LedgerError where the database is something else than a ledger."""
    try:
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        has_events = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone()
    except sqlite3.Error as error:
        raise unusable(error, path) from None
    # The id alone may have been tampered with: a file with the events in it is still read, so that an audit can say so.
    if application_id != APPLICATION_ID and not has_events:
        raise LedgerError(f"{path} is a database, but no Assay ledger")


def revision(connection: sqlite3.Connection) -> str | None:
    """The migration that the database stands at, or ``None`` where it names none that can be read."""
    # Nothing but a table is read: a view in its place could go on for ever.
    known = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version' AND type = 'table'"
    try:
        if connection.execute(known).fetchone() is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        return None
    return None if row is None else str(row[0])


def require_not_newer(connection: sqlite3.Connection, path: Path) -> None:
    """Raise LedgerError where the database is newer than this program."""
    found = revision(connection)
    if found is not None and found.isdigit() and found > REVISION:
        raise LedgerError(
            f"{path} was written by a newer Assay (schema {found}, this one knows {REVISION}); upgrade Assay to open it"
        )


def require_revision(connection: sqlite3.Connection, path: Path) -> None:
    """Raise LedgerError where the database is older or newer than this program."""
    require_not_newer(connection, path)
    found = revision(connection)
    if found is not None and found < REVISION:
        raise LedgerError(
            f"{path} is of an older schema ({found}, this Assay reads {REVISION}); "
            "open it for writing once and it is upgraded after a verified copy: run `assay rebuild`"
        )


def fold_in(connection: sqlite3.Connection) -> None:
    """Fold a database's write-ahead log into its file, which may then leave alone. Closing does so too, and hides failures.

    Raises:
        sqlite3.Error: the log could not be folded in.
    """
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise sqlite3.OperationalError("database is locked")


def unusable(error: sqlite3.Error, path: Path) -> LedgerError:
    """Say in one line what an SQLite error means for the ledger at ``path``."""
    if _primary(error) == sqlite3.SQLITE_CORRUPT:
        return Damaged(f"{path} is damaged ({error}); `assay verify` says where, a backup restores it")
    said = {
        sqlite3.SQLITE_NOTADB: f"{path} is not a ledger (not an SQLite database, or damaged in its first page)",
        sqlite3.SQLITE_BUSY: f"{path} is locked by another process; try again when it has finished",
        sqlite3.SQLITE_LOCKED: f"{path} is locked by another process; try again when it has finished",
        sqlite3.SQLITE_READONLY: f"{path} may not be written; check the permissions of the file and of its folder",
        sqlite3.SQLITE_FULL: f"the disk that holds {path} is full; nothing was recorded",
        sqlite3.SQLITE_CANTOPEN: f"{path} cannot be opened; check the permissions of the file and of its folder",
        sqlite3.SQLITE_IOERR: f"reading or writing {path} failed ({error}); nothing was recorded",
        sqlite3.SQLITE_PERM: f"{path} may not be opened; check its permissions",
    }.get(_primary(error))
    return LedgerError(said or f"{path} cannot be used as a ledger: {error}")


def _primary(error: sqlite3.Error) -> int:
    """The primary result code of an SQLite error; -1 where it has none."""
    code = getattr(error, "sqlite_errorcode", None)
    return -1 if code is None else code & 0xFF
