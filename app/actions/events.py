"""The log: events, newest last, each in one plain sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app import filters
from app.actions.answers import Answer, Mark, at_most, counted, moment, say, table
from ledger.errors import InputError
from ledger.projections.view import View
from ledger.store import journal

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.store.journal import Recorded

_NEWEST = 12
"""Events of a history that are shown."""


def log(
    context: Context,
    *,
    count: int = 50,
    types: Sequence[str] = (),
    subject: str | None = None,
    by: str | None = None,
    project: str | None = None,
    where: str | None = None,
) -> Answer:
    """The newest ``count`` events that fit, oldest of them first; 0 is all."""
    view = context.view
    found = matching(view, count=at_most(count), types=types, subject=subject, by=by, project=project, where=where)
    lines = [] if found else [say(Mark("dim", "no event fits"))]
    document = {"at": view.at, "events": [described(each) for each in found]}
    return Answer(document, [*listing(found), *lines])


def matching(
    view: View,
    *,
    count: int = 0,
    types: Sequence[str] = (),
    subject: str | None = None,
    by: str | None = None,
    project: str | None = None,
    where: str | None = None,
) -> list[Recorded]:
    """Events as of the view, in order: the newest ``count`` (0 for all) that fit every condition given.

    Args:
        view: the ledger, and the moment.
        count: at most this many.
        types: event types, or their beginnings where they end in a dot.
        subject: what they are about, or its beginning.
        by: who recorded them.
        project: which project they belong to.
        where: a filter of :mod:`app.filters`, on top.
    """
    conditions, values = ["seq <= :at"], dict[str, Any]()
    if types:
        conditions.append(f"({' OR '.join(_type(n, each, values) for n, each in enumerate(types))})")
    if subject is not None:
        conditions.append("subject >= :subject AND subject < :beyond")
        values |= {"subject": subject, "beyond": f"{subject}\U0010ffff"}
    for column, wanted in (("actor", by), ("project", project)):
        if wanted is not None:
            conditions.append(f"{column} = :{column}")
            values[column] = wanted
    narrowed, bound = filters.parse(where or "", filters.EVENT_FIELDS).events()
    conditions, values = [*conditions, *narrowed], {**values, **bound}
    sql = f"SELECT seq FROM events WHERE {' AND '.join(conditions)} ORDER BY seq DESC LIMIT :count"
    seqs = sorted(row[0] for row in view.rows(sql, {**values, "count": count or -1}))
    return [read(view, seq) for seq in seqs]


def read(view: View, seq: int) -> Recorded:
    """One event.

    Raises:
        InputError: there is none with this number as of the view.
        LedgerError: its stored bytes cannot be read.
    """
    found = next(journal.read(view.connection, seq, seq + 1), None) if 0 <= seq <= view.at else None
    if found is None:
        raise InputError(f"there is no event {seq}; the log holds 0 to {view.at}")
    return found


def described(recorded: Recorded) -> dict[str, Any]:
    """An event as JSON: its envelope, its hash in hex, and its sentence."""
    from ledger.events import sentence

    event = recorded.event
    return {
        "seq": event.seq,
        "hash": recorded.hash.hex(),
        "type": event.type,
        "subject": event.subject,
        "project": event.project,
        "actor": event.actor,
        "at": event.at,
        "cause": event.cause,
        "sentence": sentence(event),
    }


def listing(events: Sequence[Recorded], *, indent: str = "") -> list[str]:
    """Events as lines: number, time, sentence."""
    from ledger.events import sentence

    return table(
        [(each.seq, Mark("dim", moment(each.event.at)), sentence(each.event)) for each in events], indent=indent
    )


def recent(past: Sequence[Recorded], subject: str) -> list[str]:
    """The newest events of a history as lines, and how to see those before: there may be thousands."""
    before = len(past) - _NEWEST
    if before <= 1:
        return listing(past)
    earlier = f"{counted(before, 'earlier event')}: `assay log --subject {subject} -n 0` lists all"
    return [say(Mark("dim", earlier)), *listing(past[before:])]


def history(view: View, subject: str, *, count: int = 0) -> list[Recorded]:
    """The events about exactly this subject, in order; the newest ``count`` of them, where given."""
    sql = "SELECT seq FROM events WHERE subject = :subject AND seq <= :at ORDER BY seq DESC LIMIT :count"
    seqs = sorted(row[0] for row in view.rows(sql, {"subject": subject, "count": count or -1}))
    return [read(view, seq) for seq in seqs]


def summary(events: Sequence[Recorded]) -> str:
    """``3 events``."""
    return counted(len(events), "event")


def _type(n: int, wanted: str, values: dict[str, Any]) -> str:
    values[f"type{n}"] = wanted
    if not wanted.endswith("."):
        return f"type = :type{n}"
    values[f"beyond{n}"] = f"{wanted}\U0010ffff"
    return f"type >= :type{n} AND type < :beyond{n}"
