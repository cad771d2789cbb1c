"""The ledger of the snapshots: a year in the life of two projects, the same bytes wherever and whenever it is made.

Keys come from seeds, times from the story, figures from a curve: so every hash and every signature is the same too.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from hashlib import sha256
from math import sin
from pathlib import Path
from typing import Any

import pytest

import ledger
from ledger.events.alerts import AlertAcknowledged, AlertRaised, AlertResolved
from ledger.events.approvals import ApprovalGranted, ApprovalRequested, Evidence, PromotionRecorded
from ledger.events.artifacts import AliasMoved, ArtifactRegistered
from ledger.events.checks import CheckConfigured, CheckExecuted
from ledger.events.deployments import (
    DeploymentCompleted,
    DeploymentStarted,
    DeploymentStep,
    RetrainingTriggered,
)
from ledger.events.ledgers import LedgerVerified
from ledger.events.monitors import MonitorConfigured, MonitorObserved, MonitorRefused
from ledger.events.people import AccessGranted, KeyEnrolled, OwnerAssigned
from ledger.events.risks import RiskRecorded
from ledger.events.runs import RunCompleted, RunStarted
from ledger.events.targets import TargetSet
from ledger.events.vocabulary import Artifact, Fact
from ledger.format import decision
from ledger.format.hashes import digest
from ledger.format.keys import SecretKey
from ledger.keystore import DEMO_FOLDER, Keystore
from ledger.ledger import Ledger
from ledger.rules import drafting

ORIGIN = "example.com/exhibit"
PROJECT = "fx-hedging"
OTHER = "rates-carry"
WALL = "2026-01-02T03:04:05.000000Z"
"""What signatures say of wall time."""

SIGNERS = {"jon": "risk_officer", "mia": "model_owner"}
PLAN = {
    "champion": "model/fx-hedging/fx-vol@1", "alpha_promote": 0.05, "alpha_roll_back": 0.05, "minimum_days": 5,
    "maximum_days": 30, "slices": [0.1, 0.25, 1.0], "realised": {"accounts": 312, "account_share": 0.102, "size_share": 0.098},
}  # fmt: skip


def seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on every new key is the next of a fixed row."""
    made = iter(range(1_000))
    monkeypatch.setattr(SecretKey, "generate", lambda: SecretKey.from_seed(sha256(b"exhibit %d" % next(made)).digest()))


