"""What becomes of a request besides its decisions: taken back, an approval revoked; and runs that are signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.actions import approvals, deciding, events
from app.actions.answers import Answer
from ledger.errors import InputError
from ledger.projections import approvals as projection
from ledger.projections import runs

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.store.journal import Recorded


def withdraw(context: Context, *, request: str, reason: str | None = None) -> Answer:
    """Take a request back: its approvals count no more."""
    from ledger.events.approvals import ApprovalWithdrawn

    found = _request(context, approvals.number(request))
    recorded = context.ledger.record(
        ApprovalWithdrawn(found.seq, reason or None),
        subject=found.subject,
        actor=context.actor,
        project=found.project,
        cause=found.seq,
    )
    return _answer(context, found.seq, recorded)


def revoke(context: Context, *, approval: str, reason: str = "") -> Answer:
    """Revoke an approval, signed with the actor's own key; from the next event on it counts no more."""
    from ledger.events.approvals import ApprovalRevoked

    if not reason.strip():
        raise InputError("a revocation needs a reason: --reason TEXT")
    seq, view = approvals.number(approval), context.view
    row = view.row("SELECT request, verdict FROM decisions WHERE seq = :seq AND seq <= :at", {"seq": seq})
    if row is None or row[1] != "approve":
        raise InputError(f"event {seq} is no approval; `assay approvals --all --json` has their numbers")
    found = _request(context, int(row[0]))
    secret = context.unlock(context.actor)
    envelope = deciding.on_subject(
        view, context.actor, secret, found.subject, found.digest, "revoke", reason, request=found.seq
    )
    fact = ApprovalRevoked(found.transition, found.seq, seq, reason, envelope)
    recorded = context.ledger.record(fact, subject=found.subject, actor=context.actor, project=found.project, cause=seq)
    return _answer(context, found.seq, recorded)


def sign_run(context: Context, *, run: str) -> Answer:
    """Vouch for a run of the actor's own, by a signature over the event in which it ended."""
    from ledger.events.runs import RunSigned
    from ledger.rules.vouching import run_digest

    view = context.view
    found = runs.find(view, run)
    if found.ended_seq is None:
        raise InputError(f"{found.ref} has not ended; there is nothing to sign yet")
    digest = run_digest(view, found)
    envelope = deciding.on_subject(view, context.actor, context.unlock(context.actor), found.ref, digest, "approve", "")
    fact = RunSigned(found.run, digest, envelope)
    recorded = context.ledger.record(fact, actor=context.actor, project=found.project, cause=found.ended_seq)
    return Answer({"run": found.ref, "sha256": digest, "event": events.described(recorded)}, events.listing([recorded]))


def _request(context: Context, seq: int) -> projection.Request:
    found = projection.get(context.view, seq)
    if found is None:
        raise InputError(f"event {seq} is no request; `assay approvals` lists them")
    return found


def _answer(context: Context, seq: int, recorded: Recorded) -> Answer:
    now = context.ledger.view()
    made = projection.get(now, seq)
    assert made is not None
    document = {"request": approvals.document(now, made), "event": events.described(recorded)}
    return Answer(document, [*events.listing([recorded]), *approvals.described(now, made)])
