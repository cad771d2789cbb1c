"""The lineage graph with a cursor that walks along its edges."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from app.tui.draw.clip import safe, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Picture, fitted, measure
from app.tui.screens.lineage.draw.graph import Drawing, Graph, draw, legend, summary
from app.tui.screens.lineage.draw.neighbourhood import graph_of, through, told, without_runs
from app.tui.screens.lineage.queries.lineage import Neighbourhood
from app.tui.widgets.paper import Paper

FOOT = 3
"""Lines under the graph: a blank one, the legend, the path."""


class GraphPane(Paper, can_focus=True):
    """Draws a neighbourhood; nodes keep their places from frame to frame."""

    @dataclass
    class Moved(Message):
        """The cursor stands on another node."""

        ref: str

    @dataclass
    class Chosen(Message):
        """The node under the cursor was clicked."""

        ref: str

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  (the toolkit's word)
        super().__init__(id=id, classes=classes)
        self.cursor = ""
        self._data: Neighbourhood | None = None
        self._graph = Graph()
        self._last: Drawing | None = None
        self._impact = False
        self._known: frozenset[str] | None = None
        self._fold: bool | None = None
        self.folded = 0

    def say(self, words: str) -> None:
        """A sentence in the graph's place."""
        self._data, self._last = None, None
        self.show(
            lambda cells, rows: tuple(((f"  {line}", "muted"),) for line in ("", *wrap(words, max(cells - 4, 4))))
        )

    def show_graph(self, data: Neighbourhood, *, impact: bool, known: frozenset[str] | None = None) -> None:
        """Show a neighbourhood; the cursor stays where it stood, where that is in it, else goes to the focus.

        Where two moments are compared, what is not ``known`` from the earlier one is marked as new.
        """
        if not data.exists and len(data.spots) <= 1:
            self.cursor = data.focus
            self.say(f"{data.focus} did not exist at this moment. ] and }} go on in time, L returns to live.")
            return
        refs = {spot.ref for spot in data.spots}
        if self.cursor not in refs or self._data is None or self._data.focus != data.focus:
            self.cursor = data.focus
        self._data, self._impact, self._known = data, impact, known
        self.show(self._picture)

    def fold(self) -> None:
        """Fold runs into the edges, or show them; until asked for, whichever lets more of the graph be seen."""
        self._fold = not self.folded
        self.redraw()

    def _picture(self, cells: int, rows: int) -> Picture:
        assert self._data is not None
        whole = graph_of(self._data, self._impact, self._known)
        self._graph, self.folded = without_runs(whole, self.cursor) if self._fold else (whole, 0)
        drawing = self._drawn(cells, rows)
        if self._fold is None and any(drawing.beyond[:2]):
            self._graph, self.folded = without_runs(whole, self.cursor)
            drawing = self._drawn(cells, rows)
        self._last = drawing
        body = tuple(((" ", ""), *line) for line in drawing.lines)
        return (*body, (), fitted(self._foot(drawing, cells), cells), fitted(self._path(cells), cells))

    def _foot(self, drawing: Drawing, cells: int) -> Line:
        """What the signs mean, what did not fit, what is folded; the meanings go first where there is little room."""
        runs = f"{self.folded} run{'' if self.folded == 1 else 's'} folded, z shows" if self.folded else ""
        said = (*summary(drawing, self._glyphs), (runs, "muted"))
        whole = ((" ", ""), *legend(self._glyphs, comparing=self._known is not None), ("    ", ""), *said)
        return whole if measure(whole) <= cells else ((" ", ""), *legend(self._glyphs)[:-2], ("   ", ""), *said)

    def _drawn(self, cells: int, rows: int) -> Drawing:
        return draw(
            self._graph,
            cells - 2,
            rows - FOOT,
            focus=self.cursor,
            cursor=self.cursor,
            before=self._last,
            glyphs=self._glyphs,
        )

    @property
    def _glyphs(self) -> Glyphs:
        return getattr(self.app, "glyphs", UNICODE)

    def _path(self, cells: int) -> Line:
        """The way through the cursor and the focus, in words."""
        if self._data is None:
            return ()
        spots = {spot.ref: spot for spot in self._data.spots}
        edges = [(edge.source, edge.target) for edge in self._graph.edges]
        way = through(edges, self._data.focus, self.cursor)
        if len(way) < 2:
            return ()
        styles = {self._data.focus: "focus", self.cursor: "strong"}
        names = [(safe(spots[ref].label), styles.get(ref, "alert" if spots[ref].alert else "")) for ref in way]
        return told(names, way.index(self.cursor), cells, self._glyphs)

    def put(self, ref: str) -> None:
        """Put the cursor on a node."""
        if ref != self.cursor:
            self.cursor = ref
            self.redraw()
            self.post_message(self.Moved(ref))

    def walk(self, way: str) -> None:
        """Along an edge (``left``, ``right``) to the neighbour nearest in height, or to the sibling ``up`` or
        ``down``."""
        drawing = self._last
        if drawing is None or self.cursor not in drawing.places:
            return
        x, y, _ = drawing.places[self.cursor]
        if way in ("left", "right"):
            near = {e.source for e in self._graph.edges if e.target == self.cursor} if way == "left" else {
                e.target for e in self._graph.edges if e.source == self.cursor
            }  # fmt: skip
            shown = near & drawing.places.keys()
            found = sorted((abs(drawing.places[r][1] - y), abs(drawing.places[r][0] - x), r) for r in shown)
            beyond = [node.id for node in self._graph.nodes if node.id in near]
            if found or beyond:  # what had no room comes into sight when the cursor goes there
                self.put(found[0][2] if found else beyond[0])
            return
        column = next((list(c) for c in drawing.columns if self.cursor in c), [])
        order = sorted((r for r in column if r in drawing.slots), key=lambda r: drawing.slots[r])
        at = order.index(self.cursor) + (1 if way == "down" else -1)
        if 0 <= at < len(order):
            self.put(order[at])

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the node under the pointer; a second click chooses it."""
        spot = event.get_content_offset(self)
        if self._last is None or spot is None:
            return
        x, y = spot.x - 1, spot.y + self.scroll_offset.y
        for ref, (left, row, size) in self._last.places.items():
            if row == y and left <= x < left + size:
                if ref == self.cursor:
                    self.post_message(self.Chosen(ref))
                self.put(ref)
