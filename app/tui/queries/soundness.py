"""What a touched ledger shows at a glance: a handful of look-ups, whatever the log's length. No verification: a log that
passes may still be forged; one that does not pass is not as it was left."""

from __future__ import annotations

import sqlite3


def suspicion(connection: sqlite3.Connection) -> str:
    """What is wrong with the record in a few words, as ``guards missing``; empty where nothing is seen.

    Looked at are the guards on the tables, the tree's lowest nodes, the newest checkpoint, and the last two events; all
    are of one snapshot where the connection is in a transaction.
    """
    return _guards(connection) or _length(connection) or _head(connection)


def _guards(connection: sqlite3.Connection) -> str:
    from ledger.store import schema

    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())
    return "" if all(found.get(schema.entity(guard)) == guard for guard in schema.GUARDS) else "guards missing"


def _length(connection: sqlite3.Connection) -> str:
    """Every second event completes a node of the lowest level, so the nodes tell how many events there were."""
    first, last = connection.execute("SELECT (SELECT min(seq) FROM events), (SELECT max(seq) FROM events)").fetchone()
    size = 0 if last is None else last + 1
    node, signed = connection.execute(
        "SELECT (SELECT max(idx) FROM nodes WHERE level = 1), (SELECT max(size) FROM checkpoints)"
    ).fetchone()
    if signed is not None and signed > size:
        return f"shorter than its checkpoint at {signed:,}"
    pairs = 0 if node is None else node + 1
    if pairs > size // 2:
        return f"shorter than its tree of {2 * pairs:,}"
    if pairs < size // 2:
        return f"longer than its tree of {2 * pairs + 1:,}"
    return "its first event is missing" if size and first != 0 else ""


def _head(connection: sqlite3.Connection) -> str:
    """The last event is what its hash says, and names the hash of the one before."""
    from ledger.errors import AssayError
    from ledger.format.event import ZERO_PREV, decode
    from ledger.format.hashes import leaf_hash

    rows = connection.execute("SELECT seq, hash, body FROM events ORDER BY seq DESC LIMIT 2").fetchall()
    if not rows:
        return ""
    (seq, digest, body), before = rows[0], rows[1:]
    try:
        event = decode(bytes(body))
    except (AssayError, ValueError, TypeError):
        return "its last event cannot be read"
    if leaf_hash(bytes(body)) != bytes(digest) or event.seq != seq:
        return "its last event was changed"
    if event.prev != (bytes(before[0][1]).hex() if before else ZERO_PREV) or (before and before[0][0] != seq - 1):
        return "its last event follows another one"
    return ""
