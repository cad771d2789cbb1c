"""Schedules: when they were last due; the euro's business days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipelines.schedule import business_day, parse
from ledger.errors import InputError

MONDAY = datetime(2026, 11, 23, 6, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("daily 06:30", "2026-11-22 06:30"),
        ("daily 06:29", "2026-11-23 06:29"),
        ("business-days 06:30", "2026-11-20 06:30"),
        ("mon,thu 06:30", "2026-11-19 06:30"),
        ("first-business-day 06:30", "2026-11-02 06:30"),
        ("last-business-day 06:30", "2026-10-30 06:30"),
        ("hourly", "2026-11-23 06:00"),
        ("every 15 minutes", "2026-11-23 06:15"),
        ("30 6 * * 1-5", "2026-11-20 06:30"),
        ("0 0 13 * 5", "2026-11-20 00:00"),
        ("0 0 1 1,7 *", "2026-07-01 00:00"),
        ("*/20 9-17 * * 7", "2026-11-22 17:40"),
        ("5/25 6 * * *", "2026-11-23 06:05"),
        ("0 0 29 2 *", None),
    ],
)
def test_when_it_was_last_due(text: str, due: str | None) -> None:
    found = parse(text).last_due(MONDAY)
    assert (found and f"{found:%Y-%m-%d %H:%M}") == due


def test_leap_days_come() -> None:
    found = parse("0 0 29 2 *").last_due(datetime(2025, 1, 1, tzinfo=UTC))
    assert found == datetime(2024, 2, 29, tzinfo=UTC)


def test_another_zone_is_the_same_moment() -> None:
    there = MONDAY.astimezone(timezone(timedelta(hours=9)))
    assert parse("daily 06:30").last_due(there) == parse("daily 06:30").last_due(MONDAY)


@pytest.mark.parametrize(
    "text",
    ["", "sometimes", "daily", "daily 25:00", "daily 6:30", "noday 06:30", "every 0 minutes", "every 61 minutes"],
)
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(InputError, match="is no schedule; write daily 06:30"):
        parse(text)


@pytest.mark.parametrize("text", ["60 * * * *", "* 24 * * *", "* * 0 * *", "5-1 * * * *", "*-3 * * * *", "*/0 * * * *"])
def test_what_is_no_cron(text: str) -> None:
    with pytest.raises(InputError, match="is no schedule: "):
        parse(text)


def test_target_s_holidays() -> None:
    closed = ["2008-01-01", "2008-03-21", "2008-03-24", "2008-05-01", "2008-12-25", "2008-12-26", "2024-04-01"]
    assert not any(business_day(date.fromisoformat(each)) for each in closed)
    assert all(business_day(date(2008, 3, day)) for day in (19, 20, 25))
    assert not business_day(date(2008, 3, 22))


WORDS = st.sampled_from(["daily 06:30", "business-days 23:59", "tue 00:00", "last-business-day 12:00", "*/7 3 * * 2"])


@given(WORDS, st.integers(0, 40 * 525_600), st.integers(0, 10_000))
def test_time_going_on_never_takes_back_what_was_due(text: str, since: int, minutes: int) -> None:
    now = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=since)
    later = now + timedelta(minutes=minutes)
    first, second = parse(text).last_due(now), parse(text).last_due(later)
    assert first is not None
    assert second is not None
    assert first <= now
    assert first <= second <= later
    assert parse(text).last_due(second) == second
