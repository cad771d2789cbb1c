"""Every kind of finding that the format names, by ``ledger.verify`` and by ``assay verify --json``, at its event."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import ledger
from ledger.audit.report import KINDS
from tests.app.story import Shell
from tests.ledger.audit.forgery import Forger
from tests.ledger.story import Story


def again(forger: Forger) -> None:
    forger.retree()
    forger.refold()


def edited(forger: Forger) -> None:
    forger("UPDATE events SET body = CAST(body || ' ' AS BLOB) WHERE seq = 60")


def missing(forger: Forger) -> None:
    forger("DELETE FROM events WHERE seq = 60")


def reordered(forger: Forger) -> None:
    for old, new in ((60, -9), (70, 60), (-9, 70)):
        forger("UPDATE events SET seq = ? WHERE seq = ?", new, old)


def truncated(forger: Forger) -> None:
    forger("DELETE FROM events WHERE seq >= 150")


def rewritten(forger: Forger) -> None:
    forger.change(60, lambda members: members["value"].update(n=1))
    again(forger)


def forked(forger: Forger) -> None:
    note = forger("SELECT note FROM checkpoints WHERE size = 187")[0][0]
    rewritten(forger)
    forger.resign()
    forger("INSERT INTO checkpoints VALUES (187, ?)", note)


def columns(forger: Forger) -> None:
    forger("UPDATE events SET actor = 'eve' WHERE seq = 60")


def tree(forger: Forger) -> None:
    forger("UPDATE nodes SET hash = zeroblob(32) WHERE level = 2 AND idx = 15")


def projections(forger: Forger) -> None:
    forger("UPDATE observations SET value = 0 WHERE seq = 60")


def schema(forger: Forger) -> None:
    forger.guards["events_keep_update"] = None


def signature(forger: Forger) -> None:
    forger("UPDATE checkpoints SET note = replace(note, 'example.com', 'example.org') WHERE size = 32")


def clock(forger: Forger) -> None:
    forger.append("tea.made", "cup/1", "ada", {}, at="2007-01-01T00:00:00.000000Z")
    forger.retree()


def malformed(forger: Forger) -> None:
    forger.append("monitor.observed", "model/x/y@1", "ada", {"monitor": 5})
    forger.retree()


def rule(forger: Forger) -> None:
    value = {"deployment": "d9", "environment": "prod", "slice": 1, "strategy": "direct"}
    forger.append("deployment.started", "model/fx-hedging/fx-vol@9", "eve", value, project="fx-hedging")
    again(forger)


def damaged(forger: Forger) -> None:
    forger("COMMIT")
    page = forger("SELECT rootpage FROM sqlite_master WHERE name = 'observations'")[0][0]
    forger.connection.close()
    with forger.path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xee" * 4096)


EXPECTED: dict[Callable[[Forger], None], int | None] = {
    edited: 60,
    missing: 60,
    reordered: 60,
    truncated: 150,
    rewritten: 32,
    forked: 32,
    columns: 60,
    tree: 60,
    projections: 60,
    schema: None,
    signature: 31,
    clock: 209,
    malformed: 209,
    rule: 209,
    damaged: None,
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the story's ledger and keys."""
    folder = tmp_path_factory.mktemp("told")
    Story.begin(folder).tell().ledger.close()
    return folder


def test_every_kind_is_here() -> None:
    assert {change.__name__ for change in EXPECTED} == KINDS.keys()


@pytest.mark.parametrize("change", EXPECTED, ids=lambda change: change.__name__)
def test_a_kind(change: Callable[[Forger], None], told: Path, tmp_path: Path) -> None:
    forger = Forger(told, tmp_path / "forged")
    change(forger)
    path = forger.path if change is damaged else forger.close()
    expected = (change.__name__, EXPECTED[change])
    report = ledger.verify(path)
    assert not report.ok
    assert expected in [(each.kind, each.seq) for each in report.findings]
    said = Shell(tmp_path)("verify", str(path), "--json")
    assert said.code == 1
    assert said.document == report.document()
    words = Shell(tmp_path)("verify", str(path))
    where = "" if expected[1] is None else f" at event {expected[1]}"
    assert f"✗ {expected[0]}{where}  " in words.out
