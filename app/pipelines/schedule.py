"""When a schedule is due. Times are UTC; no clock is read here.

    daily 06:30                    every day
    business-days 06:30            Monday to Friday, without the days on which TARGET, the euro's settlement system, rests
    mon,thu 06:30                  those days of the week
    first-business-day 06:30       of each month; also last-business-day
    hourly                         at each full hour; every 15 minutes
    30 6 * * 1-5                   the five fields of cron: minute, hour, day of the month, month, day of the week

In cron's fields a list, a range and a step may stand (``*/15``, ``1-5``, ``1,15``); where both days are restricted, either
will do, as cron has it. TARGET rests at weekends, on 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from ledger.errors import InputError

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FAR = 800
"""So many days are looked back for the last moment at which a schedule was due."""


class Schedule(NamedTuple):
    """``text`` as it was written; ``day`` whether it is due on a day, ``minutes`` at which minutes of such a day."""

    text: str
    day: Callable[[date], bool]
    minutes: tuple[int, ...]

    def last_due(self, now: datetime) -> datetime | None:
        """The last moment at or before ``now`` (aware) at which it was due; ``None`` where there was none for two years."""
        now = now.astimezone(UTC)
        for back in range(_FAR):
            day = now.date() - timedelta(days=back)
            if not self.day(day):
                continue
            for minute in reversed(self.minutes):
                moment = datetime.combine(day, time(minute // 60, minute % 60), UTC)
                if moment <= now:
                    return moment
        return None


def parse(text: str) -> Schedule:
    """The schedule that a text describes.

    Raises:
        InputError: it describes none.
    """
    words = text.split()
    if len(words) == 5 and all(re.fullmatch(r"[0-9*,/-]+", word) for word in words):
        return _cron(text, words)
    if text == "hourly":
        return Schedule(text, lambda day: True, tuple(range(0, 1440, 60)))
    every = re.fullmatch(r"every ([0-9]{1,2}) minutes", text)
    if every and 0 < int(every[1]) <= 60:
        return Schedule(text, lambda day: True, tuple(range(0, 1440, int(every[1]))))
    if len(words) == 2 and (clock := re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", words[1])):
        day = _day(words[0])
        if day is not None:
            return Schedule(text, day, (int(clock[1]) * 60 + int(clock[2]),))
    raise InputError(
        f"{text!r} is no schedule; write daily 06:30, business-days 06:30, mon,thu 06:30, first-business-day 06:30, "
        "last-business-day 06:30, hourly, every 15 minutes, or cron's five fields"
    )


def business_day(day: date) -> bool:
    """Whether TARGET is open: Monday to Friday, but for its six holidays (as they are since 2002)."""
    if day.weekday() >= 5 or (day.month, day.day) in ((1, 1), (5, 1), (12, 25), (12, 26)):
        return False
    easter = _easter(day.year)
    return day not in (easter - timedelta(days=2), easter + timedelta(days=1))


def _day(word: str) -> Callable[[date], bool] | None:
    named: dict[str, Callable[[date], bool]] = {
        "daily": lambda day: True,
        "business-days": business_day,
        "first-business-day": lambda day: business_day(day) and not any(map(business_day, _before(day))),
        "last-business-day": lambda day: business_day(day) and not any(map(business_day, _after(day))),
    }
    if word in named:
        return named[word]
    days = word.split(",")
    if all(each in _WEEKDAYS for each in days):
        wanted = {_WEEKDAYS.index(each) for each in days}
        return lambda day: day.weekday() in wanted
    return None


def _before(day: date) -> list[date]:
    """The days of the month before a day."""
    return [day.replace(day=n) for n in range(1, day.day)]


def _after(day: date) -> list[date]:
    """The days of the month after a day."""
    found, each = [], day + timedelta(days=1)
    while each.month == day.month:
        found.append(each)
        each += timedelta(days=1)
    return found


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    month = (h - m + r + 90) // 25
    return date(year, month, (h - m + r + month + 19) % 32)


def _cron(text: str, words: list[str]) -> Schedule:
    spans = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    minutes, hours, days, months, weekdays = (
        _field(text, word, *span) for word, span in zip(words, spans, strict=True)
    )
    weekdays = {each % 7 for each in weekdays}
    any_day, any_weekday = words[2] == "*", words[4] == "*"

    def due(day: date) -> bool:
        if day.month not in months:
            return False
        by_date, by_week = day.day in days, (day.weekday() + 1) % 7 in weekdays
        return by_date and by_week if any_day or any_weekday else by_date or by_week

    return Schedule(text, due, tuple(sorted(hour * 60 + minute for hour in hours for minute in minutes)))


def _field(text: str, word: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in word.split(","):
        match = re.fullmatch(r"(\*|[0-9]{1,2})(?:-([0-9]{1,2}))?(?:/([0-9]{1,2}))?", part)
        if match is None or (match[1] == "*" and match[2]):
            raise InputError(f"{text!r} is no schedule: {part!r} cannot stand in cron's fields")
        first = low if match[1] == "*" else int(match[1])
        last = high if match[1] == "*" or (match[3] and not match[2]) else int(match[2] or match[1])
        step = int(match[3] or 1)
        if not low <= first <= last <= high or not step:
            raise InputError(f"{text!r} is no schedule: {part!r} must lie between {low} and {high}")
        found.update(range(first, last + 1, step))
    return found
