"""Keys and what becomes of them: people's that follow one another, the ledger's, and a copy that goes on under a new name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions import deciding, events, outputs
from app.actions import people as persons
from app.actions.answers import Answer, Mark, fields, say, state
from app.actions.identity import check
from ledger.errors import InputError
from ledger.projections import people

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.format.keys import PublicKey
    from ledger.projections.people import Person
    from ledger.projections.view import View


def adopt(context: Context, *, name: str, file: str) -> Answer:
    """Keep a copy of somebody's Ed25519 key, as it is, among the keys here; nothing is recorded."""
    from ledger.keystore import Keystore

    keystore = Keystore() if context.ledger_path_or_none is None else context.keystore
    public = keystore.adopt(check(name), Path(context.start / file))
    lines = [
        say(state("good", "kept"), f"  a key of {name}, in {keystore.folder}"),
        say(Mark("dim", f"`assay people add {name}` or `assay people rotate {name}` enrols it: {public}")),
    ]
    return Answer({"name": name, "key": str(public), "folder": str(keystore.folder)}, lines)


def revoke(context: Context, *, name: str, key: str | None = None, reason: str = "") -> Answer:
    """Revoke a key of somebody, signed by the actor as an administrator; from the next event on it counts no more."""
    from ledger.events.people import KeyRevoked

    ledger, actor = context.ledger, context.actor
    view = ledger.view()
    person = _enrolled(view, name)
    _require_administrator(view, actor)
    revoked = _which(person, key)
    left = [each.name for each in people.listed(view) if each.administrator and set(each.keys) - {revoked}]
    if not left:
        raise InputError(
            f"{name} would be the last administrator, without a key; `assay people rotate {name}` enrols another first"
        )
    envelope = deciding.on_key(view, actor, context.unlock(actor), name, revoked, "revoke", reason)
    recorded = ledger.record(KeyRevoked(name=name, key=revoked, dsse=envelope), actor=actor)
    return _person(context, name, [recorded])


def rotate(context: Context, *, name: str, public: str | None = None, reason: str = "") -> Answer:
    """Enrol another key of somebody and revoke those they had, in one transaction: there is no moment without a key."""
    from ledger.events.people import KeyEnrolled, KeyRevoked
    from ledger.ledger import Entry

    ledger, actor = context.ledger, context.actor
    view = ledger.view()
    person = _enrolled(view, name)
    _require_administrator(view, actor)
    secret = context.unlock(actor)
    key = _next_key(context, person, public)
    envelope = deciding.on_key(view, actor, secret, name, str(key), "enrol", reason)
    kind: Any = person.kind
    entries = [Entry(KeyEnrolled(name=name, key=str(key), dsse=envelope, kind=kind), actor=actor)]
    for old in person.keys:
        envelope = deciding.on_key(view, actor, secret, name, old, "revoke", reason)
        entries.append(Entry(KeyRevoked(name=name, key=old, dsse=envelope), actor=actor))
    return _person(context, name, ledger.record_many(entries))


def show(context: Context, *, output: str | None = None) -> Answer:
    """The ledger's verifier key: what others need to check its checkpoints, proofs and bundles."""
    keys = context.ledger.log_keys()
    current = str(context.ledger.verifier)
    document = {
        "origin": context.ledger.origin,
        "key": current,
        "keys": [{"key": str(each.verifier), "since": each.since, "seq": each.seq} for each in keys],
    }
    if output is None:
        return Answer(document, raw=f"{current}\n")
    outputs.write(context, output, f"{current}\n")
    return Answer(document, [say(state("good", "written"), f"  the key of {context.ledger.origin}, into {output}")])


