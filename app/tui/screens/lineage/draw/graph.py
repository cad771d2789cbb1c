"""The lineage graph as a picture: nodes in columns from what it came from to what depends on it, edges at right
angles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from app.tui.draw.canvas import Canvas
from app.tui.draw.clip import clip, middle, safe, width
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Picture
from app.tui.screens.lineage.draw.layout import Layout, Spot, place
from app.tui.screens.lineage.draw.routes import Channel, Net, channel

State = Literal["focus", "impact", "new", "alert", "other"]

PITCHES = (2, 4, 6, 8)
"""Rows from one slot to the next: the first at which no joint of lines suggests an edge that is not there."""
NARROWEST, WIDEST = 16, 30
HEADROOM = 2
HEADINGS = {"feature_view": "FEATURE", "deployment": "DEPLOYED"}
"""Column headings that are not just the kind in capitals."""


@dataclass(frozen=True, slots=True)
class Node:
    """One thing in the graph. ``alert`` is shown beside any state; ``hidden`` counts neighbours that are not drawn."""

    id: str
    label: str
    kind: str = ""
    state: State = "other"
    alert: bool = False
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """From what was used to what came of it. A painted edge is drawn over the others (the path, the impact)."""

    source: str
    target: str
    painted: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in the order in which they should come where nothing else decides, and edges between them."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture, and what the next frame and the keys need.

    ``places`` maps a node's id to (x, y, cells) on the picture; ``columns`` holds the ids by column, top to bottom;
    ``slots`` and ``scroll`` are handed to the next :func:`draw`; ``beyond`` counts nodes (left, right, above, below)
    that did not fit.
    """

    lines: Picture
    places: dict[str, tuple[int, int, int]]
    columns: tuple[tuple[str, ...], ...]
    slots: dict[Spot, int]
    scroll: int
    beyond: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(slots=True)
class _Frame:
    """What is known of the picture while it is drawn: x of each column and its width, and the channels right of
    them."""

    nodes: dict[str, Node]
    layout: Layout
    channels: list[Channel]
    pitch: int
    cells: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    hot: dict[tuple[Spot, Spot], int] = field(default_factory=dict)


def draw(
    graph: Graph,
    cells: int,
    rows: int,
    *,
    focus: str = "",
    cursor: str = "",
    before: Drawing | None = None,
    glyphs: Glyphs = UNICODE,
) -> Drawing:
    """Draw the graph on exactly ``rows`` lines of ``cells`` cells, ``focus`` in sight, known nodes where they were.

    The node under the ``cursor`` is drawn selected: its styles end in ``!``.
    """
    canvas = Canvas(cells, rows, glyphs)
    if not graph.nodes or cells < NARROWEST or rows <= HEADROOM:
        return Drawing(canvas.picture(), {}, (), {}, 0)
    shown, lost = graph, (0, 0)
    frame = _framed(shown, before, cursor)
    while _arranged(frame, cells) > cells and len(frame.layout.columns) > 1:
        shown, side = _narrower(shown, frame.layout, focus)
        lost = (lost[0] + side[0], lost[1] + side[1])
        frame = _framed(shown, before, cursor)
    room = rows - HEADROOM
    scroll = _scrolled(frame.layout, frame.pitch, focus, room, before.scroll if before else 0)
    _headings(canvas, frame)
    body = Canvas(cells, room, glyphs)
    for rank, routed in enumerate(frame.channels):
        for net in routed.nets:
            _net(body, frame, rank, net, scroll)
    places = _spots(body, frame, scroll, cursor)
    lines = (*canvas.picture()[:HEADROOM], *body.picture())
    columns = tuple(tuple(s for s in column if isinstance(s, str)) for column in frame.layout.columns)
    rows_used = [slot * frame.pitch - scroll for s, slot in frame.layout.slots.items() if isinstance(s, str)]
    above, below = sum(row < 0 for row in rows_used), sum(row >= room for row in rows_used)
    places = {name: (x, y + HEADROOM, size) for name, (x, y, size) in places.items()}
    return Drawing(lines, places, columns, frame.layout.slots, scroll, (*lost, above, below))


def _framed(graph: Graph, before: Drawing | None, cursor: str) -> _Frame:
    layout = place(
        (n.id for n in graph.nodes), ((e.source, e.target) for e in graph.edges), before.slots if before else None
    )
    column_of = {spot: rank for rank, column in enumerate(layout.columns) for spot in column}
    groups: list[list[tuple[Spot, Spot]]] = [[] for _ in layout.columns]
    for link in layout.links:
        groups[column_of[link[0]]].append(link)
    for pitch in PITCHES:
        rows = {spot: slot * pitch for spot, slot in layout.slots.items()}
        channels = [channel(group, rows, pitch) for group in groups[:-1]]
        if all(routed.honest for routed in channels):
            break
    frame = _Frame({n.id: n for n in graph.nodes}, layout, channels, pitch)
    painted = {(e.source, e.target) for e in graph.edges if e.painted}
    focus = {cursor} if cursor else {n.id for n in graph.nodes if n.state == "focus"}
    for source, target in layout.edges:
        hot = 2 if (source, target) in painted or (target, source) in painted else 0
        weight = hot or (1 if source in focus or target in focus else 0)
        last: Spot = source
        for rank in range(column_of[source] + 1, column_of[target] + 1):
            following: Spot = target if rank == column_of[target] else (source, rank)
            frame.hot[last, following] = max(weight, frame.hot.get((last, following), 0))
            last = following
    return frame


