"""Evidence that is looked up says what evidence that is read whole says: of any project, at any moment, by any model."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.format import event as format_event
from ledger.format.event import Event
from ledger.projections import artifacts, checks, evidence, folding, lineage, monitors, runs
from ledger.projections.view import View
from ledger.rules.maturity import reading
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.moments import micros
from ledger.rules.maturity.pieces import OBSERVED, Evidence, name_of
from ledger.rules.maturity.spans import BEGIN as BEGINNING
from ledger.rules.maturity.sparing import Sparing
from ledger.rules.maturity.standing import Evaluation, Moment, State, Verification
from ledger.rules.maturity.verdicts import label
from ledger.store import schema
from tests.ledger.rules.maturity import year
from tests.ledger.rules.maturity.test_evaluation import noise
from tests.ledger.rules.maturity.year import BEGIN, P, Said, placed

WHOLE = reading.read("extends: assay/maturity-model/1\npacks: [provenance]\n", "test")
LOOKED_INTO = (artifacts, checks, evidence, lineage, monitors, runs)
"""The projections that are looked into; of the others the story says too little."""


@contextmanager
def kept(events: Sequence[Event]) -> Iterator[View]:
    """The events in a file of their own, without the chain: nothing that is asked reads it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in (schema.EVENTS, schema.EVENTS_BY_SUBJECT, *folding.STATEMENTS):
        connection.execute(statement)
    for e in events:
        row = (e.seq, b"", format_event.encode(e), e.type, e.subject, e.project, e.actor, e.at, e.cause)
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        for module in LOOKED_INTO:
            fold = module.FOLDS.get(e.type, lambda event, value: ())
            for table, values in fold(e, {"job": "train", **e.value}):
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
    try:
        yield View(connection, len(events) - 1)
    finally:
        connection.close()


def told(state: State) -> dict[str, Any]:
    """A state in full, its evidence by number."""
    shown = state.shown
    return {
        **state._asdict(),
        "shown": (
            state.seqs,
            shown.done,
            shown.total,
            sorted(map(label, shown.lacking)),
            [e.seq for e in shown.against],
        ),
    }


def compare(events: Sequence[Event], day: float, project: str, *, many: int, detail: bool = True) -> None:
    """Every criterion of a project, and its levels over some weeks, by either index."""
    t = micros((BEGIN + timedelta(days=day)).isoformat())
    seq = sum(micros(e.at) <= t for e in events) - 1
    if seq < 0:
        return
    known = Verification(seq + 1, True)
    with kept(events) as view:
        whole = Evaluation(Index.of_events(events[: seq + 1]), WHOLE, known)
        spared = Evaluation(Sparing(View(view.connection, seq), many=many), WHOLE, known)
        assert spared.index.projects() == whole.index.projects()
        weeks = [t - n * 7 * 86_400_000_000 for n in range(30)]
        assert spared.history(project, weeks) == whole.history(project, weeks)
        for each in WHOLE.criteria:
            moment = Moment(seq, t)
            found = told(spared.state(project, each, moment, detail=detail))
            assert found == told(whole.state(project, each, moment, detail=detail)), each.id


@cache
def story() -> tuple[Event, ...]:
    """A year of a project, and another that is told of beside it."""
    return tuple(placed(year.script()))


@pytest.mark.parametrize("many", [1, 60])
@pytest.mark.parametrize("day", [3, 40, 95, 130, 220, 380, 700])
def test_the_year(day: int, many: int) -> None:
    compare(story(), day + 0.3, P, many=many, detail=day % 2 == 0)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(noise(), max_size=40),
    st.floats(0, 900),
    st.sampled_from([P, "rates"]),
    st.sampled_from([1, 4]),
    st.booleans(),
)
def test_any_events_in_any_order(said: list[Said], day: float, project: str, many: int, detail: bool) -> None:
    compare(placed([*year.people()[:5], *said]), day, project, many=many, detail=detail)


