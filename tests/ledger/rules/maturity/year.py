"""A scripted year of two projects: levels rise, evidence lapses, things are put right. Tests vary it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from ledger.format.event import ZERO_PREV, Event

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
P = "fx"
MODEL = f"model/{P}/vol"
DATA = f"dataset/{P}/rates"
VIEW = f"feature_view/{P}/har"


class Said(NamedTuple):
    """One event before it has its place: the day it happens, and a tag that others name it by."""

    day: float
    type: str
    subject: str
    value: dict[str, Any]
    actor: str = "ada"
    project: str | None = P
    tag: str = ""


def sha(text: str) -> str:
    return f"sha256:{text.encode().hex():0<64}"[:71]


def placed(told: Iterable[Said]) -> list[Event]:
    """In order of their days; ``@tag`` in a value becomes the seq of the event with that tag."""
    events: list[Event] = []
    seqs: dict[str, int] = {}
    for seq, said in enumerate(sorted(told, key=lambda each: each.day)):
        seqs[said.tag] = seq
        value = {
            key: seqs.get(item[1:], 10**6) if isinstance(item, str) and item.startswith("@") else item
            for key, item in said.value.items()
        }
        at = (BEGIN + timedelta(days=said.day)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        events.append(Event(seq, said.type, said.subject, said.project, said.actor, at, None, ZERO_PREV, value))
    return events


def registered(day: float, ref: str, *, run: str | None = None, source: str | None = None, actor: str = "ada") -> Said:
    kind, project, rest = ref.split("/")
    name, _, version = rest.partition("@")
    value = {"kind": kind, "name": name, "version": int(version), "sha256": sha(ref), "size": 1}
    if run:
        value["run"] = run
    if source:
        value["source_system"] = source
    return Said(day, "artifact.registered", ref, value, actor, project)


def inputs(*refs: str) -> list[dict[str, str]]:
    return [{"ref": ref, "sha256": sha(ref)} for ref in refs]


def run(day: float, name: str, job: str, used: Sequence[str], made: Sequence[str], **more: Any) -> list[Said]:
    """A run from start to end, with what it registers in between."""
    project = more.pop("project", P)
    actor = more.pop("actor", "svc:ci")
    value = {"run": name, "job": job, "job_type": job, "inputs": inputs(*used), "commit": "c0ffee", "dirty": False}
    value |= {
        "config": sha("config"),
        "runtime": sha(f"runtime/{P}/container@1"),
        "seed": 7,
        "code": sha(f"code/{P}/src@1"),
    }
    ended = {"run": name, "status": "ok", "outputs": inputs(*made), "metrics": {"r2": 0.5}}
    return [
        Said(day, "run.started", f"run/{name}", value | more, actor, project),
        *(registered(day + 0.01, ref, run=name, actor=actor) for ref in made),
        Said(day + 0.02, "run.completed", f"run/{name}", ended, actor, project),
    ]


def check(day: float, subject: str, kind: str, passed: bool = True, actor: str = "svc:ci", **more: Any) -> Said:
    value = {"check": kind, "kind": kind, "passed": passed, "value": 1, "threshold": 1}
    return Said(day, "check.executed", subject, value | more, actor)


def approved(day: float, subject: str, transition: str, tag: str, by: str = "grace", after: float = 1) -> list[Said]:
    asked = {"transition": transition, "roles": ["risk"], "sha256": sha(subject)}
    said = {"transition": transition, "role": "risk", "request": f"@{tag}", "dsse": {}}
    return [
        Said(day, "approval.requested", subject, asked, "ada", P, tag),
        Said(day + after, "approval.granted", subject, said, by, tag=f"{tag}!"),
    ]


def people() -> list[Said]:
    def enrolled(name: str, kind: str) -> Said:
        return Said(
            0, "key.enrolled", f"person/{name}", {"name": name, "key": name, "dsse": {}, "kind": kind}, "ivy", None
        )

    return [
        *(enrolled(name, "person") for name in ("ada", "grace", "dora")),
        *(enrolled(name, "automation") for name in ("svc:ci", "svc:monitor")),
        Said(0.01, "access.granted", f"project/{P}", {"principal": "grace", "role": "risk"}, "ivy"),
        Said(0.02, "sla.set", f"project/{P}", {"transition": "prod", "within": "3d"}, "ivy"),
        Said(0.02, "sla.set", f"project/{P}", {"transition": "alert", "within": "P2B"}, "ivy"),
        Said(0.03, "policy.adopted", f"policy/{P}/prod@1", {"policy": f"policy/{P}/prod@1", "sha256": sha("p")}, "ivy"),
        *(
            Said(0.04, "owner.assigned", subject, {"role": role, "principal": "dora"}, "ivy")
            for subject in (DATA, f"dataset/{P}/panel", MODEL, f"code/{P}/src")
            for role in ("accountable", "responsible")
        ),
    ]


def foundations() -> list[Said]:
    tier = {"tier": "tier_2", "purpose": "hedging", "exposure": "EUR 3bn", "calendar": "target"}
    risk = {"risk": "stale", "capability": "data.tests", "priority": 9, "owner": "dora"}
    told = [
        registered(1, f"{DATA}@1", source="ECB"),
        registered(1, f"code/{P}/src@1"),
        registered(1, f"runtime/{P}/container@1"),
        Said(1, "risk.recorded", f"risk/{P}/stale", risk),
        Said(1, "tier.assigned", MODEL, tier, "dora"),
        Said(1, "tier.assigned", f"project/{P}", {"tier": "tier_1", "calendar": "weekdays"}, "dora"),
        Said(2, "document.attached", DATA, {"doc_kind": "data_source", "sha256": sha("d")}, "dora"),
        Said(2, "document.attached", f"dataset/{P}/panel@1", {"doc_kind": "transformation", "sha256": sha("t")}),
        Said(2, "criteria.set", MODEL, {"criteria": [{"metric": "mae", "at_most": 2}]}, "dora"),
        Said(2, "document.attached", MODEL, {"doc_kind": "runbook", "sha256": sha("r")}, "dora"),
    ]
    for subject in (DATA, f"dataset/{P}/panel"):
        told.append(
            Said(2, "check.configured", subject, {"check": "schema", "kind": "schema", "threshold": {"columns": 3}})
        )
    for n, track in enumerate(("data", "model", "code")):
        target = f"document/{P}/target-{track}@1"
        value = {"track": track, "level": 2, "due": "2026-06-30", "criteria_sha256": sha(track)}
        told += [
            Said(3 + n, "target.set", target, value),
            *approved(3 + n + 0.1, target, "target", f"t{track}", after=9),
        ]
    return told


def version(n: int, day: float, *, reproduced: bool = True) -> list[Said]:
    """Data, features, a model and its way into production."""
    raw, panel, view, model = f"{DATA}@{n}", f"dataset/{P}/panel@{n}", f"{VIEW}@{n}", f"{MODEL}@{n}"
    told = [] if n == 1 else [registered(day, raw, source="ECB")]
    told += [check(day + 0.1, raw, kind) for kind in ("schema", "quality", "privacy")]
    told += run(day + 0.2, f"panel{n}", "ingest", [raw], [panel])
    told += [check(day + 0.3, panel, kind) for kind in ("schema", "privacy")]
    told += run(day + 0.4, f"view{n}", "features", [panel], [view])
    told += run(day + 1, f"train{n}", "training", [view, panel], [model], team="quant")
    if reproduced:
        value = {"run": f"again{n}", "of_run": f"train{n}", "equal": True}
        told.append(Said(day + 1.1, "run.reproduced", f"run/train{n}", value, "svc:ci"))
    told += [
        Said(day + 1.2, "document.attached", model, {"doc_kind": "model_card", "sha256": sha("c")}, "dora"),
        Said(day + 1.3, "document.attached", model, {"doc_kind": "validation_report", "sha256": sha("v")}, "grace"),
        check(day + 1.4, model, "baseline"),
        check(day + 1.5, model, "bias"),
        *approved(day + 2, model, "prod", f"r{n}"),
    ]
    return told + live(n, day + 4)


def live(n: int, day: float, strategy: str = "canary") -> list[Said]:
    model, name = f"{MODEL}@{n}", f"d{n}"
    moved = {"from_stage": "candidate", "to_stage": "production", "approvals": []}
    start = {"deployment": name, "environment": "prod", "strategy": strategy, "slice": 0.1}
    step = {"deployment": name, "slice": 0.5, "decision": "widen", "checks": [{"name": "parity", "passed": True}]}
    ended = {"deployment": name, "environment": "prod", "strategy": strategy, "status": "ok"}
    return [
        check(day - 0.1, model, "dry_run"),
        Said(day, "deployment.started", model, start, "svc:ci"),
        Said(day + 1, "deployment.step", model, step, "svc:ci"),
        Said(day + 2, "gate.evaluated", model, {"policy": "p", "transition": "prod", "decision": "allow"}, "svc:ci"),
        Said(day + 2.1, "promotion.recorded", model, moved, "svc:ci"),
        Said(day + 2.2, "deployment.completed", model, ended, "svc:ci"),
    ]


MONITORED = ("drift", "quality", "bias", "latency", "basel", "cost")


def watched(begin: int, end: int, *, gap: Sequence[int] = (), breach: int = -1) -> list[Said]:
    """Monitors that report on weekdays, but for the days of a gap; one breach raises an alert that is acknowledged."""
    told = [
        Said(
            begin,
            "monitor.configured",
            MODEL,
            {"monitor": k, "kind": k, "threshold": 1, "route": "desk"},
            "svc:monitor",
        )
        for k in MONITORED
    ]
    for day in range(begin, end):
        if (BEGIN + timedelta(days=day)).weekday() >= 5 or day in gap:
            continue
        for kind in MONITORED:
            value = {"monitor": kind, "kind": kind, "value": 0.1, "breached": day == breach, "threshold": 1.0}
            told.append(Said(day + 0.4, "monitor.observed", MODEL, value, "svc:monitor"))
    if breach >= 0:
        raised = {"alert": "a1", "monitor": "drift", "severity": "high", "message": "drift", "injected": False}
        told += [
            Said(breach + 0.5, "alert.raised", f"{MODEL}@1", raised, "svc:monitor"),
            Said(breach + 1, "alert.acknowledged", "alert/a1", {"alert": "a1"}, "dora"),
            Said(breach + 2, "retraining.triggered", MODEL, {"cause": "drift", "ref": "alert/a1"}, "svc:monitor"),
            Said(
                breach + 20,
                "alert.resolved",
                "alert/a1",
                {"alert": "a1", "action": "retrained", "ref": "deployment/d2"},
            ),
        ]
    return told


def loops() -> list[Said]:
    """CI, drills, reviews, a witness, another team, an exception that is closed late."""
    told = []
    stages = ["data_check", "test", "train", "evaluate", "package", "promote"]
    for n, day in enumerate(range(20, 340, 20)):
        value = {"pipeline": "train", "cause": "manual" if n % 7 == 6 else "push", "status": "ok", "execution": f"x{n}"}
        value |= {"stages": stages[: 6 - n % 2], "team": ("quant", "rates")[n % 2], "template": "std"}
        told += [
            Said(day, "pipeline.completed", f"pipeline/{P}/train", value, "svc:ci"),
            check(day, f"code/{P}/src@1", "unit"),
        ]
        told += [
            check(day, f"code/{P}/src@1", "integration", passed=n != 5),
            check(day, f"code/{P}/src@1", "dependency"),
        ]
    for day in range(15, 330, 25):
        told.append(Said(day, "ledger.witnessed", "ledger/x", {"head": "0", "size": 1, "witness": "w"}, "svc:ci", None))
    for day in (40, 200):
        drill = {"deployment": "d1", "to_version": "@1", "drill": True, "cause": "exercise"}
        told += [
            Said(day, "deployment.rolled_back", f"{MODEL}@1", drill, "svc:ci"),
            Said(day, "review.held", "project/all", {"track": "all", "participants": ["ada"]}, "dora", None),
            check(day, f"{DATA}@1", "restore"),
        ]
    waived = {"exception": "e1", "transition": "prod", "reason": "x", "expires": "2026-05-01T00:00:00Z", "dsse": {}}
    other = (
        "run.started",
        "run/r9",
        {"run": "r9", "job_type": "training", "inputs": inputs(f"{VIEW}@1"), "team": "rates"},
    )
    told += [
        Said(100, "exception.recorded", f"{MODEL}@1", waived, "grace"),
        Said(140, "exception.closed", f"{MODEL}@1", {"exception": "e1", "outcome": "fixed"}, "grace"),
        Said(60, *other, "lee", "rates"),
        Said(60, "run.started", "run/r8", {**other[2], "run": "r8", "team": "quant"}, "svc:ci"),
        Said(
            220, "experiment.concluded", f"{MODEL}@2", {"experiment": "x", "kind": "ab", "winner": "b", "metric": "m"}
        ),
        Said(61, "feature.materialized", f"{VIEW}@1", {"store": "online"}, "svc:ci"),
        check(62, f"{VIEW}@1", "parity"),
        Said(62, "feature.retrieved", f"{VIEW}@1", {"consumer": "s", "gate_passed": True}, "svc:ci"),
        Said(64, "feature.retrieved", f"{VIEW}@1", {"consumer": "s", "gate_passed": False}, "svc:ci"),
    ]
    return told


def mishaps() -> list[Said]:
    """What goes wrong: an unowned dataset, an untidy run on bad data, a deployment by hand, a canary that is taken back."""
    dirty = {
        "run": "r7",
        "job": "train",
        "job_type": "training",
        "inputs": [*inputs(f"{DATA}@10"), {"ref": "rates.csv", "sha256": ""}],
    }
    ended = {"run": "r7", "status": "ok", "outputs": inputs(f"{MODEL}@7"), "metrics": {}}
    drill = {"alert": "a2", "monitor": "drift", "severity": "high", "message": "x", "injected": True}
    seen = Said(171, "alert.acknowledged", "alert/a2", {"alert": "a2"}, "dora")
    started = {"deployment": "d7", "environment": "prod", "strategy": "direct", "slice": 1}
    done = {"deployment": "d7", "environment": "prod", "strategy": "direct", "status": "ok"}
    step = {"deployment": "d7", "slice": 1, "decision": "widen", "checks": [{"name": "parity", "passed": False}]}
    back = {"deployment": "d7", "to_version": f"{MODEL}@2", "drill": False, "cause": "breach of parity"}
    again = [{"run": f"train{n}", "of_run": "r7", "equal": True} for n in (1, 2)]
    return [
        registered(12, f"{DATA}@10"),
        check(90, f"{DATA}@10", "quality", passed=False),
        registered(95, f"dataset/{P}/extra@1"),
        Said(97, "owner.assigned", f"dataset/{P}/extra", {"role": "accountable", "principal": "dora"}, "ivy"),
        Said(100, "run.started", "run/r7", dirty),
        registered(100.1, f"{MODEL}@7", run="r7"),
        Said(100.2, "run.completed", "run/r7", ended),
        Said(170, "alert.raised", f"{MODEL}@1", drill, "svc:monitor"),
        seen,
        Said(230, "deployment.started", f"{MODEL}@7", started, "ada"),
        Said(230.1, "deployment.step", f"{MODEL}@7", step, "ada"),
        Said(230.2, "promotion.recorded", f"{MODEL}@7", {"from_stage": "candidate", "to_stage": "production"}),
        Said(230.3, "deployment.completed", f"{MODEL}@7", done, "ada"),
        Said(233, "deployment.rolled_back", f"{MODEL}@7", back, "svc:ci"),
        Said(234, "deployment.completed", "model/fx/ghost@1", {**done, "deployment": "d8"}, "ada"),
        Said(
            120,
            "approval.revoked",
            f"document/{P}/target-data@1",
            {"transition": "target", "approval": "@tdata!"},
            "grace",
        ),
        *(Said(240, "run.reproduced", "run/r7", value, "svc:ci") for value in again),
    ]


def verified() -> list[Said]:
    """A verification every three weeks, but for a summer without, and one that found something."""
    told = []
    for day in range(8, 360, 21):
        if 150 < day < 210:
            continue
        value = {"head": "0", "size": 1, "ok": day != 239, "complete": day != 281}
        told.append(Said(day, "ledger.verified", "ledger/x", value, "svc:ci", None))
    return told


def script() -> list[Said]:
    """The whole year."""
    return [
        *people(),
        *foundations(),
        *version(1, 10),
        *version(2, 160, reproduced=False),
        *watched(18, 180, gap=range(40, 140), breach=150),
        *loops(),
        *mishaps(),
        *verified(),
        Said(310, "artifact.retired", f"{MODEL}@1", {"artifact": f"{MODEL}@1", "reason": "old"}),
    ]
