"""What must be set before any evidence can prove a criterion is said, and is its next step."""

from __future__ import annotations

from functools import cache

import pytest

from ledger.rules.maturity import reading
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.moments import micros
from ledger.rules.maturity.standing import Evaluation, Moment, State, Verification, advice, unset_words
from tests.ledger.rules.maturity import year
from tests.ledger.rules.maturity.year import P, placed

SHIPPED = reading.shipped()


@cache
def judged(kept: tuple[str, ...], until: float) -> dict[str, State]:
    """Every criterion after so many days of the year, of the times to answer only those for ``kept`` being set."""
    said = [each for each in year.script() if each.type != "sla.set" or each.value["transition"] in kept]
    events = [event for event in placed(said) if micros(event.at) <= micros(year.BEGIN.isoformat()) + until * 86_400e6]
    whole = Evaluation(Index.of_events(events), SHIPPED, Verification(len(events), True))
    moment = Moment(events[-1].seq, micros(events[-1].at))
    return {each.criterion.id: each for each in whole.standing(P, moment).states}


@pytest.mark.parametrize("until", [30, 120, 399])
def test_without_a_time_to_answer_alerts_that_is_what_comes_first(until: float) -> None:
    for name in ("D4.1", "M4.4"):
        found = judged(("prod",), until)[name]
        assert found.state == "missing"
        assert unset_words(found) == ("no time within which alerts must be acknowledged is set, so none can be in time")
        assert advice(found).startswith(
            "add `- {to: alert, sla: 2d}` to the transitions of policy.yaml, then assay policy"
        )


@pytest.mark.parametrize("until", [30, 399])
def test_where_it_is_set_nothing_is_said_of_it(until: float) -> None:
    for found in judged(("prod", "alert"), until).values():
        assert (found.unset, unset_words(found)) == ("", "")
        if found.criterion.id == "D4.1" and found.state != "held":
            assert advice(found) == found.criterion.do


def test_of_requests_one_of_their_transitions_must_have_one() -> None:
    found = judged(("alert",), 399)["M4.4"]
    assert found.unset not in ("", "alert")
    assert f"requests for {found.unset} must be answered" in unset_words(found)
    assert f"`sla: 2d` to the transition to {found.unset} in policy.yaml" in advice(found)


def test_only_what_answers_in_time_needs_it() -> None:
    assert {each.criterion.id for each in judged((), 399).values() if each.unset} <= {"D4.1", "M4.4"}
