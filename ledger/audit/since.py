"""Verifying only what came after a signed checkpoint: in time that grows with what is new, not with the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from ledger.audit.signatures import Note
from ledger.errors import InputError, LedgerError
from ledger.format import proof
from ledger.format.errors import FormatError
from ledger.format.hashes import leaf_hash
from ledger.rules import logs
from ledger.rules.logs import LogKey
from ledger.store.journal import node_getter


def first_unverified(connection: sqlite3.Connection, note: Note, keys: Sequence[LogKey], size: int) -> int:
    """The first event that a checkpoint leaves to be verified: the last one that it covers, which the others follow.

    The stored nodes must give the signed root, and prove that event to be under it. Where they do not, or the log is
    shorter, nothing is taken as verified: 0.

    Args:
        connection: the ledger.
        note: the checkpoint, as it was kept.
        keys: the log's keys.
        size: how many events there are.

    Raises:
        InputError: the log did not sign it.
    """
    try:
        signed = logs.open_signed(keys, note.text.encode("utf-8", "surrogatepass")).checkpoint
    except FormatError as error:
        raise InputError(f"nothing can be verified since this checkpoint: {error}") from None
    if not 0 < signed.size <= size:
        return 0
    last = signed.size - 1
    try:
        row = connection.execute("SELECT body FROM events WHERE seq = ?", (last,)).fetchone()
        path = proof.inclusion(last, signed.size, node_getter(connection))
        proof.verify_inclusion(leaf_hash(row[0]), last, signed.size, path, signed.root)
    except (FormatError, LedgerError, TypeError, sqlite3.DatabaseError):
        return 0
    return last
