"""Making a ledger's file with its first event in it, and opening one for writing: what comes before a ledger is there."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

from ledger.errors import InputError, LedgerError
from ledger.keystore import Keystore
from ledger.projections import folding
from ledger.store import journal, migration, schema, sqlite
from ledger.store.journal import Draft, Journal


def make(
    place: Path, keystore: Keystore, origin: str, administrators: Mapping[str, str], clock: str, moment: str | None
) -> None:
    """Make a new ledger of one event at ``place``: all of it, or nothing.

    Args:
        place: the database's file, which must not exist; its folder is made.
        keystore: where the ledger's key is put.
        origin: the ledger's global name.
        administrators: names and public keys (base64 of 32 bytes) of those who may enrol others; the first is the actor.
        clock: ``system`` or ``simulated``.
        moment: under a simulated clock, when it begins; by default now.

    Raises:
        InputError: no administrator is named, or there is a file at ``place``.
        LedgerError: the folder cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"cannot make {place.parent}: {error.strerror}") from None
    if not administrators:
        raise InputError("a ledger needs at least one administrator")
    draft = place.with_name(f"{place.name}.{os.getpid()}.new")
    try:
        migration.make(draft)
        _begin(draft, keystore, origin, administrators, clock, moment)
        migration.publish(draft, place)
    except sqlite3.Error as error:
        raise sqlite.unusable(error, place) from None
    finally:
        # What cannot be removed now lies about, and does no harm.
        for leftover in place.parent.glob(f"{draft.name}*"):
            with suppress(OSError):
                leftover.unlink()


def writable(path: Path) -> sqlite3.Connection:
    """Open an existing ledger's database for writing, brought up to date where it is of an older schema.

    Raises:
        InputError: there is no such file.
        LedgerError: it is no ledger, of a newer version, locked, damaged, or may not be written.
    """
    sqlite.require_writable_ledger(path)
    connection = connect(path)
    try:
        if (sqlite.revision(connection) or "") < schema.REVISION:
            connection.close()
            _upgrade(path)
            connection = connect(path)
        sqlite.require_revision(connection, path)
        # Fail now, and not at the first append, where the file may not be written.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        connection.close()
        raise sqlite.unusable(error, path) from None
    except BaseException:
        connection.close()
        raise
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """Connect to a database so that nothing acknowledged can be lost by a power cut (FORMAT §3).

    Raises:
        LedgerError: it cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, timeout=sqlite.BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error as error:
        raise sqlite.unusable(error, path) from None
    return connection


def _begin(
    draft: Path, keystore: Keystore, origin: str, administrators: Mapping[str, str], clock: str, moment: str | None
) -> None:
    """Record event 0 in an empty database that is not at its place yet; afterwards it is one file, whole without a log."""
    from ledger.events.ledgers import LedgerCreated
    from ledger.semantics import Semantics, described

    fact = LedgerCreated(
        origin=origin,
        key=str(keystore.make_ledger(origin)),
        administrators=[{"name": name, "key": key} for name, key in administrators.items()],
        clock="simulated" if clock == "simulated" else "system",
    )
    subject, value = described(fact, None, None)
    with closing(connect(draft)) as connection:
        writer = Journal(connection, draft, Semantics(clock))
        try:
            writer.append([Draft(fact.TYPE, subject, None, next(iter(administrators)), value, None, moment)])
        finally:
            writer.close()
        sqlite.fold_in(connection)


def _upgrade(path: Path) -> None:
    from ledger.store.lock import WriterLock

    def refold(connection: sqlite3.Connection) -> None:
        folding.rebuild(connection, (each.event for each in journal.read(connection)))

    lock = WriterLock(path)
    try:
        with lock.held():
            migration.upgrade(path, refold)
    finally:
        lock.close()
