"""The map of the chain beside the log: walking it, looking at a range of events alone, at what checkpoints bracket."""

from __future__ import annotations

from functools import partial
from typing import Any

from app.tui.screens.audit.chainpane import ChainPane
from app.tui.screens.audit.eventlog import EventLog
from app.tui.screens.audit.queries import breaks
from app.tui.screens.audit.queries.stories import bracketed
from app.tui.screens.audit.verified import Verified

AROUND = 500
"""As many events on both sides of the cursor are offered as a range."""


class Charted(Verified):
    """A page with a log and the map of a verification."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: int | None = None

    @property
    def log_pane(self) -> EventLog:
        """The log."""
        return self.query_one(EventLog)

    @property
    def on_map(self) -> bool:
        """Whether keys that move move on the map."""
        return self.query_one(ChainPane).has_focus

    @property
    def total(self) -> int:
        """How many events there are, as of the playhead."""
        known = self.dashboard.standing
        return known.at + 1 if known is not None else 0

    def action_switch(self) -> None:
        """The focus to the map, or to the log."""
        if self.barred("switch"):
            return
        to_map = not self.on_map
        if to_map:
            self.query_one(ChainPane).point(self.log_pane.cursor)
        (self.query_one(ChainPane) if to_map else self.log_pane).focus()
        self.call_after_refresh(self.rekey)

    def action_cell(self, cells: int) -> None:
        """Move on the map."""
        if not self.barred("cell"):
            self.query_one(ChainPane).move(across=cells)

    def on_chain_pane_pointed(self, event: ChainPane.Pointed) -> None:
        """Say what the cell under the cursor holds."""
        if not self.on_map or event.first == event.end:
            return
        inside = sum(1 for each in self.broken if event.first <= each < event.end)
        said = (
            f"event {event.first:,}" if event.end - event.first == 1 else f"events {event.first:,} to {event.end - 1:,}"
        )
        count = f" · {inside:,} broken" if inside else ""
        self.query_one("#map").border_subtitle = f"{said}{count} · ⏎ goes there"

    def action_zoom(self, steps: int) -> None:
        """Fewer events, or more, around the map's cursor."""
        if not self.barred("zoom"):
            self.limit(self.query_one(ChainPane).closer(steps))

    def action_range(self) -> None:
        """Ask which events to show."""
        from app.tui.screens.prompt import PromptScreen

        here, size = self.log_pane.cursor, self.total
        offered = self.query_one(ChainPane).cell if self.on_map else (max(here - AROUND, 0), min(here + AROUND, size))
        first, stop = self.shown or offered
        says = f"first and last event, 0 to {size - 1:,}; nothing shows all"
        check = partial(_no_range, size=size)
        self.app.push_screen(PromptScreen("Range", says, value=f"{first} {stop - 1}", check=check), self._ranged)

    def _ranged(self, text: str | None) -> None:
        if text is not None:
            self.limit(_range_of(text) if text.strip() else None)

    def limit(self, shown: tuple[int, int] | None) -> None:
        """Show these events alone, on the map and in the log."""
        self.shown = shown
        title = "Verification" if shown is None else f"Verification: events {shown[0]:,} to {shown[1] - 1:,}"
        self.query_one("#map").border_title = title
        if self.wanted is None:
            self.wanted = self.query_one(ChainPane).spot if self.on_map else self.log_pane.cursor
        self.paint()
        self.load()
        if self.on_map:
            self.query_one(ChainPane).point(self.query_one(ChainPane).spot)

    def action_seek(self) -> None:
        """Ask for an event's number."""
        from app.tui.screens.prompt import PromptScreen

        says = f"an event's number, 0 to {self.total - 1:,}"
        self.app.push_screen(PromptScreen("Seek", says, check=_no_number), self._seek)

    def _seek(self, text: str | None) -> None:
        if text:
            self.log_pane.go(int(text.strip().replace(",", "")))

    def action_bracket(self) -> None:
        """Ask what the checkpoints next to the cursor say, and show the events between them."""
        self.ask(
            "bracket", partial(breaks.brackets, seq=self.log_pane.cursor, size=self.total), self._bracketed, at=None
        )

    def _bracketed(self, seals: Any) -> None:
        before, after = seals
        start = 0 if before is None else before.size
        stop = self.total if after is None else min(after.size, self.total)
        if start < stop:
            self.limit((start, stop))
        self.notice(bracketed(before, after), "ok" if all(each is None or each.agrees for each in seals) else "bad")


def _range_of(text: str) -> tuple[int, int]:
    """The first event, and one more than the last, of words such as ``500 999``, ``500-999`` or ``500 to 999``."""
    words = text.replace(",", "").replace("to", " ").replace("-", " ").replace("…", " ").split()
    return int(words[0]), int(words[1]) + 1


def _no_range(text: str, size: int) -> str:
    if not text.strip():
        return ""
    try:
        first, stop = _range_of(text)
    except (ValueError, IndexError):
        return "two numbers, such as 500 999"
    return "" if 0 <= first < stop <= size else f"the first comes before the last, and the last event is {size - 1:,}"


def _no_number(text: str) -> str:
    words = text.strip().replace(",", "")
    return "" if words.isdecimal() and len(words) < 16 else "a number, such as 1042"
