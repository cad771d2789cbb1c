"""How a verification goes, and the chain as a map that a cursor walks cell by cell."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual import events
from textual.message import Message

from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Picture
from app.tui.screens.audit.draw import verdict as drawing
from app.tui.screens.audit.draw.chainmap import Grid, Span
from app.tui.screens.audit.draw.verdict import Verdict
from app.tui.widgets.paper import Paper

ZOOM = 8
"""By how much a step of zooming widens or narrows what is shown."""

CLOSEST = 16
"""No fewer events are shown."""


class ChainPane(Paper, can_focus=True):
    """Shows a verification; its cursor is drawn while it has the focus."""

    @dataclass
    class Pointed(Message):
        """The cursor stands on another cell: of the events from ``first`` to ``end`` - 1."""

        first: int
        end: int

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  (the toolkit's word)
        super().__init__(id=id, classes=classes)
        self._told: Verdict | None = None
        self.spot = 0
        """The event in whose cell the cursor stands."""

    @property
    def glyphs(self) -> Glyphs:
        """The signs that this terminal can show."""
        return getattr(self.app, "glyphs", UNICODE)

    def tell(self, told: Verdict) -> None:
        """Show how it stands now."""
        self._told = told
        self.show(self._picture)

    def _picture(self, cells: int, rows: int) -> Picture:
        return () if self._told is None else drawing.verdict(self._pointed(self._told), cells, rows, self.glyphs)

    def _pointed(self, told: Verdict) -> Verdict:
        return replace(told, cursor=self.spot) if self.has_focus else told

    def _grid(self) -> Grid | None:
        width, height = self.content_size
        if self._told is None or width <= 0 or height <= 0:
            return None
        placed = drawing.grid(self._told, width, height, self.glyphs)
        return placed if placed.used and placed.across else None

    @property
    def cell(self) -> Span:
        """The events of the cell under the cursor: the first, and one more than the last."""
        placed = self._grid()
        return (0, 0) if placed is None else placed.span(placed.cell(self.spot))

    @property
    def span(self) -> Span:
        """The events that the map shows."""
        return (0, 0) if self._told is None else self._told.span

    def point(self, seq: int) -> None:
        """Put the cursor on the cell in which an event lies."""
        first, size = self.span
        self.spot = min(max(seq, first), max(size - 1, first))
        self.redraw()
        self.post_message(self.Pointed(*self.cell))

    def move(self, across: int = 0, down: int = 0) -> None:
        """Move the cursor by so many cells, and lines; it stays on the map."""
        placed = self._grid()
        if placed is not None:
            cell = placed.cell(self.spot) + across + down * placed.across
            if 0 <= cell < placed.used:
                self.point(placed.span(cell)[0])

    def closer(self, steps: int) -> Span | None:
        """The stretch around the cursor that is shown when one zooms in, or out; ``None`` where it is all of the log."""
        if self._told is None:
            return None
        first, size = self.span
        count = max((size - first) // ZOOM if steps > 0 else (size - first) * ZOOM, CLOSEST)
        if count >= self._told.size:
            return None
        start = min(max(self.spot - count // 2, 0), self._told.size - count)
        return start, start + count

    def on_focus(self) -> None:
        """The cursor appears."""
        self.redraw()
        self.post_message(self.Pointed(*self.cell))

    def on_blur(self) -> None:
        """It is drawn no more."""
        self.border_subtitle = ""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """A click points at a cell."""
        spot, placed = event.get_content_offset(self), self._grid()
        if spot is None or placed is None or self._told is None:
            return
        width, height = self.content_size
        line = spot.y + self.scroll_offset.y - drawing.above(self._told, width, height, self.glyphs)
        column = spot.x - 1 - (width - 2 - placed.across)
        cell = line * placed.across + column
        if line >= 0 and 0 <= column < placed.across and 0 <= cell < placed.used:
            self.point(placed.span(cell)[0])
