"""A widget that shows a drawing: anything that makes lines out of a size."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from app.tui.draw.picture import Line, Picture
from app.tui.widgets.brush import Brushed

Draw = Callable[[int, int], Picture]
"""From a width and a height in cells to lines; more lines than the height are scrolled."""


READING: Line = ((" reading …", "muted"),)
"""What stands in a pane until there is something to show."""


class Paper(ScrollView, Brushed, can_focus=False):
    """Shows what :meth:`show` is given, drawn anew whenever the size or the theme changes."""

    DEFAULT_CSS = "Paper { overflow-x: hidden; scrollbar-size-vertical: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  (the toolkit's word)
        super().__init__(id=id, classes=classes)
        self._draw: Draw | None = None
        self._lines: Picture = ()
        self._strips: dict[int, Strip] = {}

    def show(self, draw: Draw) -> None:
        """Show a drawing from now on."""
        if self._draw is None:
            self._strips.clear()
            self.refresh()
        self._draw = draw
        self.redraw()

    def redraw(self) -> None:
        """Draw again: what the drawing tells of has changed."""
        width, height = self.content_size
        if self._draw is None or width <= 0 or height <= 0:
            return
        lines = self._draw(width, height)
        if len(lines) > height:
            lines = self._draw(width - 1, height)
        before, self._lines = self._lines, lines
        if len(before) == len(lines) and self.virtual_size == (width, len(lines)):
            self._repaint(y for y, (old, new) in enumerate(zip(before, lines, strict=True)) if old != new)
            return
        self._strips.clear()
        self._extend(Size(width, len(lines)))
        self.refresh()

    def _extend(self, size: Size) -> None:
        """So much can be scrolled from now on. The toolkit would lay out the whole screen for that; a paper keeps its place,
        but where its height is its drawing's."""
        if self.styles.is_auto_height:
            self.virtual_size = size
        elif size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)

    def _repaint(self, changed: Iterable[int]) -> None:
        """Draw some lines again: where a few of many change several times a second, the others cost nothing."""
        top, (width, height) = self.scroll_offset.y, self.size
        for y in changed:
            self._strips.pop(y, None)
            if 0 <= y - top < height:
                self.refresh(Region(0, y - top, width, 1))

    def on_resize(self) -> None:
        """Another size, another picture."""
        self.redraw()

    def notify_style_update(self) -> None:
        """Another theme, another look."""
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """One line as the toolkit wants it."""
        row = y + self.scroll_offset.y
        found = self._strips.get(row)
        if found is None:
            line = self._lines[row] if row < len(self._lines) else ()
            if self._draw is None and row == 0 and self.has_class("pane"):
                line = READING
            found = self._strips[row] = self.brush.strip(line, self.size.width)
        return found
