"""Writing the online store, holding it against the offline features after every write, and handing over the counts of reads."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.features import onlinefile
from app.features.definition import values
from app.features.definition.tables import Row, Table
from app.features.onlinefile import encoded
from app.features.view import schema
from ledger.errors import LedgerError

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Target:
    """What is written: a registered view's version, and the materialisation that its features are taken from.

    Attributes:
        view: the view's name with its project, ``fx-hedging/fx-momentum``.
        version: of the view.
        sha256: of the registered view.
        document: the registered view.
        dataset: digest of the materialisation's bytes.
        as_of: microseconds since 1970; what became known later is not written.
    """

    view: str
    version: int
    sha256: str
    document: Mapping[str, Any]
    dataset: str
    as_of: int


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: entities whose features are new, those whose stored features were newer, rows not known yet."""

    written: int
    kept: int
    withheld: int


@dataclass(frozen=True, slots=True)
class Parity:
    """The online features of a version, held against the offline ones.

    Attributes:
        offline, online: entities on either side.
        compared: entities that are on both.
        newer: of those, how many are stored from another materialisation with a later event time.
        mismatches: entities that are absent, not known offline, or differ in a value.
        max_difference: the largest distance between two numbers; ``None`` where a difference is none of numbers.
        schema: whether what is stored of the version (digest, schema, ttl) is what is registered.
        findings: the first mismatches, in words.
    """

    offline: int
    online: int
    compared: int
    newer: int
    mismatches: int
    max_difference: float | None
    schema: bool
    findings: tuple[dict[str, Any], ...] = field(default=())

    @property
    def equal(self) -> bool:
        """Whether there is something to compare, and all of it is the same. Nothing compared proves nothing."""
        return self.schema and self.compared > 0 and self.mismatches == 0


def latest(table: Table, as_of: int) -> dict[tuple[Any, ...], Row]:
    """By entity, the row that was the newest known at a moment: by event time, then by creation."""
    found: dict[tuple[Any, ...], Row] = {}
    keys = table.columns.keys
    for row, known in zip(table.rows, table.known, strict=True):
        # Rows come by event time, and those of one entity and time by creation: the later one replaces.
        if known <= as_of:
            found[row[:keys]] = row
    return found


def write(path: Path, target: Target, table: Table) -> Written:
    """Write the newest features of every entity, all or nothing.

    An entity whose stored features have a later event time keeps them: a late materialisation of an earlier range changes
    nothing. Of the same event time the one created last stays, and where that is the same too, the one written last.

    Args:
        path: the store's file; it is made where it is not there.
        target: what is written.
        table: the materialisation.

    Raises:
        LedgerError: the store cannot be written; it is as it was.
    """
    chosen = latest(table, target.as_of)
    withheld = sum(known > target.as_of for known in table.known)
    written = 0
    with _transaction(path, create=True) as connection:
        connection.execute("INSERT OR REPLACE INTO views VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", _described(target))
        for key, row in sorted(chosen.items()):
            done = connection.execute(
                "INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET event_time = excluded.event_time, "
                "created = excluded.created, dataset = excluded.dataset, features = excluded.features "
                "WHERE (excluded.event_time, excluded.created) >= (event_time, created)",
                (target.view, target.version, encoded(key), *_stored(table, row, target.dataset)),
            )
            written += done.rowcount
    return Written(written, len(chosen) - written, withheld)


def parity(path: Path, target: Target, table: Table) -> Parity:
    """Read every entity back, through a connection of its own, and hold it against the offline features.

    Args:
        path: the store's file.
        target: which version is compared, as of when.
        table: the offline features, read anew from the store of objects.
    """
    wanted = latest(table, target.as_of)
    connection = onlinefile.connect(path, read_only=True)
    try:
        where = "WHERE view = ? AND version = ?"
        name = (target.view, target.version)
        held = connection.execute(
            f"SELECT view, version, sha256, schema, ttl, entity, features FROM views {where}", name
        ).fetchone()
        rows = connection.execute(f"SELECT entity, event_time, dataset, features FROM latest {where}", name).fetchall()
    except sqlite3.Error as error:
        raise LedgerError(f"the online store {path} cannot be read: {error}") from None
    finally:
        connection.close()
    sound = held == _described(target)[:-2]
    stored = {tuple(json.loads(entity)): rest for entity, *rest in rows}
    return _compared(target, table, wanted, stored, sound)


