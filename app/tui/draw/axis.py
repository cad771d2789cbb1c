"""The axis of days under a plot: dates where there is room for them, folds drawn as breaks that say how long they are."""

from __future__ import annotations

from datetime import date

from app.tui.draw.canvas import Canvas
from app.tui.draw.clip import fit, wrap
from app.tui.draw.ruler import MONTHS
from app.tui.draw.timeline import Timeline, told

FOLD = 9
"""Cells of a fold: two for its edges, seven for its words."""
LONG = 240
"""Days from which on the dates leave out the day."""


def dates(canvas: Canvas, timeline: Timeline, bottom: int) -> None:
    """Dates under the axis, as many as have room: first those at the ends and beside the folds, then some between."""
    days = sum(each.days for each in timeline.stretches if not each.folded)
    taken: list[tuple[int, int]] = []
    for day, low, high in [*_ends(timeline), *_between(timeline)]:
        text, x = _date(day, days > LONG), timeline.dot(day)
        starts = [min(max(at, low), high - len(text)) for at in (x - len(text) // 2, low, high)]
        start = next((at for at in starts if not any(at <= b and at + len(text) >= a for a, b in taken)), None)
        if start is None:
            continue
        taken.append((start, start + len(text)))
        canvas.along(x, bottom, bottom + 1, "axis", "axis")
        canvas.put(start, bottom + 1, text, "muted")


def _ends(timeline: Timeline) -> list[tuple[int, int, int]]:
    """The first and the last day of each stretch with days in it, and the cells between which its date may stand: that
    of a day beside a fold may reach over half of the fold."""
    shown = [each for each in timeline.stretches if not each.folded]
    first, last = shown[0].x - 1, shown[-1].x + shown[-1].cells
    lows = [first, *(fold.x + fold.cells // 2 for fold in timeline.folds)]
    highs = [*(fold.x + fold.cells // 2 for fold in timeline.folds), last]
    found = []
    for each, low, high in zip(shown, lows, highs, strict=True):
        found += [(each.first, low, last), (each.last, first, high)]
    return found


def _between(timeline: Timeline) -> list[tuple[int, int, int]]:
    """Days in even steps inside each stretch."""
    found = []
    for each in timeline.stretches:
        steps = 0 if each.folded else max(1, min(7, each.cells // 14 - 1))
        days = (each.first + round((each.days - 1) * step / steps) for step in range(1, steps))
        found += [(day, each.x - 1, each.x + each.cells) for day in days]
    return found


def _date(day: int, long: bool) -> str:
    found = date.fromordinal(day)
    said = f"{MONTHS[found.month - 1]} {found.year}"
    return said if long else f"{found.day} {said}"


def folds(canvas: Canvas, timeline: Timeline, bottom: int) -> None:
    """Each fold as a hatched break from the top to the axis."""
    edge, stroke = ("┊", "╱") if canvas.glyphs.name == "unicode" else (":", "/")
    for fold in timeline.folds:
        for y in range(1, bottom):
            hatch = "".join(stroke if (x + y) % 4 == 0 else " " for x in range(fold.cells - 2))
            canvas.put(fold.x, y, edge + hatch + edge, "faint")
        canvas.put(fold.x + fold.cells // 2 - 2, bottom, f" {stroke}{stroke} ", "axis")


def lengths(canvas: Canvas, timeline: Timeline, bottom: int) -> None:
    """How long there was nothing, in the middle of each fold, over whatever is marked there."""
    for fold in timeline.folds:
        inner = fold.cells - 2
        words = wrap(f"{told(fold.days)[0]} without values", inner)
        words = words if len(words) < bottom else wrap(told(fold.days)[1], inner)
        for y, word in enumerate(words, 1 + (bottom - 1 - len(words)) // 2):
            canvas.put(fold.x + 1, y, fit(word, inner, "centre"), "muted")
