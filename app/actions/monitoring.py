"""Monitors: looking at new days, and comparing two tables for drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions.answers import Answer, Mark, counted, number, say, state, table
from app.actions.events import listing
from ledger.errors import InputError
from ledger.projections import artifacts, monitors

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.artifacts import Artifact


def list_monitors(context: Context, *, project: str | None = None) -> Answer:
    """The monitors as last declared, with the newest value that each saw."""
    view = context.view
    rows, documents = [], []
    for each in monitors.listed(view, project=project):
        seen = monitors.observations(view, each.monitor, project=each.project)
        last = seen[-1] if seen else None
        word = (
            state("warn", "refused")
            if not each.accepted
            else state("bad", "breached")
            if last and last.breached
            else None
        )
        word = word or (state("good", "quiet") if last else state("open", "no look yet"))
        value = None if last is None or last.value is None else number(last.value)
        limit = None if last is None or last.threshold is None else number(last.threshold)
        rows.append((word, each.monitor, each.kind, each.subject, last.day if last else None, value, limit, len(seen)))
        documents.append(
            {
                "monitor": each.monitor,
                "kind": each.kind,
                "subject": each.subject,
                "accepted": each.accepted,
                "reason": each.facts.get("reason"),
                "looks": len(seen),
                "breached": None if last is None else last.breached,
                "day": None if last is None else last.day,
                "value": None if last is None else last.value,
                "threshold": None if last is None else last.threshold,
            }
        )
    head = ("state", "monitor", "kind", "watches", "last day", "value", "threshold", "looks")
    lines = table(rows, head) or [say(Mark("dim", "no monitor is declared"))]
    return Answer({"at": view.at, "monitors": documents}, lines)


def run(context: Context, *, until: str | None = None, stop_at_alert: bool = False) -> Answer:
    """Score every new day with the live model and let every monitor look at it; stop early at an alert where asked."""
    from app.actions.serving import Scoring, declared
    from app.actions.watching import Watch

    serving = declared(context)
    days, raised = 0, []
    with Scoring(context, serving) as scoring:
        watch = Watch(context, serving, scoring)
        declared_events = watch.declare()
        pending = watch.days(until)
        for day in pending:
            context.progress(days, len(pending), day)
            seen = watch.look(day)
            days += 1
            raised += [each for each in seen.recorded if each.event.type == "alert.raised"]
            if seen.raised and stop_at_alert:
                break
        last = watch.last_day
    lines: list[str] = [
        say(state("bad" if raised else "good", counted(len(raised), "alert")), f"  in {counted(days, 'day')}")
    ]
    lines += [say(state("warn", "refused"), f"  {name}: {why}") for name, why in watch.refused.items()]
    lines += listing(raised, indent="  ")
    document = {
        "days": days,
        "last_day": last or None,
        "declared": len(declared_events),
        "refused": watch.refused,
        "alerts": [each.event.value["alert"] for each in raised],
    }
    return Answer(document, lines)


def drift(context: Context, *, reference: str, current: str, features: str | None = None) -> Answer:
    """Compare two tables of numbers, feature by feature: exit code 1 where they drifted."""
    from app.monitoring import comparison

    before, after = (_columns(context, artifacts.resolve(context.view, ref)) for ref in (reference, current))
    names = features.split(",") if features else [name for name in before if name in after]
    for name in names:
        if name not in before or name not in after:
            raise InputError(
                f"{name} is not a column of numbers in both; there are {', '.join(sorted(set(before) & set(after)))}"
            )
    if not names:
        raise InputError("the two tables have no column of numbers in common")
    found = comparison.compare({name: before[name] for name in names}, {name: after[name] for name in names})
    rows = [
        (
            state("bad", "drifted") if each["drifted"] else state("good", "alike"),
            name,
            each["ks"],
            each["p_value"],
            each["psi"],
            each["wasserstein"],
            each["n"],
        )
        for name, each in found.items()
    ]
    drifted = sum(each["drifted"] for each in found.values())
    lines = table(rows, ("verdict", "feature", "KS", "p", "PSI", "Wasserstein", "rows"))
    note = "p-values hold for independent rows alone; a monitor's calibrated threshold holds for dependent ones too"
    return Answer(
        {"reference": reference, "current": current, "features": found, "drifted": drifted},
        [*lines, say(Mark("dim", note))],
        1 if drifted * 2 >= len(found) else 0,
    )


def _columns(context: Context, artifact: Artifact) -> dict[str, Any]:
    """A CSV's columns of numbers, as arrays."""
    import csv
    import io

    import numpy as np

    text = context.ledger.objects.read(artifact.digest).decode("utf-8", "replace")
    lines = csv.reader(io.StringIO(text))
    header = next(lines, [])
    rows = [row for row in lines if len(row) == len(header)]
    columns: dict[str, Any] = {}
    for place, name in enumerate(header):
        try:
            columns[name] = np.array([float(row[place] or "nan") for row in rows])
        except ValueError:
            continue  # words, such as a date or a currency
    return columns
