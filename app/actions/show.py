"""One thing and its history, whatever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from app.actions import alerts, approvals, artifacts, deployments, events, exceptions, people, references, runs
from app.actions.answers import Answer, Mark, fields, moment, say
from ledger.projections import alerts as alert_projection
from ledger.projections import approvals as approval_projection
from ledger.projections import artifacts as artifact_projection
from ledger.projections import deployments as deployment_projection
from ledger.projections import people as people_projection
from ledger.projections import runs as run_projection

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.view import View

Found = TypeVar("Found")


def show(context: Context, *, ref: str) -> Answer:
    """What a reference names: its facts, then its history. ``what`` in the document says which kind it is."""
    view = context.view
    target = references.find(view, ref)
    answer = _shown(view, target)
    broken = exceptions.loud(view, target.ref)
    if broken:
        answer = answer._replace(lines=[*broken, *answer.lines])
    return answer._replace(document={"what": target.kind, "ref": target.ref, **answer.document})


def _shown(view: View, target: references.Target) -> Answer:
    name = target.ref.partition("/")[2]
    if target.kind == "event":
        return _event(view, int(target.ref.removeprefix("seq:")))
    if target.kind == "artifact":
        return artifacts.shown(view, _there(artifact_projection.get(view, target.ref)))
    if target.kind == "run":
        return runs.shown(view, _there(run_projection.get(view, name)))
    if target.kind == "alert":
        return alerts.shown(view, _there(alert_projection.get(view, name)))
    if target.kind == "deployment":
        return deployments.shown(view, _there(deployment_projection.get(view, name)))
    if target.kind == "person":
        return people.shown(view, _there(people_projection.get(view, name)))
    past = events.history(view, target.ref)
    history = [events.described(each) for each in past]
    return Answer(
        {"at": view.at, "history": history}, [say(Mark("title", target.ref)), *events.recent(past, target.ref)]
    )


def _event(view: View, seq: int) -> Answer:
    """One event: envelope, sentence, exact bytes; and the request, where it made one."""
    recorded = events.read(view, seq)
    event = recorded.event
    effects = view.rows("SELECT seq FROM events WHERE cause = :seq AND seq <= :at ORDER BY seq LIMIT 50", {"seq": seq})
    led_to = [events.read(view, row[0]) for row in effects]
    facts = {**events.described(recorded), "prev": event.prev, "value": event.value, "body": recorded.body.decode()}
    rows: list[tuple[str, Any]] = [
        ("type", event.type),
        ("about", event.subject),
        ("project", event.project),
        ("by", event.actor),
        ("at", moment(event.at)),
        ("cause", None if event.cause is None else f"event {event.cause}"),
        ("hash", recorded.hash.hex()),
        ("prev", event.prev),
        ("bytes", len(recorded.body)),
    ]
    lines = [say(Mark("title", f"event {seq}"), f"  {facts['sentence']}"), *fields(rows)]
    document: dict[str, Any] = {"at": view.at, "event": facts, "led_to": [events.described(each) for each in led_to]}
    request = approval_projection.get(view, seq)
    if request is not None:
        document["request"] = approvals.document(view, request)
        lines += ["", *approvals.described(view, request)]
    lines += ["", say(Mark("dim", "the exact bytes")), say(recorded.body.decode())]
    if led_to:
        lines += ["", say(Mark("dim", "led to")), *events.listing(led_to)]
    return Answer(document, lines)


def _there(found: Found | None) -> Found:
    assert found is not None
    return found
