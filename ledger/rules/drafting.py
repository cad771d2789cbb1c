"""Drafting a decision: what a person is about to sign, put together from what the ledger says (FORMAT §4).

The rules in :mod:`ledger.rules.decisions` judge the same facts when the decision is appended.
"""

from __future__ import annotations

from ledger.errors import InputError
from ledger.format import hashes, note
from ledger.format.decision import Decision, RequestRef
from ledger.format.keys import VerifierKey
from ledger.projections import View, approvals
from ledger.rules.decisions import key_digest
from ledger.rules.logs import log_keys, open_signed, origin


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


def on_subject(
    view: View,
    subject: str,
    sha256: str,
    *,
    verdict: str,
    reason: str,
    signer: str,
    signed_at: str,
    request: int | None = None,
) -> Decision:
    """A decision on a subject (``policy/…``, ``run/…``) whose bytes have this digest; on a request, by its seq."""
    row = None
    if request is not None:
        row = view.row("SELECT hash FROM events WHERE seq = :seq AND seq <= :at", {"seq": request})
    return Decision(
        subject_name=subject,
        subject_sha256=sha256,
        origin=origin(view),
        request=None if request is None or row is None else RequestRef(request, row[0].hex()),
        verdict=verdict,
        reason=reason,
        signer=signer,
        signed_at=signed_at,
        checkpoint=last_checkpoint(view),
    )


def on_log_key(view: View, key: VerifierKey, *, reason: str, signer: str, signed_at: str) -> Decision:
    """An administrator's decision that the ledger signs its checkpoints with ``key`` from here on.

    Where the key bears another name than the ledger's, a copy of it is to go on under that name: the decision then names
    the copy's last event by its hash, so that it counts for this copy alone.
    """
    now = origin(view)
    last = view.row("SELECT hash FROM events WHERE seq = :at")
    return Decision(
        subject_name=f"ledger/{key.name}",
        subject_sha256=hashes.digest(key.public),
        origin=now,
        request=None if key.name == now or last is None else RequestRef(view.at, last[0].hex()),
        verdict="enrol",
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
    signed = open_signed(log_keys(view), str(row[0]).encode())
    return note.sign(signed.note.text, (), signed.note.verified).decode()
