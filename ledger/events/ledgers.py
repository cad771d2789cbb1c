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


@event_type("ledger.key_rotated")
class LedgerKeyRotated(Fact, frozen=True):
    """The ledger's checkpoints are signed with another key from here on. ``dsse`` is an administrator's decision."""

    key: str
    dsse: dict[str, Any]

    def about(self, project: str | None) -> str | None:
        return f"ledger/{self.key.partition('+')[0]}"

    def sentence(self, event: Event) -> str:
        return f"{event.actor} gave the ledger a new key, {'+'.join(self.key.split('+')[:2])}"


@event_type("ledger.continued")
class LedgerContinued(Fact, frozen=True):
    """A copy of the first ``size`` events, whose root in hex is ``root``, goes on under another origin with another key.

    The event's subject is the ledger that it leaves. ``dsse`` is an administrator's decision.
    """

    origin: str
    key: str
    size: int
    root: str
    dsse: dict[str, Any]

    def sentence(self, event: Event) -> str:
        left = event.subject.removeprefix("ledger/")
        return f"{event.actor} let a copy of the first {self.size:,} events of {left} go on as {self.origin}"


@event_type("ledger.witnessed")
class LedgerWitnessed(Fact, frozen=True):
    """A witness (its verifier key) cosigned the checkpoint of ``size`` events; ``head`` is the last one's leaf hash in hex."""

    head: str
    size: int
    witness: str

    def sentence(self, event: Event) -> str:
        return f"{self.witness.partition('+')[0]} witnessed the first {self.size:,} events"


@event_type("ledger.verified")
class LedgerVerified(Fact, frozen=True, omit_defaults=True):
    """A verification of the first ``size`` events; ``head`` is the last one's leaf hash in hex.

    ``complete``: nothing was known to be unrecorded.
    """

    head: str
    size: int
    ok: bool
    findings: list[dict[str, Any]] = []
    complete: bool | None = None

    def sentence(self, event: Event) -> str:
        found = "intact" if self.ok else f"{len(self.findings)} finding{'s' if len(self.findings) != 1 else ''}"
        return f"{event.actor} verified the first {self.size:,} events: {found}"