def test_one_index_answers_for_projects_and_moments_in_any_order() -> None:
    """What was read for one question is right for the next, whichever comes first."""
    # A version is registered in its own project; all else may be told of another.
    again = [each for each in year.script() if each.day > 100 and each.type != "artifact.registered"]
    events = placed([*year.script(), *(each._replace(project="rates") for each in again)])
    known = Verification(len(events), True)
    with kept(events) as view:
        spared = Evaluation(Sparing(view, many=1), WHOLE, known)
        whole = Evaluation(Index.of_events(events), WHOLE, known)
        for day in (300, 120, 360, 50):
            t = micros((BEGIN + timedelta(days=day)).isoformat())
            for project in ("rates", P, "nobody", "other", "rates"):
                for each in WHOLE.criteria:
                    at = Moment(len(events) - 1, t)
                    assert told(spared.state(project, each, at)) == told(whole.state(project, each, at)), each.id


@pytest.mark.parametrize("type_", [*evidence.TYPES, OBSERVED])
def test_every_look_up_finds_what_is_there(type_: str) -> None:
    """By subject, name, field, project, kind, time, and what took whose place."""
    events = story()
    whole = Index.of_events(events)
    middle = micros(events[len(events) // 2].at)
    mine = [e for e in events if e.type == type_]

    def seqs(found: Iterable[Evidence]) -> list[int]:
        return [each.seq for each in found]

    with kept(events) as view:
        spared = Sparing(view, many=1)
        for subject in sorted({e.subject for e in mine} | {"model/fx/none@1"}):
            name = name_of(subject)
            assert seqs(spared.about(type_, subject)) == seqs(whole.about(type_, subject))
            assert seqs(spared.named(type_, name, middle)) == seqs(whole.named(type_, name, middle))
            assert seqs(spared.named(type_, name)) == seqs(whole.named(type_, name))
            assert seqs(spared.with_output(type_, subject)) == seqs(whole.with_output(type_, subject))
        for field in ("run", "sha256", "kind", "alert"):
            for said in sorted({e.value[field] for e in mine if isinstance(e.value.get(field), str)}):
                assert seqs(spared.of_field(type_, field, said)) == seqs(whole.of_field(type_, field, said))
        # A field that no index finds has made it read all; another begins anew.
        spared = Sparing(view, many=1)
        kinds = tuple(sorted({str(e.value.get("kind")) for e in mine})[:2])
        for earliest in (middle, BEGINNING):
            for project in (P, "rates", "nobody", "other", "one more", P, "rates"):
                for wanted in (None, kinds):
                    for shared in (False, True):
                        asked = (type_, project, wanted)
                        found = spared.told(*asked, shared=shared, earliest=earliest)
                        assert seqs(found) == seqs(whole.told(*asked, shared=shared, earliest=earliest))
                    found = list(spared.newest(*asked, earliest=earliest))
                    assert seqs(found) == seqs(whole.newest(*asked, earliest=earliest))
            for item in whole.everywhere(type_, earliest):
                again = next(each for each in spared.named(type_, item.name, item.t) if each.seq == item.seq)
                one, other = spared.next_of(again), whole.next_of(item)
                assert (one and one.seq) == (other and other.seq)
            for item in spared.everywhere(type_, earliest):
                one, other = spared.next_of(item), whole.next_of(item)
                assert (one and one.seq) == (other and other.seq)
            assert seqs(spared.everywhere(type_, earliest)) == seqs(whole.everywhere(type_, earliest))


def test_little_is_read_of_a_long_ledger() -> None:
    """One criterion of versions' owners reads no observation, and of the checks those alone that its window reaches."""
    events = story()
    with kept(events) as view:
        index = Sparing(view, many=1)
        last = micros(events[-1].at)
        Evaluation(index, WHOLE, Verification(len(events), True)).standing(
            P, Moment(len(events) - 1, last), detail=False
        )
        assert index.large("check.executed")
        assert index.large(OBSERVED)
        checked = [e for e in events if e.type == "check.executed"]
        assert len(index.everywhere("check.executed", last - 86_400_000_000)) < len(checked)
