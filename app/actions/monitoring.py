"""Monitors: what each saw last, and looking at new days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.actions.answers import Answer, Mark, counted, number, say, state, table
from app.actions.days import day
from app.actions.events import listing
from ledger.projections import monitors

_BARS = "▁▂▃▄▅▆▇█"
_TREND = 24
"""So many of the newest looks are drawn."""

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.actions.context import Context
    from ledger.projections.monitors import Monitor, Observation


def list_monitors(context: Context, *, project: str | None = None) -> Answer:
    """The monitors as last declared, with the newest value that each saw."""
    view = context.view
    rows, documents = [], []
    looks = monitors.looks(view)
    for each in monitors.listed(view, project=project):
        seen = monitors.observations(view, each.monitor, project=each.project, newest=_TREND)
        times = looks.get((each.monitor, each.project), 0)
        last = seen[-1] if seen else None
        value = None if last is None or last.value is None else number(last.value)
        limit = None if last is None or last.threshold is None else number(last.threshold)
        day_ = None if last is None else last.day
        trend = spark([look.value for look in seen])
        rows.append((_standing(each, last), each.monitor, each.kind, each.subject, day_, value, limit, trend, times))
        documents.append(
            {
                "monitor": each.monitor,
                "kind": each.kind,
                "subject": each.subject,
                "accepted": each.accepted,
                "reason": each.facts.get("reason"),
                "looks": times,
                "breached": None if last is None else last.breached,
                "day": None if last is None else last.day,
                "value": None if last is None else last.value,
                "threshold": None if last is None else last.threshold,
            }
        )
    head = ("state", "monitor", "kind", "watches", "last day", "value", "threshold", "trend", "looks")
    lines = table(rows, head) or [say(Mark("dim", "no monitor is declared"))]
    return Answer({"at": view.at, "monitors": documents}, lines)


def spark(values: Sequence[float | None]) -> str:
    """Values as a line of small bars, from the lowest to the highest; a dot where there is none."""
    known = [each for each in values if each is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    return "".join("·" if each is None else _BARS[round((each - low) / span * 7) if span else 0] for each in values)


def run(context: Context, *, until: str | None = None, stop_at_alert: bool = False) -> Answer:
    """Score every new day with the live model and let every monitor look at it; stop early at an alert where asked."""
    from app.actions.delivering import told
    from app.actions.serving import declared
    from app.actions.watching import Watch, source

    until = None if until is None else day(until, "--until")
    serving = declared(context)
    days, raised = 0, []
    with source(context, serving) as scoring:
        watch = Watch(context, serving, scoring)
        declared_events = watch.declare()
        pending = watch.days(until)
        for each_day in pending:
            context.progress(days, len(pending), each_day)
            seen = watch.look(each_day)
            days += 1
            raised += [each for each in seen.recorded if each.event.type == "alert.raised"]
            if seen.raised and stop_at_alert:
                break
        today = context.ledger.now()[:10]
        if (until is None or until >= today) and not (raised and stop_at_alert):
            raised += [each for each in watch.idle(today) if each.event.type == "alert.raised"]
        last = watch.last_day
    deliveries = told(context, [each.event.value["alert"] for each in raised])
    lines: list[str] = [
        say(state("bad" if raised else "good", counted(len(raised), "alert")), f"  in {counted(days, 'day')}")
    ]
    lines += [say(state("warn", "refused"), f"  {why}") for why in watch.refused.values()]
    lines += listing(raised, indent="  ")
    lines += [
        say("  ", state("good" if each.ok else "bad", "told" if each.ok else "not told"), f"  {each.route}: {each.key}")
        for each in deliveries
    ]
    document = {
        "days": days,
        "last_day": last or None,
        "declared": len(declared_events),
        "refused": watch.refused,
        "alerts": [each.event.value["alert"] for each in raised],
        "told": [each.document() for each in deliveries],
    }
    return Answer(document, lines)


def _standing(monitor: Monitor, last: Observation | None) -> Mark:
    """A monitor's state; a look that the data allowed no value for is neither quiet nor a breach."""
    if not monitor.accepted:
        return state("warn", "refused")
    if last is None:
        return state("open", "no look yet")
    if last.breached:
        return state("bad", "breached")
    return state("warn", "unknown") if last.value is None else state("good", "quiet")
