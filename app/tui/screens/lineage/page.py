"""Walk from a deployed model back to the file that it came from, and see what breaks if something is withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult

from app.actions import registry
from app.tui.draw.clip import middle, titled
from app.tui.draw.refs import short
from app.tui.draw.sections import Section
from app.tui.keys import Key
from app.tui.messages import Opened
from app.tui.screens.differing import difference, uncompared
from app.tui.screens.lineage.draw.lanes import lanes, tree
from app.tui.screens.lineage.graph import GraphPane
from app.tui.screens.lineage.queries import facts as told
from app.tui.screens.lineage.queries import lineage
from app.tui.screens.lineage.queries.facts import Facts, counts
from app.tui.screens.lineage.queries.lineage import Neighbourhood
from app.tui.screens.page import Page
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

WIDEST = 12


class LineagePage(Page):
    """The graph around a focus, what is known of the node under the cursor."""

    NAME = "Lineage"
    CSS_PATH = "page.tcss"
    EXPORTS: ClassVar[dict[str, tuple[str, str]]] = {
        "m": ("a Mermaid flowchart", ".mmd"), "d": ("a Graphviz digraph", ".dot"),
    }  # fmt: skip
    KEYS = (
        Key("h,left", "walk('left')", "along an edge to what it came from", "edge", "h l"),
        Key("l,right", "walk('right')", "along an edge to what came of it"),
        Key("j,down", "walk('down')", "to the sibling below", "sibling", "j k"),
        Key("k,up", "walk('up')", "to the sibling above"),
        Key("enter", "centre", "put the node under the cursor in the middle", "focus"),
        Key("backspace,b", "back", "back to the focus before, or to the screen you came from", "back", "⌫"),
        Key("plus,equals_sign", "radius(1)", "one step further in both directions", "radius", "+ -"),
        Key("minus", "radius(-1)", "one step less"),
        Key("i", "impact", "paint and count all that depends on the focus", "impact"),
        Key("space", "mark", "mark what the cursor stands on, to compare it with another", "mark"),
        Key("d", "compare", "what differs from the marked one; without a mark, from the version before", "diff"),
        Key("z", "fold", "fold runs into the edges, or show them", "runs"),
        Key("t", "turn", "graph, lanes or tree", "lanes"),
        Key("o", "inspect", "the inspector, as a sheet where the terminal is narrow; again puts it away", "inspect"),
        Key("e", "event", "the event that recorded it, in the audit", "event"),
        Key("J", "scroll(3)", "the inspector further down"),
        Key("K", "scroll(-3)", "the inspector further up"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._focus = ""
        self._radius = 6
        self._history: list[str] = []
        self._arrived = 0
        self._impact = False
        self._tree = False
        self._marked = ""
        self._data: Neighbourhood | None = None
        self._facts: Facts | None = None
        self._known: frozenset[str] | None = None

    def body(self) -> ComposeResult:
        """The graph (or lanes) and the inspector."""
        yield GraphPane(id="graph", classes="pane")
        yield Lister(id="lanes", classes="pane")
        yield Paper(id="inspector", classes="pane")

    def on_mount(self) -> None:
        """Titles."""
        super().on_mount()
        self.query_one("#inspector").border_title = "Inspector"
        self.query_one("#graph").focus()

    def exporting(self, suffix: str) -> Callable[[], str]:
        """The whole lineage of the focus, as the command line draws it."""
        at, ref, kind = self.dashboard.moment.at, self._focus, "mermaid" if suffix == ".mmd" else "dot"

        def make() -> str:
            with self.dashboard.acting(at=at) as context:
                return str(registry.get("lineage").load()(context, ref=ref, **{kind: True}).raw)

        return make

    def open(self, ref: str) -> None:
        """Put a reference in the middle."""
        if self._focus and ref != self._focus:
            self._history.append(self._focus)
        self._focus = ref
        self.load()

    def load(self) -> None:
        """The neighbourhood as of the playhead; the first time, around what came live last."""
        if not self.is_mounted:
            return
        if not self._focus:
            self.ask("start", lineage.start, self._start)
        else:
            self.ask_both("graph", partial(lineage.neighbourhood, ref=self._focus, radius=self._radius), self._compared)

    def _start(self, ref: str | None) -> None:
        if ref is None:
            self.query_one(GraphPane).say(
                "nothing has a lineage yet; `assay run` or `assay artifact register` begins one"
            )
        elif not self._focus:  # it may have been told meanwhile what to show
            self.open(ref)

    def _compared(self, data: Neighbourhood, before: Neighbourhood | None) -> None:
        self._known = None if before is None else frozenset(spot.ref for spot in before.spots if before.exists)
        self._show(data)

    def _show(self, data: Neighbourhood) -> None:
        self._data = data
        pane = self.query_one(GraphPane)
        pane.show_graph(data, impact=self._impact, known=self._known)
        title = f"Lineage of {middle(self._focus, 60)}  radius {self._radius}"
        if self._impact:
            title = f"{short(self._focus)}, if withdrawn: {', '.join(counts(data.impact)) or 'nothing breaks'}"
        if self._known is not None:
            title += f"  {sum(spot.ref not in self._known for spot in data.spots):,} new"
        for name in ("#graph", "#lanes"):
            self.query_one(name).border_title = titled(title)
        self.query_one("#lanes", Lister).show(self._listed(data), choose=pane.cursor)
        self._inspect(pane.cursor)

    def _listed(self, data: Neighbourhood) -> list[Section]:
        """The neighbourhood in words, as lanes or as a tree."""
        if self._tree:
            return tree(data, self._impact, self.glyphs, self._known)
        return lanes(data, self._impact, self._known)

    def _inspect(self, ref: str) -> None:
        if ref:
            self.ask("facts", partial(told.facts, ref=ref), self._tell)
        self.rekey()

    def _tell(self, facts: Facts) -> None:
        from app.tui.screens.lineage.draw.inspector import inspector

        self._facts = facts
        self.query_one("#inspector", Paper).show(lambda cells, _: inspector(facts, cells, self.glyphs))

    def on_graph_pane_moved(self, event: GraphPane.Moved) -> None:
        """The cursor walked: inspect what it stands on."""
        self._inspect(event.ref)

    def on_graph_pane_chosen(self, event: GraphPane.Chosen) -> None:
        """A second click: it goes into the middle."""
        self.open(event.ref)

    def on_lister_moved(self, event: Lister.Moved) -> None:
        """The cursor moved in the lanes."""
        if self._in_lanes:
            self.query_one(GraphPane).put(str(event.value))

    def on_lister_chosen(self, event: Lister.Chosen) -> None:
        """A lane's row was clicked."""
        self.open(str(event.value))

    @property
    def _in_lanes(self) -> bool:
        return self.has_class("-lanes") or self.has_class("-slim")

    @property
    def cursor(self) -> str:
        """What the cursor stands on."""
        return self.query_one(GraphPane).cursor

    @property
    def subject(self) -> str:
        """What the cursor stands on."""
        return self.cursor

    def why_not(self, action: str) -> str:
        """Going back needs somewhere to go back to; comparing needs two versions, or two runs."""
        if action == "back" and not self._history and not self.dashboard.came:
            return "this is where you began"
        if action == "mark" and "@" not in self.cursor and not self.cursor.startswith("run/"):
            return "only versions and runs can be compared"
        return uncompared(self._marked, self.cursor) if action == "compare" else ""

    def action_walk(self, way: str) -> None:
        """Move the cursor."""
        if not self._in_lanes:
            self.query_one(GraphPane).walk(way)
        elif way in ("down", "up"):
            lister = self.query_one("#lanes", Lister)
            lister.action_down() if way == "down" else lister.action_up()

    def action_centre(self) -> None:
        """Put the node under the cursor in the middle."""
        if self.cursor:
            self.open(self.cursor)

    def action_back(self) -> None:
        """The focus before; where one came from another screen, first of all back there."""
        if self.barred("back"):
            return
        if len(self._history) > self._arrived or not self.dashboard.came:
            self._focus = self._history.pop()
            self.load()
        else:
            self.app.call_later(self.dashboard.action_return)

    def arrived(self) -> None:
        """From another screen: what was in focus before is not where one came from."""
        self._arrived = len(self._history)

    def action_radius(self, more: int) -> None:
        """A wider or narrower neighbourhood."""
        self._radius = min(max(self._radius + more, 1), WIDEST)
        self.load()

    def action_impact(self) -> None:
        """Paint what depends on the focus, or stop."""
        self._impact = not self._impact
        if self._data is not None:
            self._show(self._data)

    def action_mark(self) -> None:
        """Mark what the cursor stands on, or take the mark away."""
        if not self.barred("mark"):
            self._marked = "" if self._marked == self.cursor else self.cursor
            said = f"marked {titled(self._marked, 40)}, d on another compares" if self._marked else ""
            for name in ("#graph", "#lanes"):
                self.query_one(name).border_subtitle = said
            self.rekey()

    def action_compare(self) -> None:
        """What differs, as the command line says it."""
        if not self.barred("compare"):
            self.app.push_screen(difference(self._marked, self.cursor))

    def action_fold(self) -> None:
        """Runs as nodes, or as edges."""
        self.query_one(GraphPane).fold()

    def action_turn(self) -> None:
        """Graph, lanes, tree, and graph again; there is no graph in a narrow terminal."""
        listed = self._in_lanes
        self._tree = listed and not self._tree
        self.set_class(not listed or self._tree, "-lanes")
        if self._data is not None:
            self.query_one("#lanes", Lister).show(self._listed(self._data), choose=self.cursor)
        self.query_one("#lanes" if self._in_lanes else "#graph").focus()

    def action_inspect(self) -> None:
        """Open or close the sheet; beside the graph, put the inspector away or bring it back."""
        self.toggle_class("-sheet" if self.has_class("-narrow") else "-alone")

    def narrow(self) -> None:
        """Narrow the lists; the graph cannot be narrowed, so a list takes its place."""
        super().narrow()
        if self.filter and not self._in_lanes:
            self.action_turn()

    def action_scroll(self, rows: int) -> None:
        """Scroll the inspector."""
        self.query_one("#inspector", Paper).scroll_relative(y=rows, animate=False)

    def action_event(self) -> None:
        """The event that recorded the node."""
        pairs = {name: value for name, value, _ in self._facts.pairs} if self._facts else {}
        if "event" in pairs:
            self.app.post_message(Opened(f"event/{pairs['event'].replace(',', '')}"))

    def leave(self) -> bool:
        """Close the sheet, then the impact."""
        if self.has_class("-sheet"):
            self.remove_class("-sheet")
        elif self._impact:
            self.action_impact()
        else:
            return False
        return True
