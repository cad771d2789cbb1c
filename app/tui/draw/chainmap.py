"""The whole chain as a map: one cell stands for so many events, and shows how far verification has come and where it
broke."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Picture, framed


@dataclass(frozen=True, slots=True)
class Chain:
    """``size`` events, of which those below ``checked`` are verified; the ``broken`` ones by seq; whether it is
    running."""

    size: int
    checked: int = 0
    broken: Collection[int] = ()
    running: bool = False


def draw(chain: Chain, cells: int, rows: int, glyphs: Glyphs = UNICODE) -> Picture:
    """The map on exactly ``rows`` lines of ``cells`` cells, each line led by the seq of its first event."""
    margin = len(f"{chain.size:,}") + 2
    across = cells - margin
    if chain.size <= 0 or across < 1 or rows < 1:
        return framed([], cells, rows)
    per = scale(chain.size, cells, rows)
    used = -(-chain.size // per)
    marks = {seq // per for seq in chain.broken if 0 <= seq < chain.size}
    reached = chain.checked // per if chain.checked < chain.size else used
    lines: list[Line] = []
    for first in range(0, used, across):
        runs = [(f"{first * per:>{margin - 2},}  ", "muted")]
        for cell in range(first, min(first + across, used)):
            _add(runs, *_cell(cell, marks, reached, chain, glyphs))
        lines.append(tuple(runs))
    return framed(lines, cells, rows)


def scale(size: int, cells: int, rows: int) -> int:
    """How many events one cell stands for."""
    across = max(cells - len(f"{size:,}") - 2, 1)
    return max(1, -(-size // (across * max(rows, 1))))


def _cell(cell: int, marks: set[int], reached: int, chain: Chain, glyphs: Glyphs) -> tuple[str, str]:
    if cell in marks:
        return glyphs.broken, "bad"
    if cell < reached:
        return glyphs.held, "ok"
    if cell == reached and chain.running:
        return glyphs.doing, "warn"
    return glyphs.todo, "faint"


def _add(runs: list[tuple[str, str]], sign: str, style: str) -> None:
    if runs[-1][1] == style:
        runs[-1] = (runs[-1][0] + sign, style)
    else:
        runs.append((sign, style))


def legend(glyphs: Glyphs = UNICODE) -> Line:
    """What each sign of the map means."""
    return (
        (f"{glyphs.held} ok", "ok"), ("   ", ""), (f"{glyphs.doing} now", "warn"), ("   ", ""),
        (f"{glyphs.todo} to do", "muted"), ("   ", ""), (f"{glyphs.broken} broken", "bad"),
    )  # fmt: skip
