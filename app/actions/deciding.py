"""Decisions: what a person is about to sign, its exact bytes, and its way into the ledger once it is signed."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import moments
from ledger.errors import InputError, Missing, Refused
from ledger.format import b64, canonical, decision, dsse, times
from ledger.format.decision import Decision
from ledger.format.errors import FormatError
from ledger.projections import approvals
from ledger.rules import drafting, gates, seats

if TYPE_CHECKING:
    from ledger.format.dsse import Envelope
    from ledger.format.keys import PublicKey, SigningKey, VerifierKey
    from ledger.ledger import Ledger
    from ledger.projections.approvals import Request
    from ledger.projections.view import View
    from ledger.store.journal import Recorded


class Draft(NamedTuple):
    """A decision on a request before it is signed: what the ledger will record, and what will be signed.

    ``changes``: the signed rejection is recorded as a wish for changes.
    """

    request: Request
    role: str
    decision: Decision
    changes: bool = False

    @property
    def statement(self) -> bytes:
        """The very bytes that are signed, inside DSSE's frame."""
        return decision.statement(self.decision)

    @property
    def signed_bytes(self) -> bytes:
        """The very bytes that an Ed25519 signature is made over: the statement in DSSE's frame."""
        return dsse.pae(decision.PAYLOAD_TYPE, self.statement)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the statement, in hex: what a signer compares."""
        return hashlib.sha256(self.statement).hexdigest()


def draft(view: View, number: int, signer: str, verdict: str, role: str | None, reason: str) -> Draft:
    """What ``signer`` would sign on request ``number``; nothing is signed or recorded.

    Args:
        view: the ledger's present.
        number: the request's seq.
        signer: who decides.
        verdict: ``approve``, ``reject``, or ``change``, which asks for changes and is signed as a rejection.
        role: in which role; ``None`` takes the only one that counts.
        reason: why, at most 8,000 bytes.

    Raises:
        InputError: there is no such request, or ``signer`` holds several roles that count and names none.
        Refused: the rules bar ``signer`` from deciding on it; the message says why.
    """
    request = approvals.get(view, number)
    if request is None:
        open_ones = [str(each.seq) for each in approvals.requests(view)]
        known = f"; the requests: {', '.join(open_ones[-8:])}" if open_ones else ""
        raise InputError(f"event {number} is no request{known}")
    role = role or _role(view, request, signer)
    why = gates.barred(view, request, signer, role, now=moments.present(view))
    if why is not None:
        raise Refused(f"refused: {why}", (Missing(why, "approvals"),))
    changes = verdict == "change"
    said = "reject" if changes else verdict
    stated = drafting.on_request(view, number, verdict=said, reason=reason, signer=signer, signed_at=_wall_time())
    return Draft(request, role, stated, changes)


def signed(draft: Draft, secret: SigningKey) -> Envelope:
    """The draft's statement in an envelope that ``secret`` signs."""
    return decision.sign(draft.decision, secret)


def taken(view: View, number: int, text: bytes, verdict: str, role: str | None) -> tuple[Draft, Envelope]:
    """A decision on request ``number`` that was signed elsewhere; the ledger's rules judge it when it is recorded.

    Args:
        view: the ledger's present.
        number: the request's seq.
        text: the envelope, as JSON.
        verdict: what it must state: ``approve`` or ``reject``; ``change`` records a rejection as a wish for changes.
        role: in which role; ``None`` takes the only one that counts.

    Raises:
        InputError: it is no envelope, or on another request or with another verdict.
    """
    try:
        envelope = canonical.parse(text)
        stated = decision.peek(envelope)
    except FormatError as error:
        raise InputError(f"this is no signed decision: {error}") from None
    request = approvals.get(view, number)
    if request is None or stated.request is None or stated.request.seq != number:
        on = "no request" if stated.request is None else f"request {stated.request.seq}"
        raise InputError(f"the signed decision is on {on}, not on request {number}")
    if stated.verdict != ("reject" if verdict == "change" else verdict):
        raise InputError(
            f"the signed verdict is {stated.verdict}; `assay {stated.verdict} {number} --signed` records it"
        )
    return Draft(request, role or _role(view, request, stated.signer), stated, verdict == "change"), envelope


