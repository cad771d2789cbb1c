"""Exceptions: gates that were passed without what their policy demands, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE exceptions (
    seq INTEGER PRIMARY KEY,
    exception TEXT NOT NULL,
    state TEXT NOT NULL,
    subject TEXT NOT NULL,
    transition TEXT,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    words TEXT NOT NULL,
    expires TEXT
) STRICT""",
    "CREATE INDEX exceptions_by_subject ON exceptions (subject)",
)


def _recorded(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    tail = (value["transition"], event.project, event.actor, event.at, value["reason"], value["expires"])
    yield "exceptions", (event.seq, value["exception"], "recorded", event.subject, *tail)


def _closed(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    tail = (None, event.project, event.actor, event.at, value["outcome"], None)
    yield "exceptions", (event.seq, value["exception"], "closed", event.subject, *tail)


FOLDS: dict[str, Fold] = {"exception.recorded": _recorded, "exception.closed": _closed}


class Waiver(NamedTuple):
    """An exception. ``outcome`` and what follows are ``None`` until it is closed."""

    seq: int
    exception: str
    subject: str
    transition: str
    project: str | None
    actor: str
    at: str
    reason: str
    expires: str
    outcome: str | None
    closed_seq: int | None
    closed_by: str | None
    closed_at: str | None

    def state(self, now: str) -> str:
        """``open`` while it waives, ``expired`` where it no longer does and nobody has closed it, ``closed``."""
        if self.closed_seq is not None:
            return "closed"
        return "open" if now < self.expires else "expired"


_QUERY = (
    "SELECT r.seq, r.exception, r.subject, r.transition, r.project, r.actor, r.at, r.words, r.expires, "
    "c.words, c.seq, c.actor, c.at FROM exceptions r LEFT JOIN exceptions c ON c.seq = (SELECT min(seq) FROM exceptions "
    "WHERE state = 'closed' AND exception = r.exception AND seq > r.seq AND seq <= :at) "
    "WHERE r.state = 'recorded' AND r.seq <= :at"
)


def listed(view: View, *, subject: str | None = None, project: str | None = None) -> list[Waiver]:
    """Exceptions, oldest first, narrowed to a subject or a project."""
    sql = _QUERY
    if subject is not None:
        sql += " AND r.subject = :subject"
    if project is not None:
        sql += " AND r.project = :project"
    return [Waiver(*row) for row in view.rows(sql + " ORDER BY r.seq", {"subject": subject, "project": project})]


def get(view: View, exception: str) -> Waiver | None:
    """The exception with this name (``exception/`` before it or not), or ``None``."""
    name = exception.removeprefix("exception/")
    row = view.row(f"{_QUERY} AND r.exception = :name ORDER BY r.seq", {"name": name})
    return None if row is None else Waiver(*row)


def unclosed(view: View, project: str | None = None) -> list[Waiver]:
    """Exceptions that nobody has closed, oldest first."""
    return [each for each in listed(view, project=project) if each.closed_seq is None]
