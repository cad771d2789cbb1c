"""How others vouch for a ledger: asking a witness for a cosignature, and taking it in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import InputError, Refused
from ledger.events.ledgers import LedgerWitnessed
from ledger.format import addcheckpoint, cosignature, note, proof
from ledger.format.addcheckpoint import AddCheckpoint
from ledger.format.checkpoint import Checkpoint, parse_body
from ledger.format.errors import FormatError
from ledger.format.keys import VerifierKey
from ledger.ledger import Entry, Ledger
from ledger.rules import logs
from ledger.store import journal
from ledger.store.journal import Recorded


@dataclass(frozen=True, slots=True)
class Vouched:
    """What taking in a cosigned checkpoint came to: its size, who cosigned it anew, and the events that say so."""

    size: int
    witnesses: tuple[str, ...]
    recorded: tuple[Recorded, ...]
    note: str


def known_witnesses(ledger: Ledger) -> tuple[VerifierKey, ...]:
    """The witnesses whose cosignatures this ledger has recorded, in the order in which they first vouched."""
    return tuple(VerifierKey.parse(text) for text in dict.fromkeys(text for _, text in _recorded(ledger)))


def last_seen(ledger: Ledger, witness: VerifierKey) -> int:
    """The size of the newest stored checkpoint that a witness cosigned; 0 where there is none."""
    verifier = cosignature.cosignature_verifier(witness)
    rows = ledger.connection.execute("SELECT size, note FROM checkpoints ORDER BY size DESC, rowid DESC")
    for size, text in rows:
        if f"\n\u2014 {witness.name} " in text and _holds(str(text), verifier):
            return int(size)
    return 0


def request(ledger: Ledger, old: int) -> bytes:
    """The body of a C2SP ``add-checkpoint`` request for the newest checkpoint, to a witness that last saw ``old`` events.

    Raises:
        InputError: there is no checkpoint yet, or the witness has seen more than it covers.
        LedgerError: the log's nodes cannot be read.
    """
    text = ledger.last_checkpoint()
    if text is None:
        raise InputError("there is no checkpoint yet; whoever holds the ledger's key runs `assay checkpoint`")
    head = parse_body(note.parse(text.encode()).text)
    if old > head.size:
        raise InputError(
            f"the witness has seen {old} events, and the newest checkpoint covers {head.size}: "
            "this is an older copy, or the witness watches another log of this name"
        )
    path = proof.consistency(old, head.size, journal.node_getter(ledger.connection))
    return addcheckpoint.marshal(AddCheckpoint(old, tuple(path), text.encode()))


def add(ledger: Ledger, message: bytes, witnesses: Sequence[VerifierKey], actor: str) -> Vouched:
    """Take in a checkpoint that witnesses cosigned: store it, and record who vouched for what.

    Signatures of unknown keys are left out; those that other rows of this size hold are kept together with the new ones.

    Args:
        ledger: the ledger, open for writing.
        message: the cosigned note.
        witnesses: whose cosignatures count.
        actor: who records it.

    Raises:
        Refused: it is not this ledger's checkpoint, or nobody of these cosigned it.
    """
    verifiers = [cosignature.cosignature_verifier(key) for key in witnesses]
    try:
        signed = logs.open_signed(ledger.log_keys(), message, verifiers)
    except FormatError as error:
        raise Refused(f"this is no cosigned checkpoint of {ledger.origin}: {error}") from None
    head = signed.checkpoint
    _require_own(ledger, head)
    rows = ledger.connection.execute("SELECT note FROM checkpoints WHERE size = ? ORDER BY rowid", (head.size,))
    stored = [str(row[0]) for row in rows]
    before = {text for size, text in _recorded(ledger) if size == head.size}
    fresh = {(each.name, each.key_id): each for each in signed.note.verified}
    vouching = [key for key in witnesses if (key.name, key.id) in fresh and str(key) not in before]
    if not vouching:
        who = ", ".join(key.name for key in witnesses) or "no witness"
        raise Refused(f"the checkpoint of {head.size} events holds no new cosignature of {who}")
    merged = dict(fresh)
    for text in stored:
        for each in note.parse(text.encode()).unknown:
            merged.setdefault((each.name, each.key_id), each)
    own = [each for each in merged.values() if each.name == head.origin]
    others = [each for each in merged.values() if each.name != head.origin]
    kept = note.sign(signed.note.text, (), [*own, *others]).decode()
    if kept not in stored:
        ledger.keep_checkpoint(head.size, kept)
    leaf = next(ledger.events(head.size - 1, head.size)).hash.hex()
    facts = [LedgerWitnessed(head=leaf, size=head.size, witness=str(key)) for key in vouching]
    subject = f"ledger/{ledger.origin}"
    recorded = ledger.record_many([Entry(fact, subject=subject, actor=actor) for fact in facts])
    return Vouched(head.size, tuple(key.name for key in vouching), tuple(recorded), kept)


def _require_own(ledger: Ledger, head: Checkpoint) -> None:
    if head.size > ledger.size:
        raise Refused(
            f"the checkpoint covers {head.size} events, and this ledger has {ledger.size}: it is an older copy; "
            "restore the newer one"
        )
    if ledger.root(head.size) != head.root:
        raise Refused(
            f"the checkpoint of {head.size} events is signed for another history than this one: run `assay verify "
            "--checkpoint` with it"
        )


def _recorded(ledger: Ledger) -> list[tuple[int, str]]:
    """Which sizes which witnesses vouched for, as the events say, in order."""
    view = ledger.view()
    found: list[tuple[int, str]] = []
    for origin in dict.fromkeys(each.origin for each in ledger.log_keys()):
        rows = view.rows(
            "SELECT json_extract(body, '$.value.size'), json_extract(body, '$.value.witness') FROM events "
            "WHERE subject = :subject AND type = 'ledger.witnessed' AND seq <= :at ORDER BY seq",
            {"subject": f"ledger/{origin}"},
        )
        found += [(int(size), str(witness)) for size, witness in rows]
    return found


def _holds(text: str, verifier: note.Verifier) -> bool:
    """Whether a witness cosigned a note."""
    try:
        note.open_note(text.encode(), [verifier])
    except FormatError:
        return False
    return True
