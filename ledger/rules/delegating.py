"""Rules on delegations: signed by who has the role, to somebody else, with an end, and never in a circle."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.errors import Missing
from ledger.format import canonical, hashes, times
from ledger.format.errors import FormatError
from ledger.format.event import Event
from ledger.projections import View, delegations, people
from ledger.rules import decisions, seats


def given(view: View, event: Event) -> Iterator[Missing]:
    """A role is lent by who holds it, signed, to another person, until a moment to come, and does not come back to them."""
    value, project = event.value, event.project
    signed, problem = decisions.signature(view, event, event.actor)
    if signed is None:
        yield Missing(problem)
        return
    to, role = value["to"], value["role"]
    if signed.subject_name != f"person/{to}" or event.subject != f"person/{to}":
        yield Missing(f"the decision is on {signed.subject_name}, not on person/{to}")
    if signed.subject_sha256 != digest(value["delegation"], event.actor, to, role, project, value["until"]):
        yield Missing("the decision is on another delegation than the event names")
    if delegations.get(view, value["delegation"]) is not None:
        yield Missing(f"there is a delegation {value['delegation']} already")
    if role not in seats.roles(view, event.actor, project, event.at):
        yield Missing(f"{event.actor} does not hold the role {role} in project {project}, and cannot delegate it")
    person = people.get(view, to)
    if person is None:
        yield Missing(f"{to} is not enrolled", f"people add {to}")
    elif person.kind != "person":
        yield Missing(f"{to} is an automation; roles are delegated to people")
    yield from _time(event)
    way = seats.cycle(view, event.actor, to, role, project, event.at)
    if way:
        yield Missing(f"{role} would go in a circle: {' to '.join(way)}", "people list")


def ended(view: View, event: Event) -> Iterator[Missing]:
    """A delegation is ended by either side or an administrator, while it holds."""
    found = delegations.get(view, event.value["delegation"])
    if found is None or found.delegate != event.value["to"]:
        yield Missing(f"there is no delegation {event.value['delegation']} to {event.value['to']}", "people list")
        return
    if not found.active(event.at):
        yield Missing(f"the delegation {found.delegation} is over already")
    if event.actor not in (found.principal, found.delegate) and not people.is_administrator(view, event.actor):
        yield Missing(f"the delegation {found.delegation} is {found.principal}'s, and {event.actor} may not end it")


def digest(delegation: str, principal: str, to: str, role: str, project: str | None, until: str) -> str:
    """What a decision to delegate names as its subject's digest."""
    facts = {"delegation": delegation, "from": principal, "to": to, "role": role, "project": project, "until": until}
    return hashes.digest(canonical.encode(facts))


def _time(event: Event) -> Iterator[Missing]:
    try:
        until = times.parse_time(event.value["until"])
    except FormatError as error:
        yield Missing(f"until: {error}")
        return
    if until <= times.parse_time(event.at):
        yield Missing(f"the delegation would end at {event.value['until']}, which is over")
