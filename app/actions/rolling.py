"""A canary under way: champion and candidate score the same accounts each day, and the gates decide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.actions.serving import Scoring, Serving
from app.pipelines import yamltext
from app.pipelines.fields import Fields
from app.rollout import canary, eprocess, slices
from app.rollout.plan import Plan, PlanError
from ledger.errors import InputError
from ledger.events.deployments import (
    DeploymentCompleted,
    DeploymentRolledBack,
    DeploymentStarted,
    DeploymentStep,
)
from ledger.ledger import Entry
from ledger.projections import artifacts, deployments
from ledger.rules import gates

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.rollout.canary import Step
    from ledger.projections.deployments import Deployment
    from ledger.store.journal import Recorded

CLOSE = "17:30:00.000000Z"
"""When a day's verdict is recorded under a simulated clock: after the monitors have looked."""

FILE = "rollout.yaml"
BREACH = "breach"
"""The cause of a rollback that gates decided on."""
STRATEGIES = ("canary", "shadow")
"""Rollouts that are evaluated day by day: one serves its slice, the other only scores it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One day's verdict, and the events that record it."""

    step: Step
    recorded: tuple[Recorded, ...]


class Rollout:
    """A canary, or a shadow that serves nobody. Begins where the record ends; the evidence is computed again from it."""

    def __init__(self, context: Context, serving: Serving, scoring: Scoring, deployment: Deployment) -> None:
        """Resume a canary from its recorded steps.

        Raises:
            InputError: the deployment is no canary under way, or its record contradicts itself.
        """
        if deployment.strategy not in STRATEGIES or deployment.status != "under way":
            raise InputError(
                f"{deployment.ref} is no canary under way: it is {deployment.strategy}, {deployment.status}"
            )
        self._context = context
        self._scoring = scoring
        self._deployment = deployment
        plan = dict(deployment.plan)
        self._champion = _version(context, str(plan.pop("champion")))
        self._candidate = _version(context, deployment.subject)
        self._first_day = str(plan.pop("first_day"))
        plan.pop("realised", None)
        self._models = [scoring.load(each) for each in (self._champion, self._candidate)]
        steps = deployments.steps(context.view, deployment.deployment)
        documents = [{"day": s.day, "decision": s.decision, "evidence": s.evidence} for s in steps]
        self._canary = canary.resume(Plan.read(plan), documents)
        self._last = steps[-1].decision if steps else ""
        self._sizes = sizes(context, serving)
        self._slices: dict[float, list[str]] = {}

    @property
    def deployment(self) -> Deployment:
        """The deployment as it was when this began."""
        return self._deployment

    @property
    def ended(self) -> bool:
        """Whether the gates have decided. A deployment that is still under way then waits for its promotion."""
        return self._canary.ended

    @property
    def unfinished(self) -> bool:
        """Whether the gates ended it, and its end was cut off before it was recorded; ``finish`` records it."""
        return self.ended and self._last != "promote"

    @property
    def last_day(self) -> str:
        """The last day that was evaluated, or an empty text."""
        return self._canary.last_day

    def days(self, until: str | None = None) -> list[str]:
        """The days that are to be evaluated, in order; none once the gates have decided."""
        return [] if self.ended else self._scoring.after(max(self._first_day, self._canary.last_day), until)

    def evaluate(self, day: str) -> Verdict:
        """Evaluate one day and record the verdict; an end without promotion also ends the deployment.

        A verdict to promote changes nothing yet: promotion asks the approval that the policy demands.
        """
        answer = self._scoring.score(day, self._models, self._chosen(self._canary.slice))
        champion, candidate = (answer["models"][name] for name in self._models)
        base, other = champion["accounts"], candidate["accounts"]
        widest, barred = self._widest()
        seen = canary.Day(
            day,
            base["loss"],
            other["loss"],
            base["deviation"],
            other["deviation"],
            expected_features=answer.get("expected_features"),
            served_features=candidate.get("features", answer.get("features")),
            champion_latencies=base.get("latency"),
            candidate_latencies=other.get("latency"),
            champion_costs=base.get("cost"),
            candidate_costs=other.get("cost"),
            exceeded=candidate.get("book", {}).get("exception"),
            widest=widest,
            barred=barred,
        )
        self._canary, step = self._canary.step(seen)
        self._last = step.decision
        recorded = self._context.ledger.record_many(self._entries(step))
        return Verdict(step, tuple(recorded))

    def finish(self) -> list[Recorded]:
        """Record the end that the gates decided on where only their last step was recorded; nothing where there is none."""
        if not self.unfinished:
            return []
        decided = deployments.steps(self._context.ledger.view(), self._deployment.deployment)[-1]
        return self._context.ledger.record_many([self._entry(each, decided.day) for each in self._end(self._last)])

    def _widest(self) -> tuple[float, str]:
        """The largest slice that the environment's policy allows by now, and what a larger one lacks."""
        deployed, view = self._deployment, self._context.ledger.view()
        small = gates.unapproved_slice(view, deployed.subject, deployed.environment)
        if max(self._canary.plan.slices) <= small:
            return 1.0, ""
        lacking = gates.missing(view, deployed.subject, deployed.environment, now=self._context.ledger.now())
        return (small, "; ".join(each.what for each in lacking)) if lacking else (1.0, "")

    def _chosen(self, fraction: float) -> list[str]:
        """The accounts of a slice; hashing them all once a slice is enough."""
        if fraction not in self._slices:
            plan = self._canary.plan
            chosen = slices.choose(self._sizes, salt=plan.salt, fraction=fraction, method=plan.method)
            self._slices[fraction] = list(chosen.accounts)
        return self._slices[fraction]

    def _entries(self, step: Step) -> list[Entry]:
        deployed = self._deployment
        document = step.document()
        fact = DeploymentStep(
            deployment=deployed.deployment,
            slice=step.slice,
            decision=step.decision,
            checks=document["checks"],
            day=step.day,
            evidence=document["evidence"],
        )
        facts: list[Any] = [fact, *(self._end(step.decision) if step.final else ())]
        return [self._entry(each, step.day) for each in facts]

    def _end(self, decision: str) -> list[Any]:
        """What ends the deployment with a final decision; a promotion waits for its approvals."""
        deployed = self._deployment
        if decision == "promote":
            return []
        back = decision == "roll_back"
        ended = DeploymentCompleted(
            deployment=deployed.deployment,
            environment=deployed.environment,
            strategy="shadow" if deployed.strategy == "shadow" else "canary",
            status="rolled_back" if back else "inconclusive",
        )
        undone = DeploymentRolledBack(
            deployment=deployed.deployment, to_version=self._champion.ref, drill=False, cause=BREACH
        )
        return [ended, undone] if back else [ended]

    def _entry(self, fact: Any, day: str | None) -> Entry:
        deployed = self._deployment
        moment = None if day is None else f"{day}T{CLOSE}"
        return Entry(fact, deployed.subject, self._context.actor, deployed.project, cause=deployed.seq, at=moment)


