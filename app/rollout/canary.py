"""A canary from its start to its verdict, one day at a time; each step is recorded, and the next resumes from the record.

The gates of a day are looked at in this order: prediction ratio, data quality and feature parity, latency and cost, the paired
losses' evidence, value-at-risk exceptions, shortest and longest time. A breach rolls back on the day that shows it. A promotion
needs all of them open. Nothing is ever promoted by default: missing data are *inconclusive*, and so is a canary that reaches
its last day without a decision; the champion stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from app.rollout import gates
from app.rollout.eprocess import EProcess
from app.rollout.exceptions import ExceptionProcess
from app.rollout.plan import Plan
from ledger.errors import InputError

Decision = Literal["hold", "widen", "promote", "roll_back", "inconclusive"]
RULE = "canary/paired-loss-e-process/2"
_BREACHES = {
    gates.PARITY: "the features served are not those of the feature view",
    gates.LATENCY: "its answers take longer than the champion's, by more than was allowed",
    gates.COST: "its answers cost more than the champion's, by more than was allowed",
}
"""Gates whose stop rolls back at once, with what that means."""
_PROMOTING = (gates.BETTER, gates.JUDGE)
"""What only a promotion asks for."""


@dataclass(frozen=True, slots=True)
class Day:
    """What one day brings, per account of the slice in one order. ``None`` is missing.

    ``losses`` are those of the forecasts made the day before; ``forecasts`` are today's, positive; ``features`` what the
    feature view gives and what was served; ``latencies`` and ``costs`` are of each answer, as many as there were;
    ``exceeded`` says whether the candidate's value-at-risk was, ``None`` where that is not known. ``widest`` is the largest
    slice that the environment's policy allows by now, with the reason in ``barred``.
    """

    day: str
    champion_losses: Sequence[float] | None
    candidate_losses: Sequence[float] | None
    champion_forecasts: Sequence[float] | None
    candidate_forecasts: Sequence[float] | None
    expected_features: Mapping[str, npt.ArrayLike] | None = None
    served_features: Mapping[str, npt.ArrayLike] | None = None
    champion_latencies: Sequence[float] | None = None
    candidate_latencies: Sequence[float] | None = None
    champion_costs: Sequence[float] | None = None
    candidate_costs: Sequence[float] | None = None
    exceeded: bool | None = None
    widest: float = 1.0
    barred: str = ""


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
    """A canary under way.

    ``number``: days looked at; ``position``: which of the plan's slices it serves, since day ``since``; ``points``: each day's
    mean losses, champion's and candidate's, kept where Kayenta's judge is to see them.
    """

    plan: Plan
    process: EProcess
    exceptions: ExceptionProcess
    points: tuple[tuple[float, float], ...] = ()
    number: int = 0
    position: int = 0
    since: int = 0
    last_day: str = ""
    ended: bool = False

    @classmethod
    def start(cls, plan: Plan) -> Canary:
        """A canary before its first day."""
        return cls(plan, EProcess(plan.bet), ExceptionProcess(plan.exception_rate))

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
        exceeded = day.exceeded if day.exceeded in (True, False) else None
        quality = gates.quality(day.served_features, self.plan.quality_limit)
        difference, missing = gates.mean_difference(day.champion_losses, day.candidate_losses)
        if quality is not None and not quality.passed:
            difference, missing = (
                None,
                missing or f"{quality.name}: the day's losses rest on features that are not all there",
            )
        stakes = self.process.stakes
        means = _means(day, difference)
        moved = self._taken(day.day, difference, means, exceeded)
        checks = moved._checks(replace(day, exceeded=exceeded), missing, quality)
        decision, final, reason = moved._decide(day, checks, missing)
        if decision == "widen":
            moved = replace(moved, position=moved.position + 1, since=moved.number)
            checks = tuple(check for check in checks if check.name not in _PROMOTING)  # widening does not ask for these
        moved = replace(moved, ended=final)
        evidence: dict[str, Any] = {
            "difference": difference,
            "stakes": list(stakes),
            "days": moved.process.days,
            "promote": moved.process.promote,
            "roll_back": moved.process.roll_back,
        }
        if self.plan.alpha_exceptions is not None:
            evidence |= {"exceeded": exceeded, "exceptions": moved.exceptions.exceptions}
        if means is not None:
            evidence["means"] = list(means)
        return moved, Step(day.day, moved.number, decision, moved.slice, final, reason, checks, evidence)

    def _taken(
        self, day: str, difference: float | None, means: tuple[float, float] | None, exceeded: bool | None
    ) -> Canary:
        """The state after a day's evidence; what is missing adds none."""
        counts = exceeded is not None and self.plan.alpha_exceptions is not None
        kept = means is not None and self.plan.gate == "kayenta"
        return replace(
            self,
            process=self.process if difference is None else self.process.step(difference),
            exceptions=self.exceptions.step(bool(exceeded)) if counts else self.exceptions,
            points=(*self.points, means) if kept and means is not None else self.points,
            number=self.number + 1,
            last_day=day,
        )

    def _checks(self, day: Day, missing: str, quality: gates.Check | None) -> tuple[gates.Check, ...]:
        """The findings of all gates, in the order in which they are looked at."""
        plan = self.plan
        found = [gates.prediction_ratio(day.champion_forecasts, day.candidate_forecasts, plan.ratio_limit)]
        if quality is not None:
            found.append(quality)
        if plan.parity_limit is not None:
            found.append(gates.parity(day.expected_features, day.served_features, plan.parity_limit))
        for name, limit, base, other in (
            (gates.LATENCY, plan.latency_limit, day.champion_latencies, day.candidate_latencies),
            (gates.COST, plan.cost_limit, day.champion_costs, day.candidate_costs),
        ):
            if limit is not None:
                found.append(gates.operation(name, base, other, limit))
        found += self._evidence(missing)
        if plan.exceptions_at is not None:
            found.append(gates.exceptions(self.exceptions, day.exceeded, plan.exceptions_at))
        time: gates.State = "pass" if self.number >= plan.minimum_days else "stop"
        limit_: gates.State = "pass" if self.number < plan.maximum_days else "stop"
        found.append(gates.Check("minimum days", time, float(self.number), float(plan.minimum_days)))
        found.append(gates.Check("maximum days", limit_, float(self.number), float(plan.maximum_days)))
        return tuple(found)

    def _evidence(self, missing: str) -> list[gates.Check]:
        """What the losses so far say: by the paired process, or by Kayenta's judge once the time is over."""
        plan, process = self.plan, self.process
        if plan.gate == "kayenta":
            return [gates.judged(self.points, due=self.number >= plan.maximum_days)]
        detail = {"reason": missing} if missing else {}
        worse: gates.State = "stop" if process.roll_back >= plan.roll_back_at else "unknown" if missing else "pass"
        better: gates.State = "unknown" if missing else "pass" if process.promote >= plan.promote_at else "stop"
        return [
            gates.Check(gates.WORSE, worse, process.roll_back, plan.roll_back_at, detail),
            gates.Check(gates.BETTER, better, process.promote, plan.promote_at, detail),
        ]

    def _decide(self, day: Day, checks: tuple[gates.Check, ...], missing: str) -> tuple[Decision, bool, str]:
        """What the day's findings come to: the decision, whether it ends the canary, and the reason."""
        plan = self.plan
        found = {check.name: check for check in checks}
        breach = self._breach(found)
        if breach:
            return "roll_back", True, breach
        guards = [found[name] for name in gates.GUARDS if name in found]
        closed = [check for check in guards if not check.passed]
        if not closed and not missing and self._proven(found):
            return "promote", True, self._why(found)
        if self.number >= plan.maximum_days:
            return "inconclusive", True, f"{plan.maximum_days} days without a decision; the champion stays"
        if missing:
            return "inconclusive", False, f"missing losses: {missing}"
        if closed and closed[0].state == "unknown":
            return "inconclusive", False, f"{closed[0].name}: {closed[0].detail.get('reason', 'unknown')}"
        if closed:
            return "hold", False, f"{closed[0].name} {closed[0].value:.3g} above {closed[0].threshold:g}"
        wider = self.position + 1 < len(plan.slices) and found["minimum days"].passed
        if wider and self.number - self.since >= plan.widen_after:
            if plan.slices[self.position + 1] > day.widest:
                return "hold", False, f"widening to {plan.slices[self.position + 1]:.0%} waits: {day.barred}"
            return "widen", False, f"{plan.widen_after} days with open gates"
        return "hold", False, "the evidence does not suffice yet"

    def _breach(self, found: Mapping[str, gates.Check]) -> str:
        """Why the canary is to be rolled back at once, by the first gate that says so; empty where none does."""
        for name, words in _BREACHES.items():
            if name in found and found[name].state == "stop":
                return words
        if gates.WORSE in found and found[gates.WORSE].state == "stop":
            return f"the evidence that it is worse reached {self.plan.roll_back_at:g}"
        judged = found.get(gates.JUDGE)
        if judged is not None and judged.state == "stop":
            return f"Kayenta's judge says {judged.detail['classification']} after {len(self.points)} days"
        if gates.EXCEPTIONS in found and found[gates.EXCEPTIONS].state == "stop":
            return f"its value-at-risk was exceeded on {self.exceptions.exceptions} of {self.exceptions.days} days"
        return ""

    def _proven(self, found: Mapping[str, gates.Check]) -> bool:
        """Whether the evidence promotes, and the time allows it."""
        return found["minimum days"].passed and any(name in found and found[name].passed for name in _PROMOTING)

    def _why(self, found: Mapping[str, gates.Check]) -> str:
        if self.plan.gate == "kayenta":
            return f"Kayenta's judge says {found[gates.JUDGE].detail['classification']} after {len(self.points)} days"
        return f"the evidence that it is better reached {self.plan.promote_at:g}"


def _means(day: Day, difference: float | None) -> tuple[float, float] | None:
    """The day's mean losses, champion's and candidate's, where there is a difference of them."""
    if difference is None or day.champion_losses is None or day.candidate_losses is None:
        return None
    return float(np.mean(day.champion_losses)), float(np.mean(day.candidate_losses))


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
    difference = None if evidence["difference"] is None else float(evidence["difference"])
    means = evidence.get("means")
    now = canary._taken(
        str(recorded["day"]), difference, None if means is None else (means[0], means[1]), evidence.get("exceeded")
    )
    process = now.process
    if (process.promote, process.roll_back, now.number) != (
        evidence["promote"],
        evidence["roll_back"],
        evidence["number"],
    ):
        raise InputError(
            f"the recorded step of {recorded['day']} does not follow from those before it: "
            f"evidence {process.promote:.6g} and {process.roll_back:.6g} on day {now.number}, recorded as "
            f"{evidence['promote']:.6g} and {evidence['roll_back']:.6g} on day {evidence['number']}"
        )
    if recorded["decision"] == "widen":
        now = replace(now, position=now.position + 1, since=now.number)
    return replace(now, ended=bool(evidence["final"]))
