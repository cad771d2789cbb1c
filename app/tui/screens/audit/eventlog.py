"""The log: a million lines as one list, of which only the pages in sight are held."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from textual import events
from textual.filter import ANSIToTruecolor
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from app.tui.draw.glyphs import UNICODE
from app.tui.keys import MOVING
from app.tui.queries.log import PAGE, Entry
from app.tui.screens.audit.draw.log import blank_line, entry_line, pointed, pointed_at, thumb
from app.tui.widgets.brush import Brushed

HELD = 64
"""Pages held at once."""

AHEAD = 48
"""So many rows beyond those in sight are asked for before they come into sight."""

REST_SECONDS = 0.15
"""A cursor that moves again sooner is on its way: what it passes is not told."""


class EventLog(ScrollView, Brushed, can_focus=True):
    """Shows the events 0 to ``at``, or some of them, newest last; asks for the pages that it lacks by a message."""

    # The toolkit's scroll bar costs as much to draw as half of the log: this one is the last cell of each line.
    DEFAULT_CSS = "EventLog { overflow-x: hidden; scrollbar-size-vertical: 0; }"
    BINDINGS = [key.binding() for key in MOVING]  # noqa: RUF012  (the toolkit's convention)

    @dataclass
    class Lacks(Message):
        """A page came into sight that is not held."""

        page: int

    @dataclass
    class Moved(Message):
        """The cursor stands on another event: told at once, and where it goes on moving, when it rests."""

        seq: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (the toolkit's word)
        super().__init__(id=id)
        self.size_shown = 0
        self._row = -1
        self._told = -1
        self._moved = 0.0
        self._moving = False
        self._seqs: Sequence[int] | None = None
        self._pages: dict[int, tuple[Entry, ...]] = {}
        self._wanted: set[int] = set()
        self._broken: frozenset[int] = frozenset()
        self._strips: dict[int, Strip] = {}

    @property
    def cursor(self) -> int:
        """The event under the cursor; -1 where there is none."""
        return self._row if self._seqs is None or self._row < 0 else self._seqs[self._row]

    @property
    def _digits(self) -> int:
        """How many cells the greatest number takes."""
        last = self.size_shown - 1 if self._seqs is None else (self._seqs[-1] if self._seqs else 0)
        return max(len(f"{last:,}"), 4)

    @property
    def listed(self) -> Sequence[int]:
        """All events that are shown."""
        return range(self.size_shown) if self._seqs is None else self._seqs

    def seqs(self, page: int) -> Sequence[int]:
        """The events of a page."""
        first = page * PAGE
        last = min(first + PAGE, self.size_shown)
        return range(first, last) if self._seqs is None else self._seqs[first:last]

    def show(self, size: int, *, follow: bool, seqs: Sequence[int] | None = None) -> None:
        """Show events 0 to ``size`` - 1, or of these only ``seqs``, which ascend.

        ``follow`` puts the cursor on the last, else it stays where it can.
        """
        size = size if seqs is None else len(seqs)
        if size == self.size_shown and not follow and seqs == self._seqs:
            return
        stood, stood_last = self.cursor, self._row >= self.size_shown - 1
        if seqs != self._seqs:
            self._seqs, stood_last = seqs, False
            self._pages.clear()
        for number in [n for n, rows in self._pages.items() if len(rows) < PAGE and n * PAGE + len(rows) < size]:
            del self._pages[number]
        self.size_shown = size
        self._wanted.clear()
        self._strips.clear()
        self.virtual_size = Size(self.size.width, size)
        self.refresh()
        if follow or stood_last:
            self._go(size - 1)
        else:
            self.go(stood)

    def forget(self) -> None:
        """Hold nothing any more: the file may be another."""
        self._pages.clear()
        self._wanted.clear()
        self._strips.clear()
        self.refresh()

    def supply(self, page: int, rows: tuple[Entry, ...]) -> None:
        """The page that was asked for."""
        while len(self._pages) >= HELD:
            self._pages.pop(next(iter(self._pages)))
        self._pages[page] = rows
        self._wanted.discard(page)
        if self._in_sight(page * PAGE, (page + 1) * PAGE):
            self.refresh()

    def mark(self, broken: frozenset[int]) -> None:
        """Mark the events that verification found something at."""
        self._broken = broken
        self._strips.clear()
        self.refresh()

    def go(self, seq: int) -> None:
        """Put the cursor on an event; where it is not shown, on the next that is."""
        self._go(seq if self._seqs is None else bisect_left(self._seqs, seq))

    def move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self._go(self._row + rows)

    def _go(self, row: int) -> None:
        if not self.size_shown:
            self._row = -1
            return
        before = self._row
        self._row = min(max(row, 0), self.size_shown - 1)
        for each in {before, self._row}:
            self._strips.pop(each, None)
            if self._in_sight(each, each + 1):
                self.refresh_line(each)
        self.scroll_to_region(Region(0, self._row, 1, 1), animate=False, force=True)
        self._look_ahead()
        if self.cursor != self._told:
            self._tell()

    def _in_sight(self, first: int, stop: int) -> bool:
        top = self.scroll_offset.y
        return first < top + self.size.height and stop > top

    def _look_ahead(self) -> None:
        """Ask for the pages around what is in sight, the nearest first, so that scrolling does not wait for them."""
        top = self.scroll_offset.y
        first, last = max(top - AHEAD, 0), min(top + self.size.height + AHEAD, self.size_shown) - 1
        for page in sorted(range(first // PAGE, last // PAGE + 1), key=lambda page: abs(page - self._row // PAGE)):
            self._need(page)

    def _need(self, page: int) -> None:
        if page not in self._pages and page not in self._wanted:
            self._wanted.add(page)
            self.post_message(self.Lacks(page))

    def _tell(self) -> None:
        """Say where the cursor is: now, or once it rests."""
        now = monotonic()
        before, self._moved = self._moved, now
        if now - before >= REST_SECONDS and not self._moving:
            self._told = self.cursor
            self.post_message(self.Moved(self.cursor))
        elif not self._moving:
            self._moving = True
            self.run_worker(self._rest(), group="rest", exit_on_error=False)

    async def _rest(self) -> None:
        """Wait until the cursor rests, and say where."""
        while (left := self._moved + REST_SECONDS - monotonic()) > 0:
            await asyncio.sleep(left)
        self._moving = False
        if self.cursor != self._told:
            self._told = self.cursor
            self.post_message(self.Moved(self.cursor))

    def action_down(self) -> None:
        """One event down."""
        self.move(1)

    def action_up(self) -> None:
        """One event up."""
        self.move(-1)

    def action_page_down(self) -> None:
        """One page down."""
        self.move(max(self.size.height - 1, 1))

    def action_page_up(self) -> None:
        """One page up."""
        self.move(-max(self.size.height - 1, 1))

    def action_top(self) -> None:
        """To the first event."""
        self._go(0)

    def action_bottom(self) -> None:
        """To the last event."""
        self._go(self.size_shown - 1)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor."""
        spot = event.get_content_offset(self)
        if spot is not None and spot.x < self.size.width - 1:
            self._go(spot.y + self.scroll_offset.y)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The bar is taken hold of."""
        if event.x >= self.size.width - 1:
            self.capture_mouse()
            self._go(pointed(event.y, self.size.height, self.size_shown))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The bar is drawn along."""
        if self.app.mouse_captured is self:
            self._go(pointed(event.y, self.size.height, self.size_shown))

    def on_mouse_up(self) -> None:
        """The bar is let go."""
        self.release_mouse()

    def on_resize(self) -> None:
        """Another width, other lines."""
        self._strips.clear()
        self.virtual_size = Size(self.size.width, self.size_shown)
        self.call_after_refresh(lambda: self._go(self._row))

    def notify_style_update(self) -> None:
        """Another theme, another look."""
        self._strips.clear()
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines in sight as they are. The toolkit would build each anew for borders, padding and opacity, of which a log
        has none: these belong to the pane around it."""
        height, width, top = self.size.height, self.size.width - 1, self.scroll_offset.y
        glyphs = getattr(self.app, "glyphs", UNICODE)
        bar, rest = (self.brush.strip(((sign, "edge"),), 1) for sign in (glyphs.bar, " "))
        marked = thumb(height, self.size_shown, top)
        lines = [Strip.join((self._line(top + y, width), bar if y in marked else rest)) for y in crop.line_range]
        for each in self.get_line_filters():
            if not isinstance(each, ANSIToTruecolor):  # the palettes' colours are true
                lines = [line.apply_filter(each, self.background_colors[1]) for line in lines]
        return lines if (crop.x, crop.right) == (0, width + 1) else [line.crop(crop.x, crop.right) for line in lines]

    def _line(self, row: int, width: int) -> Strip:
        """One row; a page that is not held is asked for."""
        found = self._strips.get(row)
        if found is not None:
            return found
        if row >= self.size_shown:
            return self.brush.blank(width)
        number, offset = divmod(row, PAGE)
        rows = self._pages.get(number)
        self._need(number)
        seq = row if self._seqs is None else self._seqs[row]
        known = rows is not None and offset < len(rows)
        line = (
            entry_line(rows[offset], width, seq in self._broken, self._digits)
            if rows and known
            else blank_line(seq, width, self._digits)
        )
        if row == self._row:
            line = pointed_at(line, getattr(self.app, "glyphs", UNICODE))
        strip = self.brush.strip(line, width)
        if known:
            if len(self._strips) > 2_000:
                self._strips.clear()
            self._strips[row] = strip
        return strip
