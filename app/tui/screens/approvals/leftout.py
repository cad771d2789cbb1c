"""Before several are signed: which of them cannot be, each by its name and with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult

from app.tui.draw.clip import wrap
from app.tui.draw.glyphs import UNICODE
from app.tui.draw.picture import Line
from app.tui.screens.modal import Box, Note
from app.tui.widgets.paper import Paper


class LeftOutScreen(Box[bool]):
    """Says what is left out; ``enter`` goes on with the rest, where there is any."""

    BINDINGS: ClassVar[list[Any]] = [
        ("enter", "go_on", "go on with the others"),
        ("j,down,pagedown", "scroll(3)", "further down"),
        ("k,up,pageup", "scroll(-3)", "further up"),
    ]
    DEFAULT_CSS = "LeftOutScreen Paper#left-out { height: auto; max-height: 14; margin: 1 0 0 0; }"

    def __init__(self, verdict: str, left_out: Sequence[tuple[str, str]], others: int) -> None:
        """Args: what would be signed, the names and reasons of what is left out, and how many others there are."""
        super().__init__(f"{len(left_out)} left out", f"{'enter goes on   ' if others else ''}j k scroll   esc leaves")
        self._verdict = verdict
        self._left_out = left_out
        self._others = others

    def inside(self) -> ComposeResult:
        """What can be signed, and what not."""
        total = len(self._left_out) + self._others
        yield Note(f"To {self._verdict}: of {total} marked, {self._others or 'none'} can be signed by you.", "strong")
        paper = Paper(id="left-out")
        paper.styles.height = min(len(self._lines(76)), 14)
        paper.show(lambda cells, _: self._lines(cells))
        yield paper

    def _lines(self, cells: int) -> tuple[Line, ...]:
        glyphs = getattr(self.app, "glyphs", UNICODE)
        lines: list[Line] = []
        for name, why in self._left_out:
            parts = wrap(name, max(cells - 4, 10))
            lines += [((f" {glyphs.bad if n == 0 else ' '} ", "warn"), (part, "")) for n, part in enumerate(parts)]
            lines += [((f"     {part}", "muted"),) for part in wrap(why, max(cells - 6, 10))]
        return tuple(lines)

    def action_go_on(self) -> None:
        """With the others."""
        if self._others:
            self.dismiss(True)

    def action_scroll(self, rows: int) -> None:
        """Scroll the list."""
        self.query_one("#left-out", Paper).scroll_relative(y=rows, animate=False)
