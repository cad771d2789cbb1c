"""Events about monitors: what is watched, and every observation."""

from __future__ import annotations

from typing import Any

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("monitor.configured")
class MonitorConfigured(Fact, frozen=True, omit_defaults=True):
    """A monitor watches the subject from now on. ``threshold`` is any JSON value, ``route`` where its alerts go.

    ``escalation``: ``within`` which span an alert is to be acknowledged, and ``to`` which route it goes otherwise.
    """

    monitor: str
    kind: str
    threshold: Any
    route: str
    rule: str | None = None
    severity: str | None = None
    window: Any = None
    reference: dict[str, Any] = {}
    escalation: dict[str, Any] = {}

    def sentence(self, event: Event) -> str:
        return f"{event.actor} set the {self.kind} monitor {self.monitor} on {event.subject}, alerts to {self.route}"


@event_type("monitor.refused")
class MonitorRefused(Fact, frozen=True):
    """A monitor that was declared and not accepted, such as one whose threshold could never be crossed."""

    monitor: str
    kind: str
    threshold: Any
    reason: str

    def sentence(self, event: Event) -> str:
        return f"the {self.kind} monitor {self.monitor} on {event.subject} was refused: {self.reason}"


@event_type("monitor.observed")
class MonitorObserved(Fact, frozen=True, omit_defaults=True):
    """One observation. ``value`` is ``None`` where the data allow none; ``day`` is the day in the world; ``n`` the sample."""

    monitor: str
    kind: str
    value: float | None
    breached: bool
    threshold: float | None
    day: str | None = None
    n: int | None = None
    detail: dict[str, Any] = {}

    def sentence(self, event: Event) -> str:
        value = "no value" if self.value is None else f"{self.value:.4g}"
        limit = "" if self.threshold is None else f" against {self.threshold:.4g}"
        mark = ", breached" if self.breached else ""
        day = f" on {self.day}" if self.day else ""
        return f"the {self.kind} monitor {self.monitor} saw {value}{limit}{day}{mark}"
