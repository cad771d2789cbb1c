"""Events about targets: which level a track shall reach by when, and by which measurable criteria."""

from __future__ import annotations

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("target.set")
class TargetSet(Fact, frozen=True, omit_defaults=True):
    """The subject, a document version, is a target for a track. Leadership's approval of that document signs it.

    ``due`` is a day; ``criteria_sha256`` the digest of the criteria's canonical JSON, ``criteria`` their names;
    ``milestones`` may give a level (as text) its own day, ``depends`` names tracks that come first.
    """

    track: str
    level: int
    due: str
    criteria_sha256: str
    criteria: list[str] = []
    owner: str | None = None
    milestones: dict[str, str] = {}
    depends: list[str] = []

    def sentence(self, event: Event) -> str:
        owner = f", owned by {self.owner}" if self.owner else ""
        return f"{event.actor} set the target L{self.level} for {self.track} by {self.due}{owner}"
