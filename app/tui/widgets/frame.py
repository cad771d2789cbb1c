"""The lines around every screen: header, ruler, keys."""

from __future__ import annotations

from textual import events
from textual.strip import Strip

from app.tui.draw import frame, ruler
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line
from app.tui.messages import WentTo
from app.tui.widgets.brush import Brushed


class _Lines(Brushed, can_focus=False):
    """Fixed lines that are computed when painted: nothing is kept that could be stale."""

    def lines(self, cells: int) -> tuple[Line, ...]:
        """The lines at this width."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """One line as the toolkit wants it."""
        cells = self.size.width
        drawn = self.lines(cells)
        return self.brush.strip(drawn[y] if y < len(drawn) else (), cells)

    @property
    def glyphs(self) -> Glyphs:
        """The signs that this terminal can show."""
        return getattr(self.app, "glyphs", UNICODE)


class Header(_Lines):
    """The ledger and how far it is proven; the screens."""

    DEFAULT_CSS = "Header { height: 2; dock: top; background: $surface; }"

    def __init__(self) -> None:
        super().__init__()
        self._status = frame.Status()
        self._tabs: tuple[tuple[str, str, int], ...] = ()
        self._here = ""

    def show(self, status: frame.Status, tabs: tuple[tuple[str, str, int], ...], here: str) -> None:
        """Show another state."""
        if (status, tabs, here) != (self._status, self._tabs, self._here):
            self._status, self._tabs, self._here = status, tabs, here
            self.refresh()

    def lines(self, cells: int) -> tuple[Line, ...]:
        """Both lines."""
        return frame.status(self._status, cells, self.glyphs), frame.tabs(self._tabs, self._here, cells)

    def on_click(self, event: events.Click) -> None:
        """A click on a screen's name opens it."""
        if event.y != 1:
            return
        x, key = 0, ""
        for text, _ in frame.tabs(self._tabs, self._here, self.size.width):
            if text.strip(" []")[:1].isdigit():
                key = text.strip(" []")[:1]
            if x <= event.x < x + len(text) and text.strip():
                self.app.run_worker(self.app.run_action(f"screen({key!r})"))
                return
            x += len(text)


class RulerBar(_Lines):
    """The time ruler; a click goes to the day."""

    DEFAULT_CSS = "RulerBar { height: 1; background: $surface; }"

    def __init__(self) -> None:
        super().__init__()
        self._ruler = ruler.Ruler(said="…")

    def show(self, shown: ruler.Ruler) -> None:
        """Show other days, or another moment."""
        if shown != self._ruler:
            self._ruler = shown
            self.refresh()

    def lines(self, cells: int) -> tuple[Line, ...]:
        """The ruler's line."""
        return (ruler.draw(self._ruler, cells, self.glyphs),)

    def on_click(self, event: events.Click) -> None:
        """Go to the day under the pointer."""
        scale = ruler.scaled(self._ruler, self.size.width)
        day = scale.day(event.x) if scale else None
        if day is not None:
            self.post_message(WentTo(day.isoformat()))


class KeyLine(_Lines):
    """The keys that work here; for a while, what was just noticed."""

    DEFAULT_CSS = "KeyLine { height: 1; background: $surface; }"
    SECONDS = 8.0

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[tuple[str, str, bool], ...] = ()
        self._always: tuple[tuple[str, str, bool], ...] = ()
        self._filter = ""
        self._instead: str | None = None
        self._notice: tuple[str, str] | None = None
        self._round = 0

    def show(
        self, keys: tuple[tuple[str, str, bool], ...], always: tuple[tuple[str, str, bool], ...], narrowed: str = ""
    ) -> None:
        """Show other keys, after the filter that is active."""
        if (keys, always, narrowed) != (self._keys, self._always, self._filter):
            self._keys, self._always, self._filter = keys, always, narrowed
            self.refresh()

    def stand_aside(self, instead: str | None) -> None:
        """Show the keys of what is open above the screen, in words; with ``None`` the screen's own again."""
        if instead != self._instead:
            self._instead = instead
            self.refresh()

    def notice(self, text: str, style: str) -> None:
        """Say something for a while in the keys' place."""
        self._notice = (text, style)
        self._round += 1
        mine = self._round
        self.set_timer(self.SECONDS, lambda: self._quiet(mine))
        self.refresh()

    @property
    def said(self) -> str:
        """What is being noticed, or nothing."""
        return self._notice[0] if self._notice else ""

    def hush(self) -> None:
        """Say nothing any more."""
        if self._notice is not None:
            self._notice = None
            self.refresh()

    def _quiet(self, mine: int) -> None:
        if mine == self._round:
            self.hush()

    def lines(self, cells: int) -> tuple[Line, ...]:
        """The line: the filter that is active; then what is noticed, else keys."""
        from app.tui.draw.clip import clip
        from app.tui.draw.picture import measure

        narrowed = frame.narrowed(self._filter, cells, self.glyphs)
        room = cells - measure(narrowed)
        if self._notice is not None:
            text, style = self._notice
            signs = {"ok": self.glyphs.ok, "bad": self.glyphs.bad, "warn": self.glyphs.warn}
            sign = f" {signs.get(style, self.glyphs.dot)} "
            return ((*narrowed, (sign, style), (clip(text, max(room - 4, 0)), style)),)
        if self._instead is not None:
            return ((*narrowed, (clip(f" {self._instead}", max(room - 1, 0)), "muted")),)
        return ((*narrowed, *frame.hints(self._keys, room, self._always)),)
