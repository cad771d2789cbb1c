"""Events about documents attached to what they describe."""

from __future__ import annotations

from ledger.events.vocabulary import Fact, event_type, short
from ledger.format.event import Event


@event_type("document.attached")
class DocumentAttached(Fact, frozen=True, omit_defaults=True):
    """A document, by digest, that describes the subject."""

    doc_kind: str
    sha256: str
    title: str | None = None

    def sentence(self, event: Event) -> str:
        kind = self.doc_kind.replace("_", " ")
        title = f" “{self.title}”" if self.title else ""
        return f"{event.actor} attached the {kind}{title} ({short(self.sha256)}) to {event.subject}"
