"""Events about deployments: started, widened step by step, completed, rolled back; and retraining."""

from __future__ import annotations

from typing import Any, Literal

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event

Strategy = Literal["direct", "canary", "shadow", "blue_green"]


@event_type("deployment.started")
class DeploymentStarted(Fact, frozen=True, omit_defaults=True):
    """The subject, a model version, goes to an environment. ``slice`` is the share of accounts, 0 to 1."""

    deployment: str
    environment: str
    strategy: Strategy
    slice: float
    plan: dict[str, Any] = {}

    def sentence(self, event: Event) -> str:
        how = (
            ""
            if self.strategy == "direct"
            else f" as {self.strategy.replace('_', '/')} on {self.slice:.0%} of accounts"
        )
        return f"{event.actor} started deploying {event.subject} to {self.environment}{how}"


@event_type("deployment.step")
class DeploymentStep(Fact, frozen=True, omit_defaults=True):
    """One evaluation of a rollout's gates. ``day`` is the day in the world; ``evidence`` what the verdict rests on."""

    deployment: str
    slice: float
    decision: Literal["start", "hold", "widen", "promote", "roll_back", "inconclusive"]
    checks: list[dict[str, Any]] = []
    day: str | None = None
    evidence: dict[str, Any] = {}

    def sentence(self, event: Event) -> str:
        day = f" on {self.day}" if self.day else ""
        return f"the rollout {self.deployment} of {event.subject} says {self.decision.replace('_', ' ')}{day}"


@event_type("deployment.completed")
class DeploymentCompleted(Fact, frozen=True):
    """A deployment came to its end: live (``ok``), taken back, or without a verdict."""

    deployment: str
    environment: str
    strategy: Strategy
    status: Literal["ok", "rolled_back", "inconclusive"]

    def sentence(self, event: Event) -> str:
        end = {"ok": "is live in", "rolled_back": "was taken back from", "inconclusive": "stays out of"}[self.status]
        return f"{event.subject} {end} {self.environment}"


@event_type("deployment.rolled_back")
class DeploymentRolledBack(Fact, frozen=True):
    """A deployment was undone in favour of ``to_version``. ``drill`` marks an exercise that ended nothing."""

    deployment: str
    to_version: str
    drill: bool
    cause: str

    def sentence(self, event: Event) -> str:
        drill = "as a drill, " if self.drill else ""
        return f"{drill}{event.actor} rolled {event.subject} back to {self.to_version}: {self.cause}"


@event_type("retraining.triggered")
class RetrainingTriggered(Fact, frozen=True, omit_defaults=True):
    """The subject is to be trained again because of ``ref``, such as an alert."""

    cause: str
    ref: str
    run: str | None = None
    rule: str | None = None

    def sentence(self, event: Event) -> str:
        return f"{event.actor} started retraining {event.subject} because of {self.cause} ({self.ref})"
