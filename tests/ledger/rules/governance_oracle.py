"""What a policy demands before production, worked out naively from the events alone, by another reading of its document.

It shares nothing with the rules: no projection, no parser, no query. It knows the conditions that the property test uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ledger.format.event import Event

PRODUCTION = ("prod", "production")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def exposes(history: Sequence[Event]) -> bool:
    """Whether the last event brings its subject before all of production's accounts, or into its stage."""
    event, value = history[-1], history[-1].value
    if event.type == "promotion.recorded":
        return value["to_stage"] in PRODUCTION
    if event.type == "deployment.started":
        return value["strategy"] == "direct" and value["environment"] in PRODUCTION
    return False


def allowed(history: Sequence[Event]) -> bool:
    """Whether the policy in force lets the last event happen, as of its own moment."""
    event, past = history[-1], history[:-1]
    policies = [e for e in past if e.type == "policy.adopted"]
    if not policies:
        return len(_default(past, event.subject)) >= 2
    document = policies[-1].value["document"]
    access = document.get("access", {}).get("promote" if event.type == "promotion.recorded" else "deploy")
    if access is not None and not set(access) & roles(past, event.actor, event.at):
        return False
    if any(_waives(past, e, event.at) for e in past if e.type == "exception.recorded" and e.subject == event.subject):
        return True
    found = [each for each in document["transitions"] if each["to"] == "prod"]
    return all(_transition(past, each, event.subject, event.at) for each in found)


def roles(past: Sequence[Event], name: str, now: str) -> set[str]:
    """The roles in which somebody may act: their own, and those lent to them by who holds them."""
    found = own(past, name)
    for lent in [e for e in past if e.type == "delegation.given" and e.value["to"] == name]:
        if _holds(past, lent, now) and seat(past, name, lent.value["role"], now) is not None:
            found.add(lent.value["role"])
    return found


def own(past: Sequence[Event], name: str) -> set[str]:
    """The roles that somebody was given and that were not taken since."""
    found: set[str] = set()
    for e in past:
        if e.type == "access.granted" and e.value["principal"] == name:
            found.add(e.value["role"])
        if e.type == "access.revoked" and e.value["principal"] == name:
            found.discard(e.value["role"])
    return found


def seat(past: Sequence[Event], name: str, role: str, now: str, seen: tuple[str, ...] = ()) -> str | None:
    """Whose role it is that somebody acts in."""
    if role in own(past, name):
        return name
    for e in past:
        lends = e.type == "delegation.given" and e.value["to"] == name and e.value["role"] == role
        if lends and _holds(past, e, now) and e.actor not in seen:
            root = seat(past, e.actor, role, now, (*seen, name))
            if root is not None:
                return root
    return None


def _holds(past: Sequence[Event], lent: Event, now: str) -> bool:
    ended = [e for e in past if e.type == "delegation.ended" and e.value["delegation"] == lent.value["delegation"]]
    return not ended and now < lent.value["until"]


def _waives(past: Sequence[Event], exception: Event, now: str) -> bool:
    name = exception.value["exception"]
    closed = any(e.type == "exception.closed" and e.value["exception"] == name for e in past)
    return exception.value["transition"] in PRODUCTION and now < exception.value["expires"] and not closed


def _transition(past: Sequence[Event], rule: dict[str, Any], subject: str, now: str) -> bool:
    requests = [e for e in past if e.type == "approval.requested" and e.subject == subject]
    live = [e for e in requests if e.value["transition"] in PRODUCTION and not _over(past, e, now)]
    asks = "approvals" in str(rule["require"])
    if asks and not live:
        return False
    return any(_holds_for(past, rule, rule["require"], subject, each, now) for each in (live or [None]))


def _over(past: Sequence[Event], request: Event, now: str) -> bool:
    ends = ("approval.rejected", "approval.changes_requested", "approval.withdrawn", "approval.expired")
    expires = request.value.get("expires")
    ended = any(e.type in ends and e.value["request"] == request.seq for e in past)
    return ended or (expires is not None and now >= expires)


