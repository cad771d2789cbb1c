"""The neighbourhood of one thing, and what depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.projections.view import View

MOST = 60
"""Nodes that are drawn at once; what lies further is folded into its neighbour's ``+n``."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A node: its reference, label, kind, distance from the focus (negative upstream), alerts open on it, and the
    neighbours that are not in the neighbourhood."""

    ref: str
    label: str
    kind: str
    distance: int
    alert: bool
    hidden: int


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What is drawn around ``focus``; ``impact`` is all that depends on it, in the whole ledger, by reference.

    ``beginning`` says why nothing is drawn that it came from, where nothing is: ``source``, ``made`` or ``later``.
    """

    focus: str
    exists: bool
    spots: tuple[Spot, ...]
    edges: tuple[tuple[str, str], ...]
    impact: tuple[str, ...]
    beginning: str = "source"


def neighbourhood(view: View, ref: str, radius: int) -> Neighbourhood:
    """All within ``radius`` steps of ``ref``, up and down."""
    from ledger.projections import lineage

    graph = lineage.graph(view, ref, up=radius, down=radius)
    near = sorted(graph.nodes.values(), key=lambda node: (abs(node.distance), node.ref != ref))[:MOST]
    names = {node.ref for node in near}
    edges = tuple(dict.fromkeys((e.source, e.target) for e in graph.edges if e.source in names and e.target in names))
    open_alerts = alerted(view)
    spots = tuple(
        Spot(
            node.ref,
            label(node.ref, node.label),
            node.kind,
            node.distance,
            node.ref in open_alerts,
            _outside(view, node.ref, node.distance, names),
        )
        for node in graph.nodes.values()
        if node.ref in names
    )
    beginning = lineage.beginning(view, ref)
    return Neighbourhood(ref, _exists(view, ref), spots, edges, tuple(lineage.impact(view, ref)), beginning)


def label(ref: str, given: str) -> str:
    """The label of a node: of a run its job and the beginning of its id."""
    job, _, name = given.rpartition(" ")
    return f"{job} {name[:4]}" if ref.startswith("run/") and job else given


def alerted(view: View) -> set[str]:
    """The references that an unresolved alert is about."""
    rows = view.rows(
        "SELECT DISTINCT subject FROM alerts a WHERE seq <= :at AND NOT EXISTS (SELECT 1 FROM alert_changes c "
        "WHERE c.alert = a.alert AND c.state = 'resolved' AND c.seq <= :at)"
    )
    return {row[0] for row in rows}


def start(view: View) -> str | None:
    """Where to begin: what serves in production, else elsewhere; else the newest model, else the newest thing."""
    from app.actions.deployments import serving

    live = [each for each in serving(view) if each.status == "ok" and each.strategy != "shadow"]
    if live:
        return max(live, key=lambda each: (each.environment == "prod", each.ended_seq or each.seq)).subject
    for sql in (
        "SELECT ref FROM artifacts WHERE kind = 'model' AND seq <= :at ORDER BY seq DESC LIMIT 1",
        "SELECT ref FROM artifacts WHERE seq <= :at ORDER BY seq DESC LIMIT 1",
    ):
        row = view.row(sql)
        if row is not None:
            return str(row[0])
    return None


def _outside(view: View, ref: str, distance: int, names: set[str]) -> int:
    """How many neighbours in the direction away from the focus are not shown."""
    rows: set[str] = set()
    if distance <= 0:
        rows |= {r[0] for r in view.rows("SELECT source FROM edges WHERE target = :ref AND seq <= :at", {"ref": ref})}
    if distance >= 0:
        rows |= {r[0] for r in view.rows("SELECT target FROM edges WHERE source = :ref AND seq <= :at", {"ref": ref})}
    return len(rows - names)


def _exists(view: View, ref: str) -> bool:
    kind, _, name = ref.partition("/")
    sql, value = {
        "run": ("SELECT 1 FROM runs WHERE run = :name AND seq <= :at", name),
        "deployment": ("SELECT 1 FROM deployments WHERE deployment = :name AND seq <= :at", name),
    }.get(kind, ("SELECT 1 FROM artifacts WHERE ref = :name AND seq <= :at", ref))
    return view.row(sql, {"name": value}) is not None
