"""The tables that hold the record, and the guards on them (FORMAT §3).

The migrations make a database; what they must arrive at is written here, and verification compares the two. The guards
make accidents impossible, not attacks: whoever may write the file may drop them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

APPLICATION_ID = 0x41535359
"""``ASSY``: what ``PRAGMA application_id`` says of a ledger."""

REVISION = "0002"
"""The newest migration that this program knows."""

EVENTS = """CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    body BLOB NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    cause INTEGER
) STRICT"""

EVENTS_BY_SUBJECT = "CREATE INDEX events_by_subject ON events (subject)"

NODES = """CREATE TABLE nodes (
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID"""

CHECKPOINTS = """CREATE TABLE checkpoints (
    size INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT"""


def _refusal(table: str, change: str) -> str:
    return (
        f"CREATE TRIGGER {table}_keep_{change.lower()} BEFORE {change} ON {table} BEGIN "
        f"SELECT RAISE(ABORT, 'guard: {table} are never changed or removed'); END"
    )


# INSERT OR REPLACE deletes without firing the delete trigger, so each table also guards its inserts. IS NOT, because
# <> lets NULL slip through.
GUARDS = (
    _refusal("events", "UPDATE"),
    _refusal("events", "DELETE"),
    """CREATE TRIGGER events_keep_order BEFORE INSERT ON events
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), -1) + 1 FROM events)
  OR json_extract(NEW.body, '$.prev') IS NOT
     coalesce((SELECT lower(hex(hash)) FROM events ORDER BY seq DESC LIMIT 1), printf('%064d', 0))
BEGIN SELECT RAISE(ABORT, 'guard: an event must follow the last one'); END""",
    _refusal("nodes", "UPDATE"),
    _refusal("nodes", "DELETE"),
    """CREATE TRIGGER nodes_keep_place BEFORE INSERT ON nodes
WHEN EXISTS (SELECT 1 FROM nodes WHERE level = NEW.level AND idx = NEW.idx)
BEGIN SELECT RAISE(ABORT, 'guard: this node is already there'); END""",
    _refusal("checkpoints", "UPDATE"),
    _refusal("checkpoints", "DELETE"),
    """CREATE TRIGGER checkpoints_keep_rows BEFORE INSERT ON checkpoints
WHEN EXISTS (SELECT 1 FROM checkpoints WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'guard: this checkpoint is already there'); END""",
)

RECORD = (EVENTS, EVENTS_BY_SUBJECT, NODES, CHECKPOINTS, *GUARDS)


def entity(statement: str) -> str:
    """The name of the table, index or trigger that a CREATE statement makes."""
    return statement.split(maxsplit=3)[2].strip('"')


def difference(connection: sqlite3.Connection, projections: Iterable[str]) -> list[str]:
    """What in the database's schema is not as it should be, one plain sentence each; empty where nothing.

    Args:
        connection: an open ledger.
        projections: the CREATE statements of the projections.
    """
    expected = {entity(statement): _folded(statement) for statement in (*RECORD, *projections)}
    found = {
        name: _folded(statement)
        for name, statement in connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"
        )
    }
    problems = [f"{name} is missing" for name in expected.keys() - found.keys()]
    problems += [f"{name} is not part of the schema" for name in found.keys() - expected.keys()]
    problems += [
        f"{name} is not as the schema defines it"
        for name in expected.keys() & found.keys()
        if expected[name] != found[name]
    ]
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    if application_id != APPLICATION_ID:
        problems.append(f"the application id is {application_id:#x}, not {APPLICATION_ID:#x}")
    return sorted(problems)


def _folded(statement: str | None) -> str:
    return " ".join((statement or "").split())
