"""Alerts: what monitors raised, who has seen it, what ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions import events, references
from app.actions.answers import Answer, Mark, at_most, earlier, fields, number, say, state, table
from ledger.errors import InputError
from ledger.projections import alerts

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.alerts import Alert
    from ledger.projections.view import View

_STATES = {"raised": "bad", "acknowledged": "warn", "resolved": "good"}


def list_alerts(context: Context, *, state: str | None = None, project: str | None = None, count: int = 50) -> Answer:
    """The newest alerts in the order they were raised."""
    view = context.view
    every = alerts.listed(view, state=state, project=project)
    found = every[-at_most(count) :]
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
    told = [*earlier(len(found), len(every), "alert"), *lines] or [say(Mark("dim", "no alert"))]
    return Answer({"at": view.at, "total": len(every), "alerts": [document(each) for each in found]}, told)


def acknowledge(context: Context, *, alert: str, note: str | None = None) -> Answer:
    """Record that the actor has seen an alert."""
    from ledger.events.alerts import AlertAcknowledged

    found = _found(context.view, alert)
    if found.state != "raised":
        last = found.changes[-1]
        raise InputError(f"alert {found.alert} is {found.state} already, by {last.actor} at event {last.seq}")
    fact = AlertAcknowledged(alert=found.alert, note=note)
    recorded = context.ledger.record(fact, actor=context.actor, project=found.project, cause=found.seq)
    now = alerts.get(context.ledger.view(), found.alert)
    assert now is not None
    return Answer({"alert": document(now), "event": events.described(recorded)}, events.listing([recorded]))


def resolve(context: Context, *, alert: str, action: str, ref: str | None = None) -> Answer:
    """Record what ended an alert."""
    from ledger.events.alerts import AlertResolved

    found = _found(context.view, alert)
    if found.state == "resolved":
        last = found.changes[-1]
        raise InputError(f"alert {found.alert} is resolved already, by {last.actor} at event {last.seq}")
    named = None if ref is None else references.find(context.view, ref).ref
    fact = AlertResolved(alert=found.alert, action=action, ref=named)
    recorded = context.ledger.record(fact, actor=context.actor, project=found.project, cause=found.seq)
    now = alerts.get(context.ledger.view(), found.alert)
    assert now is not None
    return Answer({"alert": document(now), "event": events.described(recorded)}, events.listing([recorded]))


def silence(context: Context, *, monitor: str, until: str, reason: str) -> Answer:
    """Send none of a monitor's alerts up to a day; they are recorded all the same."""
    from app.actions.days import day
    from ledger.events.alerts import AlertSilenced
    from ledger.projections import monitors

    last = day(until, "--until")
    known = {each.monitor: each for each in monitors.listed(context.view)}
    if monitor not in known:
        raise InputError(f"there is no monitor {monitor}; there are {', '.join(known) or 'none'}")
    if last < context.ledger.now()[:10]:
        raise InputError(f"{last} is past: a silence has an end that is still to come")
    if not reason.strip():
        raise InputError("a silence needs a reason: who meets it has to understand it")
    project = known[monitor].project
    fact = AlertSilenced(monitor=monitor, until=last, reason=reason)
    recorded = context.ledger.record(
        fact, subject=f"monitor/{project}/{monitor}", actor=context.actor, project=project, cause=known[monitor].seq
    )
    document_ = {"monitor": monitor, "until": last, "reason": reason, "event": events.described(recorded)}
    return Answer(document_, events.listing([recorded]))


def silences(view: View, project: str | None) -> dict[str, str]:
    """The monitors of a project that were silenced, each with the last day of its silence; the last word counts."""
    return {
        each.event.value["monitor"]: each.event.value["until"]
        for each in events.matching(view, types=["alert.silenced"], subject=f"monitor/{project}/")
    }


def _found(view: View, name: str) -> Alert:
    """The alert that a command means, by its name or the beginning of it."""
    ref = references.find(view, name if name.startswith("alert/") else f"alert/{name}").ref
    found = alerts.get(view, ref.removeprefix("alert/"))
    assert found is not None
    return found


def shown(view: View, alert: Alert) -> Answer:
    """One alert: its facts, then its history."""
    past = sorted(
        [*events.history(view, f"alert/{alert.alert}"), events.read(view, alert.seq)], key=lambda each: each.seq
    )
    raised = events.read(view, alert.seq).event.value
    came = raised.get("before", ())
    rows: list[tuple[str, Any]] = [
        ("state", standing(alert)),
        ("severity", alert.severity + (" (drill)" if alert.injected else "")),
        ("monitor", alert.monitor),
        ("about", alert.subject),
        ("day", alert.day),
        ("value", _value(alert.value)),
        ("threshold", _value(alert.threshold)),
        ("message", alert.message),
        ("series", ", ".join(raised.get("series", ())) or None),
        ("before it", "; ".join(f"{each['what']} {each['ref']}, event {each['seq']}" for each in came) or None),
        ("expires", raised.get("expires")),
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
