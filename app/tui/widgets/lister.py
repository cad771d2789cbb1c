"""A list in sections with a cursor on the rows that can be chosen."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from app.filters import Filter
from app.tui.draw.picture import Line
from app.tui.draw.sections import Drawn, Section, compare, draw, narrow
from app.tui.keys import MOVING
from app.tui.widgets.brush import Brushed
from app.tui.widgets.paper import READING


class Lister(ScrollView, Brushed, can_focus=True):
    """Shows sections; j and k move between rows that stand for something, ``enter`` chooses."""

    DEFAULT_CSS = "Lister { overflow-x: hidden; scrollbar-size-vertical: 1; }"
    BINDINGS = [key.binding() for key in MOVING]  # noqa: RUF012  (the toolkit's convention)

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        lister: Lister
        value: Hashable

        @property
        def control(self) -> Lister:
            """Who says it."""
            return self.lister

    @dataclass
    class Chosen(Message):
        """A row was chosen."""

        lister: Lister
        value: Hashable

        @property
        def control(self) -> Lister:
            """Who says it."""
            return self.lister

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  (the toolkit's word)
        super().__init__(id=id, classes=classes)
        self._sections: Sequence[Section] = ()
        self._narrowed = Filter()
        self._drawn = Drawn()
        self._at: int | None = None
        self._wanted: Hashable | None = None
        self._told = False

    @property
    def value(self) -> Hashable | None:
        """What the row under the cursor stands for."""
        return self._drawn.values[self._at] if self._at is not None and self._at < len(self._drawn.values) else None

    def holds(self, value: Hashable) -> bool:
        """Whether a row stands for the value."""
        return value in self._drawn.values

    def show(
        self,
        sections: Sequence[Section],
        choose: Hashable | None = None,
        before: Sequence[Section] | None = None,
    ) -> None:
        """Show other sections, or what differs in them from ``before``.

        The cursor stays on what it stood on, or goes to ``choose``, else to the first row.
        """
        self._told = True
        sections = sections if before is None else compare(before, sections)
        wanted = choose if choose is not None else self.value
        self._wanted = wanted
        old = self._at or 0
        if sections != self._sections or not self._drawn.lines:
            self._sections = sections
            self._layout_lines()
        rows = self._rows()
        found = next((y for y in rows if self._drawn.values[y] == wanted), None) if wanted is not None else None
        if found is None and rows:
            found = min(rows, key=lambda y: abs(y - old)) if wanted is not None else rows[0]
        self._put(found, tell=True)

    def narrow(self, narrowed: Filter) -> None:
        """Show only the rows that pass a filter."""
        if narrowed != self._narrowed:
            self._narrowed = narrowed
            self._layout_lines()
            self.show(self._sections)

    def _layout_lines(self) -> None:
        width, height = self.content_size
        if width <= 0:
            return
        sections = [narrow(each, self._narrowed) for each in self._sections] if self._narrowed.terms else self._sections
        # Where the rows alone are too many there will be a scrollbar, and nothing need be drawn twice.
        many = sum(len(each.rows) for each in sections) > height
        drawn = draw(sections, width - many)
        if len(drawn.lines) > height and not many:
            drawn = draw(sections, width - 1)
        self._drawn = drawn
        self.virtual_size = Size(width, len(drawn.lines))
        self.refresh()

    def on_resize(self) -> None:
        """Another width, other columns; the rows keep their lines."""
        first = not self._drawn.lines
        self._layout_lines()
        if first and self._sections:
            rows = self._rows()
            wanted = (y for y in rows if self._drawn.values[y] == self._wanted)
            self._put(next(wanted, rows[0] if rows else None), tell=True)

    def _rows(self) -> list[int]:
        return [y for y, value in enumerate(self._drawn.values) if value is not None]

    def _put(self, row: int | None, *, tell: bool = True) -> None:
        self._at = row
        self.refresh()
        if row is None:
            return
        self.scroll_to_region(Region(0, max(row - 1, 0), 1, 3), animate=False, force=True)
        if tell and self.value is not None:
            self.post_message(self.Moved(self, self.value))

    def _go(self, steps: int) -> None:
        rows = self._rows()
        if not rows:
            return
        here = next((n for n, y in enumerate(rows) if self._at is not None and y >= self._at), 0)
        self._put(rows[min(max(here + steps, 0), len(rows) - 1)])

    def action_down(self) -> None:
        """One row down."""
        self._go(1)

    def action_up(self) -> None:
        """One row up."""
        self._go(-1)

    def action_page_down(self) -> None:
        """One page down."""
        self._go(max(self.size.height - 2, 1))

    def action_page_up(self) -> None:
        """One page up."""
        self._go(-max(self.size.height - 2, 1))

    def action_top(self) -> None:
        """To the first row."""
        self._go(-len(self._drawn.values))

    def action_bottom(self) -> None:
        """To the last row."""
        self._go(len(self._drawn.values))

    def choose(self) -> None:
        """Choose the row under the cursor."""
        if self.value is not None:
            self.post_message(self.Chosen(self, self.value))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one chooses."""
        spot = event.get_content_offset(self)
        row = -1 if spot is None else spot.y + self.scroll_offset.y
        if not (0 <= row < len(self._drawn.values)) or self._drawn.values[row] is None:
            return
        if row == self._at:
            self.choose()
        else:
            self._put(row)

    def render_line(self, y: int) -> Strip:
        """One line as the toolkit wants it."""
        row = y + self.scroll_offset.y
        line: Line = self._drawn.lines[row] if row < len(self._drawn.lines) else ()
        if not self._told and row == 0 and self.has_class("pane"):
            line = READING
        if row == self._at and line:
            sign = self.app.glyphs.pointer if hasattr(self.app, "glyphs") else ">"
            line = tuple((text, f"{style}!") for text, style in line)
            line = ((f" {sign} ", "key!"), (line[0][0][3:], line[0][1]), *line[1:])
        return self.brush.strip(line, self.size.width)
