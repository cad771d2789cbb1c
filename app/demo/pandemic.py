"""The pandemic: ten years later a third version is proposed by people, and has to earn its place while the markets fall."""

from __future__ import annotations

from app.actions import alerts as alert_actions
from app.actions import events
from app.actions.assessments import review
from app.actions.retraining import TRIGGERED, made_by, retrained
from app.demo import beats, cast
from app.demo.answers import trials_of
from app.demo.days import Days
from app.demo.script import TRAINING_YEARS, years_later
from ledger.projections import alerts
from ledger.projections.deployments import Deployment

CORRELATION = "correlation.method=ewma"
"""What the third version does otherwise: its correlation follows the days."""
_DECISION = "train a third version on newer years, with a correlation that follows the days"
_WIDER = {"ratio_limit": 0.2}
"""What is declared for its canary: forecasts whose correlation moves may differ more. With the usual limit of a tenth the gate
holds it all through March, and its canary ends without a verdict; this one still stops forecasts in another unit by a fifth."""
_MONTHS_BEFORE = 6
_AFTERWARDS = 2


class Pandemic:
    """The second chapter of days, around the year that ``script.Script.later`` names."""

    def __init__(self, days: Days, year: int) -> None:
        self._days = days
        self._stage = days.stage
        self._year = year
        self._eve = days.scoring.after("", f"{year - 1}-12-31")[-1]
        before = f"{year - 1}-{13 - _MONTHS_BEFORE:02}-01"
        self._begins = days.scoring.after("", before)[-1]

    def play(self, until: float, usual_days: int) -> None:
        """Play it to its end; ``until`` is the share of the story that is told with it."""
        days, stage = self._days, self._stage
        if days.watch.last_day < self._begins:
            last = days.watch.last_day
            self._close()
            days.watch.leap(self._begins)
            stage.say(
                f"the demo jumps from {last} to {self._begins}: nothing was watched in between, nothing is recorded of it, "
                "and what evidence has a window has lapsed"
            )
        if not days.play(self._is_over, self._follow, until=until, usual=usual_days):
            stage.say(f"the rates end on {days.watch.last_day}; {days.watch.model.ref} stays")

    def _close(self) -> None:
        """Alerts that last are closed before nobody looks any more."""
        stage = self._stage
        stage.at(stage.today, "18:30:00")
        for alert in alerts.listed(stage.view):
            if alert.state != "resolved":
                action = "known; the version that it was about no longer serves, and the watch ends here for now"
                alert_actions.resolve(stage.as_(cast.MODEL_OWNER), alert=alert.alert, action=action)

    def _follow(self, day: str) -> None:
        """On the last fixing of a year the third version is trained; on the first of the next its canary begins."""
        following = next(iter(self._days.scoring.after(day)), None)
        if day != self._eve or following is None:
            return
        stage, decided = self._stage, self._decided()
        if decided is None:
            stage.at(day, "15:00:00")
            people = [member.name for member in (cast.MODEL_OWNER, cast.ENGINEER, cast.RISK, cast.VALIDATOR)]
            review(stage.as_(cast.MODEL_OWNER), participants=people, decisions=[_DECISION], track="model")
            stage.say(f"{day}: the yearly review decides: {_DECISION}")
            decided = self._decided()
            assert decided is not None
        stage.at(day, "18:00:00")
        first = self._days.scoring.after(years_later(day, -TRAINING_YEARS))[0]
        known, engineer = made_by(stage.view, decided), stage.as_(cast.ENGINEER)
        beats.panel(stage, engineer, cause=decided, reason="review", until=day)
        ref = retrained(engineer, trigger=decided, reason="review", first=first, last=day, settings=[CORRELATION])
        if ref not in known:
            stage.say(f"{cast.ENGINEER.name} trained on {first} to {day}: {ref}")
        self._days.answers.start(beats.version(stage, ref), following, _WIDER)

    def _decided(self) -> int | None:
        """The seq of the review that decided on a third version."""
        held = events.matching(self._stage.view, types=["review.held"])
        return next((each.seq for each in held if _DECISION in each.event.value["decisions"]), None)

    def _trials(self) -> list[Deployment]:
        return [each for each in trials_of(self._stage) if each.at[:10] > self._eve]

    def _is_over(self) -> bool:
        """Whether the third version and the retraining after it have had their trials, or the year is over."""
        last, trials = self._days.watch.last_day, self._trials()
        if not trials or any(each.status == "under way" for each in trials):
            return False
        if self._days.answers.pending() is not None:
            return False
        called = events.matching(self._stage.view, types=[TRIGGERED])
        by_rule = any(each.event.at[:10] > self._eve and each.event.value.get("rule") for each in called)
        ended = max((each.ended_at or "")[:10] for each in trials)
        return (by_rule and len(self._days.scoring.after(ended, last)) >= _AFTERWARDS) or last > f"{self._year}-12-31"
