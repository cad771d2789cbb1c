"""Rules on what becomes of the ledger itself: a new key, a copy that goes on under another name, a witness's word."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.errors import Missing
from ledger.format import hashes, names, note, proof
from ledger.format.checkpoint import parse_body
from ledger.format.cosignature import cosignature_verifier
from ledger.format.decision import Decision, RequestRef
from ledger.format.errors import FormatError
from ledger.format.event import Event
from ledger.format.keys import ED25519, VerifierKey
from ledger.projections import View, people
from ledger.rules import decisions, logs
from ledger.store.journal import node_getter


def rotated(view: View, event: Event) -> Iterator[Missing]:
    """The ledger's key is replaced by an administrator's signature over the new one, under the ledger's own name."""
    key, problem = _new_key(view, event.value["key"])
    if key is None:
        yield Missing(problem)
        return
    if key.name != logs.origin(view):
        yield Missing(f"the key bears the name {key.name}, the ledger is {logs.origin(view)}")
    if event.subject != f"ledger/{key.name}":
        yield Missing(f"the subject {event.subject} is not the ledger whose key it is")
    signed, problem = _signed(view, event)
    if signed is None:
        yield Missing(problem)
    else:
        yield from _on_key(signed, key)


def continued(view: View, event: Event) -> Iterator[Missing]:
    """A copy goes on under a name that it never had, by an administrator's signature that names its last event."""
    value = event.value
    key, problem = _new_key(view, value["key"])
    if key is None:
        yield Missing(problem)
        return
    former = logs.log_keys(view)
    try:
        names.check_origin(value["origin"])
    except FormatError as error:
        yield Missing(str(error))
    if value["origin"] in {each.origin for each in former}:
        yield Missing(f"the ledger was called {value['origin']} before; a copy that goes on needs a new name")
    if key.name != value["origin"]:
        yield Missing(f"the key bears the name {key.name}, not the new origin {value['origin']}")
    if former and event.subject != f"ledger/{former[-1].origin}":
        yield Missing(f"the subject {event.subject} is not the ledger that the copy was made of")
    if value["size"] != event.seq or value["root"] != proof.root(event.seq, node_getter(view.connection)).hex():
        yield Missing(f"the copy holds {event.seq} events, and their root is another; take both from the copy itself")
    signed, problem = _signed(view, event)
    if signed is None:
        yield Missing(problem)
        return
    yield from _on_key(signed, key)
    row = view.row("SELECT hash FROM events WHERE seq = :at")
    if row is None or signed.request != RequestRef(view.at, row[0].hex()):
        yield Missing("the decision does not name the copy's last event by its hash")


def witnessed(view: View, event: Event) -> Iterator[Missing]:
    """A witness's cosignature is on a stored checkpoint of that size, and holds."""
    value = event.value
    row = view.row("SELECT hash FROM events WHERE seq = :last AND seq <= :at", {"last": value["size"] - 1})
    if row is None or row[0].hex() != value["head"]:
        yield Missing(f"the head after {value['size']} events is not {value['head']}")
    try:
        witness = cosignature_verifier(VerifierKey.parse(value["witness"]))
    except FormatError as error:
        yield Missing(f"{value['witness']!r} is no witness's key: {error}")
        return
    stored = view.rows("SELECT note FROM checkpoints WHERE size = :size ORDER BY rowid DESC", {"size": value["size"]})
    if not any(_cosigned(str(each).encode(), witness) for (each,) in stored):
        yield Missing(f"no stored checkpoint of size {value['size']} is cosigned by {witness.name}", "witness add FILE")


def _cosigned(message: bytes, witness: note.Verifier) -> bool:
    try:
        opened = note.open_note(message, [witness])
        parse_body(opened.text)
    except FormatError:
        return False
    return True


def _new_key(view: View, text: str) -> tuple[VerifierKey | None, str]:
    try:
        key = VerifierKey.parse(text)
    except FormatError as error:
        return None, f"{text!r} is no verifier key: {error}"
    if key.type != ED25519:
        return None, f"a ledger signs with Ed25519 (type 0x01), not with type 0x{key.type:02x}"
    if any(each.verifier.public == key.public for each in logs.log_keys(view)):
        return None, "the ledger had this key before; a key that was left is not taken up again"
    return key, ""


def _signed(view: View, event: Event) -> tuple[Decision | None, str]:
    if not people.is_administrator(view, event.actor):
        return (
            None,
            f"{event.actor} does not administer this ledger, and only administrators decide on its key and name",
        )
    return decisions.signature(view, event, event.actor)


def _on_key(signed: Decision, key: VerifierKey) -> Iterator[Missing]:
    if signed.subject_name != f"ledger/{key.name}":
        yield Missing(f"the decision is on {signed.subject_name}, not on ledger/{key.name}")
    if signed.subject_sha256 != hashes.digest(key.public):
        yield Missing("the decision is on another key than the one that the event names")
