"""Each item of the guide on two ledgers that are one event apart: on one it is met, and the answer names that event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from app.guide.facts import Found
from app.guide.items import ITEMS, PAGES, Item
from tests.app.guide import base
from tests.app.guide.base import PANEL, facts, place, whole
from tests.ledger.rules.maturity.year import MODEL, P, Said, inputs

BY_ID = {each.id: each for each in ITEMS}


class Apart(NamedTuple):
    """The one event, and what is done to it: dropped, or told otherwise (``change`` are fields of its value)."""

    id: str
    type: str
    is_it: Callable[[Said], bool]
    change: dict[str, Any] | None = None


def about(subject: str, **fields: Any) -> Callable[[Said], bool]:
    return lambda said: said.subject == subject and all(said.value.get(k) == v for k, v in fields.items())


def of(**fields: Any) -> Callable[[Said], bool]:
    return lambda said: all(said.value.get(k) == v for k, v in fields.items())


TRAINED, GRANTED = of(run="train1"), about(f"{MODEL}@1", transition="prod")
DRILLED, ADOPTED = of(drill=True), of()
APART = [
    Apart("P1", "charter.signed", of()),
    Apart("P2", "policy.adopted", ADOPTED),
    Apart("P3", "artifact.registered", of(kind="feature_view")),
    Apart("P4", "run.started", TRAINED, {"runtime": f"sha256:{'0' * 64}"}),
    Apart("P5", "run.completed", TRAINED, {"metrics": {}}),
    Apart("P6", "criteria.set", of()),
    Apart("P7", "experiment.concluded", of()),
    Apart("P8", "deployment.rolled_back", DRILLED),
    Apart("P9", "check.executed", about(f"{PANEL}@1", kind="schema")),
    Apart("P10", "document.attached", about(PANEL, doc_kind="quality_standard")),
    Apart("S1", "approval.granted", of(role="operations")),
    Apart("S2", "risk.recorded", of(), {"capability": ""}),
    Apart("S3", "approval.granted", about(f"document/{P}/target-code@1")),
    Apart("S4", "run.reproduced", of(of_run="train1", run="elsewhere-train1"), {"equal": False}),
    Apart("S5", "pipeline.completed", of(pipeline="train"), {"cause": "manual"}),
    Apart("S6", "deployment.rolled_back", DRILLED),
    Apart("S7", "approval.granted", GRANTED),
    Apart("S8", "run.reproduced", of(of_run="view1")),
    Apart("C1", "owner.assigned", about(f"code/{P}/src", role="accountable")),
    Apart("C2", "run.started", TRAINED, {"inputs": [*inputs(f"{PANEL}@1"), {"ref": "rates.csv", "sha256": ""}]}),
    Apart("C3", "run.reproduced", of(of_run="view1"), {"equal": False, "culprits": ["seed"]}),
    Apart("C4", "promotion.recorded", of()),
    Apart("C5", "deployment.started", of(environment="prod"), {"strategy": "direct"}),
    Apart("C6", "alert.acknowledged", of()),
    Apart("C7", "approval.granted", GRANTED),
    Apart("C8", "pipeline.completed", of(team="rates")),
    Apart("R1", "owner.assigned", about(MODEL, role="accountable")),
    Apart("R2", "policy.adopted", ADOPTED),
    Apart("R3", "run.started", TRAINED, {"runtime": f"sha256:{'0' * 64}"}),
    Apart("R4", "pipeline.completed", of(pipeline="train"), {"stages": ["train"]}),
    Apart("R5", "deployment.rolled_back", DRILLED),
    Apart("R6", "monitor.configured", of(kind="bias")),
    Apart("R7", "ledger.verified", of()),
    Apart("R8", "pipeline.completed", of(team="rates")),
]


def named(each: Apart) -> str:
    return f"{each.id}: {BY_ID[each.id].title}"


@pytest.mark.parametrize("apart", APART, ids=named)
def test_one_event_decides(apart: Apart) -> None:
    told = list(whole())
    (event,) = [each for each in told if each.type == apart.type and apart.is_it(each)]
    item = BY_ID[apart.id]
    met = item.judge(facts(told))
    assert met.met, met.text
    assert place(told, event) in met.evidence
    if apart.change is None:
        without = [each for each in told if each is not event]
        found = item.judge(facts(without))
        assert not found.met
    else:
        other = event._replace(value={**event.value, **apart.change})
        changed = [other if each is event else each for each in told]
        found = item.judge(facts(changed))
        assert not found.met
        assert place(changed, other) in found.evidence
    assert found.fix or item.advice
    assert found.text


def test_what_was_exchanged_on_purpose_is_no_repetition() -> None:
    """A run repeated with another seed, which gave other results, takes nothing from the repetition that gave equal ones."""
    value = {"run": "x", "of_run": "train1", "equal": False, "culprits": ["seed"], "swapped": {"seed": "8"}}
    seen = facts([*whole(), Said(base.DAY - 0.1, "run.reproduced", "run/train1", value)])
    assert seen.criterion("M2.1").state == "held"
    assert [each.id for each in ITEMS if not each.judge(seen).met] == []


def test_every_item_is_tested_here() -> None:
    assert [each.id for each in APART] == [each.id for each in ITEMS]
    assert [sum(each.page == page for each in ITEMS) for page in PAGES] == [10, 8, 8, 8]


@pytest.mark.parametrize("item", ITEMS, ids=lambda each: f"{each.id}: {each.title}")
def test_nothing_is_met_on_an_empty_ledger(item: Item) -> None:
    found = item.judge(facts([]))
    assert not found.met
    assert found.evidence == ()
    assert found.text


class Failing(NamedTuple):
    """A step's common failure: the ledger before, and the event that shows it."""

    id: str
    event: Said
    without: Callable[[Said], bool] = lambda said: False


