"""Alerts and monitors, and one monitor's series with what was marked in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.tui.queries.tally import Tally

if TYPE_CHECKING:
    from ledger.projections.view import View

NEWEST = 200
OLDEST_RESOLVED = 40


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an alert."""

    seq: int
    state: str
    actor: str
    note: str
    at: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alert, with the monitor that raised it."""

    alert: str
    monitor: str
    subject: str
    project: str
    severity: str
    state: str
    injected: bool
    message: str
    value: str
    threshold: str
    day: str
    seq: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """A monitor: what it watches, its threshold, the last value it saw."""

    monitor: str
    kind: str
    subject: str
    project: str
    accepted: bool
    reason: str
    threshold: str
    severity: str
    last: float | None
    last_day: str
    breached: bool
    seen: bool

    @property
    def ref(self) -> str:
        """How it is named elsewhere."""
        return f"monitor/{self.project}/{self.monitor}"


@dataclass(frozen=True, slots=True)
class Board:
    """The list on the left; ``today`` is the day of the last event."""

    alarms: tuple[Alarm, ...]
    watches: tuple[Watch, ...]
    today: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """What a monitor saw, and what happened meanwhile: (day, what, words)."""

    project: str
    monitor: str
    kind: str
    subject: str
    points: tuple[tuple[str, float | None], ...]
    threshold: float | None
    breaches: int
    marks: tuple[tuple[str, str, str], ...]


def board(view: View) -> Board:
    """Alerts, the unresolved first, and all monitors, those first whose last value was beyond the threshold."""
    from ledger.projections import alerts, monitors

    names = view.rows("SELECT alert FROM alerts WHERE seq <= :at ORDER BY seq DESC LIMIT :n", {"n": NEWEST})
    found = [each for each in (alerts.get(view, row[0]) for row in names) if each is not None]
    ranks = {"raised": 0, "acknowledged": 1}
    severities = {"critical": 0, "high": 1, "medium": 2}
    found.sort(
        key=lambda a: (ranks.get(a.state, 2), severities.get(a.severity, 3) if a.state != "resolved" else 0, -a.seq)
    )
    resolved = [each for each in found if each.state == "resolved"][:OLDEST_RESOLVED]
    watches = []
    for each in monitors.listed(view):
        row = view.row(
            "SELECT value, day, at, breached FROM observations WHERE monitor = :monitor AND project IS :project "
            "AND seq <= :at ORDER BY seq DESC LIMIT 1",
            {"monitor": each.monitor, "project": each.project},
        )
        watches.append(
            Watch(
                monitor=each.monitor,
                kind=each.kind,
                subject=each.subject,
                project=each.project or "",
                accepted=each.accepted,
                reason=str(each.facts.get("reason", "")),
                threshold=_words(each.facts.get("threshold")),
                severity=str(each.facts.get("severity", "")),
                last=row[0] if row else None,
                last_day=(row[1] or row[2][:10]) if row else "",
                breached=bool(row[3]) if row else False,
                seen=row is not None,
            )
        )
    watches.sort(key=lambda each: not each.breached)
    last = view.row("SELECT at FROM events WHERE seq = :at")
    shown = tuple(_alarm(each) for each in found if each.state != "resolved" or each in resolved)
    return Board(shown, tuple(watches), str(last[0])[:10] if last else "")


def series(view: View, project: str, monitor: str, tally: Tally | None = None) -> Series:
    """A monitor's values by day, and the alerts, deployments, approvals and retrainings of its project beside them.

    ``tally`` is what was read for moments before.
    """
    rows = [row[1:] for row in (tally or Tally()).observed(view, project or None, monitor)]
    last = rows[-1] if rows else (None, None, None, 0, "", "")
    return Series(
        project,
        monitor,
        last[5],
        last[4],
        tuple(sorted({row[0]: row[1] for row in rows}.items())),
        last[2],
        sum(row[3] for row in rows),
        tuple(sorted(_marks(view, project, monitor))),
    )


def _marks(view: View, project: str, monitor: str) -> list[tuple[str, str, str]]:
    found = [
        (day or at[:10], "alert", message)
        for day, at, message in view.rows(
            "SELECT day, at, message FROM alerts WHERE monitor = :monitor AND project IS :project AND seq <= :at",
            {"monitor": monitor, "project": project or None},
        )
    ]
    from app.tui.draw.refs import short
    from ledger.projections import approvals, deployments

    found += [
        ((each.ended_at or each.at)[:10], "deploy", f"{short(each.subject)} live in {each.environment}")
        for each in deployments.listed(view, project=project or None)
        if each.status == "ok"
    ]
    found += [
        (each.at[:10], "approve", f"{short(each.subject)} to {each.to_stage}")
        for each in approvals.promotions(view)
        if each.subject.split("/")[1:2] == [project]
    ]
    found += [
        (at[:10], "retrain", short(subject))
        for at, subject in view.rows(
            "SELECT at, subject FROM events WHERE subject >= :low AND subject < :high AND seq <= :at "
            "AND type = 'retraining.triggered'",
            {"low": f"model/{project}/", "high": f"model/{project}0"},
        )
    ]
    return found


def _alarm(alert: object) -> Alarm:
    from ledger.projections.alerts import Alert

    assert isinstance(alert, Alert)
    return Alarm(
        alert=alert.alert,
        monitor=alert.monitor,
        subject=alert.subject,
        project=alert.project or "",
        severity=alert.severity,
        state=alert.state,
        injected=alert.injected,
        message=alert.message,
        value=_words(alert.value),
        threshold=_words(alert.threshold),
        day=alert.day or alert.at[:10],
        seq=alert.seq,
        changes=tuple(Change(c.seq, c.state, c.actor, c.note or "", c.at) for c in alert.changes),
    )


def _words(value: object) -> str:
    """A recorded value in a few words: thresholds may be numbers, texts or structures."""
    if value is None:
        return "—"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_words(item) for item in value)
    return str(value)
