"""No sequence of actions reaches production without what the policy in force demanded; and no more is demanded than that."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

import ledger
from ledger import InputError, Refused
from ledger.events.approvals import ApprovalExpired, ApprovalWithdrawn, PromotionRecorded
from ledger.events.checks import CheckExecuted
from ledger.events.deployments import DeploymentStarted
from ledger.events.documents import DocumentAttached
from ledger.events.exceptions import ExceptionClosed
from ledger.events.people import AccessGranted, AccessRevoked, DelegationEnded
from ledger.format.event import ZERO_PREV, Event
from ledger.format.hashes import digest
from ledger.rules import gates
from tests.ledger.audit.forgery import Forger
from tests.ledger.rules import governance_oracle as oracle
from tests.ledger.rules.governing import (
    MODEL,
    adopt,
    ask,
    bound,
    decide,
    delegate,
    evaluate,
    gate,
    later,
    revoke,
    waive,
)
from tests.ledger.story import PROJECT, Story

V1 = f"{MODEL}@1"
RISK = {"approvals": {"count": 1, "roles": ["risk"]}}
BOTH = {"all": [RISK, {"approvals": {"count": 1, "roles": ["model-validation"], "within": "5d"}}]}
REQUIRED: list[dict[str, Any]] = [
    BOTH,
    {"approvals": {"count": 2, "roles": ["risk", "model-validation"]}},
    {"all": [RISK, {"document": "model_card"}]},
    {"all": [RISK, {"criteria": "met"}]},
    {"any": [BOTH, {"all": [RISK, {"check": {"kinds": ["performance"], "within": "2d"}}]}]},
    {"any": [{"approvals": {"count": 1, "roles": ["gatekeeper"]}}, BOTH]},
]
EXTRA: list[dict[str, Any]] = [
    {},
    {"expires": "3d"},
    {"exceptions": {"roles": ["model-owner"], "at_most": "2d"}},
    {"exceptions": {"roles": ["model-owner", "risk"], "at_most": "1w"}, "expires": "2d"},
    {"automation": {"identities": ["svc:gate"], "when": {"document": "model_card"}}},
    {"author_may_sign": True},
]
ACCESS: list[dict[str, Any]] = [{}, {"access": {"deploy": ["deployment"], "promote": ["deployment", "model-owner"]}}]
PEOPLE = ["ada", "grace", "vera", "hugo", "noor", "svc:gate"]
ROLES = ["risk", "model-validation", "model-owner", "gatekeeper"]
SEATS = [("grace", "risk"), ("vera", "model-validation"), ("hugo", "risk"), ("svc:gate", "gatekeeper")]
people, roles = st.sampled_from(PEOPLE), st.sampled_from(ROLES)


class Attempts(RuleBasedStateMachine):
    """Anybody tries anything under changing policies; what production is offered is held against the oracle, both ways."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.story = Story.resume(self.folder, self.template)
        self.story.ledger.connection.execute("PRAGMA synchronous = OFF")
        self.requests: list[int] = []
        self.names = 0

    def teardown(self) -> None:
        self.story.ledger.close()
        assert ledger.verify(self.folder / "ledger.db").findings == []
        shutil.rmtree(self.folder)

    @initialize(
        require=st.sampled_from(REQUIRED),
        extra=st.sampled_from(EXTRA),
        access=st.sampled_from(ACCESS),
        asked=st.booleans(),
    )
    def begin(self, require: Any, extra: Any, access: Any, asked: bool) -> None:
        """Most histories have a policy from early on, and somebody who asks."""
        if asked:
            self.adopt(require, extra, access, "ivy")
            self.ask("noor", ["risk", "model-validation", "gatekeeper"])

    @rule(
        require=st.sampled_from(REQUIRED),
        extra=st.sampled_from(EXTRA),
        access=st.sampled_from(ACCESS),
        by=st.sampled_from(["ivy", "ivy", "ivy", "ada"]),
    )
    def adopt(self, require: Any, extra: Any, access: Any, by: str) -> None:
        with suppress(Refused):
            adopt(
                self.story, {"policy": "p", "transitions": [{"to": "prod", "require": require, **extra}], **access}, by
            )

    @rule(who=st.sampled_from(["ada", "noor", "hugo"]), wanted=st.just(["risk", "model-validation", "gatekeeper"]))
    def ask(self, who: str, wanted: list[str]) -> None:
        self.requests.append(ask(self.story, V1, by=who, roles=wanted))

    @precondition(lambda self: self.requests)
    @rule(which=st.integers(0, 2), chosen=st.sets(st.sampled_from(SEATS), min_size=1))
    def approve_properly(self, which: int, chosen: set[tuple[str, str]]) -> None:
        for who, role in sorted(chosen):
            with suppress(Refused):
                decide(self.story, self.requests[-1 - which % len(self.requests)], who, role)

    @precondition(lambda self: self.requests)
    @rule(
        which=st.integers(0, 2),
        who=people,
        role=roles,
        how=st.sampled_from(["approve", "approve", "approve", "reject", "change"]),
    )
    def decide(self, which: int, who: str, role: str, how: str) -> None:
        with suppress(Refused):
            decide(self.story, self.requests[-1 - which % len(self.requests)], who, role, how)

    @precondition(lambda self: self.requests)
    @rule(who=st.sampled_from(["grace", "noor"]), what=st.sampled_from([ApprovalWithdrawn, ApprovalExpired]))
    def end(self, who: str, what: Any) -> None:
        with suppress(Refused):
            self.story.record(what(self.requests[-1]), who, V1)

    @rule(who=people)
    def revoke_the_last_approval(self, who: str) -> None:
        row = self.story.ledger.view().row("SELECT max(seq) FROM decisions WHERE verdict = 'approve'")
        if row[0] is not None:
            with suppress(Refused):
                revoke(self.story, row[0], who)

    @rule(who=st.sampled_from([*PEOPLE, "hugo", "hugo", "hugo"]), hours=st.sampled_from([1, 40, 70]))
    def make_an_exception(self, who: str, hours: float) -> None:
        self.names += 1
        with suppress(Refused):
            waive(self.story, f"e{self.names}", who, V1, hours=hours)

    @rule(who=st.sampled_from(["hugo", "ivy", "ada"]), back=st.integers(0, 2))
    def close_an_exception(self, who: str, back: int) -> None:
        with suppress(Refused):
            self.story.record(ExceptionClosed(f"e{self.names - back}", "done"), who, V1)

    @rule(who=people, to=people, role=roles, hours=st.sampled_from([1, 100]))
    def delegate(self, who: str, to: str, role: str, hours: float) -> None:
        self.names += 1
        with suppress(Refused):
            delegate(self.story, f"d{self.names}", who, to, role, hours)

    @rule(who=people, to=people, back=st.integers(0, 2))
    def end_a_delegation(self, who: str, to: str, back: int) -> None:
        with suppress(Refused):
            self.story.record(DelegationEnded(f"d{self.names - back}", to), who)

    @rule(who=people, role=roles, give=st.booleans())
    def change_roles(self, who: str, role: str, give: bool) -> None:
        fact = AccessGranted(who, role) if give else AccessRevoked(who, role)
        with suppress(Refused):
            self.story.record(fact, "ivy", f"project/{PROJECT}")

    @rule(what=st.sampled_from(["card", "bound", "loosen", "good", "bad", "passes", "fails"]))
    def gather_evidence(self, what: str) -> None:
        story = self.story
        if what == "card":
            story.record(DocumentAttached("model_card", digest(b"card")), "hugo", V1)
        elif what in ("bound", "loosen"):
            bound(story, at_most=2.0 if what == "bound" else 4.0)
        elif what in ("good", "bad"):
            evaluate(story, V1, mae=1.0 if what == "good" else 3.0)
        else:
            story.record(CheckExecuted("mae", "performance", what == "passes", 1.0, 2.0), "vera", V1)

    @rule(hours=st.sampled_from([1, 30, 100]))
    def wait(self, hours: float) -> None:
        self.story.record(DocumentAttached("note", digest(b"n")), "ada", V1, at=later(self.story, hours=hours))

    @rule()
    def record_the_gate(self) -> None:
        """What is recorded of a decision is what the audit computes again at the end."""
        gate(self.story, V1)

    @rule(who=st.sampled_from(["svc:deployer", "svc:deployer", "hugo", "ada"]), promote=st.booleans())
    def offer_it_to_production(self, who: str, promote: bool) -> None:
        self.names += 1
        fact: Any = DeploymentStarted(f"x{self.names}", "prod", "direct", 1.0)
        if promote:
            fact = PromotionRecorded("candidate", "production")
        history = [each.event for each in self.story.ledger.events()]
        last = history[-1]
        at = later(self.story, seconds=1)
        event = Event(last.seq + 1, fact.TYPE, V1, PROJECT, who, at, None, ZERO_PREV, fact.to_value())
        expected = oracle.allowed([*history, event])
        with suppress(Refused):
            self.story.record(fact, who, V1)
        recorded = self.story.ledger.size > event.seq
        assert recorded == expected, (event, gates.missing(self.story.ledger.view(event.seq - 1), V1, "prod", now=at))


