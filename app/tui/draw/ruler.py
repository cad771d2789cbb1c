"""The time ruler: events per day as a sparkline, with a playhead where the screen stands."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import ceil, log1p

from app.tui.draw.clip import fit, width
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, fitted

LIVE = "LIVE"
KEYS = "[ ] event  { } day  T time  L live"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, eq=False)
class Days:
    """The days with events, ascending, as (``YYYY-MM-DD``, events). Equal only to itself: what is counted once is
    kept."""

    counts: tuple[tuple[str, int], ...] = ()


NO_DAYS = Days()


@dataclass(frozen=True, slots=True)
class Ruler:
    """The days; the day shown, or None for live; the words beside it."""

    days: Days = NO_DAYS
    at: str | None = None
    said: str = LIVE


@dataclass(frozen=True, slots=True)
class Scale:
    """Calendar days spread over cells: the first day, how many days, and over how many cells from which one."""

    first: date
    days: int
    x: int
    cells: int

    def cell(self, day: date) -> int:
        """The cell of a day; days outside fall on the nearest end."""
        offset = min(max((day - self.first).days, 0), self.days - 1)
        return self.x + (offset * self.cells) // self.days

    def day(self, x: int) -> date | None:
        """The first day of the cell ``x``, or None beside the sparkline."""
        if not self.x <= x < self.x + self.cells:
            return None
        return self.first + timedelta(days=ceil((x - self.x) * self.days / self.cells))


def draw(ruler: Ruler, cells: int, glyphs: Glyphs = UNICODE, keys: str = KEYS) -> Line:
    """The ruler on one line of exactly ``cells`` cells."""
    live = ruler.at is None
    said = (f" {ruler.said} ", "live" if live else "past")
    scale = scaled(ruler, cells, keys)
    if scale is None:
        return fitted(((" no events yet ", "muted"), said), cells)
    start = fit(f" {glyphs.back} {_month(scale.first)} ", scale.x)
    tail = (f"  {keys} ", "muted") if _with_keys(ruler, cells, keys) else ("", "")
    head = scale.x + scale.cells if ruler.at is None else scale.cell(_date(ruler.at))
    runs = [(start, "muted"), *_spark(ruler.days, scale, head, glyphs)]
    if live:
        runs.append((glyphs.playhead, "playhead"))
    else:
        runs.append((" ", ""))
    return fitted((*runs, said, tail), cells)


def scaled(ruler: Ruler, cells: int, keys: str = KEYS) -> Scale | None:
    """Which cells stand for which days when the ruler is drawn at this width; None if there is nothing to show."""
    days = ruler.days.counts
    if not days:
        return None
    first, last = _date(days[0][0]), _date(days[-1][0])
    left = len(_month(first)) + 4
    right = width(ruler.said) + 3 + (len(keys) + 3 if _with_keys(ruler, cells, keys) else 0)
    room = cells - left - right
    if room < 4:
        return None
    return Scale(first, (last - first).days + 1, left, room)


def _with_keys(ruler: Ruler, cells: int, keys: str) -> bool:
    return bool(keys) and cells >= 100 and cells - width(ruler.said) - len(keys) > 40


def _date(day: str) -> date:
    return date.fromisoformat(day[:10])


def _month(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"


@lru_cache(maxsize=16)
def _buckets(days: Days, scale: Scale) -> tuple[int, ...]:
    """How many events fall on each cell; where there are fewer days than cells, a day has several."""
    counts = [0] * scale.cells
    first = scale.first.toordinal()
    for day, events in days.counts:
        counts[(_date(day).toordinal() - first) * scale.cells // scale.days] += events
    if scale.days < scale.cells:
        starts = [step * scale.cells // scale.days for step in range(scale.days)]
        counts = [counts[starts[bisect_left(starts, x + 1) - 1]] for x in range(scale.cells)]
    return tuple(counts)


def _spark(days: Days, scale: Scale, head: int, glyphs: Glyphs) -> list[tuple[str, str]]:
    counts = _buckets(days, scale)
    most = max(counts)
    levels = len(glyphs.spark) - 1
    runs: list[tuple[str, str]] = []
    for x, count in enumerate(counts):
        if x + scale.x == head:
            sign, style = glyphs.playhead, "playhead"
        elif not count:
            sign, style = glyphs.dot, "faint"
        else:
            sign = glyphs.spark[max(1, round(log1p(count) / log1p(most) * levels))]
            style = "spark" if x + scale.x < head else "spark.later"
        if runs and runs[-1][1] == style:
            runs[-1] = (runs[-1][0] + sign, style)
        else:
            runs.append((sign, style))
    return runs
