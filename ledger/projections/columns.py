"""Lineage of columns, where it is known: which columns of which versions a version's column was computed from.

A version's registration may say it: ``summary.columns`` is ``{column: ["dataset/project/name@1#column", …]}``. Where it says
nothing, columns that came through a run are not known to come from anywhere, which is told apart from coming from nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ledger.projections import artifacts, lineage, reach
from ledger.projections.artifacts import Artifact
from ledger.projections.lineage import Edge, Graph, Node
from ledger.projections.view import View

ROLE = "column"
"""The role of an edge between columns."""


class ColumnGraph(NamedTuple):
    """A graph whose nodes are columns (``ref#column``); ``unknown`` are those that came from something nobody declared."""

    graph: Graph
    unknown: tuple[str, ...]


def split(text: str) -> tuple[str, str]:
    """A column's name taken apart: the version's reference, and the column (empty where none is named)."""
    ref, _, column = text.partition("#")
    return ref, column


def declared(artifact: Artifact) -> dict[str, tuple[str, ...]]:
    """What a version's registration says its columns came from; what is no such declaration is passed over."""
    summary = artifact.facts.get("summary")
    said = summary.get("columns") if isinstance(summary, dict) else None
    if not isinstance(said, dict):
        return {}
    return {
        name: tuple(dict.fromkeys(each for each in sources if isinstance(each, str) and "#" in each))
        for name, sources in said.items()
        if isinstance(sources, list)
    }


def known(artifact: Artifact) -> tuple[str, ...]:
    """A version's columns, as far as its registration names them: by their origin, or in its schema."""
    schema = (artifact.facts.get("summary") or {}).get("schema")
    named = (
        [each["name"] for each in schema if isinstance(each, dict) and "name" in each]
        if isinstance(schema, list)
        else []
    )
    return tuple(dict.fromkeys([*named, *declared(artifact)]))


def graph(view: View, name: str, *, up: int | None = None, down: int | None = None) -> ColumnGraph:
    """All columns that a column was computed from (``up`` steps back), and all computed from it (``down`` steps on)."""
    distances = {name: 0}
    edges: dict[tuple[str, str], Edge] = {}
    unknown = _walk_up(view, name, up, distances, edges) if up != 0 else []
    if down != 0:
        _walk_down(view, name, down, distances, edges)
    nodes = {each: Node(each, "column", _label(each), far) for each, far in distances.items()}
    return ColumnGraph(Graph(name, nodes, tuple(edges.values())), tuple(unknown))


def _walk_up(
    view: View, name: str, limit: int | None, distances: dict[str, int], edges: dict[tuple[str, str], Edge]
) -> list[str]:
    unknown = []
    frontier, far = [name], 0
    while frontier and (limit is None or far < limit):
        far += 1
        reached = []
        for each in frontier:
            ref, column = split(each)
            artifact = artifacts.get(view, ref)
            if artifact is None:
                continue
            said = declared(artifact)
            if column not in said and _made_from_something(view, ref):
                unknown.append(each)
            for source in said.get(column, ()):
                edges.setdefault((source, each), Edge(source, each, ROLE, artifact.seq))
                if source not in distances:
                    distances[source] = -far
                    reached.append(source)
        frontier = reached
    return unknown


def _walk_down(
    view: View, name: str, limit: int | None, distances: dict[str, int], edges: dict[tuple[str, str], Edge]
) -> None:
    """Only what came from the column's version can have a column that came from it."""
    consumers: dict[str, list[tuple[str, int]]] = {}
    for artifact in _among(view, lineage.descendants(view, split(name)[0])):
        for column, sources in declared(artifact).items():
            for source in sources:
                consumers.setdefault(source, []).append((f"{artifact.ref}#{column}", artifact.seq))
    frontier, far = [name], 0
    while frontier and (limit is None or far < limit):
        far += 1
        reached = []
        for each in frontier:
            for target, seq in consumers.get(each, ()):
                edges.setdefault((each, target), Edge(each, target, ROLE, seq))
                if target not in distances:
                    distances[target] = far
                    reached.append(target)
        frontier = reached


def _among(view: View, refs: set[str]) -> Iterator[Artifact]:
    """Those of ``refs`` that declare columns, in the order of their registration."""
    if len(refs) <= reach.MANY:
        found: list[Any] = [artifacts.get(view, ref) for ref in refs]
        yield from sorted((each for each in found if each is not None), key=lambda each: each.seq)
        return
    yield from (each for each in artifacts.versions(view, facts_with='"columns"') if each.ref in refs)


def _made_from_something(view: View, ref: str) -> bool:
    return view.row("SELECT 1 FROM edges WHERE target = :ref AND seq <= :at LIMIT 1", {"ref": ref}) is not None


def _label(name: str) -> str:
    ref, column = split(name)
    return f"{ref.rpartition('/')[2].replace('@', ' v')} {column}"
