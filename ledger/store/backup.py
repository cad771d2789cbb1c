"""Copying a ledger's database while others append: one consistent moment of it, in one file, on the disk."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from ledger.errors import InputError, LedgerError
from ledger.store import placing, sqlite


def copy(source: Path, target: Path) -> None:
    """Copy the database at ``source`` to ``target``, which must not exist: all of it, or nothing.

    Writers are not held up: the copy is of the moment at which it began, the write-ahead log folded in.

    Raises:
        InputError: there is no ledger at ``source``, or something at ``target``.
        LedgerError: the database cannot be read, or the copy not written.
    """
    if os.path.lexists(target):
        raise InputError(f"{target} exists already; a backup overwrites nothing")
    if not target.parent.is_dir():
        raise InputError(f"the folder {target.parent} does not exist; make it first")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    except OSError as error:
        raise LedgerError(f"cannot write {target}: {error.strerror}") from None
    os.close(descriptor)
    draft = Path(name)
    try:
        with closing(sqlite.read_only(source)) as connection, closing(sqlite3.connect(draft)) as made:
            connection.backup(made)
            # One file, without a log beside it: whoever opens it for writing turns that on again.
            if made.execute("PRAGMA journal_mode = DELETE").fetchone() != ("delete",):
                raise LedgerError(f"cannot write {target} as one file; check the disk")
        placing.sync(draft)
        placing.place(draft, target)
    except sqlite3.Error as error:
        raise sqlite.unusable(error, target) from None
    except FileExistsError:
        raise InputError(f"{target} exists already; a backup overwrites nothing") from None
    except OSError as error:
        raise LedgerError(f"cannot write {target}: {error.strerror}") from None
    finally:
        for leftover in draft.parent.glob(f"{draft.name}*"):
            with suppress(OSError):
                leftover.unlink()
