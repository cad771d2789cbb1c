"""What-if: criteria are supposed to be held, and judged by the same rules. Nothing is recorded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from app.tui.draw.clip import clip, titled
from app.tui.draw.glyphs import Glyphs
from app.tui.queries.maturity import TRACKS
from app.tui.screens.maturity.draw import whatif as draw
from app.tui.screens.maturity.queries import whatif
from app.tui.screens.maturity.queries.whatif import Option, WhatIf
from app.tui.screens.modal import Box
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

if TYPE_CHECKING:
    from app.tui.screens.judged import Judged

LEAVES = "space suppose  a to here  c none  hl track  y copy  JK scroll  esc leaves"


class WhatIfScreen(Box[None]):
    """Left what can be supposed, and what would record it; right what would follow."""

    BINDINGS: ClassVar[list[Any]] = [
        ("space,enter", "suppose", "suppose the criterion, or no longer"),
        ("a", "all", "suppose all up to this level"),
        ("c", "none", "suppose nothing"),
        ("h,left", "track(-1)", "the track to the left"),
        ("l,right", "track(1)", "the track to the right"),
        ("y", "copy", "copy what records it"),
        ("J", "scroll(3)", "what follows further down"),
        ("K", "scroll(-3)", "what follows further up"),
        ("q,w", "close", "leave"),
    ]
    DEFAULT_CSS = """
    WhatIfScreen > #box { width: 100%; height: 100%; max-height: 100%; max-width: 100%; border: round $warning;
                          border-title-color: $warning; padding: 0; }
    WhatIfScreen #cells { height: 1fr; layout: grid; grid-size: 2 2; grid-columns: 3fr 2fr; grid-rows: 1fr 10; }
    WhatIfScreen #supposable { width: 100%; height: 100%; }
    WhatIfScreen #option { width: 100%; height: 100%; max-height: 100%; border-top: solid $border; }
    WhatIfScreen #follows { width: 100%; height: 100%; max-height: 100%; row-span: 2; border-left: solid $border; }
    WhatIfScreen.-narrow #cells { grid-columns: 1fr 1fr; grid-rows: 2fr 3fr; }
    WhatIfScreen.-narrow #supposable { column-span: 2; }
    WhatIfScreen.-narrow #follows { row-span: 1; border-left: none; border-top: solid $border; }
    WhatIfScreen.-narrow #option { border-left: solid $border; }
    WhatIfScreen.-ascii #option { border-top: ascii $border; }
    WhatIfScreen.-ascii #follows { border-left: ascii $border; }
    WhatIfScreen.-ascii.-narrow #option { border-left: ascii $border; }
    WhatIfScreen.-ascii.-narrow #follows { border-left: none; border-top: ascii $border; }
    """

    def __init__(self, page: Judged, project: str, track: str) -> None:
        super().__init__("", LEAVES)
        self._page = page
        self._project = project
        self._track = TRACKS.index(track)
        self._at = page.dashboard.moment.at
        self._supposed: frozenset[str] = frozenset()
        self._found: WhatIf | None = None

    def inside(self) -> ComposeResult:
        """Options and one of them whole; what follows."""
        with Container(id="cells"):
            yield Lister(id="supposable")
            yield Paper(id="follows")
            yield Paper(id="option")

    def on_mount(self) -> None:
        """Ask."""
        self.supposable.focus()
        self._ask()

    def on_resize(self) -> None:
        """Narrow is a class that the style sheet uses."""
        self.set_class(self.app.size.width < 100, "-narrow")

    @property
    def glyphs(self) -> Glyphs:
        """The signs that this terminal can show."""
        return self._page.glyphs

    @property
    def supposable(self) -> Lister:
        """What can be supposed."""
        return self.query_one("#supposable", Lister)

    @property
    def option(self) -> Option | None:
        """The criterion under the cursor."""
        return None if self._found is None else self._found.option(self.supposable.value)

    def _ask(self) -> None:
        page, track, box = self._page, TRACKS[self._track], self.query_one("#box")
        box.border_subtitle = LEAVES
        box.border_title = titled(f"{draw.SAID}: what if, {track.upper()} of {clip(self._project, 48)}")
        query = partial(
            whatif.load, verified=page.dashboard.verdict, project=self._project, track=track, supposed=self._supposed
        )
        page.judge("whatif", partial(query, exact=not page.much), self._show, at=self._at)
        if page.much:
            page.surely("whatif", lambda: page.judge("whatif", query, self._show, at=self._at))

    def _show(self, found: WhatIf) -> None:
        if not self.is_attached:
            return
        self._found = found
        self.supposable.show(draw.options(found, self.glyphs))
        self.query_one("#follows", Paper).show(lambda cells, _: draw.follows(found, cells, self.glyphs))
        self._detail()

    def on_lister_moved(self) -> None:
        """Another criterion: what records it is shown."""
        self._detail()

    def _detail(self) -> None:
        one = self.option
        self.query_one("#option", Paper).show(
            lambda cells, _: () if one is None else draw.option(one, cells, self.glyphs)
        )

    def on_lister_chosen(self) -> None:
        """A second click supposes."""
        self.action_suppose()

    def action_suppose(self) -> None:
        """Suppose the criterion under the cursor, or no longer."""
        if self.option is not None:
            self._supposed ^= {self.option.id}
            self._ask()

    def action_all(self) -> None:
        """Suppose every criterion up to the level under the cursor; where all are, none of them."""
        if self._found is None or self.option is None:
            return
        every = {each.id for each in self._found.options if each.level <= self.option.level}
        self._supposed = self._supposed - every if every <= self._supposed else self._supposed | every
        self._ask()

    def action_none(self) -> None:
        """Suppose nothing."""
        self._supposed = frozenset()
        self._ask()

    def action_track(self, steps: int) -> None:
        """Another track of the project; what is supposed stays."""
        self._track = min(max(self._track + steps, 0), len(TRACKS) - 1)
        self._ask()

    def action_copy(self) -> None:
        """Copy what records the criterion, by OSC 52: one line for each element."""
        if self.option is not None:
            self.app.copy_to_clipboard("\n".join(self.option.does))
            lines = len(self.option.does)
            said = f"copied what records {self.option.id}{f', {lines} lines' if lines > 1 else ''}"
            self.query_one("#box").border_subtitle = titled(said)

    def action_scroll(self, rows: int) -> None:
        """Scroll what follows."""
        self.query_one("#follows", Paper).scroll_relative(y=rows, animate=False)
