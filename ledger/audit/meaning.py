"""What the events mean, worked out afresh: projections folded again and compared, every rule and decision judged again.

This is the way through a log in which everything else was found in order. A block's stored rows are held against what its
events give before a rule looks at them, so that nothing is judged by rows that were not verified. Where anything differs,
:mod:`ledger.audit.refolding` goes through the log without the stored rows.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from ledger import rules
from ledger.audit.report import Finding
from ledger.audit.signatures import Note
from ledger.audit.watching import Tell, Told
from ledger.errors import LedgerError
from ledger.format import event as events
from ledger.format import names, proof
from ledger.format.errors import FormatError
from ledger.format.event import Event
from ledger.projections import folding
from ledger.projections.view import Row, View
from ledger.rules import decisions, logs
from ledger.rules.logs import LogKey
from ledger.store.journal import node_getter

Rows = dict[str, list[Row]]
"""By table, the rows that events give."""

WITHOUT_ROWS = frozenset(
    {
        "alert.delivered",
        "alert.escalated",
        "alert.silenced",
        "experiment.started",
        "inference.logged",
        "ledger.verified",
        "retraining.triggered",
        "run.reproduced",
    }
)
"""Known event types that need neither a fold nor a rule."""

MISSHAPEN = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)
"""What folding or judging a value raises that is not what its type holds."""

_BLOCK = 2048
_EVENTS = (
    "SELECT seq, type, subject, project, actor, at, cause, body FROM events WHERE seq >= ? AND seq < ? ORDER BY seq"
)


class Meaning:
    """What folding and judging found.

    ``differs`` says that stored rows are not those that the events give, or that a signer saw another log: no more was
    judged. ``notes`` are the checkpoints that signers had seen, with the event that carries them; ``unjudged`` the events of
    which too much was touched to tell.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.decisions = 0
        self.rows = 0
        self.types: Counter[str] = Counter()
        self.incomplete: list[str] = []
        self.notes: list[Note] = []
        self.unjudged: list[int] = []
        self.differs = False

    def absorb(self, other: Meaning) -> None:
        """Add what was found in the events that follow."""
        self.findings += other.findings
        self.decisions += other.decisions
        self.rows += other.rows
        self.types += other.types
        self.notes += other.notes
        self.unjudged += other.unjudged
        self.differs = self.differs or other.differs

    def unknown(self) -> dict[str, int]:
        """How many events there are of each type that this program does not know."""
        known = WITHOUT_ROWS | folding.TYPES | rules.RULES.keys()
        return {type_: count for type_, count in sorted(self.types.items()) if type_ not in known}


def judge(
    connection: sqlite3.Connection,
    start: int,
    stop: int,
    keys: Sequence[LogKey],
    progress: Tell | None = None,
) -> Meaning:
    """Fold the events ``[start, stop)`` again, compare the stored rows, and judge every guarded event.

    Args:
        connection: the ledger, whose events, nodes and checkpoints were verified.
        start: the first event.
        stop: one more than the last; later ones are another process's.
        keys: the log's keys.
        progress: told now and then how many events are done, at which something was found, how many decisions were opened.
    """
    meaning = Meaning()
    for first in range(start, stop, _BLOCK):
        after, known = min(first + _BLOCK, stop), len(meaning.findings)
        expected: Rows = {}
        sound = [each for each in read(connection, first, after, meaning) if add_rows(each, expected, meaning)]
        if stored(connection, first, after) != expected:
            meaning.differs = True
            return meaning
        meaning.rows += sum(map(len, expected.values()))
        for event in sound:
            if event.type in rules.RULES:
                judge_event(View(connection, event.seq - 1), event, keys, meaning)
        if meaning.differs:
            return meaning
        if progress is not None:
            places = [each.seq for each in meaning.findings[known:] if each.seq is not None]
            progress(Told(after - start, places, meaning.decisions))
    return meaning


