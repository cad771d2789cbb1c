"""A series over days as a picture: threshold line, marked events, axes with dates. Missing days stay missing.

The curve is drawn in Braille (two by four dots to a cell; in ASCII one star to a cell). A long stretch without values is
folded, so that it does not squeeze the others; the days on both sides of it are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from math import isfinite, log10
from statistics import median_low

from app.tui.draw import axis
from app.tui.draw.canvas import Canvas
from app.tui.draw.clip import width
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Picture
from app.tui.draw.timeline import Timeline, laid

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a Braille cell, by row and column (Unicode 15, block U+2800)."""

MANY, NOISY = 3, 0.2
"""Where so many values fall on a column of dots, and take more than this share of its height on average, the curve is that
of their middle ones, with the highest and the lowest faint beside it."""
CROWDED = 6
"""Marks have a line through the plot where there are not more than one in so many columns."""

LONGEST_GAP = 5
"""Days without a value over which the curve still runs: weekends and holidays, not an outage."""

MARGIN = 12
"""A mark beside the first or the last value is shown if it is not farther away than one in so many of the days."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: its day, what it was (``deploy``, ``approve``, ``alert``, ``retrain``), and in words."""

    day: str
    what: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """The points as (``YYYY-MM-DD``, value or None), ascending; the threshold; the marks; what is measured.

    ``above`` says on which side of the threshold the values are bad (None: on neither). ``beside`` is a second series on
    the same axes, drawn under the first; where there are two, their ``names`` stand at their ends. ``powers``: the values
    are powers of ten, and the axis says the numbers.
    """

    points: tuple[tuple[str, float | None], ...] = ()
    threshold: float | None = None
    marks: tuple[Mark, ...] = ()
    above: bool | None = True
    beside: tuple[tuple[str, float | None], ...] = ()
    powers: bool = False
    names: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plotting area: its first cell, its rows, its days laid out over its cells, and the values at its ends."""

    x: int
    rows: int
    timeline: Timeline
    low: float
    high: float
    powers: bool = False

    def label(self, value: float) -> str:
        """A number for the axis."""
        return f"{10**value:.2g}" if self.powers and abs(value) < 6 else label(value, self.high - self.low)

    def column(self, day: str, dots: int = 1) -> int:
        """Where a day stands, from the picture's left edge."""
        return self.timeline.dot(_ordinal(day), dots)

    def row(self, value: float, dots: int = 1) -> int:
        """Where a value stands, from the area's top."""
        share = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return round((1 - share) * (self.rows * dots - 1))


