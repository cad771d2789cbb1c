"""Events about alerts: raised by a monitor, acknowledged by a person, resolved by an action; silenced, escalated, sent."""

from __future__ import annotations

from typing import Any

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("alert.raised")
class AlertRaised(Fact, frozen=True, omit_defaults=True):
    """A monitor's value crossed its threshold. ``injected`` marks a drill, whose evidence ``expires`` on a day.

    ``series`` are what crossed it, ``before`` the events that came shortly before: a deployment, a data version.
    """

    alert: str
    monitor: str
    severity: str
    message: str
    injected: bool = False
    value: Any = None
    threshold: Any = None
    day: str | None = None
    series: list[str] = []
    before: list[dict[str, Any]] = []
    silenced: bool = False
    expires: str | None = None

    def to_value(self) -> dict[str, Any]:
        return {"injected": self.injected, **Fact.to_value(self)}

    def sentence(self, event: Event) -> str:
        drill = "drill: " if self.injected else ""
        return f"{drill}{self.severity} alert {self.alert} on {event.subject}: {self.message}"


@event_type("alert.acknowledged")
class AlertAcknowledged(Fact, frozen=True, omit_defaults=True):
    """Somebody has seen the alert and says what they will do."""

    alert: str
    note: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"alert/{self.alert}"

    def sentence(self, event: Event) -> str:
        note = f": {self.note}" if self.note else ""
        return f"{event.actor} acknowledged alert {self.alert}{note}"


@event_type("alert.resolved")
class AlertResolved(Fact, frozen=True, omit_defaults=True):
    """The alert is over; ``ref`` names what ended it, such as a deployment."""

    alert: str
    action: str
    ref: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"alert/{self.alert}"

    def sentence(self, event: Event) -> str:
        by = f" ({self.ref})" if self.ref else ""
        return f"{event.actor} resolved alert {self.alert}: {self.action}{by}"


@event_type("alert.silenced")
class AlertSilenced(Fact, frozen=True, omit_defaults=True):
    """Alerts of a monitor are recorded and not sent until the end of a day, for a reason."""

    monitor: str
    until: str
    reason: str

    def sentence(self, event: Event) -> str:
        return f"{event.actor} silenced {self.monitor} until {self.until}: {self.reason}"


@event_type("alert.escalated")
class AlertEscalated(Fact, frozen=True, omit_defaults=True):
    """Nobody acknowledged the alert in time; it went further, to the route ``to``."""

    alert: str
    to: str
    after: str

    def about(self, project: str | None) -> str | None:
        return f"alert/{self.alert}"

    def sentence(self, event: Event) -> str:
        return f"alert {self.alert} was not acknowledged within {self.after}, and went to {self.to}"