def read(connection: sqlite3.Connection, start: int, stop: int, meaning: Meaning) -> Iterator[Event]:
    """The events ``[start, stop)`` that a fold or a rule knows, by their columns; of all others the types are counted.

    Of bytes that do not say what the columns say, or are no event, there is a finding.
    """
    rows = connection.execute(_EVENTS, (start, stop)).fetchall()
    parsed = _parser(len(rows))
    meaning.types.update(row[1] for row in rows)
    named: set[str | None] = {None}
    for seq, type_, subject, project, actor, at, cause, body in rows:
        try:
            members = parsed(body)
            value = members["value"]
            known = _ENVELOPE(members) == (seq, type_, subject, project, actor, at, cause)
            whole = known and len(members) == _MEMBERS and isinstance(value, dict)
            # Names come again and again.
            sound = whole and (named.issuperset((type_, subject, project, actor)) or _is_well_named(members, named))
        except MISSHAPEN:
            sound = False
        if sound:
            if type_ in folding.TYPES or type_ in rules.RULES:
                yield Event(seq, type_, subject, project, actor, at, cause, "", value)
            continue
        problem = malformation(body)
        if problem:
            meaning.findings.append(Finding("malformed", seq, problem))
        else:
            meaning.findings.append(Finding("columns", seq, "the event says other than its columns"))
            decoded = events.decode(body)
            if decoded.seq == seq:
                yield decoded


def _is_well_named(members: Mapping[str, Any], named: set[str | None]) -> bool:
    """Whether all names are as the format wants them; ``named`` are those that were found to be, and takes these up."""
    for text in {members["type"], members["subject"], members["project"], members["actor"]} - named:
        names.check_name(text, "name")  # raises FormatError, a ValueError
        named.add(text)
    return True


def _scanned(scan: Callable[[str, int], tuple[Any, int]], body: bytes) -> Any:
    """What JSON says, by the standard library's scanner alone, without what ``json.loads`` does around it."""
    text = body.decode()
    try:
        value, end = scan(text, 0)
    except StopIteration:
        raise ValueError("not JSON") from None
    if text[end:].strip():
        raise ValueError("more than one JSON value")
    return value


def _parser(count: int) -> Callable[[bytes], Any]:
    """What parses JSON fastest, its import counted in."""
    if count < _FEW and "orjson" not in sys.modules:
        scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
        return lambda body: _scanned(scan, body)
    import orjson

    return orjson.loads


_FEW = 2000
"""As many events are parsed by the standard library before another has been imported."""

_ENVELOPE = itemgetter("seq", "type", "subject", "project", "actor", "at", "cause")
_MEMBERS = len(events.MEMBERS)


def malformation(body: bytes) -> str:
    """What keeps bytes from being an event, in words; empty where nothing does."""
    try:
        events.decode(body)
    except (FormatError, RecursionError) as error:
        return str(error)
    return ""


def add_rows(event: Event, expected: Rows, meaning: Meaning) -> bool:
    """Add the rows that an event gives; where its value is not what its type holds, a finding, and ``False``."""
    try:
        rows = list(folding.rows_of(event))
    except MISSHAPEN as error:
        meaning.findings.append(misshapen(event, error))
        return False
    for table, row in rows:
        expected.setdefault(table, []).append(row)
    return True


def misshapen(event: Event, error: Exception) -> Finding:
    """The finding on an event whose value is not what its type holds."""
    detail = f"its value is not what a {event.type} event holds: {type(error).__name__} {error}"
    return Finding("malformed", event.seq, detail)


def stored(connection: sqlite3.Connection, start: int, stop: int) -> Rows:
    """The stored projection rows of the events ``[start, stop)``; tables without any are left out."""
    found: Rows = {}
    for table, query in _QUERIES.items():
        rows = connection.execute(query, (start, stop)).fetchall()
        if rows:
            found[table] = rows
    return found


def signed(connection: sqlite3.Connection) -> int:
    """How many events carry a signed decision, as their columns tell."""
    listed = ", ".join(f"'{each}'" for each in sorted(decisions.CARRIERS))
    try:
        row = connection.execute(f"SELECT count(*) FROM events WHERE type IN ({listed})").fetchone()
    except sqlite3.DatabaseError:
        return 0
    return int(row[0])


def strays(connection: sqlite3.Connection, size: int) -> Iterator[tuple[str, int]]:
    """Table and seq of stored rows that belong to no event at all."""
    for table in folding.TABLES:
        query = f"SELECT seq FROM {table} WHERE seq < 0 UNION SELECT seq FROM {table} WHERE seq >= ?"  # an OR scans all
        yield from ((table, row[0]) for row in connection.execute(query, (size,)).fetchall())


