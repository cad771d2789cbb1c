"""The plan: milestones in order from where a track stands to its target, with owner, day, what comes first, and slips."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import evaluating, targets
from app.actions.answers import Answer, Mark, counted, say, state

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.evaluating import Ground
    from app.actions.targets import Target
    from ledger.rules.maturity.standing import State


class Milestone(NamedTuple):
    """A level of a track on the way to its target. ``late`` is in days; ``reached`` the day since when the level holds."""

    project: str
    track: str
    level: int
    due: str
    owner: str
    after: tuple[str, ...]
    reached: str | None
    late: int
    open: tuple[State, ...]


def plan(context: Context, *, project: str | None = None) -> Answer:
    """The milestones of every target, by their days."""
    found = evaluating.ground(context)
    names = [evaluating.chosen(context, found, project)] if project else evaluating.projects(context, found)
    aims = [each for name in names for each in targets.standing(found, name)]
    steps = sorted(
        (step for each in aims for step in milestones(found, each)),
        key=lambda step: (step.due, step.level, step.project, step.track),
    )
    lines = [line for step in steps for line in _told(step)] or [
        say(Mark("dim", "no target is set; `assay target set data L2 --due DAY` sets one, and the plan leads to it"))
    ]
    unsigned = [each for each in aims if each.signed is None]
    lines += [
        say(
            state("warn", "not signed"),
            f"  the target of {each.project} for {each.track}: `assay target sign {each.track}`",
        )
        for each in unsigned
    ]
    return Answer({"at": found.view.at, "milestones": [document(step) for step in steps]}, lines)


def milestones(found: Ground, target: Target) -> list[Milestone]:
    """The levels up to a target, each with its day: the one that was set, else spread evenly up to the target's."""
    from ledger.rules.maturity.moments import text

    begun = date.fromisoformat(text(target.t)[:10])
    due = date.fromisoformat(target.due)
    start = found.evaluation.levels(target.project, target.t)[target.track]
    first = 0 if start is None else min(start + 1, target.level)
    today = date.fromisoformat(text(found.moment.t)[:10])
    days = _days(target, first, begun, due)
    made: list[Milestone] = []
    for level in range(first, target.level + 1):
        day = days[level]
        after = [f"{target.track} L{level - 1}"] if level > first else []
        after += [f"{each} L{level}" for each in target.depends]
        reached = _reached(found, target, level)
        late = 0 if reached is not None else max(0, (today - date.fromisoformat(day)).days)
        open_ = () if reached is not None else tuple(_open(found, target, level))
        made.append(
            Milestone(target.project, target.track, level, day, target.owner, tuple(after), reached, late, open_)
        )
    return made


def _days(target: Target, first: int, begun: date, due: date) -> dict[int, str]:
    """Each level's day: as it was set; between two that were, in even steps."""
    fixed = {
        int(name[1:]): date.fromisoformat(day) for name, day in target.milestones.items() if int(name[1:]) >= first
    }
    fixed[target.level] = due
    found: dict[int, str] = {}
    before, since = first - 1, begun
    for level in range(first, target.level + 1):
        following = min(each for each in fixed if each >= level)
        share = (level - before) / (following - before)
        found[level] = (since + timedelta(days=round((fixed[following] - since).days * share))).isoformat()
        if level in fixed:
            before, since = level, fixed[level]
    return found


def _reached(found: Ground, target: Target, level: int) -> str | None:
    """Since when the track has been at the level or above, if it is now."""
    from ledger.rules.maturity.moments import text
    from ledger.rules.maturity.spans import BEGIN

    evaluation = found.evaluation
    now = evaluation.levels(target.project, found.moment.t)[target.track]
    if now is None or now < level:
        return None
    states = [
        evaluation.state(target.project, each, found.moment)
        for each in evaluation.model.criteria
        if each.track == target.track and each.level <= level
    ]
    gained = [each.gained for each in states if each.gained is not None and each.gained > BEGIN]
    return text(max(gained))[:10] if gained else ""


def _open(found: Ground, target: Target, level: int) -> list[State]:
    evaluation = found.evaluation
    chosen = [each for each in evaluation.model.criteria if each.track == target.track and each.level == level]
    states = [evaluation.state(target.project, each, found.moment) for each in chosen]
    return [each for each in states if each.state in ("missing", "lapsed")]


def document(step: Milestone) -> dict[str, Any]:
    """A milestone as JSON."""
    return {
        **step._asdict(),
        "level": f"L{step.level}",
        "open": [evaluating.criterion_document(each) for each in step.open],
    }


def _told(step: Milestone) -> list[str]:
    from ledger.rules.maturity.standing import advice

    if step.reached is not None:
        mark = state("good", f"reached {step.reached}".strip())
    elif step.late:
        mark = state("bad", f"{counted(step.late, 'day')} late")
    else:
        mark = state("open", "to come")
    owner = step.owner or "nobody owns it"
    after = f"; after {', '.join(step.after)}" if step.after else ""
    lines: list[str] = [
        say(Mark("title", f"{step.due}  {step.track} L{step.level}"), "  ", mark, f"  {step.project}, {owner}{after}")
    ]
    for each in step.open:
        lines.append(say("    ", state("open", each.criterion.id), f"  {each.criterion.need}"))
        lines.append(say(Mark("dim", f"            {advice(each)}")))
    return lines
