"""Risks as they stand, targets, and the milestones on the way to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.plan import Milestone
    from app.actions.risks import Risk
    from app.actions.targets import Target
    from app.tui.queries.kept import Kept, Verified


@dataclass(frozen=True, slots=True)
class Danger:
    """A risk. ``likelihood`` is as it stands now; ``flags`` say in words what is wrong with it."""

    ref: str
    project: str
    name: str
    title: str
    area: str
    capability: str
    likelihood: int
    recorded: int
    impact: int
    owner: str
    depends: tuple[str, ...]
    objects: tuple[str, ...]
    flags: tuple[str, ...]
    closed: str
    seq: int
    day: str

    @property
    def priority(self) -> int:
        """Likelihood times impact."""
        return self.likelihood * self.impact


@dataclass(frozen=True, slots=True)
class Aim:
    """A target: a level of a track by a day, who owns and who signed it, and which of its criteria are open."""

    ref: str
    project: str
    track: str
    level: int
    now: int | None
    due: str
    owner: str
    signer: str
    criteria: tuple[str, ...]
    open: tuple[str, ...]
    late: bool
    seq: int


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone: a level on the way to a target. ``reached`` is the day, empty until then; ``late`` is in days."""

    project: str
    track: str
    level: int
    due: str
    owner: str
    after: tuple[str, ...]
    reached: str
    late: int
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """The page: risks, the gravest first; targets; the plan by its days; areas and capabilities of the matrix; what each
    criterion needs, by its id."""

    risks: tuple[Danger, ...]
    targets: tuple[Aim, ...]
    plan: tuple[Step, ...]
    areas: tuple[str, ...]
    capabilities: tuple[str, ...]
    sure: bool = True
    needs: tuple[tuple[str, str], ...] = ()


def load(context: Context, kept: Kept, *, verified: Verified, exact: bool = True) -> Register:
    """All projects' risks, targets and milestones as of the context's moment; quick where not ``exact``."""
    from app.actions import evaluating, plan, risks, targets

    found, sure = kept.ground(context, verified, exact=exact)
    names = evaluating.projects(context, found)
    dangers = [_danger(each) for name in names for each in risks.standing(found, name)]
    dangers.sort(key=lambda each: (bool(each.closed), -each.priority, each.ref))
    aims = [each for name in names for each in targets.standing(found, name)]
    steps = sorted((_step(step) for each in aims for step in plan.milestones(found, each)), key=lambda step: step.due)
    from ledger.rules.maturity.moments import text

    today = text(found.moment.t)[:10]
    levels = {each.project: found.evaluation.levels(each.project, found.moment.t) for each in aims}
    return Register(
        tuple(dangers),
        tuple(_aim(each, levels[each.project][each.track], today) for each in aims),
        tuple(steps),
        (*risks.AREAS, *sorted({each.area for each in dangers} - {*risks.AREAS})),
        tuple(dict.fromkeys([*found.evaluation.model.capabilities, *(each.capability for each in dangers)])),
        sure or not (dangers or aims),
        tuple((each.id, each.need) for each in found.evaluation.model.criteria) if aims else (),
    )


def _danger(each: Risk) -> Danger:
    return Danger(
        ref=f"risk/{each.project}/{each.risk}",
        project=each.project,
        name=each.risk,
        title=each.title,
        area=each.area,
        capability=each.capability,
        likelihood=each.raised,
        recorded=each.likelihood,
        impact=each.impact,
        owner=each.owner,
        depends=each.depends,
        objects=each.objects,
        flags=each.flags,
        closed=each.closed or "",
        seq=each.seq,
        day=each.at[:10],
    )


def _aim(each: Target, now: int | None, today: str) -> Aim:
    return Aim(
        ref=each.ref,
        project=each.project,
        track=each.track,
        level=each.level,
        now=now,
        due=each.due,
        owner=each.owner,
        signer=each.signer or "",
        criteria=each.criteria,
        open=each.open,
        late=each.due < today and bool(each.open),
        seq=each.seq,
    )


def _step(each: Milestone) -> Step:
    return Step(
        each.project,
        each.track,
        each.level,
        each.due,
        each.owner,
        each.after,
        "" if each.reached is None else each.reached or "from the start",
        each.late,
        tuple(state.criterion.id for state in each.open),
    )
