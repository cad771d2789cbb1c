"""People and automation identities: their keys by position, their roles, what they own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE people_keys (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    name TEXT NOT NULL,
    public TEXT NOT NULL,
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT,
    team TEXT,
    administrator INTEGER NOT NULL,
    PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE roles (
    seq INTEGER PRIMARY KEY,
    principal TEXT NOT NULL,
    scope TEXT NOT NULL,
    role TEXT NOT NULL
) STRICT""",
    "CREATE INDEX roles_by_principal ON roles (principal)",
    """CREATE TABLE owners (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    principal TEXT NOT NULL,
    team TEXT
) STRICT""",
    "CREATE INDEX owners_by_subject ON owners (subject)",
)


def _created(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    for n, who in enumerate(value["administrators"]):
        yield "people_keys", (event.seq, n, who["name"], who["key"], "enrolled", "person", "administrator", None, 1)


def _enrolled(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    kind = value.get("kind", "person")
    row = (event.seq, 0, value["name"], value["key"], "enrolled", kind, value.get("title"), value.get("team"), 0)
    yield "people_keys", row


def _revoked(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "people_keys", (event.seq, 0, value["name"], value["key"], "revoked", "person", None, None, 0)


def _granted(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "roles", (event.seq, value["principal"], event.subject, value["role"])


def _assigned(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "owners", (event.seq, event.subject, value["role"], value["principal"], value.get("team"))


FOLDS: dict[str, Fold] = {
    "ledger.created": _created,
    "key.enrolled": _enrolled,
    "key.revoked": _revoked,
    "access.granted": _granted,
    "owner.assigned": _assigned,
}


class Person(NamedTuple):
    """A person or an automation identity with the keys valid as of the view (base64 of 32 bytes each)."""

    name: str
    kind: str
    title: str | None
    team: str | None
    administrator: bool
    since: int
    keys: tuple[str, ...]


class Owner(NamedTuple):
    """RACI: who is what for a subject, since which event."""

    seq: int
    subject: str
    role: str
    principal: str
    team: str | None


def listed(view: View) -> list[Person]:
    """Everybody ever enrolled, in that order, with the keys that are valid for the event after the view's moment."""
    people: dict[str, Person] = {}
    keys: dict[str, list[str]] = {}
    columns = "seq, name, public, state, kind, title, team, administrator"
    for seq, name, public, state, kind, title, team, administrator in view.rows(
        f"SELECT {columns} FROM people_keys WHERE seq <= :at ORDER BY seq, n"
    ):
        held = keys.setdefault(name, [])
        if state == "revoked":
            if public in held:
                held.remove(public)
            continue
        held.append(public)
        before = people.get(name)
        people[name] = Person(
            name,
            kind,
            title or (before.title if before else None),
            team or (before.team if before else None),
            bool(administrator) or (before is not None and before.administrator),
            before.since if before else seq,
            (),
        )
    return [
        Person(each.name, each.kind, each.title, each.team, each.administrator, each.since, tuple(keys[each.name]))
        for each in people.values()
    ]


def get(view: View, name: str) -> Person | None:
    """The person or automation identity with this name, or ``None``."""
    return next((person for person in listed(view) if person.name == name), None)


def keys(view: View, name: str) -> tuple[str, ...]:
    """The keys of ``name`` that are valid for the event after the view's moment: enrolled and not revoked."""
    held: list[str] = []
    for public, state in view.rows(
        "SELECT public, state FROM people_keys WHERE name = :name AND seq <= :at ORDER BY seq, n", {"name": name}
    ):
        if state == "enrolled":
            held.append(public)
        elif public in held:
            held.remove(public)
    return tuple(held)


def is_administrator(view: View, name: str) -> bool:
    """Whether ``name`` administers the ledger."""
    sql = "SELECT 1 FROM people_keys WHERE name = :name AND administrator = 1 AND seq <= :at"
    return view.row(sql, {"name": name}) is not None


def roles(view: View, principal: str, project: str | None) -> tuple[str, ...]:
    """The roles that a principal holds in a project, those given for the whole ledger (``project/all``) included."""
    rows = view.rows(
        "SELECT DISTINCT role FROM roles WHERE principal = :principal AND scope IN (:scope, 'project/all') AND seq <= :at "
        "ORDER BY role",
        {"principal": principal, "scope": f"project/{project}"},
    )
    return tuple(row[0] for row in rows)


def holders(view: View, role: str, project: str | None) -> tuple[str, ...]:
    """Who holds a role in a project."""
    rows = view.rows(
        "SELECT DISTINCT principal FROM roles WHERE role = :role AND scope IN (:scope, 'project/all') AND seq <= :at "
        "ORDER BY principal",
        {"role": role, "scope": f"project/{project}"},
    )
    return tuple(row[0] for row in rows)


def owners(view: View, subject: str) -> list[Owner]:
    """Who is responsible, accountable, consulted, informed for a subject; the newest assignment of each role counts."""
    rows = view.rows(
        "SELECT seq, subject, role, principal, team FROM owners WHERE subject = :subject AND seq <= :at ORDER BY seq",
        {"subject": subject},
    )
    return list({row[2]: Owner(*row) for row in rows}.values())
