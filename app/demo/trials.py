"""Trials: the canaries and shadows under way, evaluated day by day; what the gates say is carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.actions import canaries, rollbacks
from app.actions.rolling import Rollout
from app.actions.routing import publish
from app.demo import beats, cast
from app.demo.answers import trials_of
from app.demo.stage import Stage
from app.rollout import gates
from ledger.projections import deployments

if TYPE_CHECKING:
    from app.actions.serving import Scoring, Serving
    from app.actions.watching import Watch
    from app.rollout.canary import Step
    from ledger.projections.deployments import Deployment


class Trials:
    """What is on trial. Taken up from the record where this is not yet done."""

    def __init__(self, stage: Stage, serving: Serving, scoring: Scoring, watch: Watch) -> None:
        self._stage = stage
        self._serving = serving
        self._scoring = scoring
        self._watch = watch
        self._rollouts: dict[str, Rollout] = {}

    def evaluate(self, day: str) -> None:
        """Let the gates look at what is new up to ``day``."""
        for found in trials_of(self._stage):
            if found.status == "under way":
                self._evaluate(found, day)

    def _evaluate(self, found: Deployment, day: str) -> None:
        rollout = self._rollouts.get(found.deployment)
        if rollout is None:
            rollout = Rollout(self._stage.as_(cast.MONITOR), self._serving, self._scoring, found)
            self._rollouts[found.deployment] = rollout
        for each in rollout.days(day):
            step = rollout.evaluate(each).step
            if step.final:
                self._tell(found, step)
                break
        if rollout.ended:
            del self._rollouts[found.deployment]
            if deployments.steps(self._stage.view, found.deployment)[-1].decision == "promote":
                self._promote(found, rollout.last_day)
        elif found.strategy == "shadow":
            self._withdraw(found)

    def _tell(self, found: Deployment, step: Step) -> None:
        said = step.decision.replace("_", " ")
        self._stage.say(
            f"{step.day}: on day {step.number} the {found.strategy} of {found.subject} says {said}: {step.reason}"
        )
        if step.decision == "inconclusive":
            self._stage.say(f"{self._watch.model.ref} stays in production")

    def _withdraw(self, found: Deployment) -> None:
        """A shadow whose forecasts are of another size than the champion's is no matter of evidence: people take it back."""
        steps = deployments.steps(self._stage.view, found.deployment)
        held = next((each for each in steps[-1].checks if each["name"] == gates.RATIO), None) if steps else None
        if held is None or held["passed"]:
            return
        day = steps[-1].day or ""
        self._stage.at(day, "17:40:00")
        self._stage.say(
            f"{day}: on day {len(steps)} the prediction-ratio gate holds {found.subject}: {held['value']:.3f}, above "
            f"{held['threshold']:g}; {cast.MODEL_OWNER.name} takes it back: its forecasts are in another unit"
        )
        owner = self._stage.as_(cast.MODEL_OWNER)
        rollbacks.rollback(owner, deployment=found.deployment, reason="forecasts in another unit than the champion's")
        self._rollouts.pop(found.deployment, None)

    def _promote(self, deployment: Deployment, day: str) -> None:
        """The gates said promote: the approvals that the policy demands, then the promotion."""
        stage = self._stage
        successor = beats.version(stage, deployment.subject)
        stage.at(day, "17:45:00")
        beats.describe(stage, successor)
        beats.evaluate(stage, successor, since=str(deployment.plan["first_day"]), until=day)
        stage.at(day, "17:50:00")
        beats.validate(stage, successor)
        request = beats.ask(stage, successor, f"{deployment.ref} says promote; the evidence is in its steps")
        beats.sign(stage, request, cast.RISK, "better on accounts that it did not choose, by evidence fixed beforehand")
        beats.sign(stage, request, cast.VALIDATOR, "the gates were declared before the first day, and none was bent")
        beats.waive(stage, successor)
        canaries.promoted(stage.as_(cast.DEPLOYER), deployment)
        publish(stage.as_(cast.DEPLOYER))
        self._watch.switch(successor, day)
        stage.say(
            f"{successor.ref} is promoted on {day}, with two signatures; an alert ends with it where its monitor is quiet"
        )
