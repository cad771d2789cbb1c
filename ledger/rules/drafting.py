"""Drafting a decision: what a person is about to sign, put together from what the ledger says (FORMAT §4).

The rules in :mod:`ledger.rules.decisions` judge the same facts when the decision is appended.
"""

from __future__ import annotations

from ledger.errors import InputError
from ledger.format.checkpoint import log_signature_alone
from ledger.format.decision import Decision, RequestRef
from ledger.format.note import Ed25519Verifier
from ledger.projections import View, approvals
from ledger.rules.decisions import key_digest, origin, verifier_key


def on_request(view: View, seq: int, *, verdict: str, reason: str, signer: str, signed_at: str) -> Decision:
    """The decision of ``signer`` on the request that event ``seq`` made.

    Args:
        view: the ledger as the signer sees it.
        seq: the request.
        verdict: ``approve`` or ``reject``.
        reason: why, at most 8,000 bytes of UTF-8.
        signer: who is about to sign.
        signed_at: wall time, in the format's spelling.

    Raises:
        InputError: there is no such request.
    """
    request = approvals.get(view, seq)
    row = view.row("SELECT hash FROM events WHERE seq = :seq AND seq <= :at", {"seq": seq})
    if request is None or row is None:
        raise InputError(f"event {seq} is no request for approval; `assay approvals` lists them")
    return Decision(
        subject_name=request.subject,
        subject_sha256=request.digest,
        origin=origin(view),
        request=RequestRef(seq, row[0].hex()),
        verdict=verdict,
        reason=reason,
        signer=signer,
        signed_at=signed_at,
        checkpoint=last_checkpoint(view),
    )


def on_key(view: View, name: str, key: str, *, verdict: str, reason: str, signer: str, signed_at: str) -> Decision:
    """An administrator's decision that a key (base64 of 32 bytes) of ``name`` is valid: ``enrol``; or no longer: ``revoke``."""
    return Decision(
        subject_name=f"person/{name}",
        subject_sha256=key_digest(key),
        origin=origin(view),
        request=None,
        verdict=verdict,
        reason=reason,
        signer=signer,
        signed_at=signed_at,
        checkpoint=last_checkpoint(view),
    )


def last_checkpoint(view: View) -> str | None:
    """The newest stored checkpoint with the log's own signature alone, as a decision carries it; ``None`` without one."""
    row = view.row("SELECT note FROM checkpoints WHERE size <= :at + 1 ORDER BY size DESC, rowid DESC LIMIT 1")
    if row is None:
        return None
    return log_signature_alone(str(row[0]).encode(), Ed25519Verifier(verifier_key(view))).decode()
