"""What the maturity map says while the evidence is read, before anything is known of it."""

from __future__ import annotations

from functools import partial
from time import monotonic

from app.tui.messages import Failed
from app.tui.queries import maturity
from app.tui.queries.maturity import Map
from app.tui.screens.judged import Judged
from app.tui.screens.maturity.draw import heatmap
from app.tui.widgets.lister import Lister

TICK_SECONDS = 1.0
"""How often it is told anew for how long the evidence has been read."""


class Reading(Judged):
    """A screen with a map that may take long to come."""

    def __init__(self) -> None:
        super().__init__()
        self._map: Map | None = None
        self._names: tuple[str, ...] = ()
        self._asked_at: float | None = None

    def on_mount(self) -> None:
        """Tell from time to time for how long it has been read."""
        super().on_mount()
        self.set_interval(TICK_SECONDS, self._tell)

    @property
    def map(self) -> Lister:
        """The projects."""
        return self.query_one("#map", Lister)

    def begin(self, home: str) -> None:
        """The map is asked for; until it comes the projects are named, the one in view first."""
        if self._map is None:
            self._asked_at, self._names = monotonic(), (home,) if home else ()
            self.ask("names", partial(maturity.named, tally=self.dashboard.gateway.tally), self._named)
            if self.much:
                self._tell()

    def _named(self, names: tuple[str, ...]) -> None:
        self._names = tuple(dict.fromkeys((*self._names, *names)))
        if self.much:
            self._tell()

    def _tell(self) -> None:
        """What is read, for how long, and of which projects."""
        if self._map is None and self._asked_at is not None and self.dashboard.current is self:
            known = self.dashboard.standing
            self._say(heatmap.reading(known.size if known else None, monotonic() - self._asked_at, self.glyphs))

    def _say(self, words: str) -> None:
        rows = Map(tuple(maturity.pending(name) for name in self._names), "")
        self.map.show(heatmap.sections(rows, -1, self.glyphs, reading=words))

    def on_failed(self, message: Failed) -> None:
        """A worker failed: nothing is being read any more."""
        if self._map is None and self._asked_at is not None:
            self._asked_at = None
            self._say(f"the evidence was not read: {message.text}")
        super().on_failed(message)
