"""``make-ledger N PATH``: a ledger of N events as an asset manager's would be, written through the public API.

Four projects, and one more for every further 25,000 events: a million events are forty projects over six years, not four
over sixty. Told day by day: nine monitors observed, fresh data checked and turned into features every day, a model
trained every week, and every month a version requested, signed by two people, deployed as a canary and promoted.
About one observation in two hundred breaches, and raises an alert that is acknowledged and resolved. At the end all of it
is verified, and that is recorded. Everything but the keys and the signatures comes from the seed.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import ledger
from ledger.errors import InputError
from ledger.events.alerts import AlertAcknowledged, AlertRaised, AlertResolved
from ledger.events.approvals import ApprovalGranted, ApprovalRequested, PromotionRecorded
from ledger.events.artifacts import AliasMoved, ArtifactRegistered
from ledger.events.checks import CheckExecuted
from ledger.events.deployments import DeploymentCompleted, DeploymentStarted, DeploymentStep
from ledger.events.ledgers import LedgerVerified
from ledger.events.monitors import MonitorConfigured, MonitorObserved
from ledger.events.people import AccessGranted, KeyEnrolled
from ledger.events.runs import RunCompleted, RunStarted
from ledger.events.vocabulary import Artifact, Fact
from ledger.format import decision
from ledger.format.hashes import digest
from ledger.format.keys import SecretKey
from ledger.keystore import DEMO_FOLDER, Keystore
from ledger.ledger import Entry, Ledger
from ledger.rules import drafting
from ledger.store.journal import Recorded

ORIGIN = "example.com/lifelike"
BEGIN = date(2005, 1, 3)
TRAINER = "svc:trainer"
MONITOR = "svc:monitor"
ADMINISTRATOR = "ada"
SIGNERS = (("jon", "risk_officer"), ("mia", "model_owner"))

PROJECTS = {
    "fx-hedging": ("ecb-rates", "vol-features", "fx-vol"),
    "rates-carry": ("swap-curves", "carry-features", "carry"),
    "credit-spread": ("bond-quotes", "spread-features", "spread"),
    "equity-mom": ("px-daily", "mom-12-1", "mom-alpha"),
}
"""Each of the first projects' dataset, feature view and model."""

DESKS = ("fx", "rates", "credit", "equity", "commodity", "muni", "emerging", "mortgage", "inflation", "loans")
STYLES = ("momentum", "value", "quality", "timing")
SHARE = 25_000
"""Events for which there is a project, where there are many."""

MONITORS = (
    ("rv1", "drift", 0.42),
    ("rv5", "drift", 0.38),
    ("rv22", "drift", 0.35),
    ("prediction", "drift", 0.4),
    ("log-bias", "performance", 0.188),
    ("coverage", "performance", 0.05),
    ("completeness", "data_quality", 0.01),
    ("latency-p99", "latency", 250.0),
    ("basel-exceptions", "business_impact", 5.0),
)
"""Each project's monitors: name, kind, threshold."""


