"""Where projects stand: each criterion's state at a moment, the levels, and their history (docs/maturity.md)."""

from __future__ import annotations

from typing import NamedTuple

from ledger.rules.maturity import possible, proofs, unset
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.joins import Scope
from ledger.rules.maturity.model import LEVELS, TRACKS, Criterion, Model
from ledger.rules.maturity.moments import DAY, PLAIN, covered
from ledger.rules.maturity.pieces import Evidence
from ledger.rules.maturity.sets import Member
from ledger.rules.maturity.spans import ALWAYS, BEGIN, END, Spans, contains, union
from ledger.rules.maturity.verdicts import HELD, INAPPLICABLE, OPEN, Chain, Judged, Shown, label, shown
from ledger.rules.policy import ALERT

_YEAR = 366 * DAY

UNMAPPED = -1
"""Below L0."""


class Moment(NamedTuple):
    """As of event ``seq``, at the time ``t``."""

    seq: int
    t: int


class State(NamedTuple):
    """A criterion of a project at a moment.

    ``state`` is ``held``, ``lapsed``, ``missing`` or ``inapplicable``. Times are microseconds: ``gained`` and ``lapses``
    of one that is held, ``lost`` of one that has lapsed. ``grade`` is 1 where automations alone prove it, else .5. ``unset`` is
    the transition for which no time to answer is set, where the proof needs one.
    """

    criterion: Criterion
    state: str
    gained: int | None
    lost: int | None
    lapses: int | None
    grade: float | None
    shown: Shown
    unset: str = ""

    @property
    def seqs(self) -> list[int]:
        """The events that prove it."""
        return [event.seq for event in self.shown.events]


class Standing(NamedTuple):
    """A project at a moment. A level is ``None`` where the chain is not verified, and ``UNMAPPED`` below L0."""

    project: str
    moment: Moment
    verified: bool
    levels: dict[str, int | None]
    overall: int | None
    states: tuple[State, ...]

    def of_track(self, track: str) -> list[State]:
        """The criteria of one track."""
        return [each for each in self.states if each.criterion.track == track]


class Verification(NamedTuple):
    """What whoever asks knows to be intact: the first ``size`` events; ``complete``: nothing known is unrecorded.

    ``until`` is the ``at`` of the event behind them, in microseconds, where there is one: what is known of every moment before.
    """

    size: int
    complete: bool
    until: int = BEGIN


