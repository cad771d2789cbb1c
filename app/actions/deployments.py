"""Deployments: putting a version into an environment, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.actions import events
from app.actions.answers import Answer, Mark, fields, moment, say, state, table
from ledger.errors import InputError
from ledger.projections import artifacts, deployments

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.ledger import Entry
    from ledger.projections.deployments import Deployment
    from ledger.projections.view import View

_STEPS = 12
_OPENING = ("evidence towards promotion", "minimum days")
"""Gates that open with time: closed, they say "not yet", and nothing has failed."""

_STATES = {"ok": ("good", "live"), "under way": ("live", "under way"), "rolled_back": ("bad", "rolled back")}


def deploy(context: Context, *, ref: str, to: str, strategy: str = "direct") -> Answer:
    """Put a version into an environment, all at once: refused where the environment's policy lacks something.

    By ``blue_green`` it only stands ready beside what is live, and serves nobody until ``switch``.
    """
    from ledger.events.deployments import DeploymentCompleted, DeploymentStarted
    from ledger.ledger import Entry
    from ledger.projections import approvals

    view, actor = context.view, context.actor
    environment = context.workspace.environment(to)
    artifact = artifacts.resolve(view, ref)
    if artifact.kind != "model":
        raise InputError(f"{artifact.ref} is no model; only models are deployed")
    current = deployments.live(view, artifact.base, environment)
    if current is not None and current.subject == artifact.ref:
        raise InputError(f"{artifact.ref} is live in {environment} already, since event {current.ended_seq}")
    name = _free_name(view, artifact, environment)
    project = artifact.project
    requests = approvals.requests(view, subject=artifact.ref)
    granted = [each for request in requests for each in request.approvals]
    cause = granted[-1].seq if granted else artifact.seq
    if strategy == "blue_green":
        return _beside(context, artifact, environment, name, current)
    start = DeploymentStarted(deployment=name, environment=environment, strategy="direct", slice=1.0)
    end = DeploymentCompleted(deployment=name, environment=environment, strategy="direct", status="ok")
    entries = [Entry(fact, artifact.ref, actor, project, cause) for fact in (start, end)]
    return _recorded(context, name, [*entries, *_promotion(context, artifact, environment, cause)])


def switch(context: Context, *, deployment: str | None = None) -> Answer:
    """Let a version that stands ready take over from the one that is live, all at once."""
    from ledger.events.deployments import DeploymentCompleted, DeploymentStep
    from ledger.ledger import Entry

    view = context.view
    ready = [
        each
        for each in deployments.listed(view)
        if each.strategy == "blue_green"
        and each.status == "under way"
        and deployment in (None, each.deployment, each.ref)
    ]
    if len(ready) != 1:
        which = ", ".join(each.deployment for each in ready)
        raise InputError(
            f"which deployment? {which}" if ready else "nothing stands ready; `assay deploy REF --strategy blue_green`"
        )
    found = ready[0]
    artifact = artifacts.get(view, found.subject)
    assert artifact is not None
    step = DeploymentStep(deployment=found.deployment, slice=1.0, decision="promote")
    end = DeploymentCompleted(found.deployment, found.environment, "blue_green", "ok")
    entries = [Entry(fact, found.subject, context.actor, found.project, found.seq) for fact in (step, end)]
    moved = _promotion(context, artifact, found.environment, found.seq)
    return _recorded(context, found.deployment, [*entries, *moved])


def _beside(
    context: Context, artifact: artifacts.Artifact, environment: str, name: str, current: Deployment | None
) -> Answer:
    """A version stands ready beside the live one, which goes on serving."""
    from ledger.events.deployments import DeploymentStarted
    from ledger.ledger import Entry

    if current is None:
        raise InputError(f"nothing of {artifact.base} is live in {environment} to stand beside; deploy it directly")
    fact = DeploymentStarted(name, environment, "blue_green", 0.0, {"beside": current.subject})
    return _recorded(context, name, [Entry(fact, artifact.ref, context.actor, artifact.project, artifact.seq)])


def _promotion(context: Context, artifact: artifacts.Artifact, environment: str, cause: int) -> list[Entry]:
    """What a version's going live in production means for its stage and for the champion; nothing elsewhere."""
    from ledger.events.approvals import PromotionRecorded
    from ledger.events.artifacts import AliasMoved
    from ledger.ledger import Entry
    from ledger.projections import approvals

    if environment != "prod":
        return []
    requests = approvals.requests(context.view, subject=artifact.ref)
    granted = [each.seq for request in requests for each in request.approvals]
    stage = approvals.stage(context.view, artifact.ref)
    moved = PromotionRecorded(from_stage=stage, to_stage="production", approvals=granted)
    champion = AliasMoved(artifact=artifact.base, alias="champion", version=artifact.version)
    actor = context.actor
    return [
        Entry(moved, artifact.ref, actor, artifact.project, cause),
        Entry(champion, None, actor, artifact.project, cause),
    ]


