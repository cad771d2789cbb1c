"""Alerts: raised, acknowledged, resolved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE alerts (
    seq INTEGER PRIMARY KEY,
    alert TEXT NOT NULL,
    monitor TEXT NOT NULL,
    subject TEXT NOT NULL,
    project TEXT,
    severity TEXT NOT NULL,
    message TEXT NOT NULL,
    injected INTEGER NOT NULL,
    value TEXT NOT NULL,
    threshold TEXT NOT NULL,
    day TEXT,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX alerts_by_alert ON alerts (alert)",
    """CREATE TABLE alert_changes (
    seq INTEGER PRIMARY KEY,
    alert TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT,
    ref TEXT,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX alert_changes_by_alert ON alert_changes (alert)",
)


def _raised(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield (
        "alerts",
        (
            event.seq,
            value["alert"],
            value["monitor"],
            event.subject,
            event.project,
            value["severity"],
            value["message"],
            int(bool(value.get("injected"))),
            json.dumps(value.get("value"), sort_keys=True),
            json.dumps(value.get("threshold"), sort_keys=True),
            value.get("day"),
            event.at,
        ),
    )


def _acknowledged(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    row = (event.seq, value["alert"], "acknowledged", event.actor, value.get("note"), None, event.at)
    yield "alert_changes", row


def _resolved(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    row = (event.seq, value["alert"], "resolved", event.actor, value["action"], value.get("ref"), event.at)
    yield "alert_changes", row


FOLDS: dict[str, Fold] = {
    "alert.raised": _raised,
    "alert.acknowledged": _acknowledged,
    "alert.resolved": _resolved,
}


class Change(NamedTuple):
    """What became of an alert: ``acknowledged`` or ``resolved``, by whom, with which words."""

    seq: int
    state: str
    actor: str
    note: str | None
    ref: str | None
    at: str


class Alert(NamedTuple):
    """An alert. ``seq`` and ``at`` are of its raising; ``day`` is the day in the world."""

    seq: int
    alert: str
    monitor: str
    subject: str
    project: str | None
    severity: str
    message: str
    injected: bool
    value: Any
    threshold: Any
    day: str | None
    at: str
    changes: tuple[Change, ...]

    @property
    def state(self) -> str:
        """``raised``, ``acknowledged`` or ``resolved``."""
        return self.changes[-1].state if self.changes else "raised"


_QUERY = (
    "SELECT seq, alert, monitor, subject, project, severity, message, injected, value, threshold, day, at FROM alerts "
    "WHERE seq <= :at"
)


def _alert(view: View, row: Any) -> Alert:
    changes = view.rows(
        "SELECT seq, state, actor, note, ref, at FROM alert_changes WHERE alert = :alert AND seq <= :at ORDER BY seq",
        {"alert": row[1]},
    )
    values: list[Any] = [*row[:7], bool(row[7]), json.loads(row[8]), json.loads(row[9]), row[10], row[11]]
    values.append(tuple(Change(*change) for change in changes))
    return Alert(*values)


def listed(view: View, *, state: str | None = None, project: str | None = None) -> list[Alert]:
    """Alerts in the order they were raised, narrowed to a state or a project."""
    sql = _QUERY if project is None else f"{_QUERY} AND project = :project"
    found = [_alert(view, row) for row in view.rows(f"{sql} ORDER BY seq", {"project": project})]
    return [alert for alert in found if state is None or alert.state == state]


def get(view: View, alert: str) -> Alert | None:
    """The alert with this id (``alert/`` before it or not), or ``None``."""
    row = view.row(f"{_QUERY} AND alert = :alert", {"alert": alert.removeprefix("alert/")})
    return None if row is None else _alert(view, row)
