"""Maturity of 50 projects on a ledger of a million events: all criteria at one moment, and 52 weekly ones.

Beside LIM: hashing as many messages of 500 bytes on one thread as the ledger has events. Each begins with nothing in memory,
as a command does, but ``again``; reading all evidence is told apart: the dashboard does that once.
"""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import app.cli  # noqa: F401  (it sets how often garbage is looked for: what is measured is a command's work)
from ledger.format import event as events
from ledger.format.event import ZERO_PREV, Event
from ledger.format.hashes import digest
from ledger.projections import folding
from ledger.projections.view import View
from ledger.rules.maturity import reading
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.moments import micros
from ledger.rules.maturity.sparing import Sparing
from ledger.rules.maturity.standing import Evaluation, Moment, Verification
from ledger.store import schema
from tests.benchmarks import harness

BEGIN = datetime(2023, 1, 2, 8, tzinfo=UTC)
KINDS = ("drift", "quality", "bias", "latency", "business", "cost")
OBSERVED = 20
"""Observations of each project on a weekday."""
PROJECTS = 50
_BATCH = 20_000

Told = tuple[str, str, str, dict[str, Any]]


def _sha(text: str) -> str:
    return digest(text.encode())


def _registered(kind: str, project: str, name: str, version: int, run: str | None = None) -> Told:
    ref = f"{kind}/{project}/{name}@{version}"
    value = {"kind": kind, "name": name, "version": version, "sha256": _sha(ref), "size": 1, "source_system": "desk"}
    return "artifact.registered", ref, "svc:ci", {**value, "run": run} if run else value


def _foundations(project: str) -> Iterator[Told]:
    for subject in (f"dataset/{project}/rates", f"model/{project}/vol", f"code/{project}/src"):
        yield "owner.assigned", subject, "ada", {"role": "accountable", "principal": "dora"}
    yield "tier.assigned", f"model/{project}/vol", "dora", {"tier": "tier_1", "purpose": "x", "calendar": "target"}
    yield _registered("code", project, "src", 1)
    yield (
        "policy.adopted",
        f"policy/{project}/prod@1",
        "ada",
        {"policy": "p", "sha256": _sha("p"), "document": {}, "dsse": {}},
    )
    yield "criteria.set", f"model/{project}/vol", "dora", {"criteria": [{"metric": "mae", "at_most": 2}]}
    for kind in KINDS:
        value = {"monitor": kind, "kind": kind, "threshold": 1, "route": "desk"}
        yield "monitor.configured", f"model/{project}/vol", "svc:monitor", value


