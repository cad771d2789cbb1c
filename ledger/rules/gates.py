"""Gates: what is missing before a version may make a transition. One answer for the checklist, the append and the audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.errors import Missing
from ledger.format.event import Event
from ledger.projections import View, approvals, artifacts, deployments, exceptions, people, vouchers
from ledger.projections.approvals import Request
from ledger.projections.artifacts import Artifact
from ledger.projections.exceptions import Waiver
from ledger.rules import authorship, conditions, seats
from ledger.rules.conditions import STAGES, Case, environment_of, open_
from ledger.rules.conditions import Line as Condition
from ledger.rules.grammar import leaves
from ledger.rules.policy import DEFAULT, Approvals, Policy, Rule, in_force

__all__ = [
    "REGISTRY_STAGES",
    "STAGES",
    "Condition",
    "barred",
    "checklist",
    "decision",
    "deployment",
    "environment_of",
    "evaluated",
    "fulfilled",
    "missing",
    "promotion",
    "rules_for",
    "terms",
    "trainer",
    "unapproved_slice",
    "words",
]

REGISTRY_STAGES = ("candidate", "staging", "production", "retired")
"""Where a version may stand in the registry."""

_SMALL = DEFAULT.rules[0].unapproved_slice

trainer = authorship.trainer


def checklist(
    view: View,
    subject: str,
    environment: str,
    *,
    now: str | None = None,
    policy: Policy | None = None,
    request: int | None = None,
) -> list[Condition]:
    """What the policy in force demands of the version ``subject`` before a transition, line by line.

    A transition without a rule demands that the version is registered and not retired, no more.

    Args:
        view: the ledger as of the judgement.
        subject: the version.
        environment: the environment, registry stage or other transition.
        now: the moment of the judgement, by which requests, approvals and exceptions expire; the last event's otherwise.
        policy: another policy than the one in force, to try it.
        request: where the policy wants a request's quorum, that of this request; of the one that lacks least otherwise.
    """
    artifact = artifacts.get(view, subject)
    if artifact is None:
        return [open_(f"{subject} is registered", Missing(f"{subject} is not registered", "artifact register"))]
    found = [Condition(f"{subject} is registered", True, artifact.seq)]
    reason = artifacts.retired(view, subject)
    if reason is not None:
        found.append(open_("it is not retired", Missing(f"{subject} was retired: {reason}")))
    goal = environment_of(environment)
    rules = rules_for(view, artifact, goal, policy)
    if not rules:
        return found
    moment = seats.now_of(view) if now is None else now
    demanded = [line for rule in rules for line in _demanded(Case(view, artifact, goal, rule, moment), request)]
    if any(not line.met for line in demanded):
        waiver = _waiver(view, artifact, goal, moment)
        if waiver is not None:
            demanded = [line if line.met else _waived(line, waiver) for line in demanded]
    return found + demanded


def missing(
    view: View,
    subject: str,
    environment: str,
    *,
    now: str | None = None,
    policy: Policy | None = None,
    request: int | None = None,
) -> list[Missing]:
    """What keeps ``subject`` out of ``environment``; empty where nothing does. Arguments as of :func:`checklist`."""
    lines = checklist(view, subject, environment, now=now, policy=policy, request=request)
    return list(dict.fromkeys(each.missing for each in lines if each.missing is not None))


def rules_for(view: View, artifact: Artifact, environment: str, policy: Policy | None = None) -> tuple[Rule, ...]:
    """The rules of the policy in force (or of ``policy``) on a version's way into an environment."""
    policy = policy or in_force(view, artifact.project)
    found = [
        each for each in policy.rules if environment in each.to and (not each.kinds or artifact.kind in each.kinds)
    ]
    if not any(each.tiers for each in found):
        return tuple(found)
    return policy.for_transition(environment, artifact.kind, authorship.tier(view, artifact))


def terms(view: View, subject: str, transition: str) -> tuple[int | None, int | None]:
    """In how many seconds an answer is due, and after how many a request expires, by the policy in force."""
    artifact = artifacts.get(view, subject)
    rules = () if artifact is None else rules_for(view, artifact, environment_of(transition))
    due = [each.sla for each in rules if each.sla is not None]
    over = [each.expires for each in rules if each.expires is not None]
    return min(due, default=None), min(over, default=None)


