"""Names, versions and runs; one of them whole, and what differs between two."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical

from app.tui.draw.clip import titled
from app.tui.draw.refs import short
from app.tui.keys import Key, doing
from app.tui.messages import Opened
from app.tui.screens.differing import difference, uncompared
from app.tui.screens.page import PAST, Page
from app.tui.screens.registry.draw import registry as draw
from app.tui.screens.registry.queries import registry
from app.tui.screens.registry.queries.registry import Board, Shelf, Whole
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

VERSIONED = ("do('request')", "do('artifact alias')", "do('artifact retire')")
"""What is done with a version, and not with a run."""


class RegistryPage(Page):
    """Names left; the versions of one and one version whole right."""

    NAME = "Registry"
    CSS_PATH = "page.tcss"
    KEYS = (
        Key("l,enter", "inside", "to its versions; from a version, to its lineage", "open", "⏎"),
        Key("h", "outside", "back to the names", "back"),
        Key("space", "mark", "mark a version, to compare it with another", "mark it"),
        Key("d", "compare", "what differs from the marked one; without a mark, from the version before", "diff"),
        Key("c", "turn", "what is recorded of it, or the curves of its figures over the versions", "curves"),
        Key("v", "measure", "another figure in the list, and first among the curves", "figure"),
        doing("request", "request"),
        doing("artifact register", "register"),
        doing("artifact alias", "alias"),
        doing("artifact retire", "retire"),
        Key("e", "event", "the event that recorded it, in the audit", "event"),
        doing("run", "run"),
        Key("J", "scroll(3)", "the details further down"),
        Key("K", "scroll(-3)", "the details further up"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._board: Board | None = None
        self._shelf: Shelf | None = None
        self._whole: Whole | None = None
        self._marked = ""
        self._figure = ""
        self._curves = False
        self._wanted = ("", "")

    def body(self) -> ComposeResult:
        """Names; versions; details."""
        yield Lister(id="names", classes="pane")
        with Vertical(id="right"):
            yield Lister(id="versions", classes="pane")
            yield Paper(id="whole", classes="pane")

    def on_mount(self) -> None:
        """Titles."""
        super().on_mount()
        self.query_one("#names").border_title = "Registry"
        self.names.focus()

    @property
    def names(self) -> Lister:
        """The list on the left."""
        return self.query_one("#names", Lister)

    @property
    def versions(self) -> Lister:
        """The list of versions."""
        return self.query_one("#versions", Lister)

    @property
    def subject(self) -> str:
        """The version or run under the cursor."""
        return str(self.versions.value or "")

    def open(self, ref: str) -> None:
        """Put the cursor on a version or a run."""
        base = ref if ref.startswith("run/") else ref.rpartition("@")[0] or ref
        self._wanted = (base, ref)
        self.load()

    def load(self) -> None:
        """The names as of the playhead."""
        if self.is_mounted:
            self.ask_both("board", partial(registry.board, tally=self.dashboard.gateway.tally), self._show)

    def _show(self, board: Board, before: Board | None) -> None:
        self._board = board
        then = None if before is None else draw.sections(before, self.glyphs)
        self.names.show(draw.sections(board, self.glyphs), self._wanted[0] or None, then)
        if not board.names and not board.runs:
            self.versions.show(draw.NOTHING)
            said = (("  `assay run` or `assay artifact register` records the first", "muted"),)
            self.query_one("#whole", Paper).show(lambda *_: (said,))

    def on_lister_moved(self, event: Lister.Moved) -> None:
        """Another name: its versions are asked for. Another version: it is asked for whole."""
        if event.lister is self.names:
            self.ask("shelf", partial(registry.shelf, of=str(event.value)), self._shelve)
        else:
            self.ask("whole", partial(registry.whole, ref=str(event.value)), self._detail)
        self.rekey()

    def _shelve(self, shelf: Shelf) -> None:
        self._shelf = shelf
        wanted, self._wanted = self._wanted[1], ("", "")
        self.versions.border_title = titled(shelf.title)
        choose = wanted or (str(self.names.value) if shelf.title.startswith("runs of") else None)
        self._list(choose)
        if wanted:
            self.versions.focus()

    def _list(self, choose: str | None = None) -> None:
        if self._shelf is not None:
            figure = self._shown_figure
            self.versions.show(draw.versions(self._shelf, self._marked, figure, self.glyphs), choose)
            said = (figure, f"marked {short(self._marked)}" if self._marked else "")
            self.versions.border_subtitle = titled("   ".join(each for each in said if each))

    @property
    def _shown_figure(self) -> str:
        """The figure in the list: that which was chosen, where these versions have it."""
        names = draw.measured(self._shelf) if self._shelf is not None else []
        return self._figure if self._figure in names else next(iter(names), "")

    def _detail(self, found: Whole | None) -> None:
        self._whole = found
        self._paint()
        self.rekey()

    def _paint(self) -> None:
        """What is recorded of the version, or its figures' curves."""
        paper, found, shelf, figure = self.query_one("#whole", Paper), self._whole, self._shelf, self._shown_figure
        paper.border_title = "Figures over the versions" if self._curves else "Recorded"
        if found is None:
            paper.show(lambda *_: ((("  it was not there yet", "muted"),),))
        elif self._curves and shelf is not None:
            paper.show(lambda cells, _: draw.curves(shelf, found.ref, figure, cells - 1, self.glyphs))
        else:
            paper.show(lambda cells, _: draw.whole(found, cells, self.glyphs, figure))

    def on_lister_chosen(self, event: Lister.Chosen) -> None:
        """A second click does what ``enter`` does."""
        self.action_inside()

    def given(self, name: str) -> dict[str, str]:
        """The version under the cursor."""
        return {"ref": self.subject} if "@" in self.subject else {}

    def why_not(self, action: str) -> str:
        """Comparing needs two."""
        if action.startswith("do(") and not self.dashboard.moment.live:
            return PAST
        if not self.is_mounted or (action in ("inside", "mark", "event") and not self.subject):
            return "nothing is registered yet"
        if action in VERSIONED and "@" not in self.subject:
            return "that is for a version, and the cursor stands on a run"
        if action == "measure" and not self._shown_figure:
            return "nothing was measured of these versions"
        return uncompared(self._marked, self.subject) if action == "compare" else ""

    def action_inside(self) -> None:
        """From the names to the versions, from there to the lineage."""
        if self.barred("inside"):
            return
        if self.names.has_focus:
            self.versions.focus()
        else:
            self.app.post_message(Opened(self.subject, "3"))

    def action_outside(self) -> None:
        """Back to the names."""
        self.names.focus()

    def leave(self) -> bool:
        """From the versions to the names first."""
        if self.versions.has_focus:
            self.names.focus()
            return True
        return False

    def action_mark(self) -> None:
        """Mark the version under the cursor, or take the mark away."""
        if not self.barred("mark"):
            self._marked = "" if self._marked == self.subject else self.subject
            self._list()
            said = f"marked {short(self._marked)}; d on another compares" if self._marked else "no mark"
            self.notice(said)
            self.rekey()

    def action_compare(self) -> None:
        """What differs between the marked one and this one, or from the version before, as the command line says it."""
        if not self.barred("compare"):
            self.app.push_screen(difference(self._marked, self.subject))

    def action_turn(self) -> None:
        """The other view of the version."""
        if not self.barred("turn"):
            self._curves = not self._curves
            self._paint()

    def action_measure(self) -> None:
        """The next figure."""
        if not self.barred("measure") and self._shelf is not None:
            names = draw.measured(self._shelf)
            self._figure = names[(names.index(self._shown_figure) + 1) % len(names)]
            self._list()
            self._paint()

    def action_event(self) -> None:
        """The event that recorded it."""
        if not self.barred("event") and self._whole is not None:
            self.app.post_message(Opened(f"event/{self._whole.seq}"))

    def action_scroll(self, rows: int) -> None:
        """Scroll the details."""
        self.query_one("#whole", Paper).scroll_relative(y=rows, animate=False)
