"""A grid of terminal cells to put text and lines on, and take out as a picture."""

from __future__ import annotations

from rich.cells import split_graphemes

from app.tui.draw.clip import clip
from app.tui.draw.glyphs import EAST, NORTH, SOUTH, UNICODE, WEST, Glyphs
from app.tui.draw.picture import Line, Picture


class Canvas:
    """A grid of ``cells`` × ``rows``. What falls outside is left off.

    Lines are kept as the directions in which they leave each cell, so that joints come out right in whichever order the
    lines are drawn. Where two lines of different nets cross, the horizontal one is drawn through and the vertical one
    passes under it: a joint sign (``┼``) always means that the lines do meet.
    """

    def __init__(self, cells: int, rows: int, glyphs: Glyphs = UNICODE) -> None:
        self.cells = max(cells, 0)
        self.rows = max(rows, 0)
        self.glyphs = glyphs
        self._text: dict[tuple[int, int], tuple[str, str]] = {}
        self._ways: dict[tuple[int, int], dict[object, int]] = {}
        self._hot: dict[tuple[int, int], tuple[int, str]] = {}

    def put(self, x: int, y: int, text: str, style: str = "", room: int | None = None) -> int:
        """Write escaped text from ``(x, y)`` in at most ``room`` cells (to the edge by default); returns the cells
        taken."""
        if not 0 <= y < self.rows or x >= self.cells:
            return 0
        limit = self.cells - x if room is None else min(room, self.cells - x)
        text = clip(text, limit, self.glyphs.ellipsis)
        if text.isascii():
            for offset, sign in enumerate(text):
                if x + offset >= 0:
                    self._text[x + offset, y] = (sign, style)
            return len(text)
        spans, total = split_graphemes(text)
        at = x
        for start, stop, size in spans:
            if size == 0:
                continue
            if at >= 0:
                self._text[at, y] = (text[start:stop], style)
                for further in range(1, size):
                    self._text[at + further, y] = ("", style)
            at += size
        return total

    def across(self, x0: int, x1: int, y: int, net: object, style: str = "edge", weight: int = 0) -> None:
        """A horizontal line from cell ``x0`` to cell ``x1``, ends included. Of overlapping styles the heavier shows."""
        for x in range(min(x0, x1), max(x0, x1) + 1):
            self._way(x, y, (EAST if x < max(x0, x1) else 0) | (WEST if x > min(x0, x1) else 0), net, style, weight)

    def along(self, x: int, y0: int, y1: int, net: object, style: str = "edge", weight: int = 0) -> None:
        """A vertical line from row ``y0`` to row ``y1``, ends included."""
        for y in range(min(y0, y1), max(y0, y1) + 1):
            self._way(x, y, (SOUTH if y < max(y0, y1) else 0) | (NORTH if y > min(y0, y1) else 0), net, style, weight)

    def _way(self, x: int, y: int, ways: int, net: object, style: str, weight: int) -> None:
        nets = self._ways.setdefault((x, y), {})
        nets[net] = nets.get(net, 0) | ways
        if weight >= self._hot.get((x, y), (-1, ""))[0]:
            self._hot[x, y] = (weight, style)

    def ways(self, x: int, y: int) -> dict[object, int]:
        """The directions in which each net leaves the cell (for tests, and for hit-testing)."""
        return self._ways.get((x, y), {})

    def _cell(self, x: int, y: int) -> tuple[str, str]:
        found = self._text.get((x, y))
        if found is not None:
            return found
        nets = self._ways.get((x, y))
        if not nets:
            return " ", ""
        style = self._hot[x, y][1]
        union = 0
        for ways in nets.values():
            union |= ways
        if (
            len(nets) > 1
            and union == NORTH | EAST | SOUTH | WEST
            and not any(ways & (NORTH | SOUTH) and ways & (EAST | WEST) for ways in nets.values())
        ):
            return self.glyphs.box[EAST | WEST], style
        return self.glyphs.box[union], style

    def picture(self) -> Picture:
        """The grid as lines of exactly ``cells`` cells, neighbouring cells of one style joined."""
        lines: list[Line] = []
        for y in range(self.rows):
            runs: list[tuple[str, str]] = []
            buffer, current = "", ""
            for x in range(self.cells):
                sign, style = self._cell(x, y)
                if style != current:
                    if buffer:
                        runs.append((buffer, current))
                    buffer, current = "", style
                buffer += sign
            if buffer:
                runs.append((buffer, current))
            lines.append(tuple(runs))
        return tuple(lines)
