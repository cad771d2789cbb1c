"""Events about what people claim of a level; the level itself is derived and never recorded."""

from __future__ import annotations

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("assessment.recorded")
class AssessmentRecorded(Fact, frozen=True, omit_defaults=True):
    """A person's claim that a track of the project stands at a level; it is shown beside the proof."""

    track: str
    level: int
    claimed_by: str
    note: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"project/{project}" if project else None

    def sentence(self, event: Event) -> str:
        note = f": {self.note}" if self.note else ""
        return f"{self.claimed_by} claims L{self.level} for {self.track} of {event.subject}{note}"