def rotate_ledger(context: Context, *, reason: str = "") -> Answer:
    """Give the ledger a new key, signed by the actor as an administrator; the old one still signs this very event."""
    from ledger.events.ledgers import LedgerKeyRotated

    ledger, actor = context.ledger, context.actor
    view = ledger.view()
    _require_administrator(view, actor)
    secret = context.unlock(actor)
    key = context.keystore.make_ledger(ledger.origin)
    envelope = deciding.on_log_key(view, actor, secret, key, reason)
    recorded = ledger.record(LedgerKeyRotated(key=str(key), dsse=envelope), actor=actor)
    rows = [
        ("new key", str(key)),
        (
            "signs",
            f"checkpoints of {recorded.seq + 2} events and more; keep the old key until one more event is recorded",
        ),
    ]
    document = {"origin": ledger.origin, "key": str(key), "event": events.described(recorded)}
    return Answer(document, [*events.listing([recorded]), *fields(rows)])


def go_on(context: Context, *, new_origin: str, reason: str = "") -> Answer:
    """Let this copy of a ledger go on under a name and a key of its own, signed by the actor as an administrator."""
    from ledger.events.ledgers import LedgerContinued
    from ledger.format.names import check_origin

    ledger, actor = context.ledger, context.actor
    view = ledger.view()
    _require_administrator(view, actor)
    before = ledger.origin
    if check_origin(new_origin) in {each.origin for each in ledger.log_keys()}:
        raise InputError(f"the ledger was called {new_origin} before; a copy that goes on needs a name of its own")
    secret = context.unlock(actor)
    key = context.keystore.make_ledger(new_origin)
    fact = LedgerContinued(
        origin=new_origin,
        key=str(key),
        size=view.at + 1,
        root=ledger.root(view.at + 1).hex(),
        dsse=deciding.on_log_key(view, actor, secret, key, reason),
    )
    recorded = ledger.record(fact, subject=f"ledger/{before}", actor=actor)
    rows = [
        ("goes on as", new_origin),
        ("its key", str(key)),
        ("parted from", f"{before}, after {fact.size:,} events"),
    ]
    document = {
        "origin": new_origin,
        "key": str(key),
        "size": fact.size,
        "root": fact.root,
        "event": events.described(recorded),
    }
    return Answer(document, [*events.listing([recorded]), *fields(rows)])


def _enrolled(view: View, name: str) -> Person:
    person = people.get(view, name)
    if person is None:
        raise InputError(f"{name} is not enrolled; `assay people add {name}` does that")
    return person


def _require_administrator(view: View, actor: str) -> None:
    if not people.is_administrator(view, actor):
        raise persons.not_administrator(view, actor)


def _which(person: Person, key: str | None) -> str:
    """The key to revoke: the one named, or the only one."""
    if key is None:
        if len(person.keys) != 1:
            which = ", ".join(person.keys) or "none"
            raise InputError(f"{person.name} has {len(person.keys)} valid keys ({which}); say which with --key")
        return person.keys[0]
    named = str(persons.parse_key(key))
    if named not in person.keys:
        raise InputError(f"{named} is no valid key of {person.name}; there is {', '.join(person.keys) or 'none'}")
    return named


def _next_key(context: Context, person: Person, public: str | None) -> PublicKey:
    """The key to enrol: the one named, one that lies here and is not enrolled yet, or a new one."""
    if public is not None:
        return persons.parse_key(public, context.start)
    keystore = context.keystore
    waiting = [each for each in keystore.held(person.name) if str(each) not in _ever(context, person.name)]
    if waiting:
        return waiting[-1]
    open_ = person.kind == "automation" or keystore.demo
    word = None if open_ else context.passphrase(person.name, new=True)
    return keystore.make_person(person.name, word, another=True)


def _ever(context: Context, name: str) -> set[str]:
    """Every key that was ever enrolled for ``name``: one that was revoked is not taken up again."""
    rows = context.ledger.view().rows(
        "SELECT public FROM people_keys WHERE name = :name AND state = 'enrolled'", {"name": name}
    )
    return {str(row[0]) for row in rows}


def _person(context: Context, name: str, recorded: list[Any]) -> Answer:
    after = context.ledger.view()
    person = people.get(after, name)
    assert person is not None
    document = {"person": persons.document(after, person), "events": [events.described(each) for each in recorded]}
    return Answer(document, events.listing(recorded))