class Teller:
    """Tells the year."""

    def __init__(self, book: Ledger) -> None:
        self.book = book

    def at(self, day: str, time: str = "16:00:00") -> None:
        """What follows happens then."""
        self.book.moment = f"{day}T{time}.000000Z"

    def add(self, fact: Fact, actor: str, subject: str | None = None, project: str | None = PROJECT) -> int:
        """Record one event; its number."""
        return self.book.record(fact, subject=subject, actor=actor, project=project).seq

    def tell(self) -> None:
        """All of it, in order."""
        self.people()
        self.first_model()
        self.second_project()
        self.monitors()
        self.successor()
        self.plans()
        self.checked()
        self.refresh()

    def people(self) -> None:
        """Keys and roles for everybody."""
        keys = self.book.keystore
        for name, role in {**SIGNERS, "lea": "ml_engineer", "svc:monitor": "monitoring"}.items():
            public = str(keys.make_person(name))
            stated = drafting.on_key(
                self.book.view(), name, public, verdict="enrol", reason="", signer="ada", signed_at=WALL
            )
            envelope = decision.sign(stated, keys.unlock("ada"))
            kind: Any = "automation" if ":" in name else "person"
            self.add(KeyEnrolled(name=name, key=public, dsse=envelope, kind=kind), "ada", project=None)
            self.add(AccessGranted(principal=name, role=role), "ada")
        for subject in ("dataset/fx-hedging/ecb-rates", "model/fx-hedging/fx-vol"):
            self.add(OwnerAssigned(role="accountable", principal="mia", team="portfolio"), "ada", subject)

    def register(self, kind: str, name: str, version: int, project: str = PROJECT, **more: Any) -> Artifact:
        """A version of something; how runs and requests name it."""
        content = {
            "kind": kind,
            "name": name,
            "intercept": round(-0.5 - version / 100, 2),
            "beta": [0.1 * version, 0.2],
        }
        kept = self.book.objects.put_bytes(json.dumps(content).encode())
        fact = ArtifactRegistered(
            kind=kind,
            name=name,
            version=version,
            sha256=kept.digest,
            size=kept.size,
            media_type="application/json",
            **more,
        )
        self.add(fact, "lea", project=project)
        return Artifact(ref=f"{kind}/{project}/{name}@{version}", sha256=kept.digest)

    def run(
        self, run: str, job: str, inputs: list[Artifact], kind: str, name: str, version: int, **metrics: float
    ) -> Artifact:
        """A run from its start to its end, and what it made."""
        how = {"code": digest(b"code"), "config": digest(b"config"), "runtime": digest(b"runtime")}
        job_type = "training" if kind == "model" else "features"
        started = RunStarted(
            run=run, job=job, job_type=job_type, inputs=inputs, seed=7, command=["python", "-m", job],
            parameters={"window": 22 + version}, **how,
        )  # fmt: skip
        self.add(started, "lea")
        made = self.register(kind, name, version, run=run)
        done = RunCompleted(run=run, status="ok", outputs=[made], metrics=metrics, exit_code=0, seconds=41.5)
        self.add(done, "lea")
        return made

    def ask(self, model: Artifact, evidence: list[Artifact], note: str, signers: tuple[str, ...]) -> int:
        """A request for production, and who signed it."""
        frozen = [Evidence(ref=each.ref, sha256=each.sha256) for each in evidence]
        asked = ApprovalRequested(
            transition="prod", roles=list(SIGNERS.values()), sha256=model.sha256, evidence=frozen, note=note
        )
        request = self.add(asked, "lea", model.ref)
        for name in signers:
            stated = drafting.on_request(
                self.book.view(), request, verdict="approve", reason="", signer=name, signed_at=WALL
            )
            envelope = decision.sign(stated, self.book.keystore.unlock(name))
            fact = ApprovalGranted(transition="prod", role=SIGNERS[name], request=request, dsse=envelope)
            self.add(fact, name, model.ref)
        return request

    def first_model(self) -> None:
        """Data, checks, features, a model, and its way into production."""
        self.at("2008-01-14", "09:00:00")
        self.rates = self.register("dataset", "ecb-rates", 1, rows=2_321, span=["1999-01-04", "2008-01-11"])
        for check, kind in (("schema", "schema"), ("freshness", "freshness")):
            self.add(CheckConfigured(check=check, kind=kind, threshold=0), "lea", self.rates.ref)
            fact = CheckExecuted(check=check, kind=kind, passed=True, value=0, threshold=0, verdict="pass")
            self.add(fact, "svc:monitor", self.rates.ref)
        features = self.run("11aa22bb33cc44dd", "features", [self.rates], "feature_view", "vol-features", 1)
        self.at("2008-01-15", "10:30:00")
        model = self.run(
            "7c1e55aa7c1e55aa", "train", [features], "model", "fx-vol", 1, r_squared=0.4127, mae=2.011, log_bias=-0.0131
        )
        self.at("2008-01-22", "11:00:00")
        self.ask(model, [self.rates], "out of time it beats the random walk by a tenth", ("jon", "mia"))
        self.at("2008-01-23", "08:00:00")
        began = DeploymentStarted(deployment="prod-fx-vol-1", environment="prod", strategy="direct", slice=1.0)
        self.add(began, "mia", model.ref)
        done = DeploymentCompleted(deployment="prod-fx-vol-1", environment="prod", strategy="direct", status="ok")
        self.add(done, "mia", model.ref)
        self.add(PromotionRecorded(from_stage="staging", to_stage="production"), "mia", model.ref)
        self.add(AliasMoved(artifact="model/fx-hedging/fx-vol", alias="champion", version=1), "mia")
        self.first, self.features = model, features

    def second_project(self) -> None:
        """Another team, at its beginning, with a long name."""
        self.at("2008-02-04", "12:00:00")
        self.register("dataset", "swap-curves", 1, OTHER, rows=40_112)
        self.register("feature_view", "carry-and-roll-down-over-three-and-twelve-months", 1, OTHER)

    def monitors(self) -> None:
        """Three monitors, one of them refused; the crisis as two of them see it."""
        self.at("2008-02-05", "09:00:00")
        for name, kind, threshold in (("feature-drift", "drift", 4.0), ("log-bias", "performance", 0.188)):
            fact = MonitorConfigured(monitor=name, kind=kind, threshold=threshold, route="desk", severity="high")
            self.add(fact, "mia", f"monitor/{PROJECT}/{name}")
        why = "its threshold of 1.2 lies above the largest value that a share can take"
        self.add(
            MonitorRefused(monitor="coverage", kind="performance", threshold=1.2, reason=why), "mia", self.first.ref
        )
        for n in range(60):
            day = (date(2008, 2, 6) + timedelta(days=4 * n)).isoformat()
            self.observe("feature-drift", "drift", day, round(1.4 + sin(n / 4) + 0.055 * n, 3), 4.0)
            self.observe("log-bias", "performance", day, round(0.05 + 0.0024 * n, 4), 0.188)

    def observe(self, name: str, kind: str, day: str, value: float, threshold: float) -> None:
        """A day as a monitor saw it; its first breach raises an alert."""
        self.at(day, "17:00:00")
        subject, breached = f"monitor/{PROJECT}/{name}", value > threshold
        seen = MonitorObserved(
            monitor=name, kind=kind, value=value, breached=breached, threshold=threshold, day=day, n=315
        )
        self.add(seen, "svc:monitor", subject)
        alert = f"{name}-{day}"
        if breached and not self.book.view().rows("SELECT 1 FROM alerts WHERE monitor = :name", {"name": name}):
            words = f"{name} is {value:.3g}, and {threshold:.3g} is allowed"
            raised = AlertRaised(
                alert=alert, monitor=name, severity="high", message=words, value=value, threshold=threshold, day=day
            )
            self.add(raised, "svc:monitor", self.first.ref)

    def successor(self) -> None:
        """An alert is seen, answered by a retraining, and the successor has a tenth of the accounts."""
        self.at("2008-09-30", "08:00:00")
        (row,) = self.book.view().rows("SELECT alert, seq FROM alerts WHERE monitor = 'feature-drift'")
        self.add(AlertAcknowledged(alert=row[0], note="the inputs drift (危機); we retrain on newer years"), "mia")
        self.add(RetrainingTriggered(cause="alert", ref=f"alert/{row[0]}"), "mia", self.first.ref)
        newer = self.register("dataset", "ecb-rates", 2, rows=2_503, span=["1999-01-04", "2008-09-26"])
        features = self.run("22bb33cc44dd55ee", "features", [newer], "feature_view", "vol-features", 2)
        model = self.run(
            "8d2f66bb8d2f66bb", "train", [features], "model", "fx-vol", 2, r_squared=0.5312, mae=1.884, log_bias=0.0042
        )
        self.at("2008-10-02", "11:00:00")
        self.ask(model, [newer, self.features], "trained on the crisis's first year", ("jon", "mia"))
        self.at("2008-10-03", "08:00:00")
        began = DeploymentStarted(
            deployment="canary-fx-vol-2", environment="prod", strategy="canary", slice=0.1, plan=PLAN
        )
        self.add(began, "svc:monitor", model.ref)
        for n in range(12):
            self.evaluated(model.ref, n)
        self.at("2008-10-20", "09:00:00")
        drill = AlertRaised(
            alert="drill-2008-10-20", monitor="feature-drift", severity="high", message="a drill: inputs moved by one half",
            injected=True, value=8, threshold=4, day="2008-10-20",
        )  # fmt: skip
        self.add(drill, "svc:monitor", model.ref)
        self.add(AlertResolved(alert="drill-2008-10-20", action="the drill is over"), "mia")

    def evaluated(self, ref: str, n: int) -> None:
        """One day of the canary: its gates, and the evidence."""
        day = f"2008-10-{6 + n:02}"
        self.at(day, "18:00:00")
        gates = [
            {"name": "prediction ratio", "state": "pass", "passed": True, "value": 0.98 + 0.004 * n, "threshold": 1.25},
            {"name": "latency p99", "state": "pass", "passed": True, "value": 38.0 + n, "threshold": 60.0},
            {"name": "evidence", "state": "stop", "passed": False, "value": round(1.19**n, 4), "threshold": 20.0},
        ]
        proof = {
            "promote": round(1.19**n, 4), "roll_back": round(0.93**n, 4), "difference": round(0.02 + 0.01 * sin(n), 4),
            "reason": "its gates hold; the evidence does not decide yet" if n > 3 else "fewer than the least number of days",
        }  # fmt: skip
        widen: Any = "widen" if n == 8 else "hold"
        step = DeploymentStep(
            deployment="canary-fx-vol-2",
            slice=0.25 if n >= 8 else 0.1,
            decision=widen,
            day=day,
            checks=gates,
            evidence=proof,
        )
        self.add(step, "svc:monitor", ref)

    def plans(self) -> None:
        """Two risks and a target."""
        self.at("2008-10-21", "10:00:00")
        risks = (
            ("crisis", "model.monitoring", 4, 5, "mia", "forecasts too low in a crisis", "monitoring"),
            ("vendor", "data.versioning", 2, 3, "", "the source changes its format without a word", "lineage"),
        )
        for risk, capability, likelihood, impact, owner, title, area in risks:
            fact = RiskRecorded(
                risk=risk, capability=capability, priority=likelihood * impact, owner=owner, title=title, area=area,
                likelihood=likelihood, impact=impact,
            )  # fmt: skip
            self.add(fact, "mia", f"risk/{PROJECT}/{risk}")
        target = self.register("document", "target-data", 1)
        aim = TargetSet(
            track="data",
            level=2,
            due="2009-06-30",
            criteria_sha256=digest(b"criteria"),
            criteria=["D1.1", "D2.1"],
            owner="mia",
        )
        self.add(aim, "mia", target.ref)

    def checked(self) -> None:
        """Somebody verified all of it, and the head was signed."""
        self.at("2008-10-22", "07:00:00")
        size, head = self.book.size, self.book.head
        self.add(LedgerVerified(head=head, size=size, ok=True), "svc:monitor", f"ledger/{ORIGIN}", None)
        self.book.checkpoint()

    def refresh(self) -> None:
        """A third version asks for production: one has signed, mia has not."""
        self.at("2008-10-23", "09:30:00")
        model = self.run(
            "9e3077cc9e3077cc",
            "train",
            [self.features],
            "model",
            "fx-vol",
            3,
            r_squared=0.5388,
            mae=1.871,
            log_bias=0.0038,
        )
        self.ask(model, [self.rates, self.features], "the refresh: newer years, the same method", ("jon",))


def made(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the ledger in a workspace at ``root``; its file."""
    seeded(monkeypatch)
    place = root / ".assay"
    keys = place / DEMO_FOLDER
    keys.mkdir(parents=True)
    (root / "assay.toml").write_text(f'project = "{PROJECT}"\n')
    administrator = str(Keystore(keys, demo=True).make_person("ada"))
    with ledger.create(
        place / "ledger.db", origin=ORIGIN, administrators={"ada": administrator}, clock="simulated", keys=keys,
        at="2008-01-07T08:00:00Z",
    ) as book:  # fmt: skip
        Teller(book).tell()
    return place / "ledger.db"
