"""Our own verification of a bundle, held against the verifier that was written apart from it: they agree on every damage."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

import ledger
from ledger.audit import bundlecheck, proving, trust
from ledger.audit.bundle import Head, related
from ledger.audit.report import Report
from ledger.errors import InputError
from ledger.format import tiles
from ledger.format.policy import Policy
from tests.ledger.audit.test_bundle import entries, made, repacked, verified
from tests.ledger.story import ORIGIN, Story


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory, told: Path) -> tuple[Path, Head]:
    """A folder with two bundles of one ledger: ``log`` and ``proofs``, and the checkpoint that both rest on."""
    folder = tmp_path_factory.mktemp("bundles")
    story = Story.resume(folder / "work", told)
    story.observe("model/fx-hedging/fx-vol@1", 300 - story.ledger.size)
    story.ledger.checkpoint()
    head = made(story, folder / "log")
    made(story, folder / "proofs", related(story.ledger.view(), "model/fx-hedging/fx-vol@2"))
    story.ledger.close()
    return folder, head


@pytest.fixture
def policy(bundles: tuple[Path, Head]) -> Policy:
    return trust.trusted([bundles[1].key])


@pytest.fixture
def log(bundles: tuple[Path, Head], tmp_path: Path) -> Path:
    shutil.copytree(bundles[0] / "log", tmp_path / "log")
    return tmp_path / "log"


@pytest.fixture
def proofs(bundles: tuple[Path, Head], tmp_path: Path) -> Path:
    shutil.copytree(bundles[0] / "proofs", tmp_path / "proofs")
    return tmp_path / "proofs"


def kinds(report: Report) -> set[tuple[str, int | None]]:
    return {(each.kind, each.seq) for each in report.findings}


def test_both_kinds_hold(bundles: tuple[Path, Head], policy: Policy) -> None:
    folder, head = bundles
    whole = bundlecheck.verify(folder / "log", policy)
    assert (whole.findings, whole.origin, whole.size) == ([], ORIGIN, 300)
    assert whole.root == head.checkpoint.root.hex()
    assert whole.checked["decisions"] > 10
    part = bundlecheck.verify(folder / "proofs", policy)
    assert part.findings == []
    assert part.checked["decisions"] > 8
    assert part.incomplete
    assert bundlecheck.is_bundle(folder / "log")
    assert bundlecheck.is_bundle(folder / "proofs")
    assert not bundlecheck.is_bundle(folder)
    assert bundlecheck.own_key(folder / "log") == str(head.key)
    with pytest.raises(InputError, match="name the ledger's key with --key"):
        bundlecheck.own_key(folder)


def test_the_first_touched_entry_is_exact(log: Path, policy: Policy) -> None:
    for seq in (0, 5, 255, 256, 299):
        copy = log.with_name(f"copy{seq}")
        shutil.copytree(log, copy)
        repacked(copy, seq, lambda body: body.replace(b'"actor":"', b'"actor":"x', 1))
        assert kinds(bundlecheck.verify(copy, policy)) == {("edited", seq)}


def test_entries_lost_and_swapped(log: Path, policy: Policy) -> None:
    path = entries(log, 0)
    bodies = tiles.unpack(path.read_bytes())
    bodies[10], bodies[11] = bodies[11], bodies[10]
    path.write_bytes(tiles.pack(bodies))
    found = bundlecheck.verify(log, policy)
    assert min(seq for _, seq in kinds(found) if seq is not None) == 10
    path.write_bytes(tiles.pack(bodies[:-1]))
    assert ("damaged", 255) in kinds(bundlecheck.verify(log, policy))
    path.write_bytes(path.read_bytes()[:-1])
    assert any(kind == "damaged" for kind, _ in kinds(bundlecheck.verify(log, policy)))
    path.unlink()
    assert {"missing"} <= {kind for kind, _ in kinds(bundlecheck.verify(log, policy))}


def test_the_two_verifiers_agree_on_random_damage(log: Path, proofs: Path, policy: Policy) -> None:
    """Seeded: any changed, lost or added byte in what is signed is found by both, and nothing else by either."""
    rng = random.Random(20260103)
    for folder in (log, proofs):
        script = folder / "verify.py"
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".md"))
        for _ in range(15):
            path = rng.choice(files)
            before = path.read_bytes()
            at = rng.randrange(len(before))
            after = rng.choice(
                (
                    before[:at] + bytes([before[at] ^ 1 << rng.randrange(8)]) + before[at + 1 :],
                    before[:at] + before[at + 1 :],
                    before[:at] + bytes([rng.randrange(256)]) + before[at:],
                    before[:at],
                )
            )
            path.write_bytes(after)
            code, document = verified(folder, "--key", str(policy.logs[0].key), script=script)
            report = bundlecheck.verify(folder, policy)
            path.write_bytes(before)
            own_key = path.name == "ledger.vkey"  # the one given counts, so nothing rests on this file
            assert report.ok == own_key, (path, at, report.findings)
            assert (code == 0) == own_key, (path, at, document)


def test_proofs_that_do_not_belong_together(bundles: tuple[Path, Head], proofs: Path, policy: Policy) -> None:
    first, second = proofs / "proofs" / "0.tlog-proof", proofs / "proofs" / "1.tlog-proof"
    before = first.read_bytes()
    first.write_bytes(second.read_bytes())
    assert {kind for kind, _ in kinds(bundlecheck.verify(proofs, policy))} == {"reordered"}
    first.write_bytes(before)
    with ledger.open(bundles[0] / "work" / "ledger.db", read_only=True) as book:
        connection = book.connection
        earlier = str(connection.execute("SELECT note FROM checkpoints ORDER BY size LIMIT 1").fetchone()[0])
        first.write_bytes(proving.prove(connection, 0, earlier))
    assert kinds(bundlecheck.verify(proofs, policy)) == {("signature", 0)}