def _recorded(context: Context, name: str, entries: list[Entry]) -> Answer:
    """Record a deployment's events in one transaction, let routers follow, and say what it came to."""
    from app.actions.routing import publish

    recorded = context.ledger.record_many(entries)
    publish(context)
    made = deployments.get(context.ledger.view(), name)
    assert made is not None
    document_ = {"deployment": document(made), "events": [events.described(each) for each in recorded]}
    return Answer(document_, events.listing(recorded))


def shown(view: View, deployment: Deployment) -> Answer:
    """One deployment: its facts, its steps, its history."""
    steps = deployments.steps(view, deployment.deployment)
    past = [
        each
        for each in events.history(view, deployment.subject)
        if each.event.value.get("deployment") == deployment.deployment
    ]
    rows: list[tuple[str, Any]] = [
        ("status", standing(deployment)),
        ("version", deployment.subject),
        ("environment", deployment.environment),
        ("strategy", f"{deployment.strategy}, started with {deployment.slice:.0%} of the accounts"),
        ("started", f"{moment(deployment.at)} by {deployment.actor}, event {deployment.seq}"),
        ("ended", f"{moment(deployment.ended_at)}, event {deployment.ended_seq}" if deployment.ended_at else None),
    ]
    lines = [say(Mark("title", deployment.ref)), *fields(rows)]
    if steps:
        shown = steps[-_STEPS:]
        body = [(each.seq, each.day, f"{each.slice:.0%}", each.decision, _gates(each.checks)) for each in shown]
        earlier = f"  the last {len(shown)} of {len(steps)} steps; --json has all"
        lines += ["", *([say(Mark("dim", earlier))] if len(steps) > len(shown) else [])]
        lines += table(body, ("event", "day", "slice", "decision", "gates"), indent="  ")
    document_ = {
        "at": view.at,
        "deployment": document(deployment),
        "steps": [
            {
                "seq": each.seq,
                "day": each.day,
                "slice": each.slice,
                "decision": each.decision,
                "checks": list(each.checks),
                "evidence": each.evidence,
                "at": each.at,
            }
            for each in steps
        ],
        "history": [events.described(each) for each in past],
    }
    told = [each for each in past if each.event.type != "deployment.step"] if steps else past
    return Answer(document_, [*lines, "", *events.recent(told, deployment.subject)])


def serving(view: View, found: list[Deployment] | None = None) -> list[Deployment]:
    """What serves in each environment: the newest deployment of each model there, and what is under way.

    ``found`` are all deployments, where they are at hand.
    """
    found = deployments.listed(view) if found is None else found
    alive = {
        (each.subject.rpartition("@")[0], each.environment): each
        for each in sorted(found, key=lambda each: each.ended_seq or each.seq)
        if each.status == "ok"
    }
    return [*alive.values(), *(each for each in found if each.status == "under way")]


def standing(deployment: Deployment) -> Mark:
    """A deployment's status as glyph and word."""
    role, word = _STATES.get(deployment.status, ("warn", deployment.status))
    return state(role, word)


def document(deployment: Deployment) -> dict[str, Any]:
    """A deployment as JSON."""
    return {
        "deployment": deployment.deployment,
        "ref": deployment.ref,
        "subject": deployment.subject,
        "environment": deployment.environment,
        "strategy": deployment.strategy,
        "slice": deployment.slice,
        "status": deployment.status,
        "project": deployment.project,
        "actor": deployment.actor,
        "seq": deployment.seq,
        "at": deployment.at,
        "ended_seq": deployment.ended_seq,
        "ended_at": deployment.ended_at,
        "plan": deployment.plan,
    }


def _free_name(view: View, artifact: artifacts.Artifact, environment: str) -> str:
    """``fx-vol-3-prod``, with a number where that was used before."""
    name = f"{artifact.name}-{artifact.version}-{environment}"
    taken = {each.deployment for each in deployments.listed(view)}
    number = 2
    free = name
    while free in taken:
        free = f"{name}-{number}"
        number += 1
    return free


def _gates(checks: Sequence[Mapping[str, Any]]) -> str:
    """What a step's gates said: those that do not hold by name, as what has not opened yet or as what failed."""
    closed = [each for each in checks if not each.get("passed")]
    waiting = [_measured(each) for each in closed if each.get("name") in _OPENING]
    failed = [_measured(each) for each in closed if each.get("name") not in _OPENING]
    told = [f"failed: {', '.join(failed)}"] if failed else []
    told += [f"not yet: {', '.join(waiting)}"] if waiting else []
    return "; ".join(told) or ("all hold" if checks else "none")


def _measured(check: Mapping[str, Any]) -> str:
    value, threshold = check.get("value"), check.get("threshold")
    if not isinstance(value, int | float) or not isinstance(threshold, int | float):
        return str(check.get("name"))
    return f"{check.get('name')} {value:.3g} of {threshold:.3g}"
