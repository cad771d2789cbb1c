"""Events about attestations: signed statements by others, such as provenance, that belong to an artifact."""

from __future__ import annotations

from ledger.events.vocabulary import Fact, event_type, short
from ledger.format.event import Event


@event_type("attestation.recorded")
class AttestationRecorded(Fact, frozen=True, omit_defaults=True):
    """A signed statement about the subject is kept, by digest; ``predicate_type`` says what it states."""

    predicate_type: str
    sha256: str
    signer: str | None = None

    def sentence(self, event: Event) -> str:
        by = f" by {self.signer}" if self.signer else ""
        return f"{event.actor} recorded the attestation {self.predicate_type} ({short(self.sha256)}){by} of {event.subject}"
