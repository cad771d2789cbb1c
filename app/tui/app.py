"""The dashboard: holds what all screens share, and moves between them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any, ClassVar

from textual.app import App
from textual.filter import LineFilter

from app.tui import theme
from app.tui.asciionly import AsciiOnly
from app.tui.clockwork import Clockwork
from app.tui.deciding import Deciding
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.gateway import Gateway
from app.tui.judging import Judge
from app.tui.jumping import Jumping
from app.tui.keeping import Keeping
from app.tui.keys import EVERYWHERE
from app.tui.messages import Failed, LedgerChanged, Noticed, Opened
from app.tui.screens.catalogue import BY_KEY, CATALOGUE
from app.tui.screens.page import Page
from app.tui.signing import Signing

SWITCH_SECONDS = 0.001
"""How long a worker that only computes, such as a verification, may keep a key waiting at each of its turns."""

FIRST = "1"
"""The screen at the bottom of the stack; every other stands upon it."""


class Dashboard(Clockwork, Deciding, Jumping, Keeping, App[int]):
    """One ledger on screen. ``me`` is who acts, or None with the reason in ``why_nobody``."""

    TITLE = "Assay"
    CSS_PATH: ClassVar[list[str | PurePath] | None] = ["app.tcss", "screens/overview/page.tcss"]
    """The first screen is up before screens load their own sheets, so its sheet is the application's."""
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[Any]] = set()
    BINDINGS: ClassVar[list[Any]] = [
        *(key.binding() for key in EVERYWHERE),
        *((entry.key, f"screen({entry.key!r})", entry.answers) for entry in CATALOGUE),
    ]

    def __init__(
        self,
        path: Path,
        *,
        root: Path,
        me: str | None = None,
        why_nobody: str = "",
        project: str = "",
        at: str | None = None,
        glyphs: Glyphs = UNICODE,
    ) -> None:
        super().__init__()
        for palette in theme.PALETTES.values():
            self.register_theme(theme.textual_theme(palette))
        self.theme = theme.DARK.name
        self.gateway = Gateway(path)
        self.judge = Judge(path, root)
        self.root = root
        self.me = me
        self.why_nobody = why_nobody
        self.project = project
        self.glyphs = glyphs
        self.begin_at = at
        self.signing = Signing(self._append)
        self._pages: dict[str, Page] = {}
        self._trail: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What our style sheets use and the toolkit's own themes do not have."""
        return {"muted": theme.PALETTES[theme.nearest(self.theme, dark=self.current_theme.dark)].colour("muted")}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without UTF-8 nothing but ASCII leaves, whoever drew it."""
        found = super().get_line_filters()
        return [*found, AsciiOnly()] if self.glyphs.name == "ascii" else found

    def get_default_screen(self) -> Page:
        """The first screen is up with the first frame."""
        return self.page(FIRST)

    def on_mount(self) -> None:
        """The ledger, after the first frame: watched, and asked for what every screen shows."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """After the first frame: what costs time."""
        sys.setswitchinterval(SWITCH_SECONDS)
        self.gateway.watch(self._changed)
        self.set_interval(0.25, self._tick)
        if self.begin_at is not None:
            self.seek(self.begin_at)
        self.restand()
        self.call_later(self.recall)

    def _changed(self) -> None:
        self.post_message(LedgerChanged())

    def on_unmount(self) -> None:
        """Remember what was shown; close the ledger."""
        self.keep()
        self.judge.close()
        self.gateway.close()

    def page(self, key: str) -> Page:
        """The screen with this number, made when first needed."""
        if key not in self._pages:
            made = self._pages[key] = BY_KEY[key].make()
            if key != FIRST:
                self.install_screen(made, f"page-{key}")
        return self._pages[key]

    @property
    def current(self) -> Page | None:
        """The numbered screen in view, under whatever is open above it."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Page)), None)

    async def action_screen(self, key: str) -> None:
        """Show the screen with this number."""
        here = self.current
        if here is None or key not in BY_KEY:
            return
        await self._close_boxes()
        if here is not self.page(key):
            self._trail.append(next(k for k, page in self._pages.items() if page is here))
            await self._show(key)

    async def _close_boxes(self) -> None:
        while len(self.screen_stack) > 1 and not isinstance(self.screen, Page):
            await self.pop_screen()

    async def _show(self, key: str) -> None:
        """Put a numbered screen in the place of the one in view."""
        here = self.current
        if here is not None:
            here.hush()
        self.here = key
        if key == FIRST:
            await self.pop_screen()
        elif len(self.screen_stack) == 1:
            await self.push_screen(self.page(key))
        else:
            await self.switch_screen(self.page(key))

    async def action_leave(self) -> None:
        """Close what is open, end what is compared, show all again; but stay on the screen."""
        here = self.current
        if here is not None and not here.leave() and not self.end_comparing():
            here.narrow_to("")

    @property
    def came(self) -> bool:
        """Whether there is a screen to go back to."""
        return bool(self._trail)

    async def action_return(self) -> None:
        """Close what is open; else back to the screen one came from."""
        here = self.current
        if here is None or here.leave():
            return
        if self._trail:
            await self._show(self._trail.pop())
        else:
            self.on_noticed(Noticed("this is where you began"))

    def on_ledger_changed(self) -> None:
        """Somebody appended."""
        self.restand()

    def on_noticed(self, message: Noticed) -> None:
        """Something to say in the last line."""
        if self.current is not None:
            self.current.notice(message.text, message.style)

    def on_failed(self, message: Failed) -> None:
        """A worker failed: say so, go on."""
        self.on_noticed(Noticed(message.text, "bad"))

    def action_filter(self) -> None:
        """Filter the screen in view."""
        if self.current is not None:
            self.current.action_filter()

    def action_find(self) -> None:
        """Find something by its name."""
        from app.tui.screens.find import FindScreen

        self.push_screen(FindScreen(), self._found)

    def _found(self, ref: str | None) -> None:
        if ref:
            self.post_message(Opened(ref))

    def action_help(self) -> None:
        """The keys of this screen."""
        from app.tui.screens.help import HelpScreen

        if self.current is not None:
            self.push_screen(HelpScreen(self.current))

    def action_command_palette(self) -> None:
        """Every action, by its words."""
        from app.tui.screens.palette import PaletteScreen

        self.push_screen(PaletteScreen())
