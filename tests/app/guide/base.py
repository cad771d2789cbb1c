"""A ledger on which every item of the guide is met and no symptom shows; tests change one event of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache

from app.guide.facts import FUNCTIONS, Facts
from ledger.errors import Missing
from ledger.rules.maturity import reading
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.moments import micros
from ledger.rules.maturity.standing import Evaluation, Moment
from tests.ledger.rules.maturity import year
from tests.ledger.rules.maturity.year import BEGIN, DATA, MODEL, P, Said, placed, sha

DAY = 37.7
"""When it is looked at: a Wednesday evening."""
PANEL = f"dataset/{P}/panel"
STAGES = ["data_check", "test", "train", "evaluate", "package", "promote"]


def pipeline(day: float, name: str, team: str, **more: object) -> Said:
    value = {"pipeline": name, "cause": "push", "status": "ok", "execution": name, "stages": STAGES, "team": team}
    return Said(day, "pipeline.completed", f"pipeline/{P}/{name}", value | {"template": "std@1"} | more, "svc:ci")


def reproduced(day: float, of_run: str, equal: bool = True, **more: object) -> list[Said]:
    """A run repeated in another runtime, and the comparison."""
    name = f"elsewhere-{of_run}"
    start = {"run": name, "job_type": "reproduction", "inputs": [], "runtime": sha("runtime/other@1")}
    value = {"run": name, "of_run": of_run, "equal": equal}
    return [
        Said(day, "run.started", f"run/{name}", start, "svc:ci"),
        Said(day + 0.1, "run.reproduced", f"run/{of_run}", value | more, "svc:ci"),
    ]


def signed_map(day: float) -> list[Said]:
    ref = f"document/{P}/maturity-map@1"
    told = []
    for n, role in enumerate(FUNCTIONS):
        asked = {"transition": "maturity-map", "roles": [role], "sha256": sha("map")}
        signed = {"transition": "maturity-map", "role": role, "request": f"@map{n}", "dsse": {}}
        told += [
            Said(day, "approval.requested", ref, asked, tag=f"map{n}"),
            Said(day + 0.1 * (n + 1), "approval.granted", ref, signed, f"person-{role}"),
        ]
    return told


def script() -> list[Said]:
    """Everything that the guide asks for, and nothing that it warns of."""
    told = [*year.people(), *year.foundations(), *year.version(1, 10), *year.watched(18, 38)]
    told = [
        each._replace(value={**each.value, "criteria": ["D0.1"]}) if each.type == "target.set" else each
        for each in told
    ]
    drill = {"alert": "drill-1", "monitor": "drift", "severity": "high", "message": "drill", "injected": True}
    back = {"deployment": "d1", "to_version": f"{MODEL}@1", "drill": True, "cause": "exercise"}
    staging = {"deployment": "s1", "environment": "staging", "strategy": "direct", "slice": 1}
    checked = {"head": "0", "size": 1, "ok": True, "complete": True}
    return [
        *told,
        Said(0.5, "charter.signed", f"project/{P}", {"sha256": sha("charter"), "dsse": {}}, "sam"),
        *(
            Said(0.5, "access.granted", f"project/{P}", {"principal": f"person-{role}", "role": role}, "ivy")
            for role in FUNCTIONS
        ),
        year.registered(1.5, f"{DATA}@9"),
        *(
            Said(2, "document.attached", subject, {"doc_kind": "quality_standard", "sha256": sha("q")}, "dora")
            for subject in (DATA, PANEL)
        ),
        Said(12, "deployment.started", f"{MODEL}@1", staging, "svc:ci"),
        Said(12.1, "deployment.completed", f"{MODEL}@1", {**staging, "status": "ok"}, "svc:ci"),
        Said(
            13, "experiment.concluded", f"{MODEL}@1", {"experiment": "x", "kind": "ab", "winner": "none", "metric": "m"}
        ),
        *signed_map(20),
        pipeline(30, "train", "quant"),
        pipeline(31, "train-too", "rates"),
        *reproduced(32, "train1"),
        *reproduced(33, "view1"),
        Said(34, "deployment.rolled_back", f"{MODEL}@1", back, "svc:ci"),
        Said(35, "alert.raised", f"{MODEL}@1", drill, "svc:monitor"),
        Said(35.1, "alert.acknowledged", "alert/drill-1", {"alert": "drill-1"}, "dora"),
        Said(36, "ledger.verified", "ledger/x", checked, "svc:ci", None),
    ]


@cache
def whole() -> tuple[Said, ...]:
    return tuple(sorted(script(), key=lambda each: each.day))


def facts(told: Iterable[Said], day: float = DAY) -> Facts:
    """The project as the guide sees it."""
    events = [each for each in placed(told) if micros(each.at) <= at(day)]
    evaluation = Evaluation(Index.of_events(events), reading.shipped())
    answered = {each.value["request"] for each in events if each.type == "approval.granted"}

    def waits_for(seq: int) -> tuple[Missing, ...]:
        """These events are judged by no policy: one signature is enough."""
        return () if seq in answered else (Missing("1 approval missing, by risk", f"approve {seq}", "grace"),)

    return Facts(evaluation, P, Moment(len(events) - 1, at(day)), waits_for)


def at(day: float) -> int:
    return micros((BEGIN + timedelta(days=day)).isoformat())


def place(told: Sequence[Said], wanted: Said) -> int:
    """The seq that one of the told gets."""
    order = sorted(told, key=lambda each: each.day)
    return next(n for n, each in enumerate(order) if each is wanted)
