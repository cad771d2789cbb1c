"""The proof of one event: a file of a few kB that anybody verifies with the ledger's verifier key alone (FORMAT §5)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from ledger.audit.report import Finding, Report
from ledger.errors import InputError, LedgerError
from ledger.format import event as events
from ledger.format import proof, tlogproof
from ledger.format.checkpoint import Checkpoint
from ledger.format.errors import FormatError
from ledger.format.event import Event
from ledger.format.hashes import leaf_hash
from ledger.format.note import Ed25519Verifier
from ledger.format.policy import Policy
from ledger.format.tlogproof import HEADER, SUFFIX, TlogProof
from ledger.projections.view import View
from ledger.rules import logs
from ledger.store import journal

__all__ = ["SUFFIX", "ProvenEvent", "is_proof", "prove", "verify"]

_ALONE = "this proves that one event is in the log; it says nothing of the others"


@dataclass(slots=True)
class ProvenEvent:
    """What a proof file shows: a report, and where everything holds, the event and who vouches for it.

    ``index`` is the event's place, ``leaf`` its leaf hash; ``cosigned`` names the policy's witnesses that cosigned the
    checkpoint.
    """

    report: Report
    index: int | None = None
    leaf: bytes = b""
    event: Event | None = None
    checkpoint: Checkpoint | None = None
    cosigned: tuple[str, ...] = field(default=())


def covering(connection: sqlite3.Connection, seq: int) -> str | None:
    """The stored checkpoint to prove event ``seq`` by: of those that cover it the one with most signatures, then the newest.

    ``None`` where none covers it.
    """
    rows = connection.execute("SELECT note FROM checkpoints WHERE size > ? ORDER BY size DESC, rowid DESC", (seq,))
    return max((str(row[0]) for row in rows), key=lambda note: note.count("\n\u2014 "), default=None)


def prove(connection: sqlite3.Connection, seq: int, note: str | None = None) -> bytes:
    """The proof file of event ``seq``; it was verified before it is handed out.

    Args:
        connection: an open ledger.
        seq: the event.
        note: the checkpoint to prove it by; the one that :func:`covering` chooses where ``None``.

    Raises:
        InputError: there is no such event, or no checkpoint covers it yet.
        LedgerError: the ledger's own nodes do not prove it: something was touched.
    """
    size = journal.size(connection)
    row = connection.execute("SELECT body FROM events WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        raise InputError(f"there is no event {seq}; the log holds 0 to {size - 1}")
    note = note or covering(connection, seq)
    if note is None:
        raise InputError(
            f"no checkpoint covers event {seq} yet; whoever holds the ledger's key runs `assay checkpoint`"
        )
    keys = logs.log_keys(View(connection, size - 1))
    try:
        signed = logs.open_signed(keys, note.encode()).checkpoint
        path = proof.inclusion(seq, signed.size, journal.node_getter(connection))
        made = TlogProof(seq, tuple(path), note.encode(), bytes(row[0]))
        tlogproof.verify(made, made.extra, Ed25519Verifier(logs.key_at(keys, signed.size)))
    except FormatError as error:
        raise LedgerError(f"event {seq} cannot be proven: {error}; `assay verify` says what was touched") from None
    return tlogproof.marshal(made)


def is_proof(head: bytes) -> bool:
    """Whether a file that begins with these bytes is meant to be a proof."""
    return head.startswith(HEADER.encode().partition(b"@")[0])


def verify(data: bytes, policy: Policy) -> ProvenEvent:
    """Verify a proof file with nothing but what the verifier brought along.

    Args:
        data: the file's bytes.
        policy: whose checkpoints count, as :func:`ledger.audit.trust.trusted` makes it.
    """
    report = Report(incomplete=[_ALONE])
    found = ProvenEvent(report)
    try:
        parts = tlogproof.parse(data)
    except FormatError as error:
        report.findings.append(Finding("malformed", None, str(error)))
        return found
    found.index, found.leaf = parts.index, leaf_hash(parts.extra)
    try:
        signed = policy.open_checkpoint(parts.checkpoint)
    except FormatError as error:
        report.findings.append(Finding("signature", parts.index, str(error)))
        return found
    head = signed.checkpoint
    found.checkpoint, found.cosigned = head, tuple(sorted(policy.cosigners(signed.note)))
    report.origin, report.size, report.root = head.origin, head.size, head.root.hex()
    report.checked = {"events": 1, "checkpoints": 1, "cosignatures": len(found.cosigned)}
    try:
        proof.verify_inclusion(found.leaf, parts.index, head.size, parts.path, head.root)
    except FormatError as error:
        detail = f"the event's bytes, its place or the way to the signed root was changed: {error}"
        report.findings.append(Finding("edited", parts.index, detail))
        return found
    _judge(found, parts)
    return found


def _judge(found: ProvenEvent, parts: TlogProof) -> None:
    """What was signed is there; whether it is an event, and the one of this place, is another matter."""
    try:
        event = events.decode(parts.extra)
    except FormatError as error:
        found.report.findings.append(
            Finding("malformed", parts.index, f"what is in the log there is no event: {error}")
        )
        return
    if event.seq != parts.index:
        found.report.findings.append(Finding("reordered", parts.index, f"in the log there stands event {event.seq}"))
    found.event = event
