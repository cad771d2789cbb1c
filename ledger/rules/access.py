"""Access to act by role: what the policy in force keeps to whom, at append and in an audit alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ledger.errors import Missing
from ledger.format import canonical, hashes
from ledger.format.event import Event
from ledger.projections import View, people
from ledger.rules import decisions, seats
from ledger.rules.policy import ACTS, Policy, in_force

ACT_OF = {event_type: act for act, types in ACTS.items() for event_type in types}
"""The act that recording an event of a type is."""

ADMINISTRATOR = "administrator"
"""The word for whoever administers the ledger, among an act's roles."""

_ADMINISTRATORS = frozenset({"grant", "adopt"})
"""The acts that are the administrators' where the policy gives them to nobody."""


class Right(NamedTuple):
    """Whether somebody may do something, and why or why not, in words."""

    act: str
    may: bool
    why: str


def right(view: View, policy: Policy, name: str, act: str, project: str | None, now: str) -> Right:
    """Whether ``name`` may do ``act`` in a project at a moment."""
    wanted = policy.access.get(act)
    administrator = people.is_administrator(view, name)
    if wanted is None:
        if act not in _ADMINISTRATORS:
            return Right(act, True, "open to everybody")
        return Right(act, administrator, "administrates the ledger" if administrator else "administrators do that")
    if ADMINISTRATOR in wanted and administrator:
        return Right(act, True, "administrates the ledger")
    held = [role for role in seats.roles(view, name, project, now) if role in wanted]
    if held:
        seat = seats.root(view, name, held[0], project, now)
        lent = f", delegated by {seat}" if seat not in (None, name) else ""
        return Right(act, True, f"as {held[0]}{lent}")
    return Right(act, False, f"the policy keeps it to {' or '.join(wanted)}")


def allowed(view: View, event: Event, *, policy: Policy | None = None) -> Iterator[Missing]:
    """Whoever does what the policy in force (or ``policy``, to try it) keeps to roles holds one of them."""
    policy = policy or in_force(view, event.project)
    act = ACT_OF[event.type]
    wanted = policy.access.get(act)
    if wanted is None:
        return
    found = right(view, policy, event.actor, act, event.project, event.at)
    if not found.may:
        able = sorted({name for role in wanted for name in seats.holders(view, role, event.project, event.at)})
        what = f"{event.actor} may not {act.replace('_', ' ')} here: the policy keeps it to {' or '.join(wanted)}"
        yield Missing(what, f"people grant {event.actor} --role {wanted[0]}", ", ".join(able))


def granted(view: View, event: Event) -> Iterator[Missing]:
    """Roles are given and taken by administrators, or those to whom the policy leaves it; to those who are enrolled."""
    value = event.value
    policy = in_force(view, event.project)
    if "grant" not in policy.access and not people.is_administrator(view, event.actor):
        yield Missing(f"{event.actor} does not administer this ledger, and only administrators give roles")
    principal = value["principal"]
    if not principal.startswith("team/") and people.get(view, principal) is None:
        yield Missing(f"{principal} is not enrolled", f"people add {principal}")
    if event.type == "access.revoked":
        held = people.grants(view, principal, event.subject)
        if value["role"] not in {each.role for each in held}:
            yield Missing(f"{principal} does not hold the role {value['role']} in {event.subject}", "people list")
        return
    if value.get("dsse") is None:
        if policy.grants_signed:
            yield Missing(
                "the policy wants the giving of roles signed", f"people grant {principal} --role {value['role']}"
            )
        return
    yield from _signed_grant(view, event)


def grant_digest(principal: str, role: str, scope: str) -> str:
    """What a decision to give a role names as its subject's digest."""
    return hashes.digest(canonical.encode({"principal": principal, "role": role, "scope": scope}))


def _signed_grant(view: View, event: Event) -> Iterator[Missing]:
    value = event.value
    signed, problem = decisions.signature(view, event, event.actor)
    if signed is None:
        yield Missing(problem)
    elif signed.subject_name != event.subject or signed.subject_sha256 != grant_digest(
        value["principal"], value["role"], event.subject
    ):
        yield Missing("the decision is on another role, place or person than the event names")
    else:
        yield from decisions.once(view, event)
