"""Events about experiments: versions compared side by side, everything that decides fixed before the first day."""

from __future__ import annotations

from typing import Any, Literal

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event

Kind = Literal["ab", "shadow", "backtest"]


@event_type("experiment.started")
class ExperimentStarted(Fact, frozen=True, omit_defaults=True):
    """Arms are compared from now on; the subject is the first, which the others are held against. ``plan``: what is fixed."""

    experiment: str
    kind: Kind
    arms: list[str]
    metric: str
    environment: str | None = None
    plan: dict[str, Any] = {}

    def sentence(self, event: Event) -> str:
        others = ", ".join(each for each in self.arms if each != event.subject)
        return (
            f"{event.actor} started the experiment {self.experiment}: {event.subject} against {others} by {self.metric}"
        )


@event_type("experiment.concluded")
class ExperimentConcluded(Fact, frozen=True, omit_defaults=True):
    """What came of it. ``winner`` is an arm, or ``none`` where none is shown to be better; ``interval`` of its lead."""

    experiment: str
    kind: Kind
    winner: str
    metric: str
    interval: list[float] | None = None
    n: int | None = None
    reason: str | None = None
    detail: dict[str, Any] = {}

    def sentence(self, event: Event) -> str:
        end = "no arm is shown to be better" if self.winner == "none" else f"{self.winner} is better by {self.metric}"
        return f"the experiment {self.experiment} ended: {end}"
