"""The crisis: days pass, monitors look, alerts are raised; one is acknowledged, one leads to a successor and its canary."""

from __future__ import annotations

from datetime import date

from app.actions import alerts as alert_actions
from app.actions import canaries
from app.actions.retraining import retrained
from app.actions.rolling import Rollout, Verdict, begin
from app.actions.serving import Scoring, Serving, declared
from app.actions.watching import Seen, Watch
from app.demo import beats, cast
from app.demo.script import TRAINING_YEARS
from app.demo.stage import PROJECT, Stage
from ledger.errors import InputError
from ledger.events.alerts import AlertResolved
from ledger.projections import alerts, artifacts, deployments, runs
from ledger.projections.alerts import Alert

DRIFT = "drift"
PERFORMANCE = "performance"
_AFTERWARDS = 2
"""Fixings watched after a promotion, so that the new champion has days of its own."""


class Crisis:
    """The days from going live to the successor's promotion, as the monitors and the gates make them."""

    def __init__(self, stage: Stage, scoring: Scoring, serving: Serving) -> None:
        """Watch what is live; where this was begun before, it goes on after the last recorded day."""
        self._stage = stage
        self._scoring = scoring
        self._serving = serving
        self._watch = Watch(stage.as_(cast.MONITOR), serving, scoring)
        self._rollout: Rollout | None = None

    @classmethod
    def play(cls, stage: Stage, until: float) -> None:
        """Play it to its end; ``until`` is the share of the story that is told with it."""
        serving = declared(stage.as_(cast.MONITOR))
        with Scoring(stage.as_(cast.MONITOR), serving) as scoring:
            crisis = cls(stage, scoring, serving)
            crisis._declare()
            if crisis._promoted() is None:
                crisis._days(until)

    def _declare(self) -> None:
        self._stage.at(self._stage.today)
        if self._watch.declare():
            for name, why in self._watch.refused.items():
                self._stage.say(f"monitor {name} refused: {why}")
            self._stage.say("monitors declared, their thresholds calibrated on the training window")

    def _days(self, until: float) -> None:
        """Go through the days; the feed's end without a promotion is an end of the story, too."""
        self._resume()
        days = self._watch.days()
        started, span = self._stage.told, until - self._stage.told
        after = 0
        for day in days:
            seen = self._watch.look(day)
            self._answer(seen)
            self._retrain_at_month_end(day)
            if self._rollout is not None and self._evaluate(day):
                self._promote(day)
            share = _share(self._watch.last_day, self._first_day(), days[0])
            self._stage.progress(f"{day}: {_state(seen)}", started + span * share)
            after += self._promoted() is not None
            if after > _AFTERWARDS:
                return

    def _first_day(self) -> str:
        live = deployments.live(self._stage.view, beats.MODEL, "prod")
        return "" if live is None else live.at[:10]

    def _resume(self) -> None:
        """Where an earlier telling was cut off, take up what it had begun: an alert to answer, a canary, a promotion."""
        for alert in self._alerts(DRIFT, state="raised"):
            self._acknowledge(alert)
        if self._watch.last_day:
            self._retrain_at_month_end(self._watch.last_day)
        under_way = [each for each in deployments.listed(self._stage.view) if each.status == "under way"]
        if under_way:
            self._rollout = Rollout(self._stage.as_(cast.MONITOR), self._serving, self._scoring, under_way[0])
            last = deployments.steps(self._stage.view, under_way[0].deployment)
            if last and last[-1].decision == "promote":
                self._promote(self._watch.last_day)

    def _answer(self, seen: Seen) -> None:
        """Tell of each alert; the model's owner acknowledges those on drift."""
        for name in seen.raised:
            alert = alerts.get(self._stage.view, name)
            assert alert is not None
            self._stage.say(f"{seen.day}: {alert.severity} from {alert.monitor}: {alert.message}")
            self._stage.at(seen.day, "17:20:00")
            self._acknowledge(alert)

    def _acknowledge(self, alert: Alert) -> None:
        """Drift seen once is watched; drift seen again, with the forecasts failing too, is answered by retraining."""
        again = self._to_be_answered() is not None
        note = (
            "again, and the forecasts fail with it: we retrain" if again else "seen; we watch it and change nothing yet"
        )
        if alert.monitor != self._monitor(DRIFT):
            note = "seen; it goes into the decision on retraining"
        alert_actions.acknowledge(self._stage.as_(cast.MODEL_OWNER), alert=alert.alert, note=note)
        self._stage.say(f"{cast.MODEL_OWNER.name} acknowledged it: {note}")

    def _to_be_answered(self) -> Alert | None:
        """The drift alert that leads to a retraining: the second, raised while the performance monitor is breached."""
        drift = self._alerts(DRIFT)
        if len(drift) < 2:
            return None
        failing = {each.day for each in self._alerts(PERFORMANCE)}
        return drift[1] if failing else None

    def _retrain_at_month_end(self, day: str) -> None:
        """On the last fixing of the month of that alert, the engineer trains a successor, and its canary starts next day."""
        answer = self._to_be_answered()
        if answer is None or answer.day is None or (self._successor() is not None and self._canary_exists()):
            return
        following = next((each for each in self._scoring.days if each > day), None)
        if following is None or (following[:7] == day[:7]) or day < answer.day:
            return
        if self._successor() is None:
            self._train(answer, day)
        successor = self._successor()
        if successor is not None and not self._canary_exists():
            self._start_canary(successor, following, answer)

    def _train(self, answer: Alert, day: str) -> None:
        engineer = self._stage.as_(cast.ENGINEER)
        self._stage.at(day, "18:00:00")
        first = date.fromisoformat(day)
        first = first.replace(year=first.year - TRAINING_YEARS)
        since = next(each for each in self._scoring.days if each > first.isoformat())
        ref = retrained(
            engineer, cause=answer.seq, reason=answer.monitor, because=f"alert/{answer.alert}", first=since, last=day
        )
        self._stage.say(f"{cast.ENGINEER.name} retrained on {since} to {day}: {ref}")

    def _start_canary(self, successor: artifacts.Artifact, first_day: str, answer: Alert) -> None:
        self._stage.at(first_day, "07:30:00")
        context = self._stage.as_(cast.DEPLOYER)
        recorded = begin(context, self._serving, self._scoring, successor, first_day=first_day, cause=answer.seq)
        deployment = deployments.get(self._stage.view, recorded.event.value["deployment"])
        assert deployment is not None
        realised = deployment.plan["realised"]
        self._stage.say(
            f"{first_day}: {successor.ref} starts as a canary on {realised['accounts']} of the (synthetic) accounts, "
            f"{realised['size_share']:.0%} of what is managed"
        )
        self._rollout = Rollout(self._stage.as_(cast.MONITOR), self._serving, self._scoring, deployment)

    def _evaluate(self, day: str) -> bool:
        """Evaluate a day of the canary; whether its gates say promote."""
        assert self._rollout is not None
        if day not in self._rollout.days(day):
            return False
        verdict: Verdict = self._rollout.evaluate(day)
        if not verdict.step.final:
            return False
        step = verdict.step
        said = step.decision.replace("_", " ")
        self._stage.say(f"{day}: the canary says {said} on day {step.number}: {step.reason}")
        promote = step.decision == "promote"
        if not promote:
            self._rollout = None
        return promote

    def _promote(self, day: str) -> None:
        """The gates say promote: the approvals that the policy demands, then the promotion; the alerts are resolved by it."""
        assert self._rollout is not None
        stage, deployment = self._stage, self._rollout.deployment
        successor = artifacts.get(stage.view, deployment.subject)
        assert successor is not None
        stage.at(day, "17:45:00")
        training = runs.get(stage.view, successor.run or "")
        assert training is not None
        beats.describe(stage, successor, training)
        beats.evaluate(stage, successor, since=str(deployment.plan["first_day"]), until=day, training=training)
        stage.at(day, "17:50:00")
        request = beats.ask(stage, successor, f"{deployment.ref} says promote; the evidence is in its steps")
        beats.sign(stage, request, cast.RISK, "better on accounts that it did not choose, by evidence fixed beforehand")
        beats.sign(stage, request, cast.VALIDATOR, "the gates were declared before the first day, and none was bent")
        canaries.promoted(stage.as_(cast.DEPLOYER), deployment)
        self._rollout = None
        self._watch.switch(successor, day)
        for alert in alerts.listed(stage.view):
            if alert.state != "resolved":
                fact = AlertResolved(alert=alert.alert, action="a successor took over", ref=deployment.ref)
                stage.record(cast.MODEL_OWNER, fact, cause=alert.seq)
        stage.say(f"{successor.ref} is promoted on {day}, with two signatures; what alarmed is resolved by it")

    def _promoted(self) -> str | None:
        """The version that took the first one's place, if one did."""
        live = deployments.live(self._stage.view, beats.MODEL, "prod")
        return live.subject if live is not None and live.subject != f"{beats.MODEL}@1" else None

    def _successor(self) -> artifacts.Artifact | None:
        newest = artifacts.latest(self._stage.view, "model", PROJECT, "fx-vol")
        return newest if newest is not None and newest.version > 1 else None

    def _canary_exists(self) -> bool:
        return any(each.strategy == "canary" for each in deployments.listed(self._stage.view))

    def _alerts(self, kind: str, state: str | None = None) -> list[Alert]:
        name = self._monitor(kind)
        return [each for each in alerts.listed(self._stage.view, state=state) if each.monitor == name]

    def _monitor(self, kind: str) -> str:
        """The name of the monitor of a kind that was accepted."""
        name = self._watch.named(kind)
        if name is None:
            raise InputError(f"monitors.yaml declares no {kind} monitor that could be set up; the story needs one")
        return name


def _share(day: str, first: str, begun: str) -> float:
    """How far a day lies on the way; a story whose end is not known is told as if it took two years."""
    gone = (date.fromisoformat(day) - date.fromisoformat(first or begun)).days
    return min(1.0, gone / 640)


def _state(seen: Seen) -> str:
    breached = [name for name, each in seen.observations.items() if each.breached]
    return f"{', '.join(breached)} above threshold" if breached else "quiet"
