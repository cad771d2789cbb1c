"""Gates for any CI: the checklist of a transition with an exit code, and its verdict on record where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import approvals as approving
from app.actions.answers import Answer, Mark, say
from ledger.projections import approvals, artifacts
from ledger.rules import gates

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.ledger import Ledger
    from ledger.projections.artifacts import Artifact
    from ledger.store.journal import Recorded


class Verdict(NamedTuple):
    """What the policy in force says of a transition; ``value`` is that of a ``gate.evaluated`` event."""

    value: dict[str, Any]

    @property
    def allowed(self) -> bool:
        """Whether nothing is missing."""
        return bool(self.value["decision"] == "allow")

    @property
    def reasons(self) -> list[str]:
        """What is missing, or what the policy demanded and found."""
        return list(self.value["reasons"])


def gate(context: Context, *, ref: str, to: str, record: bool = False) -> Answer:
    """The checklist of a transition; code 1 where something is missing. With ``record`` the verdict is recorded."""
    answer = approving.gate(context, ref=ref, to=to)
    if not record:
        return answer._replace(document={**answer.document, "recorded": None})
    from app.actions.context import Context as Writing

    with Writing(
        ledger=context.named_ledger,
        actor=context.named_actor,
        writes=True,
        start=context.start,
        environ=context.environ,
    ) as hand:
        artifact = artifacts.resolve(hand.ledger.view(), ref)
        done = record_once(hand, artifact, answer.document["to"])
    line = say(Mark("dim", f"recorded as event {done}"))
    return answer._replace(document={**answer.document, "recorded": done}, lines=[*answer.lines, line])


def verdict(ledger: Ledger, subject: Artifact, stage: str) -> Verdict:
    """What the policy in force says of a version's way to a stage, now."""
    return Verdict(gates.decision(ledger.view(), subject.ref, stage, now=ledger.now()))


def recorded(ledger: Ledger, subject: Artifact, stage: str, found: Verdict) -> int | None:
    """The event by which this very verdict was recorded last for the transition; ``None`` where another was, or none."""
    known = approvals.gates(ledger.view(), subject.ref, stage)
    if not known or (known[-1].decision, known[-1].policy) != (found.value["decision"], found.value["policy"]):
        return None
    return known[-1].seq if list(known[-1].reasons) == found.reasons else None


def record(context: Context, subject: Artifact, found: Verdict) -> Recorded:
    """Record a verdict."""
    from ledger.events.approvals import GateEvaluated

    fact = GateEvaluated(**found.value)
    return context.ledger.record(fact, subject=subject.ref, actor=context.actor, project=subject.project)


def record_once(context: Context, subject: Artifact, stage: str) -> int:
    """Record the verdict on a transition where it is news; returns the event that says it."""
    found = verdict(context.ledger, subject, stage)
    known = recorded(context.ledger, subject, stage, found)
    return record(context, subject, found).seq if known is None else known
