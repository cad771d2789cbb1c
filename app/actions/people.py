"""People: who acts here, who is enrolled, and enrolling somebody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions import deciding, events
from app.actions.answers import Answer, Mark, fields, say, state, table
from app.actions.identity import check
from ledger.errors import InputError, Refused
from ledger.projections import people, runs

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.format.keys import PublicKey
    from ledger.projections.people import Person
    from ledger.projections.view import View


def whoami(context: Context) -> Answer:
    """Who acts here and why, and, where there is a ledger, what they hold in it."""
    who = context.identity
    facts: dict[str, Any] = {
        "name": who.name,
        "why": who.why,
        "demo": who.demo,
        "at": None,
        "ledger": None,
        "person": None,
    }
    facts |= {"key_here": False, "roles": []}
    because = ("", Mark("warn", who.why)) if who.demo else (f"by {who.why}", "")
    lines: list[str] = [say(Mark("title", who.name), "  ", *because)]
    path = context.ledger_path_or_none
    if path is None or not path.is_file():
        return Answer(facts, [*lines, say(Mark("dim", "  no ledger here"))])
    view = context.view
    person = people.get(view, who.name)
    here = context.keystore.has_person(who.name)
    roles = _roles(view, who.name)
    facts |= {"at": view.at, "ledger": context.ledger.origin, "key_here": here, "roles": roles}
    facts["person"] = None if person is None else document(view, person)
    key = state("good", "here") if here else state("warn", f"not in {context.keystore.folder}")
    rows: list[tuple[str, Any]] = [
        ("ledger", context.ledger.origin),
        ("enrolled", state("good", "yes") if person else state("warn", "no; an administrator runs `assay people add`")),
        ("administrator", "yes" if person and person.administrator else None),
        *(("role", f"{each['role']} in {each['scope']}") for each in roles),
        ("secret key", key),
    ]
    return Answer(facts, [*lines, *fields(rows)])


def list_people(context: Context, *, project: str | None = None) -> Answer:
    """Everybody enrolled, with roles and the number of valid keys."""
    view = context.view
    found = people.listed(view)
    rows = []
    for each in found:
        held = [
            role["role"] for role in _roles(view, each.name) if project is None or role["scope"] in (project, "all")
        ]
        kind = "administrator" if each.administrator else each.kind
        keys = state("good", "key") if each.keys else state("warn", "no valid key")
        rows.append(
            (
                each.name,
                kind,
                ", ".join(dict.fromkeys(held)) or None,
                each.title,
                ", ".join(people.teams(view, each.name)) or None,
                keys,
            )
        )
    lines = table(rows, ("name", "is", "roles", "title", "team", "key"))
    return Answer({"at": view.at, "people": [document(view, each) for each in found]}, lines)


def add(
    context: Context,
    *,
    name: str,
    roles: Sequence[str] = (),
    project: str | None = None,
    public: str | None = None,
    title: str | None = None,
    team: str | None = None,
    automation: bool = False,
) -> Answer:
    """Enrol a key, signed by the actor as an administrator, and give roles: all in one transaction."""
    from ledger.events.people import AccessGranted, KeyEnrolled
    from ledger.ledger import Entry

    ledger, actor = context.ledger, context.actor
    view = ledger.view()
    check(name)
    home = context.workspace.project(project) if roles else None
    enrolled = people.get(view, name)
    entries: list[Entry] = []
    if public is not None or enrolled is None:
        if not people.is_administrator(view, actor):
            raise not_administrator(view, actor)
        secret = context.unlock(actor)
        key = _key(context, name, public, automation=automation)
        fact = KeyEnrolled(
            name=name,
            key=str(key),
            dsse=deciding.enrolment(view, actor, secret, name, key),
            kind="automation" if automation else "person",
            title=title,
            team=team,
        )
        entries.append(Entry(fact, actor=actor))
    held = people.roles(view, name, home)
    new = [role for role in dict.fromkeys(roles) if role not in held]
    entries += [Entry(AccessGranted(principal=name, role=role), actor=actor, project=home) for role in new]
    if not entries:
        raise InputError(f"{name} is enrolled already, with these roles; --role adds one, --key another key")
    recorded = ledger.record_many(entries)
    after = ledger.view()
    person = people.get(after, name)
    assert person is not None
    document_ = {"person": document(after, person), "events": [events.described(each) for each in recorded]}
    return Answer(document_, events.listing(recorded))


def shown(view: View, person: Person) -> Answer:
    """One person: what they hold, then what was recorded about them and by them."""
    about = events.history(view, f"person/{person.name}")
    by = events.matching(view, by=person.name, count=20)
    past = sorted({each.seq: each for each in [*about, *by]}.values(), key=lambda each: each.seq)
    rows: list[tuple[str, Any]] = [
        ("is", "administrator" if person.administrator else person.kind),
        ("title", person.title),
        ("team", ", ".join(people.teams(view, person.name)) or None),
        *(("role", f"{each['role']} in {each['scope']}") for each in _roles(view, person.name)),
        *(("key", key) for key in person.keys),
        ("runs", runs.count(view, actor=person.name) or None),
    ]
    lines = [say(Mark("title", f"person/{person.name}")), *fields(rows), "", *events.listing(past)]
    history = [events.described(each) for each in past]
    return Answer({"at": view.at, "person": document(view, person), "history": history}, lines)


def document(view: View, person: Person) -> dict[str, Any]:
    """A person or automation identity as JSON."""
    return {
        "name": person.name,
        "kind": person.kind,
        "administrator": person.administrator,
        "title": person.title,
        "team": person.team,
        "teams": list(people.teams(view, person.name)),
        "since": person.since,
        "keys": list(person.keys),
        "roles": _roles(view, person.name),
    }


def parse_key(text: str, start: Path | None = None) -> PublicKey:
    """A public key: base64 of 32 bytes, OpenSSH's line, or a file that holds either.

    Raises:
        InputError: it is none of these.
    """
    from ledger.format.errors import FormatError
    from ledger.format.keys import PublicKey
    from ledger.format.openssh import parse_public

    said = text.strip()
    try:
        return parse_public(said) if said.startswith("ssh-") else PublicKey.parse(said)
    except FormatError as error:
        file = None if start is None or said.startswith("ssh-") else start / Path(said).expanduser()
        if file is None or not file.is_file():
            raise InputError(
                f"{said[:80]!r} is no public key (base64 of 32 bytes, or an ssh-ed25519 line), nor a file with one: {error}"
            ) from None
    try:
        return parse_key(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{file} holds no public key: it is not text") from None


def _roles(view: View, name: str) -> list[dict[str, str]]:
    """Every role that somebody holds, by themselves or by a team, with the project it holds in (``all``: the whole ledger)."""
    principals = (name, *(f"team/{team}" for team in people.teams(view, name)))
    found = {(each.scope, each.role) for principal in principals for each in people.grants(view, principal)}
    return [{"scope": scope.removeprefix("project/"), "role": role} for scope, role in sorted(found)]


def not_administrator(view: View, actor: str) -> Refused:
    """The refusal of what only an administrator may sign."""
    known = ", ".join(person.name for person in people.listed(view) if person.administrator)
    return Refused(f"refused: {actor} does not administer this ledger; --as one of {known}")


def _key(context: Context, name: str, public: str | None, *, automation: bool) -> PublicKey:
    """The key to enrol: the one handed in, the one that lies here, or a new one."""
    if public is not None:
        return parse_key(public, context.start)
    keystore = context.keystore
    if keystore.has_person(name):
        return keystore.public(name)
    open_ = automation or keystore.demo
    return keystore.make_person(name, None if open_ else context.passphrase(name, new=True))