def sizes(context: Context, serving: Serving) -> dict[str, float]:
    """The accounts that may be served, with what each manages in EUR."""
    registered = artifacts.resolve(context.view, serving.accounts)
    data = json.loads(context.ledger.objects.read(registered.digest))
    return {each["id"]: float(each["aum_eur"]) for each in data["accounts"]}


def begin(
    context: Context,
    serving: Serving,
    scoring: Scoring,
    candidate: artifacts.Artifact,
    *,
    first_day: str,
    changes: Mapping[str, Any] | None = None,
    cause: int | None = None,
    shadow: bool = False,
) -> Recorded:
    """Declare a canary: everything that decides it is fixed and recorded before its first outcome comes in.

    Args:
        context: whose doing it is.
        serving: what serves the champion.
        scoring: the running service.
        candidate: the version that has to prove itself.
        first_day: the day of the first forecasts; their losses are known, and looked at, on the next.
        changes: what replaces the declared plan's settings.
        cause: the seq of the event that led to it.
        shadow: score the slice beside the champion, and serve nobody.

    Raises:
        InputError: the candidate is no version of what is served, or live already; nothing is live to compare it with; the
            first day is past; or the plan cannot be one.
    """
    champion = _champion(context, serving, candidate, first_day)
    looked_back, plan = _declared_plan(context, changes or {})
    chosen = slices.choose(sizes(context, serving), salt=plan.salt, fraction=plan.slices[0], method=plan.method)
    if not _has_two_sets_of_features(scoring, candidate, list(chosen.accounts[:1]), first_day):
        # Scored by one service on one set of features, there is no second to hold them against.
        plan = replace(plan, parity_limit=None)
    differences = _shadow(scoring, champion, candidate, list(chosen.accounts), first_day, looked_back)
    plan = replace(plan, shadow_variance=eprocess.shadow_variance(differences), shadow_days=len(differences))
    fact = DeploymentStarted(
        deployment=_name(context, candidate, "shadow" if shadow else "canary"),
        environment=serving.environment,
        strategy="shadow" if shadow else "canary",
        slice=plan.slices[0],
        plan={**plan.document(), "champion": champion.ref, "first_day": first_day, "realised": chosen.document()},
    )
    return context.ledger.record(
        fact, subject=candidate.ref, actor=context.actor, project=candidate.project, cause=cause
    )


