"""Policies in force: who may sign, when requests end, exceptions, delegations, criteria, access, decisions that replay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import ledger
from ledger import Refused
from ledger.events.approvals import ApprovalEscalated, ApprovalExpired, ApprovalWithdrawn, PromotionRecorded
from ledger.events.artifacts import ArtifactRegistered
from ledger.events.checks import CheckExecuted
from ledger.events.criteria import CriteriaSet, Criterion
from ledger.events.deployments import DeploymentCompleted, DeploymentStarted
from ledger.events.documents import DocumentAttached
from ledger.events.exceptions import ExceptionClosed
from ledger.events.people import AccessGranted, AccessRevoked, CharterSigned, DelegationEnded, OwnerAssigned
from ledger.events.policies import SlaSet
from ledger.events.runs import RunReproduced
from ledger.events.tiers import TierAssigned
from ledger.events.vocabulary import typed
from ledger.format.hashes import digest
from ledger.projections import approvals, exceptions, people, policies
from ledger.rules import gates, seats
from ledger.rules.policy import DEFAULT, in_force
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
    sign_run,
    signed,
    waive,
)
from tests.ledger.story import PROJECT, Story

V1 = f"{MODEL}@1"
HERE = f"project/{PROJECT}"
BOTH = {
    "all": [
        {"approvals": {"count": 1, "roles": ["risk"]}},
        {"approvals": {"count": 1, "roles": ["model-validation"]}},
    ]
}


def policy(require: Any = BOTH, name: str = "models", access: Any = None, **transition: Any) -> dict[str, Any]:
    document = {"policy": name, "transitions": [{"to": "prod", "require": require, **transition}]}
    return document | ({"access": access} if access else {})


@pytest.fixture
def story(peopled: Story) -> Story:
    return peopled


def lacks(story: Story, to: str = "prod", subject: str = V1) -> list[str]:
    return [gap.what for gap in gates.missing(story.ledger.view(), subject, to)]


def refused(what: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as caught:
        what()
    return "; ".join(gap.what for gap in caught.value.missing)


def intact(story: Story) -> bool:
    return not ledger.verify(story.ledger.path).findings


class TestAdoption:
    def test_the_policy_in_force_is_from_the_ledger(self, story: Story) -> None:
        before = story.ledger.view()
        assert in_force(before, PROJECT) is DEFAULT
        first = adopt(story, policy())
        second = adopt(story, policy({"document": "model_card"}))
        assert in_force(story.ledger.view(first.seq), PROJECT).digest() == first.event.value["sha256"]
        assert in_force(story.ledger.view(), PROJECT).digest() == second.event.value["sha256"]
        assert in_force(story.ledger.view(), PROJECT).version == 2
        assert in_force(before, PROJECT) is DEFAULT
        assert intact(story)

    def test_a_ledger_s_policy_gives_way_to_a_project_s_own(self, story: Story) -> None:
        wide = adopt(story, policy(), scope="ledger")
        assert in_force(story.ledger.view(), "elsewhere").seq == wide.seq
        own = adopt(story, policy({"document": "model_card"}, name="own"))
        assert in_force(story.ledger.view(), PROJECT).seq == own.seq
        assert in_force(story.ledger.view(), "elsewhere").seq == wide.seq
        assert [each.seq for each in policies.listed(story.ledger.view())] == [wide.seq, own.seq]

    @pytest.mark.parametrize(
        ("how", "said"),
        [
            ({"by": "ada"}, "ada may not adopt a policy: administrators do that"),
            ({"changes": {"key": "ada"}}, "the signature is not by a key of ivy"),
            ({"changes": {"verdict": "approve"}}, "the signed verdict is approve, not adopt"),
            ({"changes": {"subject_sha256": digest(b"other")}}, "of other bytes than the event names"),
            ({"carries": policy({"document": "x"})}, "the policy in the event has the digest"),
            ({"sha256": digest(b"other")}, "has the digest"),
        ],
    )
    def test_what_is_adopted_is_what_was_signed_by_who_may(self, story: Story, how: Any, said: str) -> None:
        assert said in refused(lambda: adopt(story, policy(), **how))

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            (
                policy({"approvals": {"count": 3, "roles": ["risk"]}}),
                "3 approvals are wanted, and 2 (grace, hugo) hold the role risk",
            ),
            (
                policy({"approvals": {"count": 1, "roles": ["ethics"]}}),
                "1 approval is wanted, and nobody holds the role",
            ),
            (
                policy(
                    {
                        "all": [
                            {"approvals": {"count": 2, "roles": ["risk"]}},
                            {"approvals": {"count": 1, "roles": ["model-owner"]}},
                        ]
                    }
                ),
                "there are not enough different people",
            ),
            (policy({"any": [{"approvals": {"count": 1, "roles": ["x"]}}]}), "nobody holds the role x"),
            (policy(exceptions={"roles": ["ethics"], "at_most": "1d"}), "nobody could make an exception"),
            (policy(access={"deploy": ["ethics"]}), "nobody could deploy"),
            (
                policy(automation={"identities": ["grace"], "when": {"criteria": "met"}}),
                "grace is not enrolled as an automation",
            ),
            (
                {"policy": "models", "transitions": [{"to": "prod", "require": {"all": []}}]},
                "an empty one proves nothing",
            ),
        ],
    )
    def test_what_could_never_be_satisfied_is_refused(self, story: Story, document: Any, said: str) -> None:
        assert said in refused(lambda: adopt(story, document))

    def test_one_way_that_can_be_gone_is_enough(self, story: Story) -> None:
        adopt(story, policy({"any": [{"approvals": {"count": 1, "roles": ["x"]}}, {"document": "model_card"}]}))

    def test_a_revoked_key_holds_no_seat_in_a_quorum(self, story: Story) -> None:
        story.revoke("vera")
        assert "nobody holds the role model-validation" in refused(lambda: adopt(story, policy()))

    def test_a_policy_may_guard_its_own_succession(self, story: Story) -> None:
        document = policy()
        document["transitions"].append({"to": "policy", "kinds": ["policy"], "require": BOTH})
        adopt(story, document)
        assert "nobody has asked for policy/" in refused(lambda: adopt(story, policy({"document": "x"})))

    def test_times_to_answer(self, story: Story) -> None:
        story.record(SlaSet("prod", "2d"), "ivy")
        assert "ada may not set times" in refused(lambda: story.record(SlaSet("prod", "2d"), "ada"))
        assert "is no time" in refused(lambda: story.record(SlaSet("prod", "soon"), "ivy"))


class TestSigning:
    def test_one_request_makes_the_quorum(self, story: Story) -> None:
        adopt(story, policy())
        first, second = ask(story, V1), ask(story, V1)
        decide(story, first, "grace", "risk")
        decide(story, second, "vera", "model-validation")
        assert lacks(story) == ["1 approval missing, by risk"], "of the newest request among those that lack one"
        decide(story, second, "hugo", "risk")
        assert lacks(story) == []

    def test_a_person_signs_in_one_role_and_counts_once(self, story: Story) -> None:
        story.record(AccessGranted("grace", "model-validation"), "ivy", HERE)
        adopt(story, policy())
        request = ask(story, V1)
        decide(story, request, "grace", "risk")
        assert "has decided on request" in refused(lambda: decide(story, request, "grace", "model-validation"))
        assert lacks(story) == ["1 approval missing, by model-validation"]

    def test_every_author_is_barred(self, story: Story) -> None:
        """Who registered the code that the run ran, and whom its record names, beside the trainer and the requester."""
        code = story.register("code", "src", "code", actor="grace")
        assert story.digest(code) == digest(b"code")
        adopt(story, policy())
        request = ask(story, V1, by="noor")
        said = f"grace is an author of {V1}, of it or of its code, and authors may not sign"
        assert refused(lambda: decide(story, request, "grace", "risk")) == said
        gaps = gates.missing(story.ledger.view(), V1, "prod")
        assert [gap.who for gap in gaps] == ["hugo", "vera"], gaps

    def test_who_wrote_the_commit_is_an_author(self, story: Story) -> None:
        code = ArtifactRegistered("code", "src", 1, digest(b"code"), 4, summary={"commit": "5a", "authors": ["hugo"]})
        story.record(code, "ada")
        adopt(story, policy())
        request = ask(story, V1, by="noor")
        assert "hugo is an author of" in refused(lambda: decide(story, request, "hugo", "risk"))

    def test_the_policy_may_let_them(self, story: Story) -> None:
        story.record(AccessGranted("ada", "risk"), "ivy", HERE)
        adopt(story, policy(author_may_sign=True, requester_may_sign=True, peers_may_sign=True))
        request = ask(story, V1)
        decide(story, request, "ada", "risk")
        assert lacks(story) == ["1 approval missing, by model-validation"]

    def test_an_automation_approves_only_as_the_policy_lets_it(self, story: Story) -> None:
        either = {
            "any": [
                {"approvals": {"count": 1, "roles": ["risk"]}},
                {"approvals": {"count": 1, "roles": ["gatekeeper"]}},
            ]
        }
        story.record(AccessGranted("svc:deployer", "gatekeeper"), "ivy", HERE)
        adopt(story, policy(either))
        request = ask(story, V1, roles=["risk", "gatekeeper"])
        said = "svc:gate is an automation, and the policy lets it approve nothing for prod"
        assert refused(lambda: decide(story, request, "svc:gate", "gatekeeper")) == said
        adopt(story, policy(either, automation={"identities": ["svc:gate"], "when": {"document": "model_card"}}))
        said = f"svc:gate may approve by itself only once this holds: no model card is attached to {V1}"
        assert refused(lambda: decide(story, request, "svc:gate", "gatekeeper")) == said
        story.record(DocumentAttached("model_card", digest(b"card")), "hugo", V1)
        assert "lets it approve nothing" in refused(lambda: decide(story, request, "svc:deployer", "gatekeeper"))
        decide(story, request, "svc:gate", "gatekeeper")
        assert lacks(story) == []
        adopt(story, policy(either))
        assert lacks(story), "a later policy that lets no automation approve does not count its approval"
        assert intact(story)

    def test_without_a_policy_no_automation_approves(self, story: Story) -> None:
        request = ask(story, V1, roles=["gatekeeper"])
        assert "lets it approve nothing" in refused(lambda: decide(story, request, "svc:gate", "gatekeeper"))

    @pytest.mark.parametrize(
        ("how", "said"),
        [
            ({"key": "mallory"}, "not by a key of grace"),
            ({"subject_sha256": digest(b"other")}, "on other bytes than those of request"),
            ({"subject_name": f"{MODEL}@2"}, "the decision is on"),
            ({"origin": "example.com/other"}, "was made for the ledger example.com/other"),
            ({"verdict": "reject"}, "the signed verdict is reject, not approve"),
        ],
    )
    def test_a_signature_counts_for_what_was_signed(self, story: Story, how: Any, said: str) -> None:
        adopt(story, policy())
        request = ask(story, V1)
        assert said in refused(lambda: decide(story, request, "grace", "risk", **how))

    def test_a_revoked_and_an_unenrolled_key(self, story: Story) -> None:
        adopt(story, policy())
        request = ask(story, V1)
        story.revoke("grace")
        assert "not by a key of grace that is valid" in refused(lambda: decide(story, request, "grace", "risk"))
        assert "not by a key of mallory that is valid" in refused(lambda: decide(story, request, "mallory", "risk"))

    def test_evidence_is_frozen_by_digest(self, story: Story) -> None:
        from ledger.events.approvals import ApprovalRequested, Evidence

        def fact(ref: str, sha256: str) -> ApprovalRequested:
            return ApprovalRequested("prod", ["risk"], story.digest(V1), [Evidence(ref, sha256)])

        data = f"dataset/{PROJECT}/rates@1"
        said = refused(lambda: story.record(fact(data, digest(b"other")), "ada", V1))
        assert said.startswith(f"the evidence {data} has the digest")
        said = refused(lambda: story.record(fact(f"dataset/{PROJECT}/rates@9", digest(b"x")), "ada", V1))
        assert said == f"the evidence dataset/{PROJECT}/rates@9 is not registered"
        story.record(fact(data, story.digest(data)), "ada", V1)


class TestEnds:
    def test_withdrawn(self, story: Story) -> None:
        adopt(story, policy())
        request = ask(story, V1)
        decide(story, request, "grace", "risk")
        decide(story, request, "vera", "model-validation")
        said = f"request {request} is ada's, and grace may not withdraw it"
        assert refused(lambda: story.record(ApprovalWithdrawn(request), "grace", V1)) == said
        story.record(ApprovalWithdrawn(request, "a better one comes"), "ada", V1)
        assert lacks(story)[0] == f"nobody has asked for {V1} to be approved"
        assert "was withdrawn" in refused(lambda: decide(story, request, "hugo", "risk"))
        assert "has ended: withdrawn" in refused(lambda: story.record(ApprovalWithdrawn(request), "ada", V1))

    def test_changes_requested(self, story: Story) -> None:
        adopt(story, policy())
        request = ask(story, V1)
        decide(story, request, "vera", "model-validation")
        decide(story, request, "grace", "risk", "change")
        found = approvals.get(story.ledger.view(), request)
        assert found is not None
        assert (found.ended(), found.decisions[-1].reason) == ("changes requested", "not yet")
        assert "ended with changes requested" in refused(lambda: decide(story, request, "hugo", "risk"))
        assert len(lacks(story)) == 3
        assert intact(story)

    def test_a_revoked_approval_counts_no_more(self, story: Story) -> None:
        adopt(story, policy())
        story.record(OwnerAssigned("accountable", "hugo"), "ivy", MODEL)
        request = ask(story, V1)
        approval = decide(story, request, "grace", "risk").seq
        decide(story, request, "vera", "model-validation")
        assert lacks(story) == []
        assert "vera may not revoke the approval of grace" in refused(lambda: revoke(story, approval, "vera"))
        revoke(story, approval, "hugo")
        assert lacks(story) == ["1 approval missing, by risk"]
        assert "is no approval of request" in refused(lambda: revoke(story, approval, "grace"))
        live = DeploymentStarted("d", "prod", "direct", 1.0)
        assert "1 approval missing, by risk" in refused(lambda: story.record(live, "svc:deployer", V1))
        found = approvals.get(story.ledger.view(), request)
        assert found is not None
        assert [each.revoked is None for each in found.decisions] == [False, True]
        assert intact(story)

    def test_expiry_is_effective_whether_anybody_records_it_or_not(self, story: Story) -> None:
        adopt(story, policy(sla="1d", expires="3d"))
        request = ask(story, V1)
        decide(story, request, "grace", "risk")
        decide(story, request, "vera", "model-validation")
        assert lacks(story) == []
        early = refused(lambda: story.record(ApprovalExpired(request), "svc:gate", V1))
        assert early.startswith(f"request {request} has not expired before")
        story.record(DocumentAttached("note", digest(b"n")), "ada", V1, at=later(story, days=4))
        assert lacks(story)[0] == f"nobody has asked for {V1} to be approved"
        live = DeploymentStarted("d", "prod", "direct", 1.0)
        assert "nobody has asked" in refused(lambda: story.record(live, "svc:deployer", V1))
        other = ask(story, V1)
        assert "expired at" in refused(lambda: decide(story, request, "hugo", "risk"))
        decide(story, other, "hugo", "risk")
        story.record(ApprovalExpired(request), "svc:gate", V1)
        assert "has ended before" in refused(lambda: story.record(ApprovalExpired(request), "svc:gate", V1))
        assert intact(story)

    def test_an_event_s_own_moment_decides(self, story: Story) -> None:
        """The deployment that itself comes after the expiry is refused, although nothing was recorded between."""
        adopt(story, policy(expires="3d"))
        request = ask(story, V1)
        decide(story, request, "grace", "risk")
        decide(story, request, "vera", "model-validation")
        live = DeploymentStarted("d", "prod", "direct", 1.0)
        late = later(story, days=4)
        assert "nobody has asked" in refused(lambda: story.record(live, "svc:deployer", V1, at=late))
        story.record(live, "svc:deployer", V1)

    def test_approvals_age(self, story: Story) -> None:
        adopt(story, policy({"approvals": {"count": 1, "roles": ["risk"], "within": "2d"}}))
        decide(story, ask(story, V1), "grace", "risk")
        assert lacks(story) == []
        story.record(DocumentAttached("note", digest(b"n")), "ada", V1, at=later(story, days=3))
        assert lacks(story) == ["1 approval missing, by risk, in the last 2 days"]

    def test_a_request_s_times_are_the_policy_s(self, story: Story) -> None:
        adopt(story, policy(sla="1d", expires="3d"))
        assert "says nothing of due" in refused(lambda: story.ask(V1))
        request = ask(story, V1)
        found = approvals.get(story.ledger.view(), request)
        assert found is not None
        assert found.due is not None
        assert found.expires is not None
        from ledger.events.approvals import ApprovalRequested

        fact = ApprovalRequested(
            "prod", ["risk"], story.digest(V1), due=later(story, hours=1), expires=later(story, days=30)
        )
        assert "later than the policy allows" in refused(lambda: story.record(fact, "ada", V1))

    def test_escalation_goes_step_by_step_once_it_is_due(self, story: Story) -> None:
        adopt(story, policy(sla="1d", expires="30d"))
        request = ask(story, V1)
        first = ApprovalEscalated(request, 1, ["hugo"])
        assert "is not overdue" in refused(lambda: story.record(first, "svc:gate", V1))
        story.record(first, "svc:gate", V1, at=later(story, days=2))
        assert "the next step of request" in refused(lambda: story.record(first, "svc:gate", V1))
        story.record(ApprovalEscalated(request, 2, ["ivy"]), "svc:gate", V1)
        found = approvals.get(story.ledger.view(), request)
        assert found is not None
        assert [(each.change, each.number, each.words) for each in found.changes] == [
            ("escalated", 1, "hugo"),
            ("escalated", 2, "ivy"),
        ]


class TestConditions:
    def test_checks_pass_newest_first_and_age(self, story: Story) -> None:
        adopt(story, policy({"check": {"kinds": ["performance"], "within": "2d"}}))
        assert lacks(story) == [f"a check of performance has not passed on {V1}"]
        story.record(CheckExecuted("mae", "performance", True, 1.8, 2.0), "ada", V1)
        assert lacks(story) == []
        story.record(CheckExecuted("mae", "performance", False, 2.8, 2.0), "ada", V1)
        [said] = lacks(story)
        assert said.startswith(f"mae (performance) failed on {V1}, event")
        story.record(CheckExecuted("mae", "performance", True, 1.8, 2.0), "ada", V1)
        story.record(DocumentAttached("note", digest(b"n")), "ada", V1, at=later(story, days=3))
        assert lacks(story) == [f"a check of performance has not passed on {V1} in the last 2 days"]

    def test_checks_of_every_input(self, story: Story) -> None:
        adopt(story, policy({"check": {"name": "jumps", "on": "inputs"}}))
        assert lacks(story) == [f"the check jumps has not passed on dataset/{PROJECT}/rates@1"]
        story.record(CheckExecuted("jumps", "quality", True, 0, 0), "ada", f"dataset/{PROJECT}/rates@1")
        assert lacks(story) == []

    def test_documents_owners_reproduction_and_where_it_stood(self, story: Story) -> None:
        wants = {"all": [{"document": "model_card"}, {"owner": "accountable"}, {"reproduced": {"within": "9d"}}]}
        adopt(story, policy(wants, **{"from": "staging"}))
        assert len(lacks(story)) == 4
        story.record(DocumentAttached("model_card", digest(b"card")), "hugo", V1)
        story.record(OwnerAssigned("accountable", "hugo"), "ivy", MODEL)
        run = str(gates.artifacts.get(story.ledger.view(), V1).run)  # type: ignore[union-attr]
        story.record(RunReproduced("again", run, False), "vera", f"run/{run}")
        assert [each for each in lacks(story) if "reproduced" in each] == [
            f"run/{run} was not reproduced with equal results"
        ]
        story.record(RunReproduced("another", run, True, swapped={"seed": "8"}), "vera", f"run/{run}")
        assert len(lacks(story)) == 2, "another training, and no repetition"
        story.record(RunReproduced("again2", run, True, swapped={"runtime": "image:x"}), "vera", f"run/{run}")
        assert lacks(story) == [f"{V1} did not stand in staging"]
        story.record(DeploymentStarted("s", "staging", "direct", 1.0), "svc:deployer", V1)
        story.record(DeploymentCompleted("s", "staging", "direct", "ok"), "svc:deployer", V1)
        assert lacks(story) == []

    def test_each_line_names_who_or_what_supplies_it(self, story: Story) -> None:
        either = {"any": [{"document": "model_card"}, {"owner": "accountable"}]}
        adopt(story, policy({"all": [{"approvals": {"count": 1, "roles": ["risk"]}}, either]}))
        asked, signed, attached = gates.missing(story.ledger.view(), V1, "prod")
        assert asked.action == f"request {V1}"
        assert signed.who == "grace, hugo"
        assert attached.action == f"artifact attach {V1} FILE --kind model_card"

    def test_tiers(self, story: Story) -> None:
        document = policy({"document": "model_card"}, tiers=["tier_1"])
        document["transitions"].append({"to": "prod", "tiers": ["tier_2"], "require": {"document": "runbook"}})
        adopt(story, document)
        assert lacks(story) == [f"no model card is attached to {V1}"], "a model without a tier is of the strictest"
        story.record(TierAssigned("tier_2"), "ivy", MODEL)
        assert lacks(story) == [f"no runbook is attached to {V1}"]
        story.record(TierAssigned("tier_3"), "ivy", V1)
        assert lacks(story) == []

    def test_at_least_some_of_several(self, story: Story) -> None:
        parts = [{"document": kind} for kind in ("a", "b", "c")]
        adopt(story, policy({"at_least": {"count": 2, "of": parts}}))
        story.record(DocumentAttached("b", digest(b"b")), "ada", V1)
        assert lacks(story) == [f"one of these: no a is attached to {V1}; or no c is attached to {V1}"]
        story.record(DocumentAttached("c", digest(b"c")), "ada", V1)
        assert lacks(story) == []

    def test_signed_runs(self, story: Story) -> None:
        adopt(story, policy({"document": "model_card"}, runs_signed=True))
        story.record(DocumentAttached("model_card", digest(b"card")), "hugo", V1)
        run = str(gates.artifacts.get(story.ledger.view(), V1).run)  # type: ignore[union-attr]
        assert lacks(story) == [f"run/{run} is not signed"]
        assert "cannot vouch for it" in refused(lambda: sign_run(story, run, "grace"))
        assert "not by a key of ada" in refused(lambda: sign_run(story, run, "ada", key="grace"))
        sign_run(story, run, "ada")
        assert lacks(story) == []
        assert intact(story)


class TestCriteria:
    """A gate accepts only criteria that the chain shows to be older than the run that they judge."""

    def test_set_after_the_run_they_judge_nothing(self, story: Story) -> None:
        adopt(story, policy({"criteria": "met"}))
        assert lacks(story) == [f"no acceptance criteria were set for {MODEL}"]
        evaluate(story, V1, mae=1.8)
        seq = bound(story).seq
        [said] = lacks(story)
        assert said.startswith(f"the criterion on mae was set at event {seq}, after run/eval")
        evaluate(story, V1, mae=1.9)
        assert lacks(story) == []
        assert intact(story)

    def test_what_is_relaxed_with_the_result_at_hand_does_not_help(self, story: Story) -> None:
        adopt(story, policy({"criteria": "met"}))
        bound(story, at_most=2.0)
        evaluate(story, V1, mae=2.5)
        bound(story, at_most=3.0)
        [said] = lacks(story)
        assert "is 2.5, not at most 2 (set at event" in said
        evaluate(story, V1, mae=2.5)
        assert lacks(story) == []

    def test_the_newest_measurement_counts(self, story: Story) -> None:
        adopt(story, policy({"criteria": "met"}))
        bound(story)
        evaluate(story, V1, mae=1.5)
        evaluate(story, V1, mae=2.5)
        assert "is 2.5, not at most 2" in lacks(story)[0]

    def test_what_was_never_measured_is_not_met(self, story: Story) -> None:
        adopt(story, policy({"criteria": "met"}))
        bound(story, metric="latency")
        evaluate(story, V1, mae=1.5)
        assert lacks(story) == [f"no run has measured latency of {V1}"]

    def test_the_run_that_made_the_version_may_serve(self, story: Story) -> None:
        adopt(story, policy({"criteria": "met"}))
        bound(story, metric="bias", at_most=0.0)
        assert "after run/" in lacks(story)[0]
        made = story.train("fx-vol", f"dataset/{PROJECT}/rates@1")
        assert lacks(story, subject=made) == []

    @pytest.mark.parametrize(
        ("criteria", "said"),
        [
            ([], "an empty list would prove nothing"),
            ([Criterion("mae")], "has no bound"),
            ([Criterion("mae", 3.0, 2.0)], "cannot be at least 3 and at most 2"),
        ],
    )
    def test_criteria_that_say_nothing(self, story: Story, criteria: Any, said: str) -> None:
        assert said in refused(lambda: story.record(CriteriaSet(criteria), "ada", MODEL))

    def test_criteria_are_not_about_one_version(self, story: Story) -> None:
        assert "for every version" in refused(lambda: story.record(CriteriaSet([Criterion("m", 1.0)]), "ada", V1))


class TestExceptions:
    def broken(self, story: Story, **how: Any) -> None:
        adopt(story, policy(exceptions={"roles": ["model-owner"], "at_most": "3d"}))
        waive(story, "e1", "hugo", V1, **how)

    def test_it_waives_and_says_so_and_expires(self, story: Story) -> None:
        self.broken(story)
        lines = gates.checklist(story.ledger.view(), V1, "prod")
        assert all(each.met for each in lines)
        assert [each.what.startswith("EXCEPTION e1 by hugo, until") for each in lines] == [False, True, True, True]
        story.record(DeploymentStarted("d", "prod", "direct", 1.0), "svc:deployer", V1)
        late = later(story, hours=5)
        gone = DeploymentCompleted("d", "prod", "direct", "ok")
        assert "nobody has asked" in refused(lambda: story.record(gone, "svc:deployer", V1, at=late))
        [found] = exceptions.unclosed(story.ledger.view())
        assert (found.state(story.ledger.now()), found.state(late)) == ("open", "expired")
        assert intact(story)

    def test_what_passed_by_it_may_be_approved_afterwards(self, story: Story) -> None:
        def live(name: str) -> int:
            story.record(DeploymentStarted(name, "prod", "direct", 1.0), "svc:deployer", V1)
            return story.record(DeploymentCompleted(name, "prod", "direct", "ok"), "svc:deployer", V1).seq

        def fulfilled() -> int | None:
            found = approvals.get(story.ledger.view(), request)
            assert found is not None
            return gates.fulfilled(story.ledger.view(), found)

        adopt(story, policy(exceptions={"roles": ["model-owner"], "at_most": "3d"}))
        request = ask(story, V1)
        waive(story, "e1", "hugo", V1)
        live("d1")
        assert fulfilled() is None
        decide(story, request, "grace", "risk")
        decide(story, request, "vera", "model-validation")
        story.record(ExceptionClosed("e1", "approved afterwards"), "hugo", V1)
        assert fulfilled() is None
        last = live("d2")
        assert fulfilled() == last

    def test_it_is_for_one_version_and_one_transition(self, story: Story) -> None:
        self.broken(story)
        other = story.train("fx-vol", f"dataset/{PROJECT}/rates@1")
        assert lacks(story, subject=other)

    def test_it_does_not_bring_back_what_was_retired(self, story: Story) -> None:
        from ledger.events.artifacts import ArtifactRetired

        self.broken(story)
        story.record(ArtifactRetired(V1, "wrong"), "ada")
        assert lacks(story) == [f"{V1} was retired: wrong"]

    def test_closed_it_waives_no_more(self, story: Story) -> None:
        self.broken(story)
        assert "may not close" in refused(lambda: story.record(ExceptionClosed("e1", "done"), "vera", V1))
        assert "outcome is empty" in refused(lambda: story.record(ExceptionClosed("e1", " "), "hugo", V1))
        story.record(ExceptionClosed("e1", "approved afterwards"), "hugo", V1)
        assert len(lacks(story)) == 3
        assert "was closed before" in refused(lambda: story.record(ExceptionClosed("e1", "again"), "hugo", V1))

    def test_who_may_for_how_long(self, story: Story) -> None:
        assert "the policy allows no exception" in refused(lambda: waive(story, "e1", "hugo", V1))
        adopt(story, policy(exceptions={"roles": ["model-owner"], "at_most": "1d"}))
        assert "leaves that to model-owner" in refused(lambda: waive(story, "e1", "grace", V1))
        assert "lasts 1 day at most" in refused(lambda: waive(story, "e1", "hugo", V1, hours=30))
        assert "or on other bytes" in refused(lambda: waive(story, "e1", "hugo", V1, subject_sha256=digest(b"x")))
        assert "no policy guards staging" in refused(lambda: waive(story, "e1", "hugo", V1, to="staging"))
        story.record(AccessGranted("ada", "model-owner"), "ivy", HERE)
        assert "make no exception for their own work" in refused(lambda: waive(story, "e1", "ada", V1))

    def test_one_that_expired_and_is_not_closed_bars_the_next(self, story: Story) -> None:
        self.broken(story)
        story.record(DocumentAttached("note", digest(b"n")), "ada", V1, at=later(story, days=1))
        assert "has expired and is not closed" in refused(lambda: waive(story, "e2", "hugo", V1))
        story.record(ExceptionClosed("e1", "rolled back"), "ivy", V1)
        waive(story, "e2", "hugo", V1)


class TestDelegation:
    def test_who_acts_for_somebody_takes_their_seat(self, story: Story) -> None:
        adopt(story, policy({"approvals": {"count": 2, "roles": ["risk"]}}))
        delegate(story, "d1", "grace", "noor", "risk")
        request = ask(story, V1)
        decide(story, request, "noor", "risk")
        assert "who has decided" not in str(lacks(story))
        decide(story, request, "grace", "risk")
        assert lacks(story) == ["1 approval missing, by risk"], "grace and who acts for her are one seat"
        decide(story, request, "hugo", "risk")
        assert lacks(story) == []
        assert intact(story)

    def test_it_ends_with_its_time_or_before(self, story: Story) -> None:
        adopt(story, policy())
        delegate(story, "d1", "grace", "noor", "risk", hours=24)
        request = ask(story, V1)
        fact = DelegationEnded("d1", "noor")
        assert "may not end it" in refused(lambda: story.record(fact, "vera"))
        story.record(fact, "grace")
        assert "does not hold the role risk" in refused(lambda: decide(story, request, "noor", "risk"))
        delegate(story, "d2", "grace", "noor", "risk", hours=24)
        story.record(DocumentAttached("note", digest(b"n")), "ada", V1, at=later(story, hours=25))
        assert "does not hold the role risk" in refused(lambda: decide(story, request, "noor", "risk"))

    def test_it_falls_with_the_role(self, story: Story) -> None:
        delegate(story, "d1", "grace", "noor", "risk")
        delegate(story, "d2", "noor", "vera", "risk")
        view = story.ledger.view()
        assert seats.root(view, "vera", "risk", PROJECT, story.ledger.now()) == "grace"
        story.record(AccessRevoked("grace", "risk"), "ivy", HERE)
        view = story.ledger.view()
        assert seats.root(view, "vera", "risk", PROJECT, story.ledger.now()) is None

    def test_circles_are_refused(self, story: Story) -> None:
        delegate(story, "d1", "grace", "noor", "risk")
        delegate(story, "d2", "noor", "vera", "risk")
        said = refused(lambda: delegate(story, "d3", "vera", "grace", "risk"))
        assert said == "risk would go in a circle: vera to grace to noor to vera"
        assert "grace to grace" in refused(lambda: delegate(story, "d4", "grace", "grace", "risk"))

    def test_an_author_gains_no_vote_by_it(self, story: Story) -> None:
        adopt(story, policy())
        story.record(AccessGranted("ada", "risk"), "ivy", HERE)
        delegate(story, "d1", "ada", "noor", "risk")
        request = ask(story, V1, by="hugo")
        assert refused(lambda: decide(story, request, "noor", "risk")) == f"noor acts for ada, who is an author of {V1}"

    @pytest.mark.parametrize(
        ("who", "to", "role", "how", "said"),
        [
            ("ada", "noor", "risk", {}, "ada does not hold the role risk"),
            ("grace", "mallory", "risk", {}, "mallory is not enrolled"),
            ("grace", "svc:gate", "risk", {}, "roles are delegated to people"),
            ("grace", "noor", "risk", {"key": "ada"}, "not by a key of grace"),
            ("grace", "noor", "risk", {"subject_sha256": digest(b"x")}, "on another delegation"),
            ("grace", "noor", "risk", {"hours": -1}, "which is over"),
        ],
    )
    def test_what_is_refused(self, story: Story, who: str, to: str, role: str, how: Any, said: str) -> None:
        assert said in refused(lambda: delegate(story, "d1", who, to, role, **how))


class TestAccess:
    def test_acts_that_the_policy_keeps_to_roles(self, story: Story) -> None:
        adopt(story, policy(access={"deploy": ["deployment"], "register": ["ml-engineer"], "grant": ["risk"]}))
        live = DeploymentStarted("d", "staging", "direct", 1.0)
        said = "ada may not deploy here: the policy keeps it to deployment"
        assert refused(lambda: story.record(live, "ada", V1)) == said
        assert refused(lambda: story.record(live, "nobody", V1)).startswith("nobody may not deploy here")
        story.record(live, "svc:deployer", V1)
        assert "grace may not register" in refused(lambda: story.register("code", "x", "x", actor="grace"))
        story.record(AccessGranted("grace", "ml-engineer"), "hugo", HERE)
        story.register("code", "x", "x", actor="grace")
        assert "ivy may not grant here" in refused(lambda: story.record(AccessGranted("ada", "x"), "ivy", HERE))
        assert intact(story)

    def test_roles_taken_and_given_anew(self, story: Story) -> None:
        fact = AccessRevoked("grace", "risk", "moved on")
        assert "only administrators give roles" in refused(lambda: story.record(fact, "ada", HERE))
        story.record(fact, "ivy", HERE)
        assert people.roles(story.ledger.view(), "grace", PROJECT) == ()
        assert people.holders(story.ledger.view(), "risk", PROJECT) == ("hugo",)
        assert "does not hold the role" in refused(lambda: story.record(fact, "ivy", HERE))
        story.record(AccessGranted("grace", "risk"), "ivy", HERE)
        assert people.roles(story.ledger.view(), "grace", PROJECT) == ("risk",)

    def test_teams_hold_roles(self, story: Story) -> None:
        story.record(AccessGranted("noor", "member"), "ivy", "team/risk", project=None)
        story.record(AccessGranted("team/risk", "risk"), "ivy", HERE)
        view = story.ledger.view()
        assert people.teams(view, "noor") == ("risk",)
        assert people.members(view, "risk") == ("noor",)
        assert people.roles(view, "noor", PROJECT) == ("ml-engineer", "risk")
        assert people.holders(view, "risk", PROJECT) == ("grace", "hugo", "noor")
        story.record(AccessRevoked("noor", "member"), "ivy", "team/risk", project=None)
        assert people.roles(story.ledger.view(), "noor", PROJECT) == ("ml-engineer",)

    def test_giving_roles_may_have_to_be_signed(self, story: Story) -> None:
        from ledger.rules.access import grant_digest

        adopt(story, policy() | {"grants_signed": True})
        assert "signed" in refused(lambda: story.record(AccessGranted("noor", "risk"), "ivy", HERE))
        envelope = signed(story, "ivy", HERE, grant_digest("noor", "risk", HERE), "enrol")
        said = refused(lambda: story.record(AccessGranted("noor", "other", envelope), "ivy", HERE))
        assert said == "the decision is on another role, place or person than the event names"
        story.record(AccessGranted("noor", "risk", envelope), "ivy", HERE)
        assert intact(story)

    def test_a_charter_is_signed_over_an_attached_document(self, story: Story) -> None:
        charter = digest(b"we stand for this")
        envelope = signed(story, "hugo", HERE, charter, "approve")
        fact = CharterSigned(charter, envelope, "Charter")
        assert "no document with the digest" in refused(lambda: story.record(fact, "hugo", HERE))
        story.record(DocumentAttached("charter", charter), "hugo", HERE)
        assert "not by a key of grace" in refused(lambda: story.record(fact, "grace", HERE))
        story.record(fact, "hugo", HERE)
        assert intact(story)


class TestReplays:
    """A decision counts once: whoever can append cannot use somebody's signature again."""

    def test_an_older_policy_is_not_put_back_by_its_old_adoption(self, story: Story) -> None:
        lax = adopt(story, policy({"document": "model_card"}))
        adopt(story, policy())
        again = typed(lax.event.type, lax.event.value)
        assert again is not None
        assert "recorded before" in refused(lambda: story.record(again, "ivy", lax.event.subject))

    def test_an_exception_is_not_made_again_or_longer(self, story: Story) -> None:
        adopt(story, policy(exceptions={"roles": ["model-owner"], "at_most": "3d"}))
        first = waive(story, "e1", "hugo", V1)
        story.record(ExceptionClosed("e1", "done"), "hugo", V1)
        for changes in ({"exception": "e2"}, {"exception": "e2", "expires": later(story, hours=70)}):
            again = typed(first.event.type, first.event.value | changes)
            assert again is not None
            assert "recorded before" in refused(lambda fact=again: story.record(fact, "hugo", V1))  # type: ignore[misc]
        assert lacks(story)

    def test_a_revoked_key_does_not_come_back_by_its_old_enrolment(self, story: Story) -> None:
        [enrolled] = [
            each.event
            for each in story.ledger.events()
            if each.event.type == "key.enrolled" and each.event.value["name"] == "grace"
        ]
        story.revoke("grace")
        again = typed(enrolled.type, enrolled.value)
        assert again is not None
        assert "recorded before" in refused(lambda: story.record(again, "ivy", project=None))


