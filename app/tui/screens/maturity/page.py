"""Where Data, Model and Code stand per project; why, since when, and the cheapest next step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical

from app.filters import Filter
from app.tui.draw import maturity as draw
from app.tui.draw.clip import titled
from app.tui.draw.sections import Section, narrow
from app.tui.keys import Key
from app.tui.messages import Opened
from app.tui.queries import maturity
from app.tui.queries.maturity import TRACKS, Item, Map, Why
from app.tui.screens.maturity.draw import heatmap
from app.tui.screens.maturity.reading import Reading
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

TOGETHER = 6
"""Projects that are judged in one go, after the one in view, where there is much evidence."""


class MaturityPage(Reading):
    """The map left; the criteria of one cell and one criterion whole right."""

    NAME = "Maturity"
    CSS_PATH = "page.tcss"
    KEYS = (
        Key("h,left", "track(-1)", "the track to the left", "cell", "h j k l"),
        Key("l,right", "track(1)", "the track to the right"),
        Key("enter", "inside", "to its criteria; from a criterion, to its first piece of evidence", "evidence"),
        Key("w", "what_if", "what would lift this cell: suppose criteria to be held and see what follows", "what if"),
        Key("b", "broke", "go to the event with which a criterion was lost", "broke at"),
        Key("s", "sort", "the lowest first, or by name", "sort"),
        Key("v", "verify", "go to the audit and verify the chain", "verify"),
        Key("backspace", "outside", "back to the map", "back"),
        Key("J", "scroll(3)", "the criterion further down"),
        Key("K", "scroll(-3)", "the criterion further up"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._why: Why | None = None
        self._track = 0
        self._before: Map | None = None
        self._why_before: Why | None = None
        self._here = ""
        """The project whose cell is in brackets."""
        self._fit: dict[str | None, bool] = {}
        self._lowest_first = False
        self._wanted = ""
        self._surely: Callable[[], None] = lambda: None
        self._explained = ("", "")

    def body(self) -> ComposeResult:
        """Map and history; criteria and one of them whole."""
        with Vertical(id="left"):
            yield Lister(id="map", classes="pane")
            yield Paper(id="history", classes="pane")
        with Vertical(id="right"):
            yield Lister(id="criteria", classes="pane")
            yield Paper(id="criterion", classes="pane")

    def on_mount(self) -> None:
        """Titles."""
        super().on_mount()
        self.query_one("#map").border_title = "Maturity"
        self.query_one("#criterion").border_title = "Criterion"
        self.map.focus()

    @property
    def criteria(self) -> Lister:
        """The criteria of the cell."""
        return self.query_one("#criteria", Lister)

    @property
    def subject(self) -> str:
        """The project under the cursor."""
        return str(self.map.value or "")

    @property
    def track(self) -> str:
        """The track of the cell."""
        return TRACKS[self._track]

    @property
    def item(self) -> Item | None:
        """The criterion under the cursor."""
        value = self.criteria.value
        return next((each for each in self._why.items if each.id == value), None) if self._why else None

    def open(self, ref: str) -> None:
        """Put the cursor on a project."""
        self._wanted = ref
        self.load()

    def load(self) -> None:
        """The map as of the playhead; the session's own verification counts."""
        if self.is_mounted:
            self._explained = ("", "")
            home = (self._wanted or self.subject).partition("/")[2] or self.dashboard.project
            self.begin(home)
            self._ask_map((home,) if self.much else None, self._show)
            self._compare()

    def _ask_map(self, only: tuple[str, ...] | None, then: Callable[[Map], None], *, exact: bool = False) -> None:
        """Ask where these projects stand, or all; quickly where there is much evidence and not ``exact``."""
        exact = exact or not self.much
        self.judge("map", partial(maturity.projects, verified=self.dashboard.verdict, only=only, exact=exact), then)

    def _compare(self) -> None:
        """Ask where they stood at the marked moment, where one is marked."""
        since = self.dashboard.moment.since
        if since is None:
            self._before = None
        else:
            query = partial(maturity.projects, verified=self.dashboard.verdict, exact=not self.much)
            self.judge("before", query, self._compared, at=since)

    def _compared(self, before: Map) -> None:
        self._before = before
        self._draw_map()

    def _show(self, found: Map) -> None:
        self._map = found
        choose, self._wanted = self._wanted or None, ""
        self._draw_map(choose)
        self._ask_rest()

    def _ask_rest(self) -> None:
        """The project in view is answered first; then the others, some at a time; then exactly what was quick."""
        rows = self._map.projects if self._map is not None else ()
        here = self.subject.partition("/")[2]
        rows = tuple(sorted(rows, key=lambda each: each.name != here))
        late = tuple(each.name for each in rows if each.state == "pending")[:TOGETHER]
        quick = tuple(each.name for each in rows if each.state == "quick")[:TOGETHER]
        if late:
            self._ask_map(late, self._fill_in)
        elif quick:
            self.surely("map", lambda: self._ask_map(quick, self._fill_in, exact=True))

    def _fill_in(self, found: Map) -> None:
        self._map = found.over(self._map)
        self._draw_map()
        self._ask_rest()

    def _draw_map(self, choose: str | None = None) -> None:
        if self._map is None:
            return
        shown, self.map.border_title = heatmap.ordered(self._map, lowest_first=self._lowest_first)
        self._here = choose or self.subject or next((f"project/{each.name}" for each in shown.projects), "")
        here = self._here.partition("/")[2]
        found = heatmap.sections(shown, self._track, self.glyphs, here=here, before=self._before)
        self.map.show(self._narrow(self.map, found), choose)

    def on_lister_moved(self, event: Lister.Moved) -> None:
        """Another project: its cell is asked for. Another criterion: it is shown whole."""
        if event.lister is self.map:
            if self.subject != self._here:
                self._draw_map()
            self._ask_why()
        else:
            self._detail()

    def _ask_why(self) -> None:
        project = self.subject.partition("/")[2]
        if not project or self._explained == (project, self.track):
            return
        self._explained = (project, self.track)
        query = partial(maturity.why, verified=self.dashboard.verdict, project=project, track=self.track)
        self.judge("why", partial(query, exact=not self.much), self._explain)
        self._surely = partial(self.judge, "why", partial(query, exact=True), self._explain)
        self._why_before, since = None, self.dashboard.moment.since
        if since is not None:
            self.judge("why before", partial(query, exact=not self.much), self._explain_before, at=since)

    def _explain_before(self, why: Why) -> None:
        self._why_before = why
        self._draw_why()

    def _explain(self, why: Why) -> None:
        self._why = why
        if not why.sure:
            self.surely("why", self._surely)
        self._draw_why()
        paper = self.query_one("#history", Paper)
        paper.border_title = titled(f"{why.track.upper()} of {why.project} over a year")
        paper.show(lambda cells, _: draw.history(why, cells, self.glyphs))

    def _draw_why(self) -> None:
        why, before = self._why, self._why_before
        if why is None:
            return
        said = draw.level(why.level, self.glyphs)[0].split()[-1]
        self.criteria.border_title = titled(f"{why.project}, {why.track.upper()}: {'L' * said.isdecimal()}{said}")
        alike = before is not None and (before.project, before.track) == (why.project, why.track)
        then = heatmap.criteria(before, self.glyphs) if before is not None and alike else None
        self.criteria.show(self._narrow(self.criteria, heatmap.criteria(why, self.glyphs)), before=then)
        if self.filter:
            self._draw_map()
        self._detail()
        self.rekey()

    def narrow(self) -> None:
        """A filter is of projects or of criteria: a list in which nothing fits it is shown whole, where in the other one
        something does."""
        self._fit.clear()
        self._draw_map()
        self._draw_why()

    def _narrow(self, lister: Lister, found: list[Section]) -> list[Section]:
        kept = [each for each in found if narrow(each, self.narrowed).rows]
        self._fit[lister.id] = bool(kept)
        whole = not self.filter or (not kept and any(self._fit.values()))
        lister.narrow(Filter() if whole else self.narrowed)
        return found if whole else kept or found[:1]

    def _detail(self) -> None:
        item, paper = self.item, self.query_one("#criterion", Paper)
        if item is None:
            paper.show(lambda *_: ((("  no criterion", "muted"),),))
        else:
            paper.show(lambda cells, _: draw.item(item, cells, self.glyphs))

    @property
    def _broken(self) -> Item | None:
        """The criterion under the cursor where an event broke it, else the first of the cell that one broke."""
        here, every = self.item, self._why.items if self._why is not None else ()
        if self.criteria.has_focus:
            every = (here,) if here is not None else ()
        return next((each for each in every if each.broke is not None), None)

    def why_not(self, action: str) -> str:
        """There is nothing to open without a project, and nowhere to go where nothing broke."""
        if action in ("inside", "what_if") and (self._map is None or not self._map.projects):
            return "no event names a project yet"
        if action == "broke" and self.is_mounted and self._broken is None:
            return "no event broke what stands here"
        return ""

    def action_track(self, steps: int) -> None:
        """Another track of the project."""
        self._track = min(max(self._track + steps, 0), len(TRACKS) - 1)
        self._draw_map()
        self._ask_why()

    def action_sort(self) -> None:
        """The lowest first, or by name."""
        self._lowest_first = not self._lowest_first
        self._draw_map()

    def action_inside(self) -> None:
        """From the map to the criteria, from there to the evidence."""
        if self.barred("inside"):
            return
        if self.map.has_focus:
            self.criteria.focus()
        elif self.item is not None and self.item.proofs:
            self.app.post_message(Opened(f"event/{self.item.proofs[0].seq}"))
        else:
            self.notice("no event proves it yet", "warn")

    def action_outside(self) -> None:
        """Back to the map; from there to the screen one came from."""
        if self.map.has_focus:
            self.app.call_later(self.dashboard.action_return)
        self.map.focus()

    def leave(self) -> bool:
        """From the criteria to the map first."""
        if self.criteria.has_focus:
            self.map.focus()
            return True
        return False

    def action_what_if(self) -> None:
        """Suppose criteria of the cell to be held."""
        if not self.barred("what_if") and self.subject:
            from app.tui.screens.maturity.whatif import WhatIfScreen

            self.app.push_screen(WhatIfScreen(self, self.subject.partition("/")[2], self.track))

    def action_broke(self) -> None:
        """To the event with which a criterion was lost."""
        broken = None if self.barred("broke") else self._broken
        if broken is not None and broken.broke is not None:
            self.app.post_message(Opened(f"event/{broken.broke.seq}"))

    def action_scroll(self, rows: int) -> None:
        """Scroll the criterion."""
        self.query_one("#criterion", Paper).scroll_relative(y=rows, animate=False)
