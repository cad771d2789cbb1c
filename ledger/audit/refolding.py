"""What the events mean where something was touched: folded into a database of its own, trusting no stored row.

The rules see the ledger's own tables set right: events at the place that they claim, with the columns that their bytes
say; nodes recomputed; checkpoints only where their signatures hold. Of an event whose bytes were touched, the stored rows
tell what it was. What nobody can tell any more, and what depends on it, is said in the finding on that event.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ledger import rules
from ledger.audit import meaning as meanings
from ledger.audit import signatures
from ledger.audit.diagnosis import Diagnosis
from ledger.audit.evidence import COLUMNS, Place
from ledger.audit.meaning import Meaning, Rows
from ledger.audit.report import Finding, Report
from ledger.audit.scan import LONGEST
from ledger.audit.signatures import Claim, Note
from ledger.audit.tree import Tree
from ledger.audit.watching import Tell, Told
from ledger.format.event import Event
from ledger.projections import folding
from ledger.projections.view import View
from ledger.rules import decisions
from ledger.rules.logs import LogKey
from ledger.store import sqlite

_BLOCK = 2048
_MANY = 8


class Known:
    """What verification knows of a ledger in which something was touched."""

    def __init__(
        self,
        diagnosis: Diagnosis,
        tree: Tree,
        claims: Sequence[Claim],
        keys: Sequence[LogKey],
        broken: Collection[str],
        lacking: Collection[str],
    ) -> None:
        """Args: what was found of the events; their tree; the checkpoints whose signatures hold; the log's keys; the names
        of tables that are not as the schema defines them, and of those that cannot be read at all."""
        self.broken = broken
        self.tables = [table for table in folding.TABLES if table not in lacking]
        self.diagnosis = diagnosis
        self.tree = tree
        self.claims = claims
        self.keys = keys
        self.keys_known = diagnosis.keys_known()

    def rewritten(self, seen: Sequence[Note]) -> int:
        """The event from which on others may have been chained anew, given also what signers had seen."""
        claims = [*self.claims, *signatures.opened(seen, self.keys, Report())]
        parted = signatures.parting(claims, self.tree.size, self.tree.root)
        return min(self.diagnosis.rewritten, self.tree.size if parted is None else parted.agreed)


def corrected(
    path: Path, connection: sqlite3.Connection, diagnosis: Diagnosis, tree: Tree, lacking: Mapping[str, str]
) -> sqlite3.Connection:
    """A database with empty projections, beneath which the ledger's own tables lie as they were recorded.

    Args:
        path: the ledger's file.
        connection: the ledger, open.
        diagnosis: what was found of its events.
        tree: their tree.
        lacking: the tables that cannot be read, each with the statement that makes an empty one.
    """
    fresh = sqlite3.connect("", uri=True, isolation_level=None)
    fresh.text_factory = _lenient
    fresh.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    # Databases that are to be read together must have one encoding, whichever it is.
    fresh.execute(f"PRAGMA encoding = '{connection.execute('PRAGMA encoding').fetchone()[0]}'")
    fresh.execute("PRAGMA journal_mode = OFF")
    fresh.execute("PRAGMA synchronous = OFF")
    for statement in folding.STATEMENTS:
        fresh.execute(statement)
    sqlite.attach(fresh, path, "ledger")
    stored = {"events": "ledger.events", "nodes": "ledger.nodes"}
    for name in stored.keys() & lacking.keys():
        stored[name] = f"temp.no_{name}"
        fresh.execute(lacking[name].replace(f"CREATE TABLE {name}", f"CREATE TEMP TABLE no_{name}", 1))
    _events(fresh, diagnosis, stored["events"])
    _nodes(fresh, tree, stored["nodes"])
    fresh.execute("CREATE TEMP TABLE checkpoints (size INTEGER, note TEXT)")
    return fresh


def judge(fresh: sqlite3.Connection, known: Known, progress: Tell = lambda told: None) -> Meaning:
    """Fold all events into ``fresh``, compare the stored rows, and judge every guarded event.

    Args:
        fresh: what :func:`corrected` made.
        known: what was found before.
        progress: told now and then how many events are folded, and how many decisions were opened.
    """
    meaning = Meaning()
    size = lost = known.tree.size
    differing: list[tuple[str, int]] = []
    notes = [(each.size, each.note.text) for each in known.claims if not each.note.outside]
    fresh.executemany("INSERT INTO temp.checkpoints VALUES (?, ?)", notes)
    for start in range(0, size, _BLOCK):
        stop, found = min(start + _BLOCK, size), len(meaning.findings)
        lost = min(lost, _fold_block(fresh, start, stop, known, differing, meaning))
        progress(Told(stop, [each.seq for each in meaning.findings[found:] if each.seq is not None]))
    differing += [(table, seq) for table in known.tables for seq in _strays(fresh, table, size)]
    meaning.findings += _on_projections([each for each in differing if each[0] not in known.broken])
    _judge(fresh, known, lost, meaning, progress)
    meaning.incomplete = meanings.incomplete(View(fresh, size - 1))
    return meaning


def _judge(fresh: sqlite3.Connection, known: Known, lost: int, meaning: Meaning, progress: Tell) -> None:
    """Judge the guarded events: first the decisions by themselves, for what their signers saw, then all by the rules.

    What may only follow from what was touched is no finding of its own: events after ``lost``, of which nothing tells what
    it was; decisions on requests that were touched or chained anew.
    """
    gone = known.diagnosis.gone
    sound: set[int] = set()
    for event in _guarded(fresh, known):
        signed = event.type in decisions.CARRIERS
        progress(Told(known.tree.size, (), meaning.decisions))
        if signed and (known.keys_known < event.seq or lost == 0):
            meaning.unjudged.append(event.seq)
            continue
        try:
            if not signed or meanings.judge_decision(View(fresh, event.seq - 1), event, known.keys, meaning):
                sound.add(event.seq)
        except sqlite3.DatabaseError:  # what it rests on cannot be read
            meaning.unjudged.append(event.seq)
    rewritten = known.rewritten(meaning.notes)
    for event in _guarded(fresh, known):
        request = event.value.get("request")
        if event.seq not in sound:
            continue
        if isinstance(request, int) and (request >= rewritten or request in gone or request in known.diagnosis.touched):
            continue
        judged = Meaning()
        try:
            meanings.judge_rules(View(fresh, event.seq - 1), event, judged)
        except sqlite3.DatabaseError:
            judged.unjudged.append(event.seq)
        if judged.findings and lost < event.seq:
            meaning.unjudged.append(event.seq)
        else:
            meaning.absorb(judged)


def _guarded(fresh: sqlite3.Connection, known: Known) -> Iterator[Event]:
    """The events that a rule speaks of, but for those that were touched."""
    for start in range(0, known.tree.size, _BLOCK):
        for event in _read(fresh, start, min(start + _BLOCK, known.tree.size), Meaning()):
            sound = isinstance(event.value, dict) and event.seq not in known.diagnosis.touched
            if event.type in rules.RULES and sound:
                yield event


def _fold_block(
    fresh: sqlite3.Connection, start: int, stop: int, known: Known, differing: list[tuple[str, int]], meaning: Meaning
) -> int:
    """Fold a block's events; of those that were touched or are not there, take the rows that are stored.

    Returns:
        The first of these of which no stored row tells what it was; ``stop`` where there is none.
    """
    diagnosis = known.diagnosis
    gone = {seq for seq in range(start, stop) if seq in diagnosis.touched or seq in diagnosis.gone}
    found = _stored(fresh, start, stop, known.tables)
    given: Rows = {}
    read = Meaning()
    for event in _read(fresh, start, stop, read):
        meanings.add_rows(event, given, Meaning() if event.seq in gone else read)
    read.findings = [each for each in read.findings if each.seq not in gone]
    meaning.absorb(read)
    misshapen = {each.seq for each in read.findings if each.seq is not None and each.kind == "malformed"}
    expected, remembered = _without(given, gone), _of(found, gone)
    differing += meanings.differing(_without(found, gone), expected)
    _insert(fresh, expected)
    _insert(fresh, remembered)
    meaning.rows += sum(map(len, expected.values()))
    told = {seq for _, seq in meanings.differing(remembered, _of(given, gone))} & _seqs(remembered)
    return min((gone - told) | misshapen, default=stop)


def _events(fresh: sqlite3.Connection, diagnosis: Diagnosis, stored: str) -> None:
    """A view of the events in which every one stands at the place that it claims, with the columns that its bytes say."""
    fresh.execute(
        "CREATE TEMP TABLE set_right (seq INTEGER PRIMARY KEY, hash BLOB, body BLOB, type, subject, project, actor, at, cause)"
    )
    fresh.execute("CREATE TEMP TABLE displaced (seq INTEGER PRIMARY KEY)")
    order = diagnosis.order
    own = {*diagnosis.judged, *order.moved}
    rows = (
        _row(seq, row, diagnosis.leaf(seq)) for seq in sorted(own) for row in [diagnosis.evidence.event(seq)] if row
    )
    fresh.executemany(f"INSERT INTO set_right VALUES ({', '.join('?' * 9)})", rows)
    places = {*own, *order.moved.values()}
    places.update(place for start, stop in order.intruders.spans for place in range(start, stop))
    fresh.executemany("INSERT INTO displaced VALUES (?)", [(place,) for place in places])
    fresh.execute(
        f"CREATE TEMP VIEW events AS SELECT {_EVENT} FROM {stored} WHERE seq NOT IN (SELECT seq FROM displaced) "
        "UNION ALL SELECT * FROM set_right"
    )


def _row(seq: int, place: Place, leaf: bytes | None) -> tuple[Any, ...]:
    said = place.members or {}
    columns = [_lenient(each) if isinstance(each, bytes) else each for each in place.columns]
    if all(isinstance(said.get(name), str | int | None) for name in COLUMNS):
        columns = [said.get(name, column) for name, column in zip(COLUMNS, columns, strict=True)]
    texts = [each.encode("utf-8", "replace").decode() if isinstance(each, str) else each for each in columns]
    return seq, leaf or place.hash, place.body, *texts


_EVENT = "seq, hash, body, type, subject, project, actor, at, cause"


def _nodes(fresh: sqlite3.Connection, tree: Tree, stored: str) -> None:
    """A view of the nodes in which the differing ones are set right."""
    fresh.execute("CREATE TEMP TABLE recomputed (level INTEGER, idx INTEGER, hash BLOB, PRIMARY KEY (level, idx))")
    rows = [(level, index, node) for (level, index), node in tree.wrong.items()]
    fresh.executemany("INSERT INTO recomputed VALUES (?, ?, ?)", rows)
    fresh.execute(
        f"CREATE TEMP VIEW nodes AS SELECT level, idx, hash FROM {stored} n WHERE NOT EXISTS "
        "(SELECT 1 FROM recomputed r WHERE r.level = n.level AND r.idx = n.idx) "
        "UNION ALL SELECT level, idx, hash FROM recomputed"
    )


def _read(fresh: sqlite3.Connection, start: int, stop: int, meaning: Meaning) -> Iterator[Event]:
    """As ``meaning.read``, from a file that may not give out every page: other findings say so."""
    read = Meaning()
    try:
        found = list(meanings.read(fresh, start, stop, read))
    except sqlite3.DatabaseError:
        if stop - start > 1:
            for seq in range(start, stop):
                yield from _read(fresh, seq, seq + 1, meaning)
        return
    meaning.absorb(read)
    yield from found


def _stored(fresh: sqlite3.Connection, start: int, stop: int, tables: Iterable[str]) -> Rows:
    """The ledger's own rows; what cannot be read has none: other findings say so."""
    found: Rows = {}
    for table in tables:
        query = f"SELECT * FROM ledger.{table} WHERE seq >= ? AND seq < ? ORDER BY 1, 2"
        with suppress(sqlite3.DatabaseError):
            found[table] = fresh.execute(query, (start, stop)).fetchall()
    return found