def draw(plot: Plot, cells: int, rows: int, glyphs: Glyphs = UNICODE) -> Picture:
    """The plot on exactly ``rows`` lines of ``cells`` cells: one line of marks, the curve, the axis, the dates."""
    canvas = Canvas(cells, rows, glyphs)
    if plot.threshold is not None and not isfinite(plot.threshold):
        plot = replace(plot, threshold=None)
    values, beside = _finite(plot.points), _finite(plot.beside)
    if rows < 6 or cells < 24:
        canvas.put(0, 0, "too little room for the plot", "muted")
        return canvas.picture()
    if not values and not beside:
        canvas.put(2, rows // 2, "no values recorded yet", "muted")
        return canvas.picture()
    frame = _frame(plot, sorted([*values, *beside]), cells, rows - 3)
    _axes(canvas, frame)
    _threshold(canvas, frame, plot.threshold)
    axis.folds(canvas, frame.timeline, frame.rows + 1)
    _marks(canvas, frame, plot.marks)
    axis.lengths(canvas, frame.timeline, frame.rows + 1)
    taken = _curve(canvas, frame, beside, replace(plot, threshold=None), "series.beside")
    middle, highest, lowest = _thinned(values, frame, 2 if glyphs.name == "unicode" else 1)
    for extreme in (highest, lowest):
        taken |= _curve(canvas, frame, extreme, plot, "faint")
    taken |= _curve(canvas, frame, middle, plot)
    if highest:
        _explain(canvas, frame, f"middle of {len(values) // len(middle)} each; faint: high, low", taken)
    _name(canvas, frame, values, plot.names[0], "series", taken)
    _name(canvas, frame, beside, plot.names[1], "series.beside", taken)
    return canvas.picture()


def _finite(points: Sequence[tuple[str, float | None]]) -> list[tuple[str, float]]:
    return [(day, value) for day, value in points if value is not None and isfinite(value)]


def _frame(plot: Plot, values: Sequence[tuple[str, float]], cells: int, rows: int) -> _Frame:
    shown = [value for _, value in values]
    if plot.threshold is not None:
        shown.append(plot.threshold)
    low, high = min(shown), max(shown)
    margin = (high / 2 - low / 2) * 0.12 or abs(high) * 0.1 or 1.0
    if 0 <= low < margin * 4:
        low = 0.0
    else:
        low -= margin
    high += margin
    low, high = max(low, -1e300), min(high, 1e300)
    days = _days(plot, values)
    bare = _Frame(0, rows, laid(days, cells, axis.FOLD), low, high, plot.powers)
    left = max(width(bare.label(value)) for value in (low, high, (low + high) / 2)) + 2
    return replace(bare, x=left, timeline=laid(days, cells - left, axis.FOLD, left))


def _days(plot: Plot, values: Sequence[tuple[str, float]]) -> list[int]:
    """The days with values, ascending; at the ends those marks too that are near enough to be seen beside them."""
    days = sorted({_ordinal(day) for day, _ in values})
    reach = max((days[-1] - days[0]) // MARGIN, 1)
    marked = [_ordinal(mark.day) for mark in plot.marks]
    before = [day for day in marked if days[0] - reach <= day < days[0]]
    after = [day for day in marked if days[-1] < day <= days[-1] + reach]
    return [*sorted(before)[:1], *days, *sorted(after)[-1:]]


def _ordinal(day: str) -> int:
    return date.fromisoformat(day[:10]).toordinal()


def label(value: float, span: float) -> str:
    """A number for the axis: as many decimals as tell two ticks apart."""
    if not (1e-4 <= span < 1e7):
        return f"{value:.2e}"
    text = f"{value:,.{max(0, min(4, 1 - int(log10(span)) + (span < 1)))}f}"
    return text if text.strip("-0.") else text.removeprefix("-")


def _axes(canvas: Canvas, frame: _Frame) -> None:
    bottom = frame.rows + 1
    canvas.along(frame.x - 1, 1, bottom, "axis", "axis")
    canvas.across(frame.x - 1, canvas.cells - 1, bottom, "axis", "axis")
    ticks = max(2, min(6, frame.rows // 3))
    for tick in range(ticks):
        row = round(tick * (frame.rows - 1) / (ticks - 1))
        value = frame.high - (frame.high - frame.low) * row / max(frame.rows - 1, 1)
        text = frame.label(value)
        canvas.put(frame.x - 2 - width(text), row + 1, text, "muted")
    axis.dates(canvas, frame.timeline, bottom)


def _threshold(canvas: Canvas, frame: _Frame, threshold: float | None) -> None:
    if threshold is None:
        return
    sign = "╌" if canvas.glyphs.name == "unicode" else "-"
    y = frame.row(threshold) + 1
    for each in frame.timeline.stretches:
        if not each.folded:
            canvas.put(each.x, y, sign * each.cells, "threshold")


def signs(glyphs: Glyphs) -> dict[str, str]:
    """The sign of each kind of mark."""
    return {"deploy": glyphs.focus, "approve": glyphs.ok, "alert": glyphs.alert, "retrain": glyphs.impact}


def _marks(canvas: Canvas, frame: _Frame, marks: Sequence[Mark]) -> None:
    """A dotted vertical for each mark, its sign on top; alerts are drawn last, so they are seen where several
    coincide."""
    stroke = "┊" if canvas.glyphs.name == "unicode" else ":"
    first, last = frame.timeline.stretches[0].first, frame.timeline.stretches[-1].last
    shown = [mark for mark in marks if first <= _ordinal(mark.day) <= last]
    columns: dict[bool, set[int]] = {True: set(), False: set()}
    for mark in shown:
        columns[mark.what == "alert"].add(frame.column(mark.day))
    few = {alert: len(places) * CROWDED <= canvas.cells - frame.x for alert, places in columns.items()}
    for mark in sorted(shown, key=lambda mark: mark.what == "alert"):
        x, style = frame.column(mark.day), f"mark.{mark.what}"
        for y in range(1, frame.rows + 1 if few[mark.what == "alert"] else 1):
            canvas.put(x, y, stroke, style)
        canvas.put(x, 0, signs(canvas.glyphs).get(mark.what, canvas.glyphs.dot), style)


def _curve(
    canvas: Canvas, frame: _Frame, values: Sequence[tuple[str, float]], plot: Plot, good: str = "series"
) -> set[tuple[int, int]]:
    """Draw it; returns the cells that it takes."""
    fine = canvas.glyphs.name == "unicode"
    across, down = (2, 4) if fine else (1, 1)
    dots: set[tuple[int, int]] = set()
    last: tuple[int, int, int] | None = None
    joined = max(LONGEST_GAP, _usual(values) * 2)
    for text, value in values:
        day, x, y = _ordinal(text), frame.column(text, across), frame.row(value, down)
        if last is not None and day - last[0] <= joined:
            dots.update(segment(last[1], last[2], x, y))
        dots.add((x, y))
        last = (day, x, y)
    limit = None if plot.threshold is None or plot.above is None else frame.row(plot.threshold, down)
    cells: dict[tuple[int, int], int] = {}
    bad: set[tuple[int, int]] = set()
    for x, y in dots:
        cell = (x // across, y // down)
        cells[cell] = cells.get(cell, 0) | (DOTS[y % 4][x % 2] if fine else 0)
        if limit is not None and (y < limit if plot.above else y > limit):
            bad.add(cell)
    for (x, y), bits in cells.items():
        style = "series.bad" if (x, y) in bad else good
        canvas.put(x, y + 1, chr(0x2800 | bits) if fine else "*", style)
    return {(x, y + 1) for x, y in cells}


Values = list[tuple[str, float]]


def _thinned(values: Values, frame: _Frame, across: int) -> tuple[Values, Values, Values]:
    """The middle, the highest and the lowest value of each column of dots; all values and nothing beside them, where
    they can be told apart."""
    columns: dict[int, list[tuple[str, float]]] = {}
    for day, value in values:
        columns.setdefault(frame.column(day, across), []).append((day, value))
    ranges = [frame.row(min(v for _, v in each)) - frame.row(max(v for _, v in each)) for each in columns.values()]
    if len(values) < MANY * len(columns) or sum(ranges) < NOISY * frame.rows * len(columns):
        return values, [], []
    days = [each[len(each) // 2][0] for each in columns.values()]
    sorts = [sorted(value for _, value in each) for each in columns.values()]
    pick = ((day, each) for day, each in zip(days, sorts, strict=True))
    found = [((day, each[len(each) // 2]), (day, each[-1]), (day, each[0])) for day, each in pick]
    return [m for m, _, _ in found], [h for _, h, _ in found], [low for _, _, low in found]


def _explain(canvas: Canvas, frame: _Frame, words: str, taken: set[tuple[int, int]]) -> None:
    """A note in the topmost, rightmost place that has room for it."""
    size = width(words)
    for y in range(1, frame.rows + 1):
        for start in range(canvas.cells - size, frame.x, -1):
            if not any((x, y) in taken for x in range(start - 1, start + size + 1)):
                canvas.put(start, y, words, "muted")
                return


def _name(
    canvas: Canvas,
    frame: _Frame,
    values: Sequence[tuple[str, float]],
    name: str,
    style: str,
    taken: set[tuple[int, int]],
) -> None:
    """What the curve is called, at its right end on the nearest row that is free; left off where none is."""
    if not name or not values:
        return
    end, start = frame.column(values[-1][0]) + 1, frame.row(values[-1][1]) + 1
    for away in (-1, 1, -2, 2, -3, 3):
        row = {(x, start + away) for x in range(end - width(name), end)}
        if 1 <= start + away <= frame.rows and not row & taken:
            canvas.put(end - width(name), start + away, name, style)
            taken |= row
            return


def _usual(values: Sequence[tuple[str, float]]) -> int:
    """The usual number of days from one value to the next: monthly monitors have no gap each month."""
    steps = [_ordinal(after) - _ordinal(before) for (before, _), (after, _) in pairwise(values)]
    return max(1, median_low(steps)) if steps else 1


def segment(x0: int, y0: int, x1: int, y1: int) -> list[tuple[int, int]]:
    """The dots from one point to the next (Bresenham 1965)."""
    dx, dy = abs(x1 - x0), -abs(y1 - y0)
    sx, sy = (1 if x0 < x1 else -1), (1 if y0 < y1 else -1)
    error = dx + dy
    dots = []
    while True:
        dots.append((x0, y0))
        if (x0, y0) == (x1, y1):
            return dots
        twice = 2 * error
        if twice >= dy:
            error += dy
            x0 += sx
        if twice <= dx:
            error += dx
            y0 += sy
