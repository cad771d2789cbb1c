"""The calendar: what a house does by the date and after events: verification, reviews, drills, a glass broken and closed."""

from __future__ import annotations

from datetime import date, timedelta

from app.actions import alerts as alert_actions
from app.actions import assessments, drills, exceptions, policies, reproducing
from app.actions.answers import counted
from app.actions.serving import Scoring
from app.demo import beats, cast, ending, house
from app.demo.answers import Answers, trials_of
from app.demo.stage import PROJECT, Stage
from ledger.projections import alerts, artifacts, deployments
from ledger.projections import exceptions as waivers

_VERIFIED_EVERY = 28
"""Days: a verification gives levels for thirty."""
_DRILLED_AFTER = 45
"""Days after going live on which the alarms are tried."""
_FIRST_REVIEW = 180
"""Days after going live before which a new year asks for no review."""
_REVIEW = "risks, targets, tiers and policy hold for another year"


class Calendar:
    """What is due on a day besides the markets' work; found in the record, and done where it is not."""

    def __init__(self, stage: Stage, scoring: Scoring, answers: Answers) -> None:
        self._stage = stage
        self._scoring = scoring
        self._answers = answers
        self._live_since = deployments.listed(stage.view)[0].at[:10]
        self._verified = ""
        self._drilled = False
        self._walked = ""

    def keep(self, day: str) -> None:
        """Do what a day asks for."""
        self._glass(day)
        self._refresh(day)
        self._review(day)
        self._drill(day)
        self._way_back(day)
        self._verify(day)

    def _verify(self, day: str) -> None:
        since = (date.fromisoformat(day) - timedelta(_VERIFIED_EVERY - 1)).isoformat()
        if self._verified >= since or house.said(self._stage, "ledger.verified", since=since):
            return
        self._stage.at(day, "20:00:00")
        ending.verified(self._stage, since=self._stage.ledger.last_checkpoint())
        self._verified = day

    def _is_first_of(self, day: str, month: int) -> bool:
        """Whether a day is a month's first fixing, some time after going live."""
        young = (date.fromisoformat(day) - date.fromisoformat(self._live_since)).days < _FIRST_REVIEW
        before = date(int(day[:4]), month, 1) - timedelta(1)
        return not young and self._scoring.after(before.isoformat())[0] == day

    def _refresh(self, day: str) -> None:
        """Twice a year the panel is made anew, so that there is a checked version that is not old."""
        raw = artifacts.latest(self._stage.view, "dataset", PROJECT, "ecb-rates")
        if raw is not None and (self._is_first_of(day, 1) or self._is_first_of(day, 7)):
            self._stage.at(day, "09:00:00")
            engineer = self._stage.as_(cast.ENGINEER)
            beats.panel(self._stage, engineer, cause=raw.seq, reason="schedule", until=day)

    def _review(self, day: str) -> None:
        """On a year's first fixing leadership reviews, and says anew what would lapse."""
        if not self._is_first_of(day, 1):
            return
        stage, since = self._stage, day
        stage.at(day, "10:00:00")
        if not house.said(stage, "review.held", since=since):
            people = [each.name for each in (cast.SPONSOR, cast.MODEL_OWNER, cast.RISK, cast.VALIDATOR)]
            assessments.review(stage.as_(cast.SPONSOR), participants=people, decisions=[_REVIEW])
            stage.say(f"{day}: the yearly review: {_REVIEW}")
        if not house.said(stage, "tier.assigned", since=since):
            house.assign_tiers(stage)
        house.record_risks(stage, since=since)
        house.set_targets(stage, since=since)
        if not house.said(stage, "policy.adopted", since=since):
            policies.adopt(stage.as_(cast.ADMINISTRATOR), reason="reviewed, and unchanged", yes=True)
        live = deployments.live(stage.view, beats.MODEL, "prod")
        panel = artifacts.latest(stage.view, "dataset", PROJECT, "fx-panel")
        assert live is not None
        assert panel is not None
        raw = artifacts.latest(stage.view, "dataset", PROJECT, "ecb-rates")
        assert raw is not None
        if not house.said(stage, "check.executed", since=since, subject=raw.ref, value=("check", beats.PRIVACY)):
            beats.privacy(stage, raw, anew=True)
        for subject, kind, who in (
            (live.subject, "runbook", cast.ENGINEER),
            (panel.ref, "transformation", cast.DATA_OWNER),
        ):
            if not house.said(stage, "document.attached", since=since, subject=subject, value=("doc_kind", kind)):
                beats.attach(stage, subject, kind, who, anew=True)
        card = ("doc_kind", "model_card")
        if not house.said(stage, "document.attached", since=since, subject=live.subject, value=card):
            beats.card(stage, beats.version(stage, live.subject))

    def _drill(self, day: str) -> None:
        """Some weeks after going live, an injected drift has to ring; its alert is answered like any other."""
        stage = self._stage
        due = (date.fromisoformat(self._live_since) + timedelta(_DRILLED_AFTER)).isoformat()
        if day < due or self._drilled:
            return
        rang = [each for each in alerts.listed(stage.view) if each.injected]
        if not rang and not house.said(stage, "check.executed", since=due, value=("check", "drill-drift")):
            stage.at(day, "18:45:00")
            answer = drills.drift(stage.as_(cast.MONITOR))
            rang = [each for each in alerts.listed(stage.view) if each.injected]
            missed = "" if answer.document["passed"] else ", and should have"
            stage.say(f"{day}: drill: on a copy with an injected drift {counted(len(rang), 'monitor')} rang{missed}")
        for alert in rang:
            if alert.state == "raised":
                stage.at(day, "18:50:00")
                alert_actions.acknowledge(stage.as_(cast.MODEL_OWNER), alert=alert.alert, note="a drill: it rang")
            if alert.state != "resolved":
                action = "the drill is over"
                alert_actions.resolve(stage.as_(cast.MODEL_OWNER), alert=alert.alert, action=action, ref=alert.subject)
        self._drilled = True

    def _way_back(self, day: str) -> None:
        """Once a successor serves, its training is repeated, and the way back is walked without ending anything."""
        stage = self._stage
        live = deployments.live(stage.view, beats.MODEL, "prod")
        if (
            live is None
            or live.strategy != "canary"
            or day <= (live.ended_at or "")[:10]
            or live.subject == self._walked
        ):
            return
        if not house.said(stage, "run.reproduced", since=live.ended_at or ""):
            stage.at(day, "18:52:00")
            run = beats.version(stage, live.subject).run or ""
            again = reproducing.reproduce(stage.as_(cast.ENGINEER), run=run).document
            equal = "the same digest" if again["equal"] else "another digest"
            stage.say(f"{day}: the training of {live.subject} was run again: {equal}")
        self._walked = live.subject
        if house.said(stage, "deployment.rolled_back", since=(live.ended_at or ""), subject=live.subject):
            return
        if house.said(stage, "check.executed", since=(live.ended_at or ""), value=("check", "drill-rollback")):
            return
        stage.at(day, "18:55:00")
        answer = drills.rollback(stage.as_(cast.DEPLOYER))
        works = "works" if answer.document["passed"] else "is blocked"
        stage.say(f"{day}: drill: the way back from {live.subject} to {answer.document['to_version']} {works}")

    def _glass(self, day: str) -> None:
        """On the day on which people take a retraining in hand the owner keeps the failed candidate ready, for three days."""
        stage = self._stage
        known = waivers.listed(stage.view, project=PROJECT)
        for each in known:
            if each.closed_seq is None and each.at[:10] < day:
                stage.at(day, "12:00:00")
                outcome = "not used: what served held; the retraining goes the ordinary way"
                exceptions.close(stage.as_(cast.MODEL_OWNER), exception=each.exception, outcome=outcome)
                stage.say(f"{day}: the exception {each.exception} is closed: {outcome}")
        trigger = None if known else self._answers.pending()
        if trigger is None or not self._answers.attended(trigger.seq):
            return
        failed = next((each for each in trials_of(stage) if each.status == "inconclusive"), None)
        if failed is None:
            return
        stage.at(day, "18:10:00")
        reason = "should what serves fail us this week, this version may serve before it is approved"
        exceptions.record(stage.as_(cast.MODEL_OWNER), ref=failed.subject, reason=reason, until="72h")
        stage.say(f"{day}: {cast.MODEL_OWNER.name} breaks the glass for {failed.subject}, for 72 hours: {reason}")
