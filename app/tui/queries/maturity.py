"""Where each project stands on each track, why, since when, and the cheapest next step."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.evaluating import Ground
    from app.tui.queries.kept import Kept, Verified
    from app.tui.queries.tally import Tally
    from ledger.projections.view import View
    from ledger.rules.maturity.standing import State
    from ledger.rules.maturity.turning import Turn

TRACKS = ("data", "model", "code")
WEEKS = 26
WEEK = 7 * 86_400_000_000
MONTH = 30 * 86_400_000_000
DAY = 86_400_000_000
PROOFS = 6
"""Events that are shown of what proves a criterion."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One track of a project. A level is None where the ledger is not verified, -1 below L0; ``moved`` is its change in
    thirty days; ``claim`` is what somebody claims beside it."""

    level: int | None
    moved: int
    claim: str


@dataclass(frozen=True, slots=True)
class Proof:
    """An event that proves a criterion, or that stands against it."""

    seq: int
    sentence: str
    against: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One criterion of a track. ``state`` is held, lapsed, missing or inapplicable; days are empty where unknown."""

    id: str
    level: int
    need: str
    state: str
    done: int | None
    total: int | None
    gained: str
    lost: str
    lapses: str
    grade: float | None
    advice: str
    lacking: tuple[str, ...]
    proofs: tuple[Proof, ...]
    more: int
    broke: Proof | None = None
    """The event with which it was lost, where one did it."""
    window: str = ""
    """How long its evidence counts, as the model spells it."""
    reason: str = ""
    """What must be set before any evidence can prove it, and is not."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A level of a track: reached or not, since which day it is or was last; empty where it always or never was. ``ago`` is in
    days."""

    level: int
    reached: bool
    day: str
    ago: int


@dataclass(frozen=True, slots=True)
class Next:
    """The cheapest step of a track: the criterion, what it needs, what to do."""

    track: str
    id: str
    need: str
    does: str


@dataclass(frozen=True, slots=True)
class Project:
    """One row of the map. ``weeks`` are the overall levels of the last weeks, the oldest first; ``steps`` the cheapest of each
    track.

    ``state`` is ``sure``; ``quick`` where the exact answer may differ, and will come; ``pending`` where nothing is known yet.
    """

    name: str
    team: str
    cells: dict[str, Cell]
    overall: int | None
    weeks: tuple[int | None, ...]
    next_id: str
    next_need: str
    lapsed: int
    state: str = "sure"
    steps: tuple[Next, ...] = ()


@dataclass(frozen=True, slots=True)
class Map:
    """All projects; ``trouble`` says why an unverified ledger has no level."""

    projects: tuple[Project, ...]
    trouble: str

    def over(self, known: Map | None) -> Map:
        """The same; what is pending in it, as it was known before."""
        before = {} if known is None else {each.name: each for each in known.projects}
        rows = (before.get(each.name, each) if each.state == "pending" else each for each in self.projects)
        return Map(tuple(rows), self.trouble)


@dataclass(frozen=True, slots=True)
class Why:
    """One cell whole: its criteria, its level week by week as (day, level), and since when each level is reached or lost.

    The exact answer may differ unless ``sure``.
    """

    project: str
    track: str
    level: int | None
    items: tuple[Item, ...]
    history: tuple[tuple[str, int | None], ...]
    sure: bool = True
    levels: tuple[Turned, ...] = ()

    def turned(self, level: int) -> Turned | None:
        """What is known of a level."""
        return next((each for each in self.levels if each.level == level), None)


def projects(
    context: Context, kept: Kept, *, verified: Verified, only: Container[str] | None = None, exact: bool = True
) -> Map:
    """The map as of the context's moment.

    Args:
        context: as of when.
        kept: the evidence.
        verified: what a verification in this session said.
        only: the projects that are judged, the others are pending; all where ``None``.
        exact: rather than quick.
    """
    from app.actions import evaluating

    found, sure = kept.ground(context, verified, exact=exact)
    names = evaluating.projects(context, found)
    state = "sure" if sure else "quick"
    rows = [_project(context, found, name, state) if only is None or name in only else pending(name) for name in names]
    return Map(tuple(rows), _trouble(found, verified))


def named(view: View, tally: Tally) -> tuple[str, ...]:
    """The projects that something is registered in, which is known long before where they stand."""
    return tuple(sorted({project for _, project, _ in tally.versions(view) if project is not None}))


def pending(name: str) -> Project:
    """A project of which nothing is known yet."""
    return Project(name, "", dict.fromkeys(TRACKS, Cell(None, 0, "")), None, (None,) * WEEKS, "", "", 0, "pending")


