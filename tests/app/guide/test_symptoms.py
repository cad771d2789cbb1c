"""Each symptom on two ledgers that are one event apart: the doctor finds nothing, and then the cause, by that event."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from app.guide.symptoms import SYMPTOMS
from tests.app.guide.base import PANEL, facts, place, whole
from tests.app.story import Shell, request_number
from tests.ledger.rules.maturity.year import MODEL, P, Said, inputs, sha

BY_ID = {each.id: each for each in SYMPTOMS}
LATE = 37.65


class Sick(NamedTuple):
    """The event that shows a symptom, what the cause says, and what mends it."""

    id: str
    event: Said
    cause: str
    fix: str


TRAINING = {
    "run": "r9",
    "job_type": "training",
    "inputs": inputs(f"{PANEL}@1"),
    "seed": 1,
    "config": "c",
    "runtime": "r",
}
SEEN = {"monitor": "latency", "kind": "latency", "value": 900.0, "breached": True, "threshold": 1.0}
DENIED = {"policy": "p", "transition": "prod", "decision": "deny", "reasons": ["no approval"]}
CANARY = {"deployment": "d9", "environment": "prod", "strategy": "canary", "slice": 0.1}
SICK = [
    Sick("T1", Said(LATE, "gate.evaluated", f"{MODEL}@1", DENIED, "svc:ci"), "denied prod: no approval", "assay gate"),
    Sick(
        "T1",
        Said(
            LATE,
            "pipeline.completed",
            "pipeline/fx/train",
            {"pipeline": "train", "cause": "push", "status": "failed", "execution": "e"},
        ),
        "the pipeline train failed last",
        "assay pipeline why",
    ),
    Sick(
        "T2",
        Said(
            LATE,
            "monitor.refused",
            MODEL,
            {"monitor": "flat", "kind": "drift", "threshold": 2, "reason": "KS is below 1"},
        ),
        "the monitor flat was refused: KS is below 1",
        "monitors.yaml",
    ),
    Sick("T3", Said(LATE, "run.started", "run/r9", TRAINING), "names no code", "assay run"),
    Sick(
        "T4", Said(LATE, "deployment.started", f"{MODEL}@8", CANARY, "svc:ci"), "has no baseline", "assay criteria set"
    ),
    Sick(
        "T4",
        Said(
            LATE,
            "deployment.started",
            f"{MODEL}@1",
            {**CANARY, "plan": {"realised": {"account_share": 0.03, "fraction": 0.1}}},
            "svc:ci",
        ),
        "reached 3.0% of the accounts, not 10.0%",
        "assay show deployment/d9",
    ),
    Sick(
        "T5",
        Said(
            LATE, "run.reproduced", "run/train1", {"run": "x", "of_run": "train1", "equal": False, "culprits": ["seed"]}
        ),
        "differently because of seed",
        "assay reproduce run/train1",
    ),
    Sick(
        "T5",
        Said(LATE, "run.started", "run/r9", {**TRAINING, "code": sha("c"), "dirty": True}),
        "uncommitted",
        "commit",
    ),
    Sick(
        "T6",
        Said(LATE, "check.executed", "feature_view/fx/har@1", {"check": "parity", "kind": "parity", "passed": False}),
        "the parity check of feature_view/fx/har@1 failed",
        "assay feature parity feature_view/fx/har@1",
    ),
    Sick(
        "T6",
        Said(LATE, "check.executed", "feature_view/fx/har@1", {"check": "skew", "kind": "skew", "passed": False}),
        "the skew check of feature_view/fx/har@1 failed",
        "assay feature skew feature_view/fx/har@1 --served FILE",
    ),
    Sick(
        "T6",
        Said(
            LATE,
            "feature.retrieved",
            "feature_view/fx/har@1",
            {"consumer": "s", "gate_passed": False, "reasons": {"stale": 2}},
        ),
        "did not pass its gate: stale",
        "assay feature materialize",
    ),
    Sick(
        "T7",
        Said(30, "approval.requested", f"{MODEL}@1", {"transition": "prod", "roles": ["risk"], "sha256": "x"}),
        "has waited 7 days, longer than its SLA of 3d",
        "assay approve",
    ),
    Sick(
        "T7",
        Said(
            LATE,
            "artifact.registered",
            f"model/{P}/other@1",
            {"kind": "model", "name": "other", "version": 1, "sha256": "x"},
        ),
        "nobody answers for model/fx/other",
        "assay people raci",
    ),
    Sick("T8", Said(LATE, "monitor.observed", MODEL, SEEN, "svc:monitor"), f"first after {MODEL}@1 went live", "assay"),
]


@pytest.mark.parametrize("sick", SICK, ids=lambda each: f"{each.id}: {BY_ID[each.id].title} ({each.event.type})")
def test_one_event_shows_the_symptom(sick: Sick) -> None:
    find = BY_ID[sick.id].find
    assert list(find(facts(whole()))) == []
    told = [*whole(), sick.event]
    found = list(find(facts(told)))
    seq = place(told, sick.event)
    (cause,) = [each for each in found if seq in each.evidence]
    assert sick.cause in cause.text
    assert sick.fix in cause.fix


ASKED = {"transition": "prod", "roles": ["risk"], "sha256": "x"}
SWAPPED = {"run": "x", "of_run": "train1", "equal": False, "culprits": ["seed"], "swapped": {"seed": "8"}}


@pytest.mark.parametrize(
    "told",
    [
        [Said(LATE, "run.reproduced", "run/train1", SWAPPED)],
        [
            Said(30, "approval.requested", f"{MODEL}@1", ASKED, tag="asked"),
            Said(31, "approval.changes_requested", f"{MODEL}@1", {"transition": "prod", "request": "@asked"}),
        ],
        [Said(30, "approval.requested", f"{MODEL}@1", ASKED | {"expires": "2026-02-05T09:00:00.000000Z"})],
    ],
    ids=["exchanged on purpose", "changes were asked for", "expired"],
)
def test_what_looks_like_a_symptom_and_is_none(told: list[Said]) -> None:
    seen = facts([*whole(), *told])
    assert [cause for each in SYMPTOMS for cause in each.find(seen)] == []


def test_a_canary_that_was_not_promoted_is_told_of_for_a_season() -> None:
    gate = {"name": "losses", "passed": False, "value": 1.0}
    told = [
        Said(38, "deployment.started", f"{MODEL}@1", CANARY, "svc:ci"),
        Said(39, "deployment.step", f"{MODEL}@1", {**CANARY, "decision": "inconclusive", "checks": [gate]}, "svc:ci"),
        Said(40, "deployment.completed", f"{MODEL}@1", {**CANARY, "status": "inconclusive"}, "svc:ci"),
    ]
    said = "the canary d9 says inconclusive: losses"
    for day, expected in ((41, [said]), (129, [said]), (131, [])):
        found = BY_ID["T4"].find(facts([*whole(), *told], day))
        assert [cause.text for cause in found] == expected


def test_every_symptom_is_tested_here() -> None:
    assert {each.id for each in SICK} == set(BY_ID)
    assert len(SYMPTOMS) == 8
    assert all(each.remedy for each in SYMPTOMS)


def test_an_empty_ledger_has_no_symptoms() -> None:
    assert [cause for each in SYMPTOMS for cause in each.find(facts([]))] == []


def test_a_request_waits_until_everything_that_its_policy_wants_is_signed(shell: Shell) -> None:
    """One signature of two is no answer: the doctor looks until the request is decided, and says whose is missing."""

    def told() -> list[str]:
        document = shell("doctor", "--at", "2190-01-01", "--json").document
        found = [each["cause"] for each in document["symptoms"] if each["id"] == "T7" and each["cause"]]
        return [each for each in found if each.startswith("request ")]

    request = request_number(shell)
    assert "no SLA is set: 2 approvals missing" in told()[0]
    shell.ok("--as", "jon", "approve", request, "--yes")
    (cause,) = told()
    assert cause.startswith(f"request {request} on ")
    assert "1 approval missing" in cause
    assert "may sign: mia" in cause
    shell.ok("--as", "mia", "approve", request, "--yes")
    assert told() == []
    (approval,) = [
        each["seq"] for each in shell.json("log", "--type", "approval.granted")["events"] if each["actor"] == "mia"
    ]
    shell.ok("--as", "mia", "approvals", "revoke", str(approval), "--reason", "too early")
    assert len(told()) == 1, "an approval that was taken back counts no more"
    shell.ok("--as", "lea", "approvals", "withdraw", request)
    assert told() == []
