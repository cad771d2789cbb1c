"""What the events mean, worked out afresh: projections folded again and compared, every rule and decision judged again.

The fold goes into a database in memory, with the ledger attached beneath it, so that the rules see exactly the tables
that they guard an append with and trust none of the stored projections.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from ledger import rules
from ledger.audit.report import Finding
from ledger.format.errors import FormatError
from ledger.format.event import Event, decode
from ledger.projections import folding
from ledger.projections.view import View
from ledger.rules import decisions

_BATCH = 2048


class Meaning:
    """What folding the log again found."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.decisions = 0
        self.rows = 0
        self.types: Counter[str] = Counter()
        self.incomplete: list[str] = []


def judge(
    connection: sqlite3.Connection,
    path: Path,
    size: int,
    *,
    immutable: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Meaning:
    """Fold the first ``size`` events again, compare the projections, and judge every guarded event.

    Args:
        connection: the ledger, open.
        path: its file, attached a second time for reading.
        size: how many events count; later ones are another process's.
        immutable: whether the file lies where nothing may be written beside it.
        progress: told now and then how many events are done.
    """
    meaning = Meaning()
    fresh = sqlite3.connect(":memory:", uri=True, isolation_level=None)
    try:
        for statement in folding.STATEMENTS:
            fresh.execute(statement)
        suffix = "&immutable=1" if immutable else ""
        fresh.execute("ATTACH DATABASE ? AS ledger", (f"file:{quote(str(path.resolve()))}?mode=ro{suffix}",))
        guarded = list(_refold(connection, fresh, size, meaning, progress))
        _compare(connection, fresh, size, meaning)
        for event in guarded:
            _judge(fresh, event, meaning)
        meaning.incomplete = _incomplete(View(fresh, size - 1))
    finally:
        fresh.close()
    return meaning


def _refold(
    connection: sqlite3.Connection,
    fresh: sqlite3.Connection,
    size: int,
    meaning: Meaning,
    progress: Callable[[int], None] | None,
) -> Iterator[Event]:
    """Fill the fresh projections; yield the events that a rule or a signature speaks of."""
    batch: list[Event] = []
    for seq, body in connection.execute("SELECT seq, body FROM events WHERE seq < ? ORDER BY seq", (size,)):
        try:
            event = decode(body)
        except FormatError as error:
            meaning.findings.append(Finding("malformed", seq, str(error)))
            continue
        meaning.types[event.type] += 1
        try:
            list(folding.rows_of(event))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            detail = f"its value is not what a {event.type} event holds: {type(error).__name__} {error}"
            meaning.findings.append(Finding("malformed", seq, detail))
            continue
        batch.append(event)
        if event.type in rules.RULES:
            yield event
        if len(batch) == _BATCH:
            folding.fold(fresh, batch)
            batch.clear()
            if progress is not None:
                progress(seq + 1)
    folding.fold(fresh, batch)


def _judge(fresh: sqlite3.Connection, event: Event, meaning: Meaning) -> None:
    view = View(fresh, event.seq - 1)
    try:
        if event.type in decisions.CARRIERS:
            meaning.decisions += 1
            signed, problem = decisions.signature(view, event, event.actor)
            if signed is None:
                meaning.findings.append(Finding("signature", event.seq, problem))
                return
        for gap in rules.check(view, event):
            meaning.findings.append(Finding("rule", event.seq, gap.what))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        detail = f"its value is not what a {event.type} event holds: {type(error).__name__} {error}"
        meaning.findings.append(Finding("malformed", event.seq, detail))


def _compare(connection: sqlite3.Connection, fresh: sqlite3.Connection, size: int, meaning: Meaning) -> None:
    """Hold each stored projection against the fresh one, row by row."""
    for table in folding.TABLES:
        query = f"SELECT * FROM {table} WHERE seq < ? ORDER BY 1, 2"
        expected = fresh.execute(query.replace(table, f"main.{table}", 1), (size,)).fetchall()
        meaning.rows += len(expected)
        try:
            found = connection.execute(query, (size,)).fetchall()
        except sqlite3.OperationalError:
            continue  # the table is missing, which the schema's comparison tells
        if found == expected:
            continue
        differing = sorted({row[0] for row in Counter(found) - Counter(expected)} | _absent(found, expected))
        for seq in differing:
            meaning.findings.append(
                Finding(
                    "projections",
                    seq,
                    f"the rows of event {seq} in {table} are not what it gives; `assay rebuild` mends it",
                )
            )


def _absent(found: list[tuple[object, ...]], expected: list[tuple[object, ...]]) -> set[int]:
    return {row[0] for row in Counter(expected) - Counter(found)}  # type: ignore[misc]


def _incomplete(view: View) -> list[str]:
    """What is known to be unrecorded: runs without code, runs that never ended."""
    said = []
    bare = view.row("SELECT count(*) FROM main.runs WHERE seq <= :at AND json_extract(facts, '$.code') IS NULL")
    if bare and bare[0]:
        said.append(f"{bare[0]} run{'s' if bare[0] != 1 else ''} without a digest of the code")
    loose = view.row(
        "SELECT count(*) FROM main.runs r WHERE seq <= :at AND NOT EXISTS (SELECT 1 FROM main.run_ends e WHERE e.run = r.run)"
    )
    if loose and loose[0]:
        said.append(f"{loose[0]} run{'s' if loose[0] != 1 else ''} without an end")
    return said