def why(context: Context, kept: Kept, *, verified: Verified, project: str, track: str, exact: bool = True) -> Why:
    """One cell as of the context's moment; quick, where not ``exact``, it does not say when a criterion lapses."""
    from ledger.rules.maturity import turning
    from ledger.rules.maturity.moments import text

    found, sure = kept.ground(context, verified, exact=exact)
    standing = found.evaluation.standing(project, found.moment)
    times = [found.moment.t - WEEK * n for n in range(2 * WEEKS - 1, -1, -1)]
    history = found.evaluation.history(project, times)
    return Why(
        project,
        track,
        standing.levels[track],
        tuple(_item(found, project, each) for each in standing.of_track(track)),
        tuple((text(t)[:10], levels[track]) for t, levels in zip(times, history, strict=True)),
        sure,
        tuple(
            _turned(each, found.moment.t) for each in turning.turns(found.evaluation, project, track, found.moment.t)
        ),
    )


def _turned(each: Turn, now: int) -> Turned:
    day = each.gained if each.reached else each.lost
    return Turned(each.level, each.reached, _day(day), 0 if day is None else (now - day) // DAY)


def _claims(found: Ground, project: str) -> dict[str, str]:
    """The newest claim of each track, in words."""
    claims = {}
    for each in found.evaluation.index.in_project("assessment.recorded", project):
        claims[str(each.value["track"])] = f"{each.value['claimed_by']} claims L{each.value['level']}"
    return claims


def _trouble(found: Ground, verified: Verified) -> str:
    if verified is not None and not verified[1]:
        return "a verification found breaks: a ledger that is not intact has no level"
    from ledger.rules.maturity.spans import contains

    if contains(found.evaluation.chain.verified, found.moment.t):
        return ""
    return "nobody has verified this ledger, so it has no level yet; v verifies"


def _project(context: Context, found: Ground, name: str, state: str) -> Project:
    from app.actions import evaluating
    from ledger.rules.maturity.standing import advice, overall
    from ledger.rules.maturity.supposing import cheapest

    evaluation, now = found.evaluation, found.moment.t
    standing = evaluation.standing(name, found.moment)
    before = evaluation.levels(name, now - MONTH)
    claimed = _claims(found, name)
    cells = {
        track: Cell(
            standing.levels[track],
            (standing.levels[track] or 0) - (before[track] or 0)
            if None not in (standing.levels[track], before[track])
            else 0,
            claimed.get(track, ""),
        )
        for track in TRACKS
    }
    weeks = evaluation.history(name, [now - WEEK * n for n in range(WEEKS - 1, -1, -1)])
    lowest = min(TRACKS, key=lambda track: -2 if standing.levels[track] is None else standing.levels[track] or 0)
    firsts = {track: next(iter(cheapest(standing.of_track(track))), None) for track in TRACKS}
    first = firsts[lowest]
    return Project(
        name,
        evaluating.team_of(context, name),
        cells,
        standing.overall,
        tuple(overall(levels) for levels in weeks),
        first.criterion.id if first else "",
        first.criterion.need if first else "",
        sum(each.state == "lapsed" for each in standing.states),
        state,
        tuple(
            Next(track, each.criterion.id, each.criterion.need, advice(each))
            for track, each in firsts.items()
            if each is not None
        ),
    )


def _item(found: Ground, project: str, state: State) -> Item:
    from ledger.rules.maturity import proofs, turning
    from ledger.rules.maturity.standing import advice, unset_words

    broke = turning.broke(found.evaluation, project, state)

    shown = [*((event, False) for event in state.shown.events), *((event, True) for event in state.shown.against)]
    return Item(
        id=state.criterion.id,
        level=state.criterion.level,
        need=state.criterion.need,
        state=state.state,
        done=state.shown.done,
        total=state.shown.total,
        gained=_day(state.gained),
        lost=_day(state.lost),
        lapses=_day(state.lapses),
        grade=state.grade,
        advice="" if state.state in ("held", "inapplicable") else advice(state),
        lacking=tuple(proofs.label(each) for each in state.shown.lacking),
        proofs=tuple(Proof(event.seq, _sentence(found, event.seq), against) for event, against in shown[:PROOFS]),
        more=max(len(shown) - PROOFS, 0),
        broke=None if broke is None else Proof(broke.seq, _sentence(found, broke.seq), True),
        window=state.criterion.window.spelled,
        reason=unset_words(state),
    )


def _sentence(found: Ground, seq: int) -> str:
    from app.tui.queries.log import entry

    return entry(found.view, seq).sentence


def _day(moment: int | None) -> str:
    from ledger.rules.maturity.moments import text
    from ledger.rules.maturity.spans import BEGIN

    return "" if moment is None or moment <= BEGIN or moment >= -BEGIN else text(moment)[:10]
