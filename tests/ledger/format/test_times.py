from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import times
from ledger.format.errors import FormatError


def test_form() -> None:
    assert times.format_time(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T03:04:05.000000Z"
    east = timezone(timedelta(hours=5, minutes=30))
    assert times.format_time(datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=east)) == "2026-01-01T21:34:05.000006Z"
    assert times.format_time(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00.000000Z"


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_round_trip_and_order(a: datetime, b: datetime) -> None:
    assert times.parse_time(times.format_time(a)) == a
    assert (times.format_time(a) < times.format_time(b)) == (a < b)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)), st.integers(0, 999))  # noqa: DTZ001
def test_of_nanoseconds(moment: datetime, finer: int) -> None:
    aware = moment.replace(tzinfo=UTC)
    since = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert times.format_ns(since * 1000 + finer) == times.format_time(aware)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.00000Z",
        "2026-01-02T03:04:05.0000000Z",
        "2026-01-02T03:04:05.000000",
        "2026-01-02T03:04:05.000000+00:00",
        "2026-01-02 03:04:05.000000Z",
        "2026-01-02t03:04:05.000000z",
        "2026-01-02T03:04:05.000000Z\n",
        "2026-02-30T03:04:05.000000Z",
        "2026-13-01T03:04:05.000000Z",
        "0000-01-01T00:00:00.000000Z",
        "2026-01-02T24:00:00.000000Z",
        "2026-01-02T03:60:05.000000Z",
        "2026-01-02T23:59:60.000000Z",
        "２026-01-02T03:04:05.000000Z",
        None,
    ],
)
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="time"):
        times.parse_time(text)


def test_a_naive_datetime_names_no_moment() -> None:
    with pytest.raises(FormatError, match="no time zone"):
        times.format_time(datetime(2026, 1, 2))  # noqa: DTZ001
