"""When a level was reached and lost, and which event broke a criterion that was held."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from ledger.projections.evidence import TYPES
from ledger.rules.maturity import proving
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.model import AllOf, Every, Proof
from ledger.rules.maturity.pieces import ENDED_BY, OBSERVED, Evidence
from ledger.rules.maturity.spans import BEGIN, Timeline, combined
from ledger.rules.maturity.standing import Evaluation, State
from ledger.rules.maturity.verdicts import HELD, OPEN, label


class Turn(NamedTuple):
    """A level of a track: whether it is reached now; since when, or when it was lost last. ``None``: never, or from the
    beginning."""

    level: int
    reached: bool
    gained: int | None
    lost: int | None


def turns(evaluation: Evaluation, project: str, track: str, t: int) -> list[Turn]:
    """Each level of a track at a time, as the criteria alone tell it: times in which nothing was verified are not left out."""
    levels = sorted({each.level for each in evaluation.model.criteria if each.track == track})
    found: list[Turn] = []
    below: list[Timeline] = []
    for level in levels:
        own = [each for each in evaluation.model.criteria if each.track == track and each.level == level]
        below.append(combined([evaluation.judged(project, each).timeline for each in own], _reached))
        whole = combined(below, lambda states: HELD if set(states) == {HELD} else OPEN)
        reached = whole.at(t) == HELD
        since = whole.around(t)[0]
        gained = since if reached and since > BEGIN else None
        found.append(Turn(level, reached, gained, None if reached else whole.last(HELD, t)))
    return found


def _reached(states: Sequence[int]) -> int:
    return HELD if OPEN not in states and HELD in states else OPEN


def broke(evaluation: Evaluation, project: str, state: State) -> Evidence | None:
    """The event with which a lapsed criterion was lost; ``None`` where no event did it, but its evidence grew too old.

    It is one of that very moment: it took the place of evidence, or it brought in an element without evidence.
    """
    if state.lost is None:
        return None
    lacking = {label(each) for each in state.shown.lacking} | {
        each.event.subject for each in state.shown.lacking if each.event
    }
    names = {ref.partition("@")[0] for ref in lacking}
    wanted = _concerning(state.criterion.proof)
    found = [
        each
        for each in _of_moment(evaluation.index, state.lost, wanted)
        if each.project in (project, None) or each.name in names
    ]
    return min(found, key=lambda each: (each.subject not in lacking, each.name not in names, each.seq), default=None)


def _concerning(proof: Proof) -> frozenset[str]:
    """The types whose events can end a proof: those that it reads, what ends these, and what changes its set."""
    own = proving.reads(proof).types
    ended = {ENDED_BY[each] for each in own if each in ENDED_BY}
    return own | ended | _forming(proof)


def _forming(proof: Proof) -> frozenset[str]:
    if isinstance(proof, AllOf):
        return frozenset().union(*(_forming(part) for part in proof.parts))
    if not isinstance(proof, Every):
        return frozenset()
    return _FORMING.get(proof.of, frozenset(("artifact.registered",)))


_FORMING = {
    "used_datasets": frozenset(("run.started",)),
    "sources": frozenset(("run.started",)),
    "derived": frozenset(("run.started",)),
    "training_runs": frozenset(("run.started",)),
    "finished_runs": frozenset(("run.completed",)),
    "candidate_models": frozenset(("approval.requested", "promotion.recorded")),
    "prod_models": frozenset(("deployment.completed", "deployment.rolled_back")),
    "prod_deployments": frozenset(("deployment.started",)),
    "promotions": frozenset(("promotion.recorded",)),
    "pipeline_runs": frozenset(("pipeline.completed",)),
    "real_alerts": frozenset(("alert.raised",)),
    "served_views": frozenset(("feature.materialized",)),
}
"""By which events each set grows or changes."""


def _of_moment(index: Index, t: int, wanted: frozenset[str]) -> list[Evidence]:
    found: list[Evidence] = []
    for type_ in (*TYPES, OBSERVED):
        if type_ not in wanted:
            continue
        events = index.of_type(type_)
        place = bisect_left(events, t, key=lambda item: item.t)
        while place < len(events) and events[place].t == t:
            found.append(events[place])
            place += 1
    return found
