"""Alerts and monitors, and one monitor's series with what was marked in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.tui.queries.tally import Tally

if TYPE_CHECKING:
    from ledger.projections.view import View

MOST_OPEN = 200
OLDEST_RESOLVED = 40
SPREAD = 20
"""Newest observations of a name that are looked at for each of its projects before one is asked for by itself."""


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
    at: str = ""
    """When it was raised, by the ledger's clock; ``day`` is the data's."""


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
    """The list on the left; ``today`` is the day by the ledger's clock, by which alerts have their age."""

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
    from app.actions import moments
    from ledger.projections import monitors

    listed = monitors.listed(view)
    last = _last(view, [(each.monitor, each.project) for each in listed])
    watches = []
    for each in listed:
        value, day, at, breached = last.get((each.monitor, each.project), (None, "", "", False))
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
                last=value,
                last_day=day or at[:10],
                breached=bool(breached),
                seen=bool(at),
            )
        )
    watches.sort(key=lambda each: not each.breached)
    return Board(_alarms(view), tuple(watches), moments.present(view)[:10])


def _alarms(view: View) -> tuple[Alarm, ...]:
    """Alerts that are open, however old: those first that nobody has seen, by severity; then those resolved last."""
    from ledger.projections import alerts

    became = "EXISTS (SELECT 1 FROM alert_changes c WHERE c.alert = a.alert AND c.state = '{}' AND c.seq <= :at)"
    seen, over = became.format("acknowledged"), became.format("resolved")
    names = view.rows(
        f"SELECT alert FROM alerts a WHERE seq <= :at AND NOT {over} ORDER BY {seen}, CASE severity WHEN 'critical' THEN 0 "
        "WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, seq DESC LIMIT :n",
        {"n": MOST_OPEN},
    )
    names += view.rows(
        f"SELECT alert FROM alerts a WHERE seq <= :at AND {over} ORDER BY seq DESC LIMIT :n", {"n": OLDEST_RESOLVED}
    )
    return tuple(_alarm(each) for each in (alerts.get(view, row[0]) for row in names) if each is not None)


Seen = tuple[float | None, str | None, str, int]
"""Value, day, time, whether beyond the threshold."""


def _last(view: View, wanted: list[tuple[str, str | None]]) -> dict[tuple[str, str | None], Seen]:
    """What each monitor, by name and project, saw last. Monitors of one name mostly look at the same days: the newest
    observations of a name are read until each of its projects has been met, which is a few rows for each."""
    found: dict[tuple[str, str | None], Seen] = {}
    for name in dict.fromkeys(monitor for monitor, _ in wanted):
        left = {project for monitor, project in wanted if monitor == name}
        rows = view.connection.execute(
            "SELECT project, value, day, at, breached FROM observations WHERE monitor = ? AND seq <= ? "
            "ORDER BY seq DESC LIMIT ?",
            (name, view.at, SPREAD * len(left)),
        )
        for project, *seen in rows:
            if project in left:
                left.discard(project)
                found[name, project] = (seen[0], seen[1], seen[2], seen[3])
                if not left:
                    break
        for project in left:
            row = view.row(
                "SELECT value, day, at, breached FROM observations WHERE monitor = :monitor AND project IS :project "
                "AND seq <= :at ORDER BY seq DESC LIMIT 1",
                {"monitor": name, "project": project},
            )
            if row is not None:
                found[name, project] = (row[0], row[1], row[2], row[3])
    return found


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
    from ledger.projections import deployments

    found += [
        ((each.ended_at or each.at)[:10], "deploy", f"{short(each.subject)} live in {each.environment}")
        for each in deployments.listed(view, project=project or None)
        if each.status == "ok"
    ]
    found += [
        (at[:10], "approve", f"{short(subject)} to {stage}")
        for at, subject, stage in view.rows(
            "SELECT at, subject, to_stage FROM promotions WHERE instr(subject, :within) AND seq <= :at",
            {"within": f"/{project}/"},
        )
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
        at=alert.at,
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
