"""The log by pages, and one event whole."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.filters import Filter
    from ledger.projections.view import View
    from ledger.store.journal import Recorded

HASH = 32
"""Bytes of a hash."""

PAGE = 128
"""Events to a page: read in a few milliseconds, and more than a screen shows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    seq: int
    at: str
    type: str
    actor: str
    project: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Whole:
    """One event with everything that its hash covers, and its neighbours' links."""

    entry: Entry
    subject: str
    cause: int | None
    hash: str
    prev: str
    recomputed: str
    previous: str
    following: str
    body: str
    signed: tuple[int | None, int | None] = (None, None)
    """How many events the checkpoints next before and next after it hold; the latter vouches for it."""


def entries(view: View, seqs: Sequence[int]) -> tuple[Entry, ...]:
    """These events as lines, as of the view; one that cannot be read says so in its line."""
    from ledger.errors import LedgerError
    from ledger.store import journal

    wanted = [seq for seq in seqs if seq <= view.at]
    if wanted and wanted[-1] - wanted[0] == len(wanted) - 1:
        with suppress(LedgerError):
            lines = tuple(map(_line, journal.read(view.connection, wanted[0], wanted[-1] + 1)))
            if len(lines) == len(wanted):
                return lines
    return tuple(entry(view, seq) for seq in wanted)


def table(view: View, seqs: Sequence[int]) -> str:
    """These events as CSV (RFC 4180), a heading first; what a spreadsheet would run as a formula is made text."""
    import csv
    import io

    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(("seq", "at", "type", "actor", "project", "sentence"))
    for each in (entry(view, seq) for seq in seqs if seq <= view.at):
        texts = (each.at, each.type, each.actor, each.project, each.sentence)
        rows.writerow((each.seq, *(f"'{text}" if text[:1] in "=+-@\t\r" and text else text for text in texts)))
    return written.getvalue()


def fitting(view: View, narrowed: Filter) -> Sequence[int]:
    """The numbers of all events that pass a filter, ascending, as of the view."""
    from array import array

    conditions, values = narrowed.events()
    sql = f"SELECT seq FROM events WHERE {' AND '.join(['seq <= :at', *conditions])} ORDER BY seq"
    return array("q", (row[0] for row in view.rows(sql, values)))


def entry(view: View, seq: int) -> Entry:
    """One event as a line; one that is gone or cannot be read says so."""
    from ledger.errors import LedgerError
    from ledger.store import journal

    try:
        found = next(journal.read(view.connection, seq, seq + 1), None)
    except LedgerError as error:
        return Entry(seq, "", "damaged", "", "", str(error))
    return Entry(seq, "", "missing", "", "", f"event {seq} is not there") if found is None else _line(found)


def _line(recorded: Recorded) -> Entry:
    from ledger.events import sentence

    event = recorded.event
    return Entry(recorded.seq, event.at, event.type, event.actor, event.project or "", sentence(event))


def whole(view: View, seq: int) -> Whole:
    """One event: its envelope, its bytes as text, its stored and recomputed hash, and the links on both sides.

    Of one whose row is gone, what its neighbours say is there, and the rest is empty.

    Raises:
        InputError: there is no such event.
    """
    from ledger.errors import InputError
    from ledger.format.hashes import leaf_hash

    rows = {
        row[0]: row
        for row in view.rows(
            "SELECT seq, hash, body, subject, cause FROM events WHERE seq BETWEEN :seq - 1 AND :seq + 1", {"seq": seq}
        )
    }
    if seq not in rows and not 0 <= seq <= view.at:
        raise InputError(f"there is no event {seq}; the log holds 0 to {view.at}")
    _, leaf, body, subject, cause = rows.get(seq, (seq, b"", b"", "", None))
    if not (isinstance(leaf, bytes) and isinstance(body, bytes)):
        raise InputError(f"the row of event {seq} holds no bytes; `assay verify` says what happened to it")
    return Whole(
        entry=entry(view, seq),
        subject=str(subject),
        cause=cause if isinstance(cause, int) else None,
        hash=leaf.hex(),
        prev=_prev(body),
        recomputed=leaf_hash(body).hex() if seq in rows else "",
        previous=rows[seq - 1][1].hex() if seq - 1 in rows else "",
        following=_prev(rows[seq + 1][2]) if seq + 1 in rows else "",
        body=body.decode("utf-8", "backslashreplace"),
        signed=_bracket(view, seq),
    )


def _bracket(view: View, seq: int) -> tuple[int | None, int | None]:
    row = view.row(
        "SELECT max(CASE WHEN size <= :seq THEN size END), min(CASE WHEN size > :seq THEN size END) "
        "FROM checkpoints WHERE size <= :at + 1",
        {"seq": seq},
    )
    return (row[0], row[1]) if row else (None, None)


def _prev(body: bytes) -> str:
    """The hash that bytes name as that of the event before, whatever else they are; empty where they name none."""
    import json

    try:
        named = json.loads(body)["prev"]
        return named.lower() if len(bytes.fromhex(named)) == HASH else ""
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