class TestVerdicts:
    """A recorded decision carries policy, inputs and verdict, and comes out again."""

    def test_what_is_recorded_is_what_comes_out(self, story: Story) -> None:
        adopt(story, policy())
        denied = gate(story, V1).event.value
        assert denied["decision"] == "deny"
        assert denied["policy"] == in_force(story.ledger.view(), PROJECT).digest()
        request = ask(story, V1)
        decide(story, request, "grace", "risk")
        decide(story, request, "vera", "model-validation")
        allowed = gate(story, V1).event.value
        assert allowed["decision"] == "allow"
        assert [line[1] for line in allowed["inputs"]["conditions"]] == [True] * 4
        assert intact(story)

    @pytest.mark.parametrize(
        "changes",
        [{"decision": "allow"}, {"policy": digest(b"other")}, {"inputs": {"conditions": [], "now": ""}}],
    )
    def test_another_verdict_is_refused(self, story: Story, changes: Any) -> None:
        adopt(story, policy())
        assert "verdict" in refused(lambda: gate(story, V1, **changes))

    def test_a_verdict_of_the_future_or_of_a_better_past(self, story: Story) -> None:
        adopt(story, policy(expires="3d"))
        request = ask(story, V1)
        decide(story, request, "grace", "risk")
        decide(story, request, "vera", "model-validation")
        then = story.ledger.now()
        story.record(DocumentAttached("note", digest(b"n")), "ada", V1, at=later(story, days=4))
        judged = gates.decision(story.ledger.view(), V1, "prod", now=then)
        assert judged["decision"] == "allow"
        assert "no longer held when it was recorded" in refused(lambda: gate(story, V1, **judged))
        judged["inputs"]["now"] = later(story, days=9)
        assert "later than it was recorded" in refused(lambda: gate(story, V1, **judged))

    def test_other_gates_say_what_they_say(self, story: Story) -> None:
        gate(story, V1, policy="pipeline/nightly", inputs={"stage": "test"}, decision="allow")
        assert intact(story)

    def test_a_promotion_is_judged_by_the_policy_of_its_stage(self, story: Story) -> None:
        adopt(story, policy())
        fact = PromotionRecorded("candidate", "production")
        assert "1 approval missing, by risk" in refused(lambda: story.record(fact, "ada", V1))
