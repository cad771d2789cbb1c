"""A small but lifelike ledger, told through the API: people, data, a run, a model, approvals, a rollout, monitors.

Tests take it as it is, copy its file, or go on with the story.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ledger
from ledger import Entry, Ledger, Recorded
from ledger.events.alerts import AlertAcknowledged, AlertRaised, AlertResolved
from ledger.events.approvals import ApprovalGranted, ApprovalRejected, ApprovalRequested, Evidence, PromotionRecorded
from ledger.events.artifacts import AliasMoved, ArtifactRegistered
from ledger.events.checks import CheckConfigured, CheckExecuted
from ledger.events.deployments import DeploymentCompleted, DeploymentStarted, DeploymentStep, RetrainingTriggered
from ledger.events.documents import DocumentAttached
from ledger.events.monitors import MonitorConfigured, MonitorObserved, MonitorRefused
from ledger.events.people import AccessGranted, KeyEnrolled, KeyRevoked, OwnerAssigned
from ledger.events.runs import Artifact, RunCompleted, RunStarted
from ledger.events.vocabulary import Fact
from ledger.format import decision as decisions
from ledger.format.decision import Decision
from ledger.format.hashes import digest
from ledger.format.keys import SecretKey
from ledger.projections import artifacts
from ledger.rules import drafting

PROJECT = "fx-hedging"
ORIGIN = "example.com/ml-ledger"
SIGNED_AT = "2026-01-02T03:04:05.000000Z"
APPROVERS = ("risk", "model-validation")


def secret(name: str) -> SecretKey:
    """The same key for the same name, always."""
    return SecretKey.from_seed(bytes.fromhex(digest(name.encode()).removeprefix("sha256:")))


class Story:
    """A ledger that is open for writing, and the secret keys of everybody in it."""

    def __init__(self, opened: Ledger) -> None:
        self.ledger = opened

    @classmethod
    def begin(cls, folder: Path, *, origin: str = ORIGIN, clock: str = "simulated") -> Story:
        """A new ledger in ``folder``, administered by ivy, with nobody else in it."""
        administrators = {"ivy": str(secret("ivy").public)}
        made = ledger.create(
            folder / "ledger.db",
            origin=origin,
            administrators=administrators,
            clock=clock,
            keys=folder / "keys",
            at="2008-01-01T00:00:00Z" if clock == "simulated" else None,
        )
        return cls(made)

    @classmethod
    def resume(cls, folder: Path, template: Path) -> Story:
        """A copy of the story whose ledger was closed in ``template``."""
        shutil.copytree(template, folder, dirs_exist_ok=True)
        return cls(ledger.open(folder / "ledger.db", keys=folder / "keys"))

    def record(self, fact: Fact, actor: str, subject: str | None = None, **more: Any) -> Recorded:
        """Record one fact in the story's project."""
        return self.ledger.record(fact, actor=actor, subject=subject, **{"project": PROJECT, **more})

    # People

    def decide_on_key(self, name: str, key: str, verdict: str, by: str = "ivy", **changes: Any) -> dict[str, Any]:
        """An administrator's signed decision on a key."""
        drafted = drafting.on_key(
            self.ledger.view(), name, key, verdict=verdict, reason="", signer=by, signed_at=SIGNED_AT
        )
        return sign(drafted, secret(by), **changes)

    def enrol(self, name: str, *roles: str, kind: Any = "person", by: str = "ivy") -> None:
        """Enrol somebody with their first key, and give them roles."""
        key = str(secret(name).public)
        self.record(KeyEnrolled(name, key, self.decide_on_key(name, key, "enrol", by), kind=kind), by, project=None)
        for role in roles:
            self.record(AccessGranted(name, role), by, f"project/{PROJECT}")

    def revoke(self, name: str, by: str = "ivy") -> None:
        """Revoke somebody's first key."""
        key = str(secret(name).public)
        self.record(KeyRevoked(name, key, self.decide_on_key(name, key, "revoke", by)), by, project=None)

    # Artifacts and runs

    def register(self, kind: str, name: str, content: str, actor: str = "ada", run: str | None = None) -> str:
        """Register the next version of an artifact; returns its reference."""
        newest = artifacts.latest(self.ledger.view(), kind, PROJECT, name)
        version = 1 if newest is None else newest.version + 1
        data = content.encode()
        fact = ArtifactRegistered(kind, name, version, digest(data), len(data), run=run, rows=7, summary={"mean": 0.5})
        return self.record(fact, actor).event.subject

    def train(self, name: str, data: str, actor: str = "ada") -> str:
        """A run that reads ``data`` and makes the next version of a model; returns the model's reference."""
        count = len(artifacts.versions(self.ledger.view()))
        run = f"{digest(f'{name}{count}'.encode())[7:19]}"
        used = [Artifact(data, self.digest(data))]
        code = digest(b"code")
        self.record(RunStarted(run, "train", "training", used, code=code, seed=7, parameters={"window": 250}), actor)
        model = self.register("model", name, f"weights {count}", actor, run)
        made = [Artifact(model, self.digest(model))]
        self.record(RunCompleted(run, "ok", made, {"r2": 0.47, "bias": -0.011}, exit_code=0, seconds=1.5), actor)
        return model

    def digest(self, ref: str) -> str:
        """The digest of a registered version."""
        found = artifacts.get(self.ledger.view(), ref)
        assert found is not None, ref
        return found.digest

    # Decisions

    def ask(self, subject: str, transition: str = "prod", actor: str = "ada", roles: Sequence[str] = APPROVERS) -> int:
        """Request an approval; returns the request's seq."""
        evidence = [Evidence(subject, self.digest(subject), title="the model")]
        fact = ApprovalRequested(transition, list(roles), self.digest(subject), evidence, "v1 beats the baseline")
        return self.record(fact, actor, subject).seq

    def draft(self, request: int, who: str, verdict: str = "approve", reason: str = "sound") -> Decision:
        """What ``who`` would sign on a request."""
        return drafting.on_request(
            self.ledger.view(), request, verdict=verdict, reason=reason, signer=who, signed_at=SIGNED_AT
        )

    def approve(self, request: int, who: str, role: str, **changes: Any) -> Recorded:
        """Sign and record an approval. ``changes`` alter the statement before it is signed."""
        drafted = self.draft(request, who)
        envelope = sign(drafted, secret(who), **changes)
        return self.record(ApprovalGranted("prod", role, request, envelope), who, drafted.subject_name)

    def reject(self, request: int, who: str, role: str, reason: str = "the bias is too large") -> Recorded:
        """Sign and record a rejection."""
        drafted = self.draft(request, who, "reject", reason)
        envelope = sign(drafted, secret(who))
        return self.record(ApprovalRejected("prod", role, reason, request, envelope), who, drafted.subject_name)

    # Rollouts and monitors

    def deploy(self, name: str, subject: str, environment: str = "prod", strategy: Any = "direct") -> None:
        """Bring a version live."""
        slice_ = 1.0 if strategy == "direct" else 0.1
        started = DeploymentStarted(name, environment, strategy, slice_, {"arms": 1})
        self.record(started, "svc:deployer", subject)
        if strategy != "direct":
            checks = [{"name": "QLIKE", "passed": True, "value": 0.41, "threshold": 0.5}]
            step = DeploymentStep(name, 1.0, "promote", checks, day="2008-10-01", evidence={"e": 31.5})
            self.record(step, "svc:deployer", subject)
        self.record(DeploymentCompleted(name, environment, strategy, "ok"), "svc:deployer", subject)

    def observe(self, subject: str, count: int) -> list[Recorded]:
        """Record ``count`` observations of the drift monitor in one batch."""
        facts = [
            MonitorObserved(
                "drift", "drift", 0.1 + n / 1000, n % 50 == 49, 0.25, f"2008-{n % 12 + 1:02}-01", n, {"n": n}
            )
            for n in range(count)
        ]
        entries = [Entry(fact, subject, "svc:monitor", PROJECT) for fact in facts]
        return self.ledger.record_many(entries)

    def tell(self, observations: int = 150, checkpoint: Callable[[Ledger], object] = Ledger.checkpoint) -> Story:
        """The whole story: some ninety events and the observations, and a checkpoint after each chapter."""
        self._prologue()
        checkpoint(self.ledger)
        data, model = self._first_version()
        checkpoint(self.ledger)
        self._watch(model, observations)
        checkpoint(self.ledger)
        self._second_version(data)
        checkpoint(self.ledger)
        self.observe(model, 10)
        return self

    def _prologue(self) -> None:
        self.enrol("ada", "ml-engineer")
        self.enrol("grace", "risk")
        self.enrol("vera", "model-validation")
        self.enrol("hugo", "model-owner")
        self.enrol("mallory", "risk")
        self.enrol("svc:monitor", "monitoring", kind="automation")
        self.enrol("svc:deployer", "deployment", kind="automation")
        self.revoke("mallory")

    def _first_version(self) -> tuple[str, str]:
        data = self.register("dataset", "ecb-rates", "EUR/USD 1.1789")
        self.record(CheckConfigured("jumps", "outliers", {"sd": 6}), "ada", data)
        found = [{"currency": "TRL", "day": "2005-01-03", "jump": -13.83, "text": "Währung ₺ — “new lira”"}]
        self.record(CheckExecuted("jumps", "outliers", False, -13.83, {"sd": 6}, "block", found), "ada", data)
        data = self.register("dataset", "ecb-rates", "EUR/USD 1.1790")
        model = self.train("fx-vol", data)
        self.record(DocumentAttached("model_card", digest(b"card"), "fx-vol"), "ada", model)
        self.record(OwnerAssigned("accountable", "hugo", "portfolio"), "ivy", model)
        request = self.ask(model)
        self.approve(request, "grace", "risk")
        self.approve(request, "vera", "model-validation")
        self.record(PromotionRecorded("candidate", "production", [request + 1, request + 2]), "ada", model)
        self.deploy("d1", model)
        self.record(AliasMoved(model.rpartition("@")[0], "champion", 1), "ada")
        return data, model

    def _watch(self, model: str, observations: int) -> None:
        self.record(MonitorRefused("flat", "drift", 1.5, "KS is never above 1"), "svc:monitor", model)
        self.record(MonitorConfigured("drift", "drift", 0.25, "risk", rule="KS", severity="high"), "svc:monitor", model)
        last = self.observe(model, observations)[-1].seq
        alert = AlertRaised("a1", "drift", "high", "drift on 2008-09-17", value=0.31, threshold=0.25, day="2008-09-17")
        self.record(alert, "svc:monitor", model, cause=last)
        self.record(AlertAcknowledged("a1", "looking"), "hugo")
        self.record(RetrainingTriggered("drift", "alert/a1"), "hugo", model)

    def _second_version(self, data: str) -> None:
        model = self.train("fx-vol", data)
        refused = self.ask(model)
        self.reject(refused, "grace", "risk")
        request = self.ask(model)
        self.approve(request, "grace", "risk")
        self.approve(request, "vera", "model-validation")
        self.deploy("d2", model, strategy="canary")
        self.record(AlertResolved("a1", "retrained", "deployment/d2"), "hugo")


def sign(drafted: Decision, key: SecretKey, **changes: Any) -> dict[str, Any]:
    """Sign a drafted decision, some of its facts changed first."""
    return decisions.sign(drafted._replace(**changes), key)
