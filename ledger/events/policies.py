"""Events about policies: which one is in force, and how long a transition's answer may take."""

from __future__ import annotations

from typing import Any, Literal

from ledger.events.vocabulary import Fact, event_type, short
from ledger.format.event import Event


@event_type("policy.adopted")
class PolicyAdopted(Fact, frozen=True, omit_defaults=True):
    """A policy is in force from the next event on: in the event's project, or wherever no project has its own.

    ``document`` is the policy itself, and ``sha256`` the digest of its canonical JSON, so that the record alone can be judged
    by it; ``source`` is the digest of the text that it was read from. ``dsse`` is the decision of whoever adopts it.
    """

    policy: str
    sha256: str
    document: dict[str, Any]
    dsse: dict[str, Any]
    scope: Literal["project", "ledger"] = "project"
    source: str | None = None

    def about(self, project: str | None) -> str | None:
        return self.policy

    def sentence(self, event: Event) -> str:
        where = f"project/{event.project}" if self.scope == "project" else "every project without one of its own"
        return f"{event.actor} adopted {self.policy} ({short(self.sha256)}) for {where}"


@event_type("sla.set")
class SlaSet(Fact, frozen=True):
    """An answer to a request for ``transition`` is due ``within`` a time (``2d``, ``36h``), by the policy in force."""

    transition: str
    within: str

    def about(self, project: str | None) -> str | None:
        return f"project/{project}" if project else None

    def sentence(self, event: Event) -> str:
        what = "acknowledge alerts" if self.transition == "alert" else f"answer requests for {self.transition}"
        return f"{event.actor} set {self.within} as the time to {what} in {event.subject}"
