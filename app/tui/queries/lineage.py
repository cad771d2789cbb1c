"""The neighbourhood of one thing, what depends on it, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.projections.artifacts import Artifact
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


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one thing: a title, pairs of a name and a value, sections of lines (text, style), its seq."""

    ref: str
    title: str
    kind: str
    pairs: tuple[tuple[str, str, str], ...]
    sections: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


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
    """Where to begin: what came live last, else the newest model, else the newest thing."""
    for sql in (
        "SELECT subject FROM deployments WHERE seq <= :at ORDER BY seq DESC LIMIT 1",
        "SELECT ref FROM artifacts WHERE kind = 'model' AND seq <= :at ORDER BY seq DESC LIMIT 1",
        "SELECT ref FROM artifacts WHERE seq <= :at ORDER BY seq DESC LIMIT 1",
    ):
        row = view.row(sql)
        if row is not None:
            return str(row[0])
    return None


def facts(view: View, ref: str) -> Facts:
    """What the inspector shows of a node."""
    from ledger.projections import lineage

    kind = lineage.kind_of(ref)
    if kind == "run":
        title, pairs, sections = _run(view, ref)
    elif kind == "deployment":
        title, pairs, sections = _deployment(view, ref)
    else:
        title, pairs, sections = _artifact(view, ref)
    if not pairs:
        pairs = [("", "not recorded at this moment", "muted")]
    sections.append(("IF WITHDRAWN", _withdrawn(lineage.impact(view, ref))))
    troubled = _alerts(view, ref)
    if troubled:
        sections.insert(0, ("ALERTS", troubled))
    return Facts(ref, title, kind, tuple(pairs), tuple(sections))


Pairs = list[tuple[str, str, str]]
Sections = list[tuple[str, tuple[tuple[str, str], ...]]]


def _artifact(view: View, ref: str) -> tuple[str, Pairs, Sections]:
    from app.tui.draw.refs import short
    from ledger.projections import approvals, artifacts, documents

    found = artifacts.get(view, ref)
    if found is None:
        return short(ref), [], []
    pairs = [
        ("kind", found.kind.replace("_", " "), f"kind.{found.kind}"),
        ("project", found.project or "—", ""),
        ("digest", found.digest, ""),
        ("size", f"{found.size:,} bytes", ""),
        ("by", found.actor, ""),
        ("at", found.at[:19].replace("T", " "), ""),
        ("event", f"{found.seq:,}", "key"),
    ]
    stage = approvals.stage(view, ref)
    if found.kind == "model" or stage != "candidate":
        pairs.append(("stage", stage, "ok" if stage == "production" else ""))
    moved = {each.alias: each.version for each in artifacts.aliases(view, found.base)}
    names = [alias for alias, version in moved.items() if version == found.version]
    if names:
        pairs.append(("alias", ", ".join(f"@{name}" for name in names), "info"))
    reason = artifacts.retired(view, ref)
    if reason is not None:
        pairs.append(("retired", reason, "bad"))
    pairs += _source(found)
    plain = {
        name: value
        for name, value in found.facts.get("summary", {}).items()
        if isinstance(value, int | float | str) and name not in ("profile", "columns_in_all")
    }
    pairs += [(name, _number(value), "") for name, value in list(plain.items())[:6]]
    sections: Sections = []
    attached = documents.listed(view, ref)
    if attached:
        told = tuple((f"{each.doc_kind.replace('_', ' ')}  {each.title or each.digest[7:15]}", "") for each in attached)
        sections.append(("DOCUMENTS", told))
    decided = [d for request in approvals.requests(view, subject=ref) for d in request.decisions]
    if decided:
        lines = [
            (
                f"{'✓' if d.verdict == 'approve' else '✗'} {d.role}  {d.signer}",
                "ok" if d.verdict == "approve" else "bad",
            )
            for d in decided
        ]
        sections.append(("DECISIONS", tuple(lines)))
    return short(ref), pairs, sections