class Evaluation:
    """Judges the projects of one index by one model. What is worked out for one moment serves all others.

    Args:
        index: the evidence.
        model: the criteria.
        verification: a verification in hand, where there is one.
    """

    def __init__(self, index: Index, model: Model, verification: Verification | None = None) -> None:
        self.index = index
        self.model = model
        self.verification = verification
        self.chain = _chain(index, model, verification)
        self._judged: dict[tuple[str, str], Judged] = {}
        self._recent: dict[tuple[str, str], Judged] = {}
        self._since = BEGIN

    def judged(self, project: str, criterion: Criterion) -> Judged:
        """One criterion of one project over all time."""
        key = (project, criterion.id)
        if key not in self._judged:
            self._judged[key] = proofs.judge(self._scope(project, criterion, BEGIN), criterion.proof, self.chain)
        return self._judged[key]

    def recent(self, project: str, criterion: Criterion, since: int) -> Judged:
        """One criterion of one project from a time on; what was before is not looked at, and costs nothing."""
        key = (project, criterion.id)
        if key in self._judged:
            return self._judged[key]
        if since != self._since:
            self._recent.clear()
            self._since = since
        if key not in self._recent:
            self._recent[key] = proofs.judge(self._scope(project, criterion, since), criterion.proof, self.chain)
        return self._recent[key]

    def reaching(self, project: str, criterion: Criterion, since: int) -> Judged:
        """As :meth:`recent`, for a time that nobody else will ask about."""
        return proofs.judge(self._scope(project, criterion, since), criterion.proof, self.chain)

    def _scope(self, project: str, criterion: Criterion, since: int) -> Scope:
        return Scope(self.index, project, criterion.window, self.model.tiers, criterion.automated, since)

    def standing(self, project: str, moment: Moment, *, detail: bool = True) -> Standing:
        """A project at a moment, every criterion with its evidence; ``detail``: since when each is held, too."""
        states = tuple(self.state(project, each, moment, detail=detail) for each in self.model.criteria)
        levels = self.levels(project, moment.t)
        verified = contains(self.chain.verified, moment.t)
        return Standing(project, moment, verified, levels, overall(levels), states)

    def state(self, project: str, criterion: Criterion, moment: Moment, *, detail: bool = True) -> State:
        """One criterion of a project at a moment; without ``detail``, ``gained`` is not told."""
        t = moment.t
        judged = self._back(project, criterion, t, detail=detail)
        now = judged.timeline.at(t)
        rests = shown(judged, t)
        if now == HELD:
            since, until = judged.timeline.around(t)
            ends = None if until == END else until - 1
            automated = all(self.index.automation(event) for event in rests.events)
            return State(criterion, "held", since if detail else None, None, ends, 1.0 if automated else 0.5, rests)
        if now == INAPPLICABLE:
            return State(criterion, "inapplicable", None, None, None, None, rests)
        lost = judged.timeline.last(HELD, t)
        lacks = unset.unset(self.index, project, criterion.proof, t)
        return State(criterion, "missing" if lost is None else "lapsed", None, lost, None, None, rests, lacks)

    def _back(self, project: str, criterion: Criterion, t: int, *, detail: bool) -> Judged:
        """A criterion from as far back as its state at a time takes: since when it is held, or when it was lost."""
        found = self.recent(project, criterion, t) if self.index.spares or not detail else None
        now = None if found is None else found.timeline.at(t)
        if found is not None and (now == INAPPLICABLE or (now == HELD and not detail)):
            return found
        if found is not None and now == OPEN and not possible.ever(self.index, criterion.proof):
            return found
        far = _YEAR
        while self.index.spares and (since := t - far) > self.index.begin:
            found = self.reaching(project, criterion, since)
            edge = found.timeline.around(t)[0] if now == HELD else found.timeline.last(HELD, t)
            if edge is not None and edge > since:
                return found
            far *= 2
        return self.judged(project, criterion)

    def levels(self, project: str, t: int, since: int | None = None) -> dict[str, int | None]:
        """The level of each track at a time; ``since`` is the earliest that will be asked about, where there are several."""
        if not contains(self.chain.verified, t):
            return dict.fromkeys(TRACKS)
        return {track: self._level(project, track, t, t if since is None else since) for track in TRACKS}

    def _level(self, project: str, track: str, t: int, since: int) -> int:
        reached = UNMAPPED
        for level in range(len(LEVELS)):
            wanted = [each for each in self.model.criteria if each.track == track and each.level == level]
            states = [self.recent(project, each, since).timeline.at(t) for each in wanted]
            if OPEN in states or HELD not in states:
                break
            reached = level
        return reached

    def history(self, project: str, moments: list[int]) -> list[dict[str, int | None]]:
        """The levels at each of several times."""
        return [self.levels(project, t, min(moments)) for t in moments]


def overall(levels: dict[str, int | None]) -> int | None:
    """The lowest track's level; ``None`` where the chain is not verified."""
    known = [level for level in levels.values() if level is not None]
    return min(known) if len(known) == len(levels) else None


def named(level: int | None) -> str:
    """A level in words: ``L2``, ``unmapped``, ``unverified``."""
    if level is None:
        return "unverified"
    return "unmapped" if level == UNMAPPED else LEVELS[level]


def first_lacking(state: State) -> str:
    """The first element without evidence, by name; empty where there is none."""
    lacking: tuple[Member, ...] = state.shown.lacking
    return label(lacking[0]) if lacking else ""


def advice(state: State) -> str:
    """The cheapest next action for a criterion that is not held, with what it is about put in; what must be set for any
    evidence to count comes first."""
    if state.unset:
        entry = f"`sla: 2d` to the transition to {state.unset} in"
        what = f"`- {{to: {ALERT}, sla: 2d}}` to the transitions of" if state.unset == ALERT else entry
        return f"add {what} policy.yaml, then assay policy adopt"
    subject = first_lacking(state)
    if not subject:
        subject = state.shown.against[0].subject if state.shown.against else "REF"
    return state.criterion.do.replace("{subject}", subject)


def unset_words(state: State) -> str:
    """Why no evidence can prove it yet, in words; empty where some could."""
    if not state.unset:
        return ""
    what = "alerts must be acknowledged" if state.unset == ALERT else f"requests for {state.unset} must be answered"
    return f"no time within which {what} is set, so none can be in time"


def _chain(index: Index, model: Model, verification: Verification | None) -> Chain:
    verified: Spans = []
    complete: Spans = []
    if verification is not None:
        verified = ALWAYS if verification.size > index.last else union([(BEGIN, verification.until)])
        complete = verified if verification.complete else []
    for item in index.of_type("ledger.verified"):
        if item.value.get("ok") is not True:
            continue
        later: Evidence | None = index.superseded("ledger.verified").get(item.seq)
        until = END if later is None else later.t
        spans = [
            (max(start, BEGIN), min(end, until)) for start, end in covered(item.t, model.verified, PLAIN, model.tiers)
        ]
        verified = union([*verified, *spans])
        if item.value.get("complete") is True:
            complete = union([*complete, *spans])
    return Chain(verified, complete)
