"""Events about imports: records taken over from another system."""

from __future__ import annotations

from ledger.events.vocabulary import Artifact, Fact, event_type
from ledger.format.event import Event


@event_type("import.completed")
class ImportCompleted(Fact, frozen=True, omit_defaults=True):
    """So many records were taken over from a source; ``digest`` is that of what was read, ``outputs`` what became of it."""

    source_system: str
    source: str
    records: int
    digest: str
    outputs: list[Artifact] = []

    def sentence(self, event: Event) -> str:
        return f"{event.actor} imported {self.records:,} records from {self.source} ({self.source_system})"
