"""Governance on a large ledger: one gate's decision, by the default and by an adopted policy, in a unit that any machine has.

The unit is the time to hash a message of 500 bytes with SHA-256, LIM. What a decision may take is 10 ms on the machine on
which LIM was 0.9 µs, so about 11,000 LIM.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import ledger
from ledger.events.artifacts import ArtifactRegistered
from ledger.events.criteria import CriteriaSet, Criterion
from ledger.events.documents import DocumentAttached
from ledger.events.policies import PolicyAdopted
from ledger.format import canonical, decision
from ledger.format.hashes import digest
from ledger.keystore import DEMO_FOLDER, Keystore
from ledger.ledger import Entry, Ledger
from ledger.projections import artifacts
from ledger.rules import drafting, gates
from tests.benchmarks import harness, lifelike

EVENTS = 1_000_000
DECISIONS = 20
HASHES = 20_000
MOST_SECONDS = 0.010
PROJECT = "fx-hedging"
MODEL = f"model/{PROJECT}/fx-vol"
POLICY = {
    "policy": "models",
    "transitions": [
        {
            "to": "prod",
            "require": {
                "all": [
                    {"approvals": {"count": 1, "roles": ["risk_officer"], "within": "30d"}},
                    {"approvals": {"count": 1, "roles": ["model_owner"]}},
                    {"criteria": "met"},
                    {"check": {"kinds": ["schema"], "on": "inputs"}},
                    {"any": [{"document": "model_card"}, {"reproduced": {}}]},
                ]
            },
            "sla": "2d",
            "expires": "30d",
            "exceptions": {"roles": ["risk_officer"], "at_most": "3d"},
        }
    ],
    "access": {"adopt": ["administrator"]},
}


def adopt(book: Ledger, keys: Path) -> None:
    """Put the policy in force, with criteria and a model card, by the administrator's key."""
    data = canonical.encode(POLICY)
    ref, sha256, who = f"policy/{PROJECT}/models@1", digest(data), lifelike.ADMINISTRATOR
    stated = drafting.on_subject(
        book.view(), ref, sha256, verdict="adopt", reason="", signer=who, signed_at="2026-01-02T03:04:05.000000Z"
    )
    envelope = decision.sign(stated, Keystore(keys, demo=True).unlock(who, lambda *_, **__: b""))
    facts = (
        ArtifactRegistered("policy", "models", 1, sha256, len(data)),
        PolicyAdopted(ref, sha256, POLICY, envelope),
    )
    book.record_many([Entry(fact, actor=who, project=PROJECT) for fact in facts])
    newest = artifacts.latest(book.view(), "model", PROJECT, "fx-vol")
    assert newest is not None
    book.record(DocumentAttached("model_card", digest(b"card")), subject=newest.ref, actor=who, project=PROJECT)
    book.record(CriteriaSet([Criterion("mae", None, 9.0)]), subject=MODEL, actor=who, project=PROJECT)


def deciding(path: Path, rounds: int) -> list[harness.Figure]:
    """A decision on the version that was deployed last, before and after a policy was adopted."""
    message = os.urandom(500)

    def hash_messages() -> None:
        for _ in range(HASHES):
            hashlib.sha256(message).digest()

    with ledger.open(path, read_only=True, keys=path.parent / DEMO_FOLDER) as book:
        view = book.view()
        size = view.at + 1
        adopted = view.row("SELECT seq FROM policies ORDER BY seq LIMIT 1")[0]
        subject = view.row(
            "SELECT subject FROM requests WHERE project = :project AND seq < :seq ORDER BY seq DESC LIMIT 1",
            {"project": PROJECT, "seq": adopted},
        )[0]
        now = book.now()

        def judge(at: int) -> harness.Measurement:
            then = book.view(at)

            def decide() -> None:
                for _ in range(DECISIONS):
                    gates.decision(then, subject, "prod", now=now)

            return harness.timed(decide)

        works = {"LIM": harness.timed(hash_messages), "default": judge(adopted - 1), "policy": judge(view.at)}
        measured = harness.alternate(works, rounds=rounds)
        lines = len(gates.checklist(view, subject, "prod", now=now))
    lim = [each / HASHES for each in measured["LIM"].values]
    figures = []
    for name, words in (("default", "by the default policy"), ("policy", f"by an adopted one, {lines} lines")):
        one = [each / DECISIONS for each in measured[name].values]
        median = harness.Sample(tuple(one)).median
        ratio = harness.Sample(tuple(mine / unit for mine, unit in zip(one, lim, strict=True)))
        told = f"{harness.seconds(median)}, LIM {harness.seconds(harness.Sample(tuple(lim)).median)}"
        what = f"a decision {words} ÷ LIM"
        workload = f"one version to prod in a ledger of {size:,} events, everything read from SQLite"
        figures.append(harness.Figure(what, ratio, told, workload, MOST_SECONDS / 0.9e-6))
    return figures


def main(argv: Sequence[str]) -> int:
    """Print the figures. Returns 1 where a bar was missed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks governance", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help=f"how large the ledger is (default: {EVENTS:,})")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each (default: 15)")
    options, _ = parser.parse_known_args(argv)
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        path = Path(folder) / "ledger.db"
        lifelike.write(path, options.events)
        keys = path.parent / DEMO_FOLDER
        with ledger.open(path, keys=keys) as book:
            adopt(book, keys)
        return harness.report("governance", deciding(path, options.rounds))
