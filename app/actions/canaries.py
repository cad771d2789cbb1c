"""Canaries: started on a slice of the accounts, evaluated day by day, promoted on evidence and approvals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from app.actions import deployments as shown
from app.actions import events
from app.actions.answers import Answer, Mark, counted, number, say, state
from app.actions.days import day
from app.actions.monitoring import spark
from app.actions.routing import publish
from ledger.errors import InputError, Refused
from ledger.projections import approvals, artifacts, deployments
from ledger.rules import gates

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.rolling import Rollout, Verdict
    from ledger.events.deployments import Strategy
    from ledger.projections.deployments import Deployment
    from ledger.store.journal import Recorded

_DRAWN = 60
"""So many of the newest days are drawn."""
_ROLES = {"promote": "good", "roll_back": "bad", "inconclusive": "warn", "widen": "live", "hold": "live"}


class NothingDue(InputError):
    """A canary has nothing to evaluate: no new day has come, or its promotion waits."""


def start(
    context: Context,
    *,
    ref: str,
    fraction: float | None = None,
    alpha: float | None = None,
    minimum_days: int | None = None,
    maximum_days: int | None = None,
    first_day: str | None = None,
    shadow: bool = False,
) -> Answer:
    """Declare a canary of a model version: slice, error rates, shortest and longest time are fixed before its first day."""
    from app.actions.rolling import begin
    from app.actions.serving import Scoring, declared

    first_day = None if first_day is None else day(first_day, "--first-day")
    serving = declared(context)
    candidate = artifacts.resolve(context.view, ref)
    given = {
        "slices": None if fraction is None else [fraction],
        "alpha_promote": alpha,
        "alpha_roll_back": alpha,
        "minimum_days": minimum_days,
        "maximum_days": maximum_days,
    }
    with Scoring(context, serving) as scoring:
        begins = first_day or next((each for each in scoring.days if each >= context.ledger.now()[:10]), None)
        if begins is None:
            raise InputError("the feed has no day from the ledger's present on; give --first-day")
        changes = {key: value for key, value in given.items() if value is not None}
        recorded = begin(context, serving, scoring, candidate, first_day=begins, changes=changes, shadow=shadow)
    publish(context)
    made = deployments.get(context.ledger.view(), recorded.event.value["deployment"])
    assert made is not None
    realised = made.plan["realised"]
    told = (
        f"  {realised['accounts']} accounts, {realised['account_share']:.1%} of all, with {realised['size_share']:.1%} "
        f"of what is managed; forecasts from {begins}"
    )
    document = {"deployment": shown.document(made), "event": events.described(recorded)}
    return Answer(document, [*events.listing([recorded]), say(told)])


def run(context: Context, *, until: str | None = None, deployment: str | None = None) -> Answer:
    """Evaluate every new day of the canary under way, up to its verdict; exit code 1 where it is rolled back."""
    from app.actions.rolling import Rollout
    from app.actions.serving import Scoring, declared

    until = None if until is None else day(until, "--until")
    serving = declared(context)
    found = under_way(context, deployment)
    last: Verdict | None = None
    count = 0
    with Scoring(context, serving) as scoring:
        rollout = Rollout(context, serving, scoring, found)
        if rollout.unfinished:
            return _finished(context, rollout)
        pending = rollout.days(until)
        for each in pending:
            context.progress(count, len(pending), each)
            last = rollout.evaluate(each)
            count += 1
            if last.step.final:
                break
        ended = rollout.ended
    publish(context)
    if last is None and ended:
        raise NothingDue(f"the gates of {found.ref} have said promote; `assay canary promote` carries it out")
    if last is None:
        raise NothingDue(f"the feed has no new day for {found.ref}")
    now = deployments.get(context.ledger.view(), found.deployment)
    assert now is not None
    document = {"deployment": shown.document(now), "days": count, "last": last.step.document()}
    lines = [say(f"evaluated {counted(count, 'day')}"), *told(last), *_drawn(context, found)]
    return Answer(document, lines, int(last.step.decision == "roll_back"))


def _drawn(context: Context, found: Deployment) -> list[str]:
    """The evidence in both directions over the canary's days, on a logarithmic scale."""
    steps = deployments.steps(context.ledger.view(), found.deployment)[-_DRAWN:]
    lines: list[str] = []
    for name, key in (("towards promotion", "promote"), ("towards rollback", "roll_back")):
        values = [step.evidence.get(key) for step in steps]
        drawn = spark([None if each is None else math.log(max(each, 1e-12)) for each in values])
        lines.append(say("  ", Mark("dim", f"{name:<18}"), drawn))
    return lines


