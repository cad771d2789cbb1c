"""The keys of a screen, each with what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult

from app.tui.draw.clip import fit, wrap
from app.tui.draw.picture import Line
from app.tui.keys import EVERYWHERE, MOVING, Key
from app.tui.screens.catalogue import CATALOGUE
from app.tui.screens.modal import Box
from app.tui.widgets.paper import Paper

if TYPE_CHECKING:
    from app.tui.screens.page import Page


class HelpScreen(Box[None]):
    """What the screen answers and what its keys do; a key that cannot work now says why."""

    BINDINGS: ClassVar[list[Any]] = [
        ("question_mark,q,enter", "close", "leave"),
        ("j,down", "scroll(1)", "down"),
        ("k,up", "scroll(-1)", "up"),
        ("pagedown,space", "scroll(12)", "page down"),
        ("pageup", "scroll(-12)", "page up"),
    ]
    DEFAULT_CSS = "HelpScreen #box { height: 90%; } HelpScreen Paper { height: 1fr; }"

    def __init__(self, page: Page) -> None:
        super().__init__(f"Help: {page.NAME}", "j k scroll   esc leaves")
        self._page = page

    def inside(self) -> ComposeResult:
        """One scrolled paper."""
        paper = Paper(id="help")
        paper.show(lambda cells, _: lines(self._page, cells))
        yield paper

    def action_scroll(self, rows: int) -> None:
        """Scroll by some lines."""
        self.query_one(Paper).scroll_relative(y=rows, animate=False)


def lines(page: Page, cells: int) -> tuple[Line, ...]:
    """The help's text."""
    answers = next((entry.answers for entry in CATALOGUE if entry.name == page.NAME), "")
    found: list[Line] = [((line, "strong"),) for line in wrap(answers, cells)]
    screens = tuple(Key(entry.key, "", f"{entry.name}: {entry.answers}") for entry in CATALOGUE)
    for title, keys in (
        ("On this screen", page.KEYS), ("In lists", MOVING), ("Screens", screens), ("Everywhere", EVERYWHERE),
    ):  # fmt: skip
        found += [(), ((title, "title"),)]
        for key in keys:
            label = " ".join(_all(key))
            why = page.why(key.action) if keys is page.KEYS else ""
            words = wrap(key.help + (f" — not now: {why}" if why else ""), cells - 16)
            found.append(
                ((fit(label, 14, "right"), "faint" if why else "key"), ("  ", ""), (words[0], "muted" if why else ""))
            )
            found += [((" " * 16, ""), (word, "muted" if why else "")) for word in words[1:]]
    return tuple(found)


def _all(key: Key) -> list[str]:
    return Key(key.keys, key.action, key.help).label.split()
