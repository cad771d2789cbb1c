"""What became of a pipeline: of each step, and of the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.pipelines.decision import Decision
from app.pipelines.plan import Plan, Step
from ledger.events.pipelines import Cause
from ledger.format import canonical
from ledger.projections.artifacts import Artifact
from ledger.store.journal import Recorded

MOST_BYTES = 40_000
"""So large may what is recorded of the steps be; an event holds 65,535 bytes."""

StepStatus = Literal["ok", "reused", "failed", "interrupted", "skipped"]
Status = Literal["ok", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Why:
    """Why an execution begins: its cause, what changed, the state of all that the pipeline watches, the event behind it."""

    cause: Cause = "manual"
    ref: str | None = None
    seen: Mapping[str, str] = field(default_factory=dict)
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What a step came to.

    ``run`` is the run that made or had made its result, ``reasons`` say why it ran, ``reason`` why it did not pass,
    ``seq`` is the event of a gate or a promotion.
    """

    step: Step
    status: StepStatus
    reasons: tuple[str, ...] = ()
    run: str | None = None
    reason: str | None = None
    seconds: float | None = None
    outputs: Mapping[str, Artifact] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    seq: int | None = None

    @property
    def passed(self) -> bool:
        """Whether what needs it can go on."""
        return self.status in ("ok", "reused")

    def fact(self) -> dict[str, Any]:
        """It as it is recorded."""
        found = {
            "step": self.step.name,
            "stage": self.step.stage,
            "status": self.status,
            "run": self.run,
            "reason": self.reason,
            "outputs": {name: each.digest for name, each in self.outputs.items()},
        }
        return {key: value for key, value in found.items() if value not in (None, {})}

    def told(self) -> str:
        """It in one line."""
        made = ", ".join(each.ref for each in self.outputs.values())
        if self.status == "reused":
            return f"{self.step.name}: reused{f', run/{self.run}' if self.run else ''}"
        why = f": {self.reason}" if self.reason else ""
        return f"{self.step.name}: {self.status}{f', made {made}' if made else ''}{why}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended.

    ``execution`` is ``None`` where nothing was due, so that nothing was recorded; ``closed`` is how many runs that a killed
    process had left were recorded as interrupted.
    """

    plan: Plan
    status: Status
    done: tuple[Done, ...]
    execution: str | None = None
    recorded: Recorded | None = None
    closed: int = 0
    reason: str | None = None


def facts(done: Sequence[Done]) -> list[dict[str, Any]]:
    """What each step came to, as it is recorded: so short that an event holds it, whatever that takes.

    The digests of outputs stand with the runs too, and why a step failed does as well.
    """
    found = [each.fact() for each in done]
    for member in ("outputs", "reason", "run"):
        if len(canonical.encode(found)) <= MOST_BYTES:
            break
        for each in found:
            each.pop(member, None)
    return found


def reused(decision: Decision) -> Done:
    """A step whose recorded result is taken."""
    run = decision.run
    return Done(
        decision.step,
        "reused",
        decision.reasons,
        run.run if run else None,
        outputs=decision.outputs,
        metrics=run.metrics if run else {},
        seq=decision.seq,
    )
