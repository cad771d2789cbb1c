"""The palette: every screen, every key of the screen in view, and every action of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.tui.keys import EVERYWHERE
from app.tui.messages import Noticed
from app.tui.screens.catalogue import CATALOGUE
from app.tui.screens.search import Found, SearchScreen

if TYPE_CHECKING:
    from app.tui.app import Dashboard

NATIVE = {"approve": ("5", "approve"), "reject": ("5", "reject"), "approvals": ("5", ""), "verify": ("9", "verify"),
          "log": ("9", ""), "lineage": ("3", ""), "alerts": ("7", ""), "alerts ack": ("7", "acknowledge"),
          "overview": ("1", "")}  # fmt: skip
"""Actions that have their place on a screen, and what does them there: on that screen they are done, from elsewhere the
palette leads there and says what to press."""

_MOVES = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "h", "j", "k", "l", "J", "K")
"""Keys that move a cursor, which nobody looks for by words."""


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
        found: list[Found] = []
        moving: list[Found] = []
        if page is not None:
            for key in page.KEYS:
                offered = Found(f"page:{key.action}", key.help, page.why(key.action) or f"on {page.NAME}", key.label)
                (moving if key.keys.split(",")[0] in _MOVES else found).append(offered)
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
        return [*found, *moving]

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
        await _native(app, *NATIVE[what])
    else:
        from app.actions import registry
        from app.tui.screens.action import ActionScreen

        app.push_screen(ActionScreen(registry.get(what)))


async def _native(app: Dashboard, screen: str, method: str) -> None:
    """On the screen of an action do it; elsewhere open that screen, and say what does it there."""
    page = app.page(screen)
    if page is app.current and method:
        await page.run_action(method)
        return
    await app.action_screen(screen)
    key = next((key for key in page.KEYS if key.action == method), None)
    if key is not None:
        app.on_noticed(Noticed(f"{key.label}: {key.help}"))
