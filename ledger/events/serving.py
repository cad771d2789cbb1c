"""Events about serving: each day's inference records, named by digest, so that what monitoring saw can be proven."""

from __future__ import annotations

from typing import Any

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("inference.logged")
class InferenceLogged(Fact, frozen=True, omit_defaults=True):
    """Records of one day lie beside the ledger. ``sha256`` is of the list of all the day's files, each by its own digest."""

    day: str
    sha256: str
    rows: int
    files: list[dict[str, Any]]
    labels: int = 0
    versions: dict[str, int] = {}
    findings: list[str] = []

    def sentence(self, event: Event) -> str:
        return (
            f"{event.actor} logged {self.rows:,} answers of {event.subject} on {self.day}, {self.labels:,} with labels"
        )
