"""Events about people, automation identities, and what they may do."""

from __future__ import annotations

from typing import Any, Literal

from ledger.events.vocabulary import Fact, event_type, short
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
class AccessGranted(Fact, frozen=True, omit_defaults=True):
    """A principal holds a role in the project (or, as ``member``, is in the team) that the event's subject names.

    ``dsse`` is an administrator's decision: an adopted policy may demand it.
    """

    principal: str
    role: str
    dsse: dict[str, Any] | None = None

    def about(self, project: str | None) -> str | None:
        return f"project/{project}" if project else None

    def sentence(self, event: Event) -> str:
        return f"{event.actor} gave {self.principal} the role {self.role} in {event.subject}"


@event_type("access.revoked")
class AccessRevoked(Fact, frozen=True, omit_defaults=True):
    """A principal no longer holds a role in the project or team that the event's subject names."""

    principal: str
    role: str
    reason: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"project/{project}" if project else None

    def sentence(self, event: Event) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{event.actor} took the role {self.role} in {event.subject} from {self.principal}{why}"


@event_type("delegation.given")
class DelegationGiven(Fact, frozen=True):
    """The actor lets ``to`` act in one of the actor's roles until a moment. ``dsse`` is the actor's own decision."""

    delegation: str
    to: str
    role: str
    until: str
    dsse: dict[str, Any]

    def about(self, project: str | None) -> str | None:
        return f"person/{self.to}"

    def sentence(self, event: Event) -> str:
        return f"{event.actor} lets {self.to} act as {self.role} until {self.until[:16].replace('T', ' ')}"


@event_type("delegation.ended")
class DelegationEnded(Fact, frozen=True, omit_defaults=True):
    """A delegation ends before its time."""

    delegation: str
    to: str
    reason: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"person/{self.to}"

    def sentence(self, event: Event) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{event.actor} ended the delegation {self.delegation} to {self.to}{why}"


@event_type("charter.signed")
class CharterSigned(Fact, frozen=True, omit_defaults=True):
    """A sponsor stands for the project that the subject names, by a document. ``dsse`` is the sponsor's own decision."""

    sha256: str
    dsse: dict[str, Any]
    title: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"project/{project}" if project else None

    def sentence(self, event: Event) -> str:
        title = f" “{self.title}”" if self.title else ""
        return f"{event.actor} signed the charter{title} of {event.subject} ({short(self.sha256)})"


@event_type("owner.assigned")
class OwnerAssigned(Fact, frozen=True, omit_defaults=True):
    """RACI: a principal is responsible, accountable, consulted or informed for the subject."""

    role: Literal["responsible", "accountable", "consulted", "informed"]
    principal: str
    team: str | None = None

    def sentence(self, event: Event) -> str:
        return f"{event.actor} made {self.principal} {self.role} for {event.subject}"
