"""Nothing reaches production without two valid approvals, whatever is tried in whatever order."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import ledger
from ledger import Refused
from ledger.events.approvals import ApprovalGranted, PromotionRecorded
from ledger.events.artifacts import ArtifactRetired
from ledger.events.deployments import DeploymentCompleted, DeploymentStarted, DeploymentStep
from ledger.events.people import AccessGranted
from ledger.format.event import Event
from ledger.projections import artifacts
from ledger.rules import gates
from tests.ledger.rules import oracle
from tests.ledger.story import PROJECT, SIGNED_AT, Story, secret, sign

MODEL = f"model/{PROJECT}/fx-vol"
PEOPLE = ["ada", "grace", "vera", "hugo", "mallory"]
ROLES = ["risk", "model-validation", "model-owner", "ml-engineer"]
TRANSITIONS = ["prod", "production", "staging"]
people, roles = st.sampled_from(PEOPLE), st.sampled_from(ROLES)
versions = st.integers(1, 3)


@pytest.fixture
def before_prod(fresh: Story) -> Story:
    """A model of ada's, and everybody who could approve it; no request yet."""
    return cast_of(fresh)


def cast_of(story: Story) -> Story:
    for name, *held in (
        ("ada", "ml-engineer"),
        ("grace", "risk"),
        ("vera", "model-validation"),
        ("hugo", "model-owner", "risk"),
    ):
        story.enrol(name, *held)
    data = story.register("dataset", "rates", "EUR/USD 1.1789", actor="grace")
    story.train("fx-vol", data)
    return story


