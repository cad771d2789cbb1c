"""From a drawing's lines to the toolkit's, in a widget's theme and the terminal's signs."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from app.tui import theme
from app.tui.draw.clip import to_ascii, width
from app.tui.draw.glyphs import UNICODE
from app.tui.draw.picture import Line


class Brush:
    """Paints lines on a widget's ground. What the widget looks like is asked for once: make another when its style changes."""

    def __init__(self, widget: Widget) -> None:
        """Args: the widget, mounted."""
        app = widget.app
        self._base = widget.rich_style
        self._palette = theme.nearest(app.theme, dark=app.current_theme.dark)
        self._ascii = getattr(app, "glyphs", UNICODE).name == "ascii"

    def strip(self, line: Line, cells: int) -> Strip:
        """The line, filled up or cut to so many cells. A style's name that ends in ``!`` stands on the raised surface: the
        cursor."""
        segments, length = [], 0
        for text, name in line:
            selected = name.endswith("!")
            look = theme.style(name[:-1] if selected else name, self._palette, selected=selected)
            segments.append(Segment(to_ascii(text) if self._ascii else text, self._base + look))
            length += width(text)
        return Strip(segments, length).adjust_cell_length(cells, self._base)

    def blank(self, cells: int) -> Strip:
        """Nothing, so many cells wide."""
        return Strip.blank(cells, self._base)


class Brushed(Widget):
    """A widget that paints its lines itself; a theme that changes gives it another brush. It stands behind a widget's other
    bases: the toolkit takes the looks of the first one alone."""

    _brush: Brush | None = None

    @property
    def brush(self) -> Brush:
        """What paints the lines; made when it is first asked for, since looks are known to the toolkit only then."""
        if self._brush is None:
            self._brush = Brush(self)
        return self._brush

    def notify_style_update(self) -> None:
        """Another theme, another look."""
        self._brush = None
        super().notify_style_update()
