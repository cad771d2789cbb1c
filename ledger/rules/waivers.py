"""Rules on exceptions: only where the policy allows them, by whom it says, for no longer than it says, each to be closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ledger.errors import Missing
from ledger.format import canonical, hashes, times
from ledger.format.errors import FormatError
from ledger.format.event import Event
from ledger.projections import View, artifacts, exceptions, people
from ledger.rules import authorship, decisions, gates, seats
from ledger.rules.policy import Rule, duration


def recorded(view: View, event: Event) -> Iterator[Missing]:
    """Whoever breaks the glass may, signs it over the version's bytes with a reason, and it ends by itself."""
    value = event.value
    signed, problem = decisions.signature(view, event, event.actor)
    if signed is None:
        yield Missing(problem)
        return
    yield from decisions.once(view, event)
    artifact = artifacts.get(view, event.subject)
    if artifact is None:
        yield Missing(f"{event.subject} is not registered", "artifact register")
        return
    wanted = digest(value["exception"], artifact, value["transition"], value["expires"])
    if signed.subject_name != f"exception/{value['exception']}" or signed.subject_sha256 != wanted:
        yield Missing(
            f"the decision is on another exception than the event names, or on other bytes than {artifact.ref}"
        )
    if not value["reason"].strip() or value["reason"] != signed.reason:
        yield Missing("an exception needs a reason, the one that was signed")
    if exceptions.get(view, value["exception"]) is not None:
        yield Missing(f"there is an exception {value['exception']} already")
    for each in exceptions.unclosed(view, event.project):
        if each.state(event.at) == "expired":
            yield Missing(
                f"the exception {each.exception} has expired and is not closed", f"exception close {each.exception}"
            )
    goal = gates.environment_of(value["transition"])
    rules = gates.rules_for(view, artifact, goal)
    if not rules:
        yield Missing(f"no policy guards {value['transition']}, so nothing there needs an exception")
    for rule in rules:
        yield from _by_rule(view, event, rule, artifact)


def closed(view: View, event: Event) -> Iterator[Missing]:
    """An exception is closed once, with what came of it, by whoever made it, may make one, or administers the ledger."""
    value = event.value
    found = exceptions.get(view, value["exception"])
    if found is None or found.subject != event.subject:
        yield Missing(f"there is no exception {value['exception']} on {event.subject}", "exception list")
        return
    if found.closed_seq is not None:
        yield Missing(f"the exception {found.exception} was closed before, at event {found.closed_seq}")
    if not value["outcome"].strip():
        yield Missing("say what came of the exception: its outcome is empty")
    artifact = artifacts.get(view, found.subject)
    rules = () if artifact is None else gates.rules_for(view, artifact, gates.environment_of(found.transition))
    roles = {role for rule in rules if rule.exceptions is not None for role in rule.exceptions.roles}
    held = set(seats.roles(view, event.actor, event.project, event.at))
    if event.actor != found.actor and not held & roles and not people.is_administrator(view, event.actor):
        yield Missing(f"{event.actor} may not close the exception of {found.actor}", "", found.actor)


def digest(exception: str, artifact: artifacts.Artifact, transition: str, expires: str) -> str:
    """What a decision to make an exception names as its subject's digest: all that it lets happen, and until when."""
    facts = {
        "exception": exception,
        "subject": artifact.ref,
        "sha256": artifact.digest,
        "transition": transition,
        "expires": expires,
    }
    return hashes.digest(canonical.encode(facts))


def _by_rule(view: View, event: Event, rule: Rule, artifact: artifacts.Artifact) -> Iterator[Missing]:
    value = event.value
    if rule.exceptions is None:
        yield Missing(f"the policy allows no exception for {value['transition']}")
        return
    held = seats.roles(view, event.actor, artifact.project, event.at)
    if not set(held) & set(rule.exceptions.roles):
        able = sorted({n for r in rule.exceptions.roles for n in seats.holders(view, r, artifact.project, event.at)})
        what = f"{event.actor} may make no exception: the policy leaves that to {' or '.join(rule.exceptions.roles)}"
        yield Missing(what, "", ", ".join(able))
    if not rule.author_may_sign and event.actor in authorship.authors(view, artifact):
        yield Missing(f"{event.actor} is an author of {artifact.ref}, and authors make no exception for their own work")
    try:
        until = times.parse_time(value["expires"])
    except FormatError as error:
        yield Missing(f"expires: {error}")
        return
    begun = times.parse_time(event.at)
    if until <= begun:
        yield Missing(f"the exception would expire at {value['expires']}, which is over")
    elif until > begun + timedelta(seconds=rule.exceptions.at_most):
        yield Missing(f"an exception lasts {duration(rule.exceptions.at_most)} at most")
