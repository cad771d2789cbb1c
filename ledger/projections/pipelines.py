"""Pipelines: each execution's beginning and end, the runs of its steps, and the templates that teams adopted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE pipelines (
    seq INTEGER PRIMARY KEY,
    noun TEXT NOT NULL,
    name TEXT NOT NULL,
    execution TEXT NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    facts TEXT NOT NULL
) STRICT""",
    "CREATE INDEX pipelines_by_name ON pipelines (name)",
    """CREATE TABLE pipeline_steps (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    step TEXT NOT NULL,
    environment TEXT NOT NULL,
    execution TEXT NOT NULL,
    project TEXT
) STRICT""",
    "CREATE INDEX pipeline_steps_by_step ON pipeline_steps (pipeline, step)",
)

STEP = "step"
"""The parameter of a run that says which step of which pipeline it is."""

_STEP_KEYS = ("pipeline", "step", "environment", "execution")


def _facts(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _triggered(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    row = ("triggered", value["pipeline"], value["execution"], event.project, event.actor, event.at, _facts(value))
    yield "pipelines", (event.seq, *row)


def _completed(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    row = ("completed", value["pipeline"], value["execution"], event.project, event.actor, event.at, _facts(value))
    yield "pipelines", (event.seq, *row)


def _adopted(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    row = ("adopted", value["template"], "", event.project, event.actor, event.at, _facts(value))
    yield "pipelines", (event.seq, *row)


def _started(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    step = value.get("parameters", {}).get(STEP)
    if isinstance(step, Mapping):
        found = [step.get(key) or "" for key in _STEP_KEYS]
        if all(isinstance(each, str) for each in found) and found[0] and found[1]:
            yield "pipeline_steps", (event.seq, value["run"], *found, event.project)


FOLDS: dict[str, Fold] = {
    "pipeline.triggered": _triggered,
    "pipeline.completed": _completed,
    "template.adopted": _adopted,
    "run.started": _started,
}


class Execution(NamedTuple):
    """One execution of a pipeline. ``status`` is ``running`` until it has ended.

    ``stages`` are the standard steps that passed; ``steps`` what each step came to; ``seen`` the state of what the
    pipeline watches, by trigger, when it began.
    """

    seq: int
    execution: str
    pipeline: str
    project: str | None
    cause: str
    ref: str | None
    team: str | None
    environment: str | None
    template: str | None
    definition: str | None
    parameters: dict[str, Any]
    seen: dict[str, str]
    actor: str
    at: str
    status: str
    ended_seq: int | None
    ended_at: str | None
    stages: tuple[str, ...]
    steps: tuple[dict[str, Any], ...]
    seconds: float | None
    reason: str | None


class StepRun(NamedTuple):
    """A run that is a step of a pipeline; ``environment`` is empty where none was named."""

    seq: int
    run: str
    pipeline: str
    step: str
    environment: str
    execution: str
    project: str | None


class Adoption(NamedTuple):
    """A template that a team took up, for which pipeline, and the digest of the template's file."""

    seq: int
    template: str
    version: int
    team: str
    pipeline: str | None
    sha256: str | None
    at: str


_QUERY = (
    "SELECT t.seq, t.execution, t.name, t.project, t.actor, t.at, t.facts, e.seq, e.at, e.facts FROM pipelines t "
    "LEFT JOIN pipelines e ON e.seq = (SELECT min(seq) FROM pipelines WHERE name = t.name AND noun = 'completed' "
    "AND execution = t.execution AND seq > t.seq AND seq <= :at) WHERE t.noun = 'triggered' AND t.seq <= :at"
)


def _execution(row: Any) -> Execution:
    began: dict[str, Any] = json.loads(row[6])
    ended: dict[str, Any] = json.loads(row[9]) if row[9] is not None else {}
    values: list[Any] = [*row[:4], began["cause"]]
    values += [began.get(name) for name in ("ref", "team", "environment", "template", "definition")]
    values += [began.get("parameters", {}), began.get("seen", {}), row[4], row[5]]
    values += [ended.get("status", "running"), row[7], row[8]]
    values += [tuple(ended.get("stages", ())), tuple(ended.get("steps", ()))]
    values += [ended.get("seconds"), ended.get("reason")]
    return Execution(*values)


def executions(view: View, *, pipeline: str | None = None, project: str | None = None) -> list[Execution]:
    """Executions in the order in which they began, narrowed to a pipeline or a project."""
    sql = _QUERY
    if pipeline is not None:
        sql += " AND t.name = :pipeline"
    if project is not None:
        sql += " AND t.project = :project"
    return [_execution(row) for row in view.rows(f"{sql} ORDER BY t.seq", {"pipeline": pipeline, "project": project})]


def unfinished(view: View) -> list[Execution]:
    """Executions that have begun and not ended."""
    return [_execution(row) for row in view.rows(f"{_QUERY} AND e.seq IS NULL ORDER BY t.seq")]


def step_runs(
    view: View, pipeline: str, step: str | None = None, *, project: str | None = None, environment: str | None = None
) -> list[StepRun]:
    """The runs of a pipeline's steps, oldest first, narrowed to a step, a project or an environment (``""``: none)."""
    sql = (
        "SELECT seq, run, pipeline, step, environment, execution, project FROM pipeline_steps "
        "WHERE pipeline = :pipeline AND seq <= :at"
    )
    given = {"step": step, "project": project, "environment": environment}
    for column, wanted in given.items():
        if wanted is not None:
            sql += f" AND {column} = :{column}"
    return [StepRun(*row) for row in view.rows(f"{sql} ORDER BY seq", {"pipeline": pipeline, **given})]


def adoptions(view: View, template: str | None = None) -> list[Adoption]:
    """Templates as teams adopted them, oldest first; of one template or of all."""
    narrowed = "" if template is None else "name = :template AND "
    sql = f"SELECT seq, facts, at FROM pipelines WHERE {narrowed}noun = 'adopted' AND seq <= :at ORDER BY seq"
    found = []
    for seq, text, at in view.rows(sql, {"template": template}):
        facts = json.loads(text)
        values = [facts.get(name) for name in ("template", "version", "team", "pipeline", "sha256")]
        found.append(Adoption(*[seq, *values, at]))
    return found
