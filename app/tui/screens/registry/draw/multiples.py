"""Small multiples: a chart for each figure over the same versions, side by side (Tufte 1983), the one in view marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from app.tui.draw.canvas import Canvas
from app.tui.draw.clip import clip, middle, width
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, fitted
from app.tui.draw.plot import DOTS, label, segment

NARROWEST, HEIGHT, GAP = 26, 8, 2
"""Cells of a chart at least; its rows: a title, the curve, the axis, the versions, a blank one; cells between charts."""
ACROSS = 3
"""Charts beside each other at most."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure by version, oldest first; None where it was not measured."""

    name: str
    values: tuple[float | None, ...]


def multiples(
    charts: Sequence[Chart], labels: Sequence[str], at: int, cells: int, glyphs: Glyphs = UNICODE
) -> tuple[Line, ...]:
    """All charts, as many beside each other as have room, each line exactly ``cells`` cells wide.

    ``labels`` name the versions, one for each value; ``at`` is the number of the one in view, -1 for none.
    """
    across = max(1, min(ACROSS, len(charts), (cells + GAP) // (NARROWEST + GAP)))
    size = (cells - GAP * (across - 1)) // across
    lines: list[Line] = []
    for start in range(0, len(charts), across):
        pictures = [chart(each, labels, at, size, glyphs) for each in charts[start : start + across]]
        for row in range(HEIGHT):
            first, *others = (picture[row] for picture in pictures)
            lines.append(fitted((*first, *(run for line in others for run in ((" " * GAP, ""), *line))), cells))
    return tuple(lines)


def chart(shown: Chart, labels: Sequence[str], at: int, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """One chart on :data:`HEIGHT` lines of ``cells`` cells: name, value and change; the curve; versions below it."""
    canvas = Canvas(cells, HEIGHT, glyphs)
    known = [(n, value) for n, value in enumerate(shown.values) if value is not None and isfinite(value)]
    _heading(canvas, shown, at)
    if not known:
        canvas.put(2, HEIGHT // 2, "never measured", "muted")
        return canvas.picture()
    low, high = min(value for _, value in known), max(value for _, value in known)
    span = high - low or abs(high) or 1.0
    ends = [clip(label(value, span), 9) for value in (high, low)]
    left, rows = max(width(text) for text in ends) + 1, HEIGHT - 4
    canvas.put(left - 1 - width(ends[0]), 1, ends[0], "muted")
    if high > low:
        canvas.put(left - 1 - width(ends[1]), rows, ends[1], "muted")
    canvas.along(left, 1, rows + 1, "axis", "axis")
    canvas.across(left, cells - 1, rows + 1, "axis", "axis")
    fine = glyphs.name == "unicode"
    across, down = (2, 4) if fine else (1, 1)
    room = (cells - left - 2) * across

    def place(n: int, value: float) -> tuple[int, int]:
        share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5
        return round(n / max(len(shown.values) - 1, 1) * (room - 1)), round((1 - share) * (rows * down - 1))

    _curve(canvas, {n: place(n, value) for n, value in known}, left + 1, (across, down))
    for n, value in known:
        if n == at:
            x, y = place(n, value)
            canvas.put(left + 1 + x // across, 1 + y // down, glyphs.focus, "focus")
    _labels(canvas, labels, at, [left + 1 + place(n, low)[0] // across for n in range(len(labels))], rows + 2)
    return canvas.picture()


def _heading(canvas: Canvas, shown: Chart, at: int) -> None:
    """``r_squared  0.489  +0.0324``: the change is from the version before that was measured."""
    value = shown.values[at] if 0 <= at < len(shown.values) else None
    told = [("not measured", "warn")]
    if value is not None:
        before = next((each for each in reversed(shown.values[:at]) if each is not None), None)
        told = [(f"{value:.4g}", "strong")] + ([] if before is None else [(f"{value - before:+.3g}", "muted")])
    room = sum(width(text) + 2 for text, _ in told)
    x = 1 + canvas.put(1, 0, middle(shown.name, max(canvas.cells - room - 1, 6), canvas.glyphs.ellipsis), "title")
    for text, style in told:
        x += 2 + canvas.put(x + 2, 0, text, style)


def _curve(canvas: Canvas, points: Mapping[int, tuple[int, int]], left: int, dots: tuple[int, int]) -> None:
    """A line between neighbours; what was not measured stays a gap."""
    across, down = dots
    drawn = {*points.values()}
    for n, point in points.items():
        drawn.update(segment(*point, *points[n + 1]) if n + 1 in points else ())
    cells: dict[tuple[int, int], int] = {}
    for x, y in drawn:
        spot = (x // across, y // down)
        cells[spot] = cells.get(spot, 0) | (DOTS[y % 4][x % 2] if across > 1 else 0)
    for (x, y), bits in cells.items():
        canvas.put(left + x, 1 + y, chr(0x2800 | bits) if across > 1 else "*", "series")


def _labels(canvas: Canvas, labels: Sequence[str], at: int, places: Sequence[int], row: int) -> None:
    """The versions' names under their points: that in view, the ends, then as many others as have room."""
    taken: list[tuple[int, int]] = []
    last = len(labels) - 1
    for n in dict.fromkeys((*((at,) if 0 <= at <= last else ()), last, 0, *range(last))):
        text = clip(labels[n], 10)
        start = min(max(places[n] - width(text) // 2, 0), canvas.cells - width(text))
        if all(start + width(text) < begin or start > end for begin, end in taken):
            canvas.put(start, row, text, "focus" if n == at else "muted")
            taken.append((start, start + width(text)))
