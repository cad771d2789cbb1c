"""A neighbourhood as the graph's drawing takes it, and the way through it in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, measure
from app.tui.screens.lineage.draw.graph import Edge, Graph, Node, State
from app.tui.screens.lineage.queries.lineage import Neighbourhood, Spot


def graph_of(data: Neighbourhood, impact: bool, known: frozenset[str] | None = None) -> Graph:
    """The neighbourhood as the drawing takes it: states, painted edges. What is not ``known`` from before is new."""
    struck = {*data.impact, data.focus} if impact else set()
    nodes = tuple(
        Node(spot.ref, spot.label, spot.kind, state_of(spot, data, struck, known), spot.alert, spot.hidden)
        for spot in data.spots
    )
    return Graph(nodes, tuple(Edge(s, t, s in struck and t in struck) for s, t in data.edges))


def without_runs(graph: Graph, cursor: str) -> tuple[Graph, int]:
    """The graph with what went into a run joined to what came of it, and how many runs that folds.

    The focus, what the cursor stands on, and runs at an end of the graph stay.
    """
    into: dict[str, list[Edge]] = {}
    out: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        into.setdefault(edge.target, []).append(edge)
        out.setdefault(edge.source, []).append(edge)
    folded = {
        node.id
        for node in graph.nodes
        if node.kind == "run" and node.state != "focus" and node.id != cursor and node.id in into and node.id in out
    }
    edges = [edge for edge in graph.edges if edge.source not in folded and edge.target not in folded]
    for run in folded:
        edges += [
            Edge(before.source, after.target, before.painted and after.painted)
            for before in into[run]
            for after in out[run]
        ]
    nodes = tuple(node for node in graph.nodes if node.id not in folded)
    return Graph(nodes, tuple(edges)), len(folded)


def state_of(spot: Spot, data: Neighbourhood, struck: set[str], known: frozenset[str] | None = None) -> State:
    """A node's state: the focus before impact before what is new before alert."""
    if spot.ref == data.focus:
        return "focus"
    if spot.ref in struck:
        return "impact"
    if known is not None and spot.ref not in known:
        return "new"
    return "alert" if spot.alert else "other"


def way(near: Mapping[str, Sequence[str]], start: str, end: str | None = None) -> list[str]:
    """The shortest way from ``start`` to ``end``, or to what lies farthest; ``near`` says where one can step. Empty
    where ``end`` cannot be reached."""
    came: dict[str, str] = {start: ""}
    queue = [start]
    for at in queue:
        for ref in near.get(at, ()):
            if ref not in came:
                came[ref] = at
                queue.append(ref)
    end = queue[-1] if end is None else end
    found = [end] if end in came else []
    while found and came[found[-1]]:
        found.append(came[found[-1]])
    return found[::-1]


def through(edges: Sequence[tuple[str, str]], focus: str, cursor: str) -> list[str]:
    """One way from a beginning by the cursor and the focus to an end; where neither came from the other, the shortest
    way between them along the edges, whichever way they lead."""
    back: dict[str, list[str]] = {}
    forth: dict[str, list[str]] = {}
    for source, target in edges:
        back.setdefault(target, []).append(source)
        forth.setdefault(source, []).append(target)
    between = way(forth, cursor, focus) or way(forth, focus, cursor)
    if not between:
        return way({ref: [*back.get(ref, ()), *forth.get(ref, ())] for ref in {*back, *forth}}, focus, cursor)
    return [*way(back, between[0])[:0:-1], *between, *way(forth, between[-1])[1:]]


def told(names: Sequence[tuple[str, str]], at: int, cells: int, glyphs: Glyphs = UNICODE) -> Line:
    """``path  ecb-rates v1 ▸ fx-vol v3 ▸ …`` in at most ``cells`` cells, each name in its style; what is farthest from
    number ``at`` is left off first."""
    low, high = 0, len(names)

    def line() -> Line:
        runs: list[Run] = [(" path  ", "muted"), (f"{glyphs.ellipsis} " if low else "", "muted")]
        for n in range(low, high):
            runs += [(f" {glyphs.arrow} ", "muted")] if n > low else []
            runs.append(names[n])
        return (*runs, (f" {glyphs.ellipsis}" if high < len(names) else "", "muted"))

    while measure(line()) > cells and high - low > 1:
        if high - 1 - at >= at - low:
            high -= 1
        else:
            low += 1
    return line()