def unapproved_slice(view: View, subject: str, environment: str, policy: Policy | None = None) -> float:
    """The share of accounts up to which a shadow or canary may go before the rest of the policy holds."""
    artifact = artifacts.get(view, subject)
    rules = () if artifact is None else rules_for(view, artifact, environment_of(environment), policy)
    return min((rule.unapproved_slice for rule in rules), default=_SMALL)


def words(view: View, project: str | None, environment: str) -> str:
    """The policy of a transition in a sentence, with its name."""
    policy, goal = in_force(view, project), environment_of(environment)
    if any(goal in each.to for each in policy.rules):
        return f"{policy.words(goal)} ({policy.name}@{policy.version})"
    return f"no policy guards {environment}: a registered version may go there"


def fulfilled(view: View, request: Request) -> int | None:
    """The event by which what a request asks for came about: a promotion or deployment after it; ``None`` where none did.

    What came about by an exception leaves the request open: it may be approved afterwards.
    """
    goal = environment_of(request.transition)
    found = [
        (move.seq, move.at)
        for move in approvals.promotions(view, request.subject, after=request.seq)
        if environment_of(move.to_stage) == goal
    ]
    found += [
        (each.ended_seq, each.ended_at or "")
        for each in _deployed(view, request.subject)
        if environment_of(each.environment) == goal and each.status == "ok" and each.ended_seq is not None
    ]
    for seq, at in sorted(found):
        if seq > request.seq and not any(
            environment_of(each.transition) == goal and each.seq < seq and each.state(at) != "expired"
            for each in exceptions.listed(View(view.connection, seq), subject=request.subject)
            if each.closed_seq is None
        ):
            return seq
    return None


def barred(view: View, request: Request, signer: str, role: str, *, now: str | None = None) -> str | None:
    """Why ``signer`` may not decide on ``request`` in ``role``, in words; ``None`` where they may."""
    moment = seats.now_of(view) if now is None else now
    artifact = artifacts.get(view, request.subject)
    goal = environment_of(request.transition)
    rules = rules_for(view, artifact, goal) if artifact is not None else ()
    cases = [Case(view, artifact, goal, rule, moment) for rule in rules if artifact is not None]
    why = _by_authorship(cases, request, signer)
    if why is not None:
        return why
    if role not in seats.roles(view, signer, request.project, moment):
        if people.get(view, signer) is None:
            return f"nobody called {signer} is enrolled"
        return f"{signer} does not hold the role {role}"
    if role not in request.roles:
        return f"the request asks for {', '.join(request.roles)}, not for {role}"
    ended = request.ended(moment)
    if ended:
        how = {"rejected": "was rejected", "withdrawn": "was withdrawn", "expired": f"expired at {request.expires}"}
        return f"request {request.seq} {how.get(ended, 'ended with changes requested')}; a new request can be made"
    return _by_seat(cases, request, signer, role, moment, view)


def decision(
    view: View, subject: str, transition: str, *, now: str | None = None, policy: Policy | None = None
) -> dict[str, Any]:
    """The verdict on a transition with all that it rests on: the value of a ``gate.evaluated`` event.

    ``inputs.conditions`` are the checklist's lines, ``inputs.now`` is the moment of the judgement: with the policy of that
    digest and the ledger up to the event, the same verdict comes out again.
    """
    artifact = artifacts.get(view, subject)
    policy = policy or in_force(view, artifact.project if artifact else None)
    moment = seats.now_of(view) if now is None else now
    lines = checklist(view, subject, transition, now=moment, policy=policy)
    gaps = [each.missing.what for each in lines if each.missing is not None]
    return {
        "policy": policy.digest(),
        "transition": transition,
        "decision": "deny" if gaps else "allow",
        "reasons": list(dict.fromkeys(gaps)) or [policy.words(environment_of(transition))],
        "inputs": {"conditions": [[each.what, each.met, each.seq] for each in lines], "now": moment},
    }