def _source(found: Artifact) -> Pairs:
    """Where a version came from, and what it spans."""
    facts = found.facts
    told = (
        ("source", facts.get("source_system")),
        ("address", facts.get("uri")),
        ("made by", f"run/{found.run}" if found.run else None),
        ("rows", f"{facts['rows']:,}" if isinstance(facts.get("rows"), int) else None),
        ("columns", _columns(facts.get("summary", {}))),
        ("span", " to ".join(facts.get("span") or ()) or None),
    )
    return [(name, str(value), "") for name, value in told if value is not None]


def _columns(summary: dict[str, object]) -> str | None:
    """How many columns a table has, where its registration says so."""
    schema = summary.get("schema")
    return str(summary.get("columns_in_all", len(schema))) if isinstance(schema, list) else None


def _run(view: View, ref: str) -> tuple[str, Pairs, Sections]:
    from ledger.projections import runs

    found = runs.get(view, ref)
    if found is None:
        return ref, [], []
    style = {"ok": "ok", "running": "info"}.get(found.status, "bad")
    pairs = [
        ("kind", f"run, {found.job_type}", "kind.run"),
        ("project", found.project or "—", ""),
        ("job", found.job, ""),
        ("status", found.status, style),
        ("by", found.actor, ""),
        ("at", found.started_at[:19].replace("T", " "), ""),
        ("event", f"{found.seq:,}", "key"),
    ]
    pairs += [
        (name, str(value), "")
        for name, value in (
            ("seed", found.seed),
            ("code", found.code),
            ("config", found.config),
            ("runtime", found.runtime),
        )
        if value is not None
    ]
    sections: Sections = []
    if found.metrics:
        lines = tuple((f"{name}  {_number(value)}", "") for name, value in list(found.metrics.items())[:8])
        sections.append(("METRICS", lines))
    return f"{found.job} {found.run[:8]}", pairs, sections


def _deployment(view: View, ref: str) -> tuple[str, Pairs, Sections]:
    from app.tui.draw.refs import short
    from ledger.projections import deployments

    found = deployments.get(view, ref)
    if found is None:
        return ref, [], []
    style = {"ok": "ok", "under way": "info", "inconclusive": "warn"}.get(found.status, "bad")
    pairs = [
        ("kind", "deployment", "kind.deployment"),
        ("what", short(found.subject), ""),
        ("where", found.environment, ""),
        ("how", found.strategy, ""),
        ("slice", f"{found.slice:.0%}", ""),
        ("status", "live" if found.status == "ok" else found.status.replace("_", " "), style),
        ("by", found.actor, ""),
        ("since", (found.ended_at or found.at)[:19].replace("T", " "), ""),
        ("event", f"{found.seq:,}", "key"),
    ]
    steps = deployments.steps(view, found.deployment)[-6:]
    lines = tuple((f"{s.day or s.at[:10]}  {s.decision.replace('_', ' ')}  {s.slice:.0%}", "") for s in steps)
    return found.deployment, pairs, [("STEPS", lines)] if lines else []


def _alerts(view: View, ref: str) -> tuple[tuple[str, str], ...]:
    rows = view.rows(
        "SELECT alert, message FROM alerts a WHERE subject = :ref AND seq <= :at AND NOT EXISTS (SELECT 1 FROM "
        "alert_changes c WHERE c.alert = a.alert AND c.state = 'resolved' AND c.seq <= :at) ORDER BY seq DESC LIMIT 4",
        {"ref": ref},
    )
    return tuple((f"▲ {message}", "alert") for _, message in rows)


def _withdrawn(impact: list[str]) -> tuple[tuple[str, str], ...]:
    counts: dict[str, int] = {}
    for ref in impact:
        kind = ref.partition("/")[0].replace("_", " ")
        counts[kind] = counts.get(kind, 0) + 1
    if not counts:
        return (("nothing depends on it", "muted"),)
    return tuple((f"{count:,} {kind}{'' if count == 1 else 's'}", "impact") for kind, count in counts.items())


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


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
