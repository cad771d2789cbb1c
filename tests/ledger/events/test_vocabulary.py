"""Every event type: its value survives the format, and it says in one plain sentence what happened."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.events import VOCABULARY, Fact, sentence, typed
from ledger.events.policies import PolicyAdopted
from ledger.format import canonical
from ledger.format import event as events
from ledger.format.event import ZERO_PREV, Event
from tests.ledger.events.facts import any_fact

AT = "2026-01-02T03:04:05.000000Z"
MODEL = "model/fx-hedging/fx-vol@3"
DIGEST = f"sha256:{'5a' * 32}"
VKEY = "example.com/ml-ledger+6eab02dd+AV5B"


def event(type_: str, value: dict[str, Any], subject: str = MODEL, actor: str = "ada") -> Event:
    return Event(7, type_, subject, "fx-hedging", actor, AT, None, ZERO_PREV, value)


SENTENCES: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "alert.silenced",
        "monitor/fx-hedging/m",
        {"monitor": "m", "until": "2026-12-24", "reason": "rebasing"},
        "ada silenced m until 2026-12-24: rebasing",
    ),
    (
        "alert.escalated",
        "alert/a1",
        {"alert": "a1", "to": "heads", "after": "4 hours"},
        "alert a1 was not acknowledged within 4 hours, and went to heads",
    ),
    (
        "experiment.started",
        MODEL,
        {"experiment": "e1", "kind": "ab", "arms": [MODEL, "model/fx-hedging/fx-vol@4"], "metric": "loss"},
        f"ada started the experiment e1: {MODEL} against model/fx-hedging/fx-vol@4 by loss",
    ),
    (
        "experiment.concluded",
        MODEL,
        {"experiment": "e1", "kind": "ab", "winner": MODEL, "metric": "loss"},
        f"the experiment e1 ended: {MODEL} is better by loss",
    ),
    (
        "experiment.concluded",
        MODEL,
        {"experiment": "e1", "kind": "ab", "winner": "none", "metric": "loss"},
        "the experiment e1 ended: no arm is shown to be better",
    ),
    (
        "inference.logged",
        "model/fx-hedging/fx-vol",
        {"day": "2026-01-02", "sha256": DIGEST, "rows": 1200, "files": [], "labels": 7},
        "ada logged 1,200 answers of model/fx-hedging/fx-vol on 2026-01-02, 7 with labels",
    ),
    (
        "access.revoked",
        "project/fx-hedging",
        {"principal": "grace", "role": "risk", "reason": "moved on"},
        "ada took the role risk in project/fx-hedging from grace: moved on",
    ),
    (
        "approval.changes_requested",
        MODEL,
        {"transition": "prod", "role": "risk", "comment": "show 2008", "request": 5, "dsse": {}},
        f"ada asked for changes to {MODEL} for prod, as risk: show 2008",
    ),
    ("approval.withdrawn", MODEL, {"request": 5}, f"ada withdrew request 5 on {MODEL}"),
    (
        "approval.withdrawn",
        MODEL,
        {"request": 5, "reason": "too early"},
        f"ada withdrew request 5 on {MODEL}: too early",
    ),
    (
        "approval.revoked",
        MODEL,
        {"transition": "prod", "request": 5, "approval": 6, "reason": "the report was wrong", "dsse": {}},
        f"ada revoked approval 6 of {MODEL} for prod: the report was wrong",
    ),
    (
        "approval.escalated",
        MODEL,
        {"request": 5, "level": 2, "to": ["hugo"]},
        f"request 5 on {MODEL} is overdue and was escalated to hugo (step 2)",
    ),
    ("approval.expired", MODEL, {"request": 5}, f"request 5 on {MODEL} has expired"),
    (
        "charter.signed",
        "project/fx-hedging",
        {"sha256": DIGEST, "dsse": {}, "title": "Charter"},
        "ada signed the charter “Charter” of project/fx-hedging (5a5a5a5a)",
    ),
    (
        "criteria.set",
        "model/fx-hedging/fx-vol",
        {"criteria": [{"metric": "mae", "at_most": 2.5}, {"metric": "r2", "at_least": 0.25, "at_most": 1.0}]},
        "ada set the acceptance criteria of model/fx-hedging/fx-vol: mae at most 2.5, r2 at least 0.25 and at most 1",
    ),
    (
        "delegation.given",
        "person/hugo",
        {"delegation": "d1", "to": "hugo", "role": "risk", "until": "2026-02-01T00:00:00.000000Z", "dsse": {}},
        "ada lets hugo act as risk until 2026-02-01 00:00",
    ),
    ("delegation.ended", "person/hugo", {"delegation": "d1", "to": "hugo"}, "ada ended the delegation d1 to hugo"),
    (
        "exception.recorded",
        MODEL,
        {
            "exception": "e1",
            "transition": "prod",
            "reason": "the feed is down",
            "expires": "2026-01-04T00:00:00.000000Z",
            "dsse": {},
        },
        f"EXCEPTION e1: ada lets {MODEL} into prod until 2026-01-04 00:00: the feed is down",
    ),
    (
        "exception.closed",
        MODEL,
        {"exception": "e1", "outcome": "rolled back", "note": "no loss"},
        f"ada closed the exception e1 of {MODEL}: rolled back (no loss)",
    ),
    (
        "policy.adopted",
        "policy/fx-hedging/models@1",
        {"policy": "policy/fx-hedging/models@1", "sha256": DIGEST, "document": {}, "dsse": {}},
        "ada adopted policy/fx-hedging/models@1 (5a5a5a5a) for project/fx-hedging",
    ),
    (
        "policy.adopted",
        "policy/fx-hedging/models@1",
        {"policy": "policy/fx-hedging/models@1", "sha256": DIGEST, "document": {}, "dsse": {}, "scope": "ledger"},
        "ada adopted policy/fx-hedging/models@1 (5a5a5a5a) for every project without one of its own",
    ),
    ("run.signed", "run/7c1e", {"run": "7c1e", "sha256": DIGEST, "dsse": {}}, "ada signed run/7c1e"),
    (
        "sla.set",
        "project/fx-hedging",
        {"transition": "prod", "within": "2d"},
        "ada set 2d as the time to answer requests for prod in project/fx-hedging",
    ),
    (
        "sla.set",
        "project/fx-hedging",
        {"transition": "alert", "within": "2d"},
        "ada set 2d as the time to acknowledge alerts in project/fx-hedging",
    ),
    (
        "access.granted",
        "project/fx-hedging",
        {"principal": "grace", "role": "risk"},
        "ada gave grace the role risk in project/fx-hedging",
    ),
    ("alert.acknowledged", "alert/a1", {"alert": "a1"}, "ada acknowledged alert a1"),
    ("alert.acknowledged", "alert/a1", {"alert": "a1", "note": "on it"}, "ada acknowledged alert a1: on it"),
    (
        "alert.raised",
        MODEL,
        {"alert": "a1", "monitor": "m", "severity": "high", "message": "drift", "injected": False},
        f"high alert a1 on {MODEL}: drift",
    ),
    (
        "alert.raised",
        MODEL,
        {"alert": "a1", "monitor": "m", "severity": "high", "message": "drift", "injected": True},
        f"drill: high alert a1 on {MODEL}: drift",
    ),
    ("alert.resolved", "alert/a1", {"alert": "a1", "action": "retrained"}, "ada resolved alert a1: retrained"),
    (
        "alert.resolved",
        "alert/a1",
        {"alert": "a1", "action": "retrained", "ref": "deployment/d2"},
        "ada resolved alert a1: retrained (deployment/d2)",
    ),
    (
        "alias.moved",
        MODEL,
        {"artifact": "model/fx-hedging/fx-vol", "alias": "champion", "version": 3},
        "ada made version 3 the champion of model/fx-hedging/fx-vol",
    ),
    (
        "approval.granted",
        MODEL,
        {"transition": "prod", "role": "risk", "request": 5, "dsse": {}},
        f"ada approved {MODEL} for prod, as risk",
    ),
    (
        "approval.rejected",
        MODEL,
        {"transition": "prod", "role": "risk", "reason": "too late", "request": 5, "dsse": {}},
        f"ada rejected {MODEL} for prod, as risk: too late",
    ),
    (
        "approval.requested",
        MODEL,
        {"transition": "prod", "roles": ["risk"], "sha256": DIGEST},
        f"ada asked that {MODEL} be approved for prod",
    ),
    (
        "artifact.registered",
        MODEL,
        {"kind": "model", "name": "fx-vol", "version": 3, "sha256": DIGEST, "size": 9},
        f"ada registered {MODEL} (5a5a5a5a)",
    ),
    (
        "artifact.registered",
        MODEL,
        {"kind": "model", "name": "fx-vol", "version": 3, "sha256": DIGEST, "size": 9, "run": "7c1e"},
        f"ada registered {MODEL} (5a5a5a5a, made by run/7c1e)",
    ),
    ("artifact.retired", MODEL, {"artifact": MODEL, "reason": "old"}, f"ada retired {MODEL}: old"),
    (
        "artifact.retired",
        MODEL,
        {"artifact": MODEL, "reason": "old", "replaced_by": "model/fx-hedging/fx-vol@4"},
        f"ada retired {MODEL}: old; model/fx-hedging/fx-vol@4 takes its place",
    ),
    (
        "check.configured",
        MODEL,
        {"check": "jumps", "kind": "outliers", "threshold": 6},
        f"ada set the outliers check jumps for {MODEL}",
    ),
    (
        "check.executed",
        MODEL,
        {"check": "jumps", "kind": "outliers", "passed": True, "value": 1, "threshold": 6},
        f"the outliers check jumps passes {MODEL}",
    ),
    (
        "check.executed",
        MODEL,
        {"check": "jumps", "kind": "outliers", "passed": False, "value": 1, "threshold": 6},
        f"the outliers check jumps fails {MODEL}",
    ),
    *(
        (
            "check.executed",
            MODEL,
            {
                "check": "jumps",
                "kind": "outliers",
                "passed": False,
                "value": 1,
                "threshold": 6,
                "verdict": verdict,
                "findings": found,
            },
            f"the outliers check jumps {words}",
        )
        for verdict, found, words in (
            ("block", [{}], f"blocks {MODEL} (1 finding)"),
            ("flag", [{}, {}], f"flags {MODEL} (2 findings)"),
            ("quarantine", [], f"sets aside part of {MODEL}"),
            ("pass", [], f"passes {MODEL}"),
        )
    ),
    *(
        (
            "deployment.completed",
            MODEL,
            {"deployment": "d1", "environment": "prod", "strategy": "direct", "status": status},
            f"{MODEL} {words} prod",
        )
        for status, words in (
            ("ok", "is live in"),
            ("rolled_back", "was taken back from"),
            ("inconclusive", "stays out of"),
        )
    ),
    (
        "deployment.rolled_back",
        MODEL,
        {"deployment": "d1", "to_version": "@2", "drill": False, "cause": "errors"},
        f"ada rolled {MODEL} back to @2: errors",
    ),
    (
        "deployment.rolled_back",
        MODEL,
        {"deployment": "d1", "to_version": "@2", "drill": True, "cause": "exercise"},
        f"as a drill, ada rolled {MODEL} back to @2: exercise",
    ),
    (
        "deployment.started",
        MODEL,
        {"deployment": "d1", "environment": "prod", "strategy": "direct", "slice": 1},
        f"ada started deploying {MODEL} to prod",
    ),
    (
        "deployment.started",
        MODEL,
        {"deployment": "d1", "environment": "prod", "strategy": "blue_green", "slice": 0.1},
        f"ada started deploying {MODEL} to prod as blue/green on 10% of accounts",
    ),
    (
        "deployment.step",
        MODEL,
        {"deployment": "d1", "slice": 0.1, "decision": "roll_back"},
        f"the rollout d1 of {MODEL} says roll back",
    ),
    (
        "deployment.step",
        MODEL,
        {"deployment": "d1", "slice": 0.1, "decision": "widen", "day": "2008-10-01"},
        f"the rollout d1 of {MODEL} says widen on 2008-10-01",
    ),
    (
        "document.attached",
        MODEL,
        {"doc_kind": "model_card", "sha256": DIGEST},
        f"ada attached the model card (5a5a5a5a) to {MODEL}",
    ),
    (
        "document.attached",
        MODEL,
        {"doc_kind": "model_card", "sha256": DIGEST, "title": "v3"},
        f"ada attached the model card “v3” (5a5a5a5a) to {MODEL}",
    ),
    (
        "gate.evaluated",
        MODEL,
        {"policy": DIGEST, "transition": "prod", "decision": "allow"},
        f"the policy allows {MODEL} the transition to prod",
    ),
    (
        "gate.evaluated",
        MODEL,
        {"policy": DIGEST, "transition": "prod", "decision": "deny", "reasons": ["no card", "no test"]},
        f"the policy denies {MODEL} the transition to prod: no card; no test",
    ),
    ("key.enrolled", "person/grace", {"name": "grace", "key": "k", "dsse": {}}, "ada enrolled grace"),
    (
        "feature.materialized",
        "feature_view/fx/vol@2",
        {"feature_view": "feature_view/fx/vol", "version": 2, "store": "online", "rows": 1234, "as_of": AT},
        f"ada wrote 1,234 rows of feature_view/fx/vol@2 to the online store, as of {AT}",
    ),
    (
        "feature.retrieved",
        "feature_view/fx/vol@2",
        {"feature_view": "feature_view/fx/vol", "version": 2, "consumer": "desk", "gate_passed": True, "count": 1200},
        "desk read feature_view/fx/vol@2 1,200 times",
    ),
    (
        "feature.retrieved",
        "feature_view/fx/vol@2",
        {
            "feature_view": "feature_view/fx/vol",
            "version": 2,
            "consumer": "desk",
            "gate_passed": False,
            "count": 3,
            "reasons": {"stale": 2, "entity": 1},
        },
        "desk was refused feature_view/fx/vol@2 3 times: entity 1, stale 2",
    ),
    (
        "key.enrolled",
        "person/grace",
        {"name": "grace", "key": "k", "dsse": {}, "title": "risk officer"},
        "ada enrolled grace (risk officer)",
    ),
    (
        "key.enrolled",
        "person/svc:m",
        {"name": "svc:m", "key": "k", "dsse": {}, "kind": "automation"},
        "ada enrolled the automation identity svc:m",
    ),
    ("key.revoked", "person/grace", {"name": "grace", "key": "k", "dsse": {}}, "ada revoked a key of grace"),
    (
        "ledger.continued",
        "ledger/example.com/old",
        {"origin": "example.com/new", "key": VKEY, "size": 12_345, "root": "00", "dsse": {}},
        "ada let a copy of the first 12,345 events of example.com/old go on as example.com/new",
    ),
    (
        "ledger.created",
        "ledger/example.com/ml-ledger",
        {"origin": "example.com/ml-ledger", "key": VKEY, "administrators": [], "clock": "system"},
        "ada created the ledger example.com/ml-ledger (system clock)",
    ),
    (
        "ledger.key_rotated",
        "ledger/example.com/ml-ledger",
        {"key": VKEY, "dsse": {}},
        "ada gave the ledger a new key, example.com/ml-ledger+6eab02dd",
    ),
    (
        "ledger.verified",
        "ledger/x",
        {"head": "00", "size": 1234, "ok": True},
        "ada verified the first 1,234 events: intact",
    ),
    (
        "ledger.verified",
        "ledger/x",
        {"head": "00", "size": 1234, "ok": False, "findings": [{}]},
        "ada verified the first 1,234 events: 1 finding",
    ),
    (
        "ledger.witnessed",
        "ledger/x",
        {"head": "00", "size": 1234, "witness": "example.com/witness+6eab02dd+BF5B"},
        "example.com/witness witnessed the first 1,234 events",
    ),
    (
        "monitor.configured",
        MODEL,
        {"monitor": "m", "kind": "drift", "threshold": 0.25, "route": "risk"},
        f"ada set the drift monitor m on {MODEL}, alerts to risk",
    ),
    (
        "monitor.observed",
        MODEL,
        {"monitor": "m", "kind": "drift", "value": 0.31, "breached": True, "threshold": 0.25, "day": "2008-09-17"},
        "the drift monitor m saw 0.31 against 0.25 on 2008-09-17, breached",
    ),
    (
        "monitor.observed",
        MODEL,
        {"monitor": "m", "kind": "drift", "value": None, "breached": False, "threshold": None},
        "the drift monitor m saw no value",
    ),
    (
        "monitor.refused",
        MODEL,
        {"monitor": "m", "kind": "drift", "threshold": 1.5, "reason": "never"},
        f"the drift monitor m on {MODEL} was refused: never",
    ),
    ("owner.assigned", MODEL, {"role": "accountable", "principal": "hugo"}, f"ada made hugo accountable for {MODEL}"),
    (
        "pipeline.completed",
        "pipeline/fx-hedging/fx-vol",
        {"pipeline": "fx-vol", "cause": "data", "status": "ok", "execution": "e1", "environment": "staging"},
        "the pipeline fx-vol completed in staging",
    ),
    (
        "pipeline.completed",
        "pipeline/fx-hedging/fx-vol",
        {"pipeline": "fx-vol", "cause": "data", "status": "failed", "execution": "e1", "reason": "train failed"},
        "the pipeline fx-vol failed: train failed",
    ),
    (
        "pipeline.triggered",
        "pipeline/fx-hedging/fx-vol",
        {"pipeline": "fx-vol", "cause": "data", "execution": "e1", "ref": "dataset/fx-hedging/ecb-rates@2"},
        "ada started the pipeline fx-vol because of data (dataset/fx-hedging/ecb-rates@2)",
    ),
    (
        "pipeline.triggered",
        "pipeline/fx-hedging/fx-vol",
        {"pipeline": "fx-vol", "cause": "manual", "execution": "e1", "environment": "dev"},
        "ada started the pipeline fx-vol in dev by hand",
    ),
    (
        "promotion.recorded",
        MODEL,
        {"from_stage": "candidate", "to_stage": "production"},
        f"ada promoted {MODEL} from candidate to production",
    ),
    (
        "retraining.triggered",
        MODEL,
        {"cause": "drift", "ref": "alert/a1"},
        f"ada started retraining {MODEL} because of drift (alert/a1)",
    ),
    (
        "assessment.recorded",
        "project/fx-hedging",
        {"track": "data", "level": 2, "claimed_by": "dora"},
        "dora claims L2 for data of project/fx-hedging",
    ),
    (
        "assessment.recorded",
        "project/fx-hedging",
        {"track": "data", "level": 2, "claimed_by": "dora", "note": "since May"},
        "dora claims L2 for data of project/fx-hedging: since May",
    ),
    (
        "review.held",
        "project/fx-hedging",
        {"track": "all", "participants": ["ada", "jon"]},
        "a governance review of all was held by ada, jon",
    ),
    (
        "review.held",
        "project/fx-hedging",
        {"track": "data", "participants": ["ada"], "decisions": ["L2 stands", "drill in June"]},
        "a governance review of data was held by ada: L2 stands; drill in June",
    ),
    (
        "risk.recorded",
        "risk/fx-hedging/stale",
        {"risk": "stale", "capability": "", "priority": 12, "owner": ""},
        "ada recorded the risk stale (priority 12, answered by no capability, owned by nobody)",
    ),
    (
        "risk.recorded",
        "risk/fx-hedging/stale",
        {"risk": "stale", "capability": "data.tests", "priority": 12, "owner": "dora", "title": "stale rates"},
        "ada recorded the risk stale (priority 12, answered by data.tests, owned by dora): stale rates",
    ),
    (
        "risk.closed",
        "risk/fx-hedging/stale",
        {"risk": "stale", "outcome": "monitored"},
        "ada closed the risk stale: monitored",
    ),
    (
        "target.set",
        "document/fx-hedging/target-data@1",
        {"track": "data", "level": 2, "due": "2027-06-30", "criteria_sha256": DIGEST},
        "ada set the target L2 for data by 2027-06-30",
    ),
    (
        "target.set",
        "document/fx-hedging/target-data@1",
        {"track": "data", "level": 2, "due": "2027-06-30", "criteria_sha256": DIGEST, "owner": "dora"},
        "ada set the target L2 for data by 2027-06-30, owned by dora",
    ),
    ("tier.assigned", MODEL, {"tier": "tier_1"}, f"ada put {MODEL} into tier 1"),
    (
        "tier.assigned",
        MODEL,
        {"tier": "tier_2", "exposure": "EUR 3bn", "purpose": "hedging"},
        f"ada put {MODEL} into tier 2, exposed with EUR 3bn, for hedging",
    ),
    (
        "attestation.recorded",
        MODEL,
        {"predicate_type": "https://slsa.dev/provenance/v1", "sha256": DIGEST, "signer": "ci"},
        f"ada recorded the attestation https://slsa.dev/provenance/v1 (5a5a5a5a) by ci of {MODEL}",
    ),
    (
        "import.completed",
        "dataset/fx-hedging/x@1",
        {"source_system": "mlflow", "source": "runs.db", "records": 1200, "digest": DIGEST},
        "ada imported 1,200 records from runs.db (mlflow)",
    ),
    ("run.completed", "run/7c1e", {"run": "7c1e", "status": "ok"}, "run/7c1e of ada completed"),
    (
        "run.completed",
        "run/7c1e",
        {"run": "7c1e", "status": "ok", "outputs": [{"ref": MODEL, "sha256": DIGEST}]},
        f"run/7c1e of ada completed and made {MODEL}",
    ),
    (
        "run.completed",
        "run/7c1e",
        {"run": "7c1e", "status": "failed", "reason": "no data"},
        "run/7c1e of ada failed: no data",
    ),
    ("run.completed", "run/7c1e", {"run": "7c1e", "status": "interrupted"}, "run/7c1e of ada was interrupted"),
    (
        "run.reproduced",
        "run/7c1e",
        {"run": "8d2f", "of_run": "7c1e", "equal": True},
        "ada repeated run/7c1e as run/8d2f byte for byte",
    ),
    (
        "run.reproduced",
        "run/7c1e",
        {"run": "8d2f", "of_run": "7c1e", "equal": False},
        "ada repeated run/7c1e as run/8d2f and the results differ",
    ),
    (
        "run.reproduced",
        "run/7c1e",
        {
            "run": "8d2f",
            "of_run": "7c1e",
            "equal": False,
            "swapped": {"seed": "8"},
            "differing": [{"name": "metric mae", "want": "1.5", "got": "1.6"}],
            "culprits": ["seed"],
        },
        "ada repeated run/7c1e as run/8d2f with other seed and the results differ because of seed",
    ),
    (
        "run.reproduced",
        "run/7c1e",
        {"run": "8d2f", "of_run": "7c1e", "equal": True, "tolerance": 1e-9},
        "ada repeated run/7c1e as run/8d2f within 1e-09",
    ),
    (
        "run.started",
        "run/7c1e",
        {"run": "7c1e", "job": "train", "job_type": "training"},
        "ada started run/7c1e, train",
    ),
    (
        "run.started",
        "run/7c1e",
        {"run": "7c1e", "job": "train", "job_type": "training", "inputs": [{"ref": MODEL, "sha256": DIGEST}]},
        f"ada started run/7c1e, train on {MODEL}",
    ),
    (
        "template.adopted",
        "template/standard@2",
        {"template": "standard", "version": 2, "team": "quant", "pipeline": "fx-vol"},
        "quant adopted the template standard@2 for the pipeline fx-vol",
    ),
]


@pytest.mark.parametrize(("type_", "subject", "value", "words"), SENTENCES)
def test_the_sentence(type_: str, subject: str, value: dict[str, Any], words: str) -> None:
    assert sentence(event(type_, value, subject)) == words


def test_every_type_has_its_sentence_here() -> None:
    assert {each[0] for each in SENTENCES} == VOCABULARY.keys()


def test_an_unknown_type_has_a_sentence_too() -> None:
    assert sentence(event("tea.made", {"sugar": 2})) == f"ada recorded tea.made about {MODEL}"


def test_a_value_that_its_type_does_not_hold_has_one_too() -> None:
    assert sentence(event("alias.moved", {"alias": 3})) == f"ada recorded alias.moved about {MODEL}"


def test_an_unknown_field_is_passed_over() -> None:
    value = {"principal": "grace", "role": "risk", "until": "2027"}
    assert sentence(event("access.granted", value, "project/x")) == "ada gave grace the role risk in project/x"


@given(any_fact())
def test_a_value_comes_back_from_the_format_as_the_same_fact(fact: Fact) -> None:
    body = events.encode(event(fact.TYPE, fact.to_value()))
    back = typed(fact.TYPE, events.decode(body).value)
    assert back is not None
    assert canonical.encode(back.to_value()) == canonical.encode(fact.to_value())


@given(any_fact())
def test_a_sentence_is_one_line_of_words(fact: Fact) -> None:
    said = sentence(event(fact.TYPE, fact.to_value()))
    assert said
    assert not said.endswith(".")


@given(any_fact(), st.sampled_from(["fx", None]))
def test_a_subject_that_the_value_settles_is_a_reference(fact: Fact, project: str | None) -> None:
    about = fact.about(project)
    # Of a policy the value itself holds the whole reference, which adoption checks.
    assert about is None or "/" in about or (isinstance(fact, PolicyAdopted) and about == fact.policy)


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_the_error_names_type_and_field(name: str) -> None:
    required = [
        field
        for field, default in zip(
            reversed(VOCABULARY[name].__struct_fields__),
            [*reversed(VOCABULARY[name].__struct_defaults__), *[...] * 99],
            strict=False,
        )
        if default is ...
    ]
    with pytest.raises(InputError, match=rf"a {name} event cannot hold this value: .*`{required[-1]}`"):
        typed(name, {})


def test_unset_fields_are_left_out() -> None:
    for cls in VOCABULARY.values():
        optional = cls.__struct_fields__[len(cls.__struct_fields__) - len(cls.__struct_defaults__) :]
        assert cls.__struct_config__.omit_defaults or not optional, cls
