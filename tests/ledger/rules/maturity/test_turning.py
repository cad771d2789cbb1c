"""When levels were reached and lost, and by which event."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import pairwise

import pytest

from ledger.rules.maturity import reading
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.model import TRACKS
from ledger.rules.maturity.moments import micros
from ledger.rules.maturity.standing import Evaluation, Moment, Verification
from ledger.rules.maturity.turning import broke, turns
from ledger.rules.maturity.verdicts import HELD
from tests.ledger.rules.maturity import year
from tests.ledger.rules.maturity.year import BEGIN, P, placed

SHIPPED = reading.shipped()
EVENTS = tuple(placed(year.script()))


@cache
def whole() -> Evaluation:
    return Evaluation(Index.of_events(EVENTS), SHIPPED, Verification(len(EVENTS), True))


def moment(day: float) -> Moment:
    return Moment(EVENTS[-1].seq, micros((BEGIN + timedelta(days=day)).isoformat()))


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("day", [30, 120, 250, 399])
def test_a_level_turns_when_the_levels_do(track: str, day: int) -> None:
    now = moment(day)
    level = whole().levels(P, now.t)[track]
    assert level is not None
    found = turns(whole(), P, track, now.t)
    assert [each.level for each in found] == [0, 1, 2, 3, 4]
    assert [each.reached for each in found] == [each.level <= level for each in found]
    for each in found:
        turned = each.gained if each.reached else each.lost
        if turned is not None:
            before, after = (whole().levels(P, t)[track] for t in (turned - 1, turned))
            assert (before >= each.level, after >= each.level) == (not each.reached, each.reached)
            assert all(
                (whole().levels(P, t)[track] >= each.level) == each.reached
                for t in range(turned, now.t + 1, max((now.t - turned) // 7, 1))
            ), "and has been so ever since"
    assert all(a.reached >= b.reached for a, b in pairwise(found))


def test_the_event_that_broke_a_criterion_did_and_where_none_is_named_none_did() -> None:
    """Without the event, and what came after it, the criterion would still be held at that moment."""
    broken = aged = 0
    for day in range(5, 400, 13):
        now = moment(day)
        for each in SHIPPED.criteria:
            state = whole().state(P, each, now)
            if state.state != "lapsed":
                assert broke(whole(), P, state) is None
                continue
            assert state.lost is not None
            found = broke(whole(), P, state)
            before = [event for event in EVENTS if micros(event.at) < state.lost]
            without = Evaluation(Index.of_events(before), SHIPPED, Verification(len(EVENTS), True))
            held = without.judged(P, each).timeline.at(state.lost) == HELD
            if found is None:
                aged += 1
                assert not held, f"{each.id} on day {day}: an event broke it, and none was named"
            else:
                broken += 1
                assert found.t == state.lost
                assert held, f"{each.id} on day {day}: event {found.seq} did not break it"
    assert broken > 20
    assert aged > 20
