"""Gates: what is missing before a version may make a transition. One answer for the checklist, the append and the audit."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from ledger.errors import Missing
from ledger.format.event import Event
from ledger.projections import View, approvals, artifacts, deployments, people, runs
from ledger.rules.policy import PRODUCTION, Policy

STAGES = {"production": "prod"}
"""Which environment's policy a move to a registry stage falls under."""

REGISTRY_STAGES = ("candidate", "staging", "production", "retired")
"""Where a version may stand in the registry."""


class Condition(NamedTuple):
    """One line of a checklist: what is demanded, whether it is met, by which event, and else what is missing."""

    what: str
    met: bool
    seq: int | None = None
    missing: Missing | None = None


def checklist(view: View, subject: str, environment: str) -> list[Condition]:
    """What the policy of ``environment`` demands of the version ``subject``, line by line.

    An environment without a policy demands that the version is registered and not retired, no more.
    """
    artifact = artifacts.get(view, subject)
    if artifact is None:
        return [_open(f"{subject} is registered", Missing(f"{subject} is not registered", "artifact register"))]
    conditions = [Condition(f"{subject} is registered", True, artifact.seq)]
    reason = artifacts.retired(view, subject)
    if reason is not None:
        conditions.append(_open("it is not retired", Missing(f"{subject} was retired: {reason}")))
    if environment_of(environment) == PRODUCTION.environment:
        conditions += _quorum(view, artifact, PRODUCTION)
    return conditions


def missing(view: View, subject: str, environment: str) -> list[Missing]:
    """What keeps ``subject`` out of ``environment``; empty where nothing does."""
    return [each.missing for each in checklist(view, subject, environment) if each.missing is not None]


def trainer(view: View, artifact: artifacts.Artifact) -> str:
    """Who made a version: the actor of the run that it came from, else whoever registered it."""
    run = runs.get(view, artifact.run) if artifact.run else None
    return run.actor if run is not None else artifact.actor


def barred(view: View, request: approvals.Request, signer: str, role: str) -> str | None:
    """Why ``signer`` may not decide on ``request`` in ``role``, in words; ``None`` where they may."""
    author = None
    artifact = artifacts.get(view, request.subject)
    if artifact is not None and environment_of(request.transition) == PRODUCTION.environment:
        author = trainer(view, artifact)
        if signer == author:
            return f"{signer} trained {request.subject}, and the trainer may not sign"
    if signer == request.actor:
        return f"{signer} made the request, and the requester may not sign"
    if role not in people.roles(view, signer, request.project):
        if people.get(view, signer) is None:
            return f"nobody called {signer} is enrolled"
        return f"{signer} does not hold the role {role}"
    if role not in request.roles:
        return f"the request asks for {', '.join(request.roles)}, not for {role}"
    if request.rejected:
        return f"request {request.seq} was rejected; a new request can be made"
    if any(decision.signer == signer for decision in request.decisions):
        return f"{signer} has decided on request {request.seq} already"
    if author is not None and role in people.roles(view, author, request.project):
        return f"{role} is also a role of the trainer, {author}"
    return None


def environment_of(transition: str) -> str:
    """The environment whose policy governs a transition: itself, or the one that a registry stage stands for."""
    return STAGES.get(transition, transition)


def deployment(view: View, event: Event) -> Iterator[Missing]:
    """A version reaches an environment's accounts only with what its policy demands."""
    value = event.value
    if event.type == "deployment.completed":
        if value["status"] == "ok":
            yield from missing(view, event.subject, value["environment"])
        return
    if not 0 <= value["slice"] <= 1:
        yield Missing(f"a slice is a share of the accounts from 0 to 1, not {value['slice']}")
    wide = value["slice"] > PRODUCTION.unapproved_slice
    if event.type == "deployment.step":
        under_way = deployments.get(view, value["deployment"])
        if wide and under_way is not None:
            yield from missing(view, event.subject, under_way.environment)
    elif wide or value["strategy"] in ("direct", "blue_green"):
        yield from missing(view, event.subject, value["environment"])
    elif artifacts.get(view, event.subject) is None:
        yield Missing(f"{event.subject} is not registered", "artifact register")


def promotion(view: View, event: Event) -> Iterator[Missing]:
    """A version moves to a stage only with what the policy of the stage's environment demands."""
    stage = event.value["to_stage"]
    environment = environment_of(stage)
    if stage not in REGISTRY_STAGES and environment != PRODUCTION.environment:
        yield Missing(f"{stage!r} is no stage; the stages are {', '.join(REGISTRY_STAGES)}")
    yield from missing(view, event.subject, environment)


def _quorum(view: View, artifact: artifacts.Artifact, policy: Policy) -> Iterator[Condition]:
    requests = [
        request
        for request in approvals.requests(view, subject=artifact.ref)
        if environment_of(request.transition) == policy.environment and not request.rejected
    ]
    if not requests:
        what = f"its approval for {policy.environment} was requested"
        yield _open(what, Missing(f"nobody has asked for {artifact.ref} to be approved", f"request {artifact.ref}"))
    else:
        yield Condition(f"its approval for {policy.environment} was requested", True, requests[-1].seq)
    counted = {each.signer: each for request in requests for each in request.approvals if each.signer != request.actor}
    author = trainer(view, artifact)
    counted.pop(author, None)
    roles = people.roles(view, author, artifact.project)
    valid = sorted((each for each in counted.values() if each.role not in roles), key=lambda each: each.seq)
    for each in valid[: policy.approvals]:
        yield Condition(f"approved by {each.signer}, as {each.role}", True, each.seq)
    short = policy.approvals - len(valid)
    if short > 0:
        able = _eligible(view, requests[-1], counted.keys() | {author}, roles) if requests else ""
        action = f"approve {requests[-1].seq}" if requests else ""
        noun = "approval" if short == 1 else "approvals"
        what = f"by {'a role' if short == 1 else 'roles'} other than the trainer's ({author})"
        yield _open(f"{short} {noun} {what}", Missing(f"{short} {noun} missing, {what}", action, able))


def _eligible(view: View, request: approvals.Request, decided: set[str], barred_roles: Collection[str]) -> str:
    """Who could still sign: holders of the wanted roles that count, without those who have decided, asked or trained."""
    wanted = [role for role in request.roles if role not in barred_roles]
    names = {name for role in wanted for name in people.holders(view, role, request.project)}
    return ", ".join(sorted(names - decided - {request.actor}))


def _open(what: str, gap: Missing) -> Condition:
    return Condition(what, False, None, gap)
