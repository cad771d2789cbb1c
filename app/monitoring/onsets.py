"""When an alarm begins and ends: after so many breached days, until so many quiet ones, so that it does not flap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from app.monitoring.observation import Verdict

Change = Literal["raised", "lasting", "cleared", "none"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """The state of one monitor's alarm after a day. It starts from nothing; ``step`` gives the next state."""

    clear_after: int
    active: bool = False
    quiet_days: int = 0
    raise_after: int = 1
    breached_days: int = 0

    def step(self, verdict: Verdict) -> tuple[Alarm, Change]:
        """The state after one more day's verdict, and what changed.

        ``raise_after`` breaches in a row raise an alarm, and a breach lets it last; ``clear_after`` quiet days in a row clear
        it. An inconclusive day does neither: it is no evidence of calm, and none of danger.
        """
        if verdict == "breached":
            breached = self.breached_days + 1
            begins = not self.active and breached >= self.raise_after
            now = replace(self, active=self.active or begins, quiet_days=0, breached_days=breached)
            return now, "lasting" if self.active else "raised" if begins else "none"
        if not self.active:
            return (self if verdict == "inconclusive" else replace(self, breached_days=0)), "none"
        quiet = self.quiet_days + (verdict == "quiet")
        if quiet >= self.clear_after:
            return replace(self, active=False, quiet_days=0, breached_days=0), "cleared"
        return replace(self, quiet_days=quiet, breached_days=0 if verdict == "quiet" else self.breached_days), "lasting"


def onsets(verdicts: Iterable[tuple[str, Verdict]], clear_after: int, raise_after: int = 1) -> tuple[str, ...]:
    """The days on which alarms begin, given the days and their verdicts in order."""
    alarm = Alarm(clear_after, raise_after=raise_after)
    found = []
    for day, verdict in verdicts:
        alarm, change = alarm.step(verdict)
        if change == "raised":
            found.append(day)
    return tuple(found)
