"""Runs: what was made by whom, from what, with which result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.actions import events
from app.actions.answers import Answer, Mark, at_most, counted, earlier, fields, moment, number, say, state, table
from ledger.format import canonical
from ledger.projections import artifacts, runs

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.runs import Run
    from ledger.projections.view import View

_STATES = {"ok": "good", "failed": "bad", "interrupted": "warn", "running": "live"}


def list_runs(
    context: Context,
    *,
    project: str | None = None,
    job: str | None = None,
    experiment: str | None = None,
    count: int = 50,
) -> Answer:
    """The newest runs, oldest of them first; stale is one that read what has a newer version by now."""
    view = context.view
    found = runs.listed(view, project=project, job=job, experiment=experiment, newest=at_most(count))
    total = runs.count(view, project=project, job=job, experiment=experiment)
    newer = stale(view, found)
    rows = [
        (
            each.ref if len(each.run) <= 16 else f"run/{each.run[:12]}…",
            each.job,
            state("warn", "ok, stale") if each.run in newer else status(each),
            Mark("dim", moment(each.started_at)),
            each.actor,
            " ".join(ref for ref, _ in each.outputs[:3]) + (" …" if len(each.outputs) > 3 else ""),
            " ".join(f"{name} {number(each.metrics[name])}" for name in sorted(each.metrics)[:3]),
        )
        for each in found
    ]
    lines = table(rows, ("run", "job", "status", "started", "by", "made", "metrics"))
    document_ = {"at": view.at, "total": total, "runs": [document(each) for each in found], "stale": newer}
    return Answer(document_, [*earlier(len(found), total, "run"), *lines] or [say(Mark("dim", "no run"))])


def stale(view: View, found: Sequence[Run]) -> dict[str, list[str]]:
    """By run that ended well: the versions that are newer than the inputs and the code that it used.

    Such a run's metrics are those of older data or older code.
    """
    newest: dict[str, str] = {}
    codes: dict[str, list[str]] = {}
    older: dict[str, list[str]] = {}
    for run in found:
        if run.status != "ok":
            continue
        if run.code is not None and run.code not in codes:
            codes[run.code] = [each.ref for each in artifacts.by_digest(view, run.code) if each.kind == "code"][-1:]
        for ref in [*(ref for ref, _ in run.inputs), *codes.get(run.code or "", ())]:
            base = ref.rpartition("@")[0]
            if base not in newest:
                kind, project, name = base.split("/")
                latest = artifacts.latest(view, kind, project, name)
                newest[base] = latest.ref if latest else ref
            if newest[base] != ref:
                older.setdefault(run.run, []).append(newest[base])
    return older


def show_run(context: Context, *, run: str) -> Answer:
    """One run with all that is recorded of it."""
    view = context.view
    return shown(view, runs.find(view, run), _series(context, runs.find(view, run)))


def _series(context: Context, run: Run) -> list[str]:
    """A run's metrics over its steps, a line each: how many, first, last, least and greatest."""
    objects = context.ledger.objects
    if run.series is None or not objects.has(run.series):
        return []
    found: dict[str, list[list[float]]] = canonical.decode(objects.read(run.series))
    rows = []
    for name, points in sorted(found.items()):
        values = [value for _, value in points]
        span = f"{number(values[0])} → {number(values[-1])}, between {number(min(values))} and {number(max(values))}"
        rows.append((Mark("dim", "series"), name, counted(len(points), "step"), span))
    return table(rows, indent="  ")


def shown(view: View, run: Run, series: Sequence[str] = ()) -> Answer:
    """One run: its facts, its metrics over its steps as given, then its history."""
    past = events.history(view, run.ref)
    tree = {None: None, True: "with uncommitted changes", False: "clean"}[run.dirty]
    rows: list[tuple[str, Any]] = [
        ("status", status(run)),
        ("reason", run.reason),
        ("job", f"{run.job} ({run.job_type})"),
        ("experiment", run.experiment),
        ("trigger", run.trigger),
        ("started", f"{moment(run.started_at)} by {run.actor}, event {run.seq}"),
        ("ended", f"{moment(run.ended_at)}, event {run.ended_seq}" if run.ended_at else None),
        ("seconds", run.seconds),
        ("exit code", run.exit_code),
        ("command", " ".join(run.command) or None),
        ("commit", f"{run.commit} {tree or ''}".strip() if run.commit else None),
        ("code", run.code),
        ("config", run.config),
        ("runtime", run.runtime),
        ("seed", None if run.seed is None else str(run.seed)),
        ("log", run.log),
    ]
    lines = [say(Mark("title", run.ref)), *fields(rows)]
    for what, items in (("input", run.inputs), ("output", run.outputs)):
        lines += table([(Mark("dim", what), ref, Mark("dim", digest[:15])) for ref, digest in items], indent="  ")
    lines += table([(Mark("dim", "metric"), name, run.metrics[name]) for name in sorted(run.metrics)], indent="  ")
    newer = stale(view, [run]).get(run.run, [])
    lines += table([(Mark("warn", "! stale"), f"{ref} is newer") for ref in newer], indent="  ")
    lines += [*series, "", *events.listing(past)]
    return Answer({"at": view.at, "run": document(run), "history": [events.described(each) for each in past]}, lines)


def status(run: Run) -> Mark:
    """A run's status as glyph and word."""
    return state(_STATES.get(run.status, "warn"), run.status)


def document(run: Run) -> dict[str, Any]:
    """A run as JSON."""
    return {
        "run": run.run,
        "ref": run.ref,
        "job": run.job,
        "job_type": run.job_type,
        "project": run.project,
        "actor": run.actor,
        "status": run.status,
        "seq": run.seq,
        "started_at": run.started_at,
        "ended_seq": run.ended_seq,
        "ended_at": run.ended_at,
        "inputs": [{"ref": ref, "sha256": digest} for ref, digest in run.inputs],
        "outputs": [{"ref": ref, "sha256": digest} for ref, digest in run.outputs],
        "metrics": run.metrics,
        "parameters": run.parameters,
        "command": list(run.command),
        "code": run.code,
        "commit": run.commit,
        "dirty": run.dirty,
        "config": run.config,
        "runtime": run.runtime,
        "seed": run.seed,
        "seconds": run.seconds,
        "exit_code": run.exit_code,
        "log": run.log,
        "reason": run.reason,
        "trigger": run.trigger,
        "experiment": run.experiment,
        "series": run.series,
    }
