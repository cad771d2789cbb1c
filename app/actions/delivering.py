"""Telling people of alerts: over the monitor's route where the workspace declares it, further where nobody acknowledges."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.actions import events
from app.actions.alerts import silences
from ledger.format import times
from ledger.projections import alerts, monitors

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.notices.delivery import Delivery
    from ledger.projections.alerts import Alert
    from ledger.projections.view import View

ESCALATED = "alert.escalated"


def told(context: Context, names: Iterable[str]) -> list[Delivery]:
    """Tell of alerts that were raised, once each: silenced ones are passed over, and a route that fails fails nothing else."""
    view = context.ledger.view()
    found = []
    for name in names:
        alert = alerts.get(view, name)
        if alert is None or _raised(view, alert).get("silenced"):
            continue
        for route in _routes(context, str(_declared(view, alert).get("route", ""))):
            found += _sent(context, alert, route, "raised", _sentence(alert))
    return found


def overdue(context: Context, now: datetime) -> list[str]:
    """Escalate the alerts that nobody acknowledged in time: one event and one notice each; a line for each."""
    view = context.ledger.view()
    gone = {each.event.value["alert"] for each in events.matching(view, types=[ESCALATED])}
    lines = []
    for alert in alerts.listed(view, state="raised"):
        rule = _declared(view, alert)
        threshold = rule.get("escalation") or {}
        within, to = threshold.get("within"), threshold.get("to")
        if alert.alert in gone or not within or not to or alert.monitor in _silent(view, alert, now):
            continue
        if (now - times.parse_time(alert.at)).total_seconds() < seconds(within):
            continue
        _escalate(context, alert, str(within), str(to))
        lines.append(f"alert {alert.alert} was not acknowledged within {within}, and went to {to}")
    return lines


def untold(context: Context) -> list[str]:
    """The raised alerts whose notice could not be delivered yet, though their route is declared."""
    from app.notices.delivery import delivered

    view = context.ledger.view()
    return [
        each.alert
        for each in alerts.listed(view, state="raised")
        if _routes(context, str(_declared(view, each).get("route", "")))
        and not _raised(view, each).get("silenced")
        and not delivered(context.workspace, f"alert/{each.alert}/raised")
    ]


def _routes(context: Context, own: str) -> list[str]:
    """Where an alert goes: the monitor's own route where ``assay.toml`` declares it, and those that it names for all alerts."""
    config = context.workspace.config
    return [each for each in dict.fromkeys((own, *config.notices.get("alerts", ()))) if each in config.routes]


def seconds(span: str) -> float:
    """A span such as ``4h`` or ``2d`` in seconds."""
    return float(span[:-1]) * {"h": 3600, "d": 86400}[span[-1]]


def _escalate(context: Context, alert: Alert, within: str, to: str) -> None:
    from ledger.events.alerts import AlertEscalated

    fact = AlertEscalated(alert=alert.alert, to=to, after=within)
    context.ledger.record(fact, actor=context.actor, project=alert.project, cause=alert.seq)
    _sent(context, alert, to, "escalated", f"not acknowledged within {within}: {_sentence(alert)}")


def _sent(context: Context, alert: Alert, route: str, what: str, title: str) -> list[Delivery]:
    """The delivery, where the workspace declares the route; the dashboard alone shows the others."""
    from app.notices.delivery import deliver, delivered
    from app.notices.notice import Notice

    key = f"alert/{alert.alert}/{what}"
    if route not in context.workspace.config.routes or delivered(context.workspace, key, route):
        return []
    raised = _raised(context.ledger.view(), alert)
    notice = Notice(
        key=key,
        kind="alert",
        subject=alert.subject,
        title=title,
        text=_text(alert, raised),
        project=alert.project,
        severity=alert.severity,
        seq=alert.seq,
        at=alert.at,
        data={**raised, "injected": alert.injected},
    )
    return [deliver(context.workspace, route, notice, environ=context.environ)]


def _sentence(alert: Alert) -> str:
    drill = "drill: " if alert.injected else ""
    return f"{drill}{alert.severity} from {alert.monitor}: {alert.message}"


def _text(alert: Alert, raised: dict[str, Any]) -> str:
    """What an alert is about: series, value and threshold, and what came before it."""
    lines = [f"{alert.subject}, {alert.day or alert.at[:10]}"]
    if raised.get("series"):
        lines.append(f"series: {', '.join(raised['series'])}")
    lines.append(f"value {alert.value} against {alert.threshold}")
    lines += [f"before it: {each['what']} {each['ref']}, event {each['seq']}" for each in raised.get("before", ())]
    return "\n".join(lines)


def _raised(view: View, alert: Alert) -> dict[str, Any]:
    value: dict[str, Any] = events.read(view, alert.seq).event.value
    return dict(value)


def _declared(view: View, alert: Alert) -> dict[str, Any]:
    """What is recorded of the alert's monitor."""
    found = [each for each in monitors.listed(view, project=alert.project) if each.monitor == alert.monitor]
    return found[-1].facts if found else {}


def _silent(view: View, alert: Alert, now: datetime) -> set[str]:
    today = now.date().isoformat()
    return {name for name, until in silences(view, alert.project).items() if until >= today}
