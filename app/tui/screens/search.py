"""A line to type in, and under it what fits best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.widgets import Input

from app.tui import fuzzy
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column
from app.tui.screens.modal import Box
from app.tui.widgets.lister import Lister

MOST = 100


class Found(NamedTuple):
    """Something that can be chosen: what is handed back, its name, what it is, and a word on the right."""

    value: str
    name: str
    what: str = ""
    aside: str = ""


class SearchScreen(Box[str]):
    """Choose by typing; the arrows move in the list, ``enter`` chooses."""

    BINDINGS: ClassVar[list[Any]] = [
        ("down,ctrl+n", "move(1)", "next"),
        ("up,ctrl+b", "move(-1)", "previous"),
        ("pagedown", "move(10)", "further"),
        ("pageup", "move(-10)", "back"),
    ]
    DEFAULT_CSS = "SearchScreen Lister { height: 20; max-height: 60vh; margin: 1 0 0 0; background: $surface; }"
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("", least=30),
        Column("", least=8, rank=1, grows=True),
        Column("", rank=2),
    )

    def __init__(self, title: str, placeholder: str) -> None:
        super().__init__(title, "↑ ↓ move   ⏎ chooses   esc leaves")
        self._placeholder = placeholder
        self._items: Sequence[Found] | None = None

    def inside(self) -> ComposeResult:
        """The line and the list."""
        yield Input(placeholder=self._placeholder)
        results = Lister()
        results.can_focus = False
        yield results

    def offer(self, items: Sequence[Found]) -> None:
        """What there is to choose from."""
        self._items = items
        self._filter(self.query_one(Input).value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what fits."""
        self._filter(event.value)

    def _filter(self, query: str) -> None:
        if self._items is None:
            return
        found = fuzzy.best(query, self._items, lambda item: f"{item.name} {item.what}", MOST)
        rows = tuple(Row(((item.name, ""), (item.what, "muted"), (item.aside, "key")), item.value) for item in found)
        self.query_one(Lister).show(
            [Section("", self.COLUMNS, rows, empty="nothing fits")], rows[0].value if rows else None
        )

    def action_move(self, steps: int) -> None:
        """Move in the list while typing."""
        results = self.query_one(Lister)
        for _ in range(abs(steps)):
            results.action_down() if steps > 0 else results.action_up()

    def on_input_submitted(self) -> None:
        """Choose the row under the cursor."""
        value = self.query_one(Lister).value
        if isinstance(value, str):
            self.dismiss(value)

    def on_lister_chosen(self, event: Lister.Chosen) -> None:
        """Choose the row that was clicked."""
        if isinstance(event.value, str):
            self.dismiss(event.value)
