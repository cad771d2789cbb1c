"""Lineage: what something came from, and what depends on it, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import diagrams, references, withdrawal
from app.actions.answers import Answer, Mark, counted, say, state, table
from app.workspace import nearest
from ledger.errors import InputError
from ledger.projections import alerts, artifacts, columns
from ledger.projections import lineage as projection
from ledger.projections.artifacts import UnknownRef

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.lineage import Edge, Graph
    from ledger.projections.view import View


def lineage(
    context: Context,
    *,
    ref: str,
    up: bool = False,
    down: bool = False,
    depth: int | None = None,
    since: str | None = None,
    impact: bool = False,
    mermaid: bool = False,
    dot: bool = False,
) -> Answer:
    """The graph around a reference: both ways, or only back (``up``) or on (``down``); as text or a diagram's source.

    ``ref#column`` gives the columns that this one was computed from, and those computed from it, where that was declared.
    ``since`` marks what has come to it after another moment. Nothing ever goes: what was made from what stays so.
    ``impact`` tells what breaks if it is withdrawn.
    """
    view = context.view
    if impact:
        if up or down or mermaid or dot or since is not None or depth is not None or "#" in ref:
            raise InputError("--impact stands alone: it tells all that depends on a version, a run or a deployment")
        return withdrawal.impact(view, _target(view, ref)[0].ref)
    target, column = _target(view, ref)
    if mermaid and dot:
        raise InputError("give either --mermaid or --dot")
    both, steps = up == down, _steps(depth, up=up, down=down)
    graph, unknown = _graph(view, target.ref, column, steps)
    before = None if since is None else context.as_of(since)
    new = None if before is None else _appeared(view, before, graph, column, steps)
    diagram = diagrams.mermaid(graph) if mermaid else diagrams.dot(graph) if dot else None
    notes = _Notes(_troubled(view, graph), new or frozenset(), frozenset(unknown))
    document = {
        "at": view.at,
        "focus": graph.focus,
        "nodes": _nodes(graph, notes.troubled),
        "edges": [_edge(each) for each in graph.edges],
        "unknown": list(unknown),
        "since": None if before is None else before.at,
        "appeared": None if before is None else sorted(notes.new),
        "diagram": diagram,
    }
    asked = not column and steps["up"] != 0
    origin = _BEGINNINGS[projection.beginning(view, target.ref)] if asked else ""
    lines = [*_taken(view, ref, target), *_lines(graph, notes, origin, up=up or both, down=down or both)]
    if before is not None:
        told = f"{counted(len(notes.new), 'thing')} new since event {before.at}, up to {view.at}"
        lines.append(say(Mark("dim", told)))
    return Answer(document, lines, raw=diagram)


def _steps(depth: int | None, *, up: bool, down: bool) -> dict[str, int | None]:
    """How far the graph goes each way, in steps; ``None`` as far as there is anything."""
    if depth is not None and depth < 0:
        raise InputError(f"--depth {depth}: a depth is 0 or more steps")
    both = up == down
    return {"up": depth if up or both else 0, "down": depth if down or both else 0}


_BEGINNINGS = {
    "source": "came from nothing: it is a source",
    "made": "came from a run whose end was not recorded by then",
    "later": "came from nothing by then: what it was made from was recorded later",
}


def _target(view: View, ref: str) -> tuple[references.Target, str]:
    """What a user's words name, and the column of it, where they name one."""
    text, column = columns.split(ref)
    target = references.find(view, text)
    if target.kind not in ("artifact", "run", "deployment"):
        raise InputError(f"{target.ref} has no lineage; versions, runs and deployments have")
    if "#" not in ref:
        return target, ""
    artifact = artifacts.get(view, target.ref)
    if artifact is None:
        raise InputError(f"{target.ref} has no columns; versions of datasets and feature views have")
    known = columns.known(artifact)
    if not column or (known and column not in known and _whole(artifact)):
        hint = nearest(column, list(known)) or f"; it has {', '.join(known[:12])}{', …' if len(known) > 12 else ''}"
        raise InputError(f"{target.ref} has no column {column!r}{hint if known else ''}")
    return target, column


def _whole(artifact: artifacts.Artifact) -> bool:
    """Whether a version's registration names all of its columns: of wide tables it names the first."""
    return "columns_in_all" not in (artifact.facts.get("summary") or {})


def _graph(view: View, ref: str, column: str, steps: dict[str, int | None]) -> tuple[Graph, tuple[str, ...]]:
    if not column:
        return projection.graph(view, ref, **steps), ()
    return columns.graph(view, f"{ref}#{column}", **steps)