def _compared(
    target: Target,
    table: Table,
    wanted: Mapping[tuple[Any, ...], Row],
    stored: Mapping[tuple[Any, ...], Any],
    sound: bool,
) -> Parity:
    place, first = table.columns.keys, table.columns.first
    names = table.columns.names[first:]
    findings: list[dict[str, Any]] = []
    mismatched: set[tuple[Any, ...]] = set()
    newer = compared = 0
    furthest: float | None = 0.0

    def found(key: tuple[Any, ...], **said: Any) -> None:
        mismatched.add(key)
        if len(findings) < _SHOWN:
            findings.append({"entity": list(key), **said})

    for key in sorted(wanted.keys() | stored.keys()):
        if key not in stored:
            found(key, problem="absent online")
        elif key not in wanted:
            # An earlier materialisation knew it: it stays until its ttl has passed. From this one it cannot have come.
            if stored[key][1] == target.dataset:
                found(key, problem="not among the offline features")
        elif stored[key][0] > wanted[key][place]:
            newer += 1
        else:
            compared += 1
            event_time, _, text = stored[key]
            if event_time != wanted[key][place]:
                found(
                    key,
                    problem="older online",
                    online=values.spelled(event_time),
                    offline=values.spelled(wanted[key][place]),
                )
                continue
            for name, offline, here in zip(names, wanted[key][first:], _parsed(text, len(names)), strict=True):
                if not values.same(offline, here) or type(offline) is not type(here):
                    distance = values.apart(offline, here)
                    furthest = None if furthest is None or distance == float("inf") else max(furthest, distance)
                    found(key, feature=name, offline=repr(offline), online=repr(here))
    return Parity(len(wanted), len(stored), compared, newer, len(mismatched), furthest, sound, tuple(findings))


def _parsed(text: str, count: int) -> list[Any]:
    """Stored features; of a row that was tampered with, what can be compared."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, list) and len(found) == count else [text] * count


# Counts of reads


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads of one version by one consumer: let through (``reasons`` empty) or refused, by reason; times in microseconds."""

    view: str
    version: int
    consumer: str
    passed: bool
    count: int
    reasons: Mapping[str, int]
    first: int
    last: int


def take(path: Path) -> list[tuple[str, list[Reads]]]:
    """The reads that are to be recorded, in batches, each under a name that no other has.

    What was counted since the last time becomes a batch; a batch stays until ``done`` is told of it, so that one whose
    recording was cut short comes again under the same name.
    """
    if not path.is_file():
        return []
    with _transaction(path) as connection:
        rows = connection.execute("SELECT * FROM reads ORDER BY view, version, consumer, reason").fetchall()
        if rows:
            connection.execute("INSERT INTO batches VALUES (?, ?)", (secrets.token_hex(8), json.dumps(rows)))
            connection.execute("DELETE FROM reads")
        batches = connection.execute("SELECT batch, reads FROM batches ORDER BY batch").fetchall()
    return [(batch, _joined(json.loads(text))) for batch, text in batches]


def done(path: Path, batch: str) -> None:
    """A batch is in the ledger: forget it."""
    with _transaction(path) as connection:
        connection.execute("DELETE FROM batches WHERE batch = ?", (batch,))


def _joined(rows: Iterable[list[Any]]) -> list[Reads]:
    """Counts by reason, as reads that passed and reads that did not."""
    found: dict[tuple[str, int, str, bool], list[list[Any]]] = {}
    for row in rows:
        found.setdefault((row[0], row[1], row[2], not row[3]), []).append(row)
    return [
        Reads(
            *key,
            count=sum(row[4] for row in group),
            reasons={} if key[3] else {row[3]: row[4] for row in group},
            first=min(row[5] for row in group),
            last=max(row[6] for row in group),
        )
        for key, group in sorted(found.items())
    ]


# Rows


def _described(target: Target) -> tuple[Any, ...]:
    document = target.document
    entity = json.dumps([[each["name"], each["type"]] for each in document["entity"]])
    about = (target.sha256, schema(document), document["ttl"], entity, _columns(document))
    return (target.view, target.version, *about, target.dataset, target.as_of)


def _columns(document: Mapping[str, Any]) -> str:
    return json.dumps([[each["name"], each["type"]] for each in document["features"]])


def _stored(table: Table, row: Row, dataset: str) -> tuple[Any, ...]:
    columns = table.columns
    created = row[columns.keys + 1] if columns.created else row[columns.keys]
    return row[columns.keys], created, dataset, encoded(row[columns.first :])


@contextmanager
def _transaction(path: Path, *, create: bool = False) -> Iterator[sqlite3.Connection]:
    connection = onlinefile.connect(path, create=create)
    try:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
    except sqlite3.Error as error:
        raise LedgerError(f"the online store {path} cannot be written: {error}; it is as it was") from None
    finally:
        connection.close()
