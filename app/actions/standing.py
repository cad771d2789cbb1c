"""Standing: giving and taking roles, RACI, a project's charter, and who could do what at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.actions import deciding, events, moments
from app.actions import people as persons
from app.actions.answers import Answer, Mark, say, state, table
from ledger.errors import InputError
from ledger.projections import documents, people, vouchers
from ledger.rules import access, seats
from ledger.rules.grammar import RACI, leaves
from ledger.rules.policy import ACTS, Approvals, Policy, in_force

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.view import View

TEAM = "team/"


def show(context: Context, *, name: str) -> Answer:
    """One person, automation or team: roles, keys, what they answer for, and their history."""
    view = context.view
    if name.startswith(TEAM):
        return _team(context, name.removeprefix(TEAM))
    person = people.get(view, name.removeprefix("person/"))
    if person is None:
        raise InputError(f"{name} is not enrolled; `assay people list` shows who is")
    return persons.shown(view, person)


def grant(context: Context, *, name: str, roles: Sequence[str], project: str | None = None) -> Answer:
    """Give roles in a project, or make somebody a member of a team; signed by the actor."""
    from ledger.events.people import AccessGranted
    from ledger.ledger import Entry

    ledger, view, actor = context.ledger, context.view, context.actor
    scope, home = _scope(context, project)
    if not roles:
        raise InputError("name a role to give: --role ROLE")
    if not name.startswith(TEAM) and people.get(view, name) is None:
        raise InputError(f"{name} is not enrolled; `assay people add {name}` does that")
    held = {each.role for each in people.grants(view, name, scope)}
    new = [role for role in dict.fromkeys(roles) if role not in held]
    if not new:
        raise InputError(f"{name} holds {', '.join(roles)} in {scope} already")
    secret = context.unlock(actor)
    entries = []
    for role in new:
        digest = access.grant_digest(name, role, scope)
        envelope = deciding.on_subject(view, actor, secret, scope, digest, "enrol", "")
        entries.append(Entry(AccessGranted(name, role, envelope), scope, actor, home))
    return _recorded(context, name, ledger.record_many(entries))


def take(
    context: Context, *, name: str, roles: Sequence[str], project: str | None = None, reason: str | None = None
) -> Answer:
    """Take roles from somebody; what they did in them stays."""
    from ledger.events.people import AccessRevoked
    from ledger.ledger import Entry

    scope, home = _scope(context, project)
    if not roles:
        raise InputError("name a role to take: --role ROLE")
    entries = [Entry(AccessRevoked(name, each, reason or None), scope, context.actor, home) for each in roles]
    return _recorded(context, name, context.ledger.record_many(entries))


def raci(
    context: Context,
    *,
    subject: str,
    responsible: str | None = None,
    accountable: str | None = None,
    consulted: str | None = None,
    informed: str | None = None,
) -> Answer:
    """Who is responsible, accountable, consulted and informed for something; or say who is from now on."""
    from ledger.events.people import OwnerAssigned
    from ledger.ledger import Entry

    view = context.view
    name = _subject(context, subject)
    wanted = {
        role: who
        for role, who in zip(RACI, (responsible, accountable, consulted, informed), strict=True)
        if who is not None
    }
    recorded: list[Any] = []
    if wanted:
        home = name.split("/")[1] if "/" in name else None
        entries = []
        for role, who in wanted.items():
            person = people.get(view, who)
            if person is None and not who.startswith(TEAM):
                raise InputError(f"{who} is not enrolled; `assay people add {who}` does that")
            kind: Any = role
            team = person.team if person else who.removeprefix(TEAM)
            entries.append(Entry(OwnerAssigned(kind, who, team), name, context.actor, home))
        recorded = context.ledger.record_many(entries)
        view = context.ledger.view()
    owners = {each.role: each for each in people.owners(view, name)}
    rows = [
        (role, owners[role].principal, owners[role].team, Mark("dim", f"event {owners[role].seq}"))
        if role in owners
        else (role, state("warn", "nobody"), None, "")
        for role in RACI
    ]
    document = {
        "at": view.at,
        "subject": name,
        "raci": {role: owners[role]._asdict() if role in owners else None for role in RACI},
        "events": [events.described(each) for each in recorded],
    }
    return Answer(document, [*events.listing(recorded), say(Mark("title", name)), *table(rows, indent="  ")])


def can(context: Context, *, name: str | None = None, project: str | None = None) -> Answer:
    """Who may do what in a project at that moment, by the policy then in force, and why."""
    view = context.view
    home = project if context.workspace_or_none is None else context.workspace.project(project)
    policy, now = in_force(view, home), moments.present(view)
    if name is not None and people.get(view, name) is None:
        raise InputError(f"{name} is not enrolled; `assay people list` shows who is")
    found = [each for each in people.listed(view) if name in (None, each.name)]
    rights = {each.name: _rights(view, policy, each.name, home, now) for each in found}
    lines: list[str] = [say(Mark("title", f"in {home}"), "  ", Mark("dim", f"by {policy.ref or policy.name}"))]
    if name is not None:
        rows = [
            (state("good", "may") if each.may else state("bad", "may not"), each.act, Mark("dim", each.why))
            for each in rights[name]
        ]
        lines += table(rows, indent="  ")
    else:
        acts = [each.act for each in next(iter(rights.values()), [])]
        signs = {True: Mark("good", "✓"), False: Mark("dim", "·")}
        lines += table(
            [(each.name, *(signs[one.may] for one in rights[each.name])) for each in found], ("", *acts), indent="  "
        )
    document = {
        "at": view.at,
        "project": home,
        "policy": policy.ref or None,
        "digest": policy.digest(),
        "people": [
            {
                "name": each.name,
                "roles": list(seats.roles(view, each.name, home, now)),
                "rights": [one._asdict() for one in rights[each.name]],
            }
            for each in found
        ],
    }
    return Answer(document, lines)


def charter(context: Context, *, file: str, project: str | None = None, title: str | None = None) -> Answer:
    """Stand for a project as its sponsor: attach the charter, and sign it with the actor's own key."""
    from ledger.events.documents import DocumentAttached
    from ledger.events.people import CharterSigned
    from ledger.ledger import Entry

    ledger, view, actor = context.ledger, context.view, context.actor
    home = context.workspace.project(project)
    scope = f"project/{home}"
    secret = context.unlock(actor)
    kept = ledger.objects.put_file(context.start / file)
    envelope = deciding.on_subject(view, actor, secret, scope, kept.digest, "approve", "")
    entries = [Entry(CharterSigned(kept.digest, envelope, title), scope, actor, home)]
    if kept.digest not in {each.digest for each in documents.listed(view, scope)}:
        entries.insert(0, Entry(DocumentAttached("charter", kept.digest, title), scope, actor, home))
    recorded = ledger.record_many(entries)
    signed = vouchers.listed(ledger.view(), scope)[-1]
    document = {"project": home, "charter": signed._asdict(), "events": [events.described(each) for each in recorded]}
    return Answer(document, events.listing(recorded))


