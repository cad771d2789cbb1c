"""Events about governance reviews, which keep levels comparable across teams."""

from __future__ import annotations

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("review.held")
class ReviewHeld(Fact, frozen=True, omit_defaults=True):
    """A governance review took place. ``track`` is ``all`` or one of them; ``decisions`` is what was agreed."""

    track: str
    participants: list[str]
    decisions: list[str] = []

    def about(self, project: str | None) -> str | None:
        return f"project/{project}" if project else "project/all"

    def sentence(self, event: Event) -> str:
        agreed = f": {'; '.join(self.decisions)}" if self.decisions else ""
        return f"a governance review of {self.track} was held by {', '.join(self.participants)}{agreed}"
