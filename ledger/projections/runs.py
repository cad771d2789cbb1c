"""Runs: how each began and ended, on which inputs, with which outputs and metrics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.errors import InputError
from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE runs (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    job TEXT NOT NULL,
    job_type TEXT NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    facts TEXT NOT NULL
) STRICT""",
    "CREATE INDEX runs_by_run ON runs (run)",
    """CREATE TABLE run_ends (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    status TEXT NOT NULL,
    at TEXT NOT NULL,
    facts TEXT NOT NULL
) STRICT""",
    "CREATE INDEX run_ends_by_run ON run_ends (run)",
)


def _facts(value: Mapping[str, Any], without: set[str]) -> str:
    kept = {key: item for key, item in sorted(value.items()) if key not in without}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _started(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    facts = _facts(value, {"run", "job", "job_type"})
    row = (event.seq, value["run"], value["job"], value["job_type"], event.project, event.actor, event.at, facts)
    yield "runs", row


def _completed(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "run_ends", (event.seq, value["run"], value["status"], event.at, _facts(value, {"run", "status"}))


FOLDS: dict[str, Fold] = {"run.started": _started, "run.completed": _completed}


class Run(NamedTuple):
    """A run. ``status`` is ``running`` until it has ended; ``ended_seq`` and ``ended_at`` are ``None`` till then.

    ``inputs`` and ``outputs`` are pairs of reference and digest; ``seconds`` is wall time; ``series`` is the digest of the
    metrics over their steps.
    """

    seq: int
    run: str
    job: str
    job_type: str
    project: str | None
    actor: str
    started_at: str
    status: str
    ended_seq: int | None
    ended_at: str | None
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    metrics: dict[str, float]
    code: str | None
    commit: str | None
    dirty: bool | None
    config: str | None
    runtime: str | None
    seed: int | None
    parameters: dict[str, Any]
    command: tuple[str, ...]
    seconds: float | None
    exit_code: int | None
    log: str | None
    reason: str | None
    trigger: str | None
    experiment: str | None
    series: str | None

    @property
    def ref(self) -> str:
        """How the run is named elsewhere: ``run/7c1e…``."""
        return f"run/{self.run}"


_QUERY = (
    "SELECT r.seq, r.run, r.job, r.job_type, r.project, r.actor, r.at, r.facts, e.seq, e.status, e.at, e.facts "
    "FROM runs r LEFT JOIN run_ends e ON e.run = r.run AND e.seq <= :at WHERE r.seq <= :at"
)


def _run(row: Any) -> Run:
    began: dict[str, Any] = json.loads(row[7])
    ended: dict[str, Any] = json.loads(row[11]) if row[11] is not None else {}
    values: list[Any] = [*row[:7], row[9] or "running", row[8], row[10]]
    values += [_pairs(began.get("inputs", ())), _pairs(ended.get("outputs", ())), ended.get("metrics", {})]
    values += [began.get(name) for name in ("code", "commit", "dirty", "config", "runtime", "seed")]
    values += [began.get("parameters", {}), tuple(began.get("command", ()))]
    values += [ended.get(name) for name in ("seconds", "exit_code", "log", "reason")]
    values += [began.get("trigger"), began.get("experiment"), ended.get("series")]
    return Run(*values)


def _pairs(items: Any) -> tuple[tuple[str, str], ...]:
    return tuple((item["ref"], item["sha256"]) for item in items)


def get(view: View, run: str) -> Run | None:
    """The run with this id, or ``None``."""
    row = view.row(f"{_QUERY} AND r.run = :run", {"run": run.removeprefix("run/")})
    return None if row is None else _run(row)


def find(view: View, text: str) -> Run:
    """The one run whose id is or begins with ``text`` (``run/`` before it or not).

    Raises:
        InputError: no run, or more than one, answers to it.
    """
    prefix = text.removeprefix("run/")
    found = view.rows(
        f"{_QUERY} AND r.run >= :low AND r.run < :high LIMIT 2", {"low": prefix, "high": prefix + "\uffff"}
    )
    if len(found) == 1:
        return _run(found[0])
    exact = get(view, prefix)
    if exact is not None:
        return exact
    what = "more than one run begins" if found else "no run begins"
    raise InputError(f"{what} with {prefix!r}; `assay runs` lists them")


def listed(
    view: View,
    *,
    project: str | None = None,
    job: str | None = None,
    experiment: str | None = None,
    newest: int = 0,
) -> list[Run]:
    """Runs in the order they were started, narrowed to a project, a job or an experiment.

    ``newest``: only so many, those that were started last; 0 is all.
    """
    sql = f"{_QUERY}{_narrowed(project, job, experiment)} ORDER BY r.seq"
    wanted = {"project": project, "job": job, "experiment": experiment, "newest": newest}
    rows = view.rows(f"{sql} DESC LIMIT :newest", wanted)[::-1] if newest else view.rows(sql, wanted)
    return [_run(row) for row in rows]


def count(
    view: View,
    *,
    project: str | None = None,
    job: str | None = None,
    experiment: str | None = None,
    actor: str | None = None,
) -> int:
    """How many runs were started, narrowed as :func:`listed`, or to who started them."""
    by = "" if actor is None else " AND r.actor = :actor"
    sql = f"SELECT count(*) FROM runs r WHERE r.seq <= :at{_narrowed(project, job, experiment)}{by}"
    wanted = {"project": project, "job": job, "experiment": experiment, "actor": actor}
    return int(view.row(sql, wanted)[0])


def _narrowed(project: str | None, job: str | None, experiment: str | None) -> str:
    narrowed = "" if project is None else " AND r.project = :project"
    narrowed += "" if job is None else " AND r.job = :job"
    return narrowed + ("" if experiment is None else " AND json_extract(r.facts, '$.experiment') = :experiment")


def metrics_of(view: View, kind: str, project: str | None, name: str) -> dict[str, dict[str, float]]:
    """What the runs measured that made versions of a name, by run; of all versions at once, since there may be thousands."""
    sql = (
        "SELECT e.run, json_extract(e.facts, '$.metrics') FROM artifacts a JOIN run_ends e ON e.run = a.run AND e.seq <= :at "
        "WHERE a.kind = :kind AND a.project IS :project AND a.name = :name AND a.seq <= :at"
    )
    rows = view.rows(sql, {"kind": kind, "project": project, "name": name})
    return {run: json.loads(metrics) for run, metrics in rows if metrics is not None}


def unfinished(view: View) -> list[Run]:
    """Runs that were started and have not ended."""
    return [_run(row) for row in view.rows(f"{_QUERY} AND e.seq IS NULL ORDER BY r.seq")]