def projects(count: int) -> dict[str, tuple[str, str, str]]:
    """The projects of a ledger of so many events, each with its dataset, feature view and model."""
    found = dict(PROJECTS)
    for n in range(len(PROJECTS), count // SHARE):
        desk, style, again = DESKS[n % len(DESKS)], STYLES[n // len(DESKS) % len(STYLES)], n // 40
        name = f"{desk}-{style}{f'-{again + 1}' if again else ''}"
        found[name] = (f"{desk}-prices", f"{style}-features", f"{desk}-{style}")
    return found


_CHECKS = ("schema", "freshness")
_BATCH = 512
"""Entries to a transaction."""


class Teller:
    """Tells the story into a ledger until it holds ``total`` events."""

    def __init__(self, book: Ledger, total: int, seed: int) -> None:
        self._book = book
        self._total = total
        self._random = random.Random(seed)
        self._projects = projects(total)
        self._pending: list[Entry] = []
        self._versions: dict[tuple[str, str], int] = {}
        self._models: dict[str, Artifact] = {}
        self._secrets: dict[str, SecretKey] = {}
        self._moment = datetime.combine(BEGIN, time(8), UTC)

    def tell(self) -> None:
        """Begin, then day after day until the ledger is full."""
        self._enrol()
        for project in self._projects:
            self._declare(project)
        day = BEGIN
        while self._room():
            if day.weekday() < 5:
                self._moment = datetime.combine(day, time(18), UTC)
                for project in self._projects:
                    self._live_through(project, day)
            day += timedelta(days=1)
        self._flush()

    def _live_through(self, project: str, day: date) -> None:
        """One day of one project."""
        features = self._ingest(project, day)
        if day.weekday() == 4:
            self._train(project, features)
        for name, kind, threshold in MONITORS:
            self._observe(project, day, name, kind, threshold)
        # Each project promotes on its own day of the month, give or take a weekend.
        if day.day == 4 + 5 * (list(self._projects).index(project) % 4) and project in self._models:
            self._promote(project, day)

    def _add(self, fact: Fact, *, actor: str, project: str | None = None, subject: str | None = None) -> None:
        self._pending.append(Entry(fact, subject, actor, project, at=self._moment))
        if len(self._pending) >= _BATCH:
            self._flush()

    def _flush(self) -> list[Recorded]:
        room = self._room()
        batch, self._pending = self._pending[: max(room, 0)], []
        return self._book.record_many(batch)

    def _room(self) -> int:
        return self._total - self._book.size

    def _digest(self) -> str:
        return digest(self._random.randbytes(32))

    def _enrol(self) -> None:
        """Keys for the signers, roles for everybody."""
        keystore = self._book.keystore
        for name, role in (*SIGNERS, (TRAINER, "ml_engineer")):
            public = str(keystore.make_person(name))
            self._secrets[name] = keystore.unlock(name)
            stated = drafting.on_key(
                self._book.view(), name, public, verdict="enrol", reason="", signer=ADMINISTRATOR, signed_at=_WALL
            )
            envelope = decision.sign(stated, keystore.unlock(ADMINISTRATOR))
            fact = KeyEnrolled(name=name, key=public, dsse=envelope, kind="automation" if name == TRAINER else "person")
            self._add(fact, actor=ADMINISTRATOR)
            for project in self._projects:
                self._add(AccessGranted(principal=name, role=role), actor=ADMINISTRATOR, project=project)
        self._flush()

    def _declare(self, project: str) -> None:
        for name, kind, threshold in MONITORS:
            fact = MonitorConfigured(monitor=name, kind=kind, threshold=threshold, route="desk", severity="high")
            self._add(fact, actor="mia", project=project, subject=f"monitor/{project}/{name}")

    def _ingest(self, project: str, day: date) -> Artifact:
        """Today's data, two checks of it, and the features made from it."""
        dataset, view, _ = self._projects[project]
        data = self._register(project, "dataset", dataset, span=[BEGIN.isoformat(), day.isoformat()])
        for check in _CHECKS:
            fact = CheckExecuted(check=check, kind=check, passed=True, value=0, threshold=0, verdict="pass")
            self._add(fact, actor="svc:ingest", project=project, subject=data.ref)
        return self._run(project, "features", "feature_view", view, [data])

    def _train(self, project: str, features: Artifact) -> None:
        metrics = {"mae": round(self._random.uniform(1.5, 2.5), 6), "log_bias": round(self._random.gauss(0, 0.05), 6)}
        self._models[project] = self._run(project, "train", "model", self._projects[project][2], [features], metrics)

    def _run(
        self,
        project: str,
        job: str,
        kind: str,
        name: str,
        inputs: list[Artifact],
        metrics: dict[str, float] | None = None,
    ) -> Artifact:
        """A run from its start to its end, and the one version that it makes."""
        run = self._random.randbytes(8).hex()
        started = RunStarted(
            run=run,
            job=job,
            job_type="training" if kind == "model" else "features",
            inputs=inputs,
            code=digest(b"code"),
            config=digest(b"config"),
            runtime=digest(b"runtime"),
            seed=7,
            command=["python", "-m", job],
            parameters={"window": 756},
        )
        self._add(started, actor=TRAINER, project=project)
        made = self._register(project, kind, name, run=run)
        ended = RunCompleted(run=run, status="ok", outputs=[made], metrics=metrics or {}, exit_code=0, seconds=4.2)
        self._add(ended, actor=TRAINER, project=project)
        return made

    def _register(
        self, project: str, kind: str, name: str, *, run: str | None = None, span: list[str] | None = None
    ) -> Artifact:
        version = self._versions.get((project, name), 0) + 1
        self._versions[project, name] = version
        sha256 = self._digest()
        size = self._random.randrange(10_000, 5_000_000)
        fact = ArtifactRegistered(kind=kind, name=name, version=version, sha256=sha256, size=size, run=run, span=span)
        self._add(fact, actor=TRAINER, project=project)
        return Artifact(ref=f"{kind}/{project}/{name}@{version}", sha256=sha256)

    def _observe(self, project: str, day: date, name: str, kind: str, threshold: float) -> None:
        breached = self._random.random() < 1 / 200
        value = round(threshold * (self._random.uniform(1.01, 1.5) if breached else self._random.uniform(0.1, 0.95)), 6)
        subject = f"monitor/{project}/{name}"
        fact = MonitorObserved(
            monitor=name, kind=kind, value=value, breached=breached, threshold=threshold, day=day.isoformat(), n=315
        )
        self._add(fact, actor=MONITOR, project=project, subject=subject)
        if breached:
            self._alarm(project, day, name, value, threshold)

    def _alarm(self, project: str, day: date, name: str, value: float, threshold: float) -> None:
        alert = f"{project}-{name}-{day.isoformat()}"
        raised = AlertRaised(
            alert=alert,
            monitor=name,
            severity="high",
            message=f"{name} is {value:.4g}, above {threshold:.4g}",
            value=value,
            threshold=threshold,
            day=day.isoformat(),
        )
        self._add(raised, actor=MONITOR, project=project, subject=f"monitor/{project}/{name}")
        self._add(AlertAcknowledged(alert=alert, note="looking into it"), actor="mia", project=project)
        self._add(AlertResolved(alert=alert, action="back within its threshold"), actor="mia", project=project)

    def _promote(self, project: str, day: date) -> None:
        """The newest model: requested, signed twice, a canary of three steps, live, champion."""
        model = self._models.pop(project)
        self._flush()
        if self._room() < 16:
            return
        asked = ApprovalRequested(transition="prod", roles=[role for _, role in SIGNERS], sha256=model.sha256)
        self._add(asked, actor="lea", project=project, subject=model.ref)
        request = self._flush()[0].seq
        for name, role in SIGNERS:
            self._approve(project, model, request, name, role)
        name = f"{model.ref.rpartition('/')[2].replace('@', '-v')}"
        started = DeploymentStarted(deployment=name, environment="prod", strategy="canary", slice=0.1)
        self._add(started, actor="mia", project=project, subject=model.ref)
        for share, verdict in ((0.1, "hold"), (0.25, "widen"), (0.5, "promote")):
            step = DeploymentStep(
                deployment=name,
                slice=share,
                decision=verdict,  # type: ignore[arg-type]  # a literal each
                day=day.isoformat(),
                evidence={"e_value": round(self._random.uniform(1, 25), 4)},
            )
            self._add(step, actor="svc:rollout", project=project, subject=model.ref)
        live = DeploymentCompleted(deployment=name, environment="prod", strategy="canary", status="ok")
        self._add(live, actor="svc:rollout", project=project, subject=model.ref)
        moved = PromotionRecorded(from_stage="candidate", to_stage="production")
        self._add(moved, actor="mia", project=project, subject=model.ref)
        base, _, version = model.ref.rpartition("@")
        self._add(AliasMoved(artifact=base, alias="champion", version=int(version)), actor="mia", project=project)

    def _approve(self, project: str, model: Artifact, request: int, name: str, role: str) -> None:
        stated = drafting.on_request(
            self._book.view(), request, verdict="approve", reason="", signer=name, signed_at=_WALL
        )
        envelope = decision.sign(stated, self._secrets[name])
        fact = ApprovalGranted(transition="prod", role=role, request=request, dsse=envelope)
        self._add(fact, actor=name, project=project, subject=model.ref)
        self._flush()


_WALL = "2026-01-02T03:04:05.000000Z"
"""What the signatures say of wall time: fixed, since nothing measured depends on it."""


def write(path: Path, count: int, *, seed: int = 7) -> None:
    """Write a ledger of ``count`` events to ``path``, its keys into ``demo-keys`` beside it.

    Raises:
        InputError: ``path`` exists already, or there are too few events to begin with.
    """
    if count < 100:
        raise InputError(f"a lifelike ledger has at least 100 events, not {count}")
    keys = path.parent / DEMO_FOLDER
    administrator = str(Keystore(keys, demo=True).make_person(ADMINISTRATOR))
    at = datetime.combine(BEGIN, time(7), UTC)
    with ledger.create(
        path, origin=ORIGIN, administrators={ADMINISTRATOR: administrator}, clock="simulated", keys=keys, at=at
    ) as book:
        Teller(book, count - 1, seed).tell()
        book.checkpoint()
        report = ledger.verify(path)
        known = LedgerVerified(head=report.head, size=report.size, ok=report.ok, complete=not report.incomplete)
        book.record(known, actor=ADMINISTRATOR, subject=f"ledger/{ORIGIN}")
        book.checkpoint()


def kinds(path: Path) -> Iterator[tuple[str, int]]:
    """How many events of each type a ledger holds, the most frequent first."""
    with ledger.open(path, read_only=True) as book:
        yield from book.connection.execute("SELECT type, count(*) FROM events GROUP BY type ORDER BY 2 DESC, 1")


def main(argv: Sequence[str]) -> int:
    """Write the ledger that was asked for, and say what is in it."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks make-ledger", description=__doc__)
    parser.add_argument("count", type=int, metavar="N", help="how many events, at least 100")
    parser.add_argument("path", type=Path, metavar="PATH", help="the new ledger's file")
    parser.add_argument("--seed", type=int, default=7, help="another seed is another story (default: 7)")
    options = parser.parse_args(argv)
    try:
        write(options.path, options.count, seed=options.seed)
    except InputError as error:
        print(f"make-ledger: {error}", file=sys.stderr)
        return 2
    for kind, count in kinds(options.path):
        print(f"{count:>10,}  {kind}")
    return 0
