"""Requests by the clock: those who may sign are told, overdue ones are escalated along RACI, expired ones closed.

Where the policy lets an automation approve, and its key lies here, it signs once the policy's conditions hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.actions import asking, deciding, telling
from ledger.errors import AssayError
from ledger.events.approvals import ApprovalEscalated, ApprovalExpired
from ledger.format import times
from ledger.projections import approvals, artifacts, exceptions, people
from ledger.projections.approvals import Request
from ledger.rules import gates
from ledger.rules.policy import condition_words, in_force
from ledger.rules.requests import MAX_LEVEL

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.view import View

_STEPS = ("responsible", "accountable")


def escalate(context: Context, now: datetime) -> list[str]:
    """Do what is due about requests and exceptions; one line for each thing done."""
    moment = times.format_time(now)
    done: list[str] = []
    for request in approvals.requests(context.ledger.view()):
        ended = request.ended(moment)
        if gates.fulfilled(context.ledger.view(), request) is not None:
            continue
        if ended == "expired" and not any(each.change == "expired" for each in request.changes):
            done += _expired(context, request)
        elif not ended:
            done += _open(context, request, moment)
    done += _exceptions(context, moment)
    return done


def _open(context: Context, request: Request, now: str) -> Iterator[str]:
    view = context.ledger.view()
    artifact = artifacts.get(view, request.subject)
    goal = gates.environment_of(request.transition)
    if artifact is None or not gates.missing(view, request.subject, goal, now=now, request=request.seq):
        return
    for line in asking.told(context, request, artifact):
        yield f"request {request.seq}: {line}"
    yield from _automatic(context, request, artifact, now)
    if request.due is None or now < request.due:
        return
    level = 1 + sum(each.change == "escalated" for each in request.changes)
    if level <= MAX_LEVEL and now >= _step(request, level):
        yield from _escalated(context, request, level)


def _escalated(context: Context, request: Request, level: int) -> Iterator[str]:
    view = context.ledger.view()
    to = _whom(view, request, level)
    context.ledger.record(
        ApprovalEscalated(request.seq, level, to),
        subject=request.subject,
        actor=context.actor,
        project=request.project,
        cause=request.seq,
    )
    yield f"request {request.seq} is overdue: step {level}, to {', '.join(to) or 'nobody, for nobody is named'}"
    title = f"request {request.seq} on {request.subject} is overdue since {(request.due or '')[:16]}"
    notice = telling.of_request(request, f"escalated-{level}", title, to)
    for line in telling.tell(context, "approvals", notice, _routes(view, request)):
        yield f"request {request.seq}: {line}"


def _expired(context: Context, request: Request) -> Iterator[str]:
    context.ledger.record(
        ApprovalExpired(request.seq),
        subject=request.subject,
        actor=context.actor,
        project=request.project,
        cause=request.seq,
    )
    yield f"request {request.seq} on {request.subject} has expired"
    title = f"request {request.seq} on {request.subject} has expired; a new one can be made"
    notice = telling.of_request(request, "expired", title, [request.actor])
    for line in telling.tell(context, "approvals", notice, _routes(context.ledger.view(), request)):
        yield f"request {request.seq}: {line}"


def _automatic(context: Context, request: Request, artifact: artifacts.Artifact, now: str) -> Iterator[str]:
    """Let each automation that the policy names, and whose key lies here, approve once it may."""
    view = context.ledger.view()
    for rule in gates.rules_for(view, artifact, gates.environment_of(request.transition)):
        if rule.automation is None:
            continue
        for name in rule.automation.identities:
            roles = [role for role in people.roles(view, name, request.project) if role in request.roles]
            able = [role for role in roles if gates.barred(view, request, name, role, now=now) is None]
            if not able or not context.keystore.has_person(name):
                continue
            policy = in_force(view, artifact.project)
            reason = f"by {policy.ref} ({policy.digest()[:15]}…): {condition_words(rule.automation.when)}"
            try:
                draft = deciding.draft(view, request.seq, name, "approve", able[0], reason)
                deciding.record(context.ledger, draft, deciding.signed(draft, context.unlock(name)))
            except AssayError as error:
                yield f"request {request.seq}: {name} could not approve: {error}"
                continue
            yield f"{name} approved request {request.seq} on {request.subject}, as the policy lets it"
            view = context.ledger.view()


def _exceptions(context: Context, now: str) -> Iterator[str]:
    """Tell once that an exception has expired and nobody has closed it."""
    from app.notices import Notice

    for each in exceptions.unclosed(context.ledger.view()):
        if each.state(now) != "expired":
            continue
        notice = Notice(
            key=f"exception/{each.exception}/expired",
            kind="exception",
            subject=each.subject,
            title=f"the exception {each.exception} of {each.subject} has expired and is not closed",
            text=each.reason,
            project=each.project,
            severity="high",
            to=(each.actor,),
            seq=each.seq,
            at=each.expires,
        )
        for line in telling.tell(context, "exceptions", notice):
            yield f"exception {each.exception}: {line}"


def _step(request: Request, level: int) -> str:
    """When a step of the escalation is due: the first when the answer is, each other as long after it again."""
    due = times.parse_time(request.due or request.at)
    return times.format_time(due + (level - 1) * max(due - times.parse_time(request.at), timedelta(seconds=1)))


def _whom(view: View, request: Request, level: int) -> list[str]:
    """Who is told in a step: the responsible, then the accountable, then the administrators; nobody is skipped in silence."""
    for step in range(level, MAX_LEVEL):
        names = [
            each.principal
            for subject in (request.subject, request.subject.rpartition("@")[0], f"project/{request.project}")
            for each in people.owners(view, subject)
            if each.role == _STEPS[step - 1]
        ]
        if names:
            return list(dict.fromkeys(names))
    return [each.name for each in people.listed(view) if each.administrator]


def _routes(view: View, request: Request) -> list[str]:
    artifact = artifacts.get(view, request.subject)
    rules = () if artifact is None else gates.rules_for(view, artifact, gates.environment_of(request.transition))
    return [name for rule in rules for name in rule.notify]