_QUERIES = {table: f"SELECT * FROM {table} WHERE seq >= ? AND seq < ? ORDER BY 1, 2" for table in folding.TABLES}


def judge_event(view: View, event: Event, keys: Sequence[LogKey], meaning: Meaning) -> None:
    """Hold a guarded event against the rules in force at its place, and a decision against who signed it."""
    if event.type not in decisions.CARRIERS or judge_decision(view, event, keys, meaning):
        judge_rules(view, event, meaning)


def judge_rules(view: View, event: Event, meaning: Meaning) -> None:
    """Hold a guarded event against the rules in force at its place."""
    try:
        for gap in rules.check(view, event):
            meaning.findings.append(Finding("rule", event.seq, gap.what))
    except MISSHAPEN as error:
        meaning.findings.append(misshapen(event, error))


def judge_decision(view: View, event: Event, keys: Sequence[LogKey], meaning: Meaning) -> bool:
    """Whether a decision is its signer's, for this ledger, and seen at the right time; else a finding says why not."""
    meaning.decisions += 1
    try:
        signed, problem = decisions.statement(view, event, event.actor)
    except MISSHAPEN as error:
        meaning.findings.append(misshapen(event, error))
        return False
    if signed is None:
        meaning.findings.append(Finding("signature", event.seq, problem))
        return False
    if signed.checkpoint is not None:
        return _judge_seen(view, event, signed.checkpoint, keys, meaning)
    if view.row("SELECT 1 FROM checkpoints WHERE size <= :at + 1") is not None:
        detail = "the decision names no checkpoint, although one existed"
        meaning.findings.append(Finding("signature", event.seq, detail))
        return False
    return True


def _judge_seen(view: View, event: Event, note: str, keys: Sequence[LogKey], meaning: Meaning) -> bool:
    """Whether the checkpoint that a signer saw is this log's, and lies before the decision."""
    source = f"the checkpoint in the decision of event {event.seq}"
    try:
        seen = logs.open_signed(keys, note.encode()).checkpoint
    except FormatError as error:
        meaning.findings.append(Finding("signature", event.seq, f"{source} is not this ledger's: {error}"))
        return False
    if seen.size > event.seq:
        detail = f"{source} covers {seen.size} events, more than come before it"
        meaning.findings.append(Finding("clock", event.seq, detail))
        return False
    meaning.notes.append(Note(seen.size, note, source, True))
    try:
        agrees = seen.root == proof.root(seen.size, node_getter(view.connection))
    except LedgerError:  # a part of the log that the root is over is gone
        meaning.unjudged.append(event.seq)
        return False
    meaning.differs |= not agrees
    return agrees


def incomplete(view: View, since: int = 0) -> list[str]:
    """What is known to be unrecorded, from event ``since`` on: runs without code, runs that never ended."""
    began = "SELECT count(*) FROM main.runs r WHERE seq BETWEEN :since AND :at AND"
    ended = "SELECT 1 FROM main.run_ends e WHERE e.run = r.run AND e.seq <= :at"
    bare, loose = f"{began} json_extract(facts, '$.code') IS NULL", f"{began} NOT EXISTS ({ended})"
    said = []
    for query, what in ((bare, "without a digest of the code"), (loose, "without an end")):
        count = view.row(query, {"since": since})[0]
        if count:
            said.append(f"{count} run{'s' if count != 1 else ''} {what}")
    return said


def differing(found: Mapping[str, list[Any]], expected: Mapping[str, list[Any]]) -> Iterator[tuple[str, int]]:
    """Each table and seq whose rows are not the expected ones, in order."""
    for table in folding.TABLES:
        mine, due = (Counter(map(_countable, rows.get(table, ()))) for rows in (found, expected))
        for seq in sorted({row[0] for row in (mine - due) + (due - mine)}, key=str):
            yield table, seq


def _countable(row: Row) -> Row:
    """A row that can be counted; one of values that no column takes is told by its words."""
    try:
        hash(row)
    except TypeError:
        return row[0], repr(row)
    return row