def _holds_for(
    past: Sequence[Event], rule: dict[str, Any], want: dict[str, Any], subject: str, request: Event | None, now: str
) -> bool:
    ((word, said),) = want.items()
    if word == "all":
        return all(_holds_for(past, rule, each, subject, request, now) for each in said)
    if word == "any":
        return any(_holds_for(past, rule, each, subject, request, now) for each in said)
    if word == "approvals":
        assert request is not None
        return _signatures(past, rule, said, subject, request, now) >= said["count"]
    if word == "document":
        found = [e for e in past if e.type == "document.attached" and e.subject in (subject, subject.split("@")[0])]
        return any(e.value["doc_kind"] == said for e in found)
    if word == "criteria":
        return _criteria(past, subject)
    assert word == "check"
    newest: dict[str, Event] = {}
    for e in past:
        if e.type == "check.executed" and e.subject == subject and e.value["kind"] in said["kinds"]:
            newest[e.value["check"]] = e
    since = _since(now, said.get("within"))
    fresh = any(_time(e.at) >= since for e in newest.values())
    return fresh and all(e.value["passed"] for e in newest.values())


def _signatures(
    past: Sequence[Event], rule: dict[str, Any], want: dict[str, Any], subject: str, request: Event, now: str
) -> int:
    trainer = _trainer(past, subject)
    authors = {trainer, *(e.actor for e in past if e.type == "artifact.registered" and e.subject == subject)}
    revoked = {e.value["approval"] for e in past if e.type == "approval.revoked"}
    automations = {e.value["name"] for e in past if e.type == "key.enrolled" and e.value.get("kind") == "automation"}
    named = set(rule.get("automation", {}).get("identities", ()))
    seats = set()
    for e in past:
        if e.type != "approval.granted" or e.value["request"] != request.seq or e.seq in revoked:
            continue
        role = e.value["role"]
        sits = seat(past, e.actor, role, e.at) or e.actor
        if not rule.get("author_may_sign") and {e.actor, sits} & authors:
            continue
        if e.actor == request.actor or role in own(past, trainer):
            continue
        if e.actor in automations and e.actor not in named:
            continue
        if role in want["roles"] and _time(e.at) >= _since(now, want.get("within")):
            seats.add(sits)
    return len(seats)


def _criteria(past: Sequence[Event], subject: str) -> bool:
    """The newest run that measured each metric is within the bounds that were set last before it began."""
    settings = [e for e in past if e.type == "criteria.set" and e.subject == subject.split("@")[0]]
    if not settings:
        return False
    began = {e.value["run"]: e for e in past if e.type == "run.started"}
    of = next(e for e in past if e.type == "artifact.registered" and e.subject == subject).value.get("run")
    for metric in {each["metric"] for e in settings for each in e.value["criteria"]}:
        newest = any(each["metric"] == metric for each in settings[-1].value["criteria"])
        measured = []
        for e in past:
            if e.type == "run.completed" and metric in e.value.get("metrics", {}):
                start = began[e.value["run"]]
                reads = subject in [each["ref"] for each in start.value["inputs"]]
                if (reads and e.value["status"] == "ok") or e.value["run"] == of:
                    measured.append((reads, e.seq, start.seq, e.value["metrics"][metric]))
        if not measured:
            if newest:
                return False
            continue
        _, _, started, value = max(measured)
        before = [e for e in settings if e.seq < started]
        bounds = [each for each in before[-1].value["criteria"] if each["metric"] == metric] if before else []
        if not bounds:
            if newest:
                return False
            continue
        if value > bounds[-1].get("at_most", float("inf")):
            return False
    return True


def _default(past: Sequence[Event], subject: str) -> set[str]:
    from tests.ledger.rules import oracle

    return oracle.approvers([*past, past[-1]], subject)


def _trainer(past: Sequence[Event], subject: str) -> str:
    registered = next(e for e in past if e.type == "artifact.registered" and e.subject == subject)
    started = [e.actor for e in past if e.type == "run.started" and e.value["run"] == registered.value.get("run")]
    return started[0] if started else registered.actor


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _since(now: str, within: str | None) -> datetime:
    if within is None:
        return datetime.fromisoformat("0001-01-01T00:00:00+00:00")
    return _time(now) - timedelta(**{_UNITS[within[-1]]: int(within[:-1])})
