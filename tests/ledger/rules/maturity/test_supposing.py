"""What would be if criteria were held: the levels are those that the rules give, and the record stays as it is."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.rules.maturity import reading
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.model import LEVELS, TRACKS
from ledger.rules.maturity.moments import micros
from ledger.rules.maturity.spans import BEGIN as ALWAYS
from ledger.rules.maturity.spans import Timeline
from ledger.rules.maturity.standing import Evaluation, Moment, Verification
from ledger.rules.maturity.supposing import (
    Supposed,
    alike,
    held_from,
    next_level,
    rungs,
    subjects,
    unverified,
)
from ledger.rules.maturity.verdicts import HELD, INAPPLICABLE, OPEN
from tests.ledger.rules.maturity import year
from tests.ledger.rules.maturity.year import BEGIN, P, placed

SHIPPED = reading.shipped()
IDS = [each.id for each in SHIPPED.criteria]


@cache
def whole(*, in_hand: bool = True) -> Evaluation:
    events = placed(year.script())
    return Evaluation(Index.of_events(events), SHIPPED, Verification(len(events), True) if in_hand else None)


def at(day: float) -> Moment:
    return Moment(whole().index.last, micros((BEGIN + timedelta(days=day)).isoformat()))


def expected(evaluation: Evaluation, ids: set[str], t: int) -> dict[str, int]:
    """The levels by docs/maturity.md, where these criteria are held and the others are as judged."""
    found = {}
    for track in TRACKS:
        found[track] = -1
        for level in range(len(LEVELS)):
            own = [each for each in SHIPPED.criteria if each.track == track and each.level == level]
            states = ["held" if each.id in ids else evaluation.judged(P, each).timeline.at(t) for each in own]
            states = [HELD if each == "held" else each for each in states]
            if OPEN in states or HELD not in states:
                break
            found[track] = level
    return found


@settings(max_examples=60, deadline=None)
@given(ids=st.sets(st.sampled_from(IDS)), day=st.floats(0, 400))
def test_levels_follow_by_the_same_rules(ids: set[str], day: float) -> None:
    now = at(day)
    would = Supposed(whole(), P, ids, now.t)
    assert would.levels(P, now.t) == expected(whole(), ids, now.t)
    assert would.levels("rates", now.t) == whole().levels("rates", now.t)
    before = now.t - 1
    assert would.levels(P, before) == whole().levels(P, before), "what was before is as it is recorded"
    for each in SHIPPED.criteria:
        state = would.state(P, each, now).state
        assert state == ("held" if each.id in ids else whole().state(P, each, now).state)


@pytest.mark.parametrize("day", [10, 100, 200, 390])
@pytest.mark.parametrize("track", TRACKS)
def test_what_stands_before_the_next_level_lifts_it_and_nothing_less_does(day: int, track: str) -> None:
    now, evaluation = at(day), whole()
    goal = next_level(evaluation, P, track, now)
    assert goal is not None
    assert goal == (evaluation.levels(P, now.t)[track] or 0) + 1
    (rung,) = [each for each in rungs(evaluation, P, track, now) if each.level == goal]
    needed = {each.criterion.id for each in rung.states}
    assert Supposed(evaluation, P, needed, now.t).levels(P, now.t)[track] >= goal
    for each in rung.states:
        less = Supposed(evaluation, P, needed - {each.criterion.id}, now.t)
        assert each.state == "inapplicable" or less.levels(P, now.t)[track] < goal


def test_the_cheapest_comes_first() -> None:
    for rung in rungs(whole(), P, "model", at(390)):
        states = [each.state for each in rung.states]
        assert states == sorted(states, key=["lapsed", "missing", "inapplicable"].index)
        missing = [len(subjects(each)) for each in rung.states if each.state == "missing"]
        assert missing == sorted(missing)


def test_at_the_highest_level_there_is_no_next() -> None:
    now = at(100)
    best = Supposed(whole(), P, IDS, now.t)
    assert best.levels(P, now.t) == dict.fromkeys(TRACKS, 4)
    assert [next_level(best, P, track, now) for track in TRACKS] == [None] * 3
    assert all(rungs(best, P, track, now) == [] for track in TRACKS)


def test_without_a_verified_chain_one_has_to_be_supposed_too() -> None:
    events = [each for each in placed(year.script()) if each.type != "ledger.verified"]
    known = Evaluation(Index.of_events(events), SHIPPED)
    now = at(100)
    assert unverified(known, now)
    assert set(Supposed(known, P, IDS, now.t).levels(P, now.t).values()) == {None}
    would = Supposed(known, P, (), now.t, verified=True)
    assert not unverified(would, now)
    assert None not in would.levels(P, now.t).values()
    verifies = SHIPPED.criterion("C0.4")
    assert verifies is not None
    assert would.state(P, verifies, now).state == "held", "the verification that is supposed is its evidence"


def test_held_from_leaves_the_past_alone() -> None:
    line = Timeline([ALWAYS, 10, 20, 30], [OPEN, HELD, OPEN, INAPPLICABLE])
    assert held_from(line, 25) == Timeline([ALWAYS, 10, 20, 25], [OPEN, HELD, OPEN, HELD])
    assert held_from(line, 20) == Timeline([ALWAYS, 10], [OPEN, HELD])
    assert held_from(line, 30) == Timeline([ALWAYS, 10, 20, 30], [OPEN, HELD, OPEN, HELD])
    assert held_from(line, ALWAYS) == Timeline([ALWAYS], [HELD])


def test_one_event_may_serve_several_criteria() -> None:
    def served(id_: str) -> set[str]:
        criterion = SHIPPED.criterion(id_)
        assert criterion is not None
        return {each.id for each in alike(SHIPPED, criterion)}

    assert "C3.4" in served("C1.3"), "both ask for unit tests"
    assert {"C1.2", "C2.1", "C2.2"} <= served("C1.1"), "one well specified training run"
    assert "D3.4" in served("M3.6")
    assert "M0.2" not in served("D0.2"), "the owner of a dataset is no model's"
    assert "D2.5" not in served("D2.1"), "a check of privacy is none of quality"
    for each in SHIPPED.criteria:
        assert each.id not in served(each.id)
        assert all(each.id in served(other) for other in served(each.id))


def test_what_speaks_of_a_name_is_wanted_once_for_all_versions() -> None:
    script = [each for each in year.script() if each.type != "owner.assigned"]
    known = Evaluation(Index.of_events(placed(script)), SHIPPED, Verification(10**6, True))
    owners = SHIPPED.criterion("D0.2")
    assert owners is not None
    state = known.state(P, owners, at(390))
    assert len(state.shown.lacking) > len(subjects(state)) == len({each.partition("@")[0] for each in subjects(state)})
    assert subjects(state)[0] == state.shown.lacking[0].version, "the same that the advice names"
