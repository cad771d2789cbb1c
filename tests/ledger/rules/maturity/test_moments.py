"""Windows and calendars."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.maturity.moments import Window, deadline, is_business_day, micros, text, window
from ledger.rules.maturity.spans import intersect, union
from tests.ledger.rules.maturity.naive import business

# The days on which TARGET was closed besides weekends, as the ECB announced them.
TARGET = [
    "2024-01-01",
    "2024-03-29",
    "2024-04-01",
    "2024-05-01",
    "2024-12-25",
    "2024-12-26",
    "2008-03-21",
    "2008-03-24",
]


@pytest.mark.parametrize("day", TARGET)
def test_target_is_closed(day: str) -> None:
    assert not is_business_day(date.fromisoformat(day), "target")
    assert is_business_day(date.fromisoformat(day), "weekdays")


@given(st.dates(date(1999, 1, 1), date(2099, 12, 31)), st.sampled_from(["target", "weekdays"]))
def test_business_days_as_by_another_algorithm(day: date, calendar: str) -> None:
    assert is_business_day(day, calendar) == business(day, calendar)


def test_two_business_days_after_friday_is_tuesday() -> None:
    friday = micros("2026-03-06T17:00:00.000000Z")
    assert text(deadline(friday, Window("business", 2), "weekdays")) == "2026-03-10T17:00:00.000000Z"
    assert text(deadline(friday, Window("business", 2), None)) == "2026-03-08T17:00:00.000000Z"


@pytest.mark.parametrize(
    ("said", "kind", "days"),
    [
        ("P90D", "time", 90),
        ("2d", "time", 2),
        ("PT36H", "time", 1.5),
        ("36h", "time", 1.5),
        ("ever", "ever", 0),
        ("tier", "tier", 0),
    ],
)
def test_windows(said: str, kind: str, days: float) -> None:
    found = window(said)
    assert found is not None
    assert found.kind == kind
    assert found.amount == days * 86_400_000_000


@pytest.mark.parametrize("said", ["", "90", "P1M", "P-3D", "D", "P1.5D", "P2B2", "soon"])
def test_no_windows(said: str) -> None:
    assert window(said) is None


spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


@given(spans, spans)
def test_spans_are_sets_of_moments(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    def moments(found: list[tuple[int, int]]) -> set[int]:
        return {n for start, end in found for n in range(start, end)}

    assert moments(union(left)) == moments(left)
    assert moments(intersect(union(left), union(right))) == moments(left) & moments(right)
    assert union(left) == sorted(union(left))


@given(st.datetimes(min_value=datetime(1990, 1, 1)))  # noqa: DTZ001
def test_micros_and_text_are_inverse(at: datetime) -> None:
    moment = f"{at.isoformat(timespec='microseconds')}Z"
    assert text(micros(moment)) == moment
    assert timedelta(microseconds=micros(moment)) >= timedelta(0)
