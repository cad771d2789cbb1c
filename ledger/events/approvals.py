"""Events about decisions: gates evaluated, approvals requested, granted and rejected, versions promoted."""

from __future__ import annotations

from typing import Any, Literal

from ledger.events.vocabulary import Artifact, Fact, event_type
from ledger.format.event import Event


class Evidence(Artifact, frozen=True, omit_defaults=True):
    """An artifact that an approver is shown, frozen by its digest."""

    title: str | None = None


@event_type("gate.evaluated")
class GateEvaluated(Fact, frozen=True, omit_defaults=True):
    """A policy's verdict on a transition of the subject, with the inputs that it was reached from."""

    policy: str
    transition: str
    decision: Literal["allow", "deny"]
    reasons: list[str] = []
    inputs: dict[str, Any] = {}

    def sentence(self, event: Event) -> str:
        verb = "allows" if self.decision == "allow" else "denies"
        why = f": {'; '.join(self.reasons)}" if self.reasons else ""
        return f"the policy {verb} {event.subject} the transition to {self.transition}{why}"


@event_type("approval.requested")
class ApprovalRequested(Fact, frozen=True, omit_defaults=True):
    """Somebody asks that the subject, whose digest is ``sha256``, may make a transition.

    ``due`` is when the policy's time to answer is over, ``expires`` when the request and its approvals count no more.
    """

    transition: str
    roles: list[str]
    sha256: str
    evidence: list[Evidence] = []
    note: str | None = None
    due: str | None = None
    expires: str | None = None

    def sentence(self, event: Event) -> str:
        return f"{event.actor} asked that {event.subject} be approved for {self.transition}"


@event_type("approval.granted")
class ApprovalGranted(Fact, frozen=True):
    """A person approved. The facts are those of the signed statement in ``dsse``; ``request`` is the request's seq."""

    transition: str
    role: str
    request: int
    dsse: dict[str, Any]

    def sentence(self, event: Event) -> str:
        return f"{event.actor} approved {event.subject} for {self.transition}, as {self.role}"


@event_type("approval.rejected")
class ApprovalRejected(Fact, frozen=True):
    """A person rejected, and says why. The facts are those of the signed statement in ``dsse``."""

    transition: str
    role: str
    reason: str
    request: int
    dsse: dict[str, Any]

    def sentence(self, event: Event) -> str:
        return f"{event.actor} rejected {event.subject} for {self.transition}, as {self.role}: {self.reason}"


@event_type("approval.changes_requested")
class ApprovalChangesRequested(Fact, frozen=True):
    """A person asks for changes before they approve: this request ends, a new one may follow. Signed as a rejection."""

    transition: str
    role: str
    comment: str
    request: int
    dsse: dict[str, Any]

    def sentence(self, event: Event) -> str:
        return (
            f"{event.actor} asked for changes to {event.subject} for {self.transition}, as {self.role}: {self.comment}"
        )


@event_type("approval.withdrawn")
class ApprovalWithdrawn(Fact, frozen=True, omit_defaults=True):
    """Who asked takes the request back."""

    request: int
    reason: str | None = None

    def sentence(self, event: Event) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{event.actor} withdrew request {self.request} on {event.subject}{why}"


@event_type("approval.revoked")
class ApprovalRevoked(Fact, frozen=True):
    """An approval (the event ``approval``) counts no more from here on. ``dsse`` is a decision of whoever revokes it."""

    transition: str
    request: int
    approval: int
    reason: str
    dsse: dict[str, Any]

    def sentence(self, event: Event) -> str:
        return f"{event.actor} revoked approval {self.approval} of {event.subject} for {self.transition}: {self.reason}"


@event_type("approval.escalated")
class ApprovalEscalated(Fact, frozen=True, omit_defaults=True):
    """A request has waited longer than its policy allows; ``to`` are those who are told, step ``level`` along RACI."""

    request: int
    level: int
    to: list[str] = []

    def sentence(self, event: Event) -> str:
        told = f" to {', '.join(self.to)}" if self.to else ""
        return f"request {self.request} on {event.subject} is overdue and was escalated{told} (step {self.level})"


@event_type("approval.expired")
class ApprovalExpired(Fact, frozen=True):
    """A request's time is over. It was without effect from its ``expires`` on, whether anybody recorded it or not."""

    request: int

    def sentence(self, event: Event) -> str:
        return f"request {self.request} on {event.subject} has expired"


@event_type("promotion.recorded")
class PromotionRecorded(Fact, frozen=True, omit_defaults=True):
    """A version moved from one stage to another, on these approvals (their seqs) and this gate's verdict (its seq)."""

    from_stage: str
    to_stage: str
    approvals: list[int] = []
    gate: int | None = None

    def sentence(self, event: Event) -> str:
        return f"{event.actor} promoted {event.subject} from {self.from_stage} to {self.to_stage}"