def record(ledger: Ledger, draft: Draft, envelope: Envelope) -> Recorded:
    """Append a signed decision; the ledger's rules check it once more.

    Raises:
        Refused: a rule forbids it, perhaps because of what was recorded since it was drafted.
    """
    from ledger.events.approvals import ApprovalChangesRequested, ApprovalGranted, ApprovalRejected

    request, transition = draft.request, draft.request.transition
    fact: ApprovalGranted | ApprovalRejected | ApprovalChangesRequested
    if draft.changes:
        fact = ApprovalChangesRequested(transition, draft.role, draft.decision.reason, request.seq, envelope)
    elif draft.decision.verdict == "approve":
        fact = ApprovalGranted(transition=transition, role=draft.role, request=request.seq, dsse=envelope)
    else:
        reason = draft.decision.reason
        fact = ApprovalRejected(
            transition=transition, role=draft.role, reason=reason, request=request.seq, dsse=envelope
        )
    return ledger.record(
        fact, subject=request.subject, actor=draft.decision.signer, project=request.project, cause=request.seq
    )


def enrolment(view: View, administrator: str, secret: SigningKey, name: str, key: PublicKey) -> Envelope:
    """An administrator's signed decision that ``key`` is a key of ``name``."""
    return on_key(view, administrator, secret, name, str(key), "enrol", "")


def on_key(
    view: View, administrator: str, secret: SigningKey, name: str, key: str, verdict: str, reason: str
) -> Envelope:
    """An administrator's signed decision on a key of ``name``: ``enrol`` or ``revoke``."""
    stated = drafting.on_key(
        view, name, key, verdict=verdict, reason=reason, signer=administrator, signed_at=_wall_time()
    )
    return decision.sign(stated, secret)


def on_subject(
    view: View,
    signer: str,
    secret: SigningKey,
    subject: str,
    sha256: str,
    verdict: str,
    reason: str,
    request: int | None = None,
) -> Envelope:
    """A signed decision on a subject's bytes: a policy, a delegation, an exception, a run, a charter."""
    stated = drafting.on_subject(
        view,
        subject,
        sha256,
        verdict=verdict,
        reason=reason,
        signer=signer,
        signed_at=_wall_time(),
        request=request,
    )
    return decision.sign(stated, secret)


def on_log_key(view: View, administrator: str, secret: SigningKey, key: VerifierKey, reason: str) -> Envelope:
    """An administrator's signed decision that the ledger's checkpoints are signed with ``key`` from here on."""
    stated = drafting.on_log_key(view, key, reason=reason, signer=administrator, signed_at=_wall_time())
    return decision.sign(stated, secret)


def document(draft: Draft) -> dict[str, Any]:
    """A draft as JSON, its bytes in base64."""
    return {
        "request": draft.request.seq,
        "subject": draft.request.subject,
        "sha256": draft.request.digest,
        "transition": draft.request.transition,
        "role": draft.role,
        "verdict": draft.decision.verdict,
        "statement": b64.encode(draft.statement),
        "pae": b64.encode(draft.signed_bytes),
        "fingerprint": draft.fingerprint,
    }


def _role(view: View, request: Request, signer: str) -> str:
    """The one role in which ``signer`` can decide; where none serves, the one whose refusal says most."""
    now = moments.present(view)
    held = [role for role in seats.roles(view, signer, request.project, now) if role in request.roles]
    useful = [role for role in held if gates.barred(view, request, signer, role, now=now) is None]
    if len(useful) > 1:
        raise InputError(f"{signer} may decide as {' or '.join(useful)}; say which with --role")
    if useful:
        return useful[0]
    return held[0] if held else request.roles[0]


def _wall_time() -> str:
    return times.format_time(datetime.now(UTC))
