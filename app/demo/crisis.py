"""The crisis: from going live to the days after a successor took over, or to where it is clear that none will."""

from __future__ import annotations

from app.demo.answers import trials_of
from app.demo.days import Days
from app.demo.script import LONGEST, years_later
from ledger.projections import deployments

_AFTERWARDS = 2
"""Fixings watched after the succession, so that whoever is champion then has days of its own."""


class Crisis:
    """The first chapter of days."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._stage = days.stage
        self._live_since = deployments.listed(self._stage.view)[0].at[:10]
        self._said = False

    def play(self, until: float, usual_days: int) -> None:
        """Play it to its end; ``until`` is the share of the story that is told with it, in about so many days."""
        days, stage = self._days, self._stage
        if self._days.play(self._is_over, lambda _: None, until=until, usual=usual_days):
            if not self._succession():
                words = (
                    f"in {LONGEST} years nothing has earned the live version's place, and {days.watch.model.ref} stays"
                )
                stage.say(words)
            return
        what = "a canary is still under way" if self._is_under_way() else "nothing has called for another model"
        stage.say(f"the rates end on {days.watch.last_day}: {what}, and {days.watch.model.ref} stays")

    def _succession(self) -> deployments.Deployment | None:
        return next((each for each in trials_of(self._stage) if each.status == "ok"), None)

    def _is_under_way(self) -> bool:
        return any(each.status == "under way" for each in trials_of(self._stage))

    def _is_over(self) -> bool:
        """Whether a successor was watched for a while, or so long has passed that none will come."""
        last, succession = self._days.watch.last_day, self._succession()
        if succession is not None:
            return len(self._days.scoring.after((succession.ended_at or "")[:10], last)) >= _AFTERWARDS
        if self._is_under_way() or self._days.answers.pending() is not None:
            return False
        return last >= years_later(self._live_since, LONGEST)
