"""Rollouts: how far each is, what its gates said last, and its evidence day by day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.tui.draw.refs import short

if TYPE_CHECKING:
    from ledger.projections.deployments import Deployment, Step
    from ledger.projections.view import View

NEWEST = 200


@dataclass(frozen=True, slots=True)
class Rollout:
    """One deployment in the list. ``decision`` is what its gates said last; empty where none were evaluated."""

    deployment: str
    subject: str
    environment: str
    strategy: str
    slice: float
    status: str
    since: str
    decision: str
    seq: int
    began: str = ""
    again: str = ""
    """Why it serves again, in words, where what had taken its place was rolled back."""

    @property
    def ref(self) -> str:
        """How it is named elsewhere."""
        return f"deployment/{self.deployment}"


@dataclass(frozen=True, slots=True)
class Board:
    """The list on the left."""

    rollouts: tuple[Rollout, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate as it was last evaluated: ``state`` is ``pass``, ``stop`` or what else was recorded; ``days`` are its
    values until then."""

    name: str
    state: str
    value: float | None
    threshold: float | None
    days: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One day's verdict."""

    seq: int
    day: str
    slice: float
    decision: str
    reason: str


@dataclass(frozen=True, slots=True)
class Course:
    """One rollout whole.

    ``better`` and ``worse`` are the evidence that the candidate is better, or worse, by day; each decides at
    ``promote_at`` or ``roll_back_at``. ``old`` and ``new`` are each day's mean loss of the champion and of the candidate on
    the same accounts; ``saved`` is the paired loss that the candidate has saved since the start.
    """

    rollout: Rollout
    champion: str
    plan: tuple[tuple[str, str], ...]
    gates: tuple[Gate, ...]
    evaluations: tuple[Evaluation, ...]
    better: tuple[tuple[str, float | None], ...]
    worse: tuple[tuple[str, float | None], ...]
    old: tuple[tuple[str, float | None], ...]
    new: tuple[tuple[str, float | None], ...]
    saved: tuple[tuple[str, float | None], ...]
    promote_at: float | None
    roll_back_at: float | None
    bounds: tuple[int | None, int | None]
    ended: str
    undone: Evaluation | None = None
    """The roll-back that ended it, as its last verdict."""

    @property
    def verdicts(self) -> tuple[Evaluation, ...]:
        """All that was decided of it, the roll-back by a person last."""
        return self.evaluations if self.undone is None else (*self.evaluations, self.undone)


def board(view: View) -> Board:
    """All deployments, those under way first, then what serves, then what is over; the newest first in each."""
    from app.actions.deployments import serving
    from ledger.projections import deployments

    listed = deployments.listed(view)
    alive = {each.deployment for each in serving(view, listed)}
    found = [_rollout(view, each, each.deployment in alive) for each in listed[-NEWEST:]]
    ranks = {"under way": 0, "live": 1}
    return Board(tuple(sorted(found, key=lambda each: (ranks.get(each.status, 2), -each.seq))))


def course(view: View, deployment: str) -> Course | None:
    """One rollout with its evaluations, or None where it is not there at this moment."""
    from app.actions.deployments import serving
    from ledger.projections import deployments

    found = deployments.get(view, deployment)
    if found is None:
        return None
    steps = deployments.steps(view, deployment)
    alive = any(each.deployment == found.deployment for each in serving(view))
    return Course(
        rollout=_rollout(view, found, alive),
        champion=str(found.plan.get("champion", "")),
        plan=tuple(_plan(found.plan)),
        gates=_gates(steps),
        evaluations=tuple(
            Evaluation(
                each.seq, each.day or each.at[:10], each.slice, each.decision, str(each.evidence.get("reason", ""))
            )
            for each in steps
        ),
        better=_evidence(steps, "promote"),
        worse=_evidence(steps, "roll_back"),
        old=_mean_losses(steps, 0),
        new=_mean_losses(steps, 1),
        saved=_saved(steps),
        promote_at=_decides(found.plan, "alpha_promote"),
        roll_back_at=_decides(found.plan, "alpha_roll_back"),
        bounds=(found.plan.get("minimum_days"), found.plan.get("maximum_days")),
        ended=(found.ended_at or "")[:10],
        undone=_undone(view, found),
    )


