"""Levels rise and fall exactly as an evaluator computes them that was written from docs/maturity.md alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.format.event import Event
from ledger.rules.maturity import reading, standing
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.moments import micros, text
from ledger.rules.maturity.standing import Evaluation, Moment, Verification
from tests.ledger.rules.maturity import year
from tests.ledger.rules.maturity.naive import Naive, criteria
from tests.ledger.rules.maturity.year import BEGIN, MODEL, P, Said, placed

SHIPPED = reading.shipped()
WHOLE = reading.read("extends: assay/maturity-model/1\npacks: [provenance]\n", "test")


def ours(
    events: Sequence[Event], t: datetime, in_hand: bool, model: Any = SHIPPED, project: str = P
) -> tuple[Any, Any]:
    counted = [e for e in events if datetime.fromisoformat(e.at) <= t]
    index = Index.of_events(counted)
    evaluation = Evaluation(index, model, Verification(len(counted), True) if in_hand else None)
    found = evaluation.standing(project, Moment(len(counted) - 1, micros(t.isoformat())))
    words = {"held": "held", "inapplicable": "inapplicable", "lapsed": "open", "missing": "open"}
    return {each.criterion.id: words[each.state] for each in found.states}, found.levels


def compare(events: Sequence[Event], t: datetime, in_hand: bool, model: Any = SHIPPED, project: str = P) -> None:
    naive = Naive(events, model.document, t, in_hand)
    states = naive.states(project)
    mine, levels = ours(events, t, in_hand, model, project)
    differing = {name: (states[name], mine[name]) for name in states if states[name] != mine[name]}
    assert differing == {}, f"at {t}: (naive, ours)"
    assert levels == naive.levels(states)


@cache
def told() -> tuple[Event, ...]:
    return tuple(placed(year.script()))


@pytest.mark.parametrize("week", range(0, 60, 2))
def test_the_year_week_by_week(week: int) -> None:
    compare(told(), BEGIN + timedelta(days=7 * week, hours=5), in_hand=week % 4 == 0)


def test_the_year_is_worth_the_name() -> None:
    """Levels do rise and fall in it, on every track, and most criteria are held at one time and open at another."""
    index = Index.of_events(told())
    evaluation = Evaluation(index, SHIPPED, Verification(len(told()), True))
    days = [micros((BEGIN + timedelta(days=day)).isoformat()) for day in range(400)]
    levels = evaluation.history(P, days)
    for track in ("data", "model", "code"):
        seen = [each[track] for each in levels]
        assert max(each for each in seen if each is not None) >= 1, track
        assert any(b < a for a, b in pairwise(seen) if a is not None and b is not None), track
    changing = {
        each.id for each in SHIPPED.criteria if {evaluation.judged(P, each).timeline.at(t) for t in days} >= {0, 1}
    }
    assert len(changing) >= 50, sorted({each.id for each in SHIPPED.criteria} - changing)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_varied_years(data: st.DataObject) -> None:
    """Some events never happen, some happen on another day, by somebody else or turn out the other way."""
    script = year.script()
    script = [each for each in script if each.type != "monitor.observed" or each.day % 5 < 1]
    for place in data.draw(st.lists(st.integers(0, len(script) - 1), max_size=12)):
        each = script[place]
        match data.draw(st.sampled_from(["drop", "move", "actor", "turn"])):
            case "drop":
                script[place] = each._replace(type="nothing.happened")
            case "move":
                script[place] = each._replace(day=data.draw(st.floats(0, 380)))
            case "actor":
                script[place] = each._replace(actor=data.draw(st.sampled_from(["ada", "svc:ci", "grace"])))
            case _:
                script[place] = each._replace(value=turned(each.value))
    events = placed(script)
    for day in data.draw(st.lists(st.floats(0, 500), min_size=1, max_size=3)):
        compare(events, BEGIN + timedelta(days=day), data.draw(st.booleans()), WHOLE)


def turned(value: dict[str, Any]) -> dict[str, Any]:
    swaps: dict[str, Any] = {
        "ok": "failed",
        "canary": "direct",
        "tier_2": "tier_3",
        "target": "weekdays",
        "push": "manual",
    }
    return {
        key: (not item) if isinstance(item, bool) else swaps.get(item, item) if isinstance(item, str) else item
        for key, item in value.items()
    }


REFS = ["dataset/fx/rates@1", "dataset/rates/swaps@1", "model/fx/vol@1", "model/fx/vol@2", "feature_view/fx/har@1"]


@st.composite
def noise(draw: st.DrawFn) -> Said:
    """Any event of the script, about something else, at any time."""
    each = draw(st.sampled_from(year.script()))
    subject = draw(st.sampled_from([each.subject, *REFS])) if each.subject.count("/") == 2 else each.subject
    if each.type == "artifact.registered":
        return year.registered(
            draw(st.floats(0, 300)), draw(st.sampled_from(REFS)), run=draw(st.sampled_from([None, "r1"]))
        )
    project = draw(st.sampled_from([P, P, "rates", None]))
    actor = draw(st.sampled_from(["ada", "svc:ci", "grace"]))
    return each._replace(day=draw(st.floats(0, 300)), subject=subject, project=project, actor=actor)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(noise(), max_size=40), st.floats(0, 400), st.booleans(), st.sampled_from([P, "rates"]))
def test_any_events_in_any_order(said: list[Said], day: float, in_hand: bool, project: str) -> None:
    events = placed([*year.people()[:5], *said])
    compare(events, BEGIN + timedelta(days=day), in_hand, WHOLE, project)


def at(day: float) -> int:
    return micros((BEGIN + timedelta(days=day)).isoformat())


def test_one_evaluation_tells_every_earlier_moment() -> None:
    """What the timelines of the whole year say of a day is what the events up to that day say."""
    whole = Evaluation(Index.of_events(told()), SHIPPED, Verification(len(told()), True))
    for day in range(3, 380, 29):
        t = at(day + 0.3)
        then = [e for e in told() if micros(e.at) <= t]
        part = Evaluation(Index.of_events(then), SHIPPED, Verification(len(then), True))
        assert whole.levels(P, t) == part.levels(P, t)
        for each in SHIPPED.criteria:
            assert whole.judged(P, each).timeline.at(t) == part.judged(P, each).timeline.at(t), (each.id, day)


def test_what_was_long_ago_need_not_be_looked_at() -> None:
    """From a time on, a criterion is judged as it is over all time; and so are the weeks from there."""
    index, verification = Index.of_events(told()), Verification(len(told()), True)
    whole = Evaluation(index, WHOLE, verification)
    for day in range(0, 400, 7):
        recent = Evaluation(index, WHOLE, verification)
        moments = [at(day + n * 7) for n in range(4)]
        assert recent.history(P, moments) == [whole.levels(P, t) for t in moments]
        for each in WHOLE.criteria:
            judged, known = recent.recent(P, each, moments[0]), whole.judged(P, each)
            for t in moments:
                assert judged.timeline.at(t) == known.timeline.at(t), (each.id, day)
            brief = recent.state(P, each, Moment(len(told()) - 1, moments[0]), detail=False)
            full = whole.state(P, each, Moment(len(told()) - 1, moments[0]))
            assert (brief.state, brief.lost, brief.lapses, brief.grade) == (
                full.state,
                full.lost,
                full.lapses,
                full.grade,
            )


@pytest.mark.parametrize("criterion", SHIPPED.criteria, ids=lambda each: each.id)
def test_gained_lost_and_lapsing_are_the_edges(criterion: Any) -> None:
    """A moment before it was gained it was not held, and so on; lapsed is what was held earlier, missing what never was."""
    evaluation = Evaluation(Index.of_events(told()), SHIPPED, Verification(len(told()), True))
    held_before = False
    for day in range(0, 400, 3):
        t = at(day)
        found = evaluation.state(P, criterion, Moment(len(told()) - 1, t))
        timeline = evaluation.judged(P, criterion).timeline
        if found.state == "held":
            held_before = True
            assert found.gained is not None
            assert timeline.at(found.gained) == 1 != timeline.at(found.gained - 1)
            if found.lapses is not None:
                assert timeline.at(found.lapses) == 1 != timeline.at(found.lapses + 1)
        elif found.state == "lapsed":
            assert found.lost is not None
            assert timeline.at(found.lost) != 1 == timeline.at(found.lost - 1)
            held_before = True
        elif found.state == "missing":
            assert not held_before


def test_a_new_project_reaches_l0_before_it_has_trained() -> None:
    events = placed([each for each in [*year.people(), *year.foundations(), *year.verified()] if each.day < 9])
    model = year.registered(1, f"{MODEL}@1")
    with_model = placed([*year.people(), *(s for s in year.foundations() if s.day < 9), model, *year.verified()[:1]])
    assert ours(events, BEGIN + timedelta(days=9), False)[1]["data"] == 0
    assert ours(with_model, BEGIN + timedelta(days=9), False)[1] == {"data": 0, "model": 0, "code": 0}


def test_an_unverified_ledger_has_no_level() -> None:
    unverified = [each for each in year.script() if each.type != "ledger.verified"]
    t = BEGIN + timedelta(days=50)
    assert ours(placed(unverified), t, False)[1] == {"data": None, "model": None, "code": None}
    assert None not in ours(placed(unverified), t, True)[1].values()
    assert standing.overall({"data": 1, "model": None, "code": 2}) is None


def test_a_verification_that_ended_too_early_is_none() -> None:
    events = [each for each in told() if each.type != "ledger.verified"]
    evaluation = Evaluation(Index.of_events(events), SHIPPED, Verification(3, True))
    assert set(evaluation.levels(P, at(50)).values()) == {None}


def test_nothing_recorded_proves_nothing() -> None:
    mine, levels = ours([], BEGIN, True)
    assert "held" not in mine.values()
    assert set(levels.values()) == {-1}


def test_the_grade_tells_people_from_automations() -> None:
    index = Index.of_events(told())
    evaluation = Evaluation(index, SHIPPED, Verification(len(told()), True))
    found = {each.criterion.id: each for each in evaluation.standing(P, Moment(len(told()) - 1, at(30))).states}
    assert found["M1.2"].grade == 1.0
    assert found["D0.3"].grade == 0.5
    assert found["D3.3"].grade == 1.0


def test_evidence_is_named_by_its_events() -> None:
    index = Index.of_events(told())
    evaluation = Evaluation(index, SHIPPED, Verification(len(told()), True))
    found = {each.criterion.id: each for each in evaluation.standing(P, Moment(len(told()) - 1, at(30))).states}
    types = {seq: told()[seq].type for each in found.values() for seq in each.seqs}
    assert {types[seq] for seq in found["M1.4"].seqs} == {"document.attached"}
    assert {types[seq] for seq in found["D1.4"].seqs} == {"target.set", "approval.granted"}
    assert found["M0.2"].shown.done == found["M0.2"].shown.total == 1


def test_a_window_ends_on_the_microsecond() -> None:
    events = placed([Said(0, "ledger.verified", "ledger/x", {"head": "0", "size": 1, "ok": True}, "ada", None)])
    last = BEGIN + timedelta(days=30)
    assert ours(events, last, False)[0]["C0.4"] == "held"
    assert ours(events, last + timedelta(microseconds=1), False)[0]["C0.4"] == "open"


def test_the_model_names_each_criterion_once() -> None:
    ids = [each["id"] for _, _, each in criteria(WHOLE.document)]
    assert len(ids) == len(set(ids)) == 76
    assert len(SHIPPED.criteria) == 75


def test_times_come_back() -> None:
    moment = "2026-03-04T05:06:07.000008Z"
    assert text(micros(moment)) == moment
    assert micros("2026-03-04") == micros("2026-03-04T00:00:00.000000Z")
    assert datetime.fromtimestamp(micros(moment) / 1e6, UTC).year == 2026
