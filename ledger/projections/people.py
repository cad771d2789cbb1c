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
    """CREATE TABLE role_ends (
    seq INTEGER PRIMARY KEY,
    principal TEXT NOT NULL,
    scope TEXT NOT NULL,
    role TEXT NOT NULL
) STRICT""",
    "CREATE INDEX role_ends_by_principal ON role_ends (principal)",
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


def _taken(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "role_ends", (event.seq, value["principal"], event.subject, value["role"])


def _assigned(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "owners", (event.seq, event.subject, value["role"], value["principal"], value.get("team"))


FOLDS: dict[str, Fold] = {
    "ledger.created": _created,
    "key.enrolled": _enrolled,
    "key.revoked": _revoked,
    "access.granted": _granted,
    "access.revoked": _taken,
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


class Grant(NamedTuple):
    """A role that is held: by whom, where (``project/x``, ``project/all`` or ``team/x``), since which event."""

    seq: int
    principal: str
    scope: str
    role: str


# A role that was taken is held again once it is given anew.
_HELD = (
    "r.seq <= :at AND NOT EXISTS (SELECT 1 FROM role_ends e WHERE e.principal = r.principal AND e.scope = r.scope "
    "AND e.role = r.role AND e.seq > r.seq AND e.seq <= :at)"
)
MEMBER = "member"
"""The role by which somebody is in a team: given in ``team/NAME``."""


def roles(view: View, principal: str, project: str | None) -> tuple[str, ...]:
    """The roles that a principal holds in a project, by itself or by a team, those for the whole ledger included."""
    sql = (
        "SELECT DISTINCT r.role FROM roles r WHERE r.principal = :principal AND r.scope IN (:scope, 'project/all') "
        f"AND {_HELD}"
    )
    scope = f"project/{project}"
    found = {row[0] for row in view.rows(sql, {"principal": principal, "scope": scope})}
    if _teams_hold(view):
        for team in teams(view, principal):
            found.update(row[0] for row in view.rows(sql, {"principal": f"team/{team}", "scope": scope}))
    return tuple(sorted(found))


def holders(view: View, role: str, project: str | None) -> tuple[str, ...]:
    """Who holds a role in a project, by themselves or by a team."""
    sql = f"SELECT DISTINCT r.principal FROM roles r WHERE r.role = :role AND r.scope IN (:scope, 'project/all') AND {_HELD}"
    found = {row[0] for row in view.rows(sql, {"role": role, "scope": f"project/{project}"})}
    for principal in [each for each in found if each.startswith("team/")]:
        found.remove(principal)
        found.update(members(view, principal.removeprefix("team/")))
    return tuple(sorted(found))


def grants(view: View, principal: str | None = None, scope: str | None = None) -> list[Grant]:
    """The roles that are held, oldest first, narrowed to a principal or a scope."""
    sql = f"SELECT r.seq, r.principal, r.scope, r.role FROM roles r WHERE {_HELD}"
    if principal is not None:
        sql += " AND r.principal = :principal"
    if scope is not None:
        sql += " AND r.scope = :scope"
    rows = view.rows(sql + " ORDER BY r.seq", {"principal": principal, "scope": scope})
    return list({row[1:]: Grant(*row) for row in reversed(rows)}.values())[::-1]


def teams(view: View, name: str) -> tuple[str, ...]:
    """The teams that somebody is in: the one that their last enrolment names, and those that they were made a member of."""
    enrolled = view.row(
        "SELECT team FROM people_keys WHERE name = :name AND team IS NOT NULL AND seq <= :at ORDER BY seq DESC LIMIT 1",
        {"name": name},
    )
    sql = (
        "SELECT DISTINCT r.scope FROM roles r WHERE r.principal = :name AND r.role = 'member' "
        f"AND r.scope GLOB 'team/*' AND {_HELD}"
    )
    found = {row[0].removeprefix("team/") for row in view.rows(sql, {"name": name})}
    return tuple(sorted(found | ({str(enrolled[0])} if enrolled else set())))


def members(view: View, team: str) -> tuple[str, ...]:
    """Who is in a team."""
    return tuple(each.name for each in listed(view) if team in teams(view, each.name))


def _teams_hold(view: View) -> bool:
    """Whether any team was ever given a role: asked of the index, so that those without teams pay nothing for them."""
    sql = "SELECT 1 FROM roles WHERE principal >= 'team/' AND principal < 'team0' AND seq <= :at LIMIT 1"
    return view.row(sql) is not None


def owners(view: View, subject: str) -> list[Owner]:
    """Who is responsible, accountable, consulted, informed for a subject; the newest assignment of each role counts."""
    rows = view.rows(
        "SELECT seq, subject, role, principal, team FROM owners WHERE subject = :subject AND seq <= :at ORDER BY seq",
        {"subject": subject},
    )
    return list({row[2]: Owner(*row) for row in rows}.values())
