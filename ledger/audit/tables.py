"""The tables as they should be, and stand-ins for those that are not there, or are no plain tables any more.

Whoever may write the file may put a view in a table's place, whose rows are computed as they are read: endlessly, or
differently each time. Such a table is never read; an empty one answers in its place, so that verification can go on. What
its absence means, the schema's and other findings say.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ledger.audit.report import Finding
from ledger.projections.folding import STATEMENTS
from ledger.store import schema, sqlite


class Tables(NamedTuple):
    """How the schema compares: what is wrong with it, the names that this concerns, and the tables that cannot be read,
    each with the statement that makes an empty one."""

    findings: list[Finding]
    broken: frozenset[str] = frozenset()
    lacking: dict[str, str] = {}  # noqa: RUF012  (never changed)


def compared(path: Path, connections: Iterable[sqlite3.Connection]) -> Tables:
    """Hold the schema against the expected one; empty tables stand in for those that cannot be read.

    Args:
        path: the ledger's file.
        connections: all that verification reads by.

    Raises:
        LedgerError: the file's version is another, and not only what it says of itself.
    """
    first, *others = connections
    try:
        problems = schema.difference(first, STATEMENTS)
        encoding = first.execute("PRAGMA encoding").fetchone()[0]
        lacking = missing(first, STATEMENTS) if problems else {}
        for each in (first, *others):
            put(each, lacking)
    except sqlite3.DatabaseError as error:
        return Tables([Finding("damaged", None, f"the schema cannot be read: {error}")])
    broken = frozenset(problem.split()[0] for problem in problems)
    if broken - {"alembic_version"}:
        sqlite.require_revision(first, path)
    if encoding != "UTF-8":
        problems.append(f"encoding is {encoding}, not UTF-8")
    findings = [Finding("schema", None, problem) for problem in problems]
    if "events" in lacking and "events is missing" not in problems:
        findings.append(Finding("damaged", None, "the events cannot be read: they lie in no table as defined"))
    return Tables(findings, broken, lacking)


def missing(connection: sqlite3.Connection, projections: Iterable[str]) -> dict[str, str]:
    """The tables that cannot be read as what the schema defines, each with the statement that makes an empty one.

    Args:
        connection: an open ledger.
        projections: the CREATE statements of the projections.

    Raises:
        sqlite3.DatabaseError: the schema itself cannot be read.
    """
    found = {name: (kind, sql) for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master")}
    expected = (each for each in (*schema.RECORD, *projections) if each.startswith("CREATE TABLE"))
    lacking: dict[str, str] = {}
    for statement in expected:
        name = schema.entity(statement)
        kind, sql = found.get(name, ("", ""))
        if _text(sql) == statement and _text(kind) == "table":
            continue
        if _text(kind) != "table" or not _columns(statement) <= _stored_columns(connection, name):
            lacking[name] = statement
    return lacking


def put(connection: sqlite3.Connection, lacking: dict[str, str]) -> None:
    """Let empty tables answer for those that cannot be read; the file itself is not written."""
    for statement in lacking.values():
        connection.execute(statement.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))


def _columns(statement: str) -> set[str]:
    """The names of the columns that a CREATE TABLE statement makes."""
    with sqlite3.connect(":memory:") as empty:
        empty.execute(statement)
        return {row[1] for row in empty.execute(f"PRAGMA table_xinfo({schema.entity(statement)})")}


def _stored_columns(connection: sqlite3.Connection, name: str) -> set[str]:
    """The names of a table's columns that hold values of their own; none of a virtual table, whose rows are a module's."""
    query = "SELECT 1 FROM sqlite_master WHERE name = ? AND sql LIKE 'CREATE VIRTUAL%'"
    if connection.execute(query, (name,)).fetchone():
        return set()
    return {_text(row[1]) for row in connection.execute(f"PRAGMA table_xinfo({name})") if not row[6]}


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def cut_off(path: Path) -> str:
    """Words for a database file that is shorter than its own header says; empty where it is not, or has no header."""
    with path.open("rb") as file:
        head = file.read(_HEADER)
    page, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    due, size = (65536 if page == 1 else page) * pages, path.stat().st_size
    return f": it ends after {size:,} of the {due:,} bytes that its header names" if size < due else ""


_HEADER = 100
