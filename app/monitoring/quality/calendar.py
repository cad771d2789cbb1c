"""Days against a calendar: which there must be, and which there cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.monitoring.quality.finding import Finding
from app.monitoring.quality.table import Table

CALENDARS = ("TARGET", "weekdays")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Every business day has a row between the first day and the last, and no other day has.

    ``calendar``: ``TARGET``, the Eurosystem's payment system, or ``weekdays``, without any holiday. ``closed`` and ``open``:
    days on which this source was closed or open all the same.
    """

    calendar: str = "TARGET"
    closed: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.calendar not in CALENDARS:
            raise ValueError(f"there is no calendar {self.calendar!r}; known are {', '.join(CALENDARS)}")

    def findings(self, table: Table) -> Iterator[Finding]:
        """Blocked: a business day without a row; flagged: a row on a day that is none."""
        if not table.days:
            yield Finding("block", (), "", "", 0.0, 1.0, "the table has no rows")
            return
        held = set(table.days)
        first, last = (date.fromisoformat(each) for each in (table.days[0], table.days[-1]))
        business = {day.isoformat() for day in _days(first, last) if self._is_business(day)}
        for start, end, count in _runs(sorted(business - held), business):
            told = start if count == 1 else f"{start} to {end}, {count} days"
            message = (
                f"there is no row for {told}: {'a business day' if count == 1 else 'business days'} of {self.calendar}"
            )
            yield Finding("block", (), start, end, float(count), 0.0, message)
        for day in sorted(held - business):
            yield Finding(
                "flag", (), day, day, 1.0, 0.0, f"there is a row for {day}, which is no business day of {self.calendar}"
            )

    def _is_business(self, day: date) -> bool:
        text = day.isoformat()
        if text in self.open:
            return True
        if day.weekday() >= 5 or text in self.closed:
            return False
        return self.calendar != "TARGET" or not is_target_holiday(day)


def is_target_holiday(day: date) -> bool:
    """Whether TARGET was closed on a weekday, by the Eurosystem's long-term calendar (ECB, 14 December 2000).

    From 2002 on: 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December. In 1999 New Year and Christmas Day alone;
    from 2000 the six; and 31 December from 1999 to 2001, for the changeovers.
    """
    fixed = {(1, 1), (12, 25)}
    if day.year >= 2000:
        fixed |= {(5, 1), (12, 26)}
    if day.year <= 2001:
        fixed.add((12, 31))
    if (day.month, day.day) in fixed:
        return True
    return day.year >= 2000 and (day - easter(day.year)).days in (-2, 1)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher's algorithm)."""
    golden, century, rest = year % 19, year // 100, year % 100
    leap, skipped = century // 4, (century + 8) // 25
    epact = (19 * golden + century - leap - (century - skipped + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * week) // 451
    month, day = divmod(epact + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)


def _runs(missing: list[str], business: set[str]) -> Iterator[tuple[str, str, int]]:
    """Missing days as runs of business days in a row: first, last, how many."""
    order = {day: n for n, day in enumerate(sorted(business))}
    start = 0
    for place in range(1, len(missing) + 1):
        if place < len(missing) and order[missing[place]] == order[missing[place - 1]] + 1:
            continue
        yield missing[start], missing[place - 1], place - start
        start = place
