"""The tables that hold the record, and the guards on them (FORMAT §3).

The migrations make a database; what they must arrive at is written here, and verification compares the two. The guards
make accidents impossible, not attacks: whoever may write the file may drop them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

APPLICATION_ID = 0x41535359
"""``ASSY``: what ``PRAGMA application_id`` says of a ledger."""

REVISION = "0005"
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

MARKS = {"application_id": APPLICATION_ID, "user_version": 0}
"""What the file's header says of its content."""

# As Alembic writes it; not ours, so nothing else is built on it.
_REVISION_TABLE = (
    "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n"
    "\tCONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
)

_STATISTICS = frozenset({"sqlite_stat1", "sqlite_stat4"})
"""What ``ANALYZE`` leaves; it speeds queries up and says nothing."""

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
    expected = {entity(statement): statement for statement in (*RECORD, *projections, _REVISION_TABLE)}
    found = {
        name: (kind, table, sql)
        for kind, name, table, sql in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
        if not (kind == "index" and sql is None) and name not in _STATISTICS
    }
    problems = [f"{name} is missing" for name in expected.keys() - found.keys()]
    problems += [f"{name} is not part of the schema" for name in found.keys() - expected.keys()]
    problems += [
        f"{name} is not as the schema defines it"
        for name in expected.keys() & found.keys()
        if found[name] != (*_kind_and_table(expected[name]), expected[name])
    ]
    for name, wanted in MARKS.items():
        mark = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if mark != wanted:
            problems.append(f"{name} is {mark:#x}, not {wanted:#x}")
    if "alembic_version" in found and found["alembic_version"][2] == _REVISION_TABLE:
        said = [row[0] for row in connection.execute("SELECT * FROM alembic_version LIMIT 2")]
        if said != [REVISION]:
            newer = len(said) == 1 and isinstance(said[0], str) and said[0] > REVISION
            hint = "; if a newer Assay wrote the ledger, verify it with that one" if newer else ""
            problems.append(f"alembic_version says {said}, not {[REVISION]}{hint}")
    return sorted(problems)


def _kind_and_table(statement: str) -> tuple[str, str]:
    """Of what kind the entity is that a CREATE statement makes, and which table it belongs to."""
    words = statement.split()
    kind = words[1].lower()
    return kind, words[2] if kind == "table" else words[words.index("ON") + 1]
