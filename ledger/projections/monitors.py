"""Monitors: what is watched, and every value that was seen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE monitors (
    seq INTEGER PRIMARY KEY,
    monitor TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    project TEXT,
    accepted INTEGER NOT NULL,
    facts TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    """CREATE TABLE observations (
    seq INTEGER PRIMARY KEY,
    monitor TEXT NOT NULL,
    project TEXT,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    day TEXT,
    value REAL,
    threshold REAL,
    breached INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX observations_by_monitor ON observations (monitor)",
)


def _real(number: Any) -> float | None:
    return None if number is None else float(number)


def _configured(accepted: int) -> Fold:
    def fold(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
        facts = json.dumps(
            {key: item for key, item in value.items() if key not in ("monitor", "kind")},
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        )
        row = (event.seq, value["monitor"], value["kind"], event.subject, event.project, accepted, facts, event.at)
        yield "monitors", row

    return fold


def _observed(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield (
        "observations",
        (
            event.seq,
            value["monitor"],
            event.project,
            event.subject,
            value["kind"],
            value.get("day"),
            _real(value.get("value")),
            _real(value.get("threshold")),
            int(bool(value["breached"])),
            event.at,
        ),
    )


FOLDS: dict[str, Fold] = {
    "monitor.configured": _configured(1),
    "monitor.refused": _configured(0),
    "monitor.observed": _observed,
}


class Monitor(NamedTuple):
    """A monitor as last declared. ``accepted`` is false where it was refused, ``facts["reason"]`` then says why."""

    seq: int
    monitor: str
    kind: str
    subject: str
    project: str | None
    accepted: bool
    facts: dict[str, Any]
    at: str


class Observation(NamedTuple):
    """One observation; ``value`` is ``None`` where the data allowed none."""

    seq: int
    monitor: str
    subject: str
    kind: str
    day: str | None
    value: float | None
    threshold: float | None
    breached: bool
    at: str


def listed(view: View, *, project: str | None = None) -> list[Monitor]:
    """Each monitor as last declared, in the order of their declarations."""
    sql = "SELECT seq, monitor, kind, subject, project, accepted, facts, at FROM monitors WHERE seq <= :at"
    if project is not None:
        sql += " AND project = :project"
    newest: dict[tuple[str, str, str], Any] = {}
    for row in view.rows(sql + " ORDER BY seq", {"project": project}):
        key = (row[1], row[3], row[4])
        newest.pop(key, None)
        newest[key] = row
    found: list[list[Any]] = [[*row[:5], bool(row[5]), json.loads(row[6]), row[7]] for row in newest.values()]
    return [Monitor(*values) for values in found]


def observations(view: View, monitor: str, *, project: str | None = None, newest: int = 0) -> list[Observation]:
    """All that a monitor saw, oldest first; ``newest``: only so many, the last; 0 is all."""
    sql = (
        "SELECT seq, monitor, subject, kind, day, value, threshold, breached, at FROM observations "
        "WHERE monitor = :monitor AND seq <= :at"
    )
    if project is not None:
        sql += " AND project = :project"
    wanted = {"monitor": monitor, "project": project, "newest": newest}
    rows = (
        view.rows(f"{sql} ORDER BY seq DESC LIMIT :newest", wanted)[::-1]
        if newest
        else view.rows(f"{sql} ORDER BY seq", wanted)
    )
    found: list[list[Any]] = [[*row[:7], bool(row[7]), row[8]] for row in rows]
    return [Observation(*values) for values in found]


def looks(view: View) -> dict[tuple[str, str | None], int]:
    """How often each monitor of each project looked; under the project ``None`` how often all of its name did."""
    sql = "SELECT monitor, project, count(*) FROM observations WHERE seq <= :at GROUP BY monitor, project"
    found: dict[tuple[str, str | None], int] = {}
    for monitor, project, times in view.rows(sql):
        found[monitor, None] = found.get((monitor, None), 0) + times
        if project is not None:
            found[monitor, project] = times
    return found