def _undone(view: View, found: Deployment) -> Evaluation | None:
    from app.actions.comebacks import undone

    back = undone(view, found)
    if back is None:
        return None
    told = f"by {back.actor}: {back.reason}; {short(back.to_version)} serves"
    return Evaluation(back.seq, back.at[:10], 0.0, "roll_back", told)


def _rollout(view: View, found: Deployment, alive: bool) -> Rollout:
    from app.actions.comebacks import comeback

    last = view.row(
        "SELECT slice, decision FROM deployment_steps WHERE deployment = :deployment AND seq <= :at ORDER BY seq DESC LIMIT 1",
        {"deployment": found.deployment},
    )
    status = {"ok": "live" if alive else "replaced"}.get(found.status, found.status.replace("_", " "))
    back = comeback(view, found) if status == "live" else None
    under_way = float(last[0] if last else found.slice)
    return Rollout(
        deployment=found.deployment,
        subject=found.subject,
        environment=found.environment,
        strategy=found.strategy,
        slice={"live": 1.0, "under way": under_way}.get(status, 0.0),
        status=status,
        since=(back.at if back else found.ended_at or found.at)[:10],
        decision=str(last[1]).replace("_", " ") if last else "",
        seq=found.seq,
        began=found.at[:10],
        again=f"{short(back.subject)} was rolled back by {back.actor}: {back.reason}; event {back.seq:,}"
        if back
        else "",
    )


def _plan(plan: dict[str, Any]) -> list[tuple[str, str]]:
    """What was fixed before the start, in the words of people."""
    realised = plan.get("realised") or {}
    told = []
    if realised:
        told.append(("accounts", f"{realised.get('accounts', 0):,}, {realised.get('account_share', 0):.1%} of all"))
        told.append(("of what is managed", f"{realised.get('size_share', 0):.1%}"))
    if plan.get("slices"):
        told.append(("slices", ", ".join(f"{share:.0%}" for share in plan["slices"])))
    if plan.get("minimum_days") is not None:
        told.append(("days", f"{plan['minimum_days']} to {plan.get('maximum_days', '…')}"))
    if plan.get("alpha_promote") is not None:
        arms = plan.get("arms", 1)
        shared = f", shared by {arms} arms" if isinstance(arms, int) and arms > 1 else ""
        rates = f"{plan['alpha_promote']:.0%} promoting, {plan.get('alpha_roll_back', 0):.0%} rolling back"
        told.append(("may err", rates + shared))
    return told


def _decides(plan: dict[str, Any], alpha: str) -> float | None:
    """The evidence at which a test that may be looked at every day decides: one over its error rate, which the arms of
    one trial share."""
    rate, arms = plan.get(alpha), plan.get("arms", 1)
    share = arms if isinstance(arms, int) and arms > 1 else 1
    return share / rate if isinstance(rate, int | float) and rate > 0 else None


def _gates(steps: list[Step]) -> tuple[Gate, ...]:
    if not steps:
        return ()
    history: dict[str, list[tuple[str, float]]] = {}
    for step in steps:
        for check in step.checks:
            value = _number(check.get("value"))
            if value is not None:
                history.setdefault(str(check["name"]), []).append((step.day or step.at[:10], value))
    return tuple(
        Gate(
            name=str(check["name"]),
            state=str(check.get("state") or ("pass" if check.get("passed") else "fail")),
            value=_number(check.get("value")),
            threshold=_number(check.get("threshold")),
            days=tuple(history.get(str(check["name"]), ())),
        )
        for check in steps[-1].checks
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _evidence(steps: list[Step], member: str) -> tuple[tuple[str, float | None], ...]:
    return tuple((each.day or each.at[:10], _number(each.evidence.get(member))) for each in steps)


def _saved(steps: list[Step]) -> tuple[tuple[str, float | None], ...]:
    total, found = 0.0, []
    for each in steps:
        difference = _number(each.evidence.get("difference"))
        total += difference or 0.0
        found.append((each.day or each.at[:10], None if difference is None else total))
    return tuple(found)


def _mean_losses(steps: list[Step], place: int) -> tuple[tuple[str, float | None], ...]:
    """The champion's mean losses at place 0, the candidate's at place 1; ``None`` on days that recorded none."""
    found = ((each.day or each.at[:10], each.evidence.get("means")) for each in steps)
    return tuple(
        (day, _number(means[place]) if isinstance(means, list) and len(means) == 2 else None) for day, means in found
    )
