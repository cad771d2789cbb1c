"""Events about risks: recorded with the capability that answers them, and closed."""

from __future__ import annotations

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("risk.recorded")
class RiskRecorded(Fact, frozen=True, omit_defaults=True):
    """A risk as it is seen from now on; the newest event of a ``risk`` counts.

    ``capability`` is what answers it, such as ``data.versioning``, and empty where nothing does yet; ``priority`` is
    ``likelihood`` times ``impact``, each 1 to 5; ``owner`` is empty where nobody owns it. ``depends`` names other risks,
    ``objects`` what it is a risk of.
    """

    risk: str
    capability: str
    priority: int
    owner: str
    title: str | None = None
    area: str | None = None
    likelihood: int | None = None
    impact: int | None = None
    depends: list[str] = []
    objects: list[str] = []

    def about(self, project: str | None) -> str | None:
        return f"risk/{project}/{self.risk}" if project else None

    def sentence(self, event: Event) -> str:
        what = f": {self.title}" if self.title else ""
        answer = f"answered by {self.capability}" if self.capability else "answered by no capability"
        owner = f"owned by {self.owner}" if self.owner else "owned by nobody"
        return f"{event.actor} recorded the risk {self.risk} (priority {self.priority}, {answer}, {owner}){what}"


@event_type("risk.closed")
class RiskClosed(Fact, frozen=True):
    """A risk no longer stands, and why."""

    risk: str
    outcome: str

    def about(self, project: str | None) -> str | None:
        return f"risk/{project}/{self.risk}" if project else None

    def sentence(self, event: Event) -> str:
        return f"{event.actor} closed the risk {self.risk}: {self.outcome}"
