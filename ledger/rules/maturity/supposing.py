"""What would be if: the same judgement with some criteria taken as held, and which evidence serves several of them.

Nothing is recorded and no event is invented: from the moment on a criterion that is supposed counts as held, and levels,
risks and targets follow by the rules that judge the record itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from ledger.rules.maturity.joins import BY_NAME, LASTING_DOCUMENTS
from ledger.rules.maturity.model import AllOf, Criterion, Distinct, Every, Exists, Match, Model, Nothing, Pair, Proof
from ledger.rules.maturity.pieces import name_of
from ledger.rules.maturity.spans import BEGIN, Timeline, contains
from ledger.rules.maturity.standing import UNMAPPED, Evaluation, Moment, State, Verification
from ledger.rules.maturity.verdicts import HELD, OPEN, Judged, label


class Supposed(Evaluation):
    """What ``whole`` judges, with criteria of one project taken as held from a moment on.

    Args:
        whole: judges by the record; what it has worked out serves here too.
        project: the project that something is supposed of.
        ids: the criteria that are taken as held.
        t: from when on, in microseconds.
        verified: whether a verification is supposed too, that found the chain intact and complete.
    """

    def __init__(
        self, whole: Evaluation, project: str, ids: Collection[str], t: int, *, verified: bool = False
    ) -> None:
        size = whole.index.last + 1
        super().__init__(whole.index, whole.model, Verification(size, True) if verified else whole.verification)
        # The proofs that rest on the chain are judged anew where another chain is supposed.
        self._whole = Evaluation(whole.index, whole.model, self.verification) if verified else whole
        self._project = project
        self._ids = frozenset(ids) | (_by_verification(whole.model) if verified else frozenset())
        self._from = t

    def judged(self, project: str, criterion: Criterion) -> Judged:
        """One criterion over all time: held from the moment on where it is supposed."""
        return self._told(project, criterion, self._whole.judged(project, criterion))

    def recent(self, project: str, criterion: Criterion, since: int) -> Judged:
        """The same from a time on."""
        return self._told(project, criterion, self._whole.recent(project, criterion, since))

    def reaching(self, project: str, criterion: Criterion, since: int) -> Judged:
        """The same, of a time that nobody else will ask about."""
        return self._told(project, criterion, self._whole.reaching(project, criterion, since))

    def _told(self, project: str, criterion: Criterion, found: Judged) -> Judged:
        if project != self._project or criterion.id not in self._ids:
            return found
        return found._replace(timeline=held_from(found.timeline, self._from))


def _by_verification(model: Model) -> frozenset[str]:
    """The criteria that a recorded verification proves by itself."""
    return frozenset(
        each.id
        for each in model.criteria
        if isinstance(each.proof, Exists) and each.proof.match.types == ("ledger.verified",) and each.proof.least == 1
    )


def held_from(timeline: Timeline, t: int) -> Timeline:
    """The timeline as it is before ``t``, and held from then on."""
    if t <= BEGIN:
        return Timeline([BEGIN], [HELD])
    end = bisect_left(timeline.times, t)
    times, states = timeline.times[:end], timeline.states[:end]
    if states[-1] == HELD:
        return Timeline(times, states)
    return Timeline([*times, t], [*states, HELD])


class Rung(NamedTuple):
    """A level of a track: what stands between the record and it, the cheapest first. A level of which nothing at all applies
    needs one of these to be held all the same; then they are in ``states``, too."""

    level: int
    states: tuple[State, ...]


def rungs(evaluation: Evaluation, project: str, track: str, moment: Moment) -> list[Rung]:
    """The levels of a track that something is missing of, from the lowest up.

    The cheapest: what lapsed before what never was, then what lacks the smaller number of elements, then by name.
    """
    found: dict[int, list[State]] = {}
    for criterion in evaluation.model.criteria:
        if criterion.track == track:
            found.setdefault(criterion.level, []).append(evaluation.state(project, criterion, moment))
    made = []
    for level, states in sorted(found.items()):
        wanted = [each for each in states if each.state not in ("held", "inapplicable")]
        if not wanted and all(each.state == "inapplicable" for each in states):
            wanted = states
        if wanted:
            made.append(Rung(level, tuple(sorted(wanted, key=_cost))))
    return made


def cheapest(states: Iterable[State]) -> list[State]:
    """Those of the criteria that are open, from the lowest level up, the cheapest first."""
    wanted = [each for each in states if each.state not in ("held", "inapplicable")]
    return sorted(wanted, key=lambda each: (each.criterion.level, _cost(each)))


def _cost(state: State) -> tuple[bool, bool, int, str]:
    return (
        state.state == "inapplicable",
        state.state != "lapsed",
        len(subjects(state)),
        state.criterion.id,
    )


def subjects(state: State) -> list[str]:
    """What a criterion that is not held wants evidence of, by name: the elements that lack it, else what stands against it.

    Of versions whose evidence speaks of a name, whichever version it was recorded of, the first stands for all.
    """
    lacking = list(dict.fromkeys(label(each) for each in state.shown.lacking))
    if lacking and _by_name(state.criterion.proof):
        firsts: dict[str, str] = {}
        for ref in lacking:
            firsts.setdefault(name_of(ref), ref)
        return list(firsts.values())
    return lacking or list(dict.fromkeys(each.subject for each in state.shown.against))


def _by_name(proof: Proof) -> bool:
    if not isinstance(proof, Every):
        return False
    return all(_speaks_of_name(match) for match in proof.has)


def _speaks_of_name(match: Match) -> bool:
    documents = match.where.get("doc_kind")
    lasting = match.types == ("document.attached",) and documents in LASTING_DOCUMENTS
    return lasting or BY_NAME.issuperset(match.types)


def next_level(evaluation: Evaluation, project: str, track: str, moment: Moment) -> int | None:
    """The level above that of a track; ``None`` at the highest. Where nothing is verified, by the criteria alone."""
    levels = sorted({each.level for each in evaluation.model.criteria if each.track == track})
    reached = UNMAPPED
    for level in levels:
        wanted = [each for each in evaluation.model.criteria if each.track == track and each.level == level]
        states = [evaluation.recent(project, each, moment.t).timeline.at(moment.t) for each in wanted]
        if OPEN in states or HELD not in states:
            break
        reached = level
    return next((level for level in levels if level > reached), None)


def unverified(evaluation: Evaluation, moment: Moment) -> bool:
    """Whether the chain is not known to be intact at the moment, so that there are no levels at all."""
    return not contains(evaluation.chain.verified, moment.t)


_FAMILIES = {
    **dict.fromkeys(("datasets", "used_datasets", "sources", "derived"), "dataset"),
    **dict.fromkeys(("models", "candidate_models", "prod_models"), "model"),
    **dict.fromkeys(("feature_views", "served_views"), "feature_view"),
    "code_units": "code",
    **dict.fromkeys(("promotions", "prod_deployments"), "model"),
}
"""Sets whose elements may be the same things."""


_RUNS = frozenset(("run.started", "run.completed"))


class _Wanted(NamedTuple):
    """Events that a proof asks for: what they say, and of what kind of element; empty where of any."""

    match: Match
    of: str


def alike(model: Model, criterion: Criterion) -> list[Criterion]:
    """Other criteria that one and the same event may be evidence of: equal type, conditions that do not exclude each other,
    about the same kind of element. Whether it then is, is seen only when it is recorded."""
    own = list(_asked(criterion.proof))
    return [
        each
        for each in model.criteria
        if each.id != criterion.id and any(_meet(one, other) for one in own for other in _asked(each.proof))
    ]


def _asked(proof: Proof) -> Iterator[_Wanted]:
    if isinstance(proof, AllOf):
        for part in proof.parts:
            yield from _asked(part)
    elif isinstance(proof, Every):
        yield from (_Wanted(match, _FAMILIES.get(proof.of, proof.of)) for match in proof.has)
    elif isinstance(proof, Pair):
        yield from (_Wanted(match, "") for match in (proof.first, proof.then))
    elif isinstance(proof, Exists | Distinct | Nothing):
        yield _Wanted(proof.match, "")


def _meet(one: _Wanted, other: _Wanted) -> bool:
    shared = set(one.match.types) & set(other.match.types)
    if not shared:
        return False
    # A run is an element itself, and evidence of what it made.
    if one.of and other.of and one.of != other.of and not shared <= _RUNS:
        return False
    fields = one.match.where.keys() & other.match.where.keys()
    return all(_may_both_hold(one.match.where[name], other.match.where[name]) for name in fields)


def _may_both_hold(one: Any, other: Any) -> bool:
    """Whether an event may satisfy both conditions; of what names no plain values, it may."""
    mine, theirs = _values(one), _values(other)
    return not mine or not theirs or any(_same(a, b) for a in mine for b in theirs)


def _values(condition: Any) -> set[str]:
    """The plain values that a condition names; none where it is an operator."""
    if isinstance(condition, dict):
        named: list[Any] = []
        for each in condition.get("$all", ()):
            named += each if isinstance(each, list) else [each]
        return {repr(each) for each in named}
    plain = condition if isinstance(condition, list) else [condition]
    return set() if any(isinstance(each, str) and each.startswith("$") for each in plain) else {repr(e) for e in plain}


def _same(one: str, other: str) -> bool:
    for pattern, text in ((one, other), (other, one)):
        if pattern.endswith("*'") and text.startswith(pattern[:-2]):
            return True
    return one == other
