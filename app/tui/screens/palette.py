"""The palette: every screen, every key of the screen in view, and every action of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.tui.keys import EVERYWHERE
from app.tui.screens.catalogue import CATALOGUE
from app.tui.screens.search import Found, SearchScreen

if TYPE_CHECKING:
    from app.tui.app import Dashboard

NATIVE = {"approve": "5", "reject": "5", "approvals": "5", "verify": "9", "log": "9", "lineage": "3", "alerts": "7",
          "alerts ack": "7", "overview": "1"}  # fmt: skip
"""Actions that have their place on a screen: the palette leads there."""


class PaletteScreen(SearchScreen):
    """Choose what to do by its words."""

    def __init__(self) -> None:
        super().__init__("What to do", "an action, a screen, or words of it")

    def on_mount(self) -> None:
        """Offer everything at once: it is light data."""
        self.offer(self._offers())

    def _offers(self) -> list[Found]:
        from app.actions import registry

        app = cast("Dashboard", self.app)
        page = app.current
        found = []
        if page is not None:
            found += [
                Found(f"page:{key.action}", key.help, page.why(key.action) or f"on {page.NAME}", key.label)
                for key in page.KEYS
                if key.help
            ]
        found += [Found(f"screen:{entry.key}", f"{entry.name}", entry.answers, entry.key) for entry in CATALOGUE]
        found += [
            Found(f"app:{key.action}", key.help, "", key.label) for key in EVERYWHERE if key.action != "command_palette"
        ]
        found += [Found(f"theme:{name}", f"theme {name}", "how it looks") for name in sorted(app.available_themes)]
        found += [
            Found(f"action:{action.name}", f"assay {action.name}", action.summary)
            for action in registry.ACTIONS
            if action.name != "completion"
        ]
        return found

    def dismiss(self, result: str | None = None):  # type: ignore[no-untyped-def]  # the toolkit's return type is private
        """Leave, then do what was chosen."""
        app = cast("Dashboard", self.app)
        closed = super().dismiss(result)
        if result:
            app.call_later(_do, app, result)
        return closed


async def _do(app: Dashboard, chosen: str) -> None:
    kind, _, what = chosen.partition(":")
    if kind == "page" and app.current is not None:
        await app.current.run_action(what)
    elif kind == "app":
        await app.run_action(what)
    elif kind == "screen":
        await app.action_screen(what)
    elif kind == "theme":
        app.theme = what
    elif what in NATIVE:
        await app.action_screen(NATIVE[what])
    else:
        from app.actions import registry
        from app.tui.screens.action import ActionScreen

        app.push_screen(ActionScreen(registry.get(what)))