def orphans(context: Context, *, kind: str | None = None, project: str | None = None) -> Answer:
    """Versions that came from nothing, went into nothing, and that no run used."""
    view = context.view
    found = [
        each
        for each in projection.orphans(view)
        if kind in (None, each.kind) and project in (None, each.ref.split("/")[1])
    ]
    rows = [(each.ref, Mark("dim", each.label), f"seq:{each.seq}") for each in found]
    lines = table(rows, ("version", "name", "registered")) or [say(state("good", "no version stands alone"))]
    document = {"at": view.at, "orphans": [{"ref": each.ref, "kind": each.kind, "seq": each.seq} for each in found]}
    return Answer(document, lines)


def _taken(view: View, text: str, target: references.Target) -> list[str]:
    """Which version was taken, where the user named none and there are several; the newest need not be the one in use."""
    if target.kind != "artifact" or "@" in text or "#" in text or text.startswith("sha256:") or text == target.ref:
        return []
    base, _, version = target.ref.rpartition("@")
    kind, project, name = base.split("/", 2)
    if len(artifacts.versions(view, kind=kind, project=project, name=name)) < 2:
        return []
    current = {each.alias: each.version for each in artifacts.aliases(view, base)}
    used = ", ".join(f"@{alias} is {name}@{current[alias]}" for alias in sorted(current))
    return [say(Mark("dim", f"{text}: the newest version, {name}@{version}" + (f"; {used}" if used else "")))]


def _nodes(graph: Graph, troubled: dict[str, list[str]]) -> list[dict[str, Any]]:
    """The nodes as JSON data, from the farthest source to the farthest consumer."""
    return [
        {
            "ref": node.ref,
            "kind": node.kind,
            "label": node.label,
            "distance": node.distance,
            "alerts": troubled.get(node.ref, []),
        }
        for node in sorted(graph.nodes.values(), key=lambda node: (node.distance, node.ref))
    ]


def _edge(edge: Edge) -> dict[str, Any]:
    return {"source": edge.source, "target": edge.target, "role": edge.role, "seq": edge.seq}


def _appeared(view: View, before: View, graph: Graph, column: str, steps: dict[str, int | None]) -> frozenset[str]:
    """What is in the graph and was not in it at an earlier moment."""
    if before.at > view.at:
        raise InputError(f"--since {before.at} lies after --at {view.at}; give the earlier moment as --since")
    ref, _ = columns.split(graph.focus)
    try:
        references.find(before, ref)
    except UnknownRef:
        return frozenset(graph.nodes)
    return frozenset(graph.nodes) - frozenset(_graph(before, ref, column, steps)[0].nodes)


class _Notes(NamedTuple):
    """What is said beside a name: its open alerts, whether it is new, and whether nobody said what it came from."""

    troubled: dict[str, list[str]]
    new: frozenset[str]
    unknown: frozenset[str]

    def beside(self, name: str) -> tuple[Any, ...]:
        fresh: tuple[Any, ...] = ("  ", Mark("live", "● new")) if name in self.new else ()
        if name in self.unknown:
            fresh = (*fresh, "  ", Mark("dim", "from columns that nobody declared"))
        names = self.troubled.get(name)
        return (*fresh, "  ", Mark("warn", f"! {', '.join(names)}")) if names else fresh


def _lines(graph: Graph, notes: _Notes, origin: str, *, up: bool, down: bool) -> Iterator[str]:
    yield say(Mark("title", graph.focus), *notes.beside(graph.focus))
    sources: dict[str, list[str]] = {}
    targets: dict[str, list[str]] = {}
    for edge in graph.edges:
        sources.setdefault(edge.target, []).append(edge.source)
        targets.setdefault(edge.source, []).append(edge.target)
    if up:
        count = sum(node.distance < 0 for node in graph.nodes.values())
        yield say(Mark("dim", f"came from {counted(count, 'thing')}" if count or not origin else origin))
        yield from _tree(graph.focus, sources, notes, {graph.focus})
    if down:
        count = sum(node.distance > 0 for node in graph.nodes.values())
        yield say(Mark("dim", f"went into {counted(count, 'thing')}"))
        yield from _tree(graph.focus, targets, notes, {graph.focus})


def _tree(root: str, beneath: dict[str, list[str]], notes: _Notes, seen: set[str]) -> Iterator[str]:
    """Depth first, with a stack of its own: lineage may be deeper than Python's."""
    stack = [(child, "", last) for child, last in _children(root, beneath)]
    while stack:
        name, margin, last = stack.pop()
        again = name in seen
        note = ("  ", Mark("dim", "(above)")) if again and beneath.get(name) else ()
        yield say(f"{margin}{'└─' if last else '├─'} ", name, *note, *notes.beside(name))
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
