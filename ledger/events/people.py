"""Events about people, automation identities, and what they may do."""

from __future__ import annotations

from typing import Any, Literal

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("key.enrolled")
class KeyEnrolled(Fact, frozen=True, omit_defaults=True):
    """A person's or an automation's Ed25519 key is valid from the next event on. ``dsse`` is an administrator's decision."""

    name: str
    key: str
    dsse: dict[str, Any]
    kind: Literal["person", "automation"] = "person"
    title: str | None = None
    team: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"person/{self.name}"

    def sentence(self, event: Event) -> str:
        what = "the automation identity " if self.kind == "automation" else ""
        title = f" ({self.title})" if self.title else ""
        return f"{event.actor} enrolled {what}{self.name}{title}"


@event_type("key.revoked")
class KeyRevoked(Fact, frozen=True):
    """A key is no longer valid from this event on. ``dsse`` is an administrator's decision."""

    name: str
    key: str
    dsse: dict[str, Any]

    def about(self, project: str | None) -> str | None:
        return f"person/{self.name}"

    def sentence(self, event: Event) -> str:
        return f"{event.actor} revoked a key of {self.name}"


@event_type("access.granted")
class AccessGranted(Fact, frozen=True):
    """A principal holds a role in the project that the event's subject names."""

    principal: str
    role: str

    def about(self, project: str | None) -> str | None:
        return f"project/{project}" if project else None

    def sentence(self, event: Event) -> str:
        return f"{event.actor} gave {self.principal} the role {self.role} in {event.subject}"


@event_type("owner.assigned")
class OwnerAssigned(Fact, frozen=True, omit_defaults=True):
    """RACI: a principal is responsible, accountable, consulted or informed for the subject."""

    role: Literal["responsible", "accountable", "consulted", "informed"]
    principal: str
    team: str | None = None

    def sentence(self, event: Event) -> str:
        return f"{event.actor} made {self.principal} {self.role} for {event.subject}"
