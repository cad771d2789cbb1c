"""A list whole, above a screen: what was too long for it, or one of its rows in words."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from app.tui.draw.picture import Line
from app.tui.draw.sections import Section
from app.tui.screens.modal import Box
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

Told = Callable[[Hashable, int], tuple[Line, ...]]
"""What a row stands for, in words of so many cells."""


class WholeScreen(Box[Hashable]):
    """Shows sections; what is chosen is handed back. ``told`` says more of the row under the cursor."""

    BINDINGS = [("enter,l,right", "choose", "open"), ("h,left,q", "close", "leave")]  # noqa: RUF012  (the toolkit's convention)
    DEFAULT_CSS = """
    WholeScreen > #box { width: 112; max-width: 100%; height: 90%; max-height: 100%; }
    WholeScreen #cells { height: 1fr; }
    WholeScreen Lister { height: 1fr; }
    WholeScreen #told { height: 8; max-height: 40%; border-top: solid $border; }
    WholeScreen.-ascii #told { border-top: ascii $border; }
    """

    def __init__(
        self, title: str, sections: Sequence[Section], *, choose: Hashable | None = None, told: Told | None = None
    ) -> None:
        super().__init__(title, "j k move   l opens   esc leaves")
        self._sections = sections
        self._choose = choose
        self._told = told

    def inside(self) -> ComposeResult:
        """The list, and below it one row in words."""
        with Vertical(id="cells"):
            yield Lister()
            if self._told is not None:
                yield Paper(id="told")

    def on_mount(self) -> None:
        """Show it."""
        lister = self.query_one(Lister)
        lister.show(self._sections, self._choose)
        lister.focus()

    def on_lister_moved(self, event: Lister.Moved) -> None:
        """Another row: its words."""
        told = self._told
        if told is not None:
            self.query_one("#told", Paper).show(lambda cells, _: told(event.value, cells))

    def on_lister_chosen(self, event: Lister.Chosen) -> None:
        """Hand it back."""
        self.dismiss(event.value)

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        self.query_one(Lister).choose()
