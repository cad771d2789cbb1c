"""What outlives a screen: the user's settings, memory from one time to the next, copies and exports. Mixed in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.tui.deciding import LOOKS
from app.tui.draw.glyphs import ASCII, Glyphs
from app.tui.messages import Noticed
from app.tui.preferences import Memory, folders, remember, remembered, settings
from ledger.errors import InputError

if TYPE_CHECKING:
    from textual.app import App

    from app.tui.gateway import Gateway
    from app.tui.screens.page import Page

    Base = App[int]
else:
    Base = object


class Keeping(Base):
    """Settings are read and memory is recalled once, after the first frame."""

    if TYPE_CHECKING:
        gateway: Gateway
        root: Path
        _pages: dict[str, Page]
        looking: bool
        glyphs: Glyphs

        def page(self, key: str) -> Page:
            """The screen with this number."""

        async def action_screen(self, key: str) -> None:
            """Show it."""

        def on_noticed(self, message: Noticed) -> None:
            """Something to say in the last line."""

    here = ""
    """The number of the screen in view, once it is not the first."""

    keeps = False
    """Whether settings are read and anything is remembered: not in tests, nor where a picture is taken."""

    @property
    def current(self) -> Page | None:
        """The numbered screen in view."""
        raise NotImplementedError

    async def recall(self) -> None:
        """Take up the settings, and what was left last time."""
        from app.tui.screens.catalogue import BY_KEY

        if not self.keeps:
            return
        config, state = folders()
        memory = remembered(state, self.gateway.path)
        chosen = memory.theme
        try:
            found = settings(config, self.available_themes, self.names())
            chosen = found.theme or chosen
            self.set_keymap(dict(found.keys))
            if found.ascii:
                self.draw_plainly()
        except InputError as error:
            self.post_message(Noticed(f"settings left aside: {error}", "warn"))
        if chosen in self.available_themes:
            self.theme = chosen
        if memory.screen in BY_KEY:
            await self.action_screen(memory.screen)
        for key, text in memory.filters.items():
            if key in BY_KEY:
                self.page(key).recall_filter(text)

    def draw_plainly(self) -> None:
        """Draw with nothing but ASCII from now on."""
        self.glyphs = ASCII
        self.refresh_css(animate=False)
        for page in self._pages.values():
            page.set_class(True, "-ascii")
            page.reload()
            page.reframe()

    def names(self) -> list[str]:
        """What keys can be set for, as ``screen.action``."""
        from app.tui.keys import EVERYWHERE, named
        from app.tui.screens.catalogue import CATALOGUE

        pages = [(entry.name, type(entry.make()).KEYS) for entry in CATALOGUE]
        return [named(name, key.action) for name, keys in (("everywhere", EVERYWHERE), *pages) for key in keys]

    def keep(self) -> None:
        """Remember the screen, the filters and the theme."""
        if self.keeps and not self.looking:
            filters = {key: page.filter for key, page in self._pages.items() if page.filter}
            remember(folders()[1], self.gateway.path, Memory(self.here, filters, self.theme))

    def action_copy(self) -> None:
        """Copy the reference under the cursor, by OSC 52."""
        ref = self.current.subject if self.current is not None else ""
        if not ref:
            self.post_message(Noticed("the cursor stands on nothing that has a reference", "warn"))
            return
        self.copy_to_clipboard(ref)
        self.post_message(
            Noticed(f"copied {ref}; if nothing arrives, the terminal does not let programs copy (OSC 52)")
        )

    def action_export(self) -> None:
        """Ask what to export what is shown as."""
        from app.tui.screens.prompt import Choice, ChoiceScreen

        here = self.current
        if here is None:
            return
        if self.looking:
            self.post_message(Noticed(LOOKS, "warn"))
            return
        kinds = {"t": ("text", ".txt"), "s": ("a picture, SVG", ".svg"), **here.EXPORTS}
        choices = [*(Choice(key, name) for key, (name, _) in kinds.items()), Choice("escape", "nothing")]

        def done(key: str | None) -> None:
            if key in kinds:
                self._export(here, kinds[key][1])

        self.push_screen(ChoiceScreen("Export", f"what {here.NAME} shows, to a file in {self.root}", choices), done)

    def _export(self, here: Page, suffix: str) -> None:
        known: Any = getattr(self, "standing", None)
        at = known.at if known is not None else 0
        file = self.root / f"assay-{here.NAME.lower()}-{at}{suffix}"
        shown = here.pictured(suffix) if suffix in (".txt", ".svg") else ""
        make = None if shown else here.exporting(suffix)

        def write() -> str:
            try:
                file.write_text(make() if make is not None else shown, encoding="utf-8")
            except OSError as error:
                raise InputError(f"{file} cannot be written: {error.strerror}") from None
            return f"written to {file}"

        here.work("export", write, lambda said: self.on_noticed(Noticed(said, "ok")))
