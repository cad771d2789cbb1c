"""Find a version, run, deployment, request, alert or monitor by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.tui.messages import Failed
from app.tui.queries import find
from app.tui.screens.search import Found, SearchScreen

if TYPE_CHECKING:
    from app.tui.app import Dashboard


class FindScreen(SearchScreen):
    """Everything that can be opened, as of the playhead."""

    def __init__(self) -> None:
        super().__init__("Find", "a name, or parts of it")

    def on_mount(self) -> None:
        """Ask for the names."""
        self.run_worker(self._load, thread=True, exit_on_error=False)

    def _load(self) -> None:
        app = cast("Dashboard", self.app)
        try:
            names = app.gateway.ask(find.names, app.moment.at)
        except Exception as error:
            from app.tui.screens.page import in_one_line

            app.post_message(Failed(in_one_line(error)))
            return
        app.call_from_thread(self.offer, [Found(name.ref, name.ref, name.what) for name in names])