def _rights(view: View, policy: Policy, name: str, project: str | None, now: str) -> list[access.Right]:
    """Every act, then every transition's approval."""
    found = [access.right(view, policy, name, act, project, now) for act in ACTS]
    held = set(seats.roles(view, name, project, now))
    person = people.get(view, name)
    for goal in dict.fromkeys(to for rule in policy.rules for to in rule.to):
        rules = [rule for rule in policy.rules if goal in rule.to]
        asked = [each for rule in rules for each in leaves(rule.require) if isinstance(each, Approvals)]
        if not asked:
            continue
        wanted = {role for each in asked for role in each.roles}
        act, serves = f"approve {goal}", held & wanted if wanted else held
        if person is not None and person.kind == "automation":
            lets = any(rule.automation is not None and name in rule.automation.identities for rule in rules)
            found.append(access.Right(act, lets and bool(serves), "by itself, where the policy's conditions hold"))
        elif not (person and person.keys):
            found.append(access.Right(act, False, "holds no valid key"))
        else:
            why = (
                f"as {', '.join(sorted(serves))}" if serves else f"wanted are {' or '.join(sorted(wanted)) or 'roles'}"
            )
            found.append(access.Right(act, bool(serves), why))
        if any(rule.exceptions is not None for rule in rules):
            lets = all(rule.exceptions is not None and held & set(rule.exceptions.roles) for rule in rules)
            found.append(access.Right(f"except {goal}", bool(lets), "by an exception, signed"))
    return found


def _team(context: Context, team: str) -> Answer:
    view = context.view
    members = people.members(view, team)
    grants = people.grants(view, f"{TEAM}{team}")
    if not members and not grants:
        raise InputError(f"there is no team {team}; `assay people list` shows who is in which")
    rows: list[tuple[Mark, str, str | Mark]] = [(Mark("dim", "member"), each, "") for each in members]
    rows += [(Mark("dim", "role"), each.role, Mark("dim", each.scope)) for each in grants]
    document = {
        "at": view.at,
        "team": team,
        "members": list(members),
        "roles": [{"scope": each.scope.removeprefix("project/"), "role": each.role} for each in grants],
        "person": None,
        "history": [],
    }
    return Answer(document, [say(Mark("title", f"{TEAM}{team}")), *table(rows, indent="  ")])


def _scope(context: Context, project: str | None) -> tuple[str, str | None]:
    """What a role is given in: ``team/x`` as it is, ``all`` for the whole ledger, else the project."""
    if project is not None and project.startswith(TEAM):
        return project, None
    if project == "all":
        return "project/all", None
    home = context.workspace.project(project)
    return f"project/{home}", home


def _subject(context: Context, text: str) -> str:
    """What RACI is about: a full reference as it is, an artifact under any version, or a project."""
    from ledger.projections import artifacts

    if text.startswith(("project/", "run/", "team/")):
        return text
    if text.count("/") == 2 and "@" not in text:
        return text
    try:
        artifact = artifacts.resolve(context.view, text)
    except artifacts.UnknownRef:
        if text in context.workspace.config.projects:
            return f"project/{text}"
        raise
    return artifact.ref if "@" in text else artifact.base


def _recorded(context: Context, name: str, recorded: list[Any]) -> Answer:
    view = context.ledger.view()
    person = people.get(view, name)
    document = {
        "person": None if person is None else persons.document(view, person),
        "events": [events.described(each) for each in recorded],
    }
    return Answer(document, events.listing(recorded))