@pytest.fixture(scope="session")
def cast(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cast")
    story = cast_of(Story.resume(folder, begun))
    story.ledger.close()
    return folder


def refused(story: Story, fact: Any, subject: str = f"{MODEL}@1", actor: str = "svc:deployer") -> list[str]:
    size = story.ledger.size
    with pytest.raises(Refused) as caught:
        story.record(fact, actor, subject)
    assert story.ledger.size == size
    return [gap.what for gap in caught.value.missing]


class TestChecklist:
    """What the checklist shows is what the append asks."""

    def test_step_by_step(self, before_prod: Story) -> None:
        story = before_prod
        live = DeploymentStarted("d", "prod", "direct", 1.0)
        two = "2 approvals missing, by roles other than the trainer's (ada)"
        assert refused(story, live) == [f"nobody has asked for {MODEL}@1 to be approved", two]
        request = story.ask(f"{MODEL}@1")
        assert refused(story, live) == [two]
        [gap] = gates.missing(story.ledger.view(), f"{MODEL}@1", "prod")
        assert (gap.action, gap.who) == (f"approve {request}", "grace, hugo, vera")
        story.approve(request, "grace", "risk")
        assert refused(story, live) == ["1 approval missing, by a role other than the trainer's (ada)"]
        [gap] = gates.missing(story.ledger.view(), f"{MODEL}@1", "prod")
        assert (gap.action, gap.who) == (f"approve {request}", "hugo, vera")
        story.approve(request, "vera", "model-validation")
        assert gates.missing(story.ledger.view(), f"{MODEL}@1", "prod") == []
        met = gates.checklist(story.ledger.view(), f"{MODEL}@1", "prod")
        assert [condition.met for condition in met] == [True] * 4
        assert [condition.seq for condition in met[1:]] == [request, request + 1, request + 2]
        story.record(live, "svc:deployer", f"{MODEL}@1")

    def test_what_is_not_registered(self, before_prod: Story) -> None:
        live = DeploymentStarted("d", "staging", "direct", 1.0)
        assert refused(before_prod, live, f"{MODEL}@9") == [f"{MODEL}@9 is not registered"]

    def test_what_was_retired(self, before_prod: Story) -> None:
        before_prod.record(ArtifactRetired(f"{MODEL}@1", "wrong"), "ada")
        live = DeploymentStarted("d", "staging", "direct", 1.0)
        assert refused(before_prod, live) == [f"{MODEL}@1 was retired: wrong"]

    def test_one_rejection_ends_a_request(self, before_prod: Story) -> None:
        story = before_prod
        request = story.ask(f"{MODEL}@1")
        story.approve(request, "grace", "risk")
        story.reject(request, "vera", "model-validation")
        assert len(refused(story, DeploymentStarted("d", "prod", "direct", 1.0))) == 2
        second = story.ask(f"{MODEL}@1")
        story.approve(second, "grace", "risk")
        story.approve(second, "vera", "model-validation")
        story.deploy("d", f"{MODEL}@1")

    @pytest.mark.parametrize(
        ("fact", "allowed"),
        [
            (DeploymentStarted("d", "prod", "canary", 0.1), True),
            (DeploymentStarted("d", "prod", "shadow", 0.0), True),
            (DeploymentStarted("d", "prod", "canary", 0.11), False),
            (DeploymentStarted("d", "prod", "shadow", 1.0), False),
            (DeploymentStarted("d", "prod", "direct", 0.1), False),
            (DeploymentStarted("d", "prod", "blue_green", 0.0), False),
            (DeploymentStarted("d", "production", "direct", 1.0), False),
            (DeploymentStarted("d", "staging", "direct", 1.0), True),
            (PromotionRecorded("candidate", "production"), False),
            (PromotionRecorded("candidate", "prod"), False),
            (PromotionRecorded("candidate", "staging"), True),
            (PromotionRecorded("candidate", "PRODUCTION"), False),
            (DeploymentStarted("d", "prod", "canary", -0.1), False),
            (DeploymentStarted("d", "staging", "canary", 1.1), False),
        ],
    )
    def test_what_needs_no_approval(self, before_prod: Story, fact: Any, allowed: bool) -> None:
        if allowed:
            before_prod.record(fact, "svc:deployer", f"{MODEL}@1")
        else:
            assert refused(before_prod, fact)

    def test_a_canary_is_not_widened_without_approval(self, before_prod: Story) -> None:
        story = before_prod
        story.record(DeploymentStarted("d", "prod", "canary", 0.1), "svc:deployer", f"{MODEL}@1")
        story.record(DeploymentStep("d", 0.1, "hold"), "svc:deployer", f"{MODEL}@1")
        assert refused(story, DeploymentStep("d", 0.2, "widen"))
        assert refused(story, DeploymentCompleted("d", "prod", "canary", "ok"))
        assert refused(story, DeploymentCompleted("d", "staging", "canary", "ok"))
        story.record(DeploymentCompleted("d", "prod", "canary", "rolled_back"), "svc:deployer", f"{MODEL}@1")

    def test_an_ended_deployment_stays_ended(self, before_prod: Story) -> None:
        story = before_prod
        story.record(DeploymentStarted("d", "prod", "canary", 0.1), "svc:deployer", f"{MODEL}@1")
        end = story.record(DeploymentCompleted("d", "prod", "canary", "rolled_back"), "svc:deployer", f"{MODEL}@1").seq
        for fact in (DeploymentStep("d", 0.1, "hold"), DeploymentCompleted("d", "prod", "canary", "inconclusive")):
            assert refused(story, fact) == [f"deployment d has ended before, at event {end}"]

    def test_a_deployment_that_nobody_started_or_of_another(self, before_prod: Story) -> None:
        story = before_prod
        assert refused(story, DeploymentStep("d", 0.1, "hold")) == ["there is no deployment d"]
        story.record(DeploymentStarted("d", "prod", "canary", 0.1), "svc:deployer", f"{MODEL}@1")
        other = story.train("fx-vol", f"dataset/{PROJECT}/rates@1")
        said = f"deployment d is of {MODEL}@1, not of {other}"
        assert refused(story, DeploymentStep("d", 0.1, "hold"), other) == [said]
        again = DeploymentStarted("d", "dev", "canary", 0.1)
        assert refused(story, again) == ["there is a deployment d already"]


class TestWhoMaySign:
    """Each reason for which a signature does not count is named, and the append refuses it."""

    def why_not(self, story: Story, request: int, who: str, role: str) -> str:
        fact = ApprovalGranted("prod", role, request, sign(story.draft(request, who), secret(who)))
        [why] = refused(story, fact, story.draft(request, who).subject_name, who)
        return why

    def test_the_reasons(self, before_prod: Story) -> None:
        story = before_prod
        request = story.ask(f"{MODEL}@1", roles=["risk", "model-validation", "ml-engineer"])
        assert self.why_not(story, request, "grace", "model-validation") == (
            "grace does not hold the role model-validation"
        )
        assert self.why_not(story, request, "hugo", "model-owner") == (
            "the request asks for risk, model-validation, ml-engineer, not for model-owner"
        )
        trained = f"ada trained {MODEL}@1, and the trainer may not sign"
        assert self.why_not(story, request, "ada", "ml-engineer") == trained
        assert self.why_not(story, request, "ada", "risk") == trained, "rather than that she holds no such role"
        story.approve(request, "grace", "risk")
        assert self.why_not(story, request, "grace", "risk") == f"grace has decided on request {request} already"
        by_vera = story.ask(f"{MODEL}@1", actor="vera", roles=["ml-engineer", "model-validation"])
        assert self.why_not(story, by_vera, "ada", "ml-engineer") == (
            f"ada trained {MODEL}@1, and the trainer may not sign"
        )
        story.record(AccessGranted("vera", "ml-engineer"), "ivy", f"project/{PROJECT}")
        requester = "vera made the request, and the requester may not sign"
        assert self.why_not(story, by_vera, "vera", "risk") == requester
        other = story.ask(f"{MODEL}@1", actor="hugo", roles=["ml-engineer"])
        assert self.why_not(story, other, "vera", "ml-engineer") == "ml-engineer is also a role of the trainer, ada"
        story.reject(request, "vera", "model-validation")
        assert self.why_not(story, request, "hugo", "risk") == (
            f"request {request} was rejected; a new request can be made"
        )

    def test_a_role_that_the_trainer_takes_on_later(self, before_prod: Story) -> None:
        story = before_prod
        request = story.ask(f"{MODEL}@1")
        story.approve(request, "grace", "risk")
        story.approve(request, "vera", "model-validation")
        story.record(AccessGranted("ada", "risk"), "ivy", f"project/{PROJECT}")
        assert len(refused(story, DeploymentStarted("d", "prod", "direct", 1.0))) == 1


class Attempts(RuleBasedStateMachine):
    """Anybody tries anything; what was let in is held against the policy worked out naively."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.story = Story.resume(self.folder, self.template)
        self.story.ledger.connection.execute("PRAGMA synchronous = OFF")
        self.judged = self.story.ledger.size
        self.deployments = 0
        self.requests: list[int] = []

    def teardown(self) -> None:
        self.story.ledger.close()
        assert ledger.verify(self.folder / "ledger.db").findings == []
        shutil.rmtree(self.folder)

    def attempt(self, fact: Any, actor: str, version: int) -> None:
        with suppress(Refused):
            self.story.record(fact, actor, f"{MODEL}@{version}")

    @initialize()
    def second_version(self) -> None:
        self.story.train("fx-vol", f"dataset/{PROJECT}/rates@1", "hugo")

    @rule(who=people, version=versions, transition=st.sampled_from(TRANSITIONS), wanted=st.sets(roles, max_size=3))
    def ask(self, who: str, version: int, transition: str, wanted: set[str]) -> None:
        if artifacts.get(self.story.ledger.view(), f"{MODEL}@{version}") is not None:
            try:
                self.requests.append(self.story.ask(f"{MODEL}@{version}", transition, who, sorted(wanted)))
            except Refused:
                assert not wanted

    @rule(version=st.integers(1, 2))
    def ask_properly(self, version: int) -> None:
        self.requests.append(self.story.ask(f"{MODEL}@{version}", "prod", "mallory", ["risk", "model-validation"]))

    @precondition(lambda self: self.requests)
    @rule(
        which=st.integers(0, 3),
        who=people,
        key=people,
        role=roles,
        verdict=st.sampled_from(["approve", "approve", "reject"]),
        transition=st.sampled_from(TRANSITIONS),
        version=versions,
    )
    def approve(self, which: int, who: str, key: str, role: str, verdict: str, transition: str, version: int) -> None:
        seq = self.requests[-1 - which % len(self.requests)]
        envelope = sign(self.story.draft(seq, who, verdict), secret(key))
        self.attempt(ApprovalGranted(transition, role, seq, envelope), who, version)

    @precondition(lambda self: self.requests)
    @rule(which=st.integers(0, 1), signers=st.sets(st.sampled_from(["grace", "vera", "hugo"]), min_size=1))
    def approve_properly(self, which: int, signers: set[str]) -> None:
        """So that production is reached at all."""
        seq = self.requests[-1 - which % len(self.requests)]
        request = next(self.story.ledger.events(seq)).event
        for who in sorted(signers):
            role = {"grace": "risk", "vera": "model-validation", "hugo": "risk"}[who]
            envelope = sign(self.story.draft(seq, who), secret(who))
            fact = ApprovalGranted(request.value["transition"], role, seq, envelope)
            self.attempt(fact, who, int(request.subject[-1]))

    @precondition(lambda self: self.requests)
    @rule(who=st.sampled_from(["grace", "vera"]))
    def reject(self, who: str) -> None:
        role = {"grace": "risk", "vera": "model-validation"}[who]
        with suppress(Refused):
            self.story.reject(self.requests[-1], who, role)

    @rule(
        version=versions,
        environment=st.sampled_from(TRANSITIONS),
        strategy=st.sampled_from(["direct", "canary", "shadow", "blue_green"]),
        slice_=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    )
    def deploy(self, version: int, environment: str, strategy: Any, slice_: float) -> None:
        self.deployments += 1
        self.attempt(DeploymentStarted(f"d{self.deployments}", environment, strategy, slice_), "ada", version)

    @rule(version=versions, back=st.integers(0, 3), slice_=st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    def widen(self, version: int, back: int, slice_: float) -> None:
        self.attempt(DeploymentStep(f"d{self.deployments - back}", slice_, "widen"), "ada", version)

    @rule(version=versions, back=st.integers(0, 3), environment=st.sampled_from(TRANSITIONS))
    def complete(self, version: int, back: int, environment: str) -> None:
        fact = DeploymentCompleted(f"d{self.deployments - back}", environment, "canary", "ok")
        self.attempt(fact, "ada", version)

    @precondition(lambda self: self.requests)
    @rule(which=st.integers(0, 1))
    def go_live(self, which: int) -> None:
        """Straight into production with what was last asked for."""
        request = next(self.story.ledger.events(self.requests[-1 - which % len(self.requests)])).event
        self.deployments += 1
        self.attempt(DeploymentStarted(f"d{self.deployments}", "prod", "direct", 1.0), "ada", int(request.subject[-1]))

    @rule(version=versions, stage=st.sampled_from(["production", "prod", "staging"]))
    def promote(self, version: int, stage: str) -> None:
        self.attempt(PromotionRecorded("candidate", stage, [1, 2]), "ada", version)

    @rule(who=people, role=roles, by=st.sampled_from(["ivy", "ivy", "ada"]))
    def give_a_role(self, who: str, role: str, by: str) -> None:
        try:
            self.story.record(AccessGranted(who, role), by, f"project/{PROJECT}")
        except Refused:
            assert by != "ivy" or who == "mallory"

    @invariant()
    def nothing_reached_production_without_two_approvals(self) -> None:
        history = [each.event for each in self.story.ledger.events()]
        for n in range(self.judged, len(history)):
            past: list[Event] = history[: n + 1]
            if oracle.exposes(past):
                assert len(oracle.approvers(past, history[n].subject)) >= 2, history[n]
        self.judged = len(history)


@pytest.mark.parametrize("examples", [60, pytest.param(3000, marks=pytest.mark.slow)])
def test_no_sequence_of_attempts_reaches_production(cast: Path, examples: int) -> None:
    attempted = type("Attempted", (Attempts,), {"template": cast})
    run_state_machine_as_test(
        attempted,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_oracle_sees_what_the_rules_let_in(before_prod: Story) -> None:
    """So that the property above is not true of nothing: proper approvals lead to production, and it counts as exposed."""
    story = before_prod
    request = story.ask(f"{MODEL}@1")
    story.approve(request, "grace", "risk")
    story.approve(request, "vera", "model-validation")
    story.deploy("d", f"{MODEL}@1")
    history = [each.event for each in story.ledger.events()]
    assert oracle.exposes(history)
    assert oracle.approvers(history, f"{MODEL}@1") == {"grace", "vera"}
    assert story.draft(request, "grace").signed_at == SIGNED_AT
