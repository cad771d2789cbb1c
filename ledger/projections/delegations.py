"""Delegations: who lets whom act in which role, until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE delegations (
    seq INTEGER PRIMARY KEY,
    delegation TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    delegate TEXT NOT NULL,
    project TEXT,
    role TEXT,
    until TEXT,
    at TEXT NOT NULL
) STRICT""",
)


def _given(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    tail = (event.actor, value["to"], event.project, value["role"], value["until"], event.at)
    yield "delegations", (event.seq, value["delegation"], "given", *tail)


def _ended(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    tail = (event.actor, value["to"], event.project, None, None, event.at)
    yield "delegations", (event.seq, value["delegation"], "ended", *tail)


FOLDS: dict[str, Fold] = {"delegation.given": _given, "delegation.ended": _ended}


class Delegation(NamedTuple):
    """``principal`` lets ``delegate`` act as ``role`` in ``project`` until a moment, or until it was ended."""

    seq: int
    delegation: str
    principal: str
    delegate: str
    project: str | None
    role: str
    until: str
    at: str
    ended_seq: int | None

    def active(self, now: str) -> bool:
        """Whether it still holds at a moment."""
        return self.ended_seq is None and now < self.until


_QUERY = (
    "SELECT g.seq, g.delegation, g.actor, g.delegate, g.project, g.role, g.until, g.at, (SELECT min(e.seq) FROM "
    "delegations e WHERE e.state = 'ended' AND e.delegation = g.delegation AND e.seq > g.seq AND e.seq <= :at) "
    "FROM delegations g WHERE g.state = 'given' AND g.seq <= :at"
)


def listed(view: View, *, project: str | None = None) -> list[Delegation]:
    """Delegations, oldest first, of one project or of all."""
    sql = _QUERY if project is None else f"{_QUERY} AND g.project = :project"
    return [Delegation(*row) for row in view.rows(sql + " ORDER BY g.seq", {"project": project})]


def get(view: View, delegation: str) -> Delegation | None:
    """The delegation with this name, or ``None``."""
    row = view.row(f"{_QUERY} AND g.delegation = :name ORDER BY g.seq", {"name": delegation})
    return None if row is None else Delegation(*row)
