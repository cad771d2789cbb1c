"""What would be if some criteria were held: judged by the rules that judge the record, and nothing is recorded."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.evaluating import Ground
    from app.tui.queries.kept import Kept, Verified
    from ledger.rules.maturity.standing import Evaluation, Moment, State

COMMANDS = 12
"""Elements without evidence that are each given their command."""
CHAIN = "chain"
"""What stands for the verification of the chain among the criteria that can be supposed."""


@dataclass(frozen=True, slots=True)
class Option:
    """A criterion that can be supposed. ``counts`` says how long its evidence counts, ``does`` what records it, one line for
    each element that lacks it and ``more`` elements besides; ``alike`` names open criteria that the same event may serve."""

    id: str
    level: int
    need: str
    state: str
    done: int | None
    total: int | None
    counts: str
    automated: bool
    does: tuple[str, ...]
    more: int
    alike: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aim:
    """A target that the supposition touches: how many of its criteria are open by the record, and if it were so."""

    track: str
    level: int
    due: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Fall:
    """A risk that would be graver by the record than if it were so."""

    risk: str
    before: int
    after: int
    capability: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A cell of the map under a supposition.

    ``options`` are all that could be supposed of the track, by level and the cheapest first; ``goal`` is the level after the
    record's. ``before`` and ``after`` are the levels by track, and ``overall`` the project's. ``open`` names what would still
    stand before the next level of the track; ``met`` the guide's items that would be met besides, ``steps`` the milestones
    that would be reached. ``unverified``: by the record nothing has a level, whatever else is supposed.
    """

    project: str
    track: str
    at: int
    day: str
    supposed: tuple[str, ...]
    options: tuple[Option, ...]
    goal: int | None
    before: dict[str, int | None]
    after: dict[str, int | None]
    overall: tuple[int | None, int | None]
    open: tuple[tuple[str, str], ...]
    ahead: int | None
    targets: tuple[Aim, ...]
    steps: tuple[str, ...]
    risks: tuple[Fall, ...]
    met: tuple[tuple[str, str], ...]
    unverified: bool

    def option(self, id_: object) -> Option | None:
        """The option with this id."""
        return next((each for each in self.options if each.id == id_), None)


def load(
    context: Context,
    kept: Kept,
    *,
    verified: Verified,
    project: str,
    track: str,
    supposed: frozenset[str] = frozenset(),
    exact: bool = True,
) -> WhatIf:
    """A cell as of the context's moment if these criteria, of any track, were held; quick where not ``exact``."""
    from ledger.rules.maturity import supposing
    from ledger.rules.maturity.moments import text
    from ledger.rules.maturity.standing import overall

    found, _ = kept.ground(context, verified, exact=exact)
    known, now = found.evaluation, found.moment
    unverified = supposing.unverified(known, now)
    # What stands before a level is told by the criteria even where the chain, and with it every level, is not known.
    sound = supposing.Supposed(known, project, (), now.t, verified=True) if unverified else known
    ahead_of = supposing.Supposed(known, project, supposed, now.t, verified=unverified)
    would = ahead_of if not unverified or CHAIN in supposed else supposing.Supposed(known, project, supposed, now.t)
    before, after = known.levels(project, now.t), would.levels(project, now.t)
    ahead = supposing.next_level(ahead_of, project, track, now)
    left = [
        each for rung in supposing.rungs(ahead_of, project, track, now) if rung.level == ahead for each in rung.states
    ]
    options = [each for rung in supposing.rungs(sound, project, track, now) for each in rung.states]
    then = found._replace(evaluation=would)
    aims, steps = _aims(found, then, project)
    return WhatIf(
        project,
        track,
        now.seq,
        text(now.t)[:10],
        tuple(sorted(supposed)),
        (*([_chain()] if unverified else []), *(_option(sound, project, now, each) for each in options)),
        supposing.next_level(sound, project, track, now),
        before,
        after,
        (overall(before), overall(after)),
        tuple((each.criterion.id, each.criterion.need) for each in left),
        ahead,
        aims,
        steps,
        _falls(found, then, project),
        _met(found, then, project) if supposed else (),
        unverified,
    )


def _chain() -> Option:
    need = "The chain is verified: without that there is no level at all"
    return Option(CHAIN, -1, need, "missing", None, None, "for 30 days", False, ("assay verify --record",), 0, ())


def _option(known: Evaluation, project: str, now: Moment, state: State) -> Option:
    from ledger.rules.maturity import supposing

    criterion = state.criterion
    others = [
        each.id
        for each in supposing.alike(known.model, criterion)
        if known.state(project, each, now, detail=False).state not in ("held", "inapplicable")
    ]
    does, more = _does(state)
    return Option(
        criterion.id,
        criterion.level,
        criterion.need,
        state.state,
        state.shown.done,
        state.shown.total,
        _counts(criterion.window.spelled),
        criterion.automated,
        does,
        more,
        tuple(others),
    )


def _does(state: State) -> tuple[tuple[str, ...], int]:
    """What records the evidence, for each of the elements that lack it; how many more there are."""
    from ledger.rules.maturity import supposing

    does = state.criterion.do
    if "{subject}" not in does:
        return (does,), 0
    wanted = supposing.subjects(state)
    # What others named things by is given to a shell: one word each.
    quoted = [shlex.quote(each) if does.startswith("assay ") else each for each in wanted[:COMMANDS] or ["REF"]]
    return tuple(does.replace("{subject}", each) for each in quoted), len(wanted[COMMANDS:])


def _counts(window: str) -> str:
    if window == "ever":
        return "for good"
    if window == "tier":
        return "as long as the materiality says"
    amount, unit = window.removeprefix("PT").removeprefix("P")[:-1], window[-1]
    return f"for {amount} {({'D': 'days', 'B': 'business days', 'H': 'hours'})[unit.upper()]}"


def _aims(found: Ground, then: Ground, project: str) -> tuple[tuple[Aim, ...], tuple[str, ...]]:
    """The targets that come nearer, and the milestones that would be reached."""
    from app.actions import plan, targets

    aims, steps = [], []
    for one, other in zip(targets.standing(found, project), targets.standing(then, project), strict=True):
        if one.open != other.open:
            aims.append(Aim(one.track, one.level, one.due, len(one.open), len(other.open)))
        for old, new in zip(plan.milestones(found, one), plan.milestones(then, other), strict=True):
            if old.reached is None and new.reached is not None:
                steps.append(f"{new.track} L{new.level}, due {new.due}")
    return tuple(aims), tuple(steps)


def _falls(found: Ground, then: Ground, project: str) -> tuple[Fall, ...]:
    from app.actions import risks

    pairs = zip(risks.standing(found, project), risks.standing(then, project), strict=True)
    falls = [
        Fall(one.risk, one.priority, other.priority, one.capability)
        for one, other in pairs
        if one.closed is None and other.priority < one.priority
    ]
    return tuple(sorted(falls, key=lambda each: (each.after - each.before, each.risk)))


def _met(found: Ground, then: Ground, project: str) -> tuple[tuple[str, str], ...]:
    """The guide's items that are open by the record, and would be met."""
    from app.actions.guide import facts_of, judge
    from app.guide.items import ITEMS

    one, other = facts_of(found, project), facts_of(then, project)
    return tuple((item.id, item.title) for item in ITEMS if judge(other, item)[0].met and not judge(one, item)[0].met)