def _champion(context: Context, serving: Serving, candidate: artifacts.Artifact, first_day: str) -> artifacts.Artifact:
    """The version that serves, which a candidate is to be held against from a day on.

    Raises:
        InputError: there is none, or the candidate cannot be one.
    """
    if candidate.base != serving.model:
        raise InputError(f"{candidate.ref} is no version of {serving.model}, which is what is served here")
    if first_day < context.ledger.now()[:10]:
        raise InputError(f"{first_day} is past: a canary is declared before its first outcome can be known")
    live = deployments.live(context.view, serving.model, serving.environment)
    if live is None:
        raise InputError(f"no version of {serving.model} is live in {serving.environment}; a canary needs a champion")
    if live.subject == candidate.ref:
        raise InputError(f"{candidate.ref} is live already")
    return _version(context, live.subject)


def _declared_plan(context: Context, changes: Mapping[str, Any]) -> tuple[int, Plan]:
    """The canary that the workspace's ``rollout.yaml`` declares, with ``changes``, before anything was measured.

    Returns:
        The days before the start on which the losses' variance is to be measured; and the plan, with a variance of 1.

    Raises:
        InputError: there is no such file, or it declares none; the line is named.
    """
    hint = "it declares a canary's slice, error rates and days (see the demo's)"
    document = yamltext.read(context.workspace.root / FILE, "declaration of rollouts", FILE, hint)
    outer = Fields(document, (), "a rollout")
    outer.only(("canary",))
    canary_ = outer.table("canary")
    if "shadow_variance" in canary_.value:
        raise canary_.error("shadow_variance", "shadow_variance is measured on the days before the start: leave it out")
    days = canary_.whole("shadow_days", 1)
    try:
        return days, Plan.read({**canary_.value, **changes, "shadow_variance": 1.0})
    except PlanError as error:
        if error.key in changes:
            raise
        raise canary_.error(error.key, str(error)) from None
    except InputError as error:
        raise canary_.error("", str(error)) from None


def _shadow(
    scoring: Scoring,
    champion: artifacts.Artifact,
    candidate: artifacts.Artifact,
    accounts: list[str],
    first_day: str,
    days: int,
) -> list[float]:
    """The mean loss differences of the days up to the first, both models scored in hindsight."""
    models = [scoring.load(champion), scoring.load(candidate)]
    found = []
    for day in scoring.after("", first_day)[-days - 1 :]:
        answer = scoring.score(day, models, accounts)
        base, other = (answer["models"][name]["accounts"]["loss"] for name in models)
        found.append(sum(a - b for a, b in zip(base, other, strict=True)) / len(base))
    if not found:
        raise InputError(f"there is no day before {first_day} to take the losses' variance from")
    return found


def _has_two_sets_of_features(
    scoring: Scoring, candidate: artifacts.Artifact, accounts: list[str], first_day: str
) -> bool:
    """Whether the service tells what the feature view gives beside what it serves the accounts by."""
    before = scoring.after("", first_day)
    return bool(before) and "expected_features" in scoring.score(before[-1], [scoring.load(candidate)], accounts)


def _name(context: Context, candidate: artifacts.Artifact, strategy: str) -> str:
    """A deployment's name that is not taken: ``fx-vol-v2-canary``, ``fx-vol-v2-canary-2``, …"""
    stem = f"{candidate.name}-v{candidate.version}-{strategy}"
    taken = {each.deployment for each in deployments.listed(context.view)}
    number, name = 1, stem
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def _version(context: Context, ref: str) -> artifacts.Artifact:
    found = artifacts.get(context.view, ref)
    if found is None:
        raise InputError(f"{ref} is not registered; run `assay verify`")
    return found
