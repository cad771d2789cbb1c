"""Moments and how long evidence counts: microseconds, durations, business days (docs/maturity.md, Windows)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from ledger.rules.maturity.spans import BEGIN, END, Spans, intersect

DAY = 86_400_000_000
HOUR = 3_600_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = re.compile(r"P?(\d{1,5})[Dd]")
_HOURS = re.compile(r"(?:PT)?(\d{1,5})[Hh]")
_BUSINESS = re.compile(r"P(\d{1,4})B")


def micros(at: str) -> int:
    """A recorded time in microseconds since 1970; a day is its beginning, and a time without a zone is UTC.

    Raises:
        ValueError: it is no time.
    """
    said = datetime.fromisoformat(at)
    return ((said if said.tzinfo else said.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)


def text(moment: int) -> str:
    """Microseconds as a recorded time."""
    return (_EPOCH + timedelta(microseconds=moment)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Window(NamedTuple):
    """How long evidence counts: ``ever``, ``time`` (``amount`` microseconds), ``business`` (days), or ``tier``."""

    kind: str
    amount: int = 0
    spelled: str = "ever"


EVER = Window("ever")
BY_TIER = Window("tier", 0, "tier")


def window(said: str) -> Window | None:
    """A window as the model spells it, or ``None`` where it is none."""
    if said in ("ever", "tier"):
        return EVER if said == "ever" else BY_TIER
    for pattern, kind, unit in ((_DAYS, "time", DAY), (_HOURS, "time", HOUR), (_BUSINESS, "business", 1)):
        found = pattern.fullmatch(said)
        if found:
            return Window(kind, int(found[1]) * unit, said)
    return None


class Spell(NamedTuple):
    """From ``start`` to ``end`` this tier and this calendar apply."""

    start: int
    end: int
    tier: str
    calendar: str | None


PLAIN = (Spell(BEGIN, END, "tier_1", None),)


def covered(start: int, length: Window, spells: tuple[Spell, ...], tiers: dict[str, Window]) -> Spans:
    """When something of ``start`` counts, under the tier and the calendar of each spell."""
    if length.kind == "ever":
        return [(start, END)]
    if length.kind == "time":
        return [(start, start + length.amount + 1)]
    found: Spans = []
    for spell in spells:
        own = tiers[spell.tier] if length.kind == "tier" else length
        found += intersect([(start, deadline(start, own, spell.calendar) + 1)], [(spell.start, spell.end)])
    return found


def reach(length: Window, tiers: dict[str, Window]) -> int:
    """For how long something counts at most, in microseconds: no calendar closes for more than ten days on end."""
    if length.kind == "tier":
        return max(reach(each, tiers) for each in tiers.values())
    if length.kind == "ever":
        return 2 * END
    return length.amount if length.kind == "time" else (2 * length.amount + 10) * DAY


def least(length: Window, tiers: dict[str, Window]) -> int:
    """For how long something counts at least, in microseconds: business days are never fewer than as many days."""
    if length.kind == "tier":
        return min(least(each, tiers) for each in tiers.values())
    if length.kind == "ever":
        return 2 * END
    return length.amount if length.kind == "time" else length.amount * DAY


def deadline(start: int, length: Window, calendar: str | None) -> int:
    """The last microsecond at which something of ``start`` counts."""
    if length.kind == "ever":
        return END - 1
    if length.kind == "business":
        if calendar is None:
            return start + length.amount * DAY
        day, rest = divmod(start, DAY)
        return _nth(day, length.amount, calendar) * DAY + rest
    return start + length.amount


@cache
def _nth(day: int, count: int, calendar: str) -> int:
    """The ``count``-th business day after a day, both in days since 1970."""
    while count:
        day += 1
        if is_business_day(date.fromordinal(day + _EPOCH.toordinal()), calendar):
            count -= 1
    return day


def is_business_day(day: date, calendar: str) -> bool:
    """Whether a day is one of business in ``weekdays`` or ``target``."""
    if day.weekday() >= 5:
        return False
    return calendar != "target" or day not in _closed(day.year)


@cache
def _closed(year: int) -> frozenset[date]:
    """TARGET's closing days (ECB): 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December."""
    easter = _easter(year)
    moving = (easter - timedelta(days=2), easter + timedelta(days=1))
    return frozenset({date(year, 1, 1), *moving, date(year, 5, 1), date(year, 12, 25), date(year, 12, 26)})


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus/Jones/Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
