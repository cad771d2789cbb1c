"""Rules on what becomes of a request: taken back, overdue, expired; and an approval that is revoked."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from ledger.errors import Missing
from ledger.format.decision import RequestRef
from ledger.format.event import Event
from ledger.projections import View, approvals, people
from ledger.projections.approvals import Request
from ledger.rules import decisions

MAX_LEVEL = 3
"""The steps of an escalation: who is responsible, who is accountable, the administrators."""


def withdrawn(view: View, event: Event) -> Iterator[Missing]:
    """A request is taken back by whoever made it, or an administrator, while it counts."""
    request = yield from _open(view, event)
    if request is not None and event.actor != request.actor and not people.is_administrator(view, event.actor):
        yield Missing(f"request {request.seq} is {request.actor}'s, and {event.actor} may not withdraw it")


def revoked(view: View, event: Event) -> Iterator[Missing]:
    """An approval is revoked, with a reason, by whoever gave it, who is accountable for its subject, or an administrator."""
    value = event.value
    signed, problem = decisions.signature(view, event, event.actor)
    if signed is None:
        yield Missing(problem)
        return
    yield from decisions.once(view, event)
    request = approvals.get(view, value["request"])
    if request is None or request.subject != event.subject:
        yield Missing(f"event {value['request']} is no request on {event.subject}", "approvals --all")
        return
    row = view.row("SELECT hash FROM events WHERE seq = :seq", {"seq": request.seq})
    if row is None or signed.request != RequestRef(request.seq, row[0].hex()):
        yield Missing(f"the signed statement does not name request {request.seq} by its hash")
    if signed.subject_name != event.subject or signed.subject_sha256 != request.digest:
        yield Missing(f"the decision is on other bytes than those of request {request.seq}")
    if not value["reason"].strip() or value["reason"] != signed.reason:
        yield Missing("a revocation needs a reason, the one that was signed")
    approval = next((each for each in request.approvals if each.seq == value["approval"]), None)
    if approval is None:
        yield Missing(f"event {value['approval']} is no approval of request {request.seq} that counts")
        return
    may = {approval.signer} | {
        each.principal
        for subject in (event.subject, event.subject.rpartition("@")[0])
        for each in people.owners(view, subject)
        if each.role == "accountable"
    }
    if event.actor not in may and not people.is_administrator(view, event.actor):
        yield Missing(f"{event.actor} may not revoke the approval of {approval.signer}", "", ", ".join(sorted(may)))


def escalated(view: View, event: Event) -> Iterator[Missing]:
    """An open request is escalated once it is overdue, one step after the other."""
    request = yield from _open(view, event)
    if request is None:
        return
    if request.due is None or event.at < request.due:
        yield Missing(f"request {request.seq} is not overdue" + (f" before {request.due}" if request.due else ""))
    before = sum(each.change == "escalated" for each in request.changes)
    if event.value["level"] != before + 1 or before >= MAX_LEVEL:
        yield Missing(f"the next step of request {request.seq} is {before + 1}, of {MAX_LEVEL} at most")


def expired(view: View, event: Event) -> Iterator[Missing]:
    """A request's expiry is recorded once, when its time is over."""
    request = approvals.get(view, event.value["request"])
    if request is None or request.subject != event.subject:
        yield Missing(f"event {event.value['request']} is no request on {event.subject}", "approvals --all")
    elif request.expires is None or event.at < request.expires:
        yield Missing(
            f"request {request.seq} has not expired" + (f" before {request.expires}" if request.expires else "")
        )
    elif request.ended():
        yield Missing(f"request {request.seq} has ended before: {request.ended()}")


def _open(view: View, event: Event) -> Generator[Missing, None, Request | None]:
    """The request that an event speaks of, where it counts still; else what is missing is yielded, and ``None`` returned."""
    request = approvals.get(view, event.value["request"])
    if request is None or request.subject != event.subject:
        yield Missing(f"event {event.value['request']} is no request on {event.subject}", "approvals --all")
        return None
    ended = request.ended(event.at)
    if ended:
        yield Missing(f"request {request.seq} has ended: {ended}")
        return None
    return request
