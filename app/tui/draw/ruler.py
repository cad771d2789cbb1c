"""The time ruler: events per day as a sparkline, with a playhead where the screen stands; long stretches without events
are folded."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import log1p

from app.tui.draw.clip import fit, width
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, fitted
from app.tui.draw.timeline import Timeline, laid, told

LIVE = "LIVE"
FOLD = 6
"""Cells of a fold."""
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


@dataclass(frozen=True, eq=False, slots=True)
class Scale:
    """Calendar days spread over cells: over how many from which one, and where each day falls."""

    x: int
    cells: int
    timeline: Timeline

    @property
    def first(self) -> date:
        """The first day."""
        return date.fromordinal(self.timeline.stretches[0].first)

    def cell(self, day: date) -> int:
        """The cell of a day; days outside fall on the nearest end."""
        return self.timeline.cell(day.toordinal())

    def day(self, x: int) -> date | None:
        """The first day of the cell ``x``, or None beside the sparkline."""
        if not self.x <= x < self.x + self.cells:
            return None
        return date.fromordinal(self.timeline.day(x))


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
    left = len(_month(_date(days[0][0]))) + 4
    right = width(ruler.said) + 3 + (len(keys) + 3 if _with_keys(ruler, cells, keys) else 0)
    room = cells - left - right
    if room < 4:
        return None
    return _laid(ruler.days, left, room)


@lru_cache(maxsize=16)
def _laid(days: Days, x: int, cells: int) -> Scale:
    return Scale(x, cells, laid([_date(day).toordinal() for day, _ in days.counts], cells, FOLD, x))


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
    timeline = scale.timeline
    for day, events in days.counts:
        counts[timeline.cell(_date(day).toordinal()) - scale.x] += events
    for each in timeline.stretches:
        if each.days < each.cells:
            starts = [step * each.cells // each.days for step in range(each.days)]
            first = each.x - scale.x
            spread = [counts[first + starts[bisect_left(starts, x + 1) - 1]] for x in range(each.cells)]
            counts[first : first + each.cells] = spread
    return tuple(counts)


def _folded(scale: Scale, glyphs: Glyphs) -> dict[int, str]:
    """The signs of the cells that folds take: ``╱10 y╱``."""
    stroke = "╱" if glyphs.name == "unicode" else "/"
    return {
        fold.x + offset: sign
        for fold in scale.timeline.folds
        for offset, sign in enumerate(stroke + fit(told(fold.days)[1], fold.cells - 2, "centre") + stroke)
    }


def _spark(days: Days, scale: Scale, head: int, glyphs: Glyphs) -> list[tuple[str, str]]:
    counts = _buckets(days, scale)
    most = max(counts)
    levels = len(glyphs.spark) - 1
    folds = _folded(scale, glyphs)
    runs: list[tuple[str, str]] = []
    for x, count in enumerate(counts):
        if x + scale.x == head:
            sign, style = glyphs.playhead, "playhead"
        elif x + scale.x in folds:
            sign, style = folds[x + scale.x], "faint"
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
