"""Governing a story's ledger: adopting policies, asking, deciding, excepting, delegating, through the API alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ledger import Entry, Recorded
from ledger.events.approvals import (
    ApprovalChangesRequested,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalRevoked,
    GateEvaluated,
)
from ledger.events.artifacts import ArtifactRegistered
from ledger.events.criteria import CriteriaSet, Criterion
from ledger.events.exceptions import ExceptionRecorded
from ledger.events.people import DelegationGiven
from ledger.events.policies import PolicyAdopted
from ledger.events.runs import Artifact, RunCompleted, RunSigned, RunStarted
from ledger.format import canonical, times
from ledger.format.decision import Decision
from ledger.format.hashes import digest
from ledger.projections import approvals, artifacts, runs
from ledger.rules import delegating, drafting, gates, vouching, waivers
from tests.ledger.story import PROJECT, SIGNED_AT, Story, secret, sign

MODEL = f"model/{PROJECT}/fx-vol"


def later(story: Story, **how: float) -> str:
    """A moment after the ledger's last event's, as an event spells it."""
    return times.format_time(times.parse_time(story.ledger.now()) + timedelta(**how))


def signed(story: Story, signer: str, subject: str, sha256: str, says: str, reason: str = "", **more: Any) -> Any:
    """A decision on a subject, signed by ``signer``; ``key`` says with whose key, other words change the statement."""
    request, key = more.pop("request", None), more.pop("key", signer)
    drafted: Decision = drafting.on_subject(
        story.ledger.view(),
        subject,
        sha256,
        verdict=says,
        reason=reason,
        signer=signer,
        signed_at=SIGNED_AT,
        request=request,
    )
    return sign(drafted, secret(key), **more)


def adopt(story: Story, document: dict[str, Any], by: str = "ivy", **how: Any) -> Recorded:
    """Register a policy's next version and adopt it."""
    data = canonical.encode(document)
    name = document["policy"]
    newest = artifacts.latest(story.ledger.view(), "policy", PROJECT, name)
    version = 1 if newest is None else newest.version + 1
    ref = f"policy/{PROJECT}/{name}@{version}"
    registered = ArtifactRegistered("policy", name, version, digest(data), len(data))
    envelope = signed(story, by, ref, digest(data), "adopt", **how.pop("changes", {}))
    fact = PolicyAdopted(ref, how.pop("sha256", digest(data)), how.pop("carries", document), envelope, **how)
    entries = [Entry(registered, actor=by, project=PROJECT), Entry(fact, actor=by, project=PROJECT)]
    return story.ledger.record_many(entries)[1]


def ask(
    story: Story, subject: str, to: str = "prod", by: str = "ada", roles: Any = ("risk", "model-validation")
) -> int:
    """Request an approval, with the times that the policy in force sets."""
    due, over = gates.terms(story.ledger.view(), subject, to)
    fact = ApprovalRequested(
        to,
        list(roles),
        story.digest(subject),
        due=None if due is None else later(story, seconds=due),
        expires=None if over is None else later(story, seconds=over),
    )
    return story.record(fact, by, subject).seq


def decide(story: Story, request: int, who: str, role: str, how: str = "approve", **more: Any) -> Recorded:
    """Approve, reject or ask for changes."""
    reason = "sound" if how == "approve" else "not yet"
    drafted = story.draft(request, who, "approve" if how == "approve" else "reject", reason)
    envelope = sign(drafted, secret(more.pop("key", who)), **more)
    found = approvals.get(story.ledger.view(), request)
    assert found is not None
    to = found.transition
    fact: Any = ApprovalGranted(to, role, request, envelope)
    if how == "reject":
        fact = ApprovalRejected(to, role, reason, request, envelope)
    elif how == "change":
        fact = ApprovalChangesRequested(to, role, reason, request, envelope)
    return story.record(fact, who, found.subject)


def revoke(story: Story, approval: int, who: str, reason: str = "the report was wrong") -> Recorded:
    """Revoke an approval."""
    row = story.ledger.view().row("SELECT request FROM decisions WHERE seq = :seq", {"seq": approval})
    found = approvals.get(story.ledger.view(), row[0])
    assert found is not None
    envelope = signed(story, who, found.subject, found.digest, "revoke", reason, request=found.seq)
    return story.record(ApprovalRevoked(found.transition, found.seq, approval, reason, envelope), who, found.subject)


def waive(story: Story, name: str, who: str, subject: str, to: str = "prod", hours: float = 4, **more: Any) -> Recorded:
    """Break the glass."""
    reason, until = "the feed is down", later(story, hours=hours)
    artifact = artifacts.get(story.ledger.view(), subject)
    assert artifact is not None
    sha256 = waivers.digest(name, artifact, to, until)
    envelope = signed(story, who, f"exception/{name}", sha256, "waive", reason, **more)
    return story.record(ExceptionRecorded(name, to, reason, until, envelope), who, subject)


def delegate(story: Story, name: str, who: str, to: str, role: str, hours: float = 24, **more: Any) -> Recorded:
    """Lend a role."""
    until = later(story, hours=hours)
    sha256 = delegating.digest(name, who, to, role, PROJECT, until)
    envelope = signed(story, who, f"person/{to}", sha256, "enrol", **more)
    return story.record(DelegationGiven(name, to, role, until, envelope), who)


def sign_run(story: Story, run: str, who: str, **more: Any) -> Recorded:
    """Vouch for a run."""
    found = runs.get(story.ledger.view(), run)
    assert found is not None
    sha256 = vouching.run_digest(story.ledger.view(), found)
    return story.record(RunSigned(run, sha256, signed(story, who, f"run/{run}", sha256, "approve", **more)), who)


def bound(story: Story, metric: str = "mae", at_most: float = 2.0, who: str = "grace") -> Recorded:
    """Set acceptance criteria for the model."""
    return story.record(CriteriaSet([Criterion(metric, None, at_most)]), who, MODEL)


def evaluate(story: Story, subject: str, who: str = "vera", **metrics: float) -> int:
    """A run that reads a version and measures it; returns the seq at which it began."""
    count = story.ledger.size
    run = f"eval{count}"
    began = story.record(RunStarted(run, "evaluate", "evaluation", [Artifact(subject, story.digest(subject))]), who)
    story.record(RunCompleted(run, "ok", [], metrics), who)
    return began.seq


def gate(story: Story, subject: str, to: str = "prod", **changes: Any) -> Recorded:
    """Record the verdict of the policy in force."""
    judged = gates.decision(story.ledger.view(), subject, to, now=story.ledger.now()) | changes
    return story.record(GateEvaluated(**judged), "svc:gate", subject)


def cast_of(story: Story) -> Story:
    """Everybody, and a version that ada trained."""
    for name, *held in (
        ("ada", "ml-engineer"),
        ("grace", "risk"),
        ("vera", "model-validation"),
        ("hugo", "model-owner", "risk"),
        ("noor", "ml-engineer"),
    ):
        story.enrol(name, *held)
    story.enrol("svc:gate", "gatekeeper", kind="automation")
    story.enrol("svc:deployer", "deployment", kind="automation")
    story.register("dataset", "rates", "EUR/USD 1.1789", actor="grace")
    story.train("fx-vol", f"dataset/{PROJECT}/rates@1")
    return story
