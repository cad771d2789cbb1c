"""What opens above a screen: a box in the middle that ``escape`` always leaves."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from app.tui.draw.clip import titled
from app.tui.draw.glyphs import UNICODE
from app.tui.widgets.paper import Paper

Result = TypeVar("Result")


class Box(ModalScreen[Result | None], Generic[Result]):
    """A framed box; a subclass fills it. Leaving it gives None."""

    BINDINGS: ClassVar[list[Any]] = [("escape", "close", "leave")]
    DEFAULT_CSS = """
    Box { align: center middle; background: $background 60%; }
    Box > #box { width: 84; max-width: 96%; height: auto; max-height: 90%; background: $surface; padding: 0 1;
                 border: round $accent; border-title-color: $accent; border-title-style: bold;
                 border-subtitle-color: $muted; }
    Box Paper { height: auto; max-height: 1fr; }
    Box Input { border: none; height: 1; padding: 0 1; background: $panel; }
    """

    def __init__(self, title: str, leaves: str = "esc leaves") -> None:
        super().__init__()
        self._title = title
        self._leaves = leaves

    def compose(self) -> ComposeResult:
        """The box and what is in it."""
        with Vertical(id="box") as box:
            box.border_title = titled(self._title)
            box.border_subtitle = self._leaves
            yield from self.inside()

    def on_screen_resume(self) -> None:
        """Plain borders where the terminal has no others; the keys of the screen below stand aside for the box's own."""
        self.set_class(getattr(self.app, "glyphs", UNICODE).name == "ascii", "-ascii")
        below = getattr(self.app, "current", None)
        if below is not None:
            below.stand_aside(self._leaves)

    def inside(self) -> ComposeResult:
        """The box's widgets."""
        raise NotImplementedError

    def action_close(self) -> None:
        """Leave, with nothing done."""
        self.dismiss(None)


class Note(Paper):
    """A few lines of text that take the room they need."""

    DEFAULT_CSS = "Note { height: auto; }"

    def __init__(self, text: str, style: str = "", *, id: str | None = None) -> None:  # noqa: A002  (toolkit's word)
        super().__init__(id=id)
        self._text = text
        self._style = style

    def on_mount(self) -> None:
        """Show the text."""
        self.say(self._text, self._style)

    def say(self, text: str, style: str = "") -> None:
        """Show another text."""
        from app.tui.draw.clip import wrap

        self._text, self._style = text, style
        self.show(lambda cells, _: tuple(((line, style),) for line in wrap(text, cells)))
        self.refresh(layout=True)

    def get_content_height(self, container: Any, viewport: Any, width: int) -> int:
        """As many rows as the text takes at this width."""
        from app.tui.draw.clip import wrap

        return len(wrap(self._text, max(width, 2)))
