"""Deployments: which version went where, step by step, and what is live."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE deployments (
    seq INTEGER PRIMARY KEY,
    deployment TEXT NOT NULL,
    subject TEXT NOT NULL,
    environment TEXT NOT NULL,
    strategy TEXT NOT NULL,
    slice REAL NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    plan TEXT NOT NULL
) STRICT""",
    "CREATE INDEX deployments_by_deployment ON deployments (deployment)",
    """CREATE TABLE deployment_steps (
    seq INTEGER PRIMARY KEY,
    deployment TEXT NOT NULL,
    slice REAL NOT NULL,
    decision TEXT NOT NULL,
    day TEXT,
    at TEXT NOT NULL,
    checks TEXT NOT NULL,
    evidence TEXT NOT NULL
) STRICT""",
    "CREATE INDEX deployment_steps_by_deployment ON deployment_steps (deployment)",
    """CREATE TABLE deployment_ends (
    seq INTEGER PRIMARY KEY,
    deployment TEXT NOT NULL,
    status TEXT NOT NULL,
    cause TEXT,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX deployment_ends_by_deployment ON deployment_ends (deployment)",
)


def _json(item: Any) -> str:
    return json.dumps(item, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _started(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield (
        "deployments",
        (
            event.seq,
            value["deployment"],
            event.subject,
            value["environment"],
            value["strategy"],
            float(value["slice"]),
            event.project,
            event.actor,
            event.at,
            _json(value.get("plan", {})),
        ),
    )


def _step(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    checks, evidence = _json(value.get("checks", [])), _json(value.get("evidence", {}))
    slice_ = float(value["slice"])
    row = (event.seq, value["deployment"], slice_, value["decision"], value.get("day"), event.at, checks, evidence)
    yield "deployment_steps", row


def _completed(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "deployment_ends", (event.seq, value["deployment"], value["status"], None, event.at)


def _rolled_back(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    status = "drilled" if value["drill"] else "rolled_back"
    yield "deployment_ends", (event.seq, value["deployment"], status, value["cause"], event.at)


FOLDS: dict[str, Fold] = {
    "deployment.started": _started,
    "deployment.step": _step,
    "deployment.completed": _completed,
    "deployment.rolled_back": _rolled_back,
}


class Deployment(NamedTuple):
    """A deployment. ``status`` is ``under way`` until it is ``ok`` (live), ``rolled_back`` or ``inconclusive``."""

    seq: int
    deployment: str
    subject: str
    environment: str
    strategy: str
    slice: float
    project: str | None
    actor: str
    at: str
    plan: dict[str, Any]
    status: str
    ended_seq: int | None
    ended_at: str | None

    @property
    def ref(self) -> str:
        """How the deployment is named elsewhere."""
        return f"deployment/{self.deployment}"


class Step(NamedTuple):
    """One evaluation of a rollout's gates."""

    seq: int
    deployment: str
    slice: float
    decision: str
    day: str | None
    at: str
    checks: tuple[dict[str, Any], ...]
    evidence: dict[str, Any]


# A drill ends nothing; a roll-back after the completion does.
_QUERY = (
    "SELECT d.seq, d.deployment, d.subject, d.environment, d.strategy, d.slice, d.project, d.actor, d.at, d.plan, "
    "e.status, e.seq, e.at FROM deployments d LEFT JOIN deployment_ends e ON e.seq = (SELECT max(seq) FROM "
    "deployment_ends WHERE deployment = d.deployment AND status <> 'drilled' AND seq <= :at) WHERE d.seq <= :at"
)


def _deployment(row: Any) -> Deployment:
    plan = {} if row[9] == "{}" else json.loads(row[9])
    values: list[Any] = [*row[:9], plan, row[10] or "under way", row[11], row[12]]
    return Deployment(*values)


def listed(view: View, *, environment: str | None = None, project: str | None = None) -> list[Deployment]:
    """Deployments in the order they were started, narrowed to an environment or a project."""
    sql = _QUERY
    if environment is not None:
        sql += " AND d.environment = :environment"
    if project is not None:
        sql += " AND d.project = :project"
    rows = view.rows(sql + " ORDER BY d.seq", {"environment": environment, "project": project})
    return [_deployment(row) for row in rows]


def get(view: View, deployment: str) -> Deployment | None:
    """The deployment with this name (``deployment/`` before it or not), or ``None``."""
    name = deployment.removeprefix("deployment/")
    row = view.row(f"{_QUERY} AND d.deployment = :deployment", {"deployment": name})
    return None if row is None else _deployment(row)


def live(view: View, model: str, environment: str) -> Deployment | None:
    """The deployment of ``model`` (``model/project/name``) that serves in the environment: the last that came live."""
    alive = [
        each
        for each in listed(view, environment=environment)
        if each.status == "ok" and each.subject.rpartition("@")[0] == model
    ]
    return max(alive, key=lambda each: each.ended_seq or each.seq, default=None)


def steps(view: View, deployment: str) -> list[Step]:
    """The evaluations of a rollout, in order."""
    sql = (
        "SELECT seq, deployment, slice, decision, day, at, checks, evidence FROM deployment_steps "
        "WHERE deployment = :deployment AND seq <= :at ORDER BY seq"
    )
    rows = view.rows(sql, {"deployment": deployment.removeprefix("deployment/")})
    found: list[list[Any]] = [[*row[:6], tuple(json.loads(row[6])), json.loads(row[7])] for row in rows]
    return [Step(*values) for values in found]
