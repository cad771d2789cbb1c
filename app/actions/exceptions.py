"""Exceptions: breaking the glass where the policy lets somebody, seeing what is broken, closing it with an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions import deciding, events, moments, telling
from app.actions.answers import Answer, Mark, moment, say, state, table
from app.actions.approvals import stage
from ledger.errors import InputError
from ledger.projections import artifacts
from ledger.projections import exceptions as projection
from ledger.rules import waivers

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.exceptions import Waiver
    from ledger.projections.view import View

_ROLES = {"open": "bad", "expired": "bad", "closed": "quiet"}


def record(context: Context, *, ref: str, to: str = "prod", reason: str = "", until: str = "24h") -> Answer:
    """Let a version make a transition without what its policy demands, for a while; signed by the actor, and told."""
    from app.notices import Notice
    from ledger.events.exceptions import ExceptionRecorded

    if not reason.strip():
        raise InputError("an exception needs a reason, which everybody reads: --reason TEXT")
    ledger, view, actor = context.ledger, context.view, context.actor
    artifact, transition = artifacts.resolve(view, ref), stage(context, to)
    name = _free(view, artifact.name, artifact.version, transition)
    expires = moments.until(ledger, until, "--for")
    secret = context.unlock(actor)
    digest = waivers.digest(name, artifact, transition, expires)
    envelope = deciding.on_subject(view, actor, secret, f"exception/{name}", digest, "waive", reason)
    fact = ExceptionRecorded(name, transition, reason, expires, envelope)
    recorded = ledger.record(fact, subject=artifact.ref, actor=actor, project=artifact.project, cause=artifact.seq)
    made = _get(ledger.view(), name)
    notice = Notice(
        key=f"exception/{name}/recorded",
        kind="exception",
        subject=artifact.ref,
        title=f"EXCEPTION {name}: {actor} lets {artifact.ref} into {transition}",
        text=reason,
        project=artifact.project,
        severity="high",
        seq=recorded.seq,
        at=recorded.event.at,
        data={"transition": transition, "expires": expires},
    )
    lines = [
        *events.listing([recorded]),
        *described(ledger.view(), made),
        say(f"`assay exception close {name} --outcome TEXT` closes it"),
        *telling.tell(context, "exceptions", notice),
    ]
    return Answer({"exception": document(ledger.view(), made), "event": events.described(recorded)}, lines)


def close(context: Context, *, exception: str, outcome: str = "", note: str | None = None) -> Answer:
    """Close an exception with what came of it; it waives nothing any more."""
    from ledger.events.exceptions import ExceptionClosed

    if not outcome.strip():
        raise InputError("say what came of the exception: --outcome TEXT")
    found = _get(context.view, exception)
    fact = ExceptionClosed(found.exception, outcome, note or None)
    recorded = context.ledger.record(
        fact, subject=found.subject, actor=context.actor, project=found.project, cause=found.seq
    )
    view = context.ledger.view()
    document_ = {"exception": document(view, _get(view, found.exception)), "event": events.described(recorded)}
    return Answer(document_, events.listing([recorded]))


def list_exceptions(context: Context, *, every: bool = False, project: str | None = None) -> Answer:
    """The exceptions that nobody has closed, or all of them; code 1 where one has expired and is not closed."""
    view = context.view
    found = [each for each in projection.listed(view, project=project) if every or each.closed_seq is None]
    lines = [line for each in found for line in described(view, each)]
    if not found:
        lines = [say(Mark("dim", "no exception" if every else "no exception is open; --all shows those that were"))]
    late = any(each.state(moments.present(view)) == "expired" for each in found)
    return Answer({"at": view.at, "exceptions": [document(view, each) for each in found]}, lines, int(late))


def document(view: View, waiver: Waiver) -> dict[str, Any]:
    """An exception as JSON."""
    return {
        "exception": waiver.exception,
        "subject": waiver.subject,
        "transition": waiver.transition,
        "project": waiver.project,
        "state": waiver.state(moments.present(view)),
        "reason": waiver.reason,
        "actor": waiver.actor,
        "seq": waiver.seq,
        "at": waiver.at,
        "expires": waiver.expires,
        "outcome": waiver.outcome,
        "closed_seq": waiver.closed_seq,
        "closed_by": waiver.closed_by,
        "closed_at": waiver.closed_at,
    }


def described(view: View, waiver: Waiver) -> list[str]:
    """An exception as lines, loud while nobody has closed it."""
    where = waiver.state(moments.present(view))
    head = f"EXCEPTION {waiver.exception}" if where != "closed" else f"exception {waiver.exception}"
    lines: list[str] = [
        say(state(_ROLES[where], where), "  ", Mark("title", head), f"  {waiver.subject} to {waiver.transition}"),
        say(f"  by {waiver.actor}, {moment(waiver.at)}, until {moment(waiver.expires)}: {waiver.reason}"),
    ]
    if waiver.closed_seq is not None:
        lines.append(say(f"  closed by {waiver.closed_by}, {moment(waiver.closed_at or '')}: {waiver.outcome}"))
    elif where == "expired":
        lines.append(say(state("bad", "  not closed"), f"; `assay exception close {waiver.exception} --outcome TEXT`"))
    return lines


def loud(view: View, subject: str | None = None) -> list[str]:
    """What every page says of exceptions that nobody has closed: of one subject, or of all."""
    now = moments.present(view)
    found = [each for each in projection.unclosed(view) if subject in (None, each.subject)]
    return table(
        [
            (
                state("bad", f"EXCEPTION {each.state(now)}"),
                each.exception,
                f"{each.subject} to {each.transition}",
                f"by {each.actor} until {moment(each.expires)}: {each.reason}",
            )
            for each in found
        ],
        indent="  ",
    )


def _get(view: View, name: str) -> Waiver:
    found = projection.get(view, name)
    if found is None:
        known = ", ".join(each.exception for each in projection.unclosed(view)[:8])
        raise InputError(f"there is no exception {name}" + (f"; open are {known}" if known else "; none is open"))
    return found


def _free(view: View, name: str, version: int, transition: str) -> str:
    """``fx-vol-3-prod``, with a number where that was used before."""
    base = free = f"{name}-{version}-{transition}"
    number = 2
    while projection.get(view, free) is not None:
        free, number = f"{base}-{number}", number + 1
    return free