@pytest.mark.parametrize("examples", [30, pytest.param(1500, marks=pytest.mark.slow)])
def test_no_sequence_of_actions_reaches_production_without_what_the_policy_demanded(
    governed: Path, examples: int
) -> None:
    attempted = type("Attempted", (Attempts,), {"template": governed})
    run_state_machine_as_test(
        attempted,
        settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def _approved(story: Story) -> int:
    adopt(story, {"policy": "p", "transitions": [{"to": "prod", "require": BOTH, "expires": "3d"}]})
    request = ask(story, V1)
    decide(story, request, "grace", "risk")
    decide(story, request, "vera", "model-validation")
    return request


def test_the_oracle_sees_both_ways(peopled: Story) -> None:
    """So that the property above is not true of nothing: it is allowed when approved, and not before or too late."""
    fact = DeploymentStarted("d", "prod", "direct", 1.0)

    def offered(**when: float) -> bool:
        history = [each.event for each in peopled.ledger.events()]
        at = later(peopled, **when)
        seq = history[-1].seq + 1
        event = Event(seq, fact.TYPE, V1, PROJECT, "hugo", at, None, ZERO_PREV, fact.to_value())
        return oracle.allowed([*history, event])

    assert not offered(seconds=1)
    _approved(peopled)
    assert offered(seconds=1)
    assert not offered(days=4)
    assert oracle.exposes([peopled.record(fact, "hugo", V1).event])


FORGERIES: list[tuple[str, dict[str, Any], str]] = [
    ("deployment.started", {"deployment": "d", "environment": "prod", "strategy": "direct", "slice": 1.0}, "approval"),
    ("promotion.recorded", {"from_stage": "candidate", "to_stage": "production"}, "approval"),
    ("access.granted", {"principal": "ada", "role": "risk"}, "only administrators give roles"),
    ("approval.withdrawn", {"request": 0}, "no request"),
    ("exception.closed", {"exception": "e1", "outcome": "fine"}, "there is no exception"),
    ("delegation.ended", {"delegation": "d1", "to": "noor"}, "there is no delegation"),
    ("sla.set", {"transition": "prod", "within": "9w"}, "may not set times"),
    ("criteria.set", {"criteria": []}, "an empty list would prove nothing"),
    (
        "gate.evaluated",
        {"policy": "x", "transition": "prod", "decision": "allow", "inputs": {"conditions": [], "now": ""}},
        "verdict",
    ),
]


@pytest.mark.parametrize(("type_", "value", "said"), FORGERIES, ids=[type_ for type_, *_ in FORGERIES])
def test_what_a_forger_appends_the_same_rules_find(
    governed: Path, tmp_path: Path, type_: str, value: dict[str, Any], said: str
) -> None:
    """Guards dropped, an event put in by hand, tree and projections derived anew, every checkpoint signed again."""
    story = Story.resume(tmp_path / "book", governed)
    adopt(story, {"policy": "p", "transitions": [{"to": "prod", "require": BOTH}], "access": {"retire": ["risk"]}})
    story.ledger.checkpoint()
    story.ledger.close()
    forger = Forger(tmp_path / "book", tmp_path / "forged")
    seq = forger.append(type_, V1 if "criteria" not in type_ else MODEL, "ada", value, project=PROJECT)
    forger.retree()
    forger.refold()
    forger.resign()
    findings = ledger.verify(forger.close()).findings
    assert [(each.kind, each.seq) for each in findings if each.kind == "rule"], findings
    assert any(said in each.detail and each.seq == seq for each in findings), findings


@pytest.mark.parametrize("what", ["approval", "expiry", "policy", "exception"])
def test_a_history_that_was_rewritten_is_found_by_the_same_rules(peopled: Story, tmp_path: Path, what: str) -> None:
    """The approvals, the request's expiry, the policy or the exception that let a deployment pass are changed afterwards."""
    story = peopled
    if what == "exception":
        rule_ = {"to": "prod", "require": BOTH, "exceptions": {"roles": ["model-owner"], "at_most": "2d"}}
        adopt(story, {"policy": "p", "transitions": [rule_]})
        waive(story, "e1", "hugo", V1)
    else:
        _approved(story)
    live = story.record(DeploymentStarted("d", "prod", "direct", 1.0), "svc:deployer", V1).seq
    assert ledger.verify(story.ledger.path).findings == []
    story.ledger.close()
    forger = Forger(tmp_path, tmp_path / "forged")
    if what == "approval":
        seq = forger.kinds("approval.granted")[0]
        forger.change(seq, lambda members: members["value"].update(role="model-validation"))
    elif what == "expiry":
        seq = forger.kinds("approval.requested")[0]
        forger.change(seq, lambda members: members["value"].update(expires=members["at"]))
    elif what == "policy":
        seq = forger.kinds("policy.adopted")[0]
        harder = {"to": "prod", "require": {"document": "model_card"}}
        forger.change(seq, lambda members: members["value"].update(document={"policy": "p", "transitions": [harder]}))
    else:
        seq = forger.kinds("exception.recorded")[0]
        forger.change(seq, lambda members: members["value"].update(transition="staging"))
    forger.retree()
    forger.refold()
    forger.resign()
    found = {each.seq for each in ledger.verify(forger.close()).findings if each.kind in ("rule", "signature")}
    assert {seq, live} & found
    assert seq in found or live in found


@pytest.mark.parametrize("require", REQUIRED)
def test_every_past_decision_comes_out_again(peopled: Story, require: dict[str, Any]) -> None:
    """Each verdict of the past, as of its event: the same policy, the same lines, the same answer."""
    story = peopled
    recorded = [gate(story, V1)]
    adopt(story, {"policy": "p", "transitions": [{"to": "prod", "require": require}]})
    steps = [
        lambda: ask(story, V1, roles=["risk", "model-validation", "gatekeeper"]),
        lambda: decide(story, story.ledger.view().row("SELECT max(seq) FROM requests")[0], "grace", "risk"),
        lambda: story.record(DocumentAttached("model_card", digest(b"card")), "hugo", V1),
        lambda: bound(story),
        lambda: evaluate(story, V1, mae=1.0),
        lambda: story.record(CheckExecuted("mae", "performance", True, 1.0, 2.0), "vera", V1),
    ]
    for step in steps:
        with suppress(Refused, InputError):
            step()
        recorded.append(gate(story, V1))
    adopt(story, {"policy": "q", "transitions": [{"to": "prod", "require": {"document": "runbook"}}]})
    recorded.append(gate(story, V1))
    for each in recorded:
        then = story.ledger.view(each.event.seq - 1)
        again = gates.decision(then, V1, "prod", now=each.event.value["inputs"]["now"])
        assert again == each.event.value
    assert ledger.verify(story.ledger.path).findings == []