def _day(project: str, day: int) -> Iterator[Told]:
    data = f"dataset/{project}/rates@{day + 1}"
    yield _registered("dataset", project, "rates", day + 1)
    for kind in ("schema", "quality"):
        value = {"check": kind, "kind": kind, "passed": True, "value": 1, "threshold": 1}
        yield "check.executed", data, "svc:ci", value
    for n in range(OBSERVED):
        name = KINDS[n] if n < len(KINDS) else f"series-{n}"
        kind = KINDS[n] if n < len(KINDS) else "performance"
        value = {"monitor": name, "kind": kind, "value": 0.5, "breached": False, "threshold": 1.0, "day": "2024-01-01"}
        yield "monitor.observed", f"model/{project}/vol", "svc:monitor", value
    if day % 5 == 4:
        yield from _trained(project, day // 5 + 1, data)
    if day % 20 == 19:
        yield from _live(project, day // 5 + 1)


def _trained(project: str, n: int, data: str) -> Iterator[Told]:
    run, model = f"{project}-{n}", f"model/{project}/vol@{n}"
    value = {"run": run, "job": "train", "job_type": "training", "inputs": [{"ref": data, "sha256": _sha(data)}]}
    value |= {
        "commit": "c0ffee",
        "dirty": False,
        "config": _sha("c"),
        "runtime": _sha("r"),
        "seed": 7,
        "code": _sha("s"),
    }
    yield "run.started", f"run/{run}", "svc:ci", value
    yield _registered("model", project, "vol", n, run)
    ended = {"run": run, "status": "ok", "outputs": [{"ref": model, "sha256": _sha(model)}], "metrics": {"mae": 1.2}}
    yield "run.completed", f"run/{run}", "svc:ci", ended
    yield "run.reproduced", f"run/{run}", "svc:ci", {"run": f"{run}-again", "of_run": run, "equal": True}


def _live(project: str, n: int) -> Iterator[Told]:
    model, name = f"model/{project}/vol@{n}", f"{project}-d{n}"
    asked = {"transition": "prod", "roles": ["risk"], "sha256": _sha(model)}
    yield "approval.requested", model, "ada", asked
    yield "approval.granted", model, "grace", {"transition": "prod", "role": "risk", "request": 0, "dsse": {}}
    for kind in ("baseline", "bias", "dry_run"):
        value = {"check": kind, "kind": kind, "passed": True, "value": 1, "threshold": 1}
        yield "check.executed", model, "svc:ci", value
    where = {"deployment": name, "environment": "prod", "strategy": "canary"}
    yield "deployment.started", model, "svc:ci", {**where, "slice": 0.1}
    yield "deployment.step", model, "svc:ci", {"deployment": name, "slice": 0.5, "decision": "widen", "checks": []}
    yield "gate.evaluated", model, "svc:ci", {"policy": "p", "transition": "prod", "decision": "allow"}
    yield "promotion.recorded", model, "svc:ci", {"from_stage": "candidate", "to_stage": "production"}
    yield "deployment.completed", model, "svc:ci", {**where, "status": "ok"}


def told(count: int, projects: int) -> Iterator[Event]:
    """``count`` events of so many projects, weekday after weekday."""
    names = [f"p{n:02}" for n in range(projects)]
    seq = 0

    def place(said: Told, project: str | None, at: datetime) -> Event:
        kind, subject, actor, value = said
        return Event(seq, kind, subject, project, actor, _text(at), None, ZERO_PREV, value)

    key = {"name": "svc:ci", "key": "k", "dsse": {}, "kind": "automation"}
    first = [("key.enrolled", "person/svc:ci", "ada", key)]
    first += [("key.enrolled", "person/svc:monitor", "ada", {**key, "name": "svc:monitor"})]
    for said in first:
        yield place(said, None, BEGIN)
        seq += 1
    for project in names:
        for said in _foundations(project):
            yield place(said, project, BEGIN)
            seq += 1
    at, day = BEGIN, 0
    while seq < count:
        at += timedelta(days=1 if at.weekday() < 4 else 3)
        for project in names:
            for said in _day(project, day):
                if seq >= count:
                    return
                yield place(said, project, at)
                seq += 1
        day += 1


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def write(path: Path, count: int, projects: int) -> sqlite3.Connection:
    """The events and their projections, without the chain: nothing that is measured reads it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    for statement in (schema.EVENTS, schema.EVENTS_BY_SUBJECT, *folding.STATEMENTS):
        connection.execute(statement)
    batch: list[Event] = []

    def flush() -> None:
        connection.execute("BEGIN")
        rows = [
            (e.seq, b"\0" * 32, events.encode(e), e.type, e.subject, e.project, e.actor, e.at, e.cause) for e in batch
        ]
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        folding.fold(connection, batch)
        connection.execute("COMMIT")
        batch.clear()

    for each in told(count, projects):
        batch.append(each)
        if len(batch) == _BATCH:
            flush()
    flush()
    return connection


def limit(count: int) -> harness.Measurement:
    """Hashing ``count`` messages of 500 bytes on one thread."""
    message = b"x" * 500

    def work() -> None:
        for _ in range(count):
            hashlib.sha256(message).digest()

    return harness.timed(work)


def figures(folder: Path, count: int, projects: int, rounds: int) -> list[harness.Figure]:
    """One moment, one project, and a year of weeks, each over LIM."""
    connection = write(folder / "bench.db", count, projects)
    view = View(connection, count - 1)
    model = reading.shipped()
    last = micros(connection.execute("SELECT at FROM events WHERE seq = ?", (count - 1,)).fetchone()[0])
    moment = Moment(count - 1, last)
    weeks = [last - n * 7 * 86_400_000_000 for n in range(52)]
    verification = Verification(count + 1, True)
    names = Sparing(view).projects()

    def one() -> None:
        evaluation = Evaluation(Sparing(view), model, verification)
        for name in evaluation.index.projects():
            evaluation.standing(name, moment, detail=False)

    def project() -> None:
        Evaluation(Sparing(view), model, verification).standing(names[0], moment)

    def year() -> None:
        evaluation = Evaluation(Sparing(view), model, verification)
        for name in evaluation.index.projects():
            evaluation.history(name, weeks)

    def again() -> None:
        for name in names:
            warm.standing(name, moment, detail=False)

    warm = Evaluation(Sparing(view), model, verification)
    again()
    works = {
        "LIM": limit(count),
        "one": harness.timed(one),
        "project": harness.timed(project),
        "year": harness.timed(year),
        "again": harness.timed(again),
        "whole": harness.timed(lambda: Index.of(view)),
    }
    found = harness.alternate(works, rounds=rounds, warmup=0)
    workload = f"{count:,} events, {projects} projects, {len(model.criteria)} criteria"
    titles = {
        "one": "all criteria of all projects at one moment, nothing read before",
        "project": "all criteria of one project, each with its past, nothing read before",
        "year": "the levels of all projects at 52 weekly moments, nothing read before",
        "again": "all criteria of all projects, once more in the same evaluation",
        "whole": "all evidence into memory, as the dashboard keeps it",
    }
    return [
        harness.Figure(title, found[name].over(found["LIM"]), harness.against(found[name], found["LIM"]), workload)
        for name, title in titles.items()
    ]


def main(argv: Sequence[str]) -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks maturity", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--projects", type=int, default=PROJECTS)
    parser.add_argument("--rounds", type=int, default=3)
    options, _ = parser.parse_known_args(argv)
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        found = figures(Path(folder), options.events, options.projects, options.rounds)
    return harness.report("maturity, over hashing as many 500-byte messages as there are events", found)