def _strays(fresh: sqlite3.Connection, table: str, size: int) -> list[int]:
    """The seqs of rows that belong to no event at all."""
    query = f"SELECT seq FROM ledger.{table} WHERE seq < 0 UNION SELECT seq FROM ledger.{table} WHERE seq >= ?"
    with suppress(sqlite3.DatabaseError):
        return [row[0] for row in fresh.execute(query, (size,)).fetchall()]
    return []


def _insert(fresh: sqlite3.Connection, rows: Rows) -> None:
    for table, each in rows.items():
        for row in each:
            with suppress(sqlite3.Error, UnicodeEncodeError, OverflowError):
                fresh.execute(f"INSERT OR IGNORE INTO main.{table} VALUES ({', '.join('?' * len(row))})", row)


def _of(rows: Rows, seqs: Iterable[int]) -> Rows:
    wanted = set(seqs)
    return {table: [row for row in each if row[0] in wanted] for table, each in rows.items()}


def _without(rows: Rows, seqs: Iterable[int]) -> Rows:
    unwanted = set(seqs)
    return {table: [row for row in each if row[0] not in unwanted] for table, each in rows.items()}


def _seqs(rows: Rows) -> set[int]:
    return {row[0] for each in rows.values() for row in each}


def _on_projections(differing: Sequence[tuple[str, int]]) -> Iterator[Finding]:
    """One finding for each event whose rows in a table differ; where they are many, one for the table."""
    for table, count in Counter(table for table, _ in differing).items():
        seqs = sorted({seq for each, seq in differing if each == table})
        if count > _MANY:
            what = f"the rows of {len(seqs)} events in {table}, from event {seqs[0]} on, are not what they give"
            yield Finding("projections", seqs[0], f"{what}; `assay rebuild` mends it")
            continue
        for seq in seqs:
            what = f"the rows of event {seq} in {table} are not what it gives"
            yield Finding("projections", seq, f"{what}; `assay rebuild` mends it")


def _lenient(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")
