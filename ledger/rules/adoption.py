"""Rules on adopting a policy: signed by who may, registered as it is, readable, and such that it can be satisfied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger.errors import Missing
from ledger.format import canonical, hashes
from ledger.format.errors import FormatError
from ledger.format.event import Event
from ledger.projections import View, artifacts, people
from ledger.rules import access, decisions, gates, grammar, seats
from ledger.rules.policy import All, Approvals, AtLeast, Condition, Policy, Rule, in_force

MAX_BYTES = 32_768
"""The canonical JSON of a policy lies in its adoption's event, which has a limit of its own."""


Place = tuple[str | int, ...]


class Flaw(NamedTuple):
    """Why a policy cannot be satisfied with the people that there are, and where in its document that stands."""

    place: Place
    what: str


def adopted(view: View, event: Event) -> Iterator[Missing]:
    """A policy is adopted by who may, signed over the digest of what the event carries, and it can be satisfied."""
    value = event.value
    signed, problem = decisions.signature(view, event, event.actor)
    if signed is None:
        yield Missing(problem)
        return
    yield from decisions.once(view, event)
    yield from _same_bytes(view, event)
    if signed.subject_name != value["policy"] or signed.subject_sha256 != value["sha256"]:
        yield Missing(f"the decision is on {signed.subject_name} of other bytes than the event names")
    before = in_force(view, event.project)
    may = access.right(view, before, event.actor, "adopt", event.project, event.at)
    if not may.may:
        yield Missing(f"{event.actor} may not adopt a policy: {may.why}")
    if event.subject != value["policy"] or not value["policy"].startswith(f"policy/{event.project}/"):
        yield Missing(f"{value['policy']} is no policy of project {event.project}")
    # Where the policy in force guards its own succession, that gate stands before this one.
    yield from gates.missing(view, event.subject, "policy", now=event.at)
    try:
        policy = grammar.parse(value["document"])
    except grammar.PolicyError as error:
        yield Missing(f"the policy cannot be read: {error}", "policy check")
        return
    for flaw in flaws(view, policy, event.project, event.at):
        yield Missing(flaw.what, "policy check")


def set_sla(view: View, event: Event) -> Iterator[Missing]:
    """A time to answer is one, and set by whoever may adopt policies."""
    may = access.right(view, in_force(view, event.project), event.actor, "adopt", event.project, event.at)
    if not may.may:
        yield Missing(f"{event.actor} may not set times to answer: {may.why}")
    try:
        grammar.seconds(event.value["within"])
    except grammar.PolicyError as error:
        yield Missing(str(error))


def flaws(view: View, policy: Policy, project: str | None, now: str) -> list[Flaw]:
    """Why a policy can never be satisfied with the people enrolled: a quorum larger than its role has members, and the like."""
    found: list[Flaw] = []
    for rule in policy.rules:
        if rule.require is not None:
            found += _quorum(Members(view, rule, project, now), rule.require, (*rule.place, "require"))
        if rule.automation is not None:
            for name in rule.automation.identities:
                person = people.get(view, name)
                if person is None or person.kind != "automation":
                    what = f"{name} is not enrolled as an automation identity; `assay people add {name} --automation`"
                    found.append(Flaw((*rule.place, "automation", "identities"), what))
        if rule.exceptions is not None and not _people(view, rule.exceptions.roles, project, now):
            what = f"nobody holds the role {' or '.join(rule.exceptions.roles)}, so nobody could make an exception"
            found.append(Flaw((*rule.place, "exceptions", "roles"), what))
    for act, roles in policy.access.items():
        if access.ADMINISTRATOR not in roles and not any(seats.holders(view, role, project, now) for role in roles):
            found.append(Flaw(("access", act), f"nobody holds the role {' or '.join(roles)}, so nobody could {act}"))
    return found


