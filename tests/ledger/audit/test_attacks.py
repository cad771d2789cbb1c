"""The attack campaign: random attacks on a ledger's file by somebody who may write it. None goes unnoticed that could be
noticed, the kind is right, and the first touched event exact where stored bytes betray it.

``ASSAY_SEED`` begins elsewhere; the 20,000 run with ``-m slow``.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

import ledger
from ledger.audit.report import KINDS, Finding
from tests.ledger.audit.attacks import ATTACKS, SIZES, Expected
from tests.ledger.audit.forgery import Forger

SEED = int(os.environ.get("ASSAY_SEED", "20261123"))


@pytest.fixture(scope="session")
def notes(told: Path) -> list[str]:
    """The story's checkpoints, as somebody else keeps them."""
    with closing(sqlite3.connect(f"file:{told / 'ledger.db'}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT size, note FROM checkpoints ORDER BY size").fetchall()
    assert tuple(size for size, _ in rows) == SIZES
    return [note for _, note in rows]


@pytest.fixture(scope="session")
def shed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the copies, in memory where there is such a one."""
    memory = Path("/dev/shm")
    return memory if os.access(memory, os.W_OK) else tmp_path_factory.mktemp("shed")


def attempt(name: str, number: int, told: Path, notes: list[str], shed: Path) -> None:
    random = Random(f"{SEED} {name} {number}")
    folder = shed / f"assay-attack-{os.getpid()}-{number}"
    try:
        forger = Forger(told, folder)
        expected = ATTACKS[name](forger, random)
        path = forger.close()
        outside = random.choice([notes, notes[-1:], random.sample(notes, 2)]) if _needed(expected, random) else []
        if expected is not None and expected.outside and notes[-1] not in outside:
            outside = [*outside, notes[-1]]
        report = ledger.verify(path, checkpoints=outside)
        judge(expected, report.findings, f"{name} {number}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _needed(expected: Expected | None, random: Random) -> bool:
    return (expected is not None and expected.outside) or random.random() < 0.3


def judge(expected: Expected | None, findings: list[Finding], what: str) -> None:
    told = [(each.kind, each.seq, each.detail[:160]) for each in findings]
    if expected is None:
        assert all(each.kind in KINDS for each in findings), (what, told)
        return
    right = [each for each in findings if each.kind in expected.kinds]
    if expected.seqs is not None:
        right = [each for each in right if each.seq in expected.seqs]
    if expected.bracket is not None:
        right = [each for each in right if _encloses(each, expected.bracket)]
    assert right, (what, expected, told)
    assert len(findings) == 1 or not expected.alone, (what, expected, told)


def _encloses(finding: Finding, first: int) -> bool:
    """Whether the last agreeing and the first differing size are on either side of the first touched event."""
    differs = int(finding.detail.rpartition(" and ")[2].split()[0])
    return finding.seq is not None and finding.seq <= first <= differs


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_each_kind_of_attack(name: str, told: Path, notes: list[str], shed: Path) -> None:
    for number in range(500 // len(ATTACKS) + 1):
        attempt(name, number, told, notes, shed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_twenty_thousand(part: int, told: Path, notes: list[str], shed: Path) -> None:
    names = sorted(ATTACKS)
    for number in range(part * 1000, part * 1000 + 1000):
        attempt(names[number % len(names)], 10**6 + number, told, notes, shed)