LATE = 37.6
TARGET = {"track": "data", "level": 2, "due": "2026-09-30", "criteria_sha256": ""}
LIVE = {"deployment": "d2", "environment": "prod", "strategy": "canary", "status": "ok"}
CLAIM = {"track": "data", "level": 3, "claimed_by": "ada"}
RISK = {"risk": "scope", "capability": "", "priority": 9, "owner": "ada"}
BARE = Said(37.5, "run.started", "run/bare", {"run": "bare", "job_type": "training", "inputs": inputs(f"{PANEL}@1")})


def is_map_or_target(said: Said) -> bool:
    return said.type == "target.set" or said.value.get("transition") == "maturity-map"


def is_second_team_or_code_target(said: Said) -> bool:
    return said.value.get("team") == "rates" or said.subject == f"document/{P}/target-code@1"


FAILING = [
    Failing("S1", Said(LATE, "assessment.recorded", f"project/{P}", CLAIM), is_map_or_target),
    Failing("S2", Said(LATE, "risk.recorded", f"risk/{P}/scope", RISK)),
    Failing("S3", Said(LATE, "target.set", f"document/{P}/target-data@2", TARGET)),
    Failing(
        "S4", Said(LATE, "run.completed", "run/bare", {"run": "bare", "status": "ok", "outputs": [], "metrics": {}})
    ),
    Failing("S5", base.pipeline(LATE, "train", "quant", cause="manual")),
    Failing("S6", Said(LATE, "deployment.completed", f"{MODEL}@1", LIVE, "svc:ci")),
    Failing("S7", Said(LATE, "deployment.completed", "model/fx/ghost@1", LIVE, "svc:ci")),
    Failing("S8", base.pipeline(LATE, "train", "rates"), is_second_team_or_code_target),
]


@pytest.mark.parametrize("failing", FAILING, ids=lambda each: f"{each.id}: {BY_ID[each.id].failure}")
def test_the_common_failure_is_detected_by_its_event(failing: Failing) -> None:
    told = [*(each for each in whole() if not failing.without(each)), BARE]
    detect = BY_ID[failing.id].detect
    assert detect is not None
    absent: Found = detect(facts(told))
    assert absent.met, absent.text
    shown = detect(facts([*told, failing.event]))
    assert not shown.met
    assert place([*told, failing.event], failing.event) in shown.evidence
    assert f"event {place([*told, failing.event], failing.event)}" in shown.text
    assert shown.fix


def test_every_step_has_its_common_failure() -> None:
    assert [each.id for each in FAILING] == [each.id for each in ITEMS if each.detect is not None]
    assert all(each.failure for each in ITEMS if each.page == "steps")
