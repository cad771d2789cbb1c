"""When an alarm begins and ends: it lasts until a number of quiet days have passed, so that it does not flap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from app.monitoring.observation import Verdict

Change = Literal["raised", "lasting", "cleared", "none"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """The state of one monitor's alarm after a day. It starts from nothing; ``step`` gives the next state."""

    clear_after: int
    active: bool = False
    quiet_days: int = 0

    def step(self, verdict: Verdict) -> tuple[Alarm, Change]:
        """The state after one more day's verdict, and what changed.

        A breach raises an alarm or lets it last; ``clear_after`` quiet days in a row clear it. An inconclusive day does
        neither: it is no evidence of calm.
        """
        if verdict == "breached":
            return Alarm(self.clear_after, True), "lasting" if self.active else "raised"
        if not self.active:
            return self, "none"
        quiet = self.quiet_days + (verdict == "quiet")
        if quiet >= self.clear_after:
            return Alarm(self.clear_after), "cleared"
        return Alarm(self.clear_after, True, quiet), "lasting"


def onsets(verdicts: Iterable[tuple[str, Verdict]], clear_after: int) -> tuple[str, ...]:
    """The days on which alarms begin, given the days and their verdicts in order."""
    alarm = Alarm(clear_after)
    found = []
    for day, verdict in verdicts:
        alarm, change = alarm.step(verdict)
        if change == "raised":
            found.append(day)
    return tuple(found)
