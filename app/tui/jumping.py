"""From what the cursor stands on to the same thing on another screen. Mixed into the dashboard."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.tui.messages import Noticed, Opened
from app.tui.screens.catalogue import BY_KEY

if TYPE_CHECKING:
    from textual.app import App

    from app.tui.screens.page import Page

    Base = App[int]
else:
    Base = object

HOMES = {"request": "5", "deployment": "6", "alert": "7", "monitor": "7", "event": "9"}
"""The screen where each kind of thing is shown best; what is not here has its place in the lineage."""


class Jumping(Base):
    """Opening references, and the ``g`` key."""

    if TYPE_CHECKING:

        def page(self, key: str) -> Page:
            """The screen with this number."""

        async def action_screen(self, key: str) -> None:
            """Show it."""

    @property
    def current(self) -> Page | None:
        """The numbered screen in view."""
        raise NotImplementedError

    async def on_opened(self, message: Opened) -> None:
        """Show what a reference names where it is shown best."""
        key = message.screen or HOMES.get(message.ref.partition("/")[0], "3")
        here, page = self.current, self.page(key)
        await self.action_screen(key)
        page.open(message.ref)
        if here is not page:
            page.arrived()

    def action_jump(self) -> None:
        """Ask for the letter of the screen to go to."""
        from app.tui.screens.jump import JumpScreen

        here = self.current
        if here is None:
            return
        if not here.subject:
            here.notice("the cursor stands on nothing that another screen could show", "warn")
            return
        self.push_screen(JumpScreen(here.subject), partial(self._jump, here, here.subject))

    def _jump(self, here: Page, ref: str, key: str | None) -> None:
        if key is None:
            return
        from app.tui.queries import jump

        def go(found: str | None) -> None:
            if found is None:
                self.post_message(Noticed(f"{BY_KEY[key].name} shows nothing of {ref}", "warn"))
            else:
                self.post_message(Opened(found, key))

        here.ask("jump", partial(jump.target, ref=ref, screen=key), go)
