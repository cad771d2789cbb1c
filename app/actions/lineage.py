"""Lineage: what something came from, and what depends on it, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from app.actions import references
from app.actions.answers import Answer, Mark, counted, say
from ledger.errors import InputError
from ledger.projections import alerts
from ledger.projections import lineage as projection

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.lineage import Graph
    from ledger.projections.view import View


def lineage(context: Context, *, ref: str, up: bool = False, down: bool = False, depth: int | None = None) -> Answer:
    """The graph around a reference: both ways, or only back (``up``) or on (``down``)."""
    if depth is not None and depth < 0:
        raise InputError(f"--depth {depth}: a depth is 0 or more steps")
    view = context.view
    target = references.find(view, ref)
    if target.kind not in ("artifact", "run", "deployment"):
        raise InputError(f"{target.ref} has no lineage; versions, runs and deployments have")
    both = up == down
    graph = projection.graph(view, target.ref, up=depth if up or both else 0, down=depth if down or both else 0)
    troubled = _troubled(view, graph)
    document = {
        "at": view.at,
        "focus": graph.focus,
        "nodes": [
            {
                "ref": node.ref,
                "kind": node.kind,
                "label": node.label,
                "distance": node.distance,
                "alerts": troubled.get(node.ref, []),
            }
            for node in sorted(graph.nodes.values(), key=lambda node: (node.distance, node.ref))
        ],
        "edges": [{"source": e.source, "target": e.target, "role": e.role, "seq": e.seq} for e in graph.edges],
    }
    return Answer(document, list(_lines(graph, troubled, up=up or both, down=down or both)))


def _lines(graph: Graph, troubled: dict[str, list[str]], *, up: bool, down: bool) -> Iterator[str]:
    yield say(Mark("title", graph.focus), *_warning(troubled.get(graph.focus, [])))
    sources: dict[str, list[str]] = {}
    targets: dict[str, list[str]] = {}
    for edge in graph.edges:
        sources.setdefault(edge.target, []).append(edge.source)
        targets.setdefault(edge.source, []).append(edge.target)
    if up:
        count = sum(node.distance < 0 for node in graph.nodes.values())
        yield say(Mark("dim", f"came from {counted(count, 'thing')}"))
        yield from _tree(graph.focus, sources, troubled, {graph.focus})
    if down:
        count = sum(node.distance > 0 for node in graph.nodes.values())
        yield say(Mark("dim", f"went into {counted(count, 'thing')}"))
        yield from _tree(graph.focus, targets, troubled, {graph.focus})


def _tree(root: str, beneath: dict[str, list[str]], troubled: dict[str, list[str]], seen: set[str]) -> Iterator[str]:
    """Depth first, with a stack of its own: lineage may be deeper than Python's."""
    stack = [(child, "", last) for child, last in _children(root, beneath)]
    while stack:
        name, margin, last = stack.pop()
        again = name in seen
        note = ("  ", Mark("dim", "(above)")) if again and beneath.get(name) else ()
        yield say(f"{margin}{'└─' if last else '├─'} ", name, *note, *_warning(troubled.get(name, [])))
        if not again:
            seen.add(name)
            below = margin + ("   " if last else "│  ")
            stack += [(child, below, is_last) for child, is_last in _children(name, beneath)]


def _children(name: str, beneath: dict[str, list[str]]) -> list[tuple[str, bool]]:
    """What stands under a node, the last first, so that a stack yields them in order."""
    children = list(dict.fromkeys(beneath.get(name, [])))
    return [(child, n == len(children) - 1) for n, child in enumerate(children)][::-1]


def _troubled(view: View, graph: Graph) -> dict[str, list[str]]:
    """The alerts on the graph's nodes that are not resolved."""
    found: dict[str, list[str]] = {}
    for alert in alerts.listed(view):
        if alert.subject in graph.nodes and alert.state != "resolved":
            found.setdefault(alert.subject, []).append(alert.alert)
    return found


def _warning(names: list[str]) -> tuple[Any, ...]:
    return ("  ", Mark("warn", f"! {', '.join(names)}")) if names else ()
