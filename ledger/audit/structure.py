"""What SQLite itself says of a file's pages, indexes and stored types, told as findings at the events that it concerns."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence

from ledger.audit.report import Finding

_LINES = 20
_TOO_BIG = "string or blob too big"
_WRONG_TYPE = re.compile(r"(?:non-[A-Z]+|NULL|TEXT|NUMERIC|BLOB|INTEGER|REAL) value in (\w+)\.(\w+)")
_KINDS = {
    "events": ("columns", "seq"),
    "nodes": ("tree", "idx << level"),
    "checkpoints": ("columns", "max(CAST(size AS INTEGER) - 1, 0)"),
}
"""For each table the kind of finding, and the event that a row's is about; rows of a projection name theirs."""

_EXPLAINED = frozenset({"columns", "projections", "reordered", "missing"})


def is_safe(connection: sqlite3.Connection, expected: Iterable[str]) -> bool:
    """Whether SQLite's own check is sure to end: expressions in tables and indexes that are not the schema's are not.

    Args:
        connection: an open ledger.
        expected: the statements that make its tables and indexes.
    """
    query = "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND name <> 'alembic_version'"
    return {sql for (sql,) in connection.execute(query) if sql is not None and sql.count("(") > 1} <= set(expected)


def findings(connection: sqlite3.Connection, told: Sequence[Finding], projections: Collection[str]) -> list[Finding]:
    """What is wrong with the file's structure, but for what earlier findings tell.

    Args:
        connection: an open ledger.
        told: what was found before.
        projections: the names of the projections' tables.
    """
    try:
        said = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_LINES})")]
    except sqlite3.DatabaseError as error:
        said = [str(error)]
    if said == ["ok"]:
        return []
    found = list(_wrong_types(connection, said, told, projections))
    if any(each.kind == "damaged" for each in told) or (said == [_TOO_BIG] and told):
        return found  # of the page, or of the value, those findings tell already
    left = [line for line in said if not _WRONG_TYPE.fullmatch(line)]
    changed = sum(each.kind in _EXPLAINED for each in told)
    if all("index" in line for line in left) and len(left) <= 2 * changed:
        return found  # an index still holds what a column held before it was changed behind SQLite's back
    words = " ".join("; ".join(left).split())[:500]
    return [*found, Finding("damaged", None, f"the file's structure: {words}")]


def _wrong_types(
    connection: sqlite3.Connection, said: Sequence[str], told: Sequence[Finding], projections: Collection[str]
) -> Iterator[Finding]:
    """Values of a type that their column does not take, which only somebody who changed the schema for it can store."""
    matches = (_WRONG_TYPE.fullmatch(line) for line in said)
    known = {(each.kind, each.seq) for each in told} | {("columns", each.seq) for each in told if each.kind == "edited"}
    for table in dict.fromkeys(match[1] for match in matches if match):
        kind, place = _KINDS.get(table, ("projections", "seq"))
        if table not in _KINDS and table not in projections:
            continue
        for name, wanted, nullable in _columns(connection, table):
            if (table, name) == ("checkpoints", "size"):
                continue  # that it is not the signed one is told already
            wrong = f"typeof({name}) NOT IN ('{wanted}'{', ' + repr('null') if nullable else ''})"
            try:
                rows = connection.execute(f"SELECT {place}, typeof({name}) FROM {table} WHERE {wrong}").fetchall()
            except sqlite3.DatabaseError:
                continue
            for seq, stored in rows:
                if (kind, seq) not in known:
                    yield Finding(kind, seq, f"{table}.{name} is stored as {stored}, and not as {wanted}")


def _columns(connection: sqlite3.Connection, table: str) -> list[tuple[str, str, bool]]:
    """A table's columns: name, the type of what they hold, whether that may be NULL."""
    rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return [(name, kind.lower(), not required and not key) for _, name, kind, required, _, key in rows if kind != "ANY"]
