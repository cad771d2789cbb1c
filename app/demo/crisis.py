"""The crisis: days pass, monitors look, alerts are raised; one is watched, one leads to a successor and its canary.

Nothing is remembered between two days but what is recorded: a day's work is found in the record, and done where it is not.
So a telling that was cut off at any moment goes on as if it had not been.
"""

from __future__ import annotations

from datetime import date

from app.actions import alerts as alert_actions
from app.actions import canaries
from app.actions.retraining import retrained, triggered, triggers
from app.actions.rolling import Rollout, begin
from app.actions.serving import Scoring, Serving
from app.actions.watching import Seen, Watch
from app.demo import beats, cast
from app.demo.script import LONGEST, TRAINING_YEARS, years_later
from app.demo.stage import PROJECT, Stage
from ledger.errors import InputError
from ledger.events.alerts import AlertResolved
from ledger.ledger import Entry
from ledger.projections import alerts, artifacts, deployments, monitors, runs
from ledger.projections.alerts import Alert
from ledger.projections.deployments import Deployment
from ledger.projections.view import View

DRIFT = "drift"
PERFORMANCE = "performance"

_AFTERWARDS = 2
"""Fixings watched after the canary's end, so that whoever is champion then has days of its own."""


class Crisis:
    """The days from going live to the end of the successor's canary, as the monitors and the gates make them."""

    def __init__(self, stage: Stage, serving: Serving, scoring: Scoring) -> None:
        """Watch what is live; where this was begun before, it goes on after the last recorded day."""
        self._stage = stage
        self._serving = serving
        self._scoring = scoring
        self._watch = Watch(stage.as_(cast.MONITOR), serving, scoring)
        self._live_since = deployments.listed(stage.view)[0].at[:10]
        self._rollout: Rollout | None = None

    def play(self, until: float, usual_days: int) -> None:
        """Play it to its end; ``until`` is the share of the story that is told with it, in about so many days."""
        self._declare()
        begun, span = self._stage.told, until - self._stage.told
        if self._watch.last_day:
            self._follow(self._watch.last_day)
        for day in self._watch.days():
            if self._is_over():
                return
            seen = self._watch.look(day)
            self._tell(seen)
            self._follow(day)
            gone = (date.fromisoformat(day) - date.fromisoformat(self._live_since)).days / usual_days
            self._stage.progress(f"{day}: {_state(seen)}", begun + span * min(1.0, gone))
        if not self._is_over() and (self._rollout is not None or not self._canaries()):
            what = "a canary is still under way" if self._rollout else "nothing has called for another model"
            self._stage.say(f"the rates end on {self._watch.last_day}: {what}, and {self._watch.model.ref} stays")

    def _declare(self) -> None:
        self._stage.at(self._stage.today)
        if self._watch.declare():
            for why in self._watch.refused.values():
                self._stage.say(f"refused: {why}")
            self._stage.say("monitors declared, their thresholds calibrated on the training window")

    def _is_over(self) -> bool:
        """Whether the canary has ended and its end was watched, or so long has passed that none will come."""
        last = self._watch.last_day
        ended = [each for each in self._canaries() if each.ended_at is not None]
        if ended:
            return len(self._scoring.after((ended[0].ended_at or "")[:10], last)) >= _AFTERWARDS
        if self._canaries() or last < years_later(self._live_since, LONGEST):
            return False
        self._stage.say(f"in {LONGEST} years nothing has called for another model, and {self._watch.model.ref} stays")
        return True

    def _follow(self, day: str) -> None:
        """All that follows from what was recorded up to ``day``, as far as it was not done yet."""
        for alert in alerts.listed(self._stage.view, state="raised"):
            self._acknowledge(alert)
        answer = None if self._canaries() else self._to_be_answered()
        if answer is not None:
            self._retrain(answer, day)
        rollout = self._under_way()
        if rollout is not None:
            self._evaluate(rollout, day)
        self._resolve()

    # Alerts

    def _tell(self, seen: Seen) -> None:
        for name in seen.raised:
            alert = alerts.get(self._stage.view, name)
            assert alert is not None
            self._stage.say(f"{seen.day}: {alert.severity} from {alert.monitor}: {alert.message}")

    def _acknowledge(self, alert: Alert) -> None:
        """The model's owner looks at every alert, and decides on a retraining at one that calls for it."""
        note = self._opinion(alert)
        self._stage.at(alert.day or self._stage.today, "17:20:00")
        alert_actions.acknowledge(self._stage.as_(cast.MODEL_OWNER), alert=alert.alert, note=note)
        self._stage.say(f"{cast.MODEL_OWNER.name} acknowledged {alert.monitor}: {note}")

    def _opinion(self, alert: Alert) -> str:
        answered = self._to_be_answered()
        if answered is not None and answered.alert == alert.alert:
            return "the inputs drift again, and the forecasts are too low with it: we retrain at the end of the month"
        if answered is not None:
            return "seen; the retraining is its answer, too"
        if alert.monitor != self._monitor(DRIFT):
            return "seen; it counts once the inputs drift too"
        first = self._alerts(DRIFT)[0].alert == alert.alert
        return f"seen{'' if first else ' again, but the forecasts hold'}; we watch it and change nothing yet"

    def _to_be_answered(self) -> Alert | None:
        """Drift seen once is watched. Seen again, on a day on which the forecasts are biased too, it calls for retraining.

        The first alert that does is answered; the story has one successor.
        """
        drift = self._alerts(DRIFT)[1:]
        seen = monitors.observations(self._stage.view, self._monitor(PERFORMANCE), project=PROJECT) if drift else []
        biased = {each.day for each in seen if each.breached}
        return next((each for each in drift if each.day in biased), None)

    def _resolve(self) -> None:
        """Once a successor has taken over, what alarmed about its predecessor is over; what is still breached stays open."""
        view = self._stage.view
        ended = next((each for each in self._canaries() if each.status == "ok"), None)
        if ended is None:
            return
        then = self._stage.ledger.view(ended.ended_seq)
        standing = {name for name in self._watch.names if _is_breached(then, name)}
        past = [
            each
            for each in alerts.listed(view)
            if each.state != "resolved" and each.seq < then.at and each.monitor not in standing
        ]
        action, owner = "a successor took over", cast.MODEL_OWNER.name
        resolved = [
            Entry(AlertResolved(each.alert, action, ended.ref), None, owner, PROJECT, cause=ended.ended_seq)
            for each in past
        ]
        if resolved:
            self._stage.record_many(resolved)

    # The successor

    def _retrain(self, answer: Alert, day: str) -> None:
        """The owner decides; on the month's last fixing the engineer trains, and the canary starts on the next."""
        because = f"alert/{answer.alert}"
        if not triggers(self._stage.view, because):
            self._stage.at(answer.day or day, "17:25:00")
            owner = self._stage.as_(cast.MODEL_OWNER)
            triggered(owner, cause=answer.seq, reason=answer.monitor, because=because)
        following = next(iter(self._scoring.after(day)), None)
        if following is None or following[:7] == day[:7]:
            return
        self._start_canary(self._train(answer, because, day), following)

    def _train(self, answer: Alert, because: str, day: str) -> artifacts.Artifact:
        self._stage.at(day, "18:00:00")
        since = self._scoring.after(years_later(day, -TRAINING_YEARS))[0]
        trigger = triggers(self._stage.view, because)[-1]
        engineer = self._stage.as_(cast.ENGINEER)
        ref = retrained(engineer, trigger=trigger, reason=answer.monitor, first=since, last=day)
        self._stage.say(f"{cast.ENGINEER.name} retrained on {since} to {day}: {ref}")
        return beats.version(self._stage, ref)

    def _start_canary(self, successor: artifacts.Artifact, first_day: str) -> None:
        self._stage.at(first_day, "07:30:00")
        context = self._stage.as_(cast.DEPLOYER)
        begin(context, self._serving, self._scoring, successor, first_day=first_day, cause=successor.seq)
        realised = self._canaries()[0].plan["realised"]
        self._stage.say(
            f"{first_day}: {successor.ref} starts as a canary on {realised['accounts']} of the (synthetic) accounts, "
            f"{realised['size_share']:.0%} of what is managed"
        )

    def _evaluate(self, rollout: Rollout, day: str) -> None:
        """Let the gates look at what is new up to ``day``; what they say is carried out."""
        for each in rollout.days(day):
            step = rollout.evaluate(each).step
            if step.final:
                said = step.decision.replace("_", " ")
                self._stage.say(f"{each}: on day {step.number} the canary says {said}: {step.reason}")
                if step.decision != "promote":
                    self._stage.say(f"{self._watch.model.ref} stays in production")
                    self._rollout = None
                    return
                break
        if rollout.ended:
            self._promote(rollout.deployment, rollout.last_day)

    def _promote(self, deployment: Deployment, day: str) -> None:
        """The gates said promote: the approvals that the policy demands, then the promotion."""
        stage = self._stage
        successor = beats.version(stage, deployment.subject)
        training = runs.get(stage.view, successor.run or "")
        assert training is not None
        stage.at(day, "17:45:00")
        beats.describe(stage, successor, training)
        beats.evaluate(stage, successor, since=str(deployment.plan["first_day"]), until=day)
        stage.at(day, "17:50:00")
        request = beats.ask(stage, successor, f"{deployment.ref} says promote; the evidence is in its steps")
        beats.sign(stage, request, cast.RISK, "better on accounts that it did not choose, by evidence fixed beforehand")
        beats.sign(stage, request, cast.VALIDATOR, "the gates were declared before the first day, and none was bent")
        canaries.promoted(stage.as_(cast.DEPLOYER), deployment)
        self._rollout = None
        self._watch.switch(successor, day)
        stage.say(
            f"{successor.ref} is promoted on {day}, with two signatures; an alert ends with it where its monitor is quiet"
        )

    def _under_way(self) -> Rollout | None:
        """The canary under way, taken up from its record where this is not yet done."""
        if self._rollout is None:
            found = next((each for each in self._canaries() if each.status == "under way"), None)
            if found is not None:
                self._rollout = Rollout(self._stage.as_(cast.MONITOR), self._serving, self._scoring, found)
        return self._rollout

    # What the record says

    def _canaries(self) -> list[Deployment]:
        return [each for each in deployments.listed(self._stage.view) if each.strategy == "canary"]

    def _alerts(self, kind: str) -> list[Alert]:
        name = self._monitor(kind)
        return [each for each in alerts.listed(self._stage.view) if each.monitor == name]

    def _monitor(self, kind: str) -> str:
        """The name of the monitor of a kind that was accepted."""
        name = self._watch.named(kind)
        if name is None:
            raise InputError(f"monitors.yaml declares no {kind} monitor that could be set up; the story needs one")
        return name


def _state(seen: Seen) -> str:
    breached = [name for name, each in seen.observations.items() if each.breached]
    more = f" and {len(breached) - 1} more" if len(breached) > 1 else ""
    return f"{breached[0]}{more} above threshold" if breached else "quiet"


def _is_breached(view: View, monitor: str) -> bool:
    """Whether a monitor's last look, as of a view, was beyond its threshold."""
    seen = monitors.observations(view, monitor, project=PROJECT)
    return bool(seen) and seen[-1].breached