def evaluated(view: View, event: Event) -> Iterator[Missing]:
    """A recorded verdict that carries its conditions is what its policy gives, at the moment it names and when recorded."""
    value = event.value
    inputs = value.get("inputs") or {}
    if "conditions" not in inputs:
        return
    moment = inputs.get("now")
    if not isinstance(moment, str) or moment > event.at:
        yield Missing(f"the verdict was reached at {moment!r}, later than it was recorded")
        return
    again = decision(view, event.subject, value["transition"], now=moment)
    if decision(view, event.subject, value["transition"], now=event.at)["decision"] != value["decision"]:
        yield Missing(f"the verdict {value['decision']} no longer held when it was recorded", "gate")
    for name in ("policy", "decision"):
        if value[name] != again[name]:
            yield Missing(f"the {name} of this verdict is {value[name]}, and comes out as {again[name]}", "gate")
    if inputs["conditions"] != again["inputs"]["conditions"] and value["policy"] == again["policy"]:
        yield Missing("the conditions of this verdict are not those that come out of the ledger", "gate")


def deployment(view: View, event: Event, *, policy: Policy | None = None) -> Iterator[Missing]:
    """A version reaches an environment's accounts only with what its policy demands."""
    value = event.value
    if event.type == "deployment.completed":
        if value["status"] == "ok":
            yield from missing(view, event.subject, value["environment"], now=event.at, policy=policy)
        return
    if not 0 <= value["slice"] <= 1:
        yield Missing(f"a slice is a share of the accounts from 0 to 1, not {value['slice']}")
    if event.type == "deployment.step":
        under_way = deployments.get(view, value["deployment"])
        if under_way is not None and value["slice"] > unapproved_slice(
            view, event.subject, under_way.environment, policy
        ):
            yield from missing(view, event.subject, under_way.environment, now=event.at, policy=policy)
        return
    wide = value["slice"] > unapproved_slice(view, event.subject, value["environment"], policy)
    if wide or value["strategy"] in ("direct", "blue_green"):
        yield from missing(view, event.subject, value["environment"], now=event.at, policy=policy)
    elif artifacts.get(view, event.subject) is None:
        yield Missing(f"{event.subject} is not registered", "artifact register")


def promotion(view: View, event: Event, *, policy: Policy | None = None) -> Iterator[Missing]:
    """A version moves to a stage only with what the policy of the stage's environment demands."""
    stage = event.value["to_stage"]
    environment = environment_of(stage)
    if stage not in REGISTRY_STAGES and environment != "prod":
        yield Missing(f"{stage!r} is no stage; the stages are {', '.join(REGISTRY_STAGES)}")
    yield from missing(view, event.subject, environment, now=event.at, policy=policy)


def _demanded(case: Case, request: int | None) -> Iterator[Condition]:
    rule, artifact = case.rule, case.artifact
    if rule.came_from:
        yield _came_from(case)
    if rule.runs_signed:
        yield _signed(case)
    if rule.require is None:
        return
    if any(isinstance(each, Approvals) for each in leaves(rule.require)):
        what = f"its approval for {case.environment} was requested"
        if case.requests:
            yield Condition(what, True, case.requests[-1].seq)
        else:
            to = "" if case.environment == "prod" else f" --to {case.environment}"
            gap = Missing(f"nobody has asked for {artifact.ref} to be approved", f"request {artifact.ref}{to}")
            yield open_(what, gap)
    if not rule.one_request or len(case.requests) < 2:
        yield from conditions.lines(case, rule.require, case.requests)
        return
    # One request's approvals make the quorum: those on the request that lacks least, the newest among equals.
    chosen = [each for each in case.requests if each.seq == request] or list(reversed(case.requests))
    judged = [conditions.lines(case, rule.require, (each,)) for each in chosen]
    yield from min(judged, key=lambda lines: sum(not line.met for line in lines))


