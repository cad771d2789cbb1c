"""Events about the ledger itself."""

from __future__ import annotations

from typing import Any, Literal

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("ledger.created")
class LedgerCreated(Fact, frozen=True):
    """Event 0 (FORMAT §3): ``key`` is the ledger's verifier key, ``administrators`` are ``{name, key}`` members."""

    origin: str
    key: str
    administrators: list[dict[str, str]]
    clock: Literal["system", "simulated"]

    def about(self, project: str | None) -> str | None:
        return f"ledger/{self.origin}"

    def sentence(self, event: Event) -> str:
        return f"{event.actor} created the ledger {self.origin} ({self.clock} clock)"


@event_type("ledger.verified")
class LedgerVerified(Fact, frozen=True, omit_defaults=True):
    """A verification of the first ``size`` events; ``head`` is the last one's leaf hash in hex."""

    head: str
    size: int
    ok: bool
    findings: list[dict[str, Any]] = []

    def sentence(self, event: Event) -> str:
        found = "intact" if self.ok else f"{len(self.findings)} finding{'s' if len(self.findings) != 1 else ''}"
        return f"{event.actor} verified the first {self.size:,} events: {found}"
