"""What is known of one thing in a lineage: what was recorded, its figures, what watches it, what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ledger.projections.artifacts import Artifact
    from ledger.projections.deployments import Deployment
    from ledger.projections.view import View

PAST = 12
"""Versions or observations that a figure's curve goes back."""
MOST = 6
"""Lines of one section."""

Pairs = list[tuple[str, str, str]]
Said = tuple[str, str, str]
"""A line of a section: which sign (a name of ``Glyphs``, or none), text, style."""
Sections = list[tuple[str, tuple[Said, ...]]]


class Figure(NamedTuple):
    """A number with those before it, oldest first, itself the last; ``state`` is a style."""

    name: str
    value: float
    past: tuple[float, ...]
    state: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one thing: a title, pairs of a name, a value and a style, sections of lines.

    ``figures`` are what the run measured that made it, ``watched`` what its monitors saw last.
    """

    ref: str
    title: str
    kind: str
    pairs: tuple[tuple[str, str, str], ...]
    sections: tuple[tuple[str, tuple[Said, ...]], ...]
    figures: tuple[Figure, ...] = ()
    watched: tuple[Figure, ...] = ()


def facts(view: View, ref: str) -> Facts:
    """All that the inspector shows of a node."""
    from ledger.projections import lineage

    kind = lineage.kind_of(ref)
    told = {"run": _run, "deployment": _deployment}.get(kind, _artifact)
    title, pairs, sections = told(view, ref)
    sections += [*_troubled(view, ref), ("IF WITHDRAWN", _withdrawn(view, lineage.impact(view, ref)))]
    sections += _documents(view, ref) if "@" in ref else []
    if not pairs:
        pairs = [("", "not recorded at this moment", "muted")]
    return Facts(ref, title, kind, tuple(pairs), tuple(sections), _figures(view, ref), _watched(view, ref))


def _artifact(view: View, ref: str) -> tuple[str, Pairs, Sections]:
    from app.tui.draw.refs import short
    from ledger.projections import approvals, artifacts

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
    decided = [d for request in approvals.requests(view, subject=ref) for d in request.decisions]
    signs = {"approve": "ok"}
    if decided:
        lines = tuple(
            (signs.get(d.verdict, "bad"), f"{d.role}  {d.signer}", signs.get(d.verdict, "bad")) for d in decided
        )
        sections.append(("DECISIONS", lines))
    return short(ref), pairs, sections


def _documents(view: View, ref: str) -> Sections:
    from ledger.projections import documents

    attached = documents.listed(view, ref)
    told = (f"{each.doc_kind.replace('_', ' ')}  {each.title or each.digest[7:15]}" for each in attached)
    return [("DOCUMENTS", tuple(("", line, "") for line in told))] if attached else []


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


def _columns(summary: Mapping[str, object]) -> str | None:
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
    recorded = (("seed", found.seed), ("code", found.code), ("config", found.config), ("runtime", found.runtime))
    pairs += [(name, str(value), "") for name, value in recorded if value is not None]
    return f"{found.job} {found.run[:8]}", pairs, []


def _deployment(view: View, ref: str) -> tuple[str, Pairs, Sections]:
    from app.actions.deployments import serving
    from app.tui.draw.refs import short
    from ledger.projections import deployments

    found = deployments.get(view, ref)
    if found is None:
        return ref, [], []
    alive = any(
        each.deployment == found.deployment for each in serving(view, deployments.listed(view, project=found.project))
    )
    status = {"ok": "live" if alive else "replaced"}.get(found.status, found.status.replace("_", " "))
    style = {"live": "ok", "under way": "info", "inconclusive": "warn", "replaced": "muted"}.get(status, "bad")
    pairs = [
        ("kind", "deployment", "kind.deployment"),
        ("what", short(found.subject), ""),
        ("where", found.environment, ""),
        ("how", found.strategy, ""),
        ("traffic", f"{traffic(view, found):.0%}" if status in ("live", "under way") else "none", ""),
        ("status", status, style),
        ("by", found.actor, ""),
        ("since", (found.ended_at or found.at)[:19].replace("T", " "), ""),
        ("event", f"{found.seq:,}", "key"),
    ]
    steps = deployments.steps(view, found.deployment)[-MOST:]
    lines = tuple(("", f"{s.day or s.at[:10]}  {s.decision.replace('_', ' ')}  {s.slice:.0%}", "") for s in steps)
    return found.deployment, pairs, [("STEPS", lines)] if lines else []


def _figures(view: View, ref: str) -> tuple[Figure, ...]:
    """What the run measured that made it, with the same of the versions, or of the runs of the job, before."""
    from app.tui.draw.figures import ranked
    from ledger.projections import runs

    name = ref if ref.startswith("run/") else _maker(view, ref)
    found = runs.get(view, name) if name else None
    if found is None or not found.metrics:
        return ()
    if ref.startswith("run/"):
        earlier = view.rows(
            "SELECT run FROM runs WHERE job = :job AND project IS :project AND seq <= :at AND seq < :seq "
            "ORDER BY seq DESC LIMIT :n",
            {"job": found.job, "project": found.project, "seq": found.seq, "n": PAST - 1},
        )
    else:
        base, _, version = ref.rpartition("@")
        kind, project, of = base.split("/", 2)
        earlier = view.rows(
            "SELECT run FROM artifacts WHERE kind = :kind AND project IS :project AND name = :name AND version < :version "
            "AND run IS NOT NULL AND seq <= :at ORDER BY version DESC LIMIT :n",
            {"kind": kind, "project": project, "name": of, "version": int(version), "n": PAST - 1},
        )
    measured = [run.metrics for run in (runs.get(view, row[0]) for row in reversed(earlier)) if run is not None]
    return tuple(
        Figure(name, value, (*(past[name] for past in measured if name in past), value))
        for name, value in ((name, float(found.metrics[name])) for name in ranked(found.metrics))
    )[:MOST]


def _maker(view: View, ref: str) -> str | None:
    row = view.row("SELECT run FROM artifacts WHERE ref = :ref AND seq <= :at", {"ref": ref})
    return None if row is None or row[0] is None or "@" not in ref else str(row[0])


def _watched(view: View, ref: str) -> tuple[Figure, ...]:
    """The last that each monitor of a version saw of it."""
    base = ref.rpartition("@")[0] or ref
    found = []
    for name, project in view.rows(
        "SELECT monitor, project FROM monitors WHERE subject IN (:ref, :base) AND accepted = 1 AND seq <= :at "
        "GROUP BY monitor, project ORDER BY min(seq)",
        {"ref": ref, "base": base},
    ):
        rows = view.rows(
            "SELECT value, breached FROM observations WHERE monitor = :monitor AND project IS :project AND subject = :ref "
            "AND value IS NOT NULL AND seq <= :at ORDER BY seq DESC LIMIT :n",
            {"monitor": name, "project": project, "ref": ref, "n": PAST},
        )
        if rows:
            past = tuple(float(row[0]) for row in reversed(rows))
            found.append(Figure(name, past[-1], past, "alert" if rows[0][1] else "ok"))
    return tuple(found[:MOST])


def _troubled(view: View, ref: str) -> Sections:
    """Open alerts on it, and on what it came from."""
    from app.tui.draw.refs import short
    from ledger.projections import lineage

    rows = view.rows(
        "SELECT subject, message, monitor FROM alerts a WHERE seq <= :at AND NOT EXISTS (SELECT 1 FROM alert_changes c "
        "WHERE c.alert = a.alert AND c.state = 'resolved' AND c.seq <= :at) ORDER BY seq DESC"
    )
    if not rows:
        return []
    here = tuple(("alert", message or monitor, "alert") for subject, message, monitor in rows if subject == ref)
    above = lineage.ancestors(view, ref)
    upstream = tuple(
        ("alert", f"{short(subject)}: {message or monitor}", "alert")
        for subject, message, monitor in rows
        if subject in above
    )
    found = (("ALERTS", here), ("UPSTREAM ALERT", upstream))
    return [(title, lines[:MOST]) for title, lines in found if lines]


def _withdrawn(view: View, impact: Sequence[str]) -> tuple[Said, ...]:
    """What breaks without it: how many of each kind, and what of it serves."""
    counted = counts(impact)
    if not counted:
        return (("", "nothing depends on it", "muted"),)
    from app.tui.draw.refs import short

    live = (
        f"{short(subject)} in {environment}, {share:.0%}" for subject, environment, share in serving_of(view, impact)
    )
    return (*(("", line, "impact") for line in counted), *(("alert", f"serves: {line}", "alert") for line in live))


GRAVEST = ("deployment", "model", "feature view", "dataset")
"""Of what breaks, in which order it is told; runs come last, for they are over."""


def counts(impact: Sequence[str]) -> list[str]:
    """How many of each kind: ``1 deployment``, ``2 models``."""
    found: dict[str, int] = {}
    for ref in impact:
        kind = ref.partition("/")[0].replace("_", " ")
        found[kind] = found.get(kind, 0) + 1
    ranks = {
        **dict.fromkeys(found, len(GRAVEST)),
        **{kind: n for n, kind in enumerate(GRAVEST)},
        "run": len(GRAVEST) + 1,
    }
    return [f"{found[kind]:,} {kind}{'' if found[kind] == 1 else 's'}" for kind in sorted(found, key=ranks.__getitem__)]


def serving_of(view: View, refs: Sequence[str]) -> list[tuple[str, str, float]]:
    """Which of these are deployments that serve: subject, environment, share of the traffic."""
    from app.actions.deployments import serving
    from ledger.projections import deployments

    names = {ref.partition("/")[2] for ref in refs if ref.startswith("deployment/")}
    found = [deployments.get(view, name) for name in names] if len(names) <= PAST else []
    projects = {each.project for each in found if each is not None} or ({None} if names else ())
    listed = [each for project in projects for each in deployments.listed(view, project=project)]
    alive = (each for each in serving(view, listed) if each.deployment in names)
    return [(each.subject, each.environment, traffic(view, each)) for each in alive][:MOST]


def traffic(view: View, found: Deployment) -> float:
    """The share of the traffic that a deployment has: all once it is live, else what its last step gave it."""
    if found.status == "ok":
        return 1.0
    row = view.row(
        "SELECT slice FROM deployment_steps WHERE deployment = :deployment AND seq <= :at ORDER BY seq DESC LIMIT 1",
        {"deployment": found.deployment},
    )
    return float(row[0]) if row else found.slice


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