def _came_from(case: Case) -> Condition:
    rule, subject = case.rule, case.artifact.ref
    wanted = " or ".join(rule.came_from)
    for move in approvals.promotions(case.view, subject):
        if move.to_stage in rule.came_from:
            return Condition(f"it stood in {move.to_stage}", True, move.seq)
    for each in _deployed(case.view, subject):
        if each.environment in rule.came_from and each.status == "ok":
            return Condition(f"it was deployed to {each.environment}", True, each.ended_seq)
    if "candidate" in rule.came_from and not approvals.promotions(case.view, subject):
        return Condition("it is a candidate", True, case.artifact.seq)
    first = rule.came_from[0]
    gap = Missing(f"{subject} did not stand in {wanted}", f"deploy {subject} --to {first}")
    return open_(f"it stood in {wanted}", gap)


def _deployed(view: View, subject: str) -> list[deployments.Deployment]:
    """A version's deployments, found by the lineage's index."""
    went = view.rows(
        "SELECT target FROM edges WHERE source = :subject AND role = 'deployed' AND seq <= :at ORDER BY seq",
        {"subject": subject},
    )
    found = [deployments.get(view, str(row[0])) for row in went]
    return [each for each in found if each is not None]


def _signed(case: Case) -> Condition:
    run = case.artifact.run
    what = "the run that made it is signed"
    if run is None:
        return open_(what, Missing(f"{case.artifact.ref} names no run, and its policy wants a signed one"))
    for each in vouchers.listed(case.view, f"run/{run}"):
        if each.kind == "run":
            return Condition(f"{each.actor} signed run/{run}", True, each.seq)
    who = trainer(case.view, case.artifact)
    return open_(what, Missing(f"run/{run} is not signed", f"runs sign {run}", who))


def _waiver(view: View, artifact: Artifact, environment: str, now: str) -> Waiver | None:
    for each in exceptions.listed(view, subject=artifact.ref):
        if environment_of(each.transition) == environment and each.state(now) == "open":
            return each
    return None


def _waived(line: Condition, waiver: Waiver) -> Condition:
    what = line.missing.what if line.missing is not None else line.what
    until = waiver.expires[:16].replace("T", " ")
    said = f"EXCEPTION {waiver.exception} by {waiver.actor}, until {until}, waives: {what}"
    return Condition(said, True, waiver.seq, None, line.figure)


def _by_authorship(cases: list[Case], request: Request, signer: str) -> str | None:
    """Why authorship bars a signer."""
    for case in cases:
        if signer in case.authors and not case.rule.author_may_sign:
            if signer == case.authors[0]:
                return f"{signer} trained {request.subject}, and the trainer may not sign"
            return f"{signer} is an author of {request.subject}, of it or of its code, and authors may not sign"
    if signer == request.actor and not (cases and all(case.rule.requester_may_sign for case in cases)):
        return f"{signer} made the request, and the requester may not sign"
    return None


def _by_seat(cases: list[Case], request: Request, signer: str, role: str, now: str, view: View) -> str | None:
    """Why a seat that is taken, a peer's role or being an automation bars a signer."""
    if any(decision.signer == signer for decision in request.decisions):
        return f"{signer} has decided on request {request.seq} already"
    seat = seats.root(view, signer, role, request.project, now) or signer
    if seat != signer and any(decision.signer == seat for decision in request.decisions):
        return f"{signer} acts for {seat}, who has decided on request {request.seq} already"
    for case in cases:
        if seat in case.authors and not case.rule.author_may_sign:
            return f"{signer} acts for {seat}, who is an author of {request.subject}"
        if role in case.author_roles:
            return f"{role} is also a role of the trainer, {case.authors[0]}"
        why = _automatic(case, signer)
        if why is not None:
            return why
    return None


def _automatic(case: Case, signer: str) -> str | None:
    """Why an automation may not approve; ``None`` for a person, or where the policy lets it and its conditions hold."""
    if not conditions.automatic(case, signer):
        return f"{signer} is an automation, and the policy lets it approve nothing for {case.environment}"
    automation, person = case.rule.automation, people.get(case.view, signer)
    if automation is None or person is None or person.kind != "automation":
        return None
    open_ones = [line.missing for line in conditions.lines(case, automation.when, ()) if line.missing is not None]
    return f"{signer} may approve by itself only once this holds: {open_ones[0].what}" if open_ones else None
