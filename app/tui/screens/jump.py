"""After ``g``: which letter shows what the cursor stands on elsewhere."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from app.tui.draw.clip import clip
from app.tui.draw.picture import Line
from app.tui.screens.catalogue import CATALOGUE
from app.tui.widgets.paper import Paper


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
    """``g  l lineage  e audit …  of fx-vol@3``: the subject has what room is left."""
    runs: list[tuple[str, str]] = [(" g ", "playhead")]
    used = 3
    for entry in CATALOGUE:
        size = len(entry.name) + 4
        if used + size > cells:
            break
        runs += [(f" {entry.letter}", "key"), (f" {entry.name.lower()} ", "muted")]
        used += size
    return (*runs, (clip(f"  of {subject}", cells - used), "muted"))
