"""Folding events into projection rows, one by one as they are appended or all at once."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

from ledger.format.event import Event
from ledger.projections import (
    alerts,
    approvals,
    artifacts,
    checks,
    criteria,
    delegations,
    deployments,
    documents,
    evidence,
    exceptions,
    lineage,
    monitors,
    people,
    pipelines,
    policies,
    runs,
    vouchers,
)
from ledger.projections.view import Fold, Row
from ledger.store.rows import insert
from ledger.store.schema import entity

NOUNS: tuple[ModuleType, ...] = (
    alerts,
    approvals,
    artifacts,
    checks,
    criteria,
    delegations,
    deployments,
    documents,
    evidence,
    exceptions,
    lineage,
    monitors,
    people,
    pipelines,
    policies,
    runs,
    vouchers,
)
"""The modules that fold: each has ``TABLES``, ``FOLDS`` and its queries."""

STATEMENTS: tuple[str, ...] = tuple(statement for module in NOUNS for statement in module.TABLES)
"""The CREATE statements of every projection."""

TABLES: tuple[str, ...] = tuple(entity(each) for each in STATEMENTS if each.startswith("CREATE TABLE"))
"""The names of the projections' tables."""


def _folds() -> dict[str, tuple[Fold, ...]]:
    found: dict[str, list[Fold]] = defaultdict(list)
    for module in NOUNS:
        for event_type, fold_ in module.FOLDS.items():
            found[event_type].append(fold_)
    return {event_type: tuple(folds) for event_type, folds in found.items()}


_FOLDS = _folds()

TYPES = frozenset(_FOLDS)
"""The event types that give rows."""


def rows_of(event: Event) -> Iterator[tuple[str, Row]]:
    """The rows that an event gives, each with its table's name. An unknown type gives none."""
    for each in _FOLDS.get(event.type, ()):
        yield from each(event, event.value)


def fold(connection: sqlite3.Connection, events: Iterable[Event]) -> None:
    """Insert the rows of ``events``, in order, within the caller's transaction."""
    batches: dict[str, list[Row]] = {}
    for event in events:
        for each in _FOLDS.get(event.type, ()):
            for table, row in each(event, event.value):
                if table in batches:
                    batches[table].append(row)
                else:
                    batches[table] = [row]
    for table, rows in batches.items():
        insert(connection, table, rows)


def rebuild(
    connection: sqlite3.Connection,
    events: Iterable[Event],
    progress: Callable[[int], None] | None = None,
) -> int:
    """Empty every projection and fill it from the events, within the caller's transaction. Returns how many were read."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}")
    count = 0
    batch: list[Event] = []
    for event in events:
        batch.append(event)
        count += 1
        if len(batch) == _BATCH:
            fold(connection, batch)
            batch.clear()
            if progress is not None:
                progress(count)
    fold(connection, batch)
    return count


_BATCH = 4096


def snapshot(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every projection's rows in order of their first two columns, for comparing one with another."""
    return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}