def _same_bytes(view: View, event: Event) -> Iterator[Missing]:
    value = event.value
    try:
        data = canonical.encode(value["document"])
    except FormatError as error:
        yield Missing(f"the policy cannot be written down: {error}")
        return
    if len(data) > MAX_BYTES:
        yield Missing(f"a policy of {len(data):,} bytes is too long; {MAX_BYTES:,} is the most")
    if hashes.digest(data) != value["sha256"]:
        yield Missing(f"the policy in the event has the digest {hashes.digest(data)}, not {value['sha256']}")
    artifact = artifacts.get(view, value["policy"])
    if artifact is None:
        yield Missing(f"{value['policy']} is not registered", "policy adopt")
    elif artifact.digest != value["sha256"]:
        yield Missing(f"{value['policy']} has the digest {artifact.digest}, not {value['sha256']}")


class Members:
    """Who could give the approvals of a rule."""

    def __init__(self, view: View, rule: Rule, project: str | None, now: str) -> None:
        self._view, self._project, self._now = view, project, now
        self._automatic = () if rule.automation is None else rule.automation.identities

    def able(self, roles: tuple[str, ...]) -> set[str]:
        """Those who may act in one of these roles, in any where none is named: people, and automations that may approve."""
        return _people(self._view, roles, self._project, self._now, self._automatic)


def _quorum(members: Members, condition: Condition, place: Place) -> list[Flaw]:
    """Flaws of a condition: of its parts one by one, then of the approvals that are wanted together."""
    if isinstance(condition, AtLeast):
        word: Place = ("any",) if condition.least == 1 else ("at_least", "of")
        parts = [_quorum(members, each, (*place, *word, n)) for n, each in enumerate(condition.of)]
        sound = sum(not each for each in parts)
        return [] if sound >= condition.least else [flaw for each in parts for flaw in each]
    if isinstance(condition, All):
        found = [flaw for n, each in enumerate(condition.of) for flaw in _quorum(members, each, (*place, "all", n))]
        return found or _together(members, condition, (*place, "all"))
    if not isinstance(condition, Approvals):
        return []
    able = members.able(condition.roles)
    if len(able) >= condition.quorum:
        return []
    roles = f"the role {' or '.join(condition.roles)}" if condition.roles else "any role"
    who = f"{len(able)} ({', '.join(sorted(able))})" if able else "nobody"
    wanted = "1 approval is" if condition.quorum == 1 else f"{condition.quorum} approvals are"
    what = f"{wanted} wanted, and {who} {'hold' if len(able) > 1 else 'holds'} {roles}"
    return [Flaw((*place, "approvals", "count"), what)]


def _together(members: Members, condition: All, place: Place) -> list[Flaw]:
    """Whether different people can give all approvals that stand side by side: each person signs once, in one role."""
    wanted = [each for each in condition.of if isinstance(each, Approvals) and each.roles]
    roles = [role for each in wanted for role in each.roles]
    if len(wanted) < 2 or len(set(roles)) < len(roles):
        return []
    able = [sorted(members.able(each.roles)) for each in wanted for _ in range(each.quorum)]
    if _matched(able) == len(able):
        return []
    what = "these approvals are wanted together, and there are not enough different people in the roles for all of them"
    return [Flaw(place, what)]


def _matched(able: Sequence[Sequence[str]]) -> int:
    """How many seats can be taken by different people (a maximum bipartite matching, by augmenting paths)."""
    taken: dict[str, int] = {}

    def seat(n: int, seen: set[str]) -> bool:
        for name in able[n]:
            if name not in seen:
                seen.add(name)
                if name not in taken or seat(taken[name], seen):
                    taken[name] = n
                    return True
        return False

    return sum(seat(n, set()) for n in range(len(able)))


def _people(
    view: View, roles: tuple[str, ...], project: str | None, now: str, automatic: tuple[str, ...] = ()
) -> set[str]:
    """Who has a valid key and may act in one of these roles (in any where none is named): people, and named automations."""
    found = {
        each.name for each in people.listed(view) if each.keys and (each.kind == "person" or each.name in automatic)
    }
    if roles:
        return found & {name for role in roles for name in seats.holders(view, role, project, now)}
    return {name for name in found if seats.roles(view, name, project, now)}