def _finished(context: Context, rollout: Rollout) -> Answer:
    """The end of a rollout that was cut off after its last verdict, recorded now."""
    recorded = rollout.finish()
    publish(context)
    now = deployments.get(context.ledger.view(), rollout.deployment.deployment)
    assert now is not None
    last = deployments.steps(context.ledger.view(), now.deployment)[-1]
    document = {
        "deployment": shown.document(now),
        "days": 0,
        "last": {"day": last.day, "slice": last.slice, "decision": last.decision, "evidence": last.evidence},
    }
    lines = [say(f"the gates had said {last.decision.replace('_', ' ')} on {last.day}; its end is recorded now")]
    return Answer(document, [*lines, *events.listing(recorded)], int(last.decision == "roll_back"))


def promote(context: Context, *, deployment: str | None = None) -> Answer:
    """Put a canary's candidate in the champion's place: on a verdict to promote, and the approvals that the policy demands."""
    found = under_way(context, deployment)
    recorded = promoted(context, found)
    publish(context)
    now = deployments.get(context.ledger.view(), found.deployment)
    assert now is not None
    document = {"deployment": shown.document(now), "events": [events.described(each) for each in recorded]}
    return Answer(document, events.listing(recorded))


def promoted(context: Context, found: Deployment) -> list[Recorded]:
    """Record a canary's promotion in one transaction: gate, promotion, end of the rollout, champion.

    Raises:
        Refused: no verdict to promote was recorded, or the policy lacks an approval.
    """
    from ledger.events.approvals import GateEvaluated, PromotionRecorded
    from ledger.events.artifacts import AliasMoved
    from ledger.events.deployments import DeploymentCompleted
    from ledger.ledger import Entry

    view, actor, subject = context.view, context.actor, found.subject
    verdicts = [step for step in deployments.steps(view, found.deployment) if step.decision == "promote"]
    if not verdicts:
        raise Refused(f"refused: the gates of {found.ref} have not said promote; `assay canary run` evaluates new days")
    lacking = gates.missing(view, subject, found.environment)
    if lacking:
        raise Refused(f"refused: {'; '.join(each.what for each in lacking)}", tuple(lacking))
    artifact = artifacts.get(view, subject)
    assert artifact is not None
    granted = [each.seq for request in approvals.requests(view, subject=subject) for each in request.approvals]
    cause = max([verdicts[-1].seq, *granted])
    judged = gates.decision(view, subject, found.environment, now=context.ledger.now())
    judged["inputs"] |= {"approvals": granted, "verdict": verdicts[-1].seq}
    gate = GateEvaluated(**judged)
    facts = (
        gate,
        PromotionRecorded(from_stage=approvals.stage(view, subject), to_stage="production", approvals=granted),
        DeploymentCompleted(
            deployment=found.deployment, environment=found.environment, strategy=_strategy(found), status="ok"
        ),
        AliasMoved(artifact=artifact.base, alias="champion", version=artifact.version),
    )
    return context.ledger.record_many([Entry(fact, subject, actor, found.project, cause) for fact in facts])


def _strategy(found: Deployment) -> Strategy:
    return "shadow" if found.strategy == "shadow" else "canary"


def under_way(context: Context, name: str | None) -> Deployment:
    """The canary that a command means: the one it names, else the only one under way.

    Raises:
        InputError: there is none, or more than one.
    """
    found = [
        each
        for each in deployments.listed(context.view)
        if each.strategy in ("canary", "shadow")
        and each.status == "under way"
        and name in (None, each.deployment, each.ref)
    ]
    if len(found) != 1:
        which = ", ".join(each.deployment for each in found)
        raise InputError(
            f"which canary? {which}" if found else "no canary is under way; `assay canary start REF` begins one"
        )
    return found[0]


def judge(context: Context, *, file: str) -> Answer:
    """Judge metrics of a file by Kayenta's rules; exit code 1 where they do not pass."""
    from app.actions.judging import judged

    return judged(context.start / file)


def told(verdict: Verdict) -> list[str]:
    """A verdict with the gates that it rests on, as lines."""
    step = verdict.step
    lines: list[str] = [
        say(
            state(_ROLES[step.decision], step.decision.replace("_", " ")),
            f"  on {step.day}, day {step.number}: {step.reason}",
        )
    ]
    for check in step.checks:
        role = {"pass": "good", "stop": "open", "unknown": "warn"}[check.state]
        value = "—" if check.value is None else number(check.value)
        lines.append(say("  ", state(role, check.name), Mark("dim", f"  {value} of {number(check.threshold)}")))
    return lines
