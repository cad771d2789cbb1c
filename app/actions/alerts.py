"""Alerts: what monitors raised, who has seen it, what ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions import events, references
from app.actions.answers import Answer, Mark, fields, number, say, state, table
from ledger.errors import InputError
from ledger.projections import alerts

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.alerts import Alert
    from ledger.projections.view import View

_STATES = {"raised": "bad", "acknowledged": "warn", "resolved": "good"}


def list_alerts(context: Context, *, state: str | None = None, project: str | None = None) -> Answer:
    """The alerts in the order they were raised."""
    view = context.view
    found = alerts.listed(view, state=state, project=project)
    rows = [
        (
            standing(each),
            each.alert,
            each.severity + (" (drill)" if each.injected else ""),
            each.day or Mark("dim", each.at[:10]),
            _value(each.value),
            _value(each.threshold),
            each.message,
        )
        for each in found
    ]
    lines = table(rows, ("state", "alert", "severity", "day", "value", "threshold", "message"))
    return Answer(
        {"at": view.at, "alerts": [document(each) for each in found]}, lines or [say(Mark("dim", "no alert"))]
    )


def acknowledge(context: Context, *, alert: str, note: str | None = None) -> Answer:
    """Record that the actor has seen an alert."""
    from ledger.events.alerts import AlertAcknowledged

    view = context.view
    name = alert if alert.startswith("alert/") else f"alert/{alert}"
    found = alerts.get(view, references.find(view, name).ref.removeprefix("alert/"))
    assert found is not None
    if found.state != "raised":
        last = found.changes[-1]
        raise InputError(f"alert {found.alert} is {found.state} already, by {last.actor} at event {last.seq}")
    fact = AlertAcknowledged(alert=found.alert, note=note)
    recorded = context.ledger.record(fact, actor=context.actor, project=found.project, cause=found.seq)
    now = alerts.get(context.ledger.view(), found.alert)
    assert now is not None
    return Answer({"alert": document(now), "event": events.described(recorded)}, events.listing([recorded]))


def shown(view: View, alert: Alert) -> Answer:
    """One alert: its facts, then its history."""
    past = sorted(
        [*events.history(view, f"alert/{alert.alert}"), events.read(view, alert.seq)], key=lambda each: each.seq
    )
    rows: list[tuple[str, Any]] = [
        ("state", standing(alert)),
        ("severity", alert.severity + (" (drill)" if alert.injected else "")),
        ("monitor", alert.monitor),
        ("about", alert.subject),
        ("day", alert.day),
        ("value", _value(alert.value)),
        ("threshold", _value(alert.threshold)),
        ("message", alert.message),
    ]
    lines = [say(Mark("title", f"alert/{alert.alert}")), *fields(rows), "", *events.listing(past)]
    history = [events.described(each) for each in past]
    return Answer({"at": view.at, "alert": document(alert), "history": history}, lines)


def standing(alert: Alert) -> Mark:
    """An alert's state as glyph and word."""
    return state(_STATES.get(alert.state, "warn"), alert.state)


def document(alert: Alert) -> dict[str, Any]:
    """An alert as JSON, with what became of it."""
    return {
        "alert": alert.alert,
        "monitor": alert.monitor,
        "subject": alert.subject,
        "project": alert.project,
        "severity": alert.severity,
        "state": alert.state,
        "injected": alert.injected,
        "message": alert.message,
        "value": alert.value,
        "threshold": alert.threshold,
        "day": alert.day,
        "seq": alert.seq,
        "at": alert.at,
        "changes": [
            {
                "seq": each.seq,
                "state": each.state,
                "actor": each.actor,
                "note": each.note,
                "ref": each.ref,
                "at": each.at,
            }
            for each in alert.changes
        ],
    }


def _value(item: Any) -> str | float | None:
    if item is None or isinstance(item, str):
        return item
    return number(item) if isinstance(item, int | float) else str(item)
