"""After ``g``: which letter shows what the cursor stands on elsewhere."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from app.tui.draw.clip import clip
from app.tui.draw.picture import Line, fitted
from app.tui.screens.catalogue import CATALOGUE
from app.tui.widgets.paper import Paper

_SUBJECT = 16
"""Cells kept for what the jump is about."""


class JumpScreen(ModalScreen[str | None]):
    """One line at the bottom; the next key is a screen's letter, any other one leaves."""

    DEFAULT_CSS = """
    JumpScreen { align: center bottom; background: transparent; }
    JumpScreen Paper { height: 1; dock: bottom; background: $panel; }
    """

    def __init__(self, subject: str) -> None:
        super().__init__()
        self._subject = subject

    def compose(self) -> ComposeResult:
        """The line."""
        yield Paper()

    def on_mount(self) -> None:
        """Say what may be pressed."""
        self.query_one(Paper).show(lambda cells, _: (line(self._subject, cells),))

    def on_key(self, event: events.Key) -> None:
        """A screen's letter, or out."""
        event.stop()
        letters = {entry.letter: entry.key for entry in CATALOGUE}
        self.dismiss(letters.get(event.character or ""))


def line(subject: str, cells: int) -> Line:
    """``g  l lineage  e audit …  of fx-vol@3``: names are cut where there is little room, so that no letter is lost."""
    longest = max(len(entry.name) for entry in CATALOGUE)
    kept = next((most for most in range(longest, 0, -1) if _size(most) + _SUBJECT <= cells), 0)
    runs: list[tuple[str, str]] = [(" g ", "playhead")]
    for entry in CATALOGUE:
        runs += [(f" {entry.letter}", "key"), (f" {entry.name[:kept].lower()}", "muted")]
    return fitted((*runs, (clip(f"  of {subject}", max(cells - _size(kept), 0)), "muted")), cells)


def _size(most: int) -> int:
    """How wide the letters are, with at most so many characters of each name."""
    return 3 + sum(3 + min(len(entry.name), most) for entry in CATALOGUE)
