"""A canary from its start to its verdict, one day at a time; each step is recorded, and the next resumes from the record.

The gates of a day are looked at in this order: prediction ratio, feature parity, evidence towards rollback, evidence towards
promotion, widening, and the longest time. The first that decides, decides. Nothing is ever promoted by default: missing data
are *inconclusive*, and so is a canary that reaches its last day without a decision; the champion stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy.typing as npt

from app.rollout import gates
from app.rollout.eprocess import EProcess
from app.rollout.plan import Plan
from ledger.errors import InputError

Decision = Literal["hold", "widen", "promote", "roll_back", "inconclusive"]
RULE = "canary/paired-loss-e-process/1"


@dataclass(frozen=True, slots=True)
class Day:
    """What one day brings, per account of the slice in one order. ``None`` is missing.

    ``losses`` are those of the forecasts made the day before; ``forecasts`` are today's, positive; ``features`` what the
    feature view gives and what was served.
    """

    day: str
    champion_losses: Sequence[float] | None
    candidate_losses: Sequence[float] | None
    champion_forecasts: Sequence[float] | None
    candidate_forecasts: Sequence[float] | None
    expected_features: Mapping[str, npt.ArrayLike] | None = None
    served_features: Mapping[str, npt.ArrayLike] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A day's verdict with its evidence. ``final``: the canary has ended."""

    day: str
    number: int
    decision: Decision
    slice: float
    final: bool
    reason: str
    checks: tuple[gates.Check, ...]
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As JSON-able data, from which ``resume`` continues."""
        return {
            "day": self.day,
            "slice": self.slice,
            "decision": self.decision,
            "checks": [check.document() for check in self.checks],
            "evidence": {"rule": RULE, "number": self.number, "final": self.final, "reason": self.reason}
            | dict(self.evidence),
        }


@dataclass(frozen=True, slots=True)
class Canary:
    """A canary under way. ``number``: days looked at; ``position``: which of the plan's slices it serves, since ``since``."""

    plan: Plan
    process: EProcess
    number: int = 0
    position: int = 0
    since: int = 0
    last_day: str = ""
    ended: bool = False

    @classmethod
    def start(cls, plan: Plan) -> Canary:
        """A canary before its first day."""
        return cls(plan, EProcess(plan.bet))

    @property
    def slice(self) -> float:
        """The fraction of accounts that it serves."""
        return self.plan.slices[self.position]

    def step(self, day: Day) -> tuple[Canary, Step]:
        """Evaluate a day.

        Raises:
            InputError: the canary has ended, or the day is not later than the last.
        """
        if self.ended:
            raise InputError(f"the canary ended on {self.last_day}; start another one")
        if day.day <= self.last_day:
            raise InputError(f"{day.day} is not after {self.last_day}, the last day evaluated")
        difference, missing = gates.mean_difference(day.champion_losses, day.candidate_losses)
        stakes = self.process.stakes
        process = self.process if difference is None else self.process.step(difference)
        moved = replace(self, process=process, number=self.number + 1, last_day=day.day)
        checks = moved._checks(day, missing)
        decision, final, reason = moved._decide(checks, missing)
        if decision == "widen":
            moved = replace(moved, position=moved.position + 1, since=moved.number)
        moved = replace(moved, ended=final)
        evidence = {
            "difference": difference,
            "stakes": list(stakes),
            "days": process.days,
            "promote": process.promote,
            "roll_back": process.roll_back,
        }
        return moved, Step(day.day, moved.number, decision, moved.slice, final, reason, checks, evidence)

    def _checks(self, day: Day, missing: str) -> tuple[gates.Check, ...]:
        """The findings of all gates, in the order in which they decide."""
        plan, process = self.plan, self.process
        found = [gates.prediction_ratio(day.champion_forecasts, day.candidate_forecasts, plan.ratio_limit)]
        if plan.parity_limit is not None:
            found.append(gates.parity(day.expected_features, day.served_features, plan.parity_limit))
        detail = {"reason": missing} if missing else {}
        worse: gates.State = "stop" if process.roll_back >= plan.roll_back_at else "unknown" if missing else "pass"
        better: gates.State = "unknown" if missing else "pass" if process.promote >= plan.promote_at else "stop"
        time: gates.State = "pass" if self.number >= plan.minimum_days else "stop"
        return (
            *found,
            gates.Check("evidence towards rollback", worse, process.roll_back, plan.roll_back_at, detail),
            gates.Check("evidence towards promotion", better, process.promote, plan.promote_at, detail),
            gates.Check("minimum days", time, float(self.number), float(plan.minimum_days)),
        )

    def _decide(self, checks: tuple[gates.Check, ...], missing: str) -> tuple[Decision, bool, str]:
        """What the day's findings come to: the decision, whether it ends the canary, and the reason."""
        plan = self.plan
        state = {check.name: check.state for check in checks}
        guards = [check for check in checks if check.name in ("prediction ratio", "feature parity")]
        if state.get("feature parity") == "stop":
            return "roll_back", True, "the features served are not those of the feature view"
        if state["evidence towards rollback"] == "stop":
            return "roll_back", True, f"the evidence that it is worse reached {plan.roll_back_at:g}"
        closed = [check for check in guards if not check.passed]
        if not closed and not missing and state["evidence towards promotion"] == state["minimum days"] == "pass":
            return "promote", True, f"the evidence that it is better reached {plan.promote_at:g}"
        if self.number >= plan.maximum_days:
            return "inconclusive", True, f"{plan.maximum_days} days without a decision; the champion stays"
        if missing:
            return "inconclusive", False, f"missing losses: {missing}"
        if closed and closed[0].state == "unknown":
            return "inconclusive", False, f"{closed[0].name}: {closed[0].detail.get('reason', 'unknown')}"
        if closed:
            return "hold", False, f"{closed[0].name} {closed[0].value:.3g} above {closed[0].threshold:g}"
        if self.position + 1 < len(plan.slices) and self.number - self.since >= plan.widen_after:
            return "widen", False, f"{plan.widen_after} days with open gates"
        return "hold", False, "the evidence does not suffice yet"


def resume(plan: Plan, steps: Iterable[Mapping[str, Any]]) -> Canary:
    """The canary that recorded steps lead to; the evidence is computed again and must agree with the record.

    Args:
        plan: the plan that was recorded at the start.
        steps: documents of ``Step``, in order.

    Raises:
        InputError: a step does not follow from those before it.
    """
    canary = Canary.start(plan)
    for recorded in steps:
        try:
            canary = _replayed(canary, recorded)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"a recorded step after {canary.last_day or 'the start'} is malformed: {error!r}"
            ) from None
    return canary


def _replayed(canary: Canary, recorded: Mapping[str, Any]) -> Canary:
    """The state after one recorded step, if it follows from the state before it."""
    evidence = recorded["evidence"]
    difference = evidence["difference"]
    process = canary.process if difference is None else canary.process.step(float(difference))
    number = canary.number + 1
    if (process.promote, process.roll_back, number) != (evidence["promote"], evidence["roll_back"], evidence["number"]):
        raise InputError(
            f"the recorded step of {recorded['day']} does not follow from those before it: "
            f"evidence {process.promote:.6g} and {process.roll_back:.6g} on day {number}, recorded as "
            f"{evidence['promote']:.6g} and {evidence['roll_back']:.6g} on day {evidence['number']}"
        )
    widened = recorded["decision"] == "widen"
    return Canary(
        canary.plan,
        process,
        number,
        canary.position + widened,
        number if widened else canary.since,
        str(recorded["day"]),
        bool(evidence["final"]),
    )