def _text(node: Node) -> str:
    """What is written after the node's sign."""
    more = f" +{node.hidden}" if node.hidden else ""
    return safe(node.label) + more


def _arranged(frame: _Frame, cells: int) -> int:
    """Set each column's x and width; returns the cells that the picture needs. Spare room widens the channels."""
    named = [[frame.nodes[s] for s in column if isinstance(s, str)] for column in frame.layout.columns]
    wanted = [max((width(_text(n)) + 2 + 2 * _flagged(n) for n in column), default=3) for column in named]
    gaps = [max(c.tracks + c.dodging + 5, 6) for c in frame.channels]
    cap = WIDEST
    while cap > NARROWEST and sum(min(w, cap) for w in wanted) + sum(gaps) > cells:
        cap -= 1
    frame.cells = [min(w, cap) for w in wanted]
    total = sum(frame.cells) + sum(gaps)
    spare = min(max(cells - total, 0) // max(len(gaps), 1), 6) if gaps else 0
    frame.starts, x = [], 0
    for size, gap in zip(frame.cells, [*(gap + spare for gap in gaps), 0], strict=True):
        frame.starts.append(x)
        x += size + gap
    return total


def _flagged(node: Node) -> bool:
    """True if the alert needs a sign of its own, because the node's sign says something else."""
    return node.alert and node.state != "alert"


def _narrower(graph: Graph, layout: Layout, focus: str) -> tuple[Graph, tuple[int, int]]:
    """The graph without its outermost column on the side further from the focus; who had a neighbour there says so."""
    at = next((rank for rank, column in enumerate(layout.columns) if focus in column), 0)
    last = len(layout.columns) - 1
    out = 0 if at > last - at else last
    gone = {spot for spot in layout.columns[out] if isinstance(spot, str)}
    hidden: dict[str, int] = {}
    for edge in graph.edges:
        if (edge.source in gone) != (edge.target in gone):
            stays = edge.target if edge.source in gone else edge.source
            hidden[stays] = hidden.get(stays, 0) + 1
    nodes = tuple(replace(n, hidden=n.hidden + hidden.get(n.id, 0)) for n in graph.nodes if n.id not in gone)
    edges = tuple(e for e in graph.edges if e.source not in gone and e.target not in gone)
    return Graph(nodes, edges), ((len(gone), 0) if out == 0 else (0, len(gone)))


def _scrolled(layout: Layout, pitch: int, focus: str, room: int, scroll: int) -> int:
    """The first row shown: as before if the focus is well in sight, else the least move that brings it there."""
    lowest = min(layout.slots.values()) * pitch
    needed = (max(layout.slots.values())) * pitch + 1
    if needed - lowest <= room:
        return min(max(scroll, needed - room), lowest) if not lowest <= scroll or needed > scroll + room else scroll
    row = layout.slots.get(focus, 0) * pitch
    margin = min(2 * pitch, room // 3)
    scroll = min(scroll, row - margin)
    scroll = max(scroll, row + margin + 1 - room)
    return max(lowest, min(scroll, needed - room))


def _headings(canvas: Canvas, frame: _Frame) -> None:
    for rank, column in enumerate(frame.layout.columns):
        kinds = list(dict.fromkeys(frame.nodes[s].kind for s in column if isinstance(s, str) and frame.nodes[s].kind))
        limit = frame.starts[rank + 1] if rank + 1 < len(frame.starts) else canvas.cells
        room = limit - frame.starts[rank] - 1
        text = " / ".join(HEADINGS.get(kind, kind.upper().replace("_", " ")) for kind in kinds)
        style = f"kind.{kinds[0]}" if len(kinds) == 1 else "heading"
        canvas.put(frame.starts[rank], 0, clip(text, room, canvas.glyphs.ellipsis), style)


EDGE_STYLES = ("edge", "edge.near", "edge.hot")


def _net(body: Canvas, frame: _Frame, rank: int, net: Net, scroll: int) -> None:
    """Draw one net: from each source to the vertical, along it, and to each target."""
    left, right = frame.starts[rank] + frame.cells[rank], frame.starts[rank + 1]
    for source, leave in zip(net.sources, net.leaves, strict=True):
        for target, arrive in zip(net.targets, net.arrives, strict=True):
            weight = frame.hot.get((source, target), 0)
            end = right - 2 if isinstance(target, str) else right
            corners = frame.channels[rank].path(net, leave, arrive, _end_of(frame, rank, source), left + 2, end)
            for (x0, y0), (x1, y1) in pairwise(corners):
                if y0 == y1:
                    body.across(x0, x1, y0 - scroll, net.targets, EDGE_STYLES[weight], weight)
                else:
                    body.along(x0, y0 - scroll, y1 - scroll, net.targets, EDGE_STYLES[weight], weight)


def _end_of(frame: _Frame, rank: int, spot: Spot) -> int:
    """The cell in which a spot's lines begin: the blank after its label, or the right end of a dummy's line."""
    if not isinstance(spot, str):
        return frame.starts[rank] + frame.cells[rank]
    node = frame.nodes[spot]
    taken = min(width(_text(node)) + 2 + 2 * _flagged(node), frame.cells[rank])
    return frame.starts[rank] + taken


def _spots(body: Canvas, frame: _Frame, scroll: int, cursor: str) -> dict[str, tuple[int, int, int]]:
    """Write the nodes, their arrowheads and the dummies' lines; returns where each node in sight stands."""
    fed = {target for _, target in frame.layout.links}
    used = {source for source, _ in frame.layout.links}
    arriving: dict[Spot, int] = {}
    leaving: dict[Spot, int] = {}
    for (source, target), weight in frame.hot.items():
        arriving[target] = max(weight, arriving.get(target, 0))
        leaving[source] = max(weight, leaving.get(source, 0))
    places: dict[str, tuple[int, int, int]] = {}
    for rank, column in enumerate(frame.layout.columns):
        x, size = frame.starts[rank], frame.cells[rank]
        for spot in column:
            y = frame.layout.slots[spot] * frame.pitch - scroll
            if not isinstance(spot, str):
                body.across(x, x + size, y, ("bend", spot), EDGE_STYLES[leaving[spot]], leaving[spot])
                continue
            if not 0 <= y < body.rows:
                continue
            node = frame.nodes[spot]
            _node(body, node, x, y, size, "!" if spot == cursor else "")
            if spot in fed:
                body.put(x - 2, y, body.glyphs.arrow + " ", EDGE_STYLES[arriving[spot]])
            taken = _end_of(frame, rank, spot) - x
            if spot in used:
                body.put(x + taken, y, " ")
            places[spot] = (x, y, taken)
    return places


def _node(body: Canvas, node: Node, x: int, y: int, size: int, selected: str) -> None:
    glyphs = body.glyphs
    signs = {"focus": glyphs.focus, "impact": glyphs.impact, "new": "+", "alert": glyphs.alert}
    sign, state = signs.get(node.state, glyphs.other), {"other": "", "new": "ok"}.get(node.state, node.state)
    style = (state or f"kind.{node.kind}") + selected
    body.put(x, y, f"{sign} ", style)
    room = size - 2 - 2 * _flagged(node)
    more = f" +{node.hidden}" if node.hidden else ""
    label = middle(node.label, max(room - len(more), 1), glyphs.ellipsis, tail=4)
    taken = body.put(x + 2, y, label, state + selected)
    if more:
        taken += body.put(x + 2 + taken, y, more, "muted" + selected, room - taken)
    if _flagged(node):
        body.put(x + 2 + taken, y, f" {glyphs.alert}", "alert" + selected)


def legend(glyphs: Glyphs = UNICODE, *, comparing: bool = False) -> tuple[tuple[str, str], ...]:
    """One line: what each sign means; ``comparing`` two moments, what is new too."""
    return (
        *((("+ new", "ok"), ("   ", "")) if comparing else ()),
        (f"{glyphs.focus} focus", "focus"), ("   ", ""), (f"{glyphs.impact} on impact path", "impact"), ("   ", ""),
        (f"{glyphs.alert} alert", "alert"), ("   ", ""), (f"{glyphs.other} other", "muted"),
    )  # fmt: skip


def summary(drawing: Drawing, glyphs: Glyphs = UNICODE) -> Sequence[tuple[str, str]]:
    """One line: how many nodes did not fit, and on which side."""
    left, right, above, below = drawing.beyond
    parts = [
        f"{glyphs.back} +{left}" if left else "", f"{glyphs.up} +{above}" if above else "",
        f"{glyphs.down} +{below}" if below else "", f"+{right} {glyphs.arrow}" if right else "",
    ]  # fmt: skip
    return tuple((f"{part}  ", "muted") for part in parts if part)


def within(graph: Mapping[str, Sequence[str]], start: str, radius: int) -> dict[str, int]:
    """Every node reachable from ``start`` in at most ``radius`` steps, with its distance."""
    found = {start: 0}
    edge = [start]
    for distance in range(1, radius + 1):
        reached = dict.fromkeys(n for at in edge for n in graph.get(at, ()) if n not in found)
        if not reached:
            break
        found.update(dict.fromkeys(reached, distance))
        edge = list(reached)
    return found
