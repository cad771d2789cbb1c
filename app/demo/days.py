"""The days go by: monitors look, people answer, trials are evaluated.

Nothing is remembered between two days but what is recorded: a day's work is found in the record, and done where it is not.
So a telling that was cut off at any moment goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from app.actions.serving import Scoring, Serving
from app.actions.watching import Seen, Watch
from app.demo import cast, naive
from app.demo.answers import Answers
from app.demo.calendar import Calendar
from app.demo.desk import Desk
from app.demo.stage import Stage
from app.demo.trials import Trials
from ledger.errors import InputError

DRIFT = "drift"


class Days:
    """The round of a day, and what it is made with."""

    def __init__(self, stage: Stage, serving: Serving, scoring: Scoring) -> None:
        """Watch what is live; where this was begun before, it goes on after the last recorded day."""
        self.stage = stage
        self.scoring = scoring
        self.watch = Watch(stage.as_(cast.MONITOR), serving, scoring)
        self.answers = Answers(stage, serving, scoring)
        self._trials = Trials(stage, serving, scoring, self.watch)
        self._desk = Desk(stage, self.watch)
        self._calendar = Calendar(stage, scoring, self.answers)
        self.declare()

    def declare(self) -> None:
        """Set up the declared monitors, where they are not."""
        self.stage.at(self.stage.today)
        if self.watch.declare():
            for why in self.watch.refused.values():
                self.stage.say(f"refused: {why}")
            self.stage.say("monitors declared, their thresholds calibrated on the training window")

    def play(self, is_over: Callable[[], bool], follow: Callable[[str], None], *, until: float, usual: int) -> bool:
        """Let days go by.

        Args:
            is_over: asked before each day.
            follow: what the chapter itself does on a day.
            until: the share of the story that is told at its end.
            usual: about how many calendar days that takes, for the bar alone.

        Returns:
            Whether it came to its end before the rates did.
        """
        begun, span = self.stage.told, until - self.stage.told
        first = self.watch.last_day
        if first:
            self._follow(first)
            follow(first)
        for day in self.watch.days():
            if is_over():
                return True
            first = first or day
            seen = self.watch.look(day)
            self._desk.tell(seen)
            self._follow(day)
            follow(day)
            gone = (date.fromisoformat(day) - date.fromisoformat(first)).days / usual
            self.stage.progress(f"{day}: {_state(seen)}", begun + span * min(1.0, gone))
        return is_over()

    def _follow(self, day: str) -> None:
        """All that follows from what was recorded up to ``day``, as far as it was not done yet."""
        naive.told(self.stage, self.watch, self.monitor(DRIFT))
        due = self.answers.due(day)
        self._desk.acknowledge(due, attended=self.answers.attended())
        self.answers.give(day, due)
        self._trials.evaluate(day)
        self._desk.resolve()
        self._calendar.keep(day)

    def monitor(self, kind: str) -> str:
        """The name of the monitor of a kind that was accepted."""
        name = self.watch.named(kind)
        if name is None:
            raise InputError(f"monitors.yaml declares no {kind} monitor that could be set up; the story needs one")
        return name


def _state(seen: Seen) -> str:
    breached = [name for name, each in seen.observations.items() if each.breached]
    more = f" and {len(breached) - 1} more" if len(breached) > 1 else ""
    return f"{breached[0]}{more} above threshold" if breached else "quiet"
