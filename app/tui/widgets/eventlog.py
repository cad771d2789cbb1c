"""The log: a million lines as one list, of which only the pages in sight are held."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from app.tui.draw.clip import fit
from app.tui.draw.picture import Line, fitted
from app.tui.keys import MOVING
from app.tui.queries.log import PAGE, Entry
from app.tui.widgets.paper import painted

HELD = 64
"""Pages held at once."""


class EventLog(ScrollView, can_focus=True):
    """Shows the events 0 to ``at``, or some of them, newest last; asks for the pages that it lacks by a message."""

    DEFAULT_CSS = "EventLog { overflow-x: hidden; scrollbar-size-vertical: 1; }"
    BINDINGS = [key.binding() for key in MOVING]  # noqa: RUF012  (the toolkit's convention)

    @dataclass
    class Lacks(Message):
        """A page came into sight that is not held."""

        page: int

    @dataclass
    class Moved(Message):
        """The cursor stands on another event."""

        seq: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (the toolkit's word)
        super().__init__(id=id)
        self.size_shown = 0
        self._row = -1
        self._told = -1
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
        self._strips.clear()
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
        before, stood = self._row, self._told
        self._row = min(max(row, 0), self.size_shown - 1)
        self._strips.pop(before, None)
        self._strips.pop(self._row, None)
        self.scroll_to_region(Region(0, self._row, 1, 1), animate=False, force=True)
        self.refresh()
        if self.cursor != stood:
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
        if spot is not None:
            self._go(spot.y + self.scroll_offset.y)

    def on_resize(self) -> None:
        """Another width, other lines."""
        self._strips.clear()
        self.virtual_size = Size(self.size.width, self.size_shown)
        self.call_after_refresh(lambda: self._go(self._row))

    def notify_style_update(self) -> None:
        """Another theme, another look."""
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """One line as the toolkit wants it; a page that is not held is asked for."""
        row = y + self.scroll_offset.y
        found = self._strips.get(row)
        if found is not None:
            return found
        base, width = self.rich_style, self.scrollable_content_region.width
        if row >= self.size_shown:
            return Strip.blank(width, base)
        number, offset = divmod(row, PAGE)
        rows = self._pages.get(number)
        if rows is None and number not in self._wanted:
            self._wanted.add(number)
            self.post_message(self.Lacks(number))
        seq = row if self._seqs is None else self._seqs[row]
        known = rows is not None and offset < len(rows)
        line = (
            entry_line(rows[offset], width, seq in self._broken, self._digits)
            if rows and known
            else _blank(seq, width, self._digits)
        )
        if row == self._row:
            line = tuple((text, f"{style}!") for text, style in line)
        strip = painted(line, base, self.app).adjust_cell_length(self.size.width, base)
        if known:
            if len(self._strips) > 2_000:
                self._strips.clear()
            self._strips[row] = strip
        return strip


def entry_line(entry: Entry, cells: int, broken: bool = False, digits: int = 9) -> Line:
    """One event in a line: its number in so many cells, when, what; the least needed goes first where there is little
    room."""
    style = "bad" if broken or entry.type in ("damaged", "missing") else _STYLES.get(entry.type.partition(".")[0], "")
    runs: list[tuple[str, str]] = [(f"{'X' if broken else ' '}{entry.seq:>{digits},}  ", "bad" if broken else "muted")]
    if cells >= 60:
        runs.append((fit(entry.at[:16].replace("T", " "), 16) + "  ", "muted"))
    if cells >= 100:
        runs.append((fit(entry.type, 20) + "  ", style))
    return fitted((*runs, (entry.sentence, "" if cells >= 100 and not broken else style)), cells)


def _blank(seq: int, cells: int, digits: int) -> Line:
    return fitted(((f" {seq:>{digits},}  ", "muted"), ("·", "faint")), cells)


_STYLES = {
    "alert": "alert", "approval": "wait", "promotion": "ok", "deployment": "ok", "gate": "wait", "run": "kind.run",
    "artifact": "kind.dataset", "alias": "kind.dataset", "ledger": "key", "key": "info", "access": "info",
    "owner": "info", "monitor": "muted", "check": "muted", "retraining": "impact", "document": "kind",
}  # fmt: skip
