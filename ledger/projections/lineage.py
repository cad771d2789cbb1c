"""Lineage: what was made from what, through runs, to where it is deployed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections import reach
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE edges (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX edges_by_source ON edges (source)",
    "CREATE INDEX edges_by_target ON edges (target)",
)


def _inputs(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    for n, item in enumerate(value.get("inputs", ())):
        yield "edges", (event.seq, n, item["ref"], f"run/{value['run']}", "input")


def _outputs(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    for n, item in enumerate(value.get("outputs", ())):
        yield "edges", (event.seq, n, f"run/{value['run']}", item["ref"], "output")


def _deployed(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "edges", (event.seq, 0, event.subject, f"deployment/{value['deployment']}", "deployed")


FOLDS: dict[str, Fold] = {"run.started": _inputs, "run.completed": _outputs, "deployment.started": _deployed}


class Edge(NamedTuple):
    """``source`` went into ``target``; ``role`` is ``input``, ``output`` or ``deployed``."""

    source: str
    target: str
    role: str
    seq: int


class Node(NamedTuple):
    """Something in the graph. ``kind`` is the reference's first part; ``label`` its short name."""

    ref: str
    kind: str
    label: str
    distance: int


class Graph(NamedTuple):
    """Nodes within reach of ``focus`` (negative distances lie upstream) and every edge among them."""

    focus: str
    nodes: dict[str, Node]
    edges: tuple[Edge, ...]


def graph(view: View, ref: str, *, up: int | None = None, down: int | None = None) -> Graph:
    """All that ``ref`` came from (``up`` steps back) and all that came from it (``down`` steps on); ``None`` is no limit."""
    distances = {ref: 0}
    distances.update({node: -steps for node, steps in reach.steps(view, ref, up, upstream=True).items()})
    distances.update(reach.steps(view, ref, down, upstream=False))
    labels = _labels(view, distances)
    nodes = {name: Node(name, kind_of(name), labels[name], steps) for name, steps in distances.items()}
    leaving: dict[str, list[Edge]] = {}
    for row in reach.edges(view, list(distances)):
        if row[1] in distances:
            leaving.setdefault(row[0], []).append(Edge(*row))
    return Graph(ref, nodes, tuple(edge for name in distances for edge in leaving.get(name, ())))


def ancestors(view: View, ref: str) -> set[str]:
    """Everything that ``ref`` came from, itself left out."""
    return reach.closure(view, ref, upstream=True)


def descendants(view: View, ref: str) -> set[str]:
    """Everything that came from ``ref``, itself left out."""
    return reach.closure(view, ref, upstream=False)


def leads_to(view: View, source: str, target: str) -> bool:
    """Whether ``target`` came from ``source``, at any distance; nothing comes from itself."""
    has_any = view.row("SELECT 1 FROM edges WHERE source = :source AND seq <= :at LIMIT 1", {"source": source})
    return has_any is not None and target in descendants(view, source)


def beginning(view: View, ref: str) -> str:
    """Why nothing is known that ``ref`` came from: ``source`` (it came from nothing), ``made`` (by a run whose end had not
    been recorded), or ``later`` (what it came from was recorded after the view)."""
    row = view.row("SELECT run FROM artifacts WHERE ref = :ref AND seq <= :at", {"ref": ref})
    if row is not None and row[0] is not None:
        return "made"
    later = view.connection.execute("SELECT 1 FROM edges WHERE target = ? LIMIT 1", (ref,)).fetchone()
    return "source" if later is None else "later"


def impact(view: View, ref: str) -> list[str]:
    """Everything that depends on ``ref``, nearest first: what breaks if it is withdrawn."""
    reached = reach.steps(view, ref, None, upstream=False)
    return sorted(reached, key=lambda name: (reached[name], name))


class Orphan(NamedTuple):
    """A version that nothing leads to and nothing comes from; ``label`` is its short name, ``seq`` its registration."""

    ref: str
    kind: str
    label: str
    seq: int


def orphans(view: View) -> list[Orphan]:
    """Versions without an edge in the order of their registration.

    Left out are those that a run used as code, configuration or runtime, that are attached as documents, that are
    policies (which apply to others), or that are retired: they are accounted for.
    """
    sql = (
        "SELECT a.ref, a.kind, a.seq FROM artifacts a WHERE a.seq <= :at AND a.kind <> 'policy' "
        "AND NOT EXISTS (SELECT 1 FROM edges e WHERE e.source = a.ref AND e.seq <= :at) "
        "AND NOT EXISTS (SELECT 1 FROM edges e WHERE e.target = a.ref AND e.seq <= :at) "
        "AND NOT EXISTS (SELECT 1 FROM retirements r WHERE r.ref = a.ref AND r.seq <= :at) "
        "AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.digest = a.digest AND d.seq <= :at) "
        "AND a.digest NOT IN (SELECT value FROM runs, json_each(json_array(json_extract(facts, '$.code'), "
        "json_extract(facts, '$.config'), json_extract(facts, '$.runtime'))) "
        "WHERE runs.seq <= :at AND value IS NOT NULL) ORDER BY a.seq"
    )
    rows = view.rows(sql)
    labels = _labels(view, dict.fromkeys((row[0] for row in rows), 0))
    return [Orphan(ref, kind, labels[ref], seq) for ref, kind, seq in rows]


def kind_of(ref: str) -> str:
    """The first part of a reference: ``model``, ``run``, ``deployment``, …"""
    return ref.partition("/")[0]


def _labels(view: View, names: Iterable[str]) -> dict[str, str]:
    labels = {}
    jobs = _jobs(view, [name.partition("/")[2] for name in names if name.startswith("run/")])
    for name in names:
        kind = kind_of(name)
        if kind == "run":
            job = jobs.get(name.partition("/")[2])
            labels[name] = name if job is None else f"{job} {name[4:10]}"
        elif kind == "deployment":
            labels[name] = name.partition("/")[2]
        else:
            base, _, version = name.rpartition("/")[2].rpartition("@")
            labels[name] = f"{base} v{version}" if base else name
    return labels


def _jobs(view: View, names: list[str]) -> dict[str, str]:
    sql = "SELECT run, job FROM runs WHERE run IN (SELECT value FROM json_each(:names)) AND seq <= :at"
    return dict(view.rows(sql, {"names": json.dumps(names)}))
